"""``run``: the job, once.

What is said. On a terminal a progress bar and a table; otherwise the last line on stdout is the summary as one JSON
object, whatever the outcome. ``-q`` drops both unless something is wrong, so that cron has nothing to mail; a summary
that is wanted all the same goes to ``--summary-file``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from musicdiff_job.cli.command import JobCommand, Pattern, Seconds, shared
from musicdiff_job.cli.output import OutputLost, complain, is_terminal, show, show_json
from musicdiff_job.cli.session import open_session, read_settings
from musicdiff_job.cli.signals import leave, stopping
from musicdiff_job.cli.telling import complain_of, is_watched, watcher, write_summary
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.outcome import TABLE, ExitCodes
from musicdiff_job.core.summary import Summary
from musicdiff_job.job import run_once
from musicdiff_job.performing import Wish, perform_and_tell, refuse_and_tell
from musicdiff_job.report.run import run_blocks
from musicdiff_job.settings import EVERY

if TYPE_CHECKING:
    from musicdiff_job.cli.command import Shared
    from musicdiff_job.session import Job


Command = TypeVar("Command", bound=Callable[..., object])


def budgets(command: Command) -> Command:
    """The options that limit a run."""
    command = click.option(
        "--max-calls", type=click.IntRange(min=1), metavar="N", help="Budget of API calls, retries included."
    )(command)
    return click.option("--max-seconds", type=Seconds(), metavar="N", help="Time budget.")(command)


def only_option(command: Command) -> Command:
    """Which collections are worked on."""
    told = "Only these collections; may be given again."
    return click.option("--only", type=Pattern(), multiple=True, metavar="PATTERN", help=told)(command)


def reports(command: Command) -> Command:
    """The options for how a run is told."""
    file = click.Path(path_type=Path)
    command = click.option("--summary-file", type=file, metavar="F", help="Write the summary (JSON) here.")(command)
    return click.option(
        "--exit-codes",
        type=click.Choice([codes.value for codes in ExitCodes]),
        default=ExitCodes.SIMPLE.value,
        show_default=True,
        help="simple: 0 unless somebody should look; detailed: a status for each outcome.",
    )(command)


@click.command("run", cls=JobCommand, example="musicdiff-job run --dry-run --only 'Gym*'")
@click.option("--dry-run", is_flag=True, help="Read and plan; write neither to Deezer nor to the checkpoint.")
@budgets
@only_option
@click.option("--force", is_flag=True, help="Look at everything, due or not, changed or not.")
@reports
@click.pass_context
def run(
    context: click.Context,
    *,
    dry_run: bool,
    max_seconds: float | None,
    max_calls: int | None,
    only: tuple[str, ...],
    force: bool,
    exit_codes: str,
    summary_file: Path | None,
) -> int:
    """Do the job once: look, decide, do, save, exit.

    Without a terminal, the last line on stdout is the summary as JSON; with -q nothing is said unless something is
    wrong. With --profile all every profile of the settings file has its turn, and the last line is their total.
    """
    wish = Wish(dry_run, max_seconds, max_calls, only, force)
    return carry_out(context, wish, exit_codes, summary_file, run_once, every=True)


def carry_out(
    context: click.Context,
    wish: Wish,
    exit_codes: str,
    summary_file: Path | None,
    work: Callable[[Job], Summary],
    *,
    every: bool = False,
) -> int:
    """Do ``work`` and say how it went, as ``run`` does; the status to exit with. ``every``: it can be asked for every
    profile."""
    stop = StopFlag()
    clock = SystemClock(stop)
    options, codes = shared(context), ExitCodes(exit_codes)
    with stopping(stop):
        try:
            read = read_settings(options)
            if every and read[1] == EVERY:
                from musicdiff_job.cli.every import run_every  # most runs are of one profile

                return run_every(read[0], options, wish, codes, summary_file, stop, clock)
            session = open_session(context, stop, clock, drawn=is_watched(options), read=read)
        except ConfigError as error:
            complain(*error.problems)
            summary = refuse_and_tell(error, stop, clock, options.profile or "default", codes)
            show_problems = False
        else:
            with watcher(options) as watching:
                summary = perform_and_tell(session, wish, watching, work, codes=codes)
            show_problems = True
    if summary_file is not None:
        write_summary(summary_file, summary)
    try:
        _tell(summary, options, clock.now(), problems=show_problems)
    except OutputLost as lost:
        complain(str(lost))  # the run itself is done and saved; how it went stands
    if stop.signal is not None:  # whatever it came to: threads may hang in sockets
        leave(summary.exit_code)
    return summary.exit_code


def _tell(summary: Summary, options: Shared, now: datetime, *, problems: bool) -> None:
    """Say how it went; ``problems`` is False when stderr has told them already."""
    healthy = TABLE[summary.outcome].healthy
    if is_terminal(sys.stdout) and not (options.quiet and healthy):
        if problems:
            show(*run_blocks(summary, now, every=options.verbose))
        return
    if not healthy and problems and (options.quiet or is_terminal(sys.stderr)):
        complain_of(summary)
    if not options.quiet:
        show_json(summary, indent=0)
