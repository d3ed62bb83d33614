"""Failing on purpose: the n-th allocation of a kind, or the n-th read of a file system.

Models: lib/fault-inject.c, reduced to "let some succeed, then fail some".
"""

from __future__ import annotations

from typing import Final

from thpkit.kernel import current
from thpkit.kernel.kobject import KObject, kstruct, primitive

SITES: Final = {
    "page": "a page for the page cache or a private copy",
    "xa_node": "a node of an XArray",
    "pgtable": "a page-table page",
    "memcg": "a charge to the memory control group",
    "read": "a read from storage",
}
"""What can be made to fail, and what it is."""


@kstruct
class FailPlan(KObject):
    """How one site behaves from now on."""

    skip: int
    """So many attempts still succeed."""
    count: int
    """So many attempts after them fail; then all succeed again."""
    failed: int = 0
    """Attempts that have failed so far."""


@primitive
def should_fail(site: str) -> bool:
    """Whether this attempt at ``site`` (a key of :data:`SITES`) must fail; counts the attempt."""
    plan = current.kernel.fail_plans.get(site)
    if plan is None:
        return False
    if plan.skip > 0:
        plan.skip = plan.skip - 1
        return False
    if plan.count == 0:
        return False
    plan.count = plan.count - 1
    plan.failed = plan.failed + 1
    return True
