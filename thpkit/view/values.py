"""Values as text: short, the same in every run, by the names a kernel engineer uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, Flag
from itertools import groupby
from typing import Final, TypeVar

from thpkit.kernel import flags, units
from thpkit.kernel.content import Block, Private, Stale, Token, Zero
from thpkit.kernel.flags import VmFlags
from thpkit.kernel.kobject import KObject
from thpkit.kernel.page import Page
from thpkit.kernel.sched import Held
from thpkit.trace.tape import Absent
from thpkit.trace.values import text_of
from thpkit.view.glyphs import Glyphs

T = TypeVar("T")

HEX_ABOVE: Final = 0xFFFF
"""Greater numbers are addresses, lengths or words: they are written in hexadecimal."""

ENTRY_FLAGS: Final = (
    (flags.PAGE_PRESENT, "present"),
    (flags.PAGE_RW, "rw"),
    (flags.PAGE_USER, "user"),
    (flags.PAGE_PSE, "huge"),
    (flags.PAGE_NX, "nx"),
    (flags.PAGE_ACCESSED, "accessed"),
    (flags.PAGE_DIRTY, "dirty"),
)
"""Bits of a page-table entry by name."""

ENTRY_NAMES: Final = frozenset(
    {"entry", "val", "orig_pmd", "orig_pte", "ptent", "prot_bits", "vm_page_prot"}
)
"""Local variables and fields that hold a page-table entry, or bits of one."""


def short(value: object, name: str = "") -> str:
    """One line for any value of kernel code; ``name`` is the variable that holds it."""
    if isinstance(value, Enum):
        return enum_name(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value, name)
    if isinstance(value, KObject):
        return value.kname
    if isinstance(value, Absent):
        return "unset"
    if isinstance(value, Held):
        return f"{value.lock} ({value.cls}, {value.mode})"
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return text_of(value)


def enum_name(value: Enum) -> str:
    """``READ|EXEC``; a number where there is no name."""
    if value.name is not None:
        return value.name
    return hex(value.value) if isinstance(value, Flag) else str(value.value)


def number(value: int, name: str = "") -> str:
    """A number: decimal if small, hexadecimal if it is an address or a word, decoded if it is an entry."""
    if name in ENTRY_NAMES and value:
        return entry(value)
    return hex(value) if abs(value) > HEX_ABOVE else str(value)


def address(value: int) -> str:
    """A virtual address, in bytes."""
    return f"{value:#x}"


def size(nbytes: int) -> str:
    """A length in the largest unit that divides it."""
    for shift, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if nbytes and nbytes % (1 << shift) == 0:
            return f"{nbytes >> shift} {unit}"
    return f"{nbytes} bytes"


def signed(delta: int, glyphs: Glyphs) -> str:
    """``+512``, ``−512``; nothing for 0."""
    if delta == 0:
        return ""
    return f"+{delta}" if delta > 0 else f"{glyphs.minus}{-delta}"


def count_of(number: int, noun: str) -> str:
    """``1 page``, ``2 pages``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# ---- flags ----------------------------------------------------------------------------------------------


def page_flags(word: int) -> str:
    """Names of the flags in a page's flag word, or ``none``."""
    return " ".join(flags.page_flag_names(word)) or "none"


def entry_flags(word: int) -> str:
    """Names of the bits set in a page-table entry."""
    return " ".join(name for bit, name in ENTRY_FLAGS if word & bit)


def rights(word: int) -> str:
    """What a user may do through an entry: ``r-x``."""
    if not word & flags.PAGE_PRESENT:
        return "---"
    write = "w" if word & flags.PAGE_RW else "-"
    return f"r{write}{'-' if word & flags.PAGE_NX else 'x'}"


def entry(word: int) -> str:
    """A page-table entry in short: frame and bits."""
    if not word:
        return "none"
    frame = (word & flags.PTE_PFN_MASK) >> units.PAGE_SHIFT
    bits = entry_flags(word)
    return f"pfn {frame:#x} {bits}" if frame else bits


