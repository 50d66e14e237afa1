"""A run as GitHub Actions shows it: annotations, the step's summary, and outputs for later steps.

All of it is GitHub's documented interface ("Workflow commands for GitHub Actions"): commands are lines on stdout or
stderr, the other two are files that the runner names in ``GITHUB_STEP_SUMMARY`` and ``GITHUB_OUTPUT``. Commands go to
stderr, which the runner reads as well, so that the last line on stdout stays the summary in JSON, also where it is
piped.

Secrets are not registered here (``::add-mask::``): the runner masks those of the repository by itself, ours are
scrubbed before anything is printed, and to mask one it would have to be printed first.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Final, assert_never

from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.summary import Summary
from musicdiff_job.report.run import error_line, run_blocks
from musicdiff_job.report.text import Block, Cell, Fit, Lines, Table, clean, fitted, named, text_of
from musicdiff_job.sinks import Ended, Sink

MOST_BYTES: Final = 1 << 20
"""Of a step's summary; one that is larger is not shown at all."""
MOST_ANNOTATIONS: Final = 10
"""Of each level in a step; GitHub drops the others without a word."""

_STRUCTURE = re.compile(r"[!#&*+\-.:<=>@\[\\\]^_`{|}~]")


class Level(StrEnum):
    """The kinds of annotation."""

    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


LEVELS: Mapping[Outcome, Level | None] = {
    Outcome.IN_SYNC: None,
    Outcome.CHANGED: Level.NOTICE,
    Outcome.MORE_TO_DO: Level.NOTICE,
    Outcome.PAUSED: Level.NOTICE,
    Outcome.RATE_LIMITED: Level.WARNING,
    Outcome.LOCKED: Level.WARNING,
    Outcome.PARTIAL: Level.WARNING,
    Outcome.LOST_LEASE: Level.WARNING,
    Outcome.INTERRUPTED: Level.WARNING,
    Outcome.CONFLICT: Level.ERROR,
    Outcome.USAGE: Level.ERROR,
    Outcome.CONFIG: Level.ERROR,
    Outcome.CHECKPOINT_INVALID: Level.ERROR,
    Outcome.CHECKPOINT_UNWRITABLE: Level.ERROR,
    Outcome.UNAVAILABLE: Level.ERROR,
    Outcome.CRASH: Level.ERROR,
    Outcome.AUTH: Level.ERROR,
}
"""How loud an outcome is told; a run with nothing to do is not."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation on the page of the workflow's run."""

    level: Level
    title: str
    message: str

    def command(self) -> str:
        """The line that the runner takes for it."""
        title = _escaped(text_of(self.title)).replace(":", "%3A").replace(",", "%2C")
        return f"::{self.level} title={title}::{_escaped(text_of(self.message))}"


@dataclass(frozen=True, slots=True)
class Annotations:
    """A ``sinks.Sink`` that prints annotations on stderr."""

    name: str = "GITHUB_ACTIONS"

    def begin(self, run_id: str) -> None:
        """Nothing."""

    def end(self, ended: Ended) -> None:
        """Print them."""
        sys.stderr.writelines(f"{one.command()}\n" for one in annotated(ended.summary))
        sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """A ``sinks.Sink`` that appends to a file which the runner reads when the step has ended. ``write`` is given how
    many bytes the file has."""

    name: str
    path: Path
    write: Callable[[Ended, int], str]

    def begin(self, run_id: str) -> None:
        """Nothing."""

    def end(self, ended: Ended) -> None:
        """Append. Raises ``OSError``."""
        with self.path.open("ab") as file:
            file.write(self.write(ended, file.tell()).encode(errors="replace"))


def github_sinks(env: Mapping[str, str]) -> tuple[Sink, ...]:
    """Who is to be told in GitHub Actions; nobody elsewhere. Forgejo and Gitea run the same workflows and set the same
    variables."""
    if env.get("GITHUB_ACTIONS") != "true":
        return ()
    files: dict[str, Callable[[Ended, int], str]] = {
        "GITHUB_STEP_SUMMARY": lambda ended, size: step_summary(ended.summary, ended.now, MOST_BYTES - size),
        "GITHUB_OUTPUT": lambda ended, _: outputs(ended.summary),
    }
    return (Annotations(), *(EnvironmentFile(name, Path(env[name]), files[name]) for name in files if env.get(name)))


