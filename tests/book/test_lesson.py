"""Lessons are found, loaded, and refused with a sentence."""

from __future__ import annotations

import pytest

from tests.book.project import Project
from thpkit import book
from thpkit.book.lesson import LessonError, load_lesson

HEAD = 'id = "01_small"\ntitle = "T"\npart = "P"\nobjectives = ["o"]\n'


def test_a_lesson_is_what_its_toml_says(project: Project) -> None:
    folder = project.lesson("# Text\n", HEAD + 'remarks = ["K9"]\n')
    lesson = load_lesson(folder)
    assert (lesson.id, lesson.title, lesson.part) == ("01_small", "T", "P")
    assert lesson.objectives == ("o",)
    assert lesson.remarks == ("K9",)
    assert lesson.prerequisites == ()
    assert lesson.scenario_file == folder / "small.py"
    assert len(lesson.document().blocks) == 1


def test_the_scenario_may_have_another_name(project: Project) -> None:
    folder = project.lesson("", HEAD + 'scenario = "other.py"\n')
    assert load_lesson(folder).scenario_file == folder / "other.py"


def test_lessons_come_in_order_and_broken_ones_are_left_out(project: Project) -> None:
    project.lesson("", HEAD.replace("01_small", "02_next"), "02_next")
    project.lesson("", HEAD)
    project.lesson("", "id = ", "03_broken")
    assert [each.id for each in book.lessons(project.root)] == ["01_small", "02_next"]


@pytest.mark.parametrize("name", ["01_small", "01", "small"])
def test_a_lesson_answers_to_short_names(project: Project, name: str) -> None:
    project.lesson("")
    assert book.find_lesson(name, project.root).id == "01_small"


def test_the_nearest_name_is_proposed(project: Project) -> None:
    project.lesson("")
    with pytest.raises(LessonError, match="did you mean 01_small"):
        book.find_lesson("01_smal", project.root)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ("id = ", r"lesson\.toml: "),
        ("", "has no id"),
        (HEAD + "remarks = [9]\n", "remarks is a list of strings"),
        (HEAD.replace('"T"', "5"), "title is a string"),
        (HEAD + "remark = []\n", "did you mean remarks"),
        (HEAD + 'objectve = "x"\n', "means nothing"),
    ],
)
def test_a_broken_toml_is_refused_with_a_sentence(
    project: Project, facts: str, sentence: str
) -> None:
    with pytest.raises(LessonError, match=sentence):
        load_lesson(project.lesson("", facts))


def test_no_text_is_a_sentence_and_leaves_the_commentary(project: Project) -> None:
    folder = project.lesson("")
    (folder / "README.md").unlink()
    lesson = load_lesson(folder)
    with pytest.raises(LessonError, match=r"no readable README\.md"):
        lesson.document()
    assert book.explanations_for(lesson, project.root)(None, None) == ()  # type: ignore[arg-type]