def vma_rights(vm_flags: VmFlags) -> str:
    """A VMA's rights as in /proc/<pid>/maps: ``r-xp``."""
    letters = (
        (VmFlags.READ, "r"),
        (VmFlags.WRITE, "w"),
        (VmFlags.EXEC, "x"),
    )
    shown = "".join(letter if vm_flags & bit else "-" for bit, letter in letters)
    return shown + ("s" if vm_flags & VmFlags.MAYSHARE else "p")


def vma_may(vm_flags: VmFlags) -> str:
    """What mprotect could turn on: ``rwx``."""
    letters = (
        (VmFlags.MAYREAD, "r"),
        (VmFlags.MAYWRITE, "w"),
        (VmFlags.MAYEXEC, "x"),
    )
    return "".join(letter if vm_flags & bit else "-" for bit, letter in letters)


def other_vm_flags(vm_flags: VmFlags) -> str:
    """Names of a VMA's flags that neither its rights nor its MAY bits show."""
    usual = (
        VmFlags.READ
        | VmFlags.WRITE
        | VmFlags.EXEC
        | VmFlags.MAYREAD
        | VmFlags.MAYWRITE
        | VmFlags.MAYEXEC
        | VmFlags.MAYSHARE
    )
    rest = vm_flags & ~usual
    return enum_name(rest) if rest else ""


# ---- pages and content ----------------------------------------------------------------------------------


def page_range(first: Page, count: int, glyphs: Glyphs) -> str:
    """Consecutive sub-pages: ``page#1+0 … +63``; one page by its name."""
    if count == 1:
        return first.kname
    if first.compound_head is None and not first.flags >> flags.PG_head & 1:
        return f"{first.kname} {glyphs.ellipsis} pfn {first.pfn + count - 1:#x}"
    name, _plus, offset = first.kname.partition("+")
    start = int(offset) if offset.isdigit() else 0
    return f"{name}+{start} {glyphs.ellipsis} +{start + count - 1}"


def follows(token: Token, before: Token, distance: int) -> bool:
    """Whether ``token`` continues what began ``distance`` pages earlier with ``before``."""
    if isinstance(token, Block) and isinstance(before, Block):
        goes_on = token.pgoff == before.pgoff + distance
        return goes_on and token[::2] == before[::2]
    return type(token) is type(before) and isinstance(token, (Zero, Stale))


def content(tokens: Sequence[Token], glyphs: Glyphs) -> str:
    """What one run of content holds, in words."""
    first, last = tokens[0], tokens[-1]
    if isinstance(first, Block) and isinstance(last, Block):
        span = str(first.pgoff)
        if len(tokens) > 1:
            span = f"{first.pgoff}{glyphs.dash}{last.pgoff}"
        version = f", version {first.version}" if first.version else ""
        noun = "block" if len(tokens) == 1 else "blocks"
        return f"{noun} {span} of inode#{first.ino}{version}"
    if isinstance(first, Stale):
        return "stale: whatever was in memory"
    if isinstance(first, Zero):
        return "zeroes"
    if isinstance(first, Private):
        return f"written by {first.by} (write {first.write})"
    return repr(first)


def equal_runs(items: Sequence[object]) -> list[tuple[int, int]]:
    """First and last position of each stretch of equal items."""
    found: list[tuple[int, int]] = []
    start = 0
    for _item, group in groupby(items):
        stop = start + sum(1 for _each in group)
        found.append((start, stop - 1))
        start = stop
    return found


def runs(
    items: Sequence[T], same: Callable[[T, T, int], bool]
) -> list[tuple[int, int]]:
    """First and last position of each stretch whose items go with its first: ``same(item, first, distance)``."""
    found: list[tuple[int, int]] = []
    start = 0
    for at in range(1, len(items) + 1):
        if at == len(items) or not same(items[at], items[start], at - start):
            found.append((start, at - 1))
            start = at
    return found if items else []
