"""Records about the option and its #ifdefs, the reverse map, and what the patch leaves to unmodified v5.3."""

from __future__ import annotations

from typing import Final

from thpkit.patch import equivalents
from thpkit.patch.model import Kind, Record
from thpkit.patch.scene import Setting
from thpkit.patch.scenes import page

V53: Final = "v5.3"

RECORDS: Final = (
    Record(
        "K1",
        "OFFSET beside MASK",
        hunk="H1",
        function="HPAGE_PMD_OFFSET",
        wrong="A new name for size − 1, from which the masks are then built: OFFSET and MASK confuse, and for "
        "small pages PAGE_OFFSET is something else altogether.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.masks,
        reason="cutting addresses off by either spelling, and by division",
        lesson="a name must not need its definition",
        v4="dropped",
        v5="dropped",
        ref="not there",
    ),
    Record(
        "K2",
        "a prototype inside #ifdef",
        hunk="H2",
        function="filemap_huge_fault",
        wrong="A declaration that nobody uses does no harm; the #ifdef around it is noise.",
        kind=Kind.ARGUED,
        reason="a declaration: Python has none",
        lesson="hide definitions if you must, never declarations",
        v4="fixed",
        v5="fixed",
        ref="no option at all",
    ),
    Record(
        "K3",
        "two forms of unaccounting",
        hunk="H4",
        function="unaccount_page_cache_page",
        wrong="The new form suits everybody; the old one need not stay beside it.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.unaccounting,
        reason="both forms, on every kind of page that the old one allows",
        lesson="an option is tested in one setting and rots in the other",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "K24",
        "just remove the assertion",
        hunk="H11",
        function="page_add_file_rmap",
        wrong="That a huge file page is swap-backed is not true any more: remove it, without an #ifdef.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.adding_a_mapping,
        reason="with and without, on every kind of page for which it holds",
        lesson="an assertion that a feature makes false goes with the feature, not with an option",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "K25",
        "and this one",
        hunk="H11",
        function="page_remove_file_rmap",
        wrong="The same on the way back.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.removing_a_mapping,
        reason="with and without, on every kind of page for which it holds",
        lesson="what is changed on one side is changed on the other",
        v4="fixed",
        v5="fixed",
    ),
    Record(
        "D29",
        "writers are not kept away",
        hunk="H7 F2",
        function="filemap_huge_fault",
        wrong="Nobody asks whether the file is open for writing, and nobody is told when it is opened later. A "
        "huge page of a file has no way of being written, and everybody who maps it huge goes on with it. As "
        "posted the writer does not get that far: it waits for the page lock (D5), or looks at a tail again and "
        "again (D30).",
        kind=Kind.SHOWN,
        act=page.a_writer,
        sees_v3={"pages B writes": "1", "A maps it huge even so": True},
        sees_ref={"pages B writes": "1", "A maps it huge even so": False},
        after=("D5", "D30"),
        rule="I14: no huge page beside a writer",
        lesson="read-only needs somebody who enforces it, on both sides",
    ),
    Record(
        "D30",
        "nobody else is ready for tails",
        hunk=V53,
        function="filemap_fault, truncate_inode_pages_range and others",
        wrong="Generic lookups compare the owner of the sub-page, and a tail has none: a fault on it repeats for "
        "ever, and truncation through the middle of the page never ends. The patch relies on all of them.",
        kind=Kind.SHOWN,
        act=page.tails,
        sees_v3={"B reads": "waits for ever", "truncation": "waits for ever"},
        sees_ref={"B reads": "page 768", "truncation": "0"},
        after=("D5", "D7"),
        rule="compare the head's owner",
        lesson="a new kind of page in an old cache concerns everybody who looks things up there",
        v5="two places",
    ),
    Record(
        "D31",
        "nobody calls it",
        hunk="H7",
        function="filemap_huge_fault",
        wrong="No file system of the series sets its huge_fault operation to the new handler, so as posted it "
        "cannot be reached.",
        kind=Kind.ARGUED,
        reason="a fact about the series; to run the handler at all, this kit adds a file system that offers it",
        lesson="a feature without a user has not been tried",
        ref="the kit's own file system",
    ),
    Record(
        "D43",
        "smaps does not know such pages",
        hunk=V53,
        function="smaps_pmd_entry",
        wrong="The statistics of a process assert that a huge page is anonymous, shmem or device memory: reading "
        "/proc/PID/smaps stops a debug kernel.",
        kind=Kind.SHOWN,
        act=page.statistics,
        setting=Setting(debug=True),
        sees_v3={"mappings listed": "kernel bug"},
        sees_ref={"mappings listed": "1"},
        rule="an assertion is about what cannot happen",
        lesson="search for every place that lists the kinds there are",
    ),
    Record(
        "D48",
        "no test for poisoned memory",
        hunk="H7 F15",
        function="filemap_huge_fault",
        wrong="The huge path passes by the place where __do_fault refuses poisoned pages, and this era's "
        "memory_failure gives up on huge pages of files: text in them cannot be saved from a memory error.",
        kind=Kind.ARGUED,
        reason="the kit has no memory errors; the correct version leaves the test out as well",
        lesson="what you bypass, you have to do yourself",
        ref="kept",
    ),
    Record(
        "D50",
        "a cursor without its callback",
        hunk="H7 F1",
        function="filemap_huge_fault",
        wrong="Generic code lets the cursor of a page cache tell the workingset code when nodes change. The "
        "handler's cursor does not.",
        kind=Kind.ARGUED,
        reason="nothing to see while values in slots are conflicts (D28), and the kit has no shadow entries",
        lesson="a cursor made by hand misses what the usual way of making one does",
        ref="kept, harmless without shadow entries",
    ),
)
"""In the order of their numbers."""
