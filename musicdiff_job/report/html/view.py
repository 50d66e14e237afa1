"""What the dashboard says, section by section; the template only sets it. A section with nothing to say is empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from musicdiff_job.core.conflict import Conflict
from musicdiff_job.core.model import Kind
from musicdiff_job.core.play_counts import Listening
from musicdiff_job.core.summary import CollectionState, Summary
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.report.advice import Choice, Step, choices_of, command_for, question_of, steps_for
from musicdiff_job.report.collections import IN_STEP, UNSELECTED, CollectionLine, is_held
from musicdiff_job.report.html.chart import Chart, calls_of, chart_of
from musicdiff_job.report.html.health import Health, health_of
from musicdiff_job.report.html.lacking import Lacking, lacking_of
from musicdiff_job.report.html.words import period, stamp
from musicdiff_job.report.overview import Overview
from musicdiff_job.report.run import METHODS, error_line, outcome_cell, state_cell
from musicdiff_job.report.status import Phase, Progress
from musicdiff_job.report.status_text import SERVICES
from musicdiff_job.report.text import Cell, duration
from musicdiff_job.report.unmatched import track_name

OPEN_ROWS = 40
"""Collections that are shown at once; the others are folded."""
CONFLICTS_SHOWN = 50
TOP = 10
"""Tracks and artists of the listening history."""

KINDS = {Kind.PLAYLIST: "Playlist", Kind.LIKED: "Liked songs", Kind.ALBUMS: "Saved albums", Kind.ARTISTS: "Artists"}
URGENT = (CollectionState.CONFLICT, CollectionState.FAILED, CollectionState.PENDING)
"""The states that come first, in this order; the others stay as they are sorted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One collection. ``percent`` is how much of what could be placed is, rounded down; None where there is nothing."""

    name: str
    kind: str
    source: str
    targets: tuple[str, ...]
    state: Cell
    why: str
    entries: int
    placed: int
    unmatched: int
    percent: int | None
    synced_at: str | None
    ahead: str


@dataclass(frozen=True, slots=True)
class Share:
    """Something counted, and how much of the largest count that is, in hundredths."""

    words: str
    number: int
    share: int


@dataclass(frozen=True, slots=True)
class Question:
    """A conflict with the commands that decide it; ``decided`` says how it was, where it was."""

    name: str
    text: str
    opened_at: str
    choices: tuple[Choice, ...]
    decided: str


@dataclass(frozen=True, slots=True)
class Door:
    """A service: what it was asked within its window, until when it is closed, until when the consent lasts."""

    name: str
    calls: int
    limit: int
    span: str
    percent: int
    closed_until: str | None
    free_at: str | None
    expires_at: str | None
    days_left: int | None
    expiry_known: bool


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list of runs."""

    started_at: str
    trigger: str
    outcome: Cell
    took: str
    calls: int
    added: int
    removed: int
    error: str


