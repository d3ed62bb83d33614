"""Code that the stepper walks can be walked: one statement a line, calls that show their file.

The second half feeds the checker one bad snippet a rule, and good code that it must accept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.house.steppable import ADVICE, EXEMPT, check, read
from thpkit.trace import policy

ROOT: Final = Path(__file__).parent.parent


def test_stepped_code_keeps_the_rules() -> None:
    found = check(dict(read(ROOT)))
    assert not found, "\n".join(
        [f"{len(found)} places cannot be stepped well:", *found]
    )


def test_exempt_modules_are_those_that_the_stepping_policy_leaves_out() -> None:
    assert {f"{name}.py" for name in EXEMPT} == {
        Path(file).name for file in policy.PLUMBING
    }


# ---- the rules bite --------------------------------------------------------------------

NEIGHBOUR: Final = """
from thpkit.kernel.kobject import primitive

def stepped(x: int) -> int:
    return x

@primitive
def quick(x: int) -> int:
    return x

@primitive
def PageQuick(x: int) -> int:
    return x

LIMIT = 3
"""

BAD: Final = {
    "semicolon": ("def f():\n    a = 1; b = 2", 2, "one statement a line"),
    "one-line if": ("def f(x):\n    if x: return", 2, "one statement a line"),
    "one-line else": (
        "def f(x):\n    if x:\n        a = 1\n    else: a = 2",
        4,
        "one stat",
    ),
    "with": ("def f(x):\n    with x:\n        pass", 2, "no with"),
    "nested function": (
        "def f():\n    def g():\n        pass",
        2,
        "no nested function",
    ),
    "lambda": ("def f():\n    return lambda: 1", 2, "no nested function: lambda"),
    "generator": (
        "from thpkit.kernel import near\ndef f():\n    return sum(near.stepped(i) for i in x)",
        3,
        "no stepped call in a comprehension: near.stepped()",
    ),
    "own function in a list": (
        "def g(x):\n    return x\ndef f():\n    return [g(i) for i in x]",
        4,
        "no stepped call in a comprehension: g()",
    ),
    "through a package": (
        "from thpkit.kernel import pack\ndef f():\n    return [pack.stepped(i) for i in x]",
        3,
        "no stepped call in a comprehension",
    ),
    "walrus": ("def f(x):\n    if (y := x):\n        pass", 2, "no walrus"),
    "finally": (
        "def f(x):\n    try:\n        pass\n    finally:\n        x = 1",
        5,
        "no finally",
    ),
    "global": ("def f():\n    global x\n    x = 1", 2, "no global"),
    "function by name": (
        "from thpkit.kernel.near import stepped",
        1,
        "module-qualified calls: import of thpkit.kernel.near.stepped",
    ),
    "primitive by name": (
        "from thpkit.kernel.near import quick",
        1,
        "module-qualified",
    ),
    "re-exported": ("from thpkit.kernel.pack import stepped", 1, "module-qualified"),
    "slice store": ("def f(x):\n    x.slots[1:3] = [0, 0]", 2, "single stores"),
    "slice delete": ("def f(x):\n    del x.slots[1:3]", 2, "single stores"),
    "append": (
        "def f(x):\n    x.slots.append(1)",
        2,
        "single stores: x.slots.append()",
    ),
    "clock": ("import time", 1, "deterministic: import of time"),
    "dice": ("from random import choice", 1, "deterministic: import of random"),
    "address": ("@primitive\ndef f(x):\n    return id(x)", 3, "deterministic: id()"),
    "set order": (
        "def f():\n    for x in {1, 2}:\n        pass",
        2,
        "deterministic: a loop",
    ),
    "method": (
        "class A:\n    def f(self):\n        with self:\n            pass",
        3,
        "no with",
    ),
    "helper of a stepped one": (
        "def _g(x):\n    with x:\n        pass\ndef f(x):\n    _g(x)",
        2,
        "no with",
    ),
}

GOOD: Final = """
import errno
from thpkit.kernel import near, pack
from thpkit.kernel.kobject import kstruct, primitive
from thpkit.kernel.near import LIMIT, PageQuick

def _helper(x):
    with x:
        return [lambda: i for i in x]

@primitive
def f(x):
    return _helper(x); x = 1

class A:
    def __repr__(self):
        return "".join(near.stepped(i) for i in self)

def g(x):
    local = [near.quick(i) for i in x]
    total = sum(PageQuick(i) for i in range(LIMIT))
    text = ", ".join(str(i).upper() for i in x)
    near.slots.first = x.slots[1:3]
    x.slots[0] = text
    if x:
        pass
    elif local:
        near.stepped(total)
    try:
        pack.stepped(
            x,
        )
    except KeyError:
        return None
"""


def _tree(code: str, path: str = "thpkit/kernel/code.py") -> dict[str, str]:
    """A small kernel with ``code`` in it."""
    return {
        path: code,
        "thpkit/kernel/near.py": NEIGHBOUR,
        "thpkit/kernel/pack/__init__.py": "from thpkit.kernel.near import stepped",
    }


@pytest.mark.parametrize("name", BAD)
def test_a_bad_snippet_is_reported(name: str) -> None:
    code, line, expected = BAD[name]
    found = [
        each for each in check(_tree(code)) if each.startswith("thpkit/kernel/code")
    ]
    assert len(found) == 1, found
    assert found[0].startswith(f"thpkit/kernel/code.py:{line}: {expected}")


def test_good_code_is_accepted() -> None:
    assert check(_tree(GOOD)) == []


def test_an_exempt_module_may_do_what_it_must() -> None:
    code = "def geometry(x):\n    with x:\n        return [lambda: 1]"
    assert check(_tree(code, "thpkit/kernel/units.py")) == []


VARIANT: Final = """
from thpkit.kernel import near
from thpkit.kernel.variant import replaces

@replaces(near.stepped)
def stepped(x):
    return x

def helper(x):
    return stepped(x)
"""


@pytest.mark.parametrize(
    "path", ["thpkit/patch/v3/near.py", "exercises/ex01_x/code.py"]
)
def test_a_variant_calls_through_the_kernel(path: str) -> None:
    (found,) = check(_tree(VARIANT, path))
    assert found.startswith(f"{path}:10: call through the kernel: stepped()")


def test_an_observer_may_do_what_it_must() -> None:
    code = (
        "from thpkit.kernel.near import stepped\n"
        "def f(x):\n    return [stepped(i) for i in x]"
    )
    assert check(_tree(code, "thpkit/kernel/xarray/dump.py")) == []


def test_other_files_of_the_patch_are_free() -> None:
    code = "def f(x):\n    with x:\n        return [lambda: 1]"
    assert check(_tree(code, "thpkit/patch/catalogue.py")) == []


def test_every_rule_has_a_bad_snippet() -> None:
    shown = [rule for _code, _line, rule in BAD.values()]
    untried = [
        rule
        for rule in ADVICE
        if not any(each.startswith(rule[:8]) for each in shown)
        and rule != "call through the kernel"
    ]
    assert untried == []
