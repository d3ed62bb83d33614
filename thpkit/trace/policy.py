"""The stepping policy: which code a recording follows, and what never becomes a step.

* Followed are the kernel's files, the files of the variant's functions, and the scenario's own file.
* Never entered are primitives (their writes belong to the caller's statement) and special methods. What *they* call
  is not stepped either, unless it is a system call: then another task runs there.
* Comprehensions, generator expressions and lambdas are no steps of their own, but functions they call are.
* The plumbing of the model (state, variants, boot, rounding, user space) stands for language features, macros,
  registers and the C library, so it is not followed.
* A statement does not step twice in a row in the same frame: coming back to it after a call is no new step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from inspect import CO_NEWLOCALS
from pathlib import Path
from types import CodeType
from typing import Final

from thpkit.kernel import entry, kobject
from thpkit.kernel.variant import Variant

KERNEL: Final = Path(kobject.__file__).resolve().parent
"""Directory of the simulated kernel."""

PLUMBING: Final = frozenset(
    str(KERNEL / name)
    for name in (
        "current.py",
        "entry.py",
        "flags.py",
        "init.py",
        "kobject.py",
        "machine.py",
        "sched.py",
        "splat.py",
        "units.py",
        "variant.py",
    )
)
"""Kernel files that are not followed."""


@dataclass(frozen=True)
class Follow:
    """The files whose functions step."""

    files: frozenset[str] = frozenset()
    """Absolute file names."""
    directories: tuple[str, ...] = ()
    """Absolute directories; everything below them."""

    @classmethod
    def of(
        cls, variant: Variant | None = None, extra_files: Iterable[str | Path] = ()
    ) -> Follow:
        """The kernel, the files of ``variant``, and ``extra_files`` (the scenario's)."""
        files = {_real(str(file)) for file in extra_files}
        if variant is not None:
            files.update(_real(file) for file in variant.files())
        return cls(frozenset(files), (str(KERNEL),))

    def covers(self, file: str) -> bool:
        """Whether functions of ``file`` step. Generated code (``<string>``) never does."""
        if file.startswith("<"):
            return False
        real = _real(file)
        if real in self.files:
            return True
        if real in PLUMBING:
            return False
        return any(
            Path(real).is_relative_to(directory) for directory in self.directories
        )


def _real(file: str) -> str:
    return str(Path(file).resolve())


def is_special(name: str) -> bool:
    """Whether ``name`` is that of a special method, such as ``__repr__``."""
    return name.startswith("__") and name.endswith("__")


def section_of(code: CodeType) -> str | None:
    """Name of the system call that ``code`` is, or None."""
    return entry.SYSTEM_CALLS.get(code)


def hides(code: CodeType) -> bool:
    """Whether nothing that ``code`` calls may step: primitives, special methods, bodies of classes and modules."""
    if code in kobject.PRIMITIVES or is_special(code.co_name):
        return True
    return not code.co_flags & CO_NEWLOCALS


def steps_into(code: CodeType, follow: Follow) -> bool:
    """Whether a call of ``code`` becomes a frame of the recording."""
    if section_of(code) is not None:
        return True
    if code.co_name.startswith("<") or hides(code):
        return False
    return follow.covers(code.co_filename)