@dataclass(frozen=True, slots=True)
class Plays:
    """What was listened to."""

    plays: int
    hours: str
    months: tuple[Share, ...]
    tracks: tuple[Share, ...]
    artists: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page. ``rows`` are the collections that are shown at once, ``more_rows`` those that are folded."""

    profile: str
    health: Health
    steps: tuple[Step, ...]
    last_run: Summary | None
    last_success_at: str | None
    generation: int | None
    progress: Progress
    initial: bool
    settled: int | None
    rows: tuple[Row, ...]
    more_rows: tuple[Row, ...]
    chart: Chart | None
    runs: tuple[RunRow, ...]
    methods: tuple[Share, ...]
    matched: int
    doubtful: int
    lacking: tuple[Lacking, ...]
    lacking_total: int
    lacking_hidden: int
    lacking_brief: int
    questions: tuple[Question, ...]
    questions_hidden: int
    asked: int
    doors: tuple[Door, ...]
    plays: Plays | None
    commands: Mapping[str, str]


def page_of(overview: Overview, now: datetime) -> Page:
    """The page, as of ``now``."""
    status = overview.status
    rows = _rows(status.collections, now)
    lacking = lacking_of(overview.unmatched)
    progress = status.progress
    percent = progress.percent

    def command(*words: str) -> str:
        return command_for(status.profile, *words)

    return Page(
        profile=status.profile,
        health=health_of(overview, now),
        steps=steps_for(overview),
        last_run=status.last_run,
        last_success_at=status.last_success_at,
        generation=status.checkpoint.generation if status.checkpoint else None,
        progress=progress,
        initial=status.phase is Phase.INITIAL,
        settled=None if percent is None else int(percent),
        rows=rows[:OPEN_ROWS],
        more_rows=rows[OPEN_ROWS:],
        chart=chart_of(overview.runs, now),
        runs=tuple(_run(run) for run in reversed(overview.runs)),
        methods=_shares((METHODS.get(name, name), number) for name, number in overview.methods.items()),
        matched=sum(overview.methods.values()),
        doubtful=overview.doubtful,
        lacking=lacking,
        lacking_total=len(overview.unmatched),
        lacking_hidden=sum(group.hidden for group in lacking),
        lacking_brief=sum(len(group.brief) for group in lacking),
        questions=tuple(_question(one, status.profile) for one in overview.conflicts[:CONFLICTS_SHOWN]),
        questions_hidden=max(0, len(overview.conflicts) - CONFLICTS_SHOWN),
        asked=len(status.conflicts),
        doors=_doors(overview),
        plays=_plays(overview.listening) if overview.listening and overview.listening.plays else None,
        commands={
            "report": command("report", "-o", "index.html"),
            "unmatched": command("unmatched"),
            "doubtful": command("matches", "--doubtful"),
            "conflicts": command("conflicts"),
            "history": command("history", "-n", "50"),
            "playlists": command("playlists"),
            "plays": command("plays"),
            "explain": f"{command('explain')} TRACK",
            "match": f"{command('match', 'set')} SPOTIFY DEEZER",
            "auth": command("auth", "status"),
        },
    )


def _rows(lines: Sequence[CollectionLine], now: datetime) -> tuple[Row, ...]:
    def rank(line: CollectionLine) -> int:
        if line.state in URGENT:
            return URGENT.index(line.state)
        return len(URGENT) + (line.state in UNSELECTED)

    return tuple(_row(line, now) for line in sorted(lines, key=rank))


def _row(line: CollectionLine, now: datetime) -> Row:
    could = line.entries - line.skipped - line.duplicates - line.left_out
    _, _, bare = line.id.rpartition(":")
    playlist = line.kind is Kind.PLAYLIST
    return Row(
        name=line.name or line.id,
        kind=KINDS[line.kind],
        source=f"https://open.spotify.com/playlist/{bare}" if playlist else "",
        targets=tuple(f"https://www.deezer.com/playlist/{one}" for one in line.playlists) if playlist else (),
        state=state_cell(line.state),
        # Why one that is in step was worked on is of no use any more.
        why="; ".join(filter(None, ("" if line.state in IN_STEP else line.reason, *line.notes))),
        entries=line.entries,
        placed=line.placed,
        unmatched=line.unmatched,
        percent=min(100, 100 * line.placed // could) if line.selected and could > 0 else None,
        synced_at=line.synced_at,
        ahead=_ahead(line, now),
    )


def _ahead(line: CollectionLine, now: datetime) -> str:
    if line.next_look_at is None:
        return ""
    if is_held(line):
        return f"{stamp(line.next_look_at, now)}: {line.next_look_reason}"
    if line.next_due_at is None:
        return "when it changes"
    later = from_iso(line.next_due_at) > now
    return f"when it changes, or {stamp(line.next_due_at, now)}" if later else "next run"


def _run(run: Summary) -> RunRow:
    first = run.errors[0] if run.errors else None
    return RunRow(
        started_at=run.started_at,
        trigger=run.trigger.value,
        outcome=outcome_cell(run.outcome, run.outcome.value.replace("_", " ")),
        took=duration(run.duration_seconds),
        calls=calls_of(run),
        added=run.totals.added,
        removed=run.totals.removed,
        error=error_line(first.where, first.message, "") if first else "",
    )


def _shares(counts: Iterable[tuple[str, int]]) -> tuple[Share, ...]:
    counted = [(words, number) for words, number in counts if number]
    top = max((number for _, number in counted), default=0)
    return tuple(Share(words, number, max(1, 100 * number // top)) for words, number in counted)


def _question(conflict: Conflict, profile: str) -> Question:
    decided = f"{conflict.decision.value.capitalize()}'s side; the next run carries it out" if conflict.decision else ""
    choices = () if conflict.decision else choices_of(conflict, profile)
    return Question(conflict.name, question_of(conflict), conflict.opened_at, choices, decided)


def _doors(overview: Overview) -> tuple[Door, ...]:
    status = overview.status
    doors = []
    for service, ledger in status.ledger.items():
        expiry = status.credentials.get(service)
        doors.append(
            Door(
                name=SERVICES.get(service, service),
                calls=ledger.calls,
                limit=ledger.limit,
                span="24 hours" if ledger.seconds >= 86_400 else "hour",
                percent=min(100, 100 * ledger.calls // ledger.limit) if ledger.limit else 0,
                closed_until=status.not_before.get(service),
                free_at=ledger.free_at,
                expires_at=expiry.expires_at if expiry else None,
                days_left=expiry.days_left if expiry else None,
                expiry_known=expiry is not None,
            )
        )
    return tuple(doors)


def _plays(found: Listening) -> Plays:
    return Plays(
        plays=found.plays,
        hours=duration(found.seconds),
        months=_shares((period(one.month), one.plays) for one in found.months),
        tracks=_shares((track_name(one.title, one.artists) or one.id, one.plays) for one in found.tracks[:TOP]),
        artists=_shares((one.name, one.plays) for one in found.artists[:TOP]),
    )
