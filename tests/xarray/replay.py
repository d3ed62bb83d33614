"""Replay golden scripts: ``python -m tests.xarray.replay tests/data/xarray/*.jsonl.gz``.

Each script was run on the C implementation of Linux 5.4.119; here the same operations run on ours, and after
every one the result, the cursor, the callbacks and the whole tree must be equal. The last line is always
``N scripts, M ops, D differences``; with differences the first one stands above it and the exit status is 1.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.xarray.world import Op, World
from thpkit.kernel.xarray import dump

ABSENT = "(absent)"


@dataclass
class Report:
    """What a replay has found so far."""

    scripts: int = 0
    ops: int = 0
    differences: list[str] = field(default_factory=list)
    """Each as a path to the value that differs, with both values."""

    def compare(self, path: str, expected: object, actual: object) -> None:
        """Note the first place below ``path`` where the two differ, if they do."""
        if expected == actual and type(expected) is type(actual):
            return
        self.differences.append(first_difference(path, expected, actual))

    def summary(self) -> str:
        """The last line of a run."""
        return f"{self.scripts} scripts, {self.ops} ops, {len(self.differences)} differences"


def first_difference(path: str, expected: object, actual: object) -> str:
    """The path to the first value that differs, and both values."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            here, there = expected.get(key, ABSENT), actual.get(key, ABSENT)
            if here != there:
                return first_difference(f"{path}/{key}", here, there)
    if isinstance(expected, list) and isinstance(actual, list):
        for at in range(max(len(expected), len(actual))):
            here = expected[at] if at < len(expected) else ABSENT
            there = actual[at] if at < len(actual) else ABSENT
            if here != there:
                return first_difference(f"{path}[{at}]", here, there)
    return f"{path}: expected {json.dumps(expected)}, got {json.dumps(actual)}"


def read_scripts(path: Path) -> Iterator[dict[str, Any]]:
    """The scripts of one file, packed or plain, one JSON object a line."""
    packed = path.read_bytes()
    text = gzip.decompress(packed) if path.suffix == ".gz" else packed
    for line in text.decode().splitlines():
        yield json.loads(line)


def replay_script(script: dict[str, Any], report: Report) -> None:
    """Run one script in a fresh world; an operation that raises ends it and counts as a difference."""
    report.scripts += 1
    world = World()
    hashes: dict[str, str] = {}
    with world.running():
        for number, op in enumerate(script["ops"]):
            report.ops += 1
            path = f"{script['name']}/ops[{number}] {op['op']}"
            try:
                _replay_op(world, op, path, hashes, report)
            except Exception as error:
                report.differences.append(
                    f"{path}: raised {type(error).__name__}: {error}"
                )
                return
        final = {name: dump.dump_tree(array) for name, array in world.arrays.items()}
        report.compare(f"{script['name']}/final", script["final"], final)
    splats = [
        splat.sentence
        for splat in world.kernel.splats.values()
        if splat.rule != "warning"
    ]
    report.compare(f"{script['name']}/splats", [], splats)


def _replay_op(
    world: World, op: Op, path: str, hashes: dict[str, str], report: Report
) -> None:
    """Run one operation and compare everything the script says about it."""
    result = world.run(op)
    report.compare(f"{path}/result", op["result"], result)
    report.compare(f"{path}/upd", op.get("upd", []), world.updates)
    if "xas" in op:
        report.compare(f"{path}/xas", op["xas"], world.fields(world.states[op["st"]]))
    array = world.array_of(op)
    if array is None:
        return
    if "hash" in op:
        hashes[array.kname] = op["hash"]
    tree = dump.dump_tree(array)
    if "tree" in op:
        report.compare(f"{path}/tree", op["tree"], tree)
    report.compare(f"{path}/hash", hashes.get(array.kname), dump.tree_hash(tree))


def replay_files(paths: Iterable[Path]) -> Report:
    """Run every script of every file."""
    report = Report()
    for path in paths:
        for script in read_scripts(path):
            replay_script(script, report)
    return report


def main(arguments: list[str]) -> int:
    """The command: replay the files named, print the outcome, return the exit status."""
    if not arguments:
        sys.stderr.write("usage: python -m tests.xarray.replay FILE.jsonl.gz ...\n")
        return 2
    report = replay_files(map(Path, arguments))
    if report.differences:
        sys.stdout.write(report.differences[0] + "\n")
    sys.stdout.write(report.summary() + "\n")
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
