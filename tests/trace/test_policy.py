"""What steps and what does not."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.trace import support, toy
from thpkit.kernel import kobject, locks, units
from thpkit.kernel.kobject import KObject, kstruct
from thpkit.trace import policy, statements
from thpkit.trace.policy import Follow
from thpkit.trace.recorder import record
from thpkit.trace.tape import Kind
from thpkit.trace.timeline import Timeline


def texts(timeline: Timeline, function: str) -> list[str]:
    """The statements that ran in all activations of a function, in order."""
    found = []
    for n in range(len(timeline)):
        step = timeline.step(n)
        if step.kind is Kind.LINE and step.frame.function.qualname == function:
            assert step.statement is not None
            found.append(step.statement.text)
    return found


def functions(timeline: Timeline) -> set[str]:
    return {each.function.qualname for each in timeline.tape.frames}


def test_primitives_and_what_they_call_do_not_step() -> None:
    assert {"add", "_same", "new_frame"}.isdisjoint(functions(support.story()))


def test_writes_of_a_primitive_belong_to_the_calling_statement() -> None:
    timeline = support.record_toy(lambda root: toy.fill(root, 0, 1))
    n = timeline.visits(support.statement(timeline, "add(toy, 0, 1)"))[0]
    assert [timeline.cell_name(each.cell) for each in timeline.writes(n)] == [
        "toy.counters[0]"
    ]


def test_a_statement_of_several_lines_is_one_step() -> None:
    found = texts(support.story(), "sum_of")
    assert found.count("total = add_up(") == 1
    assert len([each for each in found if "add_up" in each]) == 1


def test_a_comprehension_does_not_step_but_functions_it_calls_do() -> None:
    assert (
        texts(support.story(), "sum_of").count(
            "listed = [each for each in (1, 2, 3) if each != 2]"
        )
        == 1
    )

    def run() -> None:
        toy.collect(len([toy.add_up(each, 1) for each in (1, 2)]))

    timeline = record(run, root=toy.new_toy(), follow=support.FOLLOW)
    assert [each.function.name for each in timeline.tape.frames] == [
        "add_up",
        "add_up",
        "collect",
    ]


def test_the_same_statement_of_a_frame_does_not_step_twice_in_a_row() -> None:
    timeline = support.story()
    for frame in timeline.tape.frames:
        own = [
            timeline.statement_at(n)
            for n in range(frame.first_step, frame.last_step + 1)
            if timeline.tape.who[n] == frame.index and timeline.kind_at(n) is Kind.LINE
        ]
        assert all(a != b for a, b in pairwise(own))


def test_a_loop_of_one_statement_steps_each_time_round() -> None:
    timeline = support.record_toy(toy.spin, budget=50)
    assert len(timeline) == 50
    assert set(texts(timeline, "spin")[1:]) == {"add(toy, 0, 1)"}


def test_special_methods_and_constructors_do_not_step() -> None:
    timeline = record(
        make_special, root=toy.new_toy(), follow=Follow.of(extra_files=[__file__])
    )
    assert functions(timeline) == {"make_special", "helper"}
    assert len(timeline.tape.frames) == 2


def make_special() -> None:
    """Uses special methods, which call a helper, and calls it itself."""
    assert repr(Special("special")) == "special"
    assert len(str(Special("special"))) == 3
    helper()


def helper() -> str:
    return "xyz"


@kstruct
class Special(KObject):
    """Has a special method that calls a function."""

    value: int = 0

    def __str__(self) -> str:
        return helper()


def test_only_followed_files_step() -> None:
    follow = Follow.of()
    assert follow.covers(locks.__file__)
    assert not follow.covers(kobject.__file__)
    assert not follow.covers(units.__file__)
    assert not follow.covers(__file__)
    assert not follow.covers("<string>")
    assert Follow.of(extra_files=[Path(__file__)]).covers(__file__)
    timeline = record(make_special, root=toy.new_toy(), follow=follow)
    assert len(timeline) == 0


def test_system_calls_of_other_tasks_step_even_inside_a_primitive() -> None:
    timeline = support.machine()
    inside = [each for each in timeline.tape.frames if each.function.section]
    assert [each.function.section for each in inside] == [
        "sys_open",
        "sys_mmap",
        "do_user_addr_fault",
        "sys_munmap",
        "sys_exit",
    ]


def test_the_plumbing_exists() -> None:
    assert all(Path(each).is_file() for each in policy.PLUMBING)


def test_statements_cover_headers_and_leave_out_what_does_not_run() -> None:
    found = statements.statements_of(shapes.__code__)
    lines = statements.source_of(statements.path_of(__file__))
    silent = {"else:", "finally:", '"""Every shape."""', "def inner() -> None:"}
    for line in range(shapes.__code__.co_firstlineno + 1, max(found) + 1):
        text = lines[line - 1].strip()
        assert (line in found) == (text not in silent and bool(text)), text
    by_text = {each.text: each for each in found.values()}
    assert by_text["if ("].last - by_text["if ("].first == 3
    assert by_text["value = add("].last - by_text["value = add("].first == 3
    assert by_text["try:"].first == by_text["try:"].last
    assert by_text["except ValueError:"].function == "shapes"
    assert by_text["return value"].file == "tests/trace/test_policy.py"


def add(a: int, b: int) -> int:
    return a + b


# fmt: off
def shapes(value: int) -> int:
    """Every shape."""

    if (
        value > 1
        and value < 3
    ):
        value = add(
            1,
            2,
        )
    else:
        value = 2
    try:
        value = 3
    except ValueError:
        value = 4
    finally:
        value = 5
    return value
