"""The commands for exercises: start, check, watch, hint, reset, diff. :func:`register` adds them to ``thp``."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Final

import click

from tui.paths import UserError
from tui.state import Store
from tui.work import Desk, exercise_named

if TYPE_CHECKING:
    from tui.help_ladder import Help

WIDTH: Final = 80

_exercise = click.argument("exercise", metavar="EX")


def register(group: click.Group) -> None:
    """Add the commands to a group."""
    for each in (start, check, watch, hint, reset, diff):
        group.add_command(each)


@click.command()
@_exercise
def start(exercise: str) -> None:
    """Make your copy of exercise EX to work on, in work/."""
    from tui.verdicts import steps_of

    desk = Desk.of(exercise_named(exercise))
    short = desk.exercise.id
    if desk.start():
        made = f"{desk.name} is made: your copy of {short}, {desk.exercise.title}."
        _print_paragraphs(made)
    else:
        click.echo(f"{desk.name} is there already and stays as it is.")
    _print_paragraphs(*steps_of(desk.exercise, desk.name))


@click.command()
@_exercise
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def check(exercise: str, as_json: bool) -> None:
    """Grade exercise EX: your copy, or without one the file as shipped."""
    from tui import verdicts

    result = verdicts.grade(Desk.of(exercise_named(exercise)), Store())
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=1, ensure_ascii=False))
    else:
        click.echo(result.text().rstrip())
        _print_paragraphs(verdicts.advice(result))
    sys.exit(0 if result.passed else 1)


@click.command()
@_exercise
def watch(exercise: str) -> None:
    """Grade your copy of EX again whenever you save it; q ends it."""
    from tui.cli import is_terminal
    from tui.watching import watch as watch_desk

    watch_desk(Desk.of(exercise_named(exercise)), terminal=is_terminal())


@click.command()
@_exercise
@click.option("--again", is_flag=True, help="Show the hints that you have seen.")
def hint(exercise: str, again: bool) -> None:
    """Give the next hint for EX: after a new attempt, or after a while."""
    from tui.help_ladder import next_hint, seen_hints

    found, store = exercise_named(exercise), Store()
    _print_help(seen_hints(found, store) if again else next_hint(found, store))


@click.command()
@_exercise
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(exercise: str, yes: bool) -> None:
    """Begin EX anew; your copy is kept as a backup."""
    from tui.cli import is_terminal

    desk = Desk.of(exercise_named(exercise))
    if not desk.begun:
        raise UserError(
            f"there is no {desk.name} to reset; thp start {desk.exercise.id} makes it"
        )
    if desk.untouched:
        click.echo(f"{desk.name} is as shipped already")
        return
    if not yes:
        if not is_terminal():
            raise UserError(
                f"without a terminal nobody can be asked: thp reset {desk.exercise.id} --yes"
            )
        click.echo("Your text is kept as a backup.")
        if not click.confirm(f"Put the shipped file in the place of {desk.name}?"):
            click.echo("Nothing was changed.")
            return
    backup = desk.reset()
    if backup is not None:
        click.echo(f"your text is kept in {backup.relative_to(desk.root)}")
    click.echo(f"{desk.name} is as shipped again")


@click.command()
@_exercise
@click.option("--show", is_flag=True, help="Show it before you have passed.")
def diff(exercise: str, show: bool) -> None:
    """Compare your copy of EX with the kit, once you have passed."""
    from tui.solution import difference

    desk = Desk.of(exercise_named(exercise))
    short = desk.exercise.id
    lines = difference(desk)
    store = Store()
    if not store.place(f"ex:{short}").passed:
        if not show:
            raise UserError(
                f"this would show the solution, and {short} is not passed yet: thp hint {short} helps a little; "
                f"thp diff {short} --show shows it all the same"
            )
        store.change(f"ex:{short}", lambda each: each.attempts.ask_again())
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo(f"{desk.name} says exactly what the kit says")


def _print_help(found: Help) -> None:
    from thpkit.view.glyphs import spelled
    from thpkit.view.rows import text_of
    from tui.help_ladder import rows_of
    from tui.looks import signs

    for each in found.hints:
        for line in rows_of(each, WIDTH):
            click.echo(spelled(text_of(line).rstrip(), signs()))
    if found.said:
        _print_paragraphs(found.said)


def _print_paragraphs(*texts: str) -> None:
    """Print texts in lines of this width; a command is not broken."""
    import textwrap

    for each in texts:
        glued = _COMMAND.sub(lambda found: found[0].replace(" ", _GLUE), each)
        hang = "   " if each[:1].isdigit() else ""
        lines = textwrap.fill(
            glued,
            WIDTH,
            subsequent_indent=hang,
            break_on_hyphens=False,
            break_long_words=False,
        )
        click.echo(lines.replace(_GLUE, " "))


_COMMAND: Final = re.compile(r"\bthp [a-z]+ [\w:]+( --\w+)?")
_GLUE: Final = "\x1f"
