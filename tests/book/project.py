"""A small project of its own: one source file, and whatever texts a test writes."""

from __future__ import annotations

from pathlib import Path

from thpkit.trace.statements import ROOT

SOURCE = '''"""A module."""


def twice(page: int) -> int:
    """Say what is there."""
    nr = 1
    if page:
        nr = 2
        return nr
    for i in range(3):
        nr = nr + 1
    total = sum(
        [nr, page]
    )
    return nr


class Lock:
    def take(self) -> None:
        # Nobody waits.
        self.taken = True
        return


def once() -> int:
    nr = 7
    return nr
'''

FACTS = """
id = "01_small"
title = "A small lesson"
part = "One"
objectives = ["see"]
functions = ["kit/small.py::twice", "kit/small.py::once"]
remarks = ["K9"]
defects = ["D3"]
"""


COMMENTARY = """# Small

```python src=kit/small.py::once
nr = 7
return nr
```

- `nr = 7` Seven is what everybody else expects here.
- `return nr` Without it the caller would get nothing.
"""

SCENARIO = '''"""A process reads one page of a small file twice."""

from __future__ import annotations

from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.machine import Machine
from thpkit.scenario import Scenario
from thpkit.trace.stops import Stop


def boot(machine: Machine) -> None:
    """A file of two pages, and a process."""
    machine.create("/small", size=8192, huge=False)
    machine.spawn("A", mmap_base=0x7F0000000000)


def run(machine: Machine) -> None:
    """Open, map, read, read again."""
    a = machine.processes["A"]
    fd = a.open("/small")
    at = a.mmap(8192, Prot.READ, MapFlags.PRIVATE, fd)
    a.touch(at)
    a.touch(at)


def lines() -> list[str]:
    """What the text prints."""
    return ["a page   4096 bytes"]


SCENARIO = Scenario(
    name="01_small",
    title="One small page",
    boot=boot,
    tasks=(run,),
    stops=(
        Stop("do_user_addr_fault::@call@1", "The fault begins"),
        Stop("do_user_addr_fault::@return@1", "The fault is over"),
    ),
)
'''

LESSON = """# A small lesson

## A surprise

```text run=lines
a page   4096 bytes
```

The process reads twice, and faults 1<!--= cell("PGFAULT", "end") --> time.

## Predict

```text question=faults
How often does `do_user_addr_fault` run?
```

## Walk

### Seven

```python src=kit/small.py::once
nr = 7
return nr
```

- `nr = 7` Seven is what everybody else expects here.
- `return nr` Without it the caller would get nothing.

## See

```text picture=counters at="The fault is over" only="PGFAULT"
  PGFAULT                     1            +1     +1
```

One fault, counted once.

## Say why

Why is it one? [The glossary](../glossary.md#page) says what a page is.

## In the real kernel

See `mm/filemap.c`: it reads ahead.

## Check yourself

Nothing more.

## Exercise

None.
"""

QUIZ = """
[[question]]
id = "faults"
kind = "numeric"
before = "The fault begins"
ask = "How often does `do_user_addr_fault` run?"
answer = 'calls("do_user_addr_fault")'
explain = "The second read finds the entry of the first."

[[question.wrong]]
answer = '2 * calls("do_user_addr_fault")'
reason = "The second read finds the entry of the first one."

[[question]]
id = "pages"
kind = "numeric"
ask = "How many pages are cached at the end?"
answer = 'cell("NR_FILE_PAGES", "end")'
explain = "One was read."

[[question.wrong]]
answer = '2 * cell("NR_FILE_PAGES", "end")'
reason = "The file has two pages, but only one was read."

[[question]]
id = "kind"
kind = "choice"
ask = "Is it a huge page?"
explain = "The file system knows small pages only."

[[question.choice]]
text = "No"
holds = 'cell("NR_FILE_THPS", "end") == 0'

[[question.choice]]
text = "Yes"
holds = 'cell("NR_FILE_THPS", "end") == 1'
reason = "Nothing here can make one."

[[question]]
id = "counters"
kind = "ledger"
ask = "What has the fault changed?"
cells = ["NR_FILE_PAGES", "NR_FILE_MAPPED"]
from = "The fault begins"
to = "The fault is over"
explain = "One page was read, and mapped once."

[[question]]
id = "why-once"
kind = "why"
ask = "Why does the second read not fault?"
explain = "The first one has left an entry."

[[question.choice]]
text = "The page table has an entry by then"
best = true

[[question.choice]]
text = "The page is cached by then"
reason = "A cached page without an entry costs a fault, too."
"""

GLOSSARY = """# Glossary

## page

4096 bytes of memory, or of a file. See *fault*.

## fault

What an access to a page without an entry becomes.
"""


class Project:
    """Writes files below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("kit/small.py", SOURCE)

    def write(self, path: str, text: str) -> Path:
        """Make a file."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def lesson(self, text: str, facts: str = FACTS, name: str = "01_small") -> Path:
        """Make a lesson with this text."""
        self.write(f"lessons/{name}/lesson.toml", facts)
        self.write(f"lessons/{name}/README.md", text)
        self.write(f"lessons/{name}/{name[3:]}.py", SCENARIO)
        return self.root / "lessons" / name

    def commentary(self, text: str, name: str = "small.md") -> Path:
        """Make a commentary with this text."""
        return self.write(f"lessons/commentary/{name}", text)

    def book(self) -> Path:
        """Make a whole small book without a problem; returns the lesson's folder."""
        self.commentary(COMMENTARY)
        self.write("lessons/glossary.md", GLOSSARY)
        self.write("lessons/kernel_names.txt", "mm/filemap.c\n")
        folder = self.lesson(LESSON)
        self.write("lessons/01_small/quiz.toml", QUIZ)
        return folder

    def edit(self, path: str, old: str, new: str) -> int:
        """Replace text that stands in a file exactly once; the line where it stood."""
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def kernel(self) -> None:
        """Let the real kernel's source stand in this project too, so that it can be quoted."""
        (self.root / "thpkit").symlink_to(ROOT / "thpkit")

    def read(self, path: str) -> str:
        """What a file holds."""
        return (self.root / path).read_text(encoding="utf-8")
