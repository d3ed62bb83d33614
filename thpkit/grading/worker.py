"""The worker's process: started as a script, it watches a child that runs the learner's code, and cleans up after it.

    python -I -S worker.py ROOT CHANNEL       with a request, as JSON, on standard input

``ROOT`` is the directory that holds ``thpkit``; ``CHANNEL`` the descriptor for the one answer. This process never
loads the learner's file. It forks a child that does, kills it at the deadline, and then kills whatever the child left
behind: it is the *subreaper* of its descendants, so that not even a daemon in a session of its own gets away.
Its exit status says how the child ended.

It imports next to nothing, because it has to start fast.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

EXIT_DEADLINE = 99
"""Exit status: the child was still running at the deadline."""
EXIT_SIGNALLED = 100
"""Exit status, plus the number of the signal that ended the child."""

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLL_SECONDS = 0.003
SWEEP_SECONDS = 10.0


def main() -> NoReturn:
    """Read the request, run it in a child, clean up."""
    root, channel = sys.argv[1], int(sys.argv[2])
    work(root, channel, json.loads(sys.stdin.buffer.read()))


def work(root: str, channel: int, request: dict[str, Any]) -> NoReturn:
    """Run a request in a child, clean up, and end this process: its status says how the child ended."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(each, signal.SIG_IGN)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    child = os.fork()
    if child == 0:
        _be_the_child(root, channel, request)
    os.close(channel)
    os._exit(_watch(child, float(request["limits"]["wall_seconds"])))


def prctl(option: int, value: int) -> None:
    """prctl(2), where there is one."""
    if sys.platform != "linux":
        return
    import ctypes

    try:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
    except (OSError, AttributeError):
        return


def _be_the_child(root: str, channel: int, request: dict[str, Any]) -> NoReturn:
    """A session of its own, nothing on standard input; then run the request."""
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(each, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        sys.path.insert(0, root)
        from thpkit.grading import runner

        runner.run(request, channel)
    finally:
        os._exit(1)


def _watch(child: int, seconds: float) -> int:
    """Wait for the child until the deadline; then kill all that is left of it. How it ended, as an exit status."""
    end = time.monotonic() + seconds
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
        ended, status = os.waitpid(child, os.WNOHANG)
    _kill_group(child)
    _sweep()
    if not ended:
        return EXIT_DEADLINE
    code = os.waitstatus_to_exitcode(status)
    return EXIT_SIGNALLED - code if code < 0 else min(code, 1)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _sweep() -> None:
    """Kill and reap descendants until there are none. Orphans become children of this process."""
    end = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < end:
        try:
            reaped, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not reaped:
            for each in _children():
                _kill(each)
            time.sleep(POLL_SECONDS)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _children() -> list[int]:
    """Process ids of the children of this process, from /proc."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = each.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == os.getpid():
            found.append(int(each.parent.name))
    return found


if __name__ == "__main__":
    main()
