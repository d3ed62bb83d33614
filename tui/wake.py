"""What a program without a screen waits for: keys, signals, and changes of one file.

Changes are reported by the operating system where it can (watchfiles); the file is looked at now and then all the
same, because network and virtual file systems report nothing.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

REPORTED_SECONDS: Final = 0.5
"""How often the file is looked at where changes are reported."""
POLLING_SECONDS: Final = 0.15
"""How often, where they are not."""
SETTLE_SECONDS: Final = 0.01
"""A file that has not changed for so long is complete."""
PATIENCE_SECONDS: Final = 0.3
"""How long to wait for the file to be complete, or to come back while an editor replaces it."""

Signature = tuple[int, int, int] | None


def signature(file: Path) -> Signature:
    """What tells two versions of a file apart; None if there is no file."""
    try:
        seen = file.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


def settled(file: Path) -> Signature:
    """The file's signature once nobody writes it any more, or after a while; None if it is gone."""
    now = signature(file)
    for _ in range(round(PATIENCE_SECONDS / SETTLE_SECONDS)):
        threading.Event().wait(SETTLE_SECONDS)
        before, now = now, signature(file)
        if now == before and now is not None and now[2] > 0:
            break
    return now


class Wake:
    """Waits. A context manager."""

    def __init__(self, file: Path, *, terminal: bool) -> None:
        """Waits for changes of ``file``, and for keys: single ones on a terminal, else lines."""
        self.polling = False
        """Whether changes are not reported, so that only looking helps."""
        self._file = file
        self._terminal = terminal
        self._stdin = sys.stdin.fileno()
        self._listens = True
        self._typed = b""
        self._stop = threading.Event()
        self._read, self._write = os.pipe()

    def __enter__(self) -> Wake:
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        threading.Thread(target=self._report, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()

    def keys(self) -> str:
        """Wait until something may have happened; the keys that were pressed, ``\\n`` for Enter."""
        seconds = POLLING_SECONDS if self.polling else REPORTED_SECONDS
        sources = [self._read, self._stdin] if self._listens else [self._read]
        ready, _, _ = select.select(sources, [], [], seconds)
        if self._read in ready:
            with suppress(BlockingIOError):
                os.read(self._read, 4096)
        return self._typed_now() if self._stdin in ready else ""

    def _typed_now(self) -> str:
        data = os.read(self._stdin, 4096)
        self._listens = bool(data)
        if self._terminal:
            return data.decode(errors="replace").replace("\r", "\n")
        # of a line only its first letter counts; an empty one is Enter
        *lines, self._typed = (self._typed + data).split(b"\n")
        return "".join(
            each.decode(errors="replace").strip()[:1] or "\n" for each in lines
        )

    def _report(self) -> None:
        """Write a byte for every change; runs on its own thread."""
        try:
            import watchfiles

            for _changes in watchfiles.watch(
                self._file.parent,
                watch_filter=None,
                debounce=50,
                step=5,
                stop_event=self._stop,
                recursive=False,
                raise_interrupt=False,
            ):
                self._ring()
        except (ImportError, OSError, RuntimeError):
            pass
        if not self._stop.is_set():
            self.polling = True
            self._ring()

    def _ring(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._write, b".")


@contextmanager
def single_keys(resized: Callable[[], None]) -> Iterator[None]:
    """The terminal gives single keys and shows none; it is as before at the end, even when asked to terminate.

    ``resized`` is called when the window has changed, or when the program goes on after a stop.
    """
    import termios
    import tty

    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)

    def again(_number: int, _frame: FrameType | None) -> None:
        tty.setcbreak(handle)
        resized()

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    handlers = {
        signal.SIGWINCH: again,
        signal.SIGCONT: again,
        signal.SIGTERM: end,
        signal.SIGHUP: end,
    }
    old = {number: signal.signal(number, do) for number, do in handlers.items()}
    tty.setcbreak(handle)
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(handle, termios.TCSADRAIN, before)
        for number, do in old.items():
            signal.signal(number, do)
