"""The table of single repairs, and building a version from the posted patch and some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from thpkit.kernel import filemap, fs, huge_memory, mmap, proc, rmap, truncate
from thpkit.kernel.variant import name_of, replaced_by
from thpkit.patch.repairs import counting, life, lookup, mapping, placing
from thpkit.patch.version import Version
from thpkit.patch.versions import V3

Function: TypeAlias = Callable[..., object]


@dataclass(frozen=True)
class Repair:
    """One fix to the posted patch."""

    id: str
    """The defect it is named after."""
    about: str
    """What is done, in one sentence."""
    functions: tuple[Function, ...] = ()
    """Replacements for pieces of the patch."""
    restores: tuple[Function, ...] = ()
    """Functions that are the kit's own again, instead of v5.3's or the patch's."""
    uncovers: str = ""
    """What becomes visible, or possible, by this repair alone; or what it hides."""
    beside: tuple[str, ...] = ()
    """Repairs that it needs beside it: alone, the symptom gives way to that of another defect."""
    cures: tuple[str, ...] = ()
    """Other records whose symptom goes as well."""
    changes: tuple[str, ...] = ()
    """Other records whose scene sees something new, which is not right either."""

    def targets(self) -> frozenset[tuple[str, str]]:
        """What it touches."""
        touched = [name_of(replaced_by(each)) for each in self.functions]
        return frozenset([*touched, *(name_of(each) for each in self.restores)])


TAIL_SAFE: Final = (
    filemap.pagecache_get_page,
    filemap.filemap_fault,
    filemap.page_read_again,
    filemap.lock_if_mappable,
    filemap.page_cache_delete_batch,
    truncate.truncate_without_waiting,
    truncate.truncate_waiting,
)
"""Generic functions that v5.4, or REF, made safe for huge pages of regular files."""

REPAIRS: Final = (
    Repair(
        "K9",
        "a cached page need not be locked to be usable",
        (lookup.k9_unusable,),
        cures=("K12",),
    ),
    Repair(
        "K11",
        "ask transhuge_vma_suitable",
        (mapping.d17_refuses,),
        cures=("D14", "D17", "D40"),
        uncovers="nothing; what needs a misfit is gone: D14, D17, and D40 where memory is short. D16, D40 and D46 "
        "need none: another thread that maps a small page of the block first is enough",
    ),
    Repair("K16", "pass vmf->memcg", (mapping.k16_map_page,)),
    Repair(
        "K17",
        "enter the page into the cache before it is mapped",
        (mapping.k17_map_page,),
        uncovers="a page that then cannot be mapped stays in the cache, with references that nobody drops",
        cures=("D14",),
    ),
    Repair("K19", "do not ask for EXEC and READ", (placing.k19_place,)),
    Repair(
        "K21",
        "leave length and hint to thp_get_unmapped_area",
        (placing.k21_place,),
        uncovers="a short mapping that happens to lie on a boundary loses MAYWRITE as well",
    ),
    Repair(
        "K22",
        "ask for a file that was opened read-only",
        (placing.k22_place,),
        cures=("D21", "D41"),
    ),
    Repair(
        "K23",
        "leave VM_MAYWRITE alone",
        (placing.k23_place,),
        uncovers="text can become writable now, and a write to it then faults for ever (D20)",
        cures=("D21", "D24", "D41"),
        changes=("D25",),
    ),
    Repair("D1", "search up to the last index of the block", (lookup.d1_last_index,)),
    Repair(
        "D2",
        "look for the cached page with a cursor for one index",
        (lookup.d2_check,),
        uncovers="a cached page is mapped now, with 512 references too many (D10), without waiting for its lock; so "
        "D5 is hidden",
        cures=("D5",),
        changes=("D4",),
    ),
    Repair(
        "D3",
        "begin each look at the first index",
        (lookup.d3_check,),
        cures=("D15", "D16", "D46"),
        uncovers="a huge page that somebody else has entered meanwhile is found, still locked, and mapped, with 512 "
        "references too many (D10), also if nothing was mapped (D15). A small page is found as well, and what "
        "needs one that was missed is hidden: D15, D16, D46",
    ),
    Repair("D4", "remove the empty leaves of a given-up block", (lookup.d4_give_up,)),
    Repair(
        "D5",
        "unlock the page",
        (life.d5_leave,),
        uncovers="truncation and faults get at the page now: nrpages can wrap below zero (D7), and lookups meet "
        "tails that they cannot handle (D30)",
        cures=("D10",),
        changes=("K14",),
    ),
    Repair("D6", "put the page on an LRU list", (counting.d6_huge_fault,)),
    Repair(
        "D7",
        "count the page in nrpages",
        (counting.d7_store,),
        uncovers="truncation looks into the cache now, finds the page locked, and waits for ever (D5)",
        beside=("D5",),
    ),
    Repair(
        "D8",
        "count it as a huge page of a file",
        (counting.d8_count_page,),
        (
            filemap.unaccount_page_cache_page,
            rmap.page_add_file_rmap,
            rmap.page_remove_file_rmap,
        ),
    ),
    Repair("D9", "count the mapping once", (counting.d9_count_mapping,)),
    Repair(
        "D10",
        "take one reference for a further mapping",
        (life.d10_add_references,),
        uncovers="nothing: a cached page is never recognised (D2), so the line is not reached",
    ),
    Repair("D11", "allocate outside the i_pages lock", (lookup.d11_make_room,)),
    Repair(
        "D12",
        "map without the i_pages lock",
        (mapping.d12_map_page,),
        uncovers="between the look and the stores others can enter pages, which are overwritten",
    ),
    Repair("D13", "forget the file before the page is freed", (life.d13_read_page,)),
    Repair("D14", "unlock a page before it is freed", (life.d14_discard,)),
    Repair(
        "D15",
        "NOPAGE means not mapped",
        (mapping.d15_map_page,),
        uncovers="the page is freed while it is locked (D14), and the lock of the small entry stays held (D46)",
    ),
    Repair(
        "D16",
        "map by a PMD or not at all",
        (mapping.d16_map_page,),
        uncovers="where the mapping does not suit, the page is freed while it is locked (D14)",
        cures=("K11", "D15", "D17", "D40", "D46"),
    ),
    Repair(
        "D17",
        "refuse a mapping that does not suit",
        (mapping.d17_refuses,),
        cures=("K11", "D14", "D40"),
        uncovers="nothing; what needs a misfit is gone: D14, and D40 where memory is short. D16, D40 and D46 need "
        "none: another thread that maps a small page of the block first is enough",
    ),
    Repair(
        "D18",
        "ask for the size of the file",
        (mapping.d18_refuses,),
        cures=("D52",),
        uncovers="nothing; a page that truncation is removing lies beyond the end by then, so D52 is hidden",
    ),
    Repair(
        "D19",
        "ask whether ->readpage can fill a huge page",
        (mapping.d19_refuses,),
        cures=("D47",),
        uncovers="nothing; a file system that fills 4 KiB is not asked any more, so D47 is hidden",
    ),
    Repair(
        "D20",
        "split the huge entry before a write falls back",
        (mapping.d20_refuses,),
        beside=("D5", "D30"),
        changes=("K20",),
        uncovers="the copy is made by the small path, which waits for the page lock (D5) and cannot handle tails "
        "(D30)",
    ),
    Repair("D21", "leave anonymous memory alone", (placing.d21_place,)),
    Repair("D22", "let the file choose its addresses", (placing.d22_place,)),
    Repair(
        "D23", "accept what is congruent, not what is aligned", (placing.d23_place,)
    ),
    Repair(
        "D24",
        "treat an aligned fixed address alike",
        (placing.d24_place,),
        changes=("K20",),
        uncovers="text at a fixed address loses MAYWRITE as well",
    ),
    Repair("D26", "charge the control group", (counting.d26_new_page,)),
    Repair(
        "D27",
        "count a major fault",
        (counting.d27_read_page, counting.d27_huge_fault),
    ),
    Repair(
        "D30",
        "make the generic lookups and truncation safe for tails",
        (),
        TAIL_SAFE,
    ),
    Repair("D37", "give the spare node back", (lookup.d37_make_room,)),
    Repair("D40", "look at the answer before asserting", (mapping.d40_map_page,)),
    Repair("D41", "compare the type of the mapping", (placing.d41_place,)),
    Repair(
        "D42",
        "refuse a file that may be written",
        (mapping.d42_refuses,),
        cures=("D52",),
        uncovers="nothing; truncation counts as a writer for the time of the call, so D52 is hidden",
    ),
    Repair("D43", "let smaps know huge pages of files", (), (proc.smaps,)),
    Repair("D46", "finish the fault with finish_fault", (mapping.d46_map_page,)),
)
"""Every single repair, K before D, by number."""

