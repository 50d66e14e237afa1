"""``undo``: put back what a run removed; first as a plan."""

from __future__ import annotations

from pathlib import Path

import click

from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.output import show
from musicdiff_job.cli.plan import plan_option, show_plan
from musicdiff_job.cli.run import budgets, carry_out, reports
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.before_image import run_named
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.performing import Wish
from musicdiff_job.planning import plan_undo
from musicdiff_job.report.undo import undo_table
from musicdiff_job.session import Job
from musicdiff_job.undoing import undo_once


@click.command("undo", cls=JobCommand, example="musicdiff-job undo last -o undo.json")
@click.argument("run", metavar="[RUN_ID]", required=False)
@click.option("--list", "listed", is_flag=True, help="List the runs that can be undone.")
@plan_option
@click.option("--apply", "now", is_flag=True, help="Put it back now, without a plan.")
@budgets
@reports
@click.pass_context
def undo(
    context: click.Context,
    *,
    run: str | None,
    listed: bool,
    output: Path | None,
    now: bool,
    max_seconds: float | None,
    max_calls: int | None,
    exit_codes: str,
    summary_file: Path | None,
) -> int:
    """Put back what a run removed from Deezer.

    Without --apply it only shows what would come back; `apply` does what -o writes down. RUN_ID is the id of a run or
    its beginning, or "last". What was removed is remembered for 30 days. What is put back counts as added by hand: runs
    leave it alone until you remove it on Deezer or it is on Spotify again.
    """
    if listed:
        if run is not None or output is not None or now:
            raise click.UsageError("--list stands alone")
        session = open_session(context)
        show(undo_table(session.peek().images, session.now()))
        return 0
    if run is None:
        raise click.UsageError("name a run, or give --list")
    if now and output is not None:
        raise click.UsageError("give one of --apply and -o")

    def named(job: Job) -> str:
        return run_named((job.store.peek() or Checkpoint()).images, run)

    if now:
        wish = Wish(max_seconds=max_seconds, max_calls=max_calls)
        return carry_out(context, wish, exit_codes, summary_file, lambda job: undo_once(job, named(job)))
    wish = Wish(dry_run=True, max_seconds=max_seconds, max_calls=max_calls)
    return show_plan(context, wish, output, lambda job, recorder: plan_undo(job, recorder, named(job)), notes=True)
