"""Files of a learner that try to pass without a fix, by accident or on purpose."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from tests.grading import workshop
from thpkit.grading.exercise import load
from thpkit.grading.limits import Limits

EX: Final = load("ex01")
LIMITS: Final = Limits(case_seconds=0.4, cpu_seconds=2, wall_seconds=30.0)
"""Short in computing time; on the clock there is time enough for a busy machine."""
LONG: Final = f"86399.{os.getpid()}"
"""How long what is left behind would sleep; it is looked for by this argument, which is this process's own."""
SYMPTOM: Final = "NR_FILE_PMDMAPPED"
"""What the report says to a file that was played to its end, and still has its bug."""


class Attack(NamedTuple):
    """One file, and what the report must say."""

    name: str
    says: str
    at_import: str = ""
    """Code at the end of the shipped file."""
    in_call: str = ""
    """Code at the start of the kit's right function: even that must not pass."""
    wall: float = LIMITS.wall_seconds
    """Seconds on the clock, where they matter."""
    case: float = LIMITS.case_seconds
    """Seconds of computing for one case, …"""
    cpu: int = LIMITS.cpu_seconds
    """… and for everything, where they must be used up."""
    last: bool = False
    """Whether the run ends with it: no check after the first can have been reached."""


FORGED: Final = """
import os, json
text = json.dumps({"nonce": "0" * 32, "problem": None, "cases": [], "recorded": None, "run": None}).encode()
for fd in range(64):
    try:
        os.write(fd, text)
    except OSError:
        pass
"""

DAEMON: Final = f"""
import os, subprocess
try:
    if os.fork() == 0:
        os.setsid()
        subprocess.Popen(["sleep", "{LONG}"], env={{}}, start_new_session=True)
        os._exit(0)
except OSError:
    pass  # only root may start processes there
"""

