"""Fenced blocks of a Markdown text."""

from __future__ import annotations

from markdown_it import MarkdownIt


def fences(text: str, language: str) -> list[str]:
    """The content of every fence whose info string is ``language``."""
    tokens = MarkdownIt("commonmark").parse(text)
    return [
        each.content
        for each in tokens
        if each.type == "fence" and each.info == language
    ]
