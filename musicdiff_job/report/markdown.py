"""The state of the library in Markdown, in short: for step summaries, issues and e-mails.

Theory. A name may hold markup, HTML, a link, a mention or a reference to an issue. Whatever can begin one of these is
escaped with a backslash, anywhere what counts anywhere, at the beginning what counts there (lists, headings, rules).
Behind an @ stands an empty comment, because GitHub looks for mentions and e-mail addresses when escapes are undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from musicdiff_job.core.summary import CollectionState
from musicdiff_job.report.advice import decisions_for, steps_for
from musicdiff_job.report.collections import UNSELECTED
from musicdiff_job.report.overview import Overview
from musicdiff_job.report.run import METHODS
from musicdiff_job.report.status import Status
from musicdiff_job.report.status_text import SERVICES
from musicdiff_job.report.text import clean, count, duration, moment, named, shortened

ROWS = 20
"""Collections in the table; more are counted."""
COLUMNS = 300
"""No cell is wider."""

_ANYWHERE = re.compile(r"[\\`*_{}\[\]<>#|~&!@$]|:(?=//)|(?<=www)\.|(?<=\d)[.)](?=\s)", re.IGNORECASE)
_AT_THE_BEGINNING = re.compile(r"^[-+=]")


def markdown_report(overview: Overview, now: datetime) -> str:
    """A heading, what to do, the figures, and the collections that are not simply in step."""
    blocks = [*_head(overview, now), *_steps(overview), *_facts(overview, now), *_collections(overview)]
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """Text, on one line, that Markdown shows as it is."""
    plain = shortened(clean(text), COLUMNS).strip()
    for pattern in (_ANYWHERE, _AT_THE_BEGINNING):
        plain = pattern.sub(lambda found: f"\\{found[0]}", plain)
    return plain.replace("\\@", "\\@<!-- -->")


def _code(command: str) -> str:
    """A command in a code span; of backticks, which a shell needs none of, nothing may be left."""
    return f"`{clean(command).replace('`', chr(0x2018))}`"


def _head(overview: Overview, now: datetime) -> Iterator[str]:
    status = overview.status
    profile = "" if status.profile == "default" else f" ({escaped(named(status.profile))})"
    yield f"## {_verdict(overview)}{profile}"
    if overview.ailments:
        yield "\n".join(f"- {escaped(one)}" for one in overview.ailments)
    yield f"As of {moment(now.isoformat(), now).partition(' (')[0]}."


def _verdict(overview: Overview) -> str:
    status = overview.status
    if status.last_run is None and not status.paused:
        return "⚪ Nothing has run yet"
    if overview.ailments:
        return "🔴 Somebody should look"
    if status.paused:
        return "⏸ Paused"
    behind = status.progress.collections.total - status.progress.collections.in_sync
    return "🟡 Under way" if behind else "🟢 All is in step"


def _steps(overview: Overview) -> Iterator[str]:
    lines = []
    for step in (*steps_for(overview), *decisions_for(overview)):
        about = f"**{escaped(named(step.about))}**: " if step.about else ""
        lines.append(f"1. {about}{escaped(step.why)}")
        lines += [f"   - {_code(one.command)}{f' {escaped(one.does)}' if one.does else ''}" for one in step.choices]
    if lines:
        yield "### What to do now"
        yield "\n".join(lines)


def _facts(overview: Overview, now: datetime) -> Iterator[str]:
    status = overview.status
    tracks, collections = status.progress.tracks, status.progress.collections
    rows: list[tuple[str, str]] = []
    if collections.total:
        rows.append(("Collections in step", f"{collections.in_sync:,} of {collections.total:,}"))
        rows.append(("Entries on Deezer", f"{tracks.placed:,} of {tracks.total:,}"))
        rows.append(("Without a counterpart", f"{len(overview.unmatched):,}"))
    if status.progress.eta_runs:
        day = f", about {moment(status.progress.eta_at, now)}" if status.progress.eta_at else ""
        rows.append(("Done in", f"{count(status.progress.eta_runs, 'more run')}{day}"))
    if status.last_run is not None:
        run = status.last_run
        took = duration(run.duration_seconds)
        word = run.outcome.value.replace("_", " ")
        rows.append(("Last run", f"{moment(run.finished_at, now)}, {word}, {took}"))
        rows.append(("Last time all was in step", moment(status.last_success_at, now)))
    rows += _services(status, now)
    if overview.methods:
        told = ", ".join(f"{number:,} {METHODS.get(name, name)}" for name, number in overview.methods.items())
        rows.append(("Counterparts", told))
    if rows:
        yield _table(("", ""), ((escaped(name), escaped(value)) for name, value in rows))


def _services(status: Status, now: datetime) -> Iterator[tuple[str, str]]:
    for service, ledger in status.ledger.items():
        limit = f" of {ledger.limit:,}" if ledger.limit else ""
        span = "24 h" if ledger.seconds >= 86_400 else "hour"
        closed = status.not_before.get(service)
        waits = f"; not to be called before {moment(closed, now)}" if closed else ""
        yield SERVICES.get(service, service), f"{ledger.calls:,}{limit} calls in the last {span}{waits}"
    for service, expiry in status.credentials.items():
        if expiry.expires_at:
            yield f"{SERVICES.get(service, service)} consent ends", moment(expiry.expires_at, now)


def _collections(overview: Overview) -> Iterator[str]:
    quiet = UNSELECTED | {CollectionState.IN_SYNC}
    told = [line for line in overview.status.collections if line.state not in quiet]
    if not told:
        return
    yield "### Collections that are not simply in step"
    rows = (
        (
            escaped(named(line.name or line.id)),
            escaped(line.state.value.replace("_", " ")),
            f"{line.placed:,} of {line.entries:,}",
            escaped("; ".join(filter(None, (line.reason, *line.notes)))),
        )
        for line in told[:ROWS]
    )
    yield _table(("Collection", "State", "On Deezer", "Why"), rows)
    if len(told) > ROWS:
        yield f"{len(told) - ROWS:,} more: {_code('musicdiff-job playlists')}"


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
