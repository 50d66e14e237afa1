"""``playlists``: the collections, selected or not, and where each stands."""

from __future__ import annotations

import click

from musicdiff_job.bootstrap import policy_of
from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.output import show, show_json
from musicdiff_job.cli.session import open_session
from musicdiff_job.report.collections import collection_lines, collections_table


@click.command("playlists", cls=JobCommand, example="musicdiff-job playlists --json | jq '.collections[].name'")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def playlists(context: click.Context, *, as_json: bool) -> None:
    """List the collections, where each stands and when it is due next.

    Reads only the checkpoint; what was never selected is not in it.
    """
    session = open_session(context)
    lines = collection_lines(session.peek(), policy_of(session.loaded.settings), session.now())
    if as_json:
        show_json({"collections": lines})
    else:
        show(collections_table(lines, session.now()))
