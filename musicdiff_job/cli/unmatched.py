"""``unmatched``: the tracks without a counterpart, and why."""

from __future__ import annotations

import click

from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.output import say, show_json
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.model import item_of
from musicdiff_job.report.text import entries
from musicdiff_job.report.unmatched import unmatched_lines, unmatched_text


@click.command("unmatched", cls=JobCommand, example="musicdiff-job unmatched --json | jq '.unmatched[].reason'")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def unmatched(context: click.Context, *, as_json: bool) -> None:
    """List the tracks without a counterpart, and why.

    Each with the three candidates that came closest and what speaks against them; `match set` takes one of them.
    Those where you have something to choose from come first.
    """
    session = open_session(context)
    lines = unmatched_lines(session.peek())
    if as_json:
        show_json({"unmatched": lines})
        return
    say(*unmatched_text(lines, session.now(), dated=True))
    if lines:
        told = entries(len(lines), (item_of(line.id) for line in lines))
        say(
            "",
            f"{told} without a counterpart. `musicdiff-job match set SPOTIFY DEEZER` names one.",
        )
