"""``conflicts`` and ``resolve``: questions that only a person may decide."""

from __future__ import annotations

import click
import msgspec

from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.output import say, show_json
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.conflict import Side
from musicdiff_job.core.errors import UsageError
from musicdiff_job.report.conflicts import conflict_rows, conflicts_text, rulings_text
from musicdiff_job.report.text import count


@click.command("conflicts", cls=JobCommand, example="musicdiff-job conflicts --json")
@click.option("--settled", is_flag=True, help="Those that you decided and that are done with.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object, the settled ones included.")
@click.pass_context
def conflicts(context: click.Context, *, settled: bool, as_json: bool) -> None:
    """List the questions that only you may decide.

    Those that are decided stay until a run has carried the decision out.
    """
    session = open_session(context)
    checkpoint = session.peek()
    rows = conflict_rows(checkpoint)
    if as_json:
        show_json({"conflicts": rows, "settled": checkpoint.rulings})
    elif settled:
        say(*rulings_text(checkpoint.rulings, session.now()))
    else:
        say(*conflicts_text(rows, session.now()))


@click.command(
    "resolve",
    cls=JobCommand,
    example="musicdiff-job resolve --all --take spotify",
)
@click.argument("identity", metavar="[ID]", required=False)
@click.option("--take", type=click.Choice([side.value for side in Side]), required=True, help="Whose state counts.")
@click.option("--all", "every", is_flag=True, help="All open conflicts.")
@click.pass_context
def resolve(context: click.Context, *, identity: str | None, take: str, every: bool) -> None:
    """Decide a conflict; the next run carries it out.

    `--take spotify` makes Deezer as Spotify is; `--take deezer` keeps what is on Deezer. The beginning of an ID will
    do.
    """
    if (identity is None) == (not every):
        raise click.UsageError("name one conflict, or give --all")
    session = open_session(context)
    with session.edit() as (lease, checkpoint):
        chosen = [
            conflict
            for conflict in checkpoint.conflicts.values()
            if (every and conflict.decision is None) or (identity and conflict.id.startswith(identity))
        ]
        chosen = [conflict for conflict in chosen if conflict.id == identity] or chosen
        if not every and len(chosen) != 1:
            found = f"{count(len(chosen), 'conflict')} begin with" if chosen else "there is no conflict"
            raise UsageError(f"{found} {identity}", "See `musicdiff-job conflicts`")
        decided = {
            conflict.id: msgspec.structs.replace(conflict, decision=Side(take), decided_at=session.now_iso())
            for conflict in chosen
        }
        if decided:
            lease.save(msgspec.structs.replace(checkpoint, conflicts={**checkpoint.conflicts, **decided}))
    if not shared(context).quiet:
        say(f"{count(len(chosen), 'conflict')} decided; the next run carries it out." if chosen else "None is open.")