def annotated(summary: Summary) -> tuple[Annotation, ...]:
    """What a person should read before the log: the outcome, then each conflict and each error, as many of a level as
    GitHub shows, the last of them saying how many there are besides."""
    level = LEVELS[summary.outcome]
    found: list[Annotation] = []
    if level is not None:
        found.append(Annotation(level, _title(summary), TABLE[summary.outcome].meaning))
    found += [
        Annotation(Level.ERROR, f"conflict in {named(line.name)}", f"{line.message} ({line.id})")
        for line in summary.conflicts
    ]
    trouble = Level.ERROR if level is Level.ERROR else Level.WARNING
    found += [
        Annotation(trouble, named(line.where) or _title(summary), error_line("", line.message, line.hint))
        for line in summary.errors
    ]
    by_level = groupby(
        sorted(found, key=lambda one: tuple(Level).index(one.level), reverse=True), lambda one: one.level
    )
    return tuple(one for _, group in by_level for one in _as_many_as_are_shown(tuple(group)))


def outputs(summary: Summary) -> str:
    """Lines for ``GITHUB_OUTPUT``. Every value is a number, a time or a word of ours, so none can bring in a line."""
    totals = summary.totals
    more = totals.pending > 0 or summary.outcome is Outcome.MORE_TO_DO
    values = {
        "outcome": summary.outcome.value,
        "exit_code": summary.exit_code,
        "changed": totals.changed,
        "added": totals.added,
        "removed": totals.removed,
        "unmatched": totals.unmatched,
        "conflicts": totals.conflicts,
        "retry_at": summary.retry_at or "",
        "more_to_do": str(more).lower(),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def step_summary(summary: Summary, now: datetime, room: int = MOST_BYTES) -> str:
    """The run in Markdown: what it came to, and a table of the collections that were not simply in step. At most
    ``room`` bytes; what does not fit is left out from the end, and that is said."""
    table, sentences = run_blocks(summary, now)
    parts = [f"\n### {_markdown(_title(summary))}\n\n", *_rendered((sentences, table))]
    cut = "\n(cut: the step's summary is full)\n"
    sizes = [len(part.encode(errors="replace")) for part in parts]
    if sum(sizes) <= room:
        return "".join(parts)
    kept, left = list[str](), room - len(cut)
    for part, size in zip(parts, sizes, strict=True):
        left -= size
        if left < 0:
            break
        kept.append(part)
    return "".join([*kept, cut]) if kept else ""


def _title(summary: Summary) -> str:
    profile = "" if summary.profile == "default" else f" ({summary.profile})"
    return f"musicdiff-job{profile}: {summary.outcome.value.replace('_', ' ')}"


def _as_many_as_are_shown(group: tuple[Annotation, ...]) -> tuple[Annotation, ...]:
    if len(group) <= MOST_ANNOTATIONS:
        return group
    kept = group[: MOST_ANNOTATIONS - 1]
    rest = f"and {len(group) - len(kept)} more; the summary has them"
    return (*kept, Annotation(group[0].level, "musicdiff-job", rest))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _rendered(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Lines(lines):
                yield from (f"- {_markdown(text_of(line))}\n" for line in lines)
                yield "\n"
            case Table(columns, rows):
                if rows:
                    yield _row(column.heading for column in columns)
                    yield _row("---:" if column.number else "---" for column in columns)
                    yield from (_row(map(_cell, row, (column.fit for column in columns))) for row in rows)
            case _:
                assert_never(block)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(cell: Cell | str, fit: Fit) -> str:
    return _markdown(fitted(cell, fit))


def _markdown(text: str) -> str:
    """One line of text that Markdown shows as it is. Punctuation written as a character reference is never structure
    (CommonMark, "Entity and numeric character references"), neither Markdown's, nor HTML's, nor a table's. What GitHub
    finds only afterwards is parted: mentions and issues by an invisible space, formulas as its documentation says."""
    safe = _STRUCTURE.sub(lambda found: f"&#{ord(found[0])};", clean(text).strip())
    return re.sub(r"(&#(?:64|35);)(?=\w)", "\\1\u200b", safe).replace("$", "<span>$</span>")
