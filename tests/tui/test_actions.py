"""The one table of actions agrees with itself and with everything that is made from it."""

from __future__ import annotations

from collections import Counter

from textual.binding import Binding

from thpkit.view.rows import plain, text_of
from tui.actions import ACTIONS, BY_ID, Group, grouped, keys_of, markdown, opposite
from tui.bindings import bindings, key_bar
from tui.exercise import ExerciseScreen
from tui.help import rows_of
from tui.home import Home
from tui.reader import Reader
from tui.simple import JUMPS
from tui.stepper import Stepper


def test_ids_words_and_keys_are_unique() -> None:
    """A key means one thing, and so does a word."""
    for found in (
        [each.id for each in ACTIONS],
        [key for each in ACTIONS for key in each.keys],
        [word for each in ACTIONS for word in each.words],
    ):
        assert [name for name, count in Counter(found).items() if count > 1] == []


def test_every_action_does_something_on_the_screen_it_is_for() -> None:
    """The screen of an exercise has its own; of the others the stepping screen has it, or the reader."""
    for each in ACTIONS:
        if each.group is Group.EXERCISE:
            assert hasattr(ExerciseScreen, f"do_{each.id}")
            continue
        assert (
            hasattr(Stepper, f"do_{each.id}")
            or hasattr(Reader, f"do_{each.id}")
            or each.id in JUMPS | {"into", "into_back", "over", "over_back"}
        ), each.id


def test_digits_are_free_for_the_panes() -> None:
    """No action takes a digit."""
    assert not any(key.isdigit() for each in ACTIONS for key in each.keys)


def test_lower_case_goes_forward_and_upper_case_back() -> None:
    """Where an action has an opposite on a letter, it is the same letter."""
    for each in ACTIONS:
        back = opposite(each)
        if (
            back is not None
            and each.keys
            and each.keys[0].isalpha()
            and len(each.keys[0]) == 1
        ):
            assert back.keys[0] == each.keys[0].upper(), each.id


def test_bindings_have_the_ids_of_the_table() -> None:
    """So that a key map can change them."""
    made = [each for each in bindings() if isinstance(each, Binding)]
    assert {each.id for each in made} == {each.id for each in ACTIONS if each.keys}
    assert all(each.id in BY_ID for each in Home.BINDINGS if isinstance(each, Binding))


def test_the_key_bar_fits_and_always_names_help() -> None:
    """At any width; more keys where there is more room."""
    for width in (8, 20, 40, 60, 80, 120, 200):
        text = text_of(key_bar(width))
        assert len(text) <= width
        assert text.endswith("? help")
    assert "who wrote" in text_of(key_bar(80))


def test_the_help_lists_every_action_in_any_width() -> None:
    """No line is wider than the window."""
    for width in (20, 40, 80, 120):
        rows = rows_of(width)
        assert max(len(text_of(each)) for each in rows) <= width
    for width in (115, 300):  # one column, and two
        text = plain(rows_of(width))
        for each in ACTIONS:
            assert each.help in text
            assert keys_of(each) in text


def test_groups_hold_all_actions() -> None:
    """Nothing is lost under a heading."""
    assert sum(len(actions) for _group, actions in grouped()) == len(ACTIONS)


def test_the_documentation_has_a_row_for_each_action() -> None:
    """The Markdown table."""
    assert len(markdown().splitlines()) == len(ACTIONS) + 3
