"""What people are to be told after a run, and what need not be told again.

Theory. A notice is worth sending when something is new to its reader: a cause of failure, a question, a playlist, a
track without a counterpart, an end in sight. Whether it is new is told by comparing what is the case now, by the
checkpoint and the summary, with what was delivered before (``Told``). So a notice that reached nobody is due again
after the next run, and ten failures of one cause are one notice, as is their end.

What often mends itself (a service that was down, a collection that failed) is told from the second failed run in a row
on; what only a person can mend, at once. Nothing of the first weeks of a library is told track by track: tracks without
a counterpart are told once all was in step. Where the checkpoint does not remember the run (it cannot be read or
written, another account's credentials), only failures are told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec

from musicdiff_job.core.checkpoint import RUNS_KEPT, Checkpoint
from musicdiff_job.core.failing import Verdict, verdict_on
from musicdiff_job.core.match import Unmatched
from musicdiff_job.core.model import SourceId, Track
from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.summary import CollectionState, ErrorLine, Summary
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.core.told import NotifyOn, Told

SHOWN = 10
"""Lines of one notice; the rest is counted."""
PATIENCE = 2
"""Failed runs in a row from which on is told what often mends itself."""
CAUSES_APART = 20
"""Causes of one run that are told apart; what is beyond is one more."""
CAUSES_KEPT = 100
REMINDERS = (1, 7, 14, 30)
"""Days before the end of the consent."""
NEWS = timedelta(days=7)
"""What happened longer ago is no news to somebody who has just switched notifications on."""

_DONE = (Outcome.IN_SYNC, Outcome.CHANGED)
_UNSELECTED = (CollectionState.SKIPPED, CollectionState.DETACHED)


class Notice(msgspec.Struct, frozen=True):
    """Something to tell whoever listens to one of ``occasions``: a subject, sentences, and what to do. Names of others
    stand in them as they are."""

    occasions: frozenset[NotifyOn]
    subject: str
    lines: tuple[str, ...] = ()
    todo: str = ""


class Decision(NamedTuple):
    """The notices of one run, and what is to be remembered once they are delivered."""

    notices: tuple[Notice, ...]
    told: Told


def remembers(checkpoint: Checkpoint | None, summary: Summary) -> bool:
    """Whether the checkpoint knows of this run."""
    return checkpoint is not None and bool(checkpoint.runs) and checkpoint.runs[-1].run_id == summary.run_id


def decide(
    told: Told,
    summary: Summary,
    checkpoint: Checkpoint | None,
    *,
    now: datetime,
    consent_ends: date | None = None,
    on: frozenset[NotifyOn] = frozenset(NotifyOn),
) -> Decision:
    """What to tell those who listen to ``on``. ``checkpoint`` is as the run left it, None where it cannot be read.
    ``consent_ends`` is the day on which Spotify's consent ends, None where that is not known."""
    steps = [_failure(told, summary, checkpoint, on)]
    if checkpoint is not None and remembers(checkpoint, summary):
        steps.append(_recovery(steps[-1].told, summary, checkpoint, on))
        if NotifyOn.AUTH in on and consent_ends is not None:
            steps.append(_consent(steps[-1].told, summary, (consent_ends - now.date()).days, consent_ends))
        if NotifyOn.CONFLICT in on:
            steps.append(_conflicts(steps[-1].told, summary, checkpoint))
        if NotifyOn.COMPLETED in on:
            steps.append(_completion(steps[-1].told, summary, checkpoint, now))
        if NotifyOn.NEW_PLAYLIST in on:
            steps.append(_new_playlists(steps[-1].told, summary, checkpoint, now))
        if NotifyOn.UNMATCHED in on:
            steps.append(_unmatched(steps[-1].told, summary, checkpoint))
    return Decision(tuple(notice for step in steps for notice in step.notices), steps[-1].told)


