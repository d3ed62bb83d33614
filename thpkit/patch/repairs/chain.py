"""The way from the posted patch to the correct version, one repair after the other; each stage boots and runs.

A later stage keeps what the earlier ones mended. Where two touch the same piece, the later function does
both. The last stage is the algorithm REF: only then is the order right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from thpkit.kernel import filemap, fs, proc, rmap
from thpkit.patch.repairs import counting, life, lookup, mapping
from thpkit.patch.repairs.table import PLACING, TAIL_SAFE, Function
from thpkit.patch.version import Version
from thpkit.patch.versions import V3


@dataclass(frozen=True)
class Step:
    """One step of the way."""

    repairs: tuple[str, ...]
    """The defects that go."""
    about: str
    functions: tuple[Function, ...] = ()
    restores: tuple[Function, ...] = ()


STEPS: Final = (
    Step(("D9",), "count each mapping once", (counting.d9_count_mapping,)),
    Step(
        ("D8",),
        "count the page as what it is",
        (counting.d8_count_page,),
        (
            filemap.unaccount_page_cache_page,
            rmap.page_add_file_rmap,
            rmap.page_remove_file_rmap,
        ),
    ),
    Step(("D7",), "tell the file that it has pages", (counting.d7_store,)),
    Step(("D5",), "unlock the page", (life.d5_leave,)),
    Step(("D6",), "put it on an LRU list", (counting.d6_huge_fault,)),
    Step(("D26",), "charge for it", (counting.d26_new_page,)),
    Step(
        ("D27",),
        "count the read as a major fault",
        (counting.d6_d27_huge_fault, counting.d27_read_page),
    ),
    Step(("D1",), "search the block, and no further", (lookup.d1_last_index,)),
    Step(
        ("D2", "D3"),
        "look with a cursor for one index, from the first one on",
        (lookup.d2_d3_check,),
    ),
    Step(
        ("K9", "K12"),
        "recognise a cached page that nobody has locked",
        (lookup.k9_unusable,),
    ),
    Step(
        ("D10",),
        "take one reference for a further mapping",
        (life.d10_add_references,),
    ),
    Step(
        ("D4", "D11", "D37"),
        "allocate outside the lock, and clean up what is not used",
        (lookup.d11_d37_make_room, lookup.d4_give_up),
        (filemap.forget_empty_nodes,),
    ),
    Step(
        ("D13", "D14"),
        "let go of the page properly when something fails",
        (life.d13_d27_read_page, life.d14_discard),
    ),
    Step(
        ("K11", "D17", "D18", "D19", "D20", "D42"),
        "ask every question before beginning",
        (mapping.all_refuses,),
    ),
    Step(
        ("D15", "D16", "D40", "D46"),
        "map by a PMD or not at all",
        (mapping.d16_map_page,),
    ),
    Step(
        ("K19", "K22", "K23", "D21", "D22", "D23", "D24", "D25", "D41"),
        "let mmap be, and the file system choose the address",
        (),
        PLACING,
    ),
    Step(
        ("D29", "D30", "D43"),
        "make everybody else ready for huge pages of files",
        (),
        (*TAIL_SAFE, filemap.generic_perform_write, fs.do_dentry_open, proc.smaps),
    ),
    Step(
        ("K14", "K17", "D12", "D32", "D34", "D35", "D36", "D44", "D52"),
        "lock, enter, read, map: the correct order",
        (),
        (filemap.filemap_huge_fault,),
    ),
)
"""The steps, in order."""


def chain() -> tuple[Version, ...]:
    """The stages: the posted patch, and what it is after each step; the last does what the correct version does."""
    found = [V3]
    for number, step in enumerate(STEPS, 1):
        found.append(
            Version(
                f"v3 step {number}",
                functions=step.functions,
                base=found[-1],
                restores=step.restores,
                helpers=(mapping.enter_and_count,),
                about=f"{step.about} ({', '.join(step.repairs)})",
            )
        )
    return tuple(found)
