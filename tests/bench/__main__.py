"""Collect the rows of every ``bench_*.py`` beside this file and print one aligned table."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

Figure = tuple[str, float, str]
"""What a bench module's ``rows()`` returns: the figure's name, the measured value, its budget."""

BUDGET: Final = re.compile(r"^\s*(<=|≤|<|>=|≥|>)\s*([\d.,_]+)\s*(.*)$")
HEADER: Final = ("figure", "measured", "budget", "")


class Row(NamedTuple):
    """One line of the table, as text."""

    figure: str
    measured: str
    budget: str
    verdict: str
    """``ok``, ``MISS``, ``broken``, or empty where the budget sets no bound."""


def judge(measured: float, budget: str) -> str:
    """``ok`` or ``MISS``; empty if ``budget`` does not begin with a bound such as ``<= 3x``."""
    match = BUDGET.match(budget)
    if match is None:
        return ""
    bound = float(match[2].replace(",", "").replace("_", ""))
    kept = {
        "<=": measured <= bound,
        "≤": measured <= bound,
        "<": measured < bound,
        ">=": measured >= bound,
        "≥": measured >= bound,
        ">": measured > bound,
    }[match[1]]
    return "ok" if kept else "MISS"


def row(figure: Figure) -> Row:
    """The table line of one figure; the measured value gets the unit of its budget."""
    name, measured, budget = figure
    match = BUDGET.match(budget)
    unit = match[3].strip() if match else ""
    number = f"{measured:,.0f}" if abs(measured) >= 1000 else f"{measured:.3g}"
    gap = "" if unit in ("", "x") else " "
    return Row(name, f"{number}{gap}{unit}", budget, judge(measured, budget))


def collect(names: Iterable[str]) -> list[Row]:
    """The rows of the bench modules ``names``; a module that cannot run becomes one row that says why."""
    rows: list[Row] = []
    for name in names:
        try:
            rows.extend(row(figure) for figure in importlib.import_module(name).rows())
        except Exception as error:  # must not hide the figures of the others
            reason = " ".join(str(error).split()) or "no message"
            what = f"{name.rpartition('.')[2]}: {type(error).__name__}: {reason}"
            rows.append(Row(what, "", "", "broken"))
    return rows


def table(rows: Iterable[Row]) -> list[str]:
    """The aligned lines: names to the left, measured values to the right."""
    lines = [Row(*HEADER), *rows]
    fits = [each for each in lines if each.verdict != "broken"]
    widths = [max(len(each[column]) for each in fits) for column in range(3)]
    out = []
    for each in lines:
        name, measured, budget = each[:3]
        text = f"{name:<{widths[0]}}  {measured:>{widths[1]}}  {budget:<{widths[2]}}  {each.verdict}"
        out.append(text.rstrip())
    out.insert(1, "-" * (sum(widths) + 10))
    return out


def main() -> int:
    """Print the table and one closing sentence. A miss is named, but is not an error: machines differ."""
    here = Path(__file__).parent
    names = sorted(f"{__package__}.{path.stem}" for path in here.glob("bench_*.py"))
    rows = collect(names)
    print("\n".join(table(rows)))
    missed = [each.figure for each in rows if each.verdict == "MISS"]
    broken = [each.figure for each in rows if each.verdict == "broken"]
    if missed:
        print(f"\n{len(missed)} over budget: {'; '.join(missed)}")
    elif rows:
        print("\nAll figures that have a bound keep it." if not broken else "")
    else:
        print("\nNothing to measure yet: there is no bench_*.py beside this file.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
