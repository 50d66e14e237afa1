"""``status`` for people."""

from __future__ import annotations

from datetime import datetime

from musicdiff_job.core.summary import CollectionState
from musicdiff_job.report.collections import UNSELECTED, CollectionLine, collections_table
from musicdiff_job.report.run import outcome_cell
from musicdiff_job.report.status import Status
from musicdiff_job.report.text import Block, Cell, Lines, Tone, clean, count, moment, named

SOON = 30
"""Days before the end of a consent from which it is shown as a warning."""
SHOWN = 15
"""Collections that are shown; more are counted."""

SERVICES = {"spotify": "Spotify", "deezer": "Deezer"}


def status_blocks(
    status: Status, ailments: tuple[str, ...], now: datetime, *, place: str, every: bool = False
) -> tuple[Block, ...]:
    """A verdict, the facts behind it, and the collections that are not simply in step (all of them with ``every``)."""
    lines: list[Cell | str] = [_verdict(status, ailments, now)]
    lines += [Cell(f"  {text}", Tone.BAD) for text in ailments]
    lines += [*_runs(status, now), *_progress(status, now), *_services(status, now)]
    if status.checkpoint is None:
        lines.append(f"checkpoint: none yet at {clean(place)}")
    else:
        lines.append(f"checkpoint: generation {status.checkpoint.generation:,}, {clean(place)}")
    lines += [
        Cell(f"conflict {line.id} in {named(line.name)}: {line.message}; see `musicdiff-job conflicts`", Tone.BAD)
        for line in status.conflicts
    ]
    told = [line for line in status.collections if every or _telling(line)]
    blocks: list[Block] = [Lines(tuple(lines))]
    if told:
        blocks.append(collections_table(told if every else told[:SHOWN], now))
    hidden = len(status.collections) - (len(told) if every else min(len(told), SHOWN))
    if hidden and told:
        blocks.append(Lines((Cell(f"{count(hidden, 'other collection')}: see `musicdiff-job playlists`", Tone.FAINT),)))
    return tuple(blocks)


def _telling(line: CollectionLine) -> bool:
    return line.state not in UNSELECTED | {CollectionState.IN_SYNC}


def _verdict(status: Status, ailments: tuple[str, ...], now: datetime) -> Cell:
    name = "" if status.profile == "default" else f"{clean(status.profile)}: "
    if status.paused:
        since = moment(status.paused.since, now)
        reason = f" ({status.paused.reason})" if status.paused.reason else ""
        return Cell(f"{name}paused since {since}{reason}", Tone.BAD if ailments else Tone.BUSY)
    if ailments:
        return Cell(f"{name}somebody should look", Tone.BAD)
    return Cell(f"{name}healthy", Tone.GOOD)


def _runs(status: Status, now: datetime) -> list[Cell | str]:
    run = status.last_run
    if run is None:
        return ["last run: never"]
    word = run.outcome.value.replace("_", " ")
    lines: list[Cell | str] = [outcome_cell(run.outcome, f"last run: {moment(run.finished_at, now)}, {word}")]
    lines.append(f"last time all was in step: {moment(status.last_success_at, now)}")
    if status.consecutive_failures > 1:
        lines.append(Cell(f"{count(status.consecutive_failures, 'run')} in a row have failed", Tone.BAD))
    return lines


def _progress(status: Status, now: datetime) -> list[Cell | str]:
    progress = status.progress
    if not progress.collections.total:
        return []
    tracks = progress.tracks
    lines: list[Cell | str] = [
        f"collections: {progress.collections.in_sync:,} of {progress.collections.total:,} in step",
        f"tracks: {tracks.placed:,} of {tracks.total:,} placed, {tracks.unmatched:,} without a counterpart"
        + (f" ({progress.percent:g} % settled)" if progress.percent is not None else ""),
    ]
    if progress.eta_runs:
        when = f", about {moment(progress.eta_at, now)}" if progress.eta_at else ""
        lines.append(f"at this pace done in {count(progress.eta_runs, 'more run')}{when}")
    return lines


def _services(status: Status, now: datetime) -> list[Cell | str]:
    lines: list[Cell | str] = []
    for service, ledger in status.ledger.items():
        name = SERVICES.get(service, service)
        span = "24 h" if ledger.seconds >= 86_400 else "hour"
        limit = f" of {ledger.limit:,}" if ledger.limit else ""
        text = f"{name}: {ledger.calls:,}{limit} calls in the last {span}"
        closed = status.not_before.get(service)
        if closed:
            lines.append(Cell(f"{text}; not to be called before {moment(closed, now)}", Tone.BUSY))
        else:
            lines.append(text)
    for service, expiry in status.credentials.items():
        if expiry.days_left is not None:
            tone = Tone.BAD if expiry.days_left <= SOON else Tone.PLAIN
            name = SERVICES.get(service, service)
            lines.append(Cell(f"{name} consent ends {moment(expiry.expires_at, now)}", tone))
    return lines
