"""``run`` and ``status`` with ``--profile all``: every profile of the settings file, in its order.

``run`` says of each how it went, as one JSON object on a line, when it has ended; the last line is their total. On a
terminal there is one table at the end instead.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec

from musicdiff_job.cli.command import Shared
from musicdiff_job.cli.output import OutputLost, complain, is_terminal, show, show_json
from musicdiff_job.cli.session import Session, enter
from musicdiff_job.cli.signals import leave
from musicdiff_job.cli.standing import standing
from musicdiff_job.cli.telling import complain_of, is_watched, watcher, write_summary
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.errors import JobError
from musicdiff_job.core.outcome import TABLE, ExitCode, ExitCodes
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import ErrorLine, Summary
from musicdiff_job.every_profile import perform_every
from musicdiff_job.performing import Wish
from musicdiff_job.report.profiles import StatusLine, runs_blocks, standings_table
from musicdiff_job.report.status import Status, ailments
from musicdiff_job.report.text import clean
from musicdiff_job.settings import Loaded, Reading, Refused


class Unread(msgspec.Struct, frozen=True):
    """In ``status --json``, a profile whose settings or checkpoint cannot be read, and why."""

    profile: str
    errors: tuple[ErrorLine, ...]
    schema: int = 1
    healthy: bool = False


class EveryStatus(msgspec.Struct, frozen=True):
    """``status --profile all --json``."""

    healthy: bool
    profiles: tuple[Status | Unread, ...]
    schema: int = 1


def run_every(
    reading: Reading,
    options: Shared,
    wish: Wish,
    codes: ExitCodes,
    summary_file: Path | None,
    stop: StopFlag,
    clock: SystemClock,
) -> int:
    """Run every profile and say how it went; the status to exit with. Raises ``ConfigError`` for what is wrong for
    all of them."""
    profiles = reading.load_every()
    redactor = _redactor(profiles)
    shown = is_terminal(sys.stdout)
    lost: list[OutputLost] = []

    def begin(loaded: Loaded) -> Session:
        return enter(loaded, options, redactor, stop, clock, drawn=is_watched(options))

    def tell(summary: Summary) -> None:
        try:
            if not TABLE[summary.outcome].healthy and (options.quiet or (is_terminal(sys.stderr) and not shown)):
                complain(f"profile {clean(summary.profile)}:")
                complain_of(summary)
            if not shown and not options.quiet:
                show_json(summary, indent=0)
        except OutputLost as error:
            lost.append(error)  # the runs go on; how they went stands

    total = perform_every(profiles, begin, wish, lambda: watcher(options), stop, clock, tell, codes)
    if summary_file is not None:
        write_summary(summary_file, total)
    with suppress(OutputLost):
        if shown and not (options.quiet and TABLE[total.outcome].healthy):
            show(*runs_blocks(total))
        elif not shown and not options.quiet:
            show_json(total, indent=0)
    if lost:
        complain(str(lost[0]))
    if stop.signal is not None:  # threads may hang in sockets
        leave(total.exit_code)
    return total.exit_code


def status_of_every(reading: Reading, options: Shared, max_age: timedelta, *, as_json: bool, check: bool) -> int:
    """Say how things stand with every profile. A checkpoint that cannot be read is that profile's own affair."""
    profiles = reading.load_every()
    redactor, stop = _redactor(profiles), StopFlag()
    clock = SystemClock(stop)
    told: list[Status | Unread] = []
    lines: list[StatusLine] = []
    for profile in profiles:
        try:
            if isinstance(profile, Refused):
                raise profile.error
            session = enter(profile, options, redactor, stop, clock)
            checkpoint, now = session.peek(), session.now()
            status = standing(session, checkpoint, now, max_age)
            told.append(status)
            lines.append(StatusLine(status.profile, status, ailments(checkpoint, now, max_age)))
        except JobError as error:
            name = profile.profile if isinstance(profile, Refused) else profile.settings.profile
            told.append(Unread(name, (ErrorLine("", error.message, error.hint),)))
            lines.append(StatusLine(name, None, (str(error),)))
    ill = [line for line in lines if line.ailments]
    if as_json:
        show_json(EveryStatus(not ill, tuple(told)))
    elif not check:
        show(standings_table(lines, clock.now()))
    elif not options.quiet:
        complain(*(f"profile {clean(line.profile)}: {text}" for line in ill for text in line.ailments))
    return ExitCode.PARTIAL if check and ill else ExitCode.OK


def _redactor(profiles: tuple[Loaded | Refused, ...]) -> Redactor:
    """One that knows the secrets of all, because whatever leaks need not be the secret of the profile at work."""
    redactor = Redactor()
    redactor.learn(*(secret for one in profiles if isinstance(one, Loaded) for secret in one.secrets()))
    return redactor
