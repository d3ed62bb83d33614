"""Edits of the small book that break one rule each, and what an author should be told."""

from __future__ import annotations

from typing import NamedTuple

LESSON = "lessons/01_small/README.md"
FACTS = "lessons/01_small/lesson.toml"
QUIZ = "lessons/01_small/quiz.toml"
SMALL = "lessons/commentary/small.md"
GLOSSARY = "lessons/glossary.md"
NAMES = "lessons/kernel_names.txt"

ONCE = "python src=kit/small.py::once"
TWICE = "python src=kit/small.py::twice"
LONG = "".join(f"x{i} = {i}\n" for i in range(13))
MANY = "word " * 900
PROSE = " ".join(["Words that say what would break."] * 12)
LINK = "[The glossary](../glossary.md#page)"


class Broken(NamedTuple):
    """An edit that breaks one rule."""

    rule: str
    phrase: str
    """A piece of the sentence that tells the author what to do or where to look."""
    file: str
    old: str
    new: str
    below: int = 0
    """How many lines below the first edited one the problem is reported."""
    at: int | None = None
    """The line it is reported at, if it has nothing to do with the edit's."""
    reported_in: str = ""
    """The file it is reported in, if it is another one."""


QUOTES = [
    Broken("quote-missing", "-nr = 7", SMALL, "nr = 7\nreturn", "nr = 8\nreturn", -1),
    Broken("quote-missing", "only once", SMALL, "::once", "::once nth=9"),
    Broken("quote-file", "no source file kit/smal.py", SMALL, "small.py", "smal.py"),
    Broken("quote-function", "did you mean once", SMALL, "::once", "::onec"),
    Broken(
        "quote-ambiguous",
        "add nth=N",
        SMALL,
        "# Small\n",
        f"# Small\n\n```{TWICE}\nreturn nr\n```\n\nBack to whoever asked for it.\n",
        2,
    ),
    Broken("info", "write src=PATH::FUNCTION", SMALL, "::once", ""),
    Broken("info", "[nth=N] [role=again]", SMALL, "::once", "::once line=3"),
    Broken("role", "explain, again, sketch", SMALL, "::once", "::once role=recap"),
    Broken(
        "quote-long",
        "split it",
        SMALL,
        "# Small\n",
        f"# Small\n\n```python src=kit/long.py::f\n{LONG}```\n\n{PROSE}\n",
        2,
    ),
    Broken(
        "quote-prose", "quoted is not explained", SMALL, "- `nr", "## Two\n\n- `nr", -5
    ),
    Broken(
        "prose-ratio",
        "4 words explain 2 lines; 10 are the least",
        SMALL,
        "7` Seven is what everybody else expects here.\n- `return nr` Without it the caller would get nothing.",
        "7` Seven.\n- `return nr` It goes back.",
        -5,
    ),
    Broken(
        "bullet", "in no line of the quote", SMALL, "- `return nr`", "- `return page`"
    ),
    Broken(
        "bullet",
        "counts by its first line",
        SMALL,
        "# Small\n",
        f"# Small\n\n```{TWICE}\ntotal = sum(\n    [nr, page]\n)\n```\n\n"
        f"- `total` {PROSE}\n- `[nr, page]` Both of them.\n",
        9,
    ),
    Broken(
        "bullet-order",
        "line 1 of the quote, which an earlier bullet has passed",
        SMALL,
        "- `return nr` Without it the caller would get nothing.\n",
        "- `return nr` Without it the caller would get nothing.\n- `nr = 7` It is seven.\n",
        1,
    ),
    Broken("ellipsis", "split it into two", SMALL, "nr = 7\n", "nr = 7\n...\n", 1),
    Broken(
        "sketch",
        "quote it",
        SMALL,
        "# Small\n",
        "# Small\n\n```python src=kit/small.py role=sketch\nnr = 7\n```\n\nRoughly.\n",
        2,
    ),
    Broken(
        "explained-twice",
        "at line 8 already; quote it with role=again",
        SMALL,
        "would get nothing.\n",
        f"would get nothing.\n\n```{ONCE}\nnr = 7\n```\n\nThat is how many there are.\n",
        2,
    ),
]

LESSONS = [
    Broken("lesson", "the folder '01_small'", FACTS, 'id = "01_small"', 'id = "01_x"'),
    Broken("lesson", "3 are the most", FACTS, '["see"]', '["a", "b", "c", "d"]'),
    Broken(
        "lesson",
        "no other lesson",
        FACTS,
        "remarks",
        'prerequisites = ["00_x"]\nremarks',
    ),
    Broken(
        "lesson", "no scenario no.py", FACTS, "part =", 'scenario = "no.py"\npart ='
    ),
    Broken("lesson", "not in the source", FACTS, "::twice", "::thrice"),
    Broken("lesson", "none of K1 to K25", FACTS, "K9", "K26"),
    Broken("lesson", "thp defects lists them", FACTS, "D3", "D38"),
    Broken("lesson", "did you mean remarks", FACTS, "remarks", "remark", at=1),
    Broken(
        "lesson",
        "kit/small.py::twice is neither in functions of lesson.toml nor in the commentary",
        FACTS,
        '"kit/small.py::twice", ',
        "",
        at=21,
        reported_in=LESSON,
    ),
    Broken(
        "shape", "no section of a lesson", LESSON, "## See\n", "## See\n\n## Look\n", 2
    ),
    Broken(
        "shape", "the order is", LESSON, "## Say why\n", "## Predict\n\n## Say why\n"
    ),
    Broken(
        "shape", "there is no section ## Exercise", LESSON, "\n## Exercise\n", "", at=45
    ),
    Broken("shape", "begins with its title", LESSON, "# A small lesson\n", "", at=1),
    Broken("shape", "a second title", LESSON, "\n## See\n", "\n# See\n\n## See\n", 1),
    Broken(
        "shape",
        "only ## Walk has sections",
        LESSON,
        "## See\n",
        "## See\n\n### Here\n",
        2,
    ),
    Broken(
        "shape",
        "this stands under Exercise",
        LESSON,
        "None.\n",
        f"```{ONCE} role=again\nnr = 7\n```\n\nNone.\n",
    ),
    Broken("words", "900 are the most", LESSON, "None.", MANY, at=1),
]

