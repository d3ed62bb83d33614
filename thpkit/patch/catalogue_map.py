"""Records about mapping the page: which faults are served, in which order things happen, and under which locks."""

from __future__ import annotations

from typing import Final

from thpkit.patch import equivalents
from thpkit.patch.model import Kind, Record
from thpkit.patch.scene import Setting
from thpkit.patch.scenes import mapping

FAULT: Final = "filemap_huge_fault"

RECORDS: Final = (
    Record(
        "K11",
        "does the mapping suit?",
        hunk="H7 F2",
        function=FAULT,
        wrong="The block lies inside the mapping, but nobody asks whether address and file index agree modulo 512 "
        "pages: transhuge_vma_suitable does.",
        kind=Kind.SHOWN,
        act=mapping.misplaced_is_served,
        sees_v3={"the huge path takes the fault": True},
        sees_ref={"the huge path takes the fault": False},
        rule="huge entries: suitable, aligned, mapping a head",
        lesson="congruent is a relation between two numbers; looking at one of them is not enough",
    ),
    Record(
        "K16",
        "NULL where the charge should be",
        hunk="H7 F15",
        function=FAULT,
        wrong="alloc_set_pte should be given vmf->memcg.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.no_charge_to_pass,
        reason="faults that succeed, misfit or run out of memory: the whole state is the "
        "same, because only a private copy ever has a charge there",
        lesson="pass on what you were given, even if today it is nothing",
        v4="fixed",
        v5="fixed",
        ref="passed on",
    ),
    Record(
        "K17",
        "mapped before it can be found",
        hunk="H7 F15, F17",
        function=FAULT,
        wrong="The order is the wrong way round: first into the cache, then into a page table. As it is, programs "
        "work for a while with a page that no system call can find.",
        kind=Kind.SHOWN,
        act=mapping.mapped_before_findable,
        sees_v3={"the mapped page is found": False, "I13 holds": False},
        sees_ref={"the mapped page is found": True, "I13 holds": True},
        rule="I13: every mapped file page is found in its cache",
        lesson="the heart of the review: lock, enter, read, map, in this order",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "D12",
        "page-table locks inside the i_pages lock",
        hunk="H7 F15",
        function=FAULT,
        wrong="The page is mapped with the i_pages lock held. The documented order is the other way round, and "
        "the i_pages lock is also taken from interrupts: two CPUs can wait for each other for ever.",
        kind=Kind.SHOWN,
        act=mapping.lock_inversion,
        sees_v3={
            "A reads": "page 515",
            "rules broken": ("lock order", "irq lock inversion"),
            "a production kernel says so": False,
        },
        sees_ref={
            "A reads": "page 515",
            "rules broken": (),
            "a production kernel says so": False,
        },
        rule="the page-table lock is outer, the i_pages lock inner",
        lesson="one CPU never notices; that is what the lock-order validator is for",
        v4="fixed for a new page only",
        v5="fixed",
    ),
    Record(
        "D15",
        "NOPAGE is taken for success",
        hunk="H7 F17",
        function=FAULT,
        wrong="alloc_set_pte answers NOPAGE when something is mapped there already. That is no error bit, so the "
        "page is entered and gets a mapping's reference without a mapping: it is never freed. And where it was a "
        "small entry that was there, the page-table lock is held as well (D46).",
        kind=Kind.SHOWN,
        act=mapping.mapped_by_nobody,
        sees_v3={"references of the huge page": 513, "its mappings": 0},
        sees_ref={"references of the huge page": 0, "its mappings": 0},
        rule="I1: references = 512 if cached + mappings",
        lesson="three answers do not fit into one bit: done, failed, somebody else was faster",
    ),
    Record(
        "D16",
        "the head, wherever the fault was",
        hunk="H7 F15",
        function=FAULT,
        wrong="When a huge entry is refused, alloc_set_pte silently sets a small one, of the page it was given: "
        "always the head. The process reads another place of the file. It needs no misfit: it is enough that "
        "another thread has mapped a page of the block.",
        kind=Kind.SHOWN,
        act=mapping.wrong_bytes,
        sees_v3={"A reads": "page 512"},
        sees_ref={"A reads": "page 515"},
        rule="huge entries, small entries: the index shown is the index asked for",
        lesson="a function that helps itself out must be given what it needs for that",
    ),
    Record(
        "D17",
        "and then the lock is missed",
        hunk="H7 F2, F15",
        function=FAULT,
        wrong="With a mapping that does not suit this happens at every fault: wrong bytes (D16), and then the "
        "process waits for the lock that it left taken (D46).",
        kind=Kind.SHOWN,
        act=mapping.then_the_next,
        sees_v3={"A reads": "page 512", "then": "waits for ever"},
        sees_ref={"A reads": "page 515", "then": "page 516"},
        rule="I11: no lock is held outside every call",
        lesson="one question left out (K11) turns into three failures",
    ),
    Record(
        "D18",
        "beyond the end of the file",
        hunk="H7 F2",
        function=FAULT,
        wrong="Nobody looks at the size of the file, before or after: an access beyond the end succeeds, and a "
        "page is entered after truncation has finished.",
        kind=Kind.SHOWN,
        act=mapping.beyond_the_end,
        sees_v3={"A": "zeroes"},
        sees_ref={"A": "SIGBUS"},
        rule="inside: no huge or mapped page lies beyond the end of its file",
        lesson="filemap_fault asks twice, once before and once under the page lock: copy both",
    ),
    Record(
        "D20",
        "a write that faults for ever",
        hunk="H7 F2",
        function=FAULT,
        wrong="A write to the huge entry is answered FALLBACK, but the entry stays. In v5.3 only the handler "
        "itself can split it; the small path sees a huge entry and does nothing.",
        kind=Kind.SHOWN,
        act=mapping.endless_write,
        sees_v3={"A writes": "faults for ever"},
        sees_ref={"A writes": "private copy"},
        rule="a fault that was served does not come back unchanged",
        lesson="FALLBACK means: I have made it possible for the next smaller size",
    ),
    Record(
        "D40",
        "an assertion before the answer is looked at",
        hunk="H7 F16",
        function=FAULT,
        wrong="That the entry is huge is asserted even if mapping failed: a debug kernel stops when memory is "
        "merely short. It stops as well where the mapping suits and another thread was faster (D16).",
        kind=Kind.SHOWN,
        act=mapping.assertion_first,
        setting=Setting(debug=True),
        sees_v3={"A": "kernel bug"},
        sees_ref={"A": "SIGKILL"},
        rule="an assertion is about what cannot happen",
        lesson="look at the result first, then assert what it promises",
    ),
    Record(
        "D42",
        "any mapping at all",
        hunk="H7 F2",
        function=FAULT,
        wrong="The kind of mapping is never asked for, nor who has the file open. A shared writable mapping gets "
        "one writable huge entry: writes pass page_mkwrite by, and unmapping does not carry the dirty bit "
        "over.",
        kind=Kind.SHOWN,
        act=mapping.shared_and_writable,
        sees_v3={"one huge entry that can be written through": True},
        sees_ref={"one huge entry that can be written through": False},
        rule="I14: no huge page beside a writer",
        lesson="read-only is a property of the file, not of one fault",
    ),
    Record(
        "D46",
        "the lock of the small entry stays taken",
        hunk="H7 F15",
        function=FAULT,
        wrong="alloc_set_pte leaves the page-table lock taken if it set a small entry; finish_fault releases it, "
        "and asks whether the address space is being torn down. The handler calls alloc_set_pte itself and "
        "does neither. It needs no misfit either.",
        kind=Kind.SHOWN,
        act=mapping.lock_kept,
        sees_v3={"page-table locks held": 1},
        sees_ref={"page-table locks held": 0},
        rule="I11: what was taken was given back",
        lesson="use the function that does the whole thing",
    ),
    Record(
        "D51",
        "a spare table is lost on some machines",
        hunk="H7 F15",
        function=FAULT,
        wrong="Where the architecture deposits page tables, do_set_pmd may allocate one and leave it in vmf; only "
        "do_fault frees it, and the huge path does not pass there.",
        kind=Kind.ARGUED,
        reason="x86-64 deposits none for file pages, and the kit models x86-64",
        lesson="what holds on your machine is not yet true",
        ref="kept: REF calls finish_fault from the same place",
    ),
)
"""In the order of their numbers."""
