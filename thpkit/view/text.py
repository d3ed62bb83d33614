"""The state of a running machine as text, without any recording: for a first experiment in a Python prompt.

>>> print(tree(machine, "/bin/app"))
>>> print(counters(machine))
"""

from __future__ import annotations

from thpkit.kernel.machine import Machine
from thpkit.view import xarray_view
from thpkit.view.glyphs import UNICODE
from thpkit.view.layout import fitted
from thpkit.view.moment import Lens
from thpkit.view.rows import Rendered, plain
from thpkit.view.xarray_tree import Sight, tree_rows

WIDTH = 80


def tree(machine: Machine, path: str) -> str:
    """The page cache of a file: how many pages it holds, and its XArray.

    Raises:
        ValueError: there is no such file.
    """
    inode = machine.kernel.inodes.get(path)
    if inode is None or inode.i_mapping is None:
        known = ", ".join(machine.kernel.inodes.keys()) or "none yet"
        raise ValueError(f"there is no file {path!r}; there are: {known}")
    lens = Lens(UNICODE)
    with machine.installed():
        rows = xarray_view.header(inode.i_mapping, path, lens, WIDTH)
        rows += tree_rows(inode.i_mapping.i_pages, Sight(lens), WIDTH)
    return plain(fitted(Rendered(tuple(rows)), WIDTH, UNICODE).rows)


def counters(machine: Machine) -> str:
    """Every counter of the machine that is not zero, one a line."""
    found = dict(machine.counters())
    for process in machine.processes.values():
        if process.task.mm is not None:
            found[f"page tables of {process.name}"] = process.task.mm.pgtables_bytes
    found = {name: value for name, value in found.items() if value}
    column = max((len(name) for name in found), default=0)
    lines = [f"{name:<{column}} {value:>8}" for name, value in found.items()]
    return "\n".join(lines) or "all counters are 0"
