"""The plain text: the same story for pipes, simple terminals and readers who listen."""

from __future__ import annotations

from tests.view.conftest import BIG, boot
from thpkit.kernel import filemap, splat
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.fs import AddressSpace
from thpkit.kernel.machine import Machine
from thpkit.kernel.units import Pgoff
from thpkit.kernel.variant import Variant, replaces
from thpkit.scenario import Scenario, record
from thpkit.trace.statements import Statement
from thpkit.trace.tape import Kind
from thpkit.trace.timeline import Step, Timeline
from thpkit.view import plain, source, text
from thpkit.view.explanations import paragraph
from thpkit.view.glyphs import ASCII
from thpkit.view.layout import columns
from thpkit.view.moment import Moment
from thpkit.view.panes import BY_NAME
from thpkit.view.rows import Row


def screens(lines: list[str]) -> list[list[str]]:
    """The walk, cut at its rules."""
    found: list[list[str]] = []
    for line in lines:
        if line.startswith("── "):
            found.append([])
        found[-1].append(line)
    return found


def test_one_screen_a_stop(tour: Timeline) -> None:
    lines = list(plain.walk(tour))
    found = screens(lines)
    assert len(found) == len(tour.stops) == 4
    assert all(len(screen) <= 40 for screen in found)
    assert all(columns(line) <= 80 and line.isprintable() for line in lines)


def test_a_screen_tells_where_what_and_why(tour: Timeline) -> None:
    screen = screens(list(plain.walk(tour)))[1]
    assert screen[0].startswith("── 2 of 4 ──")
    assert screen[1:4] == ["Mapped by A", "", "A: page fault(0x7f0000203abc, READ)"]
    assert screen[4].startswith("do_set_pmd, thpkit/kernel/memory.py:")
    assert screen[4].endswith(", just ran")
    assert any(line.startswith("◀") and "→ returns NONE" in line for line in screen)
    body = "\n".join(screen)
    assert "NR_FILE_MAPPED +512" in body
    assert (
        "page#1: +locked, compound_mapcount -1 → 0, _mapcount of 512 sub-pages" in body
    )
    assert "PMD pmd_table#1[1]: none → huge page#1 (present user huge accessed)" in body
    assert "513 references = 512 page cache + 1 PMD of A" in body
    assert "A holds mm A.mmap_sem (read), page#1" in body


def test_the_book_speaks_if_there_is_one(tour: Timeline) -> None:
    def book(statement: Statement | None, step: Step) -> tuple[Row, ...]:
        return (paragraph("The book says `page` here."),)

    assert "The book says page here." in "\n".join(plain.walk(tour, book))


def test_without_stops_the_ends_of_the_calls_are_shown(pages: Timeline) -> None:
    found = screens(list(plain.walk(pages, last=5000)))
    assert found[0][1].endswith("ends")


def test_ascii_only(tour: Timeline) -> None:
    assert all(line.isascii() for line in plain.walk(tour, glyphs=ASCII))
    assert all(line.isascii() for line in plain.every(tour, 0, 400, glyphs=ASCII))


def test_every_step_in_a_line(tour: Timeline) -> None:
    lines = list(plain.every(tour, 0, 400, fold=False))
    assert len(lines) == 401
    assert [int(line.split()[0]) for line in lines] == list(range(401))
    assert all(columns(line) <= 80 for line in lines)
    assert any("▶ sys_mmap:" in line and "called(" in line for line in lines)
    assert any("◀ sys_open:" in line and "returns 3" in line for line in lines)


def test_alike_iterations_share_a_line(tour: Timeline) -> None:
    lines = list(plain.every(tour))
    assert len(lines) < len(tour) / 20
    [line] = [each for each in lines if "page_add_file_rmap" in each][:1]
    assert line
    assert any("iterations alike, of 512" in each for each in lines)


def test_panes_as_text(tour: Timeline) -> None:
    screen = plain.screen(Moment.of(tour, tour.stops[1].step), ["pages", "4"], 80)
    assert screen.startswith("── Pages and references ──")
    assert "── Page tables ──" in screen


# ---- a machine without a recording --------------------------------------------------------------------------


def test_the_ten_lines_of_the_readme() -> None:
    machine = Machine()
    machine.create(BIG, size=4 << 20)
    process = machine.spawn("A", mmap_base=0x7F00005FF000)
    fd = process.open(BIG)
    address = process.mmap(4 << 20, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, fd)
    process.touch(address + 0x203ABC)
    tree = text.tree(machine, BIG)
    assert (
        tree.splitlines()[0] == f"{BIG}  i_pages#1  nrpages 512  nr_thps 1  size 4 MiB"
    )
    assert "page#1+448 … +511" in tree
    assert "NR_FILE_PAGES" in text.counters(machine)
    assert text.counters(Machine()) == "all counters are 0"


# ---- runs that end early ------------------------------------------------------------------------------------


@replaces(filemap.huge_block_in_use)
def gives_up(mapping: AddressSpace, hindex: Pgoff) -> bool:
    splat.BUG_ON(True, "nobody wrote this part")
    return False


def test_a_run_that_ends_early_says_why() -> None:
    def run(machine: Machine) -> None:
        a = machine.processes["A"]
        a.touch(a.mmap(4 << 20, fd=a.open(BIG)))

    variant = Variant("buggy", functions=[gives_up])
    timeline = record(Scenario("bug", "", boot, (run,), variant=variant)).timeline
    lines = list(plain.walk(timeline))
    assert lines[-1] == "The run ended early: nobody wrote this part"
    raised = [n for n in range(len(timeline)) if timeline.kind_at(n) is Kind.EXCEPTION]
    moment = Moment.of(timeline, raised[0])
    assert source.outcome(moment) == "raised KernelBug: nobody wrote this part"
    shown = plain.screen(moment, BY_NAME, 80)
    assert "◀ just ran and raised  gives_up, test_plain.py:" in shown
    assert any(
        "◀ gives_up" in line and "raised KernelBug" in line
        for line in plain.every(timeline)
    )
