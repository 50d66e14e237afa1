"""``plays``: what the listening history comes to, and its plays as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from musicdiff_job import bootstrap
from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.output import json_text, say, show, show_json, show_text
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.play_counts import Period, count_plays, read_period
from musicdiff_job.report.plays import listening_blocks, play_csv
from musicdiff_job.store.replacing import replace_file

_AT_ONCE = 1000
"""Rows of CSV that are written together."""


class When(click.ParamType[str]):
    """A year, a month, a day or a time."""

    name = "when"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text itself, if it is one."""
        try:
            read_period(value, value)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is none of 2026, 2026-11, 2026-11-21 and 2026-11-21T12:00:00Z", param, ctx)
        return value


@click.command("plays", cls=JobCommand, example="musicdiff-job plays --since 2026-11 --top 20")
@click.option("--since", type=When(), metavar="WHEN", help="From this year, month, day or time on (UTC).")
@click.option("--until", type=When(), metavar="WHEN", help="To the end of this year, month or day, or to a time (UTC).")
@click.option(
    "--top", type=click.IntRange(0, 10_000), default=10, show_default=True, help="How many tracks and artists."
)
@click.option("--json", "as_json", is_flag=True, help="The counts as one JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="The plays themselves as CSV, in UTF-8.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F",
    help="Write to a file, as CSV unless --json is given.",
)
@click.pass_context
def plays(
    context: click.Context,
    *,
    since: str | None,
    until: str | None,
    top: int,
    as_json: bool,
    as_csv: bool,
    output: Path | None,
) -> None:
    """Count what you have played, by month, track and artist.

    Reads the listening history that runs record with playback.enabled; makes no call to Spotify.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms of one history", "Give one of them")
    session = open_session(context)
    settings = session.loaded.settings
    period = read_period(since, until)
    history = bootstrap.open_history(settings, session.run_id, session.stop)
    if as_csv or (output is not None and not as_json):
        rows = play_csv(history.read(period))
        if output is None:
            for text in _in_chunks(rows):
                show_text(text)
        else:
            _write(output, "".join(rows), quiet=shared(context).quiet)
        return
    found = count_plays(history.read(period), top)
    document = {"schema": 1, "since": period.since or None, "until": period.until or None, "listening": found}
    if output is not None:
        _write(output, f"{json_text(document, indent=2)}\n", quiet=shared(context).quiet)
    elif as_json:
        show_json(document)
    elif found.plays or found.gap_count or found.not_understood:
        show(*listening_blocks(found, session.now()))
    elif period != Period() and not history.is_empty():
        say("No play is recorded in this period.")
    else:
        say(f"No play is recorded yet in {history.place}.", _next(enabled=settings.playback.enabled))


def _next(*, enabled: bool) -> str:
    if enabled:
        return "Each run records what you have played since the one before; have one every hour or two."
    return (
        "Runs record none: switch it on with `enabled = true` under [playback] in musicdiff.toml, or with "
        "MUSICDIFF_PLAYBACK_ENABLED=true; see docs/playback.md."
    )


def _in_chunks(rows: Iterator[str]) -> Iterator[str]:
    while chunk := "".join(islice(rows, _AT_ONCE)):
        yield chunk


def _write(output: Path, text: str, *, quiet: bool) -> None:
    try:
        replace_file(output, text.encode())
    except OSError as error:
        raise UsageError(f"the plays cannot be written to {output}: {error.strerror}", "Name another file") from None
    if not quiet:
        say(f"written to {output}")
