"""``history``: the last runs."""

from __future__ import annotations

import click

from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.output import show, show_json
from musicdiff_job.cli.session import open_session
from musicdiff_job.report.run import history_table


@click.command("history", cls=JobCommand, example="musicdiff-job history -n 10")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object, oldest first.")
@click.option("-n", "--number", type=click.IntRange(min=1), default=20, show_default=True, help="How many runs.")
@click.pass_context
def history(context: click.Context, *, as_json: bool, number: int) -> None:
    """List the last runs.

    The checkpoint remembers fifty. Runs that were refused (paused, locked) leave no trace in it.
    """
    session = open_session(context)
    runs = session.peek().runs[-number:]
    if as_json:
        show_json({"runs": runs})
    else:
        show(history_table(runs, session.now()))
