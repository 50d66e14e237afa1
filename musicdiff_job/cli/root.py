"""The command ``musicdiff-job``: its sub-commands, and what becomes of errors.

Every way to end is turned into a status here, by the table in ``core.outcome``: a command returns its status, click's
own complaints are ``usage``, a ``JobError`` carries its outcome, and anything else is a bug.
"""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from musicdiff_job import __version__
from musicdiff_job.cli.command import JobGroup, Lazy
from musicdiff_job.cli.output import OutputLost, complain, open_standard_streams, quietly_flush
from musicdiff_job.cli.signals import leave
from musicdiff_job.core.errors import ConfigError, Interrupted, JobError, UsageError
from musicdiff_job.core.outcome import ExitCode, ExitCodes, exit_code
from musicdiff_job.journal import event, is_kept

COMMANDS = {
    "run": Lazy("run", "run", "Do the job once: look, decide, do, save, exit."),
    "plan": Lazy("plan", "plan", "Show what a run would change, without changing it."),
    "apply": Lazy("apply", "apply", "Make exactly the changes that a plan says, or none."),
    "undo": Lazy("undo", "undo", "Put back what a run removed from Deezer."),
    "status": Lazy("status", "status", "Say how things stand, from the checkpoint alone."),
    "report": Lazy("report", "report", "Show how things stand on one page."),
    "playlists": Lazy("playlists", "playlists", "List the collections, where each stands and when it is due next."),
    "history": Lazy("history", "history", "List the last runs."),
    "unmatched": Lazy("unmatched", "unmatched", "List the tracks without a counterpart, and why."),
    "matches": Lazy("matches", "matches", "List the tracks that have a counterpart."),
    "explain": Lazy("explain", "explain", "Show every step of the decision about one track, album or artist."),
    "match": Lazy("match", "match", "Decide the counterpart of a track, an album or an artist yourself."),
    "plays": Lazy("plays", "plays", "Count what you have played, by month, track and artist."),
    "conflicts": Lazy("conflicts", "conflicts", "List the questions that only you may decide."),
    "resolve": Lazy("conflicts", "resolve", "Decide a conflict; the next run carries it out."),
    "pause": Lazy("pause", "pause", "Make runs do nothing until `resume`."),
    "resume": Lazy("pause", "resume", "Let runs work again."),
    "reset": Lazy("reset", "reset", "Forget part of the checkpoint."),
    "checkpoint": Lazy("checkpoint", "checkpoint", "Create the checkpoint, look at it, check it, roll it back."),
    "notify": Lazy("notify", "notify", "Try the notifications."),
    "auth": Lazy("auth", "auth", "Make the credentials, and see which there are."),
    "check": Lazy("check", "check", "See whether a run would work, and what to do if not."),
    "init": Lazy("init", "init", "Write a settings file to begin with."),
    "completion": Lazy("completion", "completion", "Print the script that completes commands in a shell."),
    "scaffold": Lazy("scaffold", "scaffold", "Print the files with which a scheduler runs the job."),
    "demo": Lazy("demo", "demo", "Run the real job against a built-in Spotify and Deezer."),
}

SECTIONS = {
    "To begin, in this order": ("demo", "init", "auth", "check", "run"),
    "See how things stand": ("status", "report", "playlists", "history", "plays"),
    "Review before it happens": ("plan", "apply", "undo"),
    "Counterparts": ("unmatched", "matches", "explain", "match"),
    "Decide": ("conflicts", "resolve", "pause", "resume", "reset"),
    "Around the job": ("scaffold", "notify", "checkpoint", "completion"),
}
"""How the help groups the commands: for a newcomer the first group is enough."""


class Root(JobGroup):
    """The whole command line; ``main`` never lets an error through."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line. Exits with the status, or returns it when not in ``standalone_mode``."""
        open_standard_streams()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a name that the locale cannot show is no reason to fail
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            status = result if isinstance(result, int) else ExitCode.OK
        except Exception as error:  # one handler for every way a command can end
            status = status_of(error)
        quietly_flush()
        if standalone_mode:
            sys.exit(status)  # noqa: TID251 - this is the place
        return status


def status_of(error: Exception) -> int:
    """Say what went wrong on stderr, and give the status for it."""
    match error:
        case click.ClickException():
            _complain_of_usage(error)
            return ExitCode.USAGE
        case click.Abort():
            complain("stopped")
            return ExitCode.INTERRUPTED_INT
        case ConfigError():
            complain(*error.problems, *([error.hint] if error.hint else []))
            return ExitCode.CONFIG
        case OutputLost():
            complain(str(error))
            return ExitCode.CHECKPOINT_UNWRITABLE  # EX_IOERR
        case Interrupted():
            complain(str(error))
            leave(exit_code(error.outcome, signal=error.signal))
        case JobError():
            complain(str(error))
            # Whoever gives a command wants to know that it was not carried out, so these are never 0.
            return exit_code(error.outcome, ExitCodes.DETAILED)
        case _:
            if is_kept():
                event("command.crashed", logging.CRITICAL, error=error)
                where = "the traceback is in the log"
            else:
                # No secret is known yet that could be taken out, so only the places are told, not the error's words.
                complain(*"".join(traceback.format_tb(error.__traceback__)).splitlines())
                where = "the traceback stands above"
            complain(f"{type(error).__name__}: this is a bug in musicdiff-job; {where}")
    return ExitCode.CRASH


def _complain_of_usage(error: click.ClickException) -> None:
    """click's own message with usage, without whatever the command line smuggled into it."""
    text = io.StringIO()
    error.show(file=text)
    complain(*text.getvalue().splitlines())


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"musicdiff-job {__version__}")
        context.exit()


@click.group("musicdiff-job", cls=Root, lazy=COMMANDS, sections=SECTIONS, example="musicdiff-job run --dry-run")
@click.option("--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Say the version.")
def root() -> None:
    """Keep a Deezer account in step with a Spotify account, one run at a time.

    New here? `musicdiff-job demo` needs no account. With yours: `init`, `auth spotify`, `auth deezer`, `check`, `run`;
    each says what comes next. Settings come from flags, MUSICDIFF_... variables and a TOML file; credentials only from
    the environment or an --env-file.
    """
    try:
        Path.cwd()
    except FileNotFoundError:
        # Settings are looked for there, and every relative path starts from there.
        raise UsageError("the working directory does not exist any more", "Change to one that does (`cd`)") from None
