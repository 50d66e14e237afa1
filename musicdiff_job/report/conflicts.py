"""Conflicts, for people."""

from __future__ import annotations

from datetime import datetime

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.conflict import Conflict, Ruling
from musicdiff_job.report.text import Cell, Tone, clean, distance, named


def conflict_rows(checkpoint: Checkpoint) -> tuple[Conflict, ...]:
    """All conflicts, open ones first, each oldest first."""
    known = checkpoint.conflicts.values()
    return tuple(sorted(known, key=lambda one: (one.decision is not None, one.opened_at, one.id)))


def conflicts_text(conflicts: tuple[Conflict, ...], now: datetime) -> tuple[Cell | str, ...]:
    """Two lines for each: its id, which is long, and the question."""
    told: list[Cell | str] = []
    for one in conflicts:
        answer = f"decided: take {one.decision}" if one.decision else "open"
        told.append(Cell(one.id, Tone.GOOD if one.decision else Tone.BAD))
        told.append(f"  {named(one.name)}: {clean(one.message)} ({answer}, asked {distance(one.opened_at, now)})")
    return tuple(told) or ("There is no conflict.",)


def rulings_text(rulings: tuple[Ruling, ...], now: datetime) -> tuple[Cell | str, ...]:
    """What was decided and carried out, latest first; two lines for each."""
    told: list[Cell | str] = []
    for one in reversed(rulings):
        answer = f"took {one.decision} {distance(one.decided_at, now)}, settled {distance(one.closed_at, now)}"
        told += [Cell(one.id, Tone.GOOD), f"  {named(one.name)}: {clean(one.message)} ({answer})"]
    return tuple(told) or ("Nothing has been decided yet.",)
