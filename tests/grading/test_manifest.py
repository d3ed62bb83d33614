"""What of the grader was modified: not forbidden, but every report says so."""

from __future__ import annotations

import json
from pathlib import Path

from tests.grading import workshop
from thpkit.grading import grade, manifest
from thpkit.grading.exercise import load
from thpkit.grading.model import CLONE


def test_the_manifest_is_current() -> None:
    """If this fails, run ``python -m thpkit.grading.manifest`` and look at what it changes."""
    path = CLONE / "exercises" / manifest.NAME
    assert json.loads(path.read_text(encoding="utf-8")) == manifest.current()


def test_an_edited_case_is_named_in_every_report(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    manifest.write(root)
    assert grade("ex10", root).modified == ()
    cases = root / "exercises" / load("ex10").name / "cases.toml"
    cases.write_text("# easier now\n" + cases.read_text(encoding="utf-8"), "utf-8")
    result = grade("ex10", root)
    name = f"exercises/{load('ex10').name}/cases.toml"
    assert result.modified == (name,)
    assert f"not as checked in: {name}" in result.text()
    assert result.to_json()["modified"] == [name]
    assert grade("ex08", root).modified == (), "other exercises do not depend on it"


def test_removed_and_added_files_are_named(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    manifest.write(root)
    folder = root / "exercises" / load("ex10").name
    (folder / "test_ex10_review_of_v4.py").rename(folder / "test_other.py")
    assert [Path(each).name for each in grade("ex10", root).modified] == [
        "test_ex10_review_of_v4.py",
        "test_other.py",
    ]


def test_a_missing_manifest_is_no_error(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    (root / "exercises" / manifest.NAME).unlink()
    assert grade("ex10", root).modified == (f"exercises/{manifest.NAME}",)


def test_the_learners_own_file_is_not_counted(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    manifest.write(root)
    workshop.hand_in(root, load("ex10"), workshop.shipped(load("ex10")))
    load("ex10", root).shipped.write_text("# edited in place\n", encoding="utf-8")
    assert grade("ex10", root).modified == ()
