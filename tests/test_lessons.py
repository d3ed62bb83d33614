"""The book says what the code is: every quote stands in the source, and what is covered stays covered."""

from __future__ import annotations

import pytest

from thpkit import book
from thpkit.book.check import check
from thpkit.book.commentary import list_commentary
from thpkit.book.explanations import explanations
from thpkit.book.quotes import QuoteRole, statements
from thpkit.trace.statements import ROOT

COVERED = (
    "fault.py::do_user_addr_fault",
    "filemap.py::__add_to_page_cache_locked",
    "filemap.py::add_to_page_cache_lru",
    "filemap.py::clear_empty_chunk",
    "filemap.py::clear_empty_path",
    "filemap.py::delete_from_page_cache",
    "filemap.py::delete_from_page_cache_batch",
    "filemap.py::filemap_fault",
    "filemap.py::filemap_huge_fault",
    "filemap.py::filemap_map_pages",
    "filemap.py::find_get_entries",
    "filemap.py::find_get_entry",
    "filemap.py::find_get_page",
    "filemap.py::forget_empty_nodes",
    "filemap.py::generic_file_buffered_read",
    "filemap.py::generic_perform_write",
    "filemap.py::get_if_still_there",
    "filemap.py::huge_block_in_use",
    "filemap.py::huge_fault_new_page",
    "filemap.py::lock_if_mappable",
    "filemap.py::page_cache_delete",
    "filemap.py::page_cache_delete_batch",
    "filemap.py::page_cache_free_page",
    "filemap.py::page_read_again",
    "filemap.py::pagecache_get_page",
    "filemap.py::thp_add_to_page_cache",
    "filemap.py::thp_fill_block",
    "filemap.py::unaccount_page_cache_page",
    "fs.py::do_dentry_open",
    "fs.py::do_truncate",
    "fs.py::evict",
    "fs.py::fput",
    "fs.py::generic_file_mmap",
    "fs.py::huge_file_mmap",
    "fs.py::huge_readpage",
    "fs.py::simple_readpage",
    "fs.py::vfs_truncate",
    "fs.py::vfs_unlink",
    "huge_memory.py::free_transhuge_page",
    "huge_memory.py::prep_transhuge_page",
    "huge_memory.py::split_huge_pmd",
    "huge_memory.py::__split_huge_pmd",
    "huge_memory.py::thp_get_unmapped_area",
    "huge_memory.py::__thp_get_unmapped_area",
    "huge_memory.py::transhuge_vma_suitable",
    "huge_memory.py::vma_adjust_trans_huge",
    "huge_memory.py::zap_huge_pmd",
    "memory.py::alloc_set_pte",
    "memory.py::alloc_zeroed_user_page",
    "memory.py::create_huge_pmd",
    "memory.py::create_huge_pud",
    "memory.py::do_anonymous_page",
    "memory.py::do_cow_fault",
    "memory.py::do_fault",
    "memory.py::__do_fault",
    "memory.py::do_fault_around",
    "memory.py::do_read_fault",
    "memory.py::do_set_pmd",
    "memory.py::do_shared_fault",
    "memory.py::do_wp_page",
    "memory.py::finish_fault",
    "memory.py::free_pgtables",
    "memory.py::free_table_range",
    "memory.py::__handle_mm_fault",
    "memory.py::handle_mm_fault",
    "memory.py::handle_pte_fault",
    "memory.py::huge_pmd_set_accessed",
    "memory.py::map_pages",
    "memory.py::pte_alloc_one_map",
    "memory.py::tlb_finish_mmu",
    "memory.py::undo_cow_page",
    "memory.py::unmap_mapping_pages",
    "memory.py::unmap_page_range",
    "memory.py::wp_huge_pmd",
    "memory.py::wp_page_copy",
    "memory.py::zap_page_range_single",
    "memory.py::zap_pmd_range",
    "memory.py::zap_pte_range",
    "mmap.py::arch_get_unmapped_area_topdown",
    "mmap.py::do_mmap",
    "mmap.py::do_munmap",
    "mmap.py::exit_mmap",
    "mmap.py::get_unmapped_area",
    "mmap.py::mmap_region",
    "mmap.py::remove_vma",
    "mmap.py::split_vma",
    "mmap.py::unlink_file_vma",
    "mmap.py::unmap_region",
    "mmap.py::vm_unmapped_area_bottomup",
    "mmap.py::vm_unmapped_area_topdown",
    "mmap.py::vma_link",
    "mprotect.py::change_pmd",
    "mprotect.py::change_protection",
    "mprotect.py::change_pte_range",
    "mprotect.py::do_mprotect",
    "mprotect.py::mprotect_fixup",
    "page_alloc.py::alloc_pages",
    "page_alloc.py::destroy_compound_page",
    "page_alloc.py::free_compound_page",
    "page_alloc.py::__free_pages_ok",
    "page_alloc.py::free_pages_prepare",
    "page_alloc.py::prep_compound_page",
    "pgtable.py::Level.shift",
    "pgtable.py::table_alloc",
    "rmap.py::page_add_file_rmap",
    "rmap.py::page_add_new_anon_rmap",
    "rmap.py::page_remove_file_rmap",
    "rmap.py::page_remove_rmap",
    "swap.py::lru_add_drain",
    "swap.py::lru_cache_add",
    "swap.py::lru_cache_add_active_or_unevictable",
    "swap.py::__page_cache_release",
    "swap.py::__pagevec_lru_add",
    "swap.py::pagevec_release",
    "swap.py::__put_page",
    "swap.py::put_page",
    "syscalls.py::sys_close",
    "syscalls.py::sys_elf_map",
    "syscalls.py::sys_exit",
    "syscalls.py::sys_ftruncate",
    "syscalls.py::sys_mincore",
    "syscalls.py::sys_mmap",
    "syscalls.py::sys_mprotect",
    "syscalls.py::sys_munmap",
    "syscalls.py::sys_open",
    "syscalls.py::sys_pread",
    "syscalls.py::sys_pwrite",
    "syscalls.py::sys_truncate",
    "syscalls.py::sys_unlink",
    "truncate.py::mapping_end",
    "truncate.py::truncate_cleanup_page",
    "truncate.py::truncate_inode_page",
    "truncate.py::truncate_inode_pages",
    "truncate.py::truncate_pagecache",
    "truncate.py::truncate_waiting",
    "truncate.py::truncate_without_waiting",
    "xarray/alloc.py::xas_alloc",
    "xarray/alloc.py::xas_destroy",
    "xarray/alloc.py::xas_nomem",
    "xarray/create.py::xas_create",
    "xarray/create.py::xas_create_range",
    "xarray/create.py::xas_expand",
    "xarray/find.py::xas_find",
    "xarray/find.py::xas_find_conflict",
    "xarray/find.py::xas_next_entry",
    "xarray/marks.py::xas_clear_mark",
    "xarray/marks.py::xas_init_marks",
    "xarray/marks.py::xas_set_mark",
    "xarray/state.py::xas_retry",
    "xarray/state.py::xas_update",
    "xarray/store.py::update_node",
    "xarray/store.py::xas_delete_node",
    "xarray/store.py::xas_free_nodes",
    "xarray/store.py::xas_shrink",
    "xarray/store.py::xas_store",
    "xarray/walk.py::_down_to_entry",
    "xarray/walk.py::xas_descend",
    "xarray/walk.py::xas_load",
    "xarray/walk.py::__xas_next",
    "xarray/walk.py::xas_next",
    "xarray/walk.py::xas_reload",
    "xarray/walk.py::xas_start",
)
"""Functions whose every statement has a bullet in the commentary. This list only grows."""


def test_there_are_lessons() -> None:
    assert book.lessons(), "lessons/ holds no lesson that can be loaded"


def test_the_book_is_true_to_the_source() -> None:
    problems = check(ROOT)
    assert not problems, "\n" + "\n".join(str(each) for each in problems)


@pytest.mark.parametrize("place", COVERED)
def test_every_statement_has_its_own_bullet(place: str) -> None:
    file, _, function = place.partition("::")
    wanted = set(statements(ROOT / "thpkit" / "kernel" / file, function).values())
    assert wanted, f"{place} has no statements: was it renamed?"
    explained = [
        each.statement
        for each in explanations(list_commentary(ROOT), ROOT)
        if each.role is QuoteRole.EXPLAIN and each.lead
    ]
    silent = [f"line {each.first}: {each.text}" for each in wanted - set(explained)]
    assert not silent, "\n".join([f"{place}: no bullet for", *sorted(silent)])


def test_every_lesson_has_a_scenario_of_its_name() -> None:
    for lesson in book.lessons():
        scenario = lesson.load_scenario()
        assert scenario.name == lesson.id
        assert scenario.stops, f"{lesson.id} has no stops"
