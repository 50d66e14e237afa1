"""``pause`` and ``resume``: whether runs work at all."""

from __future__ import annotations

import click
import msgspec

from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.output import say
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.checkpoint import Pause
from musicdiff_job.report.text import clean


@click.command("pause", cls=JobCommand, example="musicdiff-job pause --reason 'moving house'")
@click.option("--reason", default="", metavar="TEXT", help="Shown by `status` and by the runs that do nothing.")
@click.pass_context
def pause(context: click.Context, *, reason: str) -> None:
    """Make runs do nothing until `resume`.

    They exit with `paused`, without a single API call.
    """
    session = open_session(context)
    with session.edit() as (lease, checkpoint):
        said = clean(reason.encode(errors="replace").decode())  # the bytes of a command line need not be UTF-8
        asked = Pause(session.now_iso(), said or "paused by hand")
        lease.save(msgspec.structs.replace(checkpoint, paused=asked))
    if not shared(context).quiet:
        say("Paused. `musicdiff-job resume` lets runs work again.")


@click.command("resume", cls=JobCommand, example="musicdiff-job resume")
@click.pass_context
def resume(context: click.Context) -> None:
    """Let runs work again."""
    session = open_session(context)
    with session.edit() as (lease, checkpoint):
        was_paused = checkpoint.paused is not None
        if was_paused:
            lease.save(msgspec.structs.replace(checkpoint, paused=None, failed_runs=0))
    if not shared(context).quiet:
        say("Runs work again." if was_paused else "It was not paused.")
