"""Prints the points of every exercise below pytest's own summary."""

from thpkit.grading.pytest_face import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]