def _failure(told: Told, summary: Summary, checkpoint: Checkpoint | None, on: frozenset[NotifyOn]) -> Decision:
    occasion = NotifyOn.AUTH if summary.outcome is Outcome.AUTH else NotifyOn.FAILURE
    verdict = verdict_on(summary)
    if occasion not in on or verdict not in (Verdict.TROUBLED, Verdict.BROKEN):
        return Decision((), told)
    row = (checkpoint.failed_runs if checkpoint else 0) + (not remembers(checkpoint, summary))
    stopped = checkpoint is not None and checkpoint.paused is not None
    if verdict is Verdict.TROUBLED and row < PATIENCE and not stopped:
        return Decision((), told)
    causes = _causes(summary, occasion)
    new = {key: line for key, line in causes.items() if key not in told.causes}
    if not new:
        return Decision((), told)
    lines = [_sentence(line) for line in new.values()]
    if row > 1:
        lines.append(f"{row} runs in a row have failed")
    notice = Notice(
        frozenset({occasion}),
        f"{summary.outcome}: {TABLE[summary.outcome].meaning}",
        tuple(lines),
        f"How things stand: `{_command(summary, 'status')}`",
    )
    return Decision((notice,), _with(told, causes=(*told.causes, *new)[-CAUSES_KEPT:]))


def _causes(summary: Summary, occasion: NotifyOn) -> dict[str, ErrorLine]:
    """What went wrong, by fingerprint. Numbers in a message (times, counts, ids of requests) make no other cause."""
    lines = summary.errors or (ErrorLine("", TABLE[summary.outcome].meaning),)
    found: dict[str, ErrorLine] = {}
    for line in lines:
        text = "\0".join((summary.outcome, line.where, re.sub(r"[0-9]+", "#", line.message)))
        digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
        found.setdefault(f"{occasion}:{digest}", line)
    apart = dict(sorted(found.items())[:CAUSES_APART])
    if more := len(found) - len(apart):
        apart[f"{occasion}:more"] = ErrorLine("", f"and {more} more")
    return apart


def _recovery(told: Told, summary: Summary, checkpoint: Checkpoint, on: frozenset[NotifyOn]) -> Decision:
    over = tuple(cause for cause in told.causes if cause.partition(":")[0] in on)
    if not over or verdict_on(summary) is not Verdict.WORKS:
        return Decision((), told)
    asked = summary.api_calls.get("spotify", 0) + summary.api_calls.get("deezer", 0)
    unproven = summary.outcome is Outcome.MORE_TO_DO and not asked
    if unproven or any(one.state is CollectionState.FAILED for one in checkpoint.mirrors.values()):
        return Decision((), told)
    occasions = frozenset(NotifyOn(cause.partition(":")[0]) for cause in over)
    notice = Notice(occasions, "works again", (f"the last run ended with {summary.outcome}: what failed is over",))
    return Decision((notice,), _with(told, causes=tuple(one for one in told.causes if one not in over)))


def _consent(told: Told, summary: Summary, days: int, ends: date) -> Decision:
    reminder = next((limit for limit in REMINDERS if 0 <= days <= limit), None)
    day, _, said = told.consent.partition(":")
    if reminder is None or (day == ends.isoformat() and int(said) <= reminder):
        return Decision((), told)
    when = "today" if days == 0 else f"in {_count(days, 'day')}"
    notice = Notice(
        frozenset({NotifyOn.AUTH}),
        f"Spotify's consent ends {when}",
        (f"it ends on {ends.isoformat()}; after that no run can read your library",),
        f"Give it again: `{_command(summary, 'auth spotify')}`",
    )
    return Decision((notice,), _with(told, consent=f"{ends.isoformat()}:{reminder}"))


def _conflicts(told: Told, summary: Summary, checkpoint: Checkpoint) -> Decision:
    asked = {f"{one.opened_at} {one.id}": one for one in checkpoint.conflicts.values() if one.decision is None}
    new = {key: one for key, one in sorted(asked.items()) if key not in told.conflicts}
    if not new:
        return Decision((), told)
    lines = (f"{one.name}: {one.message} (`{_command(summary, f'resolve {one.id}')}`)" for one in new.values())
    notice = Notice(
        frozenset({NotifyOn.CONFLICT}),
        f"{_count(len(new), 'question')} for you",
        _listed(lines),
        "Answer each with `--take spotify` or `--take deezer`",
    )
    return Decision((notice,), _with(told, conflicts=tuple(sorted(asked))))


