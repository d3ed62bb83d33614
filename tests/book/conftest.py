"""The small project that the tests of the book write their texts into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one source file."""
    return Project(tmp_path)
