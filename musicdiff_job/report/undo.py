"""What can be undone, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from musicdiff_job.core.before_image import BeforeImage
from musicdiff_job.report.text import Column, Fit, Table, clean, count, moment

NAMED = 3
"""Playlists of a run that are named; more are counted."""


def undo_table(images: Iterable[BeforeImage], now: datetime) -> Table:
    """The runs that removed something, newest first."""
    runs: dict[str, list[BeforeImage]] = {}
    for image in images:
        runs.setdefault(image.run, []).append(image)
    rows = (
        (run, _day(found[0].taken_at, now), _removed(found), _playlists(found), _undone(found, now))
        for run, found in reversed(runs.items())
    )
    return Table(
        columns=(Column("Run"), Column("When"), Column("Removed"), Column("From", fit=Fit.WRAP), Column("Put back")),
        rows=tuple(rows),
        nothing="No run has removed anything lately.",
    )


def _removed(found: list[BeforeImage]) -> str:
    deleted = sum(image.header is not None for image in found)
    entries = sum(len(image.removed) for image in found if image.header is None)
    told = [count(entries, "entry", "entries")] if entries else []
    return ", ".join([*told, *([count(deleted, "playlist")] if deleted else [])])


def _day(iso: str, now: datetime) -> str:
    return moment(iso, now).partition(" UTC")[0]


def _undone(found: list[BeforeImage], now: datetime) -> str:
    dates = [image.undone_at for image in found]
    return _day(max(dates), now) if all(dates) else "-"


def _playlists(found: list[BeforeImage]) -> str:
    names = list(dict.fromkeys(clean(image.title or image.name) for image in found))
    more = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    return ", ".join([*names[:NAMED], *more])
