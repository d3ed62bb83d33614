"""Records about mmap: hunks H9 and H10."""

from __future__ import annotations

from typing import Final

from thpkit.patch import equivalents
from thpkit.patch.model import Kind, Record
from thpkit.patch.scene import Setting
from thpkit.patch.scenes import address, mapping

MMAP: Final = "do_mmap"

RECORDS: Final = (
    Record(
        "K18",
        "IS_ENABLED instead of #ifndef",
        hunk="H9",
        function="thp_get_unmapped_area",
        wrong="A condition that the preprocessor cuts out would better be one that the compiler sees.",
        kind=Kind.ARGUED,
        reason="the preprocessor: both spellings give the same code, and Python has neither",
        lesson="code that is always compiled is always checked",
        ref="no option at all",
    ),
    Record(
        "K19",
        "why executable, why readable?",
        hunk="H10",
        function=MMAP,
        wrong="Only writing matters; data that nobody writes would profit just as well.",
        kind=Kind.SHOWN,
        act=address.only_readable,
        sees_v3={"aligned": False},
        sees_ref={"aligned": True},
        rule="ask for what you need, not for the case you thought of",
        lesson="each condition must answer the question: what breaks without it?",
    ),
    Record(
        "K20",
        "what about mprotect?",
        hunk="H10",
        function=MMAP,
        wrong="That a mapping is not writable now says nothing about later; a read-only *file* would. Mappings at "
        "a fixed address keep the right to become writable, and then D20 waits.",
        kind=Kind.SHOWN,
        act=mapping.text_made_writable,
        sees_v3={"mprotect": 0, "A writes": "faults for ever"},
        sees_ref={"mprotect": 0, "A writes": "private copy"},
        rule="a fault that was served does not come back unchanged",
        lesson="protection is a state, not a promise",
        repair="D20",
    ),
    Record(
        "K21",
        "sizes are somebody else's business",
        hunk="H10",
        function=MMAP,
        wrong="thp_get_unmapped_area looks at length and hint itself; there is no need to do it twice.",
        kind=Kind.EQUIVALENT,
        agree=equivalents.length_and_hint,
        reason="the address with and without these tests, for all lengths, offsets and kinds of hint: same "
        "address; MAYWRITE differs, so the remark holds only together with K23",
        lesson="two copies of a test will differ one day",
        v4="removed, with the one for MAP_FIXED",
        v5="length and MAP_FIXED are back",
        ref="not there",
    ),
    Record(
        "K22",
        "a helper that asks for a read-only file",
        hunk="H10",
        function=MMAP,
        wrong="Perhaps a thp_ro_get_unmapped_area that looks first whether the file was opened read-only. As it "
        "is, a file that this very process may write is placed for huge pages.",
        kind=Kind.SHOWN,
        act=address.open_for_writing,
        sees_v3={"aligned": True},
        sees_ref={"aligned": False},
        rule="huge pages are for files that nobody writes",
        lesson="put the condition where the decision is made",
    ),
    Record(
        "K23",
        "VM_MAYWRITE is taken away",
        hunk="H10",
        function=MMAP,
        wrong="The bit says what the file allows, and is not to be borrowed for another purpose. A private mapping "
        "may always become writable, because its own copy is written.",
        kind=Kind.SHOWN,
        act=address.never_writable_again,
        sees_v3={"mprotect": "EACCES"},
        sees_ref={"mprotect": "0"},
        rule="MAYWRITE of a private mapping stays set",
        lesson="do not break a promise to users in order to keep one to yourself",
    ),
    Record(
        "D21",
        "memory without a file, too",
        hunk="H10",
        function=MMAP,
        wrong="Whether there is a file at all is not asked. Anonymous memory that is readable and executable can "
        "never be written again: compilers at run time stop working.",
        kind=Kind.SHOWN,
        act=address.memory_without_a_file,
        sees_v3={"mprotect": "EACCES"},
        sees_ref={"mprotect": "0"},
        rule="MAYWRITE of a private mapping stays set",
        lesson="ask which calls come through here, not which you have in mind",
    ),
    Record(
        "D22",
        "the file is not asked",
        hunk="H10",
        function=MMAP,
        wrong="thp_get_unmapped_area is called directly. A file that chooses its own addresses is passed over, "
        "and so are the checks of get_unmapped_area, a security hook among them.",
        kind=Kind.SHOWN,
        act=address.file_that_chooses,
        sees_v3={"where the driver said": False},
        sees_ref={"where the driver said": True},
        rule="addresses are chosen through get_unmapped_area",
        lesson="a short way round a function is a way round its checks",
    ),
    Record(
        "D23",
        "aligned is not congruent",
        hunk="H10",
        function=MMAP,
        wrong="The address that thp_get_unmapped_area gives is congruent to the offset. From the second page of "
        "the file on the right one is not aligned, and is thrown away.",
        kind=Kind.SHOWN,
        act=address.congruent_not_aligned,
        setting=Setting(blocks=3),
        sees_v3={"address": "0x7ffff7bff000", "a huge page can lie there": False},
        sees_ref={"address": "0x7ffff7a01000", "a huge page can lie there": True},
        rule="address and offset agree modulo 2 MiB",
        lesson="try an offset that is not zero",
    ),
    Record(
        "D24",
        "fixed addresses are left out",
        hunk="H10",
        function=MMAP,
        wrong="The comment says: not fixed, *or* aligned. The code wants not fixed. The dynamic linker places its "
        "segments by MAP_FIXED. A fixed address is not aligned by anybody, so all that is left out for it is the "
        "treatment of VM_MAYWRITE.",
        kind=Kind.SHOWN,
        act=address.fixed_and_chosen,
        sees_v3={"treated alike": False},
        sees_ref={"treated alike": True},
        rule="a comment says what the code does",
        lesson="when comment and code differ both may be wrong",
        v4="gone with the test",
        v5="back",
    ),
    Record(
        "D25",
        "felt by those who gain nothing",
        hunk="H9, H10",
        function=MMAP,
        wrong="Aligning and taking MAYWRITE away happen for every file, whether its file system has huge pages or "
        "not: less random addresses, and EACCES, for no benefit.",
        kind=Kind.SHOWN,
        act=address.ordinary_file,
        setting=Setting(huge=False),
        sees_v3={"aligned": True, "mprotect": "EACCES"},
        sees_ref={"aligned": False, "mprotect": "0"},
        rule="an option changes only what it is about",
        lesson="decide per file, where the file system can say that it takes part",
        repair="K23",
    ),
    Record(
        "D41",
        "a shared mapping taken for a private one",
        hunk="H10",
        function=MMAP,
        wrong="The type of a mapping is a number in four bits. MAP_SHARED_VALIDATE is 3 and so has the bit of "
        "MAP_PRIVATE: a shared mapping of a file that may be written loses MAYWRITE.",
        kind=Kind.SHOWN,
        act=address.shared_taken_for_private,
        sees_v3={"mprotect": "EACCES"},
        sees_ref={"mprotect": "0"},
        rule="compare flags & MAP_TYPE",
        lesson="not every flag is a bit",
    ),
)
"""In the order of their numbers."""