TOGETHER: Final[dict[frozenset[str], tuple[Function, ...]]] = {
    frozenset({"D2", "D3"}): (lookup.d2_d3_check,),
    frozenset({"D6", "D27"}): (counting.d6_d27_huge_fault, counting.d27_read_page),
    frozenset({"D11", "D37"}): (lookup.d11_d37_make_room,),
}
"""Replacements for repairs that touch the same function, when both are wanted."""

PLACING: Final = (mmap.do_mmap, huge_memory.thp_get_unmapped_area, fs.new_inode)
"""What the patch changed about choosing addresses."""


def repair(id: str) -> Repair:
    """The repair of that defect.

    Raises:
        KeyError: there is none.
    """
    for each in REPAIRS:
        if each.id == id:
            return each
    raise KeyError(f"there is no single repair called {id!r}")


def repaired(ids: Iterable[str]) -> Version:
    """The posted patch with these repairs; its name is ``v3+`` and their names.

    Raises:
        KeyError: there is no such repair.
        ValueError: two of them touch the same function, and nobody has written what both would come to.
    """
    wanted = tuple(ids)
    chosen = [repair(each) for each in wanted]
    functions: list[Function] = [f for each in chosen for f in each.functions]
    restores = [f for each in chosen for f in each.restores]
    solved: set[tuple[str, str]] = set()
    for pair, instead in TOGETHER.items():
        if pair <= set(wanted):
            functions.extend(instead)
            solved.update(name_of(replaced_by(each)) for each in instead)
    _refuse_overlaps(chosen, solved)
    return Version(
        "+".join(["v3", *wanted]),
        functions=tuple(functions),
        base=V3,
        restores=tuple(restores),
        helpers=(mapping.enter_and_count,),
        about=f"the patch as posted, and: {'; '.join(each.about for each in chosen)}",
    )


def _refuse_overlaps(chosen: list[Repair], solved: set[tuple[str, str]]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for each in chosen:
        for target in sorted(each.targets() - solved):
            if target in seen:
                raise ValueError(
                    f"the repairs {seen[target]} and {each.id} both change {target[1]}; choose one of them"
                )
            seen[target] = each.id
