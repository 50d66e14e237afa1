"""``matches``: the tracks that have a counterpart, those that a person should look at, and all of them as CSV."""

from __future__ import annotations

from pathlib import Path

import click

from musicdiff_job import bootstrap
from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.output import json_text, say, show_json, show_text
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.errors import UsageError
from musicdiff_job.report.matches import match_csv, match_lines, match_text
from musicdiff_job.report.text import count
from musicdiff_job.store.replacing import replace_file


@click.command("matches", cls=JobCommand, example="musicdiff-job matches -o matches.csv")
@click.option("--doubtful", is_flag=True, help="Only those that you should look at, the worst first.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, in UTF-8.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F",
    help="Write them to a file, as CSV unless --json is given.",
)
@click.pass_context
def matches(context: click.Context, *, doubtful: bool, as_json: bool, as_csv: bool, output: Path | None) -> None:
    """List the tracks that have a counterpart.

    Each with its link on Deezer, how it was found, its score, when, and the next best other recording. What you have
    decided yourself is never doubtful.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms of one list", "Give one of them")
    session = open_session(context)
    lines = match_lines(session.peek(), bootstrap.rules_of(session.loaded.settings), doubtful=doubtful)
    if output is not None:
        text = f"{json_text({'matches': lines}, indent=2)}\n" if as_json else match_csv(lines)
        try:
            replace_file(output, text.encode())
        except OSError as error:
            raise UsageError(
                f"the matches cannot be written to {output}: {error.strerror}", "Name another file"
            ) from None
        if not shared(context).quiet:
            say(f"{count(len(lines), 'match', 'matches')} written to {output}")
    elif as_json:
        show_json({"matches": lines})
    elif as_csv:
        show_text(match_csv(lines))
    else:
        say(*match_text(lines, session.now(), doubtful=doubtful))
        if doubtful and lines:
            many = count(len(lines), "doubtful match", "doubtful matches")
            say("", f"{many}. `musicdiff-job match set SPOTIFY DEEZER` confirms or replaces one.")