ATTACKS: Final = [
    Attack(
        "loop at import",
        "endless loop",
        at_import="while True: pass",
        case=0.2,
        last=True,
    ),
    Attack("loop in the call", "endless loop", in_call="while True: pass", case=0.2),
    Attack(
        "loop that catches everything",
        "endless loop",
        in_call="""
while True:
    try:
        while True: pass
    except BaseException:
        pass
""",
        case=0.2,
    ),
    Attack(
        "loop that ignores signals",
        "was killed",
        in_call="""
import signal
signal.signal(signal.SIGPROF, signal.SIG_IGN)
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while True: pass
""",
        cpu=1,
        last=True,
    ),
    Attack(
        "loop in C",
        "was killed",
        in_call="sum(__import__('itertools').count())",
        cpu=1,
        last=True,
    ),
    Attack(
        "sleep",
        "after 0.5 seconds",
        in_call="import time; time.sleep(1e6)",
        wall=0.5,
        last=True,
    ),
    Attack(
        "os._exit at import", "os._exit", at_import="import os; os._exit(0)", last=True
    ),
    Attack(
        "os._exit in the call", "os._exit", in_call="import os; os._exit(0)", last=True
    ),
    Attack(
        "sys.exit at import", "sys.exit", at_import="import sys; sys.exit(0)", last=True
    ),
    Attack("sys.exit in the call", "sys.exit", in_call="import sys; sys.exit(0)"),
    Attack(
        "atexit",
        "NR_FILE_PMDMAPPED",
        at_import="import atexit, os; atexit.register(os._exit, 0)",
    ),
    Attack(
        "prints a verdict",
        "NR_FILE_PMDMAPPED",
        at_import="import sys; print('passed\\n10 passed in 0.01s'); print('ok', file=sys.stderr)",
    ),
    Attack(
        "forges an answer", "wrote where it should not", at_import=FORGED, last=True
    ),
    Attack(
        "forges an answer and leaves",
        "wrote where it should not",
        at_import=FORGED + "os._exit(0)",
        last=True,
    ),
    Attack(
        "forges an answer at exit of a thread",
        "wrote where it should not",
        in_call=FORGED,
        last=True,
    ),
    Attack(
        "closes every descriptor",
        "broke down",
        at_import="import os; os.closerange(0, 1024)",
        last=True,
    ),
    Attack("syntax error", "no valid Python", at_import="def (", last=True),
    Attack(
        "missing module", "no_such_module", at_import="import no_such_module", last=True
    ),
    Attack(
        "uses pytest", "pytest", at_import="import pytest; pytest.skip('no')", last=True
    ),
    Attack(
        "deletes the function",
        "no function",
        at_import="del page_remove_file_rmap",
        last=True,
    ),
    Attack(
        "forgets the decorator",
        "@replaces(rmap.page_remove_file_rmap)",
        at_import="""
def page_remove_file_rmap(page: Page, compound: bool) -> None:
    pass
""",
        last=True,
    ),
    Attack("raises in the call", "ZeroDivisionError", in_call="1 / 0"),
    Attack(
        "recursion", "RecursionError", in_call="page_remove_file_rmap(page, compound)"
    ),
    Attack("interrupts", "KeyboardInterrupt", in_call="raise KeyboardInterrupt"),
    Attack(
        "memory bomb",
        "MemoryError",
        at_import="bomb = [bytearray(1 << 28) for _ in range(64)]",
        last=True,
    ),
    Attack(
        "output flood",
        "endless loop",
        at_import="while True: print('passed ' * 1000)",
        case=0.2,
        last=True,
    ),
    Attack("daemon", "NR_FILE_PMDMAPPED", at_import=DAEMON),
    Attack("daemon and leave", "os._exit", at_import=DAEMON + "os._exit(0)", last=True),
    Attack("forks and goes on", "", at_import="import os; os.fork()"),
    Attack(
        "kills its watcher",
        "was killed",
        at_import="import os, signal; os.kill(os.getppid(), signal.SIGKILL); __import__('time').sleep(60)",
        last=True,
    ),
    Attack(
        "kills its group",
        "",
        at_import="import os, signal; os.killpg(0, signal.SIGKILL)",
        last=True,
    ),
    Attack(
        "equals everything",
        "NR_FILE_PMDMAPPED",
        at_import="""
from thpkit.kernel import current

class Any(int):
    def __eq__(self, other: object) -> bool: return True
    def __ne__(self, other: object) -> bool: return False
    def __hash__(self) -> int: return 0

broken = page_remove_file_rmap

@replaces(rmap.page_remove_file_rmap)
def page_remove_file_rmap(page: Page, compound: bool) -> None:
    broken(page, compound)
    node = current.kernel.vmstat.node
    node[vmstat.NR_FILE_PMDMAPPED] = Any(0)
""",
    ),
    Attack(
        "patches what writes the answer",
        "NR_FILE_PMDMAPPED",
        at_import="""
import json, os, sys
json.dumps = lambda *_a, **_k: "{}"
os.write = lambda *_a: 1 << 20
os._exit = lambda *_a: None
sys.stdout = None
import thpkit.grading.runner as runner
import thpkit.grading.observe as observe
runner.observe = observe.observe = lambda kernel: {}
runner._Run._play = lambda *_a: None
""",
    ),
    Attack(
        "leaves threads",
        "NR_FILE_PMDMAPPED",
        at_import="""
import threading, time
try:
    threading.Thread(target=time.sleep, args=(1e6,)).start()
except RuntimeError:
    pass  # only root may start threads there
""",
    ),
    Attack(
        "writes a large file",
        "OSError",
        at_import="""
with open("large", "wb") as file:
    file.write(bytes(1 << 24))
    file.flush()
""",
        last=True,
    ),
]


def text_of(attack: Attack) -> str:
    """The learner's file."""
    if attack.at_import:
        return f"{workshop.shipped(EX)}\n\n{attack.at_import}\n"
    lines = workshop.kit_solution(EX).splitlines()
    first = workshop.function_of("\n".join(lines), "page_remove_file_rmap").body[1]
    added = [f"    {line}" for line in attack.in_call.strip().splitlines()]
    lines[first.lineno - 1 : first.lineno - 1] = added
    return "\n".join(lines) + "\n"
