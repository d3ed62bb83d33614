"""One record of the catalogue: a remark of the review, or a defect that it does not name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from thpkit.patch.scene import Act, Observation, Setting


class Kind(Enum):
    """How a record is made believable."""

    SHOWN = "shown"
    """A scene runs on both versions, and what it sees differs."""
    EQUIVALENT = "equivalent"
    """Two spellings agree on every case there is, or a term says nothing."""
    ARGUED = "argued"
    """It cannot run in this model, or the correct version shares it: a reason says why."""


@dataclass(frozen=True)
class Record:
    """A remark (K) or a defect (D)."""

    id: str
    """K1 to K25, D1 to D52 without D38."""
    title: str
    hunk: str
    """Where in the patch: H1 to H11, in the order of the mail; or ``v5.3`` for what the patch relied on."""
    function: str
    """The function that is meant, by its kernel name."""
    wrong: str
    """What is wrong, or what the reviewer asks."""
    kind: Kind
    lesson: str
    """What to take along, in one sentence."""
    rule: str = ""
    """The rule or the invariant that is broken."""
    v4: str = "open"
    v5: str = "open"
    ref: str = "repaired"
    """What became of it in each version."""
    act: Act | None = None
    """Shown: the scene."""
    setting: Setting = field(default_factory=Setting)
    """Shown: what it is played on."""
    sees_v3: Observation = field(default_factory=dict)
    """Shown: what it sees in the posted version, at real sizes."""
    sees_ref: Observation = field(default_factory=dict)
    """Shown: what it sees in the correct one."""
    after: tuple[str, ...] = ()
    """Shown: repairs without which the posted version does not get that far; the defect hides behind others."""
    agree: Callable[[], int] | None = None
    """Equivalent: compares the spellings and counts the cases."""
    reason: str = ""
    """Argued: why it is not run. Equivalent: what is compared."""
    repair: str = ""
    """Name of the single repair, if there is one and it is not the record's own."""

    @property
    def base(self) -> str:
        """The version on which the defect is seen: ``v3``, or ``v3+D2`` where another defect hides it."""
        return "+".join(["v3", *self.after])
