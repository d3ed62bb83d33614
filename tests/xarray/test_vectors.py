"""Every golden script gives what the C implementation gave: results, cursors, callbacks, trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.xarray import replay

DATA = Path(__file__).parents[1] / "data" / "xarray"
OPS = {
    "alloc": 3243,
    "basics": 500,
    "enomem": 3447,
    "grow_shrink": 1470,
    "iter_mod": 1877,
    "marks": 3270,
    "mixed": 4224,
    "multi_order": 3039,
    "small_dense": 3207,
    "sparse_huge": 2789,
    "stale_read": 2025,
    "thp": 1436,
    "thp_enomem": 1648,
}
"""Operations in each family; 32,175 in all."""


@pytest.mark.parametrize("family", OPS)
def test_no_differences(family: str) -> None:
    report = replay.replay_files([DATA / f"{family}.jsonl.gz"])
    assert report.differences == []
    assert report.ops == OPS[family]
    assert report.scripts == (15 if family == "basics" else 33)


def test_every_file_is_replayed() -> None:
    assert {path.name for path in DATA.glob("*.jsonl.gz")} == {
        f"{family}.jsonl.gz" for family in OPS
    }
    assert sum(OPS.values()) == 32_175
