"""The question that is answered by pointing at a step: who wrote this last?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

from thpkit.book.questions import Judged, Question
from thpkit.book.questions_typed import NotUnderstood, number

_HERE = ("here", "this", "this step", "now")


@dataclass(frozen=True, kw_only=True)
class LastWriter(Question):
    """Which function wrote this value last, or at which step?"""

    kind: ClassVar[str] = "last-writer"
    cell: str
    at: int
    """The step at which the value is looked at."""
    step: int
    """The step whose statement wrote it last."""
    function: str
    """The function that this statement stands in."""
    statement: str
    """Its text."""
    earlier: Mapping[int, str]
    """Steps that wrote the cell before that, with their functions."""
    later: Mapping[int, str]
    """Steps that write it afterwards, with their functions."""
    functions: frozenset[str]
    """Every function that ran."""
    wrong: Mapping[str, str]
    """Foreseen wrong functions, with the reason."""

    @property
    def how(self) -> str:
        """How to answer."""
        return "the name of a function, or a step number; in the stepper also: here"

    def sample(self) -> str:
        """The function."""
        return self.function

    def answer(self) -> str:
        """Function and step."""
        return f"{self.function}, at step {self.step}"

    def _judge(self, typed: str, here: int | None) -> Judged:
        if typed.casefold() in _HERE:
            if here is None:
                raise NotUnderstood("here is a step only in the stepper")
            return self._judge_step(here)
        word = typed.casefold().removeprefix("step ")
        if word[:1].isdigit():
            return self._judge_step(number(word))
        return self._judge_function(typed)

    def _judge_step(self, step: int) -> Judged:
        if step == self.step:
            return Judged(True)
        if step == self.step + 1:
            told = f"At step {step} it has just been written; step {self.step} is where it is about to be."
            return Judged(True, told)
        if step in self.earlier:
            told = (
                f"{self.earlier[step]} does write {self.cell} at step {step}, "
                f"but it is written again before step {self.at}."
            )
        elif step in self.later:
            told = f"{self.later[step]} writes {self.cell} at step {step}, and that is after step {self.at}."
        else:
            told = f"The statement at step {step} does not write {self.cell}."
        return Judged(False, told)

    def _judge_function(self, typed: str) -> Judged:
        name = self._known(typed.strip("`").removesuffix("()").rstrip("."))
        if name == self.function:
            return Judged(True)
        return Judged(False, self.wrong.get(name) or self._reason(name))

    def _known(self, name: str) -> str:
        """The function of the run that was meant."""
        folded = {each.casefold(): each for each in self.functions}
        for wanted in (name.casefold(), name.casefold().rpartition(".")[2]):
            if wanted in folded:
                return folded[wanted]
        short = name.rpartition(".")[2]
        if short and f"{short}(" in self.statement:
            raise NotUnderstood(
                f"{short} is not stepped into: name the function that calls it there"
            )
        near = get_close_matches(name.casefold(), folded, 1, 0.6)
        hint = f"; did you mean {folded[near[0]]}?" if near else ""
        raise NotUnderstood(f"no function {name!r} runs in this recording{hint}")

    def _reason(self, function: str) -> str:
        """What a function that ran has to do with the cell."""
        before = [step for step, each in self.earlier.items() if each == function]
        after = [step for step, each in self.later.items() if each == function]
        if before:
            return f"{function} wrote {self.cell} at step {max(before)}, but it was written again after that."
        if after:
            return f"{function} writes {self.cell} only later, at step {min(after)}."
        return f"{function} runs, but it never writes {self.cell} itself."
