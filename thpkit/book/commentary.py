"""The commentary: one text for each kernel file, the home of every statement's explanation."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from thpkit.book import markdown
from thpkit.book.lesson import FOLDER
from thpkit.book.markdown import Document

NAME: Final = "commentary"


def commentary_files(root: Path) -> list[Path]:
    """The commentary's files in order of their names; none if there is no commentary."""
    return sorted((root / FOLDER / NAME).glob("*.md"))


def list_commentary(root: Path) -> list[Document]:
    """The commentary's texts. Files that cannot be read are left to the checker."""
    found: list[Document] = []
    for file in commentary_files(root):
        try:
            found.append(markdown.read(file))
        except (OSError, UnicodeDecodeError):
            continue
    return found