def _completion(told: Told, summary: Summary, checkpoint: Checkpoint, now: datetime) -> Decision:
    if told.completed or summary.outcome not in _DONE or verdict_on(summary) is not Verdict.WORKS:
        return Decision((), told)
    runs = checkpoint.runs
    first = next(at for at, run in enumerate(runs) if run.outcome in _DONE)
    # Where older runs are forgotten, only the latest can be seen to be the first.
    is_first = len(runs) < RUNS_KEPT or first == len(runs) - 1
    if not is_first or now - from_iso(runs[first].finished_at) > NEWS:
        return Decision((), told)
    totals = summary.totals
    line = f"{_count(totals.collections, 'collection')}, {_count(totals.matched, 'track')} matched"
    if totals.unmatched:
        line += f", {totals.unmatched:,} without a counterpart"
    notice = Notice(
        frozenset({NotifyOn.COMPLETED}), "the first sync is complete", (line,), f"`{_command(summary, 'playlists')}`"
    )
    return Decision((notice,), _with(told, completed=True))


def _new_playlists(told: Told, summary: Summary, checkpoint: Checkpoint, now: datetime) -> Decision:
    runs = checkpoint.runs
    at = next((at for at, run in enumerate(runs) if run.run_id == told.new_until), -1)
    fresh = [run for run in runs[at + 1 : -1] if now - from_iso(run.finished_at) <= NEWS]
    names = tuple(dict.fromkeys(name for run in (*fresh, summary) for name in run.new_playlists))
    if not names or at == len(runs) - 1:
        return Decision((), told)
    notice = Notice(
        frozenset({NotifyOn.NEW_PLAYLIST}),
        _count(len(names), "new playlist"),
        _listed(names),
        f"`{_command(summary, 'playlists')}`",
    )
    return Decision((notice,), _with(told, new_until=summary.run_id))


def _unmatched(told: Told, summary: Summary, checkpoint: Checkpoint) -> Decision:
    if checkpoint.last_success_at is None:
        return Decision((), told)
    waiting: dict[SourceId, str] = {}
    for mirror in checkpoint.mirrors.values():
        if mirror.state not in _UNSELECTED:
            waiting.update({source: mirror.name for source in mirror.waiting if source not in waiting})
    known = frozenset(told.unmatched)
    new = {source: name for source, name in waiting.items() if source not in known}
    if not new:
        return Decision((), told)
    records = ((checkpoint.matches.get(source), name) for source, name in new.items())
    lines = [
        f"{_label(record.track)} in {name}"
        + (f": {record.decision.reason.replace('_', ' ')}" if isinstance(record.decision, Unmatched) else "")
        for record, name in records
        if record is not None
    ]
    notice = Notice(
        frozenset({NotifyOn.UNMATCHED}),
        f"{_count(len(new), 'track')} without a counterpart on Deezer",
        _listed(lines),
        f"Why, and what to do: `{_command(summary, 'unmatched')}`",
    )
    return Decision((notice,), _with(told, unmatched=tuple(sorted(waiting))))


def _with(told: Told, **changes: object) -> Told:
    return msgspec.structs.replace(told, **changes)


def _sentence(line: ErrorLine) -> str:
    text = f"{line.where}: {line.message}" if line.where else line.message
    return f"{text}. {line.hint}" if line.hint else text


def _listed(lines: Iterable[str]) -> tuple[str, ...]:
    every: Sequence[str] = tuple(lines)
    more = len(every) - SHOWN
    return (*every[:SHOWN], f"and {more:,} more") if more > 0 else tuple(every)


def _label(track: Track) -> str:
    return f"{', '.join(track.artists)} - {track.title}" if track.artists else track.title


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _command(summary: Summary, words: str) -> str:
    profile = "" if summary.profile == "default" else f" --profile {summary.profile}"
    return f"musicdiff-job {words}{profile}"
