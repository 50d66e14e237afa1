"""``apply``: carry out a plan that was reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from musicdiff_job.applying import apply_plan
from musicdiff_job.cli.command import JobCommand
from musicdiff_job.cli.run import budgets, carry_out, reports
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.plan_file import parse
from musicdiff_job.performing import Wish

if TYPE_CHECKING:
    from musicdiff_job.core.plan_file import Plan


@click.command("apply", cls=JobCommand, example="musicdiff-job apply plan.json")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@budgets
@reports
@click.pass_context
def apply(
    context: click.Context,
    *,
    plan: Path,
    max_seconds: float | None,
    max_calls: int | None,
    exit_codes: str,
    summary_file: Path | None,
) -> int:
    """Make exactly the changes that a plan says, or none.

    PLAN is what `plan -o` or `undo -o` has written. If anything has moved since that the plan rests on, nothing is
    written, and the exit status is 21. What a spent budget or a signal leaves undone, the same command goes on with.
    """
    wish = Wish(max_seconds=max_seconds, max_calls=max_calls)
    return carry_out(context, wish, exit_codes, summary_file, lambda job: apply_plan(job, _read(plan)))


def _read(path: Path) -> Plan:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise UsageError(f"the plan {path} cannot be read: {error.strerror}", "Name another file") from None
