"""The review page follows the mail: every remark, in order, with its fate as the catalogue has it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from thpkit.patch import Kind, Record, catalogue, record
from thpkit.patch.repairs.chain import STEPS

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "lessons/review.md"
TEXT: Final = " ".join(FILE.read_text(encoding="utf-8").split())
REMARKS: Final = [each for each in catalogue() if each.id.startswith("K")]
IN_ORDER_OF_THE_MAIL: Final = [f"K{n}" for n in range(1, 26)]


def test_every_remark_in_order() -> None:
    found = re.findall(r"### (K\d+): ", TEXT)
    assert found == IN_ORDER_OF_THE_MAIL


def test_hunks_in_order() -> None:
    numbers = [int(n) for n in re.findall(r"## H(\d+)", TEXT)]
    assert numbers == [1, 4, 6, 7, 9, 10, 11]


@pytest.mark.parametrize("each", REMARKS, ids=lambda each: str(each.id))
def test_each_remark_says_where_it_is_seen_and_what_became_of_it(each: Record) -> None:
    part = TEXT.partition(f"### {each.id}: ")[2].partition("### ")[0]
    assert part.startswith(each.title)
    fate = f"fate: v4 {each.v4}; v5 {each.v5}; correct version: {each.ref}"
    assert fate in part
    if each.kind is Kind.SHOWN:
        assert f"`thp step defect:{each.id}`" in part
    else:
        assert each.reason in part


def test_defects_that_are_named_exist() -> None:
    for id in set(re.findall(r"\b[KD]\d+\b", TEXT)):
        assert record(id).id == id


def test_files_that_are_named_exist() -> None:
    for path in set(re.findall(r"`((?:thpkit|lessons)/[\w/.]+)`", TEXT)):
        assert (ROOT / path).exists(), path


def test_numbers() -> None:
    assert "in eighteen steps" in TEXT and len(STEPS) == 18
    assert "twenty-five remarks" in TEXT and len(REMARKS) == 25
