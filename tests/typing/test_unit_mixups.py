"""What mypy must refuse: units mixed up, wrong replacements, the wrong lock.

Each file in ``cases`` is correct but for the lines marked ``# refused``. mypy runs once
over all of them; it must object to exactly those lines.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
CASES: Final = sorted((Path(__file__).parent / "cases").glob("*.py"))
COMPLAINT: Final = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): error: (?P<text>.*)")

Complaints = dict[str, dict[int, str]]


@pytest.fixture(scope="module")
def complaints() -> Complaints:
    """What mypy says of each case: file name, line, message."""
    flags = ["--strict", "--explicit-package-bases", "--follow-imports=silent"]
    show = ["--no-error-summary", "--no-pretty", "--hide-error-context"]
    apart = ["--config-file=", "--cache-dir=.mypy_cache/refused"]
    files = [str(path.relative_to(ROOT)) for path in CASES]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *flags, *show, *apart, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, (
        f"mypy should have objected:\n{done.stdout}{done.stderr}"
    )
    found: Complaints = {}
    for match in map(COMPLAINT.match, done.stdout.splitlines()):
        if match is not None:
            name = Path(match["file"]).name
            found.setdefault(name, {})[int(match["line"])] = match["text"]
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_mypy_refuses_exactly_the_marked_lines(
    path: Path, complaints: Complaints
) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    marked = {at for at, line in enumerate(lines, 1) if line.endswith("# refused")}
    assert marked, f"{path.name} marks no line"
    said = complaints.get(path.name, {})
    assert said.keys() - marked == set(), f"correct lines refused: {said}"
    accepted = [f"{at}: {lines[at - 1]}" for at in sorted(marked - said.keys())]
    assert not accepted, f"mypy accepts in {path.name}: {accepted}"
