"""The arrows between the rooms hold, and the checker that says so reports what breaks them.

The last tests build small trees that break each rule: a check that cannot fail proves nothing.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.house.imports import SCREEN, violations

ROOT: Final = Path(__file__).parent.parent


def test_every_import_follows_the_arrows() -> None:
    found = violations(ROOT)
    assert not found, "\n".join(["imports against the arrows:", *found])


def _modules_loaded_by(code: str) -> set[str]:
    """Top-level names in ``sys.modules`` of a fresh interpreter after ``code``."""
    show = (
        "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + show], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"the modules do not import:\n{done.stderr}"
    return set(done.stdout.splitlines()[-1].split())


def test_importing_all_of_thpkit_loads_no_screen() -> None:
    code = (
        "import importlib, pkgutil, thpkit\n"
        "for each in pkgutil.walk_packages(thpkit.__path__, 'thpkit.'):\n"
        "    if not each.name.endswith('__main__'):\n"
        "        importlib.import_module(each.name)\n"
    )
    loaded = _modules_loaded_by(code)
    assert "thpkit" in loaded
    assert "typing_extensions" not in loaded, "it is for type checkers only"
    assert not loaded & (SCREEN | {"tui"}), (
        "thpkit pulled in what belongs to the screen"
    )


def test_the_command_line_starts_without_textual() -> None:
    assert "textual" not in _modules_loaded_by("import tui.cli")


# ---- the rules bite --------------------------------------------------------------------------------------

BAD: Final = {
    "thpkit/kernel/a.py": (
        "from thpkit.trace import recorder",
        "kernel imports trace, against the arrow",
    ),
    "thpkit/kernel/b.py": ("import greenlet", "kernel is pure"),
    "thpkit/kernel/c.py": (
        "from ..view import rows",
        "kernel imports view, against the arrow",
    ),
    "thpkit/kernel/d.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import thpkit.checks.gauges",
        "kernel imports checks, against the arrow",
    ),
    "thpkit/checks/a.py": (
        "def f() -> None:\n    from thpkit import scenario",
        "checks imports scenario",
    ),
    "thpkit/trace/a.py": (
        "import thpkit.scenario.model",
        "trace imports scenario, against the arrow",
    ),
    "thpkit/view/a.py": (
        "from thpkit.book import explain",
        "view imports book, against the arrow",
    ),
    "thpkit/view/b.py": (
        "from rich.text import Text",
        "thpkit must run without a screen: rich",
    ),
    "thpkit/view/c.py": (
        "import importlib\nimportlib.import_module('textual.app')",
        "without a screen",
    ),
    "thpkit/book/a.py": (
        "from thpkit.grading import judge",
        "book imports grading, against the arrow",
    ),
    "thpkit/grading/a.py": (
        "from tui import app",
        "grading imports tui, against the arrow",
    ),
    "thpkit/trace/b.py": ("import lessons.tour", "trace imports lessons"),
    "thpkit/lonely.py": ("import json", "thpkit.lonely is in no room"),
    "thpkit/__init__.py": (
        "from thpkit.kernel import units",
        "itself imports nothing of the project",
    ),
    "tui/cli.py": (
        "try:\n    from textual.app import App\nexcept ImportError:\n    pass",
        "must start fast",
    ),
    "tui/a.py": ("import tests.conftest", "tui imports tests"),
    "lessons/00_x/x.py": (
        "import tui.app",
        "lessons and exercises import thpkit only, not tui",
    ),
    "lessons/00_x/y.py": (
        "import pytest",
        "lessons and exercises import thpkit only, not pytest",
    ),
    "exercises/ex01_x/code.py": ("from . import test_ex01", "import thpkit only"),
}

GOOD: Final = {
    "thpkit/kernel/rmap.py": "import errno\nfrom thpkit.kernel import page",
    "thpkit/grading/judge.py": "import click\nfrom thpkit.kernel import page\nfrom thpkit.view import rows",
    "tui/app.py": "import textual\nfrom thpkit.book import explain",
    "tui/cli.py": "import click\ndef main() -> None:\n    from textual.app import App",
    "exercises/ex01_x/test_ex01.py": "import pytest\nfrom thpkit.grading import judge",
}


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_import_is_reported(name: str, tmp_path: Path) -> None:
    code, expected = BAD[name]
    _write(tmp_path, {name: code})
    found = violations(tmp_path)
    assert len(found) == 1, found
    assert found[0].startswith(f"{name}:")
    assert expected in found[0]


def test_good_imports_are_not_reported(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    assert violations(tmp_path) == []
