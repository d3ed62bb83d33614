"""What WHERE may be, and what is said when it is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.small import TEXT, small_run, write
from tui import contents, opening
from tui.paths import UserError
from tui.where import resolve


@pytest.mark.parametrize("where", ["00_tour", "tour", "00_tour/", "00", "to"])
def test_a_lesson_is_found_by_name_or_a_piece_of_it(where: str) -> None:
    """The number, the word, and the beginning of either."""
    assert resolve(where).name == "00_tour"


@pytest.mark.parametrize("where", ["ex:ex01", "ex:ex01_one_sided_counter"])
def test_an_exercise_is_found_by_its_id_or_folder(where: str) -> None:
    """Both forms are accepted."""
    target = resolve(where)
    assert target.name == "ex:ex01" and target.exercise


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("tuor", "did you mean 00_tour?"),
        ("nothing like it", "there is 00_tour"),
        ("", "there is no lesson ''"),
        ("ex:ex77", "there is no exercise 'ex77'; there is ex:ex"),
        ("missing.py", "there is no file missing.py"),
        ("missing.thprec", "there is no saved recording missing.thprec"),
        ("/etc", "is a directory"),
        ("/nowhere/at/all", "there is no file /nowhere/at/all"),
    ],
)
def test_a_bad_where_gets_one_clear_sentence(where: str, said: str) -> None:
    """The sentence says what is wrong, and what comes nearest."""
    with pytest.raises(UserError) as caught:
        resolve(where)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_near_file_name_is_offered(tmp_path: Path) -> None:
    """A typing mistake in a file name is noticed."""
    path = write(tmp_path)
    with pytest.raises(UserError, match=r"did you mean .*small\.py\?"):
        resolve(str(path.with_name("smal.py")))


def test_an_unknown_variant_is_refused() -> None:
    """Before anything is recorded."""
    with pytest.raises(UserError, match="no variant 'v99'"):
        resolve("tour", "v99")


def test_another_version_of_the_kernel_can_run(tmp_path: Path) -> None:
    """The patch as posted serves the same file, and its functions are stepped."""
    run = resolve(str(write(tmp_path)), "v3").open()
    files = {each.function.file for each in run.timeline.tape.frames}
    assert any("patch/v3" in file for file in files)


def test_a_learners_file_is_recorded(tmp_path: Path) -> None:
    """Its title, its stops, and a name under which the place is kept."""
    path = write(tmp_path)
    run = resolve(str(path)).open()
    assert run.title == "A small story"
    assert run.timeline.stops[0].stop.title == "A fault"
    assert run.name == str(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1/0\n", "ZeroDivisionError"),
        ("def\n", "SyntaxError"),
        ("x = 1\n", "defines no SCENARIO"),
        (TEXT.replace("machine.spawn", "machine.spwan"), "cannot be booted"),
        (TEXT.replace('spawn("A")', 'spawn("A"); raise SystemExit(3)'), "SystemExit"),
        (TEXT.replace("vmstat.count_vm_event@1", "no such code@1"), "no such code"),
        (
            TEXT.split("    stops=")[0].replace("(run,)", "()") + ")",
            "nothing was recorded",
        ),
    ],
)
def test_a_file_that_cannot_be_used_gets_a_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    """Whatever a learner's file does wrong."""
    path = write(tmp_path, text)
    with pytest.raises(UserError) as caught:
        resolve(str(path)).open()
    assert said in str(caught.value)


def test_a_run_that_ends_early_can_still_be_looked_at(tmp_path: Path) -> None:
    """A task that fails is a story too; the ending says why."""
    text = TEXT.replace("    a.munmap(at, 0x10000)", "    raise ValueError('enough')")
    run = resolve(str(write(tmp_path, text))).open()
    assert run.timeline.ending is not None and "enough" in run.timeline.ending
    assert len(run.timeline.stops) == 2


def test_a_saved_recording_opens_with_its_stops(tmp_path: Path) -> None:
    """What was saved is what is opened."""
    run = small_run()
    path = tmp_path / "kept.thprec"
    opening.save(run, path)
    again = resolve(str(path)).open()
    assert len(again.timeline) == len(run.timeline)
    assert again.timeline.stops == run.timeline.stops
    assert again.title == run.title


def test_a_damaged_recording_gets_a_sentence(tmp_path: Path) -> None:
    """Also one that is no recording at all."""
    path = tmp_path / "bad.thprec"
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="is not a recording"):
        resolve(str(path)).open()


def test_the_contents_name_lessons_and_exercises() -> None:
    """With titles from their own files."""
    assert contents.lessons()[0].name == "00_tour"
    assert contents.lessons()[0].title.startswith("The tour")
    assert contents.exercises()[0].lesson == "00_tour"
