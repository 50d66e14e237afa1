"""``plan``: a dry run, told as a difference; ``-o`` writes the exact changes down."""

from __future__ import annotations

from pathlib import Path

import click

from musicdiff_job.cli.command import JobCommand, Pattern, Seconds, shared
from musicdiff_job.cli.files import replace_file
from musicdiff_job.cli.output import complain, json_text, say, show
from musicdiff_job.cli.run import Wish, is_watched, perform, watcher
from musicdiff_job.cli.session import open_session
from musicdiff_job.cli.signals import leave, stopping
from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.outcome import TABLE, ExitCodes, Outcome, exit_code
from musicdiff_job.report.plan import PlanRecorder, plan_blocks, plan_document
from musicdiff_job.report.run import error_line, outcome_cell


@click.command("plan", cls=JobCommand, example="musicdiff-job plan -o plan.json")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="F", help="Write it as JSON.")
@click.option("--max-seconds", type=Seconds(), metavar="N", help="Time budget.")
@click.option("--max-calls", type=click.IntRange(min=1), metavar="N", help="Budget of API calls, retries included.")
@click.option(
    "--only", type=Pattern(), multiple=True, metavar="PATTERN", help="Only these collections; may be given again."
)
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
    neither to Deezer nor to the checkpoint.
    """
    stop = StopFlag()
    options = shared(context)
    with stopping(stop), watcher(options) as watching:
        session = open_session(context, stop, drawn=is_watched(options))
        recorder = PlanRecorder(watching)
        wish = Wish(dry_run=True, max_seconds=max_seconds, max_calls=max_calls, only=only, force=force)
        summary = perform(session, wish, recorder)
    looked = bool(recorder.plans or recorder.results) or summary.outcome in (Outcome.IN_SYNC, Outcome.CHANGED)
    if looked:
        show(*plan_blocks(recorder.plans.values(), recorder.results))
    if not TABLE[summary.outcome].healthy or summary.outcome in INCOMPLETE:
        complain(outcome_cell(summary.outcome, f"{summary.outcome}: {TABLE[summary.outcome].meaning}").text)
        complain(*(error_line(error.where, error.message, error.hint) for error in summary.errors))
    if output is not None and looked:
        document = plan_document(recorder.plans.values(), session.peek(), session.now(), summary.profile)
        try:
            replace_file(output, f"{json_text(document, indent=2)}\n".encode())
        except OSError as error:
            raise UsageError(f"the plan cannot be written to {output}: {error.strerror}", "Name another file") from None
        if not options.quiet:
            say(f"written to {output}")
    code = exit_code(summary.outcome, ExitCodes.SIMPLE, stop.signal)
    if summary.outcome is Outcome.INTERRUPTED:
        leave(code)
    return code


INCOMPLETE = frozenset({Outcome.MORE_TO_DO, Outcome.RATE_LIMITED, Outcome.LOCKED, Outcome.PAUSED, Outcome.INTERRUPTED})
"""Outcomes that are healthy for a run, but mean that a plan does not show everything."""
