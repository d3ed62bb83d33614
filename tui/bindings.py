"""From the table of actions to Textual bindings, and to the one-row key bar."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from thpkit.view.rows import Role, Row, Span
from tui.actions import ACTIONS, BY_ID, Action, in_bar, opposite, shown

GAP = 2
"""Columns between two entries of the key bar."""


def bindings(*names: str) -> list[BindingType]:
    """Bindings of these actions, or of all; each calls ``action_do(name)`` of its screen."""
    chosen = [BY_ID[name] for name in names] if names else ACTIONS
    return [
        Binding(
            ",".join(_spelled(key) for key in each.keys),
            f"do({each.id!r})",
            each.label,
            show=False,
            id=each.id,
        )
        for each in chosen
        if each.keys
    ]


def _spelled(key: str) -> str:
    """A key as Textual's lists of keys need it: the comma separates them."""
    return "comma" if key == "," else key


def key_bar(width: int, *names: str, back: bool = False) -> Row:
    """As many keys with their labels as fit: those of ``names``, or of the whole table by rank. Help always.

    Keys of the table stand with those that lead back, and so do those of ``names`` with ``back``.
    """
    chosen = [BY_ID[name] for name in names] if names else in_bar()
    last = _entry(BY_ID["help"], pair=False)
    room = width - _length(last)
    spans: list[Span] = []
    for each in chosen:
        entry = _entry(each, pair=back or not names)
        if each.id == "help" or not each.keys or _length(entry) + GAP > room:
            continue
        room -= _length(entry) + GAP
        spans += [*entry, Span(" " * GAP)]
    return (*spans, *last)


def _entry(action: Action, pair: bool) -> Row:
    """Key and label; with ``pair`` the key of the opposite too."""
    back = opposite(action) if pair and action.keys[0] != "tab" else None
    keys = [_short_key(each) for each in (action, back) if each is not None]
    return Span(" ".join(keys), Role.CODE), Span(
        f" {action.bar or action.label}", Role.DIM
    )


def _short_key(action: Action) -> str:
    """The shortest of an action's keys."""
    return min((shown(key) for key in action.keys), key=len, default="")


def _length(entry: Row) -> int:
    return sum(len(each.text) for each in entry)
