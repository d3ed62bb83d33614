"""Records about what happens around the page: others who act meanwhile, and a file system that fails."""

from __future__ import annotations

from typing import Final

from thpkit.patch.model import Kind, Record
from thpkit.patch.scene import Setting
from thpkit.patch.scenes import page

FAULT: Final = "filemap_huge_fault"

RECORDS: Final = (
    Record(
        "D32",
        "2 MiB are freed with irqs off",
        hunk="H7 F11, F12",
        function=FAULT,
        wrong="The page is put under the i_pages lock, and putting the last reference frees 512 pages.",
        kind=Kind.SHOWN,
        act=page.freed_under_the_lock,
        sees_v3={"the i_pages lock is held while the page is freed": True},
        sees_ref={"the i_pages lock is held while the page is freed": False},
        rule="keep what takes long out of sections with irqs off",
        lesson="a put may be the last one",
        v5="fixed",
    ),
    Record(
        "D33",
        "a way back that would use a freed page",
        hunk="H7 F14",
        function=FAULT,
        wrong="If the page could have been truncated (K15), the code would put it and go back to the first check, "
        "with the pointer still set.",
        kind=Kind.ARGUED,
        reason="the branch is dead: K15 tries truncation at each moment of the fault and never gets there",
        lesson="dead code is where wrong code lives",
        v4="alive; the way back is right, the count by then is not",
        v5="alive: it unlocks twice",
    ),
    Record(
        "D34",
        "the caller's block is overwritten",
        hunk="H7 F18",
        function=FAULT,
        wrong="vmf->address becomes the start of the block and vmf->page the head, where the caller's convention "
        "is the fault's own address and sub-page. Today nobody looks.",
        kind=Kind.SHOWN,
        act=page.fault_block_overwritten,
        sees_v3={
            "address is the fault's": False,
            "page is the sub-page asked for": False,
        },
        sees_ref={
            "address is the fault's": True,
            "page is the sub-page asked for": True,
        },
        rule="vmf belongs to the caller, except for the fields that say so",
        lesson="harmless is a property of today's callers",
    ),
    Record(
        "D35",
        "a lock bit written without an atomic operation",
        hunk="H7 F13",
        function=FAULT,
        wrong="The plain write of K14 can wipe out a bit that another CPU sets at the same moment, such as the "
        "one that says somebody waits: then nobody wakes him.",
        kind=Kind.ARGUED,
        reason="a race inside one statement: in this model every write of a flag word is indivisible",
        lesson="all flags of a page share one word",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "D36",
        "it names its file before the file has it",
        hunk="H7 F8",
        function=FAULT,
        wrong="mapping and index are set before the page is read, long before it is in the cache. Who finds the "
        "page by its frame and believes it looks in vain.",
        kind=Kind.SHOWN,
        act=page.named_before_it_is_there,
        sees_v3={"it names the file": True, "the file has it": False},
        sees_ref={"it names the file": True, "the file has it": True},
        rule="owner and place change together, under the i_pages lock",
        lesson="publish a fact when it is true",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "D44",
        "read before it can be found",
        hunk="H7 F9, F17",
        function=FAULT,
        wrong="While the page is read nobody can see it, so truncation, direct writes and punched holes do not "
        "reach it. Then it is entered as uptodate: old data, for good.",
        kind=Kind.SHOWN,
        act=page.stale_data,
        sees_v3={"A reads": "page 515"},
        sees_ref={"A reads": "zeroes"},
        rule="content: an uptodate page holds what storage holds",
        lesson="the order that K17 asks for is not only about what can be seen",
        v4="fixed, were nrpages counted (D7)",
        v5="fixed",
    ),
    Record(
        "D45",
        "private data is not released",
        hunk="H7 F10, F11, F12, F19",
        function=FAULT,
        wrong="A page that is given up may carry the file system's buffers by now. They hold a reference, so the "
        "put frees nothing; or the page is freed with its private flag set.",
        kind=Kind.ARGUED,
        reason="no file system of this kit attaches anything to a page",
        lesson="once a file system has had a page, it may have left something on it",
        ref="deleted through the page cache, as every page is",
    ),
    Record(
        "D47",
        "an error flag that no huge page may have",
        hunk="H7 F9",
        function=FAULT,
        wrong="A file system marks a page that it could not read with PG_error. In v5.3 that flag may not be "
        "touched on a compound page, so a debug kernel stops in just the case that F10 provides for. The correct "
        "version mends nothing here: what is compared rests on the question of D19, which keeps such file systems "
        "out.",
        kind=Kind.SHOWN,
        act=page.error_flag_on_a_huge_page,
        setting=Setting(fills=False, debug=True),
        sees_v3={"A": "kernel bug"},
        sees_ref={"A": "SIGBUS"},
        rule="PG_error is not for compound pages",
        lesson="whoever hands on a new kind of page must know what the receiver does with it",
        ref="avoided: only file systems that promise to fill a huge page are asked, and the kit's one sets no "
        "PG_error",
    ),
    Record(
        "D49",
        "the policy for defragmentation is ignored",
        hunk="H7 F6",
        function=FAULT,
        wrong="The allocation may reclaim and compact memory on the spot, whatever the administrator set for huge "
        "pages: starting a program can become slow.",
        kind=Kind.ARGUED,
        reason="latency: this model has no time, no reclaim and no compaction; the correct version does the same",
        lesson="512 pages in a row are not 512 times one page",
        ref="kept",
    ),
)
"""In the order of their numbers."""
