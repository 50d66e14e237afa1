"""Questions that only a person may decide, and what was decided.

A question has a stable id, one for each kind and collection, so it is told once. It is open until ``resolve`` records
a decision; it stays, decided, until a run has carried the decision out; what is left of it then is a ``Ruling``.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from musicdiff_job.core.model import CollectionId

RULINGS_KEPT = 100


class ConflictKind(StrEnum):
    """What only a person may decide."""

    MASS_REMOVAL = "mass_removal"
    HAND_REMOVED = "hand_removed"
    HAND_ADDED = "hand_added"
    RENAMED = "renamed"
    DELETED_ON_TARGET = "deleted_on_target"
    MASS_REMOVAL_BACK = "mass_removal_back"
    CONTRADICTION = "contradiction"


class Side(StrEnum):
    """Whose state a decision takes over."""

    SPOTIFY = "spotify"
    DEEZER = "deezer"


class Conflict(msgspec.Struct, frozen=True, omit_defaults=True):
    """An open question, or one answered by ``resolve`` and not carried out yet (``decision``). ``entries`` is how many
    entries the question is about; a decision holds for no more than these."""

    id: str
    collection: CollectionId
    name: str
    kind: ConflictKind
    message: str
    opened_at: str
    decision: Side | None = None
    decided_at: str | None = None
    entries: int = 0


class Ruling(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decided question that is no more: the decision was carried out, or its cause had gone, at ``closed_at``."""

    id: str
    name: str
    message: str
    opened_at: str
    decision: Side
    decided_at: str
    closed_at: str


def conflict_id(collection: CollectionId, kind: ConflictKind) -> str:
    """The id of this kind of question about this collection."""
    return f"{kind}:{collection}"
