"""Every realistic mistake is noticed: by the fixed run, or by a few hundred random ones."""

from __future__ import annotations

import pytest

from tests.machine import gauntlet
from tests.machine.calls import Calls
from tests.machine.mutants import MUTANTS, Mutant
from tests.machine.test_random_calls import run
from thpkit.kernel.splat import KernelStop
from thpkit.kernel.variant import REF


def test_the_kernel_itself_passes_the_fixed_run() -> None:
    """Otherwise the mutants would prove nothing."""
    gauntlet.run(REF)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(mutant: Mutant) -> None:
    """One mistake, one failure at least."""
    variant = mutant.variant()
    with pytest.raises((AssertionError, KernelStop, KeyError, AttributeError)):
        gauntlet.run(variant)
        run(type("Mutated", (Calls,), {"variant": variant}), 7, 200, 20)