WORDS = [
    Broken(
        "identifier",
        "did you mean do_user_addr_fault",
        SMALL,
        "Seven is",
        "`do_user_adr_fault` is",
    ),
    Broken(
        "identifier",
        "neither the code nor the glossary",
        LESSON,
        "it reads ahead",
        "`readahead_x` is",
    ),
    Broken(
        "identifier", "there is no kit/big.py", SMALL, "Seven is", "`kit/big.py` is"
    ),
    Broken(
        "identifier",
        "has no function onec",
        SMALL,
        "Seven is",
        "`kit/small.py::onec` is",
    ),
    Broken(
        "identifier", "do_user_adr", QUIZ, '"One was read."', '"`do_user_adr` read it."'
    ),
    Broken("identifier", "D99 is no record", SMALL, "Seven is", "`D99` is"),
    Broken(
        "kernel-names",
        "the list is sorted",
        NAMES,
        "mm/filemap.c\n",
        "mm/filemap.c\nmm/filemap.c\n",
        1,
    ),
    Broken(
        "kernel-names",
        "take it off the list",
        NAMES,
        "mm/filemap.c\n",
        "folio\nmm/filemap.c\n",
    ),
    Broken(
        "glossary",
        "explained at line 3 already",
        GLOSSARY,
        "## fault",
        "## pages\n\nTwo.\n\n## fault",
    ),
    Broken(
        "glossary",
        "has no entry",
        GLOSSARY,
        "What an access to a page without an entry becomes.",
        "",
        -2,
    ),
    Broken(
        "glossary",
        "no text uses 'quokka'",
        GLOSSARY,
        "## fault",
        "## quokka\n\nA beast.\n\n## fault",
    ),
    Broken("link", "does not exist", LESSON, LINK, "[The glossary](../glossery.md)"),
    Broken(
        "link",
        "did you mean #page?",
        LESSON,
        LINK,
        "[The glossary](../glossary.md#pag)",
    ),
    Broken("link", "this text has no heading", LESSON, LINK, "[Above](#nowhere)"),
    Broken("link", "so no #L999", LESSON, LINK, "[It](../../kit/small.py#L999)"),
]

RUNS = [
    Broken("number", "the text says 2, the run 1", LESSON, "faults 1<", "faults 2<"),
    Broken("number", "PGFALT", LESSON, "PGFAULT\", \"end\"", "PGFALT\", \"end\""),
    Broken("number", "directly after the number", LESSON, "faults 1<", "faults 1 <"),
    Broken("number", "only a lesson has a run", SMALL, "here.", 'here, 7<!--= 7 --> times.'),
    Broken("number", "no variant 'v9'", LESSON, '"end") -->', '"end") in v9 -->'),
    Broken("picture", "+  PGFAULT", LESSON, "1            +1 ", "2            +1 ", -1),
    Broken("picture", "no picture of 'sky'", LESSON, "picture=counters", "picture=sky"),
    Broken("picture", "The fault is ovr", LESSON, 'at="The fault is over"', 'at="The fault is ovr"'),
    Broken("picture", "shows nothing there", LESSON, 'only="PGFAULT"', 'only="PGFALT"'),
    Broken("picture", "picture= takes at, only, variant", LESSON, "only=", "just="),
    Broken("picture", "a picture has a place", LESSON, ' at="The fault is over"', ""),
    Broken("question", "thp book pictures 01_small", LESSON, "How often does", "When does", -1),
    Broken("question", "known: ", LESSON, "question=faults", "question=fault"),
    Broken("run", "+a page   4096 bytes", LESSON, "a page   4096", "a page   4095", -1),
    Broken("run", "no function line", LESSON, "run=lines", "run=line"),
    Broken("run", "only a lesson has a run", SMALL, "# Small\n", "# Small\n\n```text run=lines\nx\n```\n", 2),
]  # fmt: skip

QUESTIONS = [
    Broken("quiz", "there is no kind 'riddle'", QUIZ, '"kind"\nkind = "choice"', '"kind"\nkind = "riddle"'),
    Broken("quiz", "unique in a lesson", QUIZ, 'id = "pages"', 'id = "faults"'),
    Broken("quiz", "The fault begns", QUIZ, 'before = "The fault begins"', 'before = "The fault begns"', -2),
    Broken("quiz", "0 choices have best", QUIZ, "best = true", 'reason = "no"', -7),
]  # fmt: skip

EVERY = [*QUOTES, *LESSONS, *WORDS, *RUNS, *QUESTIONS]
