"""Scenarios run on real sizes and in the toy geometry; ``real_size`` marks the tests whose addresses are exact."""

from __future__ import annotations

import pytest

from thpkit.kernel.units import REAL, SMALL, Geometry


@pytest.fixture(params=[REAL, SMALL], ids=lambda geometry: str(geometry.name))
def geometry(request: pytest.FixtureRequest) -> Geometry:
    """Each of the two geometries in turn."""
    chosen = request.param
    assert isinstance(chosen, Geometry)
    return chosen
