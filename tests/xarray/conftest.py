"""A booted kernel for the tests of the XArray."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from thpkit.kernel import init
from thpkit.kernel.init import Kernel
from thpkit.kernel.splat import Config


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    """The running kernel, real sizes, stopping at the first splat."""
    booted = init.start_kernel(Config())
    with init.running(booted):
        yield booted
