"""``status``: how things stand, from the checkpoint alone. No network."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.output import complain, show, show_json
from musicdiff_job.cli.session import open_session, read_settings
from musicdiff_job.cli.standing import standing
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.outcome import ExitCode
from musicdiff_job.report.status import ailments
from musicdiff_job.report.status_text import status_blocks
from musicdiff_job.settings import EVERY

if TYPE_CHECKING:
    from musicdiff_job.cli.session import Session

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Age(click.ParamType[timedelta]):
    """A duration such as ``26h``, ``90m`` or ``1d12h``; a bare number is seconds."""

    name = "duration"

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Seconds, or amounts with a unit from larger to smaller."""
        if isinstance(value, timedelta):
            return value
        if re.fullmatch(r"[0-9]{1,9}", value):
            return timedelta(seconds=int(value))
        if not re.fullmatch(r"(?:[0-9]{1,5}[smhdw]){1,5}", value):
            self.fail(f"{value!r} is not a duration such as 26h, 90m or 1d12h", param, ctx)
        parts = re.findall(r"([0-9]+)([smhdw])", value)
        return timedelta(seconds=sum(int(amount) * _UNITS[unit] for amount, unit in parts))


@click.command("status", cls=JobCommand, example="musicdiff-job status --check --max-age 26h")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.option("--check", is_flag=True, help="Exit 0 if healthy, 20 if somebody should look; say only what is wrong.")
@click.option("--max-age", type=Age(), default="26h", show_default=True, help="How long ago the last good run may be.")
@click.pass_context
def status(context: click.Context, *, as_json: bool, check: bool, max_age: timedelta) -> int:
    """Say how things stand, from the checkpoint alone.

    Healthy means that the last run needs nobody's attention and that one went well within --max-age. With --profile all
    every profile of the settings file has its line.
    """
    read = read_settings(shared(context))
    if read[1] == EVERY:
        from musicdiff_job.cli.every import status_of_every  # mostly one is asked for

        return status_of_every(read[0], shared(context), max_age, as_json=as_json, check=check)
    session = open_session(context, read=read)
    checkpoint, now = session.peek(), session.now()
    ill = ailments(checkpoint, now, max_age)
    if as_json or not check:
        tell(session, checkpoint, now, max_age, ill, as_json=as_json, every=shared(context).verbose)
    elif ill and not shared(context).quiet:
        complain(*ill)
    return ExitCode.PARTIAL if check and ill else ExitCode.OK


def tell(
    session: Session,
    checkpoint: Checkpoint,
    now: datetime,
    max_age: timedelta,
    ill: tuple[str, ...],
    *,
    as_json: bool,
    every: bool,
) -> None:
    """Print the status."""
    told = standing(session, checkpoint, now, max_age)
    if as_json:
        show_json(told)
    else:
        show(*status_blocks(told, ill, now, place=session.loaded.settings.checkpoint.url, every=every))
