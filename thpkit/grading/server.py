"""A process in which everything is imported already: it forks workers, so that a run starts in milliseconds.

    python -I -S -B server.py ROOT SOCKET        SOCKET is the descriptor of a connected Unix socket

A request is eight bytes, the length of a JSON text, with three descriptors: where the answer goes, where the output
goes, and where this process reports. It reports two lines: the worker's process id, and how the worker ended, as
:data:`subprocess.Popen.returncode` would say it. A forked worker does what :mod:`thpkit.grading.worker` does as a
process of its own. When the socket is closed, all workers are killed and this process ends.

It never loads a learner's file, and knows nothing that a learner's code could look for in its memory.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, NoReturn

HEADER = 8
"""Bytes of the length in front of a request."""
BUSY_SECONDS = 0.002
"""How long it waits for a request while a worker runs."""


def main() -> NoReturn:
    """Import everything, then serve."""
    root, number = sys.argv[1], int(sys.argv[2])
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(each, signal.SIG_IGN)
    sys.path.insert(0, root)
    import ctypes  # noqa: F401 — a worker needs it, and it is slow to import
    import gc

    from thpkit.grading import orphans, runner, worker  # noqa: F401 — workers find them imported

    orphans.adopt()
    gc.collect()
    gc.freeze()
    _Server(root, number).serve()


class _Server:
    """Serves one connection."""

    def __init__(self, root: str, number: int) -> None:
        import socket

        self._root = root
        self._socket = socket.socket(fileno=number)
        self._reports: dict[int, int] = {}
        """Where to report, by the worker's process id."""

    def serve(self) -> NoReturn:
        """Fork workers and report their ends, until nobody is there any more."""
        import select

        while True:
            wait = BUSY_SECONDS if self._reports else None
            ready, _, _ = select.select([self._socket], [], [], wait)
            if ready and not self._take():
                self._end()
            for worker in list(self._reports):
                ended, status = os.waitpid(worker, os.WNOHANG)
                if ended:
                    code = os.waitstatus_to_exitcode(status)
                    report = self._reports.pop(worker)
                    if code < 0:
                        self._clean_up()
                    _say(report, code)
                    os.close(report)

    def _take(self) -> bool:
        """Take a request and fork a worker for it; False if the other side is gone."""
        import socket

        head, numbers, _, _ = socket.recv_fds(self._socket, HEADER, 3)
        data = self._read(int.from_bytes(head, "big")) if len(head) == HEADER else b""
        if not data or len(numbers) != 3:
            return False
        channel, output, report = numbers
        request: dict[str, Any] = json.loads(data)
        worker = os.fork()
        if worker == 0:
            self._be_the_worker(channel, output, report, request)
        os.close(channel)
        os.close(output)
        self._reports[worker] = report
        _say(report, worker)
        return True

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                return b""
            data += more
        return data

    def _be_the_worker(
        self, channel: int, output: int, report: int, request: dict[str, Any]
    ) -> NoReturn:
        """Forget the server, and be what a fresh process would be."""
        try:
            self._socket.close()
            for each in (report, *self._reports.values()):
                os.close(each)
            os.setsid()
            for number in (1, 2):
                os.dup2(output, number)
            os.close(output)
            os.chdir(request["directory"])
            from thpkit.grading import worker

            worker.work(self._root, channel, request)
        finally:
            os._exit(1)

    def _clean_up(self) -> None:
        """Kill what a worker has left that was killed before it could do so."""
        from thpkit.grading import orphans

        orphans.kill_adopted(0, self._reports)

    def _end(self) -> NoReturn:
        """Kill what runs; a worker's child dies with it."""
        for each in self._reports:
            os.kill(each, signal.SIGKILL)
            os.waitpid(each, 0)
        os._exit(0)


def _say(report: int, number: int) -> None:
    """A line for whoever waits, if he still does."""
    try:
        os.write(report, b"%d\n" % number)
    except OSError:
        return


if __name__ == "__main__":
    main()
