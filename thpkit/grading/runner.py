"""Inside the worker's child: load the learner's file under limits, play the cases on it, answer once.

What goes into the answer is data: what every call returned and left behind. Nobody here knows what was expected.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import partial
from json import dumps
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from thpkit import checks
from thpkit.grading import learner
from thpkit.grading.cases import Case, CaseError, case_of
from thpkit.grading.learner import LoadError
from thpkit.grading.observe import observe, returned
from thpkit.grading.player import Player, machine_for, version_named
from thpkit.kernel.splat import KernelStop
from thpkit.kernel.variant import Variant
from thpkit.trace import endings

# bound before the learner's code runs, so that replacing them changes nothing
_write: Final = os.write
_exit: Final = os._exit
_settrace: Final = sys.settrace
_setprofile: Final = sys.setprofile

UNREMARKABLE: Final = frozenset({"create", "spawn", "open", "close", "mmap"})
"""Calls after which the invariants are not looked at: they move no page."""


SENTENCE: Final = 1000
"""Characters of a sentence about an exception: its message is the learner's."""


class Endless(BaseException):
    """A case has used up its time."""


def run(request: dict[str, Any], channel: int) -> NoReturn:
    """Do what the request says, write the answer to ``channel`` and end this process."""
    _Run(request, channel).go()


class _Run:
    """One request."""

    def __init__(self, request: dict[str, Any], channel: int) -> None:
        self._request = request
        self._channel = channel
        self._limits: dict[str, float] = request["limits"]
        self._file: str | None = request["file"]
        self._base = version_named(request["base"])
        self._answer: dict[str, Any] = {
            "nonce": request["nonce"],
            "problem": None,
            "cases": [],
            "recorded": None,
            "run": None,
        }
        self._case: dict[str, Any] | None = None
        self._fired = False

    def go(self) -> NoReturn:
        """Load, play, answer."""
        cases = [case_of(each) for each in self._request["cases"]]
        jobs = [self._recorder(), self._places()]
        self._limit()
        _hide()
        signal.signal(signal.SIGPROF, self._time_is_up)
        try:
            variant = self._variant()
        except LoadError as error:
            self._answer["problem"] = str(error)
            self._send()
        for job in jobs:
            if job is not None:
                self._guarded(partial(job, variant, cases[0]))
                self._send()
        for case in cases:
            self._case = {"id": case.id, "calls": [], "ended": None}
            self._answer["cases"].append(self._case)
            self._guarded(partial(self._play, variant, case))
            if self._case["ended"] is not None and self._case["ended"][0] == "endless":
                break
        self._send()

    def _recorder(self) -> Callable[[Variant, Case], None] | None:
        """What records, if this is to be recorded. Imported here, before the learner's code."""
        if self._request["record"] is None:
            return None
        from thpkit.grading.recording import record_case

        def record(variant: Variant, case: Case) -> None:
            machine = machine_for(variant, self._request["base"])
            path, budget = Path(self._request["record"]), int(self._limits["steps"])
            self._answer["recorded"] = record_case(machine, case, path, budget)

        return record

    def _places(self) -> Callable[[Variant, Case], None] | None:
        """What looks for places in a recorded run, if that is asked: of versions of the kernel, no learner's code."""
        if not self._request["places"]:
            return None
        from thpkit.grading.places import facts_of

        def look(variant: Variant, case: Case) -> None:
            machine = machine_for(variant, self._request["base"])
            asked, steps = self._request["places"], self._request["steps"]
            self._answer["run"] = facts_of(machine, case, asked, steps)

        return look

    # ---- limits -----------------------------------------------------------------------------------------

    def _limit(self) -> None:
        """Take away what a kernel function has no use for."""
        cpu = int(self._limits["cpu_seconds"])
        size = int(self._limits["file_size"])
        files = int(self._limits["open_files"])
        _set_limit(resource.RLIMIT_CPU, cpu, cpu + 1)
        _set_limit(resource.RLIMIT_FSIZE, size, size)
        _set_limit(resource.RLIMIT_NOFILE, files, files)
        _set_limit(resource.RLIMIT_CORE, 0, 0)
        memory = _own_size() + int(self._limits["memory"])
        _set_limit(resource.RLIMIT_AS, memory, memory)
        if os.getuid() != 0 and hasattr(resource, "RLIMIT_NPROC"):
            _set_limit(resource.RLIMIT_NPROC, 0, 0)

    def _guarded(self, run: Callable[[], None]) -> None:
        """Run something under the time limit of one case, and note how it ended if not well."""
        seconds = self._limits["case_seconds"]
        self._fired = False
        ended: list[str] | None = None
        signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
        try:
            run()
        except Endless as error:
            ended = ["endless", str(error)]
        except BaseException as error:
            ended = _ending_of(error)
        finally:
            _unobserved()
            signal.setitimer(signal.ITIMER_PROF, 0)
        if ended is not None:
            self._note(ended)

    def _note(self, ended: list[str]) -> None:
        if self._case is not None:
            self._case["ended"] = ended
        elif self._answer["problem"] is None:
            self._answer["problem"] = ended[1]

    def _time_is_up(self, _number: int, frame: FrameType | None) -> None:
        """Stop the case; if the learner's code has caught even that, answer with what there is."""
        sentence = self._where(frame)
        if self._fired:
            self._note(["endless", sentence])
            self._send()
        self._fired = True
        raise Endless(sentence)

    def _where(self, frame: FrameType | None) -> str:
        seconds = self._limits["case_seconds"]
        place = ""
        while frame is not None and not place:
            if self._file is not None and frame.f_code.co_filename == self._file:
                place = f"; it was in line {frame.f_lineno} of {Path(self._file).name}"
            frame = frame.f_back
        return f"still running after {seconds:g} seconds of computing: an endless loop?{place}"

    # ---- running ----------------------------------------------------------------------------------------

    def _variant(self) -> Variant:
        """The kernel with the learner's functions in it; the kit's own if there is no file."""
        if self._file is None:
            return self._base
        found: list[Variant] = []
        file, targets = Path(self._file), self._request["functions"]
        self._guarded(lambda: found.append(learner.load(file, targets, self._base)))
        if not found:
            raise LoadError(f"the file does not load: {self._answer['problem']}")
        return found[0]

    def _play(self, variant: Variant, case: Case) -> None:
        """Play a case to its end, and note after each call what can be seen."""
        assert self._case is not None
        machine = machine_for(variant, self._request["base"])
        player = Player(machine)
        calls = self._case["calls"]
        for call in case.calls:
            result = player.play(call)
            _unobserved()
            seen: dict[str, Any] = {
                "result": returned(result),
                "state": observe(machine.kernel),
                "broken": [],
            }
            if self._request["checks"] and call.name not in UNREMARKABLE:
                seen["broken"] = [list(each) for each in checks.broken(machine.kernel)]
            calls.append(seen)

    def _send(self) -> NoReturn:
        """Write the answer and end this process at once."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        try:
            sys.stdout.flush()
        except BaseException:
            self._fired = True  # what was printed is lost; the answer is not
        try:
            data = dumps(self._answer, allow_nan=False).encode()
            while data:
                data = data[_write(self._channel, data) :]
        except BaseException:
            _exit(1)
        _exit(0)


def _unobserved() -> None:
    """Nothing that the learner's code has set up may watch what the grader does."""
    _settrace(None)
    _setprofile(None)


