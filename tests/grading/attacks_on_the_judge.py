"""More files that try to pass: through the token of the answer, frames, the interpreter, texts and numbers."""

from __future__ import annotations

from typing import Final

from tests.grading.attacks import SYMPTOM, Attack

RUN: Final = """
import json, os, sys
frame = sys._getframe()
while type(frame.f_locals.get("self")).__name__ != "_Run":
    frame = frame.f_back
run = frame.f_locals["self"]

def answer(cases):
    text = {**run._answer, "cases": cases}
    os.write(run._channel, json.dumps(text).encode())
    os._exit(0)
"""
"""Finds the grader's object in the frames above: with the token of the answer, and without any expected value."""


def spoiled(value: str, before: str = "") -> str:
    """A file whose function is wrong and then puts ``value`` where the counter stands."""
    return f"""
from thpkit.kernel import current
{before}
broken = page_remove_file_rmap

@replaces(rmap.page_remove_file_rmap)
def page_remove_file_rmap(page: Page, compound: bool) -> None:
    broken(page, compound)
    current.kernel.vmstat.node[vmstat.NR_FILE_PMDMAPPED] = {value}
"""


FORGERIES: Final = [
    Attack(
        "takes the token from the environment",
        "wrote where it should not",
        at_import="""
import json, os
text = {"problem": None, "cases": [], "recorded": None, "run": None}
for token in os.environ.values():
    for fd in range(3, 64):
        try:
            os.write(fd, json.dumps({**text, "nonce": token}).encode())
        except OSError:
            pass
os._exit(0)
""",
        last=True,
    ),
    Attack(
        "walks the frames for expected values",
        SYMPTOM,
        at_import="""
import gc, sys
frame, seen = sys._getframe(), []
while frame is not None:
    seen += frame.f_locals.values()
    frame = frame.f_back
seen += gc.get_objects()
kit = [each for each in seen if type(each).__name__ in ("SeenCase", "Answer", "Divergence")]
assert not kit, kit
""",
    ),
    Attack(
        "walks the frames and answers nothing",
        "not about all cases",
        at_import=RUN + "answer([])",
        last=True,
    ),
    Attack(
        "walks the frames and leaves out what fails",
        "not about all cases",
        at_import=RUN
        + """
answer([{"id": each["id"], "calls": [], "ended": None} for each in run._request["cases"][1:]])
""",
        last=True,
    ),
    Attack(
        "walks the frames and answers with empty cases",
        "NR_",
        at_import=RUN
        + """
seen = {"result": None, "state": {}, "broken": []}
answer([
    {"id": each["id"], "calls": [seen] * len(each["calls"]), "ended": None}
    for each in run._request["cases"]
])
""",
    ),
    Attack(
        "lets the judge count to a million millions",
        "wrote where it should not",
        at_import=RUN
        + """
seen = {"result": None, "state": {"vmstat.node[NR_FILE_PAGES]": [[10**12, 0]]}, "broken": []}
answer([{"id": each["id"], "calls": [seen], "ended": None} for each in run._request["cases"]])
""",
        last=True,
    ),
    Attack(
        "answers in deep brackets",
        "wrote where it should not",
        at_import="import os, sys\n"
        "for fd in range(3, 64):\n"
        "    try: os.write(fd, b'[' * 100000)\n"
        "    except OSError: pass\n"
        "os._exit(0)",
        last=True,
    ),
    Attack(
        "claims to be a number of the kernel",
        SYMPTOM,
        at_import=spoiled(
            "I(0)",
            """
class I(int):
    __module__ = "thpkit.kernel"
    name = 0
    __class__ = property(lambda self: int)
    def __eq__(self, other): return True
    def __add__(self, other): return self
    __hash__ = int.__hash__
""",
        ),
    ),
]

INTERPRETER: Final = [
    Attack(
        "traces the grader",
        SYMPTOM,
        at_import="""
import sys
def trace(frame, event, argument):
    if frame.f_code.co_name in ("observe", "broken", "_send"):
        raise SystemExit(0)
    return trace
sys.settrace(trace)
""",
    ),
    Attack(
        "profiles the grader",
        SYMPTOM,
        at_import="""
import sys
def profile(frame, event, argument):
    if frame.f_code.co_name in ("observe", "broken", "_send"):
        raise SystemExit(0)
sys.setprofile(profile)
""",
    ),
    Attack(
        "hooks the imports",
        SYMPTOM,
        at_import="""
import sys
class Finder:
    def find_spec(self, *_rest): raise SystemExit(0)
sys.meta_path.insert(0, Finder())
""",
    ),
    Attack(
        "replaces builtins",
        "",
        at_import="""
import builtins
for name in ("len", "isinstance", "type", "dict", "list", "str", "int", "__import__"):
    setattr(builtins, name, lambda *_a, **_k: True)
""",
        last=True,
    ),
    Attack("empties sys.modules", "", at_import="import sys; sys.modules.clear()"),
    Attack(
        "crashes the interpreter",
        "SIGSEGV",
        at_import="import ctypes; ctypes.string_at(0)",
        last=True,
    ),
    Attack(
        "recursion without a limit",
        "",
        at_import="import sys; sys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
        cpu=1,
        last=True,
    ),
]

TEXTS: Final = [
    Attack(
        "obeys no terminal",
        "ValueError",
        in_call="raise ValueError('\\ud800\\x1b[2J\\x1b]0;passed\\x07')",
    ),
    Attack("endless message", "ValueError", in_call="raise ValueError('x' * 3000000)"),
    Attack(
        "message that never ends",
        "endless loop",
        in_call="""
class Loop(Exception):
    def __str__(self) -> str:
        while True: pass
raise Loop
""",
        case=0.2,
    ),
    Attack(
        "message that raises",
        "cannot even say what it is",
        in_call="""
class Bad(Exception):
    __class__ = property(lambda self: KeyboardInterrupt)
    def __str__(self): raise Bad
raise Bad
""",
    ),
    Attack("large number", "bits", at_import=spoiled("10**4200")),
    Attack("evil text", SYMPTOM, at_import=spoiled("'\\ud800\\x1b[2J' * 9000")),
]
