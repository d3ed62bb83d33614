"""Everything public says what it is, and kernel code says which kernel code it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.house.docstrings import NO_MODEL, missing, unsourced

ROOT: Final = Path(__file__).parent.parent


def _public_files(*tops: str) -> Iterator[tuple[str, str]]:
    """Path and text of each file whose name is public."""
    for top in tops:
        for path in sorted((ROOT / top).rglob("*.py")):
            if not path.name.startswith("_") or path.name == "__init__.py":
                yield (
                    path.relative_to(ROOT).as_posix(),
                    path.read_text(encoding="utf-8"),
                )


def test_everything_public_has_a_docstring() -> None:
    found = [each for file in _public_files("thpkit", "tui") for each in missing(*file)]
    assert not found, "\n".join([f"{len(found)} docstrings are missing:", *found])


def test_kernel_functions_say_what_they_model() -> None:
    free = {f"thpkit/kernel/{name}.py" for name in NO_MODEL}
    found = [
        each
        for path, text in _public_files("thpkit/kernel")
        if path not in free
        for each in unsourced(path, text)
    ]
    assert not found, "\n".join(["give a 'Models: file.c: symbol' line to:", *found])


# ---- the checks bite -------------------------------------------------------------------

Check = Callable[[str, str], list[str]]

BAD: Final[dict[str, tuple[Check, str, str]]] = {
    "module": (missing, "X = 1", "a.py:1: the module has no docstring"),
    "function": (missing, '"""M."""\ndef f(): ...', "a.py:2: f has no docstring"),
    "class": (missing, '"""M."""\nclass A: ...', "a.py:2: A has no docstring"),
    "method": (
        missing,
        '"""M."""\nclass A:\n    """A."""\n    def f(self): ...',
        "a.py:4: A.f has no docstring",
    ),
    "no source": (
        unsourced,
        '"""M."""\ndef f():\n    """Do it."""',
        "a.py:2: f does not say which kernel code it models",
    ),
}

GOOD: Final = '''"""M."""
def f():
    """Store. Models: lib/xarray.c: xas_store."""
    def inner(): ...
def g():
    """Unlike mm/rmap.c, this one counts twice."""
def _private(): ...
@primitive
def p():
    """Quick."""
class A:
    """A."""
    def __repr__(self): ...
    @overload
    def m(self): ...
'''


@pytest.mark.parametrize("name", BAD)
def test_what_is_missing_is_reported(name: str) -> None:
    check, code, expected = BAD[name]
    assert check("a.py", code) == [expected]


def test_good_code_is_accepted() -> None:
    assert missing("a.py", GOOD) == []
    assert unsourced("a.py", GOOD.partition("class A")[0]) == []


def test_a_screen_need_not_describe_what_textual_calls() -> None:
    code = '"""M."""\nclass A:\n    """A."""\n    def on_key(self): ...'
    assert missing("tui/a.py", code) == []
    assert len(missing("thpkit/view/a.py", code)) == 1