def _ending_of(error: BaseException) -> list[str]:
    """Why a case ended early: kind and sentence, whatever the exception says of itself."""
    try:
        kind, sentence = _ending(error)
        return [kind, sentence[:SENTENCE]]
    except Endless as late:
        return ["endless", str(late)]
    except BaseException:
        name = type(error).__name__
        return ["crashed", f"an exception {name} that cannot even say what it is"]


def _ending(error: BaseException) -> list[str]:
    """Why a case ended early: kind and sentence."""
    if isinstance(error, KernelStop):
        return ["stopped", f"the kernel stopped: {error}"]
    if isinstance(error, SystemExit):
        return [
            "exited",
            "the code ended the program with sys.exit; a kernel function returns to its caller",
        ]
    if isinstance(error, LoadError):
        return ["load", str(error)]
    if isinstance(error, CaseError):
        return ["wrong call", str(error)]
    if isinstance(error, MemoryError):
        return ["memory", endings.of(error).sentence]
    return ["crashed", endings.of(error).sentence]


def _hide() -> None:
    """Let ``import thpkit.grading`` find fresh copies: changing those changes nothing that runs here."""
    for name in [each for each in sys.modules if each.startswith("thpkit.grading")]:
        del sys.modules[name]


def _set_limit(which: int, soft: int, hard: int) -> None:
    """Lower a limit; where the system refuses, the others and the deadline have to do."""
    try:
        _soft, most = resource.getrlimit(which)
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(which, (soft, hard))
    except (OSError, ValueError):
        return


def _own_size() -> int:
    """Bytes of address space this process has now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 1 << 30
    return pages * resource.getpagesize()
