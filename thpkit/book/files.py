"""Writing a text of the book as a whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path


def replace_text(file: Path, text: str) -> None:
    """Write the file so that a reader, or a crash, sees the old text or the new one."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=file.parent, suffix=".new", delete=False
    ) as stream:
        stream.write(text)
    new = Path(stream.name)
    try:
        new.chmod(file.stat().st_mode)
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise
