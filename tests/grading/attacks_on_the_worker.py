"""More files that try to pass: through processes, signals and limits."""

from __future__ import annotations

from typing import Final

from tests.grading.attacks import LONG, SYMPTOM, Attack

ESCAPE: Final = f"""
import ctypes, os, signal, time
def escape():
    if os.getsid(0) != os.getpid():
        os.setsid()
    os.execve("/bin/sleep", ["sleep", "{LONG}"], {{}})
watcher = os.getppid()
above = int(open(f"/proc/{{watcher}}/stat").read().rpartition(")")[2].split()[1])
try:
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # whoever dies, this process goes on
    if os.fork() == 0:
        escape()
except OSError:
    pass  # only root may start processes there
time.sleep(0.2)
"""
"""Starts something that is in no group, no session and no environment by which it could be found."""


PROCESSES: Final = [
    Attack("reads standard input", SYMPTOM, at_import="import sys; sys.stdin.read()"),
    Attack(
        "ignores every signal",
        "",
        at_import="""
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True: pass
""",
        wall=0.5,
        last=True,
    ),
    Attack(
        "lifts its limits",
        "",
        at_import="""
import resource, signal
signal.signal(signal.SIGPROF, lambda *_rest: None)
resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
while True: pass
""",
        wall=0.5,
        last=True,
    ),
    Attack(
        "stops itself",
        "after 0.5 seconds",
        at_import="import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        wall=0.5,
        last=True,
    ),
    Attack(
        "stops its watcher",
        "was stopped",
        at_import=ESCAPE
        + "os.kill(watcher, signal.SIGSTOP); os.kill(os.getpid(), signal.SIGSTOP)",
        last=True,
    ),
    Attack(
        "escapes from a killed watcher",
        "was killed",
        at_import=ESCAPE + "os.kill(watcher, signal.SIGKILL); escape()",
        last=True,
    ),
    Attack(
        "kills its watcher and the server",
        "was killed",
        at_import=ESCAPE
        + """
if b"server.py" in open(f"/proc/{above}/cmdline", "rb").read():
    os.kill(above, signal.SIGKILL)
os.kill(watcher, signal.SIGKILL)
escape()
""",
        last=True,
    ),
    Attack(
        "scribbles over its watcher",
        "",
        at_import="""
import os
watcher = os.getppid()
for line in open(f"/proc/{watcher}/maps"):
    if "[heap]" in line:
        first, last = (int(each, 16) for each in line.split()[0].split("-"))
        with open(f"/proc/{watcher}/mem", "r+b") as memory:
            memory.seek(first)
            memory.write(bytes([255]) * (last - first))
""",
    ),
    Attack(
        "turns the channel to itself",
        "",
        at_import="""
import os
ends = os.pipe()
for fd in range(3, 64):
    try:
        if fd not in ends:
            os.dup2(ends[1], fd)
    except OSError:
        pass
""",
        wall=0.5,
        last=True,
    ),
    Attack(
        "a hundred children in sessions of their own",
        "",
        at_import="""
import os, time
for _ in range(100):
    try:
        if os.fork() == 0:
            os.setsid()
            time.sleep(1e6)
    except OSError:
        break
""",
    ),
    Attack(
        "children that print for ever",
        "",
        at_import="""
import os
for _ in range(8):
    try:
        if os.fork() == 0:
            os.setsid()
            while True: os.write(1, b"passed\\n" * 1000)
    except OSError:
        break
""",
    ),
    Attack(
        "busy threads",
        "",
        at_import="""
import threading
def work() -> None:
    while True: pass
try:
    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()
except RuntimeError:
    pass  # only root may start threads there
""",
    ),
]
