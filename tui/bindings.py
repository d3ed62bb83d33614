"""From the table of actions to Textual bindings, and to the one-row key bar."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from thpkit.view.rows import Role, Row, Span
from tui.actions import ACTIONS, BY_ID, in_bar, shown


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


def key_bar(width: int, *names: str) -> Row:
    """As many keys with their labels as fit; those of ``names``, or of the whole table, by rank."""
    spans: list[Span] = []
    used = 0
    chosen = [BY_ID[name] for name in names] if names else in_bar()
    always = BY_ID["help"]
    room = width - len(f" {shown(always.keys[0])} {always.label}")
    for each in (each for each in chosen if each.keys and each is not always):
        keys, label = shown(each.keys[0]), f" {each.label}  "
        if used + len(keys) + len(label) > room:
            continue
        spans += [Span(keys, Role.CODE), Span(label, Role.DIM)]
        used += len(keys) + len(label)
    return (
        *spans,
        Span(shown(always.keys[0]), Role.CODE),
        Span(f" {always.label}", Role.DIM),
    )
