"""When a mirror that is under way will be whole: the calls that are left, the calls that a run makes, and how often
runs are made, all from what the checkpoint remembers.

Theory. What ends a run is its budget, and what spends the budget is calls: first look-ups, then writes, so neither
entries matched nor entries placed tell the pace alone (a run may place nothing because it matches). What is left is
counted in the same coin. A track to be matched costs what the last runs needed for one; a like is one call, a playlist
takes ``BATCH`` tracks with one; reading takes one for ``PAGE`` entries. Measured on first syncs in the sandbox, the
estimate was at most one run off as soon as one run was made; counting placed entries it was up to 18 off, of ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median

from musicdiff_job.core.checkpoint import MatchRecord, Mirror
from musicdiff_job.core.model import Kind, SourceId
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import Summary
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.report.collections import IN_STEP, entries_of, placed_of

PACE_RUNS = 10
"""How many of the last runs tell the pace."""
BATCH = 50
"""Tracks that one write adds to a playlist."""
PAGE = 50
"""Entries that one call reads from Spotify; old apps get 100."""
CALLS_A_PLAYLIST = 3
"""To create it, and to read it before and after."""
CUT_SHORT = frozenset({Outcome.MORE_TO_DO, Outcome.RATE_LIMITED, Outcome.UNAVAILABLE, Outcome.INTERRUPTED})
NEW = ("isrc", "sweep", "search", "upc", "library")
"""The keys of ``Summary.matching`` that stand for a look-up rather than for memory."""


def left_of(mirror: Mirror) -> int:
    """Entries that are neither placed nor known to stay out. A collection in step has none left, whatever its
    counters say: entries hidden by the target, for one, are in nobody's count."""
    if mirror.state in IN_STEP:
        return 0
    out = mirror.skipped + mirror.duplicates + len(mirror.waiting) + len(mirror.left_out)
    return max(0, entries_of(mirror) - out - placed_of(mirror))


def runs_needed(
    runs: Sequence[Summary], mirrors: Iterable[Mirror], matches: Mapping[SourceId, MatchRecord]
) -> int | None:
    """How many more runs it takes; None when no run tells."""
    unfinished = [mirror for mirror in mirrors if left_of(mirror)]
    if not unfinished:
        return 0
    # A run that had nothing more to do was not cut short: its calls say nothing about what a run can make.
    told = [run for run in runs[-PACE_RUNS:] if not run.dry_run and (run.totals.pending or run.outcome in CUT_SHORT)]
    calls = sum(run.api_calls.get("spotify", 0) + run.api_calls.get("deezer", 0) for run in told)
    found = sum(run.matching.get(method, 0) for run in told for method in NEW)
    if not calls or not (found or sum(run.totals.added for run in told)):
        return None
    lookups = sum(run.lookups for run in told) / found if found else 1.0
    return max(1, ceil(_calls_left(unfinished, matches, lookups) * len(told) / calls))


def _calls_left(mirrors: Iterable[Mirror], matches: Mapping[SourceId, MatchRecord], lookups: float) -> float:
    calls = 0.0
    unknown = set[SourceId]()
    for mirror in mirrors:
        left, reading = left_of(mirror), mirror.reading
        read = reading.entries if reading else ()
        sources = {SourceId(entry.track.id) for entry in read if entry.track is not None}
        unknown |= {one for one in sources if (record := matches.get(one)) is None or record.decision is None}
        unread = 0 if mirror.is_read else max(0, left - len(read))
        calls += unread * (lookups + 1 / PAGE)
        calls += CALLS_A_PLAYLIST + left / BATCH if mirror.kind is Kind.PLAYLIST else left
    return calls + len(unknown) * lookups


def eta(runs: Sequence[Summary], needed: int | None, now: datetime, closed: datetime | None = None) -> str | None:
    """When the last of ``needed`` more runs is made if they follow each other as the last ones did, and the first of
    them not before a service opens at ``closed``. None when none is needed or the history does not say."""
    starts = [from_iso(run.started_at) for run in runs[-PACE_RUNS:]]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(starts)]
    if not needed or not pauses:
        return None
    pause = median(pauses)
    try:
        ends = [now, starts[-1] + timedelta(seconds=pause * needed)]
        if closed is not None:
            ends.append(closed + timedelta(seconds=pause * (needed - 1)))
    except OverflowError:
        return None  # in more than eight thousand years
    return to_iso(max(ends))
