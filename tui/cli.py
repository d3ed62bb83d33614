"""The command line ``thp``. Everything that needs no screen runs without importing Textual.

A *terminal* means that standard input and output are terminals and ``TERM`` is not dumb. Bad input gets one sentence
on standard error and exit status 2; nobody ever sees a traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from tui import (
    commands_ask,
    commands_book,
    commands_exercise,
    commands_read,
    contents,
    printed,
)
from tui.paths import UserError
from tui.state import Store
from tui.where import Target, resolve, with_case

BAD_INPUT = 2
INTERRUPTED = 130


def is_terminal() -> bool:
    """Whether a screen can be shown."""
    dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    try:
        return sys.stdin.isatty() and sys.stdout.isatty() and not dumb
    except (AttributeError, ValueError):
        return False


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--version", is_flag=True, help="Print the version.")
@click.pass_context
def thp(context: click.Context, version: bool) -> None:
    """A textbook you can run: huge pages of a file in Linux, one statement at a time.

    Without a command: the table of contents.
    """
    if version:
        click.echo(f"thp {printed.version()}")
        context.exit()
    if context.invoked_subcommand is not None:
        return
    if is_terminal():
        _screen(None)
    else:
        for line in printed.why():
            click.echo(line)
        _print_list()


@thp.command("step")
@click.argument("where")
@click.option("--plain", is_flag=True, help="Print the walk instead of showing it.")
@click.option("--every", is_flag=True, help="With --plain: every step, not only stops.")
@click.option(
    "--interactive",
    is_flag=True,
    help="With --plain: a conversation; moves are typed as words.",
)
@click.option("--variant", metavar="V", help="Another version of the kernel.")
@click.option(
    "--against",
    metavar="V",
    help="Open where it parts from this version of the kernel.",
)
@click.option("--case", metavar="NAME", help="Of an exercise: another of its cases.")
@click.option("--from", "first", type=int, metavar="N", help="First step to print.")
@click.option("--to", "last", type=int, metavar="N", help="Last step to print.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the recording to FILE.thprec, and do nothing else.",
)
@click.option(
    "--svg",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw the screen into FILE, and do nothing else.",
)
@click.option(
    "--at", metavar="N", help="With --svg: a step, stop N, a function, its code."
)
@click.option(
    "--size", default="120x40", metavar="CxR", help="With --svg: columns and rows."
)
def step(
    where: str,
    plain: bool,
    every: bool,
    interactive: bool,
    variant: str | None,
    against: str | None,
    case: str | None,
    first: int | None,
    last: int | None,
    save: Path | None,
    svg: Path | None,
    at: str | None,
    size: str,
) -> None:
    """Step through WHERE.

    WHERE is a lesson (00_tour, or tour), defect:D7, ex:ex01, a FILE.py with a SCENARIO, or a saved FILE.thprec.
    Versions of the kernel are ref, v3, v4, v5, and v3+D7 for v3 with one repair.
    """
    _no_idle_option(
        ("--at", at is not None and svg is None, "--svg"),
        ("--every", every and interactive, "--plain alone"),
        ("--from", first is not None and interactive, "--plain alone"),
        ("--to", last is not None and interactive, "--plain alone"),
    )
    target = resolve(where, variant, against)
    if case is not None:
        target = with_case(target, case)
    if save is not None:
        click.echo(printed.save(target, save))
    elif svg is not None:
        click.echo(printed.draw(target, svg, at, size))
    elif interactive:
        printed.converse(target, click.echo)
    elif plain or every or first is not None or last is not None or not is_terminal():
        for line in printed.walk(target, every=every, first=first, last=last):
            click.echo(line)
    else:
        _screen(target)


def _no_idle_option(*options: tuple[str, bool, str]) -> None:
    """An option that would be ignored is said to be so: its name, whether it is idle, and what it needs.

    Raises:
        UserError: one is idle.
    """
    for name, idle, needed in options:
        if idle:
            raise UserError(f"{name} does nothing here: it needs {needed}")


@thp.command("list")
def list_() -> None:
    """List lessons and exercises, and how far you are in each."""
    _print_list()


@thp.command()
@click.argument("id", required=False)
@click.option("--verify", is_flag=True, help="Compare what is seen with the records.")
def defects(id: str | None, verify: bool) -> None:
    """Run the 76 defects of the patch as posted, and list them; with ID (D7, K17) tell one."""
    lines, status = printed.defects(id, verify)
    if is_terminal():
        os.environ.setdefault("LESS", "-FRS")  # long lines are scrolled, not broken
    _page("\n".join(lines) + "\n")
    if status:
        sys.exit(status)


@thp.command()
@click.argument("term", nargs=-1)
def glossary(term: tuple[str, ...]) -> None:
    """Explain TERM; without one, list all terms."""
    for line in printed.glossary(" ".join(term)):
        click.echo(line)


@thp.command()
def doctor() -> None:
    """Say what this terminal, Python and kernel offer."""
    from tui.doctor import report

    for line in report(is_terminal()):
        click.echo(line)


commands_exercise.register(thp)
commands_read.register(thp, lambda text: _page(text))
thp.add_command(commands_book.book)
thp.add_command(commands_ask.ask)


def _print_list() -> None:
    store = Store()
    if store.notice:
        click.echo(f"thp: {store.notice}", err=True)
    for line in contents.listing(store):
        click.echo(line)
    click.echo("thp step NAME steps through one; thp --help lists all commands")


def _page(text: str) -> None:
    """Show a text a page at a time in a terminal, else all of it."""
    if is_terminal():
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=not text.endswith("\n"))


def _screen(target: Target | None) -> None:
    """Run the screen; its last words go to standard error."""
    from tui.app import run

    status, sentence = run(Store(), target)
    if sentence:
        raise UserError(sentence)
    if status:
        sys.exit(status)


def main() -> None:
    """The entry point."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    sys.exit(_guarded(_run))


def _run() -> None:
    """Parse the arguments and run the command, without what click itself does about errors."""
    with thp.make_context("thp", sys.argv[1:]) as context:
        thp.invoke(context)


def _guarded(run: Callable[[], None]) -> int:
    """Run a command; the exit status. Whatever goes wrong becomes one sentence."""
    try:
        run()
        sys.stdout.flush()
        return 0
    except BrokenPipeError:
        # The reader of our output has seen enough. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (UserError, click.ClickException, OSError) as error:
        return _say(_sentence(error), getattr(error, "status", BAD_INPUT))
    except (
        Exception
    ) as error:  # a mistake of ours: still no traceback, unless it is asked for
        if os.environ.get("THP_DEBUG"):
            raise
        return _say(
            f"this is a mistake in thp itself: {type(error).__name__}: {error} (THP_DEBUG=1 shows where)"
        )


def _sentence(error: UserError | click.ClickException | OSError) -> str:
    """What to tell the user about an error that is none of ours."""
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror or error}"
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx is not None else "thp"
        return f"{error.format_message().rstrip('.')}; see {command} --help"
    if isinstance(error, click.ClickException):
        return error.format_message()
    return str(error)


def _say(sentence: str, status: int = BAD_INPUT) -> int:
    """One sentence on standard error; the exit status."""
    click.echo(f"thp: {' '.join(sentence.split())}", err=True)
    return status
