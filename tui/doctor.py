"""What this terminal, Python and kernel offer, for ``thp doctor``."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from tui import contents
from tui.layouts import SMALLEST
from tui.paths import UserError
from tui.state import Store

PACKAGES: Final = (
    "thpkit",
    "textual",
    "rich",
    "click",
    "platformdirs",
    "markdown-it-py",
)
THP: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def report(terminal: bool) -> Iterator[str]:
    """One line a fact; what limits the program is said in words."""
    yield from _rows("Terminal", _terminal(terminal))
    yield from _rows("Python", _python())
    yield from _rows("Book", _book())
    yield from _rows("This machine's kernel (the book does not need it)", _kernel())


def _rows(heading: str, facts: Iterator[tuple[str, str]]) -> Iterator[str]:
    yield heading
    for name, value in facts:
        yield f"  {name:<16} {value}"


def _terminal(terminal: bool) -> Iterator[tuple[str, str]]:
    yield (
        "screen",
        "yes"
        if terminal
        else "no: input or output is no terminal, or TERM is dumb; text is printed",
    )
    yield "TERM", os.environ.get("TERM") or "not set"
    size = shutil.get_terminal_size()
    small = size.columns < SMALLEST[0] or size.lines < SMALLEST[1]
    note = (
        f": too small for panes, which need {SMALLEST[0]}x{SMALLEST[1]}"
        if small
        else ""
    )
    yield "size", f"{size.columns}x{size.lines}{note}"
    colours = os.environ.get("COLORTERM") or "as TERM says"
    yield "colours", "none: NO_COLOR is set" if os.environ.get("NO_COLOR") else colours
    yield (
        "encoding",
        f"{sys.stdout.encoding}, locale {locale.setlocale(locale.LC_CTYPE)}",
    )


def _python() -> Iterator[tuple[str, str]]:
    yield "Python", f"{platform.python_version()} ({platform.python_implementation()})"
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"


def _book() -> Iterator[tuple[str, str]]:
    try:
        yield "lessons", ", ".join(each.name for each in contents.lessons()) or "none"
        yield (
            "exercises",
            ", ".join(each.name for each in contents.exercises()) or "none",
        )
    except UserError as error:
        yield "lessons", str(error)
    store = Store()
    kept = "kept" if store.save() else "not kept"
    yield "your place", f"{kept} in {store.path}"
    if store.notice:
        yield "", store.notice


def _kernel() -> Iterator[tuple[str, str]]:
    yield "kernel", f"{platform.system()} {platform.release()}"
    try:
        yield "huge pages", THP.read_text(encoding="utf-8").strip()
    except OSError:
        yield "huge pages", "this kernel does not say"
