"""A tiny kernel for tests of the recorder: every kind of write, call, loop and failure in a few functions.

The line numbers of this file do not matter; tests find statements by their text.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
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


def spin_a_little(toy: Toy) -> None:
    """Loops whose body is one statement, and loops that are left in the middle."""
    done = 0
    while True:
        done = count_up(toy, done)
        if done > 3:
            break
    while True:
        if count_up(toy, 0) == 1 and toy.counters[0] > 6:
            break
    while done:
        done -= 1
    else:
        done = -1
    for index, name in enumerate("abc"):
        if name == "b":
            continue
        done += index


def count_up(toy: Toy, number: int) -> int:
    """One more, and counted."""
    add(toy, 0, 1)
    return number + 1


def variables(toy: Toy) -> None:
    """Every way to bind a variable, and to unbind it."""
    a, (b, *rest) = 1, (2, 3, 4)
    a += b
    if (half := a // 2) > 0:
        del a
    try:
        fail(half)
    except ValueError as error:
        text = str(error)
        for b in (5, 6):
            text = text + str(b)
    with context(toy) as held:
        value = held.made
    import errno as codes

    for pair in ((1, "x"), (2, "y"), [3]):
        match pair:
            case (1, name):
                value = value + 1
            case (number, name) if number > 1:
                value = value + number + len(str(name))
            case [*others]:
                value = len(others)
    same = [x for x in (b, value) if (seen := x)]
    rest.append(seen)
    shared = rest
    shared.append(codes.ENOENT)
    try:
        try:
            fail(1)
        finally:
            del rest
    except (ValueError, KeyError) as error:
        same.append(len(error.args))
    late: int
    late = sum(each for each in same)
    send_values(late)


def fail(number: int) -> None:
    """Raises."""
    if number:
        raise ValueError(f"no {number}")


@contextmanager
def context(toy: Toy) -> Iterator[Toy]:
    """A generator that is resumed."""
    toy.limit = toy.limit + 1
    try:
        yield toy
    finally:
        toy.limit = toy.limit - 1


def send_values(start: int) -> int:
    """Drives a generator that receives values, and closes it early."""
    adder = running_sum(start)
    next(adder)
    first = adder.send(4)
    second = adder.send(5)
    adder.close()
    return first + second


def running_sum(total: int) -> Generator[int, int, None]:
    """Receives numbers."""
    while True:
        received = yield total
        total = total + received


def closures(toy: Toy) -> int:
    """Variables that a nested function changes."""
    count = 0

    def bump(by: int) -> None:
        nonlocal count
        count = count + by
        toy.limit = count

    bump(1)
    for each in range(3):
        bump(each)
    total = max([1, 2], key=lambda each: each + count)
    count = total
    return count


def try_insert_twice(toy: Toy) -> None:
    """The second time fails."""
    try_insert(toy, 5)
    try_insert(toy, 5)


def nothing() -> None:
    """Does nothing."""
