"""What ``thp book check`` prints: the totals of the coverage, and what is missing as blocks to paste.

A block is a quote with an empty bullet for each statement: the author writes the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from thpkit.book import rules_coverage
from thpkit.book.check import Findings
from thpkit.book.coverage import Coverage, FunctionCoverage
from thpkit.book.match import find
from thpkit.book.quotes import definitions
from thpkit.book.rules_quotes import MOST_LINES
from thpkit.trace.statements import Statement, source_of


def totals(reached: Coverage) -> list[str]:
    """One line for the commentary and one for each lesson."""
    functions = reached.functions
    full = sum(1 for each in functions if not each.missing)
    lines = [
        f"commentary: {reached.explained} of {reached.total} statements have exactly one bullet, "
        f"{full} of {len(functions)} functions in full"
    ]
    for each in reached.lessons:
        count = len(each.statements)
        explained = count - len(each.missing)
        lines.append(
            f"{each.lesson}: {explained} of {count} statements that run are explained"
        )
    return lines


def notes(found: Findings) -> list[str]:
    """What an author should know although nothing is wrong: floors that can rise."""
    if found.floors is None or found.coverage is None:
        return []
    news = rules_coverage.stale(found.floors, found.coverage)
    if not news:
        return []
    return [
        "the floors can rise (thp book raise writes them):",
        *(f"  {x}" for x in news),
    ]


def counted(problems: int) -> str:
    """The last line when something is wrong."""
    return f"{problems} problem{'s' if problems != 1 else ''}"


def by_function(reached: Coverage) -> Iterator[str]:
    """Both coverages by file and function."""
    yield "statements of the path with exactly one bullet in the commentary"
    for file, group in groupby(
        reached.functions, key=lambda each: each.place.partition("::")[0]
    ):
        functions = list(group)
        yield _counted(file, functions, "")
        for each in functions:
            yield _counted(each.place.partition("::")[2], [each], "  ")
    for lesson in reached.lessons:
        yield ""
        yield f"statements that {lesson.lesson} executes and the book explains"
        missing = set(lesson.missing)
        for file, statements in groupby(lesson.statements, key=lambda x: x.file):
            every = list(statements)
            yield _line("", sum(1 for x in every if x not in missing), len(every), file)
            functions_ = sorted(every, key=lambda x: x.function)
            for name, own in groupby(functions_, key=lambda x: x.function):
                ran = list(own)
                told = sum(1 for x in ran if x not in missing)
                yield _line("  ", told, len(ran), name)
    yield ""
    yield from totals(reached)


def _counted(name: str, functions: Sequence[FunctionCoverage], indent: str) -> str:
    total = sum(len(each.statements) for each in functions)
    missing = sum(len(each.missing) for each in functions)
    return _line(indent, total - missing, total, name)


def _line(indent: str, explained: int, total: int, name: str) -> str:
    """Numbers first, so that they stand in columns; what is not complete is marked."""
    mark = " " if explained == total else "*"
    return f"{explained:>6} of {total:>5} {mark} {indent}{name}"


# ---- what is missing ------------------------------------------------------------------------------------


def missing(reached: Coverage, root: Path) -> Iterator[str]:
    """Every statement of the path without its one bullet, by function, with a block to paste."""
    for each in reached.functions:
        if each.missing:
            count = len(each.missing)
            yield ""
            yield f"{each.place}: {count} statement{'s' if count > 1 else ''} without exactly one bullet"
            for run in _runs(each):
                yield ""
                yield from suggested(run, each.place, root)


def _runs(each: FunctionCoverage) -> Iterator[list[Statement]]:
    """Neighbours among what is missing, no more together than one quote may show."""
    wanted = set(each.missing)
    run: list[Statement] = []
    for statement in each.statements:
        if statement in wanted:
            if run and statement.last - run[0].first >= MOST_LINES:
                yield run
                run = []
            run.append(statement)
        elif run:
            yield run
            run = []
    if run:
        yield run


def suggested(run: Sequence[Statement], place: str, root: Path) -> list[str]:
    """A quote of consecutive statements with an empty bullet for each."""
    path, _, function = place.partition("::")
    source = source_of(str(root / path))
    quote = _dedented(source[run[0].first - 1 : run[-1].last])
    first, last = definitions(root / path)[function]
    hits = find(source[first - 1 : last], quote)
    nth = ""
    if len(hits) > 1:
        nth = f" nth={hits.index(run[0].first - first) + 1}"
    return [
        f"```python src={place}{nth}",
        *quote,
        "```",
        "",
        *(f"- `{_span(each.text)}` …" for each in run),
    ]


def _span(text: str) -> str:
    """What names a line: its code without the colon or bracket that it ends with."""
    return text.split("  #")[0].rstrip(":([{ ") or text


def _dedented(lines: Iterable[str]) -> list[str]:
    every = [each.rstrip() for each in lines]
    margin = min((len(x) - len(x.lstrip()) for x in every if x), default=0)
    return [each[margin:] for each in every]
