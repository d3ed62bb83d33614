"""The source pane: what is about to run, what just ran, and who waits."""

from __future__ import annotations

from pathlib import Path

from tests.view.looking import at, shown, text
from thpkit.trace.timeline import Timeline
from thpkit.view import source, sources
from thpkit.view.glyphs import UNICODE
from thpkit.view.moment import Moment
from thpkit.view.rows import Role, Span, text_of

KERNEL = "thpkit/kernel/"


def marked(moment: Moment, sign: str = "", width: int = 100) -> list[str]:
    """The rows that are marked, with ``sign`` if one is given."""
    rows = shown(moment, "source", width).rows
    signs = [(line[0].text.strip(), text_of(line)) for line in rows if line]
    return [line for found, line in signs if found and sign in ("", found)]


def test_about_to_run(tour: Timeline) -> None:
    [row] = marked(at(tour, "do_set_pmd::vmstat.count_vm_event@1"), "▶")
    assert row.endswith("    vmstat.count_vm_event(vmstat.THP_FILE_MAPPED)")


def test_just_ran_says_what_it_returns(tour: Timeline) -> None:
    moment = at(tour, "do_set_pmd::@return@1")
    [row] = marked(moment, "◀")
    assert row.endswith("    return VmFault.NONE  → returns NONE")
    assert not marked(moment, "▶")


def test_just_called_marks_the_definition(tour: Timeline) -> None:
    [row] = marked(at(tour, "do_set_pmd::@call@1"), "▶")
    assert "def do_set_pmd(vmf: VmFaultInfo, page: Page) -> VmFault:" in row


def test_a_statement_of_several_lines_is_marked_whole(tour: Timeline) -> None:
    moment = at(tour, "do_munmap::if (@1")
    [first] = marked(moment, "▶")
    assert first.endswith("if (")
    assert [row.split(maxsplit=2)[2] for row in marked(moment, "┃")[:2]] == [
        "start & (units.PAGE_SIZE - 1)",
        "or start > units.TASK_SIZE",
    ]
    rendered = shown(moment, "source")
    assert rendered.focus_end == rendered.focus + 4


def test_statements_that_wait_are_marked_too(tour: Timeline) -> None:
    moment = at(tour, "thp_fill_block::@call@1")
    waiting = [row.split(maxsplit=2)[2] for row in marked(moment, "▷")]
    assert "error = thp_fill_block(page, mapping, xas)" in waiting
    assert "page = huge_fault_new_page(vmf, mapping, hindex)" in waiting


def test_the_outcome_is_known_only_afterwards(tour: Timeline) -> None:
    assert source.outcome(at(tour, "sys_munmap::@call@1")) == ""
    assert source.outcome(at(tour, "sys_munmap::@return@1")) == "returns 0"


def test_rows_and_lines_lead_to_each_other(tour: Timeline) -> None:
    moment = at(tour, "filemap_huge_fault::@call@1")
    for width in (40, 80, 200):
        sheet = source.sheet_of(moment, width)
        for line in (1, 50, moment.step.line):
            assert sheet.lines[sheet.row_of(line)] == line
        assert sheet.row_of(10**6) == len(sheet.rows)


def test_long_lines_are_wrapped_not_lost() -> None:
    sheet = sources.sheet(KERNEL + "filemap.py", 40, UNICODE)
    for number in (1, 60, 120):
        rows = [
            row
            for row, line in zip(sheet.rows, sheet.lines, strict=True)
            if line == number
        ]
        whole = "".join("".join(span.text for span in row[2:]) for row in rows)
        wanted = sources.lines_of(KERNEL + "filemap.py")[number - 1]
        assert whole.replace(" ", "") == wanted.replace(" ", "")


def test_a_rule_in_a_comment_is_cut_not_wrapped() -> None:
    """What is drawn only to fill the line takes no second row."""
    line = (Span("# ---- making and freeing the page "), Span("-" * 80))
    assert [text_of(each) for each in sources.folded(line, 60)] == [text_of(line)[:60]]
    assert len(sources.folded(line, 20)) > 1  # its words are never lost


def test_syntax_has_roles(tmp_path: Path) -> None:
    file = tmp_path / "learner.py"
    file.write_text(
        'def f(n: int) -> str:\n    """Doc."""\n\treturn "x" + str(12)  # why\n'
        "    \x1b[31m(\n"
    )
    rows = sources.sheet(str(file), 80, UNICODE).rows
    roles = {(s.text, s.role) for row in rows for s in row}
    assert ("def", Role.KEYWORD) in roles
    assert ("f", Role.NAME) in roles
    assert ('"""Doc."""', Role.COMMENT) in roles
    assert not any("\x1b" in text or "\t" in text for text, _role in roles)


def test_a_file_that_cannot_be_read_has_no_rows() -> None:
    sheet = sources.sheet("/nowhere/at/all.py", 80, UNICODE)
    assert sheet.rows == ()


def test_the_explanation_falls_back_on_the_docstring(tour: Timeline) -> None:
    shown_text = text(at(tour, "do_set_pmd::vmstat.count_vm_event@1"), "explain", 70)
    assert shown_text.startswith("▶ about to run  do_set_pmd, memory.py:")
    assert "vmstat.count_vm_event(vmstat.THP_FILE_MAPPED)" in shown_text
    assert "Map the whole huge page that page is part of with one PMD." in (
        " ".join(shown_text.split())
    )
