"""How it is, at a glance: the first words of the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from musicdiff_job.report.html.words import stamp
from musicdiff_job.report.overview import Overview
from musicdiff_job.report.status import Phase, Progress
from musicdiff_job.report.status_text import SERVICES
from musicdiff_job.report.text import Tone, count


@dataclass(frozen=True, slots=True)
class Health:
    """The page's first words."""

    tone: Tone
    headline: str
    sentence: str


def health_of(overview: Overview, now: datetime) -> Health:
    """The verdict: what needs a person first, then what mends itself."""
    status = overview.status
    progress = status.progress
    if not overview.runs and status.last_run is None and not status.paused:
        return Health(Tone.BUSY, "Nothing has run yet", "The first run finds your library.")
    if overview.ailments:
        told = "; ".join(overview.ailments)
        return Health(Tone.BAD, "Somebody should look", f"{told[:1].upper()}{told[1:]}.")
    if status.paused:
        return Health(Tone.BUSY, "Paused", f"Since {stamp(status.paused.since, now)} UTC no run does anything.")
    waits = [
        f"{SERVICES.get(service, service)} asked to wait until {stamp(until, now)} UTC"
        for service, until in status.not_before.items()
        if until
    ]
    behind = progress.collections.total - progress.collections.in_sync
    if status.phase is Phase.INITIAL:
        told = "; ".join([*waits, _when(progress, now)])
        return Health(Tone.BUSY, "First sync under way", f"{told[:1].upper()}{told[1:]}.")
    if waits:
        return Health(Tone.BUSY, "Waiting", f"{'; '.join(waits)}. Runs go on by themselves then.")
    if behind:
        left = f"{count(behind, 'collection')} of {progress.collections.total:,} still to be done"
        return Health(Tone.BUSY, "More to do", f"{left}; {_when(progress, now)}.")
    return Health(Tone.GOOD, "All is in step", f"{count(progress.collections.total, 'collection')} as on Spotify.")


def _when(progress: Progress, now: datetime) -> str:
    if not progress.eta_runs:
        return "when it will be done cannot be told yet"
    day = f", about {stamp(progress.eta_at, now)} UTC" if progress.eta_at else ""
    return f"done in about {count(progress.eta_runs, 'more run')}{day}"
