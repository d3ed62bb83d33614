"""The text of an exercise, its README, as rows of a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from thpkit.book.markdown import Heading, parse
from thpkit.grading.exercise import Exercise
from thpkit.view.rows import Row
from tui.introduction import rows_of


def text_rows(exercise: Exercise, width: int) -> tuple[Row, ...]:
    """The README in this width, without its title, and its tables as lists. A sentence if there is none."""
    try:
        text = (exercise.folder / "README.md").read_text(encoding="utf-8")
    except OSError:
        text = f"{exercise.about}\n\n{exercise.symptom.text}"
    blocks = parse("\n".join(without_tables(text.splitlines()))).blocks
    title = isinstance(blocks[0], Heading) and blocks[0].level == 1
    return rows_of(blocks[1:] if title else blocks, width)


def without_tables(lines: Iterable[str]) -> Iterator[str]:
    """Lines of Markdown with every row of a table as a bullet; its head is left out."""
    head = True
    for line in lines:
        if not line.startswith("|"):
            head = True
            yield line
            continue
        cells = [each.strip() for each in line.strip().strip("|").split("|")]
        if set("".join(cells)) <= set("-: "):
            head = False
        elif not head:
            yield f"- {' · '.join(each for each in cells if each)}"
