"""The file that remembers: written whole, set aside when broken, done without when it cannot be kept."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui.state import FILE, Place, Store, default_directory


def test_what_is_kept_is_there_again(tmp_path: Path) -> None:
    """A place and the look survive."""
    store = Store(tmp_path / "deep" / "er")
    store.memory.look = "light"
    assert store.keep("00_tour", Place(step=7, steps=100, stop=2, furthest=3, stops=9))
    again = Store(store.directory)
    assert again.place("00_tour") == Place(7, 100, 2, 3, 9)
    assert again.memory.look == "light"
    assert again.notice == ""


def test_an_unknown_place_is_new(tmp_path: Path) -> None:
    """Nothing is known of what was never opened."""
    assert not Store(tmp_path).place("nowhere").begun


def test_two_copies_do_not_lose_each_others_places(tmp_path: Path) -> None:
    """Each writes only its own place."""
    one, other = Store(tmp_path), Store(tmp_path)
    one.keep("a", Place(step=1, steps=10))
    other.keep("b", Place(step=2, steps=10))
    assert set(Store(tmp_path).memory.places) == {"a", "b"}


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    """The temporary file becomes the file."""
    Store(tmp_path).keep("a", Place())
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 99, "places": {}}',
        '{"version": 1}',
        '{"version": 1, "places": {"a": 3}}',
        '{"version": 1, "places": {"a": {"step": "x"}}}',
        "[" * 100_000,
        "\ud800",
    ],
)
def test_a_broken_file_is_set_aside_with_a_sentence(tmp_path: Path, text: str) -> None:
    """Whatever stands in it, there is a notice, the file is kept under another name, and a new one can be written."""
    path = tmp_path / FILE
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    store = Store(tmp_path)
    assert store.memory.places == {}
    assert "progress" in store.notice and str(path) in store.notice
    assert (tmp_path / f"{FILE}.corrupt").exists()
    assert store.keep("a", Place(step=3, steps=5))
    assert Store(tmp_path).place("a").step == 3


def test_numbers_that_make_no_sense_are_put_right(tmp_path: Path) -> None:
    """A negative step is the first."""
    data = {"version": 1, "places": {"a": {"step": -5, "steps": 3, "passed": 1}}}
    (tmp_path / FILE).write_text(json.dumps(data), encoding="utf-8")
    assert Store(tmp_path).place("a") == Place(step=0, steps=3, passed=True)


def test_a_directory_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    """Everything works, nothing is kept, and a sentence says so."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    store = Store(tmp_path / "file" / "below")
    assert not store.keep("a", Place(step=3, steps=5))
    assert "THP_STATE_DIR" in store.notice
    assert store.place("a").step == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """The same for a directory without the right to write."""
    tmp_path.chmod(0o500)
    assert not Store(tmp_path).keep("a", Place())


def test_the_directory_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """THP_STATE_DIR wins over the user's state directory."""
    monkeypatch.setenv("THP_STATE_DIR", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.delenv("THP_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "x"))
    assert default_directory().name == "thp"


def test_what_an_older_file_knew_still_counts(tmp_path: Path) -> None:
    """Before visited stops were kept, there was only the furthest one: all up to it count as visited."""
    old = {"step": 5, "steps": 9, "stop": 3, "furthest": 3, "stops": 4}
    new = old | {"visited": [4, 2, 2, 99, 0]}
    data = {"version": 1, "places": {"old": old, "new": new}}
    (tmp_path / FILE).write_text(json.dumps(data), encoding="utf-8")
    store = Store(tmp_path)
    assert store.place("old").visited == [1, 2, 3] and not store.notice
    assert store.place("new").visited == [2, 4]
    assert store.keep("old", store.place("old"))
    assert Store(tmp_path).place("old").visited == [1, 2, 3]


def test_done_means_every_stop_or_passed() -> None:
    """A lesson is done when each of its stops was visited, an exercise when it is passed."""
    assert not Place(stops=3, furthest=3, visited=[1, 3]).done
    assert Place(stops=3, furthest=3, visited=[1, 2, 3]).done
    assert Place(passed=True).done
    assert not Place().done
