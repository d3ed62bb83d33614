"""A tiny kernel for tests of the recorder: every kind of write, call, loop and failure in a few functions.

The line numbers of this file do not matter; tests find statements by their text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from thpkit.kernel import splat
from thpkit.kernel.kobject import KArray, KDict, KObject, kstruct, primitive

SLOTS = 8


@kstruct
class Frame(KObject):
    """A page."""

    flags: int = 0
    refs: int = 0


@kstruct
class Leaf(KObject):
    """A node with slots."""

    count: int = 0
    slots: KArray[Frame | None] = field(
        default_factory=lambda: KArray.filled(SLOTS, None)
    )


@kstruct
class Toy(KObject):
    """Root of all state."""

    leaves: KDict[int, Leaf] = field(default_factory=KDict)
    counters: KArray[int] = field(default_factory=lambda: KArray.filled(3, 0))
    limit: int = 1000
    last: Frame | None = None
    made: int = 0


def new_toy() -> Toy:
    """An empty world."""
    return Toy("toy")


@primitive
def add(toy: Toy, which: int, delta: int) -> None:
    """Move a counter."""
    toy.counters[which] = toy.counters[which] + _same(delta)


def _same(value: int) -> int:
    """A helper of a primitive: it must not step."""
    result = value
    return result


@primitive
def new_frame(toy: Toy) -> Frame:
    """A fresh page."""
    toy.made = toy.made + 1
    return Frame(f"frame#{toy.made}")


def leaf_of(toy: Toy, index: int) -> Leaf:
    """The leaf that holds ``index``, made if need be."""
    number = index // SLOTS
    leaf = toy.leaves.get(number)
    if leaf is None:
        leaf = Leaf(f"leaf#{number}")
        toy.leaves[number] = leaf
    return leaf


def insert(toy: Toy, index: int, frame: Frame) -> None:
    """Put a page at an index."""
    leaf = leaf_of(toy, index)
    if leaf.slots[index % SLOTS] is not None:
        raise FileExistsError(index)
    leaf.slots[index % SLOTS] = frame
    leaf.count = leaf.count + 1
    frame.refs = frame.refs + 1
    add(toy, 0, 1)
    toy.last = frame


def fill(toy: Toy, first: int, count: int) -> int:
    """Insert ``count`` pages."""
    done = 0
    for index in range(first, first + count):
        frame = new_frame(toy)
        insert(toy, index, frame)
        done = done + 1
    return done


def try_insert(toy: Toy, index: int) -> bool:
    """Insert, or count a failure."""
    frame = new_frame(toy)
    try:
        insert(toy, index, frame)
    except FileExistsError as error:
        add(toy, 1, len(error.args))
        return False
    finally:
        add(toy, 2, 1)
    return True


def erase(toy: Toy, index: int) -> Frame | None:
    """Take a page out; forget its leaf when it is empty."""
    leaf = leaf_of(toy, index)
    frame = leaf.slots[index % SLOTS]
    if frame is None:
        return None
    leaf.slots[index % SLOTS] = None
    leaf.count = leaf.count - 1
    frame.refs = frame.refs - 1
    if leaf.count == 0:
        del toy.leaves[index // SLOTS]
    return frame


def indices(toy: Toy) -> Iterator[int]:
    """Every index in use."""
    for number in toy.leaves:
        leaf = toy.leaves[number]
        for offset in range(SLOTS):
            if leaf.slots[offset] is not None:
                yield number * SLOTS + offset


def sum_of(toy: Toy) -> int:
    """Uses a generator, a comprehension and a statement of several lines."""
    total = 0
    for index in indices(toy):
        total = total + index
    listed = [each for each in (1, 2, 3) if each != 2]
    total = add_up(
        total,
        add_up(listed[0], listed[1]),
    )
    return total


def add_up(a: int, b: int) -> int:
    """A sum."""
    return a + b


def collect(count: int) -> list[int]:
    """Changes a plain list in place."""
    found: list[int] = []
    for each in range(count):
        found.append(each)
    return found


def down(depth: int) -> int:
    """Recursion."""
    if depth == 0:
        return 0
    below = down(depth - 1)
    return below + 1


def spin(toy: Toy) -> None:
    """Never ends, on one statement."""
    while True:
        add(toy, 0, 1)


def broken(toy: Toy) -> None:
    """Meets a bug of the simulated kernel."""
    toy.limit = 1
    down(1)
    splat.BUG_ON(True, "toy is broken")


def story(toy: Toy) -> None:
    """A bit of everything."""
    fill(toy, 0, 12)
    try_insert(toy, 3)
    try_insert(toy, 20)
    erase(toy, 20)
    erase(toy, 0)
    sum_of(toy)
    collect(3)
    down(3)
