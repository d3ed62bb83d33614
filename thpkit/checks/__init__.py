"""Invariants: what must be true of a machine whenever it is quiet.

Each check is a pure function of the kernel's state that returns None, or a sentence with the numbers. They run on a
live machine and, unchanged, on any past step of a recording. I1 to I14 are numbered as in the lessons; the others
have names.
"""

from thpkit.checks.registry import CHECKS, Broken, Check, broken, first_broken

__all__ = ["CHECKS", "Broken", "Check", "broken", "first_broken"]
