"""Records about looking for something in the way (hunk H6), and about the block in the tree."""

from __future__ import annotations

from typing import Final

from thpkit.patch import equivalent_conditions as equivalents
from thpkit.patch.model import Kind, Record
from thpkit.patch.scenes import block

CHECK: Final = "filemap_huge_check_pagecache_usable"
FAULT: Final = "filemap_huge_fault"

RECORDS: Final = (
    Record(
        "K4",
        "two tests that are one",
        hunk="H6",
        function=CHECK,
        wrong="Once huge pages are compiled in PageCompound and PageTransCompound ask one and the same thing; the "
        "condition asks both.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.compound_twice,
        reason="both questions are asked of every kind of page, in every state",
        lesson="a test that can never differ from its neighbour hides that neither was thought about",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "K5",
        "a question about hugetlb pages",
        hunk="H6",
        function=CHECK,
        wrong="Pages of hugetlb never come here, so asking for them is out of place.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.no_hugetlb,
        reason="the condition with and without the question, on every kind of page",
        lesson="know which pages can reach your code, and assert it if you must",
        v4="fixed: an assertion",
        v5="fixed",
    ),
    Record(
        "K6",
        "a slip in the comment",
        hunk="H6",
        function=CHECK,
        wrong="A misspelt word in the comment above the condition.",
        kind=Kind.ARGUED,
        reason="a comment: nothing runs",
        lesson="reviewers read comments",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "K7",
        "a compound page of another order",
        hunk="H6",
        function=CHECK,
        wrong="If the cache held a compound page that is neither small nor of 2 MiB, a rule of the cache itself "
        "would be broken; that is no conflict to fall back from.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.no_order,
        reason="the condition with and without the question, on everything that can stand in a page cache",
        lesson="do not handle what cannot be; assert it",
        v4="an assertion",
        v5="a smaller order is a conflict",
        ref="asked of the head alone",
    ),
    Record(
        "K8",
        "an index that does not fit",
        hunk="H6",
        function=CHECK,
        wrong="The same of an unexpected index. It is needed, though, by accident: the search goes one index too "
        "far (D1), and without the term a huge page of the next block would be mapped for this one.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.no_index,
        reason="the condition with and without the question, on everything that stands inside the block: equivalent "
        "with D1 repaired, wrong bytes without (page 3 of block 0 shows page 515)",
        lesson="a test that seems superfluous may be covering for a mistake elsewhere",
        v4="kept as a conflict",
        v5="kept as a conflict",
        ref="not asked: one index is looked up",
    ),
    Record(
        "K9",
        "a page must be locked to be usable",
        hunk="H6",
        function=CHECK,
        wrong="The condition wants the page locked and the comment does not say by whom. Cached pages are not "
        "locked, except while somebody works on them. In v3 the forgotten unlock (D5) would even make the test "
        "true; what refuses the page is D2. Repair D2 and D5, and the remark comes true.",
        kind=Kind.SHOWN,
        act=block.cached_page_not_recognised,
        sees_v3={"the huge path serves B": False},
        sees_ref={"the huge path serves B": True},
        after=("D2", "D5"),
        rule="lock the page yourself, then look whether it is still the file's",
        lesson="say in the comment which locks the caller holds, and you will notice that nobody does",
        v4="fixed: the page is locked after the look",
        v5="fixed",
    ),
    Record(
        "K10",
        "a condition nobody can read",
        hunk="H6",
        function=CHECK,
        wrong="Ten terms joined by or; the reviewer wants one test a line, with a comment each.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.one_test_a_line,
        reason="one condition and one test a line, on every kind of entry in every state",
        lesson="spelling is not taste here: in the long form the wrong terms are easy to see",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "K12",
        "the check can never succeed",
        hunk="H7 F4",
        function=FAULT,
        wrong="Nobody locks the page before the check asks whether it is locked: a cached huge page is always "
        "refused. In v3 the forgotten unlock (D5) would even make the test true; what refuses the page is D2. "
        "Repair D2 and D5, and the remark comes true.",
        kind=Kind.SHOWN,
        act=block.cached_page_not_recognised,
        sees_v3={"the huge path serves B": False},
        sees_ref={"the huge path serves B": True},
        after=("D2", "D5"),
        rule="lock the page yourself, then look whether it is still the file's",
        lesson="the question of K9 again, at the call: follow one page through your own code",
        v4="fixed",
        v5="fixed",
        repair="K9",
    ),
    Record(
        "D1",
        "the search goes one page too far",
        hunk="H7 F1",
        function=FAULT,
        wrong="The bound of xas_find is inclusive, and the bound given is the first index of the *next* block. A "
        "page there counts as a conflict.",
        kind=Kind.SHOWN,
        act=block.first_block_second,
        sees_v3={"the first block is huge": False},
        sees_ref={"the first block is huge": True},
        rule="the range of a block is hindex to hindex + 511",
        lesson="whenever a bound is passed on, ask whether it is included",
        v5="fixed",
    ),
    Record(
        "D2",
        "the wide cursor stops at a node",
        hunk="H7 F4",
        function=FAULT,
        wrong="A cursor of order 9 does not go below the nodes of its own level: for 512 single entries it "
        "returns the link to a leaf, which the check takes for a conflict. So a cached huge page is never "
        "recognised.",
        kind=Kind.SHOWN,
        act=block.cached_page_not_recognised,
        sees_v3={"the huge path serves B": False},
        sees_ref={"the huge path serves B": True},
        rule="look up one index with a cursor for one index, or search the range with xas_find_conflict",
        lesson="the width of a cursor says what is stored, not what is sought",
    ),
    Record(
        "D3",
        "the second look begins one page late",
        hunk="H7 F12",
        function=FAULT,
        wrong="After xas_create_range the cursor stands on the first slot, and a search from a slot begins behind "
        "it. A small page that came in at the block's first index is not seen, and overwritten.",
        kind=Kind.SHOWN,
        act=block.page_overwritten,
        sees_v3={"pages that name the file but are not in it": 1},
        sees_ref={"pages that name the file but are not in it": 0},
        rule="I5: what the caches hold is what was counted",
        lesson="a cursor is state: know where the last operation left it",
        v5="fixed",
    ),
    Record(
        "D4",
        "empty leaves are left behind",
        hunk="H7 F12",
        function=FAULT,
        wrong="Room was made, then something was found in the way. The leaves made for nothing stay, and the wide "
        "cursor (D2) takes an empty leaf for a conflict for ever after.",
        kind=Kind.SHOWN,
        act=block.empty_leaves,
        sees_v3={"nodes after truncation": 8, "the empty block becomes huge": False},
        sees_ref={"nodes after truncation": 0, "the empty block becomes huge": True},
        rule="I9: no node without entries",
        lesson="whoever gives up takes away what he has put up",
    ),
    Record(
        "D11",
        "an allocation that may sleep under a spinlock",
        hunk="H7 F11",
        function=FAULT,
        wrong="xas_nomem is called with GFP_KERNEL while the i_pages lock is held and irqs are off. The idiom is: "
        "unlock, allocate, lock, try again.",
        kind=Kind.SHOWN,
        act=block.sleeping_allocation,
        sees_v3={
            "A reads": "page 515",
            "reports": 1,
            "a production kernel says so": False,
        },
        sees_ref={
            "A reads": "page 515",
            "reports": 0,
            "a production kernel says so": False,
        },
        rule="nobody sleeps with a spinlock held or irqs off",
        lesson="it works until memory is short; only a debug kernel says so before",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "D28",
        "traces of evicted pages are conflicts",
        hunk="H6",
        function=CHECK,
        wrong="When a page is evicted a value may stay in its slot. It counts as a conflict: one slot of 512 is "
        "enough, and from then on the block stays small.",
        kind=Kind.ARGUED,
        reason="the kit has no reclaim, so no slot ever holds such a value; and the correct version keeps the "
        "limit",
        lesson="the page cache holds more than pages",
        ref="kept",
    ),
    Record(
        "D37",
        "a spare node is left over",
        hunk="H7 F11",
        function=FAULT,
        wrong="The node that xas_nomem keeps ahead is given back by one more call of xas_nomem, which the loop "
        "leaves out. If somebody else made the missing leaf meanwhile, the spare one leaks.",
        kind=Kind.SHOWN,
        act=block.spare_node,
        sees_v3={"nodes that are in no tree": 1},
        sees_ref={"nodes that are in no tree": 0},
        rule="every live node is in a tree",
        lesson="the loop around xas_nomem ends with a call that fails",
    ),
    Record(
        "D39",
        "one small page blocks its block for good",
        hunk="H6",
        function=CHECK,
        wrong="A single page that is cached by itself, by a read or by readahead, makes the huge path give up, "
        "and nothing ever puts the pages together.",
        kind=Kind.ARGUED,
        reason="the correct version does the same: only collapsing small pages, which 5.4 chose instead, would "
        "help",
        lesson="whoever needs an empty block needs somebody who empties it",
        ref="kept",
    ),
    Record(
        "D52",
        "usable exactly while somebody else has it locked",
        hunk="H6",
        function=CHECK,
        wrong="With the lookups repaired alone, the test of the lock accepts a page just while another task holds "
        "its lock: while truncation removes it. The handler takes neither the lock nor a reference.",
        kind=Kind.SHOWN,
        act=block.mapped_while_removed,
        sees_v3={"A meanwhile": "page 515", "removed while mapped": True},
        sees_ref={"A meanwhile": "SIGBUS", "removed while mapped": False},
        after=("D2", "D5", "D7"),
        rule="a page is mapped under its lock, after a look at its owner and at the size of the file",
        lesson="a repair can open the door for a defect that was locked in",
        v4="fixed",
        v5="fixed",
    ),
)
"""In the order of their numbers."""
