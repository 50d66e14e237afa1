"""``plan``: a dry run, told as a difference; ``-o`` writes the exact changes down, for ``apply``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.files import output_option, write_output
from musicdiff_job.cli.output import complain, json_text, say, show
from musicdiff_job.cli.run import budgets, only_option
from musicdiff_job.cli.session import open_session
from musicdiff_job.cli.signals import leave, stopping
from musicdiff_job.cli.telling import is_watched, watcher
from musicdiff_job.clock import StopFlag
from musicdiff_job.core.outcome import TABLE, ExitCodes, Outcome, exit_code
from musicdiff_job.performing import Wish, perform
from musicdiff_job.planning import plan_once
from musicdiff_job.report.plan import PlanRecorder, plan_blocks
from musicdiff_job.report.run import error_line, outcome_cell

if TYPE_CHECKING:
    from musicdiff_job.core.plan_file import Plan
    from musicdiff_job.core.summary import Summary
    from musicdiff_job.session import Job

Planner = Callable[["Job", PlanRecorder], "tuple[Summary, Plan | None]"]


plan_option = output_option("Write it as JSON, for `apply`.")


@click.command("plan", cls=JobCommand, example="musicdiff-job plan -o plan.json")
@plan_option
@budgets
@only_option
@click.option("--force", is_flag=True, help="Look at everything, due or not, changed or not.")
@click.pass_context
def plan(
    context: click.Context,
    *,
    output: Path | None,
    max_seconds: float | None,
    max_calls: int | None,
    only: tuple[str, ...],
    force: bool,
) -> int:
    """Show what a run would change, without changing it.

    + comes, - goes, ~ is altered. Reads both sides and looks tracks up, which counts against the budgets; writes
    neither to Deezer nor to the checkpoint. `apply` makes the changes that -o writes down.
    """
    wish = Wish(dry_run=True, max_seconds=max_seconds, max_calls=max_calls, only=only, force=force)
    return show_plan(context, wish, output, plan_once)


def show_plan(context: click.Context, wish: Wish, output: Path | None, planner: Planner, *, notes: bool = False) -> int:
    """Plan, show the plan, with ``notes`` on it, and write it down where that is wanted; the status to exit with."""
    stop = StopFlag()
    options = shared(context)
    documents: list[Plan] = []
    with stopping(stop), watcher(options) as watching:
        session = open_session(context, stop, drawn=is_watched(options))
        recorder = PlanRecorder(watching)

        def work(job: Job) -> Summary:
            summary, document = planner(job, recorder)
            documents.extend([document] if document is not None else [])
            return summary

        summary = perform(session, wish, recorder, work)
    looked = bool(recorder.plans or recorder.results) or summary.outcome in (Outcome.IN_SYNC, Outcome.CHANGED)
    if looked:
        show(*plan_blocks(recorder.plans.values(), recorder.results, notes=notes, every=options.verbose))
    if not TABLE[summary.outcome].healthy or summary.outcome in INCOMPLETE:
        complain(outcome_cell(summary.outcome, f"{summary.outcome}: {TABLE[summary.outcome].meaning}").text)
        complain(*(error_line(error.where, error.message, error.hint) for error in summary.errors))
    if output is not None and looked and documents:
        write_output(output, f"{json_text(documents[0], indent=2)}\n", "the plan")
        if not options.quiet:
            say(f"written to {output}")
    code = exit_code(summary.outcome, ExitCodes.SIMPLE, stop.signal)
    if summary.outcome is Outcome.INTERRUPTED:
        leave(code)
    return code


INCOMPLETE = frozenset({Outcome.MORE_TO_DO, Outcome.RATE_LIMITED, Outcome.LOCKED, Outcome.PAUSED, Outcome.INTERRUPTED})
"""Outcomes that are healthy for a run, but mean that a plan does not show everything."""
