"""What the README shows is what happens: its example, its paths, its commands."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest

from tests.house.fences import fences
from tui import cli

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_stands_below_it() -> None:
    (code,) = fences(README, "python")
    (shown,) = fences(README, "text")
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def thp(*arguments: str) -> str:
    """What a command prints that ends well."""
    with (
        redirect_stdout(StringIO()) as out,
        patch.object(sys, "argv", ["thp", *arguments]),
        pytest.raises(SystemExit) as ended,
    ):
        cli.main()
    assert ended.value.code == 0, out.getvalue()
    return out.getvalue()


def test_the_scenario_can_be_stepped_as_the_text_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its stop, parts from the patch as mailed, and opens again when it was saved."""
    (code,) = fences(README, "python file=mine.py")
    (tmp_path / "mine.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    saved = thp("step", "mine.py", "--save", "mine.thprec")
    assert "thp step mine.thprec" in saved
    told = thp("step", "mine.thprec", "--plain")
    assert "1 of 1" in told and "One entry maps it" in told
    against = thp("step", "mine.py", "--against", "v3", "--plain")
    assert "Here ref and v3 part" in against


def test_every_folder_and_link_exists() -> None:
    folders = re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    links = re.findall(r"\]\(([^):]+)\)", README)
    assert len(folders) > 5
    assert len(links) > 3
    missing = [path for path in [*folders, *links] if not (ROOT / path).exists()]
    assert missing == []


def test_the_table_names_every_room() -> None:
    rooms = {
        path.parent.relative_to(ROOT).as_posix() + "/"
        for path in (ROOT / "thpkit").glob("*/__init__.py")
    }
    named = set(re.findall(r"^\| `(thpkit/[^`]+)` \|", README, re.MULTILINE))
    assert rooms <= named, f"the README's table lacks {sorted(rooms - named)}"


def test_make_knows_the_targets_that_the_readme_names() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make (learn|test|bench|clean)\b", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


COMMANDS: Final = sorted(set(re.findall(r"\bthp ([a-z]+)", README)))


def test_the_readme_names_commands() -> None:
    assert {"step", "start", "watch", "hint", "check", "read", "ask"} <= {*COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_thp_has_the_commands_that_the_readme_names(name: str) -> None:
    assert f"Usage: thp {name} " in thp(name, "--help")
