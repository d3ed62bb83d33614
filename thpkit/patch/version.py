"""Variants of the patch: they replace functions, put the kernel's own back, and have helpers in further files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from thpkit.kernel.variant import Variant, code_of, name_of


@dataclass(frozen=True)
class Version(Variant):
    """A version of the patch, or the patch with single repairs."""

    restores: tuple[Callable[..., object], ...] = ()
    """Kernel functions that the base replaces and that are the kernel's own again here."""
    helpers: tuple[Callable[..., object], ...] = ()
    """One function of each further file that the replacements call into: a recorder must follow these files too."""

    def __post_init__(self) -> None:
        """Take the restored functions out of what the base replaces."""
        super().__post_init__()
        for target in self.restores:
            self._bindings.pop(name_of(target), None)

    def files(self) -> frozenset[str]:
        """Source files of the replacements, of the base's, and of their helpers."""
        own = {code_of(each).co_filename for each in self.helpers}
        below = self.base.files() if self.base is not None else frozenset()
        return super().files() | own | below
