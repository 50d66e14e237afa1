"""``demo``: the real job against the built-in sandbox, twice, with no account and no network.

Nothing of the user's own is read or written: settings and credentials come from the sandbox alone, the checkpoint
lives in a temporary folder. What differs from a real first sync is said out loud: the sandbox stands wider limits
than Deezer does, and the job is told so by the same two settings that anybody can set.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import tempfile
from pathlib import Path

import click

from musicdiff_job import bootstrap
from musicdiff_job import settings as settings_loader
from musicdiff_job.cli.command import JobCommand, shared
from musicdiff_job.cli.output import complain, say, show
from musicdiff_job.cli.report import overview_of_session
from musicdiff_job.cli.session import Session, keep_log
from musicdiff_job.cli.signals import leave, stopping
from musicdiff_job.cli.telling import is_watched, watcher
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.outcome import ExitCode, Outcome, exit_code
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Summary
from musicdiff_job.performing import Wish, perform, run_id
from musicdiff_job.report.html import html_page
from musicdiff_job.report.run import run_blocks
from musicdiff_job.report.text import Cell, Lines, Tone, count
from musicdiff_job.report.unmatched import unmatched_lines, unmatched_text
from musicdiff_job.sandbox.__main__ import library as library_of
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.settings.findings import CREDENTIALS
from musicdiff_job.settings.model import Deezer
from musicdiff_job.store.replacing import replace_file

FASTER = 10
"""How many times the sandbox's limits, and the demo's settings for them, are wider than the defaults."""
DEFAULTS = Deezer()
UNMATCHED_SHOWN = 8
PAGE = "musicdiff-demo.html"
"""In the working directory, because the demo's own folder is gone when somebody wants to look."""


@click.command("demo", cls=JobCommand, example="musicdiff-job demo --library synthetic:10x50+100")
@click.option(
    "--library",
    default="demo",
    show_default=True,
    metavar="L",
    help="demo, empty, synthetic:50x100+200, albums:50x100.",
)
@click.option(
    "--cohort",
    type=click.Choice([cohort.value for cohort in Cohort]),
    default=Cohort.RESTRICTED.value,
    show_default=True,
    help="Which kind of Spotify app the sandbox takes the job for.",
)
@click.option("--serve", is_flag=True, help="Only keep the sandbox up, at Deezer's real limits, for other commands.")
@click.option(
    "--sign-in",
    is_flag=True,
    help="With --serve: leave the credentials for `auth` to make, to try the set-up from its beginning.",
)
@click.pass_context
def demo(context: click.Context, *, library: str, cohort: str, serve: bool, sign_in: bool) -> int:
    """Run the real job against a built-in Spotify and Deezer.

    Needs no account and no network; your own settings and credentials are not read. The first run mirrors a library
    of real recordings' metadata, the second finds nothing left to do.
    """
    try:
        account = library_of(library)
    except argparse.ArgumentTypeError as error:
        raise click.BadParameter(str(error), param_hint="--library") from None
    if sign_in and not serve:
        raise click.UsageError("--sign-in is for --serve")
    with tempfile.TemporaryDirectory(prefix="musicdiff-demo-") as folder:
        if serve:
            with Sandbox(account, cohort=Cohort(cohort)) as sandbox:
                return _serve(sandbox, Path(folder), sign_in=sign_in)
        quota = DeezerSwitches().quota_calls
        switches = DeezerSwitches(quota_calls=quota * FASTER if quota else None)
        with Sandbox(account, cohort=Cohort(cohort), switches=switches) as sandbox:
            return _twice(context, sandbox, account, Path(folder))


def _serve(sandbox: Sandbox, folder: Path, *, sign_in: bool) -> int:
    """Print the variables to export and wait for a signal."""
    variables = {**sandbox.environment(), "MUSICDIFF_CHECKPOINT_URL": str(folder / "checkpoint.json.gz")}
    told = "The sandbox is up until Ctrl-C. Export these lines in another shell and try any command there."
    if sign_in:
        arl = variables["DEEZER_ARL"]
        variables = {name: value for name, value in variables.items() if name not in CREDENTIALS}
        told += (
            f"\nIts Spotify app has the client id {sandbox.grants.client_id}; whoever opens its page consents."
            f"\nIts Deezer cookie, the ARL, is {arl}"
        )
    stop = StopFlag()
    with stopping(stop):
        say(*(f"export {name}={shlex.quote(value)}" for name, value in variables.items()))
        complain(*told.splitlines())
        while stop.signal is None:
            stop.wait(60.0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ExitCode.OK


def _twice(context: click.Context, sandbox: Sandbox, account: SpotifyAccount, folder: Path) -> int:
    options = shared(context)
    stop = StopFlag()
    with stopping(stop):
        session = _session(context, sandbox, folder, stop)
        deezer = session.loaded.settings.deezer
        say(
            f"A sandbox stands in for Spotify ({count(len(account.playlists()), 'playlist')}) and Deezer (empty).",
            f"Its limits are {FASTER} times as wide as Deezer's, and so are the job's: deezer.requests_per_5s = "
            f"{deezer.requests_per_5s}, deezer.write_interval = {deezer.write_interval:g} s. With an account, expect "
            f"{FASTER} times as long.",
            "",
        )
        first = _run(context, session)
        say(Cell("First run", Tone.GOOD))
        show(*run_blocks(first, session.now(), every=True))
        _tell_unmatched(session)
        if first.outcome is Outcome.INTERRUPTED:
            leave(exit_code(first.outcome, signal=stop.signal))
        second = _run(context, session)
        say("", Cell("Second run", Tone.GOOD))
        show(*run_blocks(second, session.now(), every=options.verbose))
        _write_page(session)
    return exit_code(first.outcome) or exit_code(second.outcome, signal=stop.signal)


def _session(context: click.Context, sandbox: Sandbox, folder: Path, stop: StopFlag) -> Session:
    clock = SystemClock(stop)
    options = shared(context)
    loaded = settings_loader.load(
        env={
            **sandbox.environment(),
            "MUSICDIFF_CHECKPOINT_URL": str(folder / "checkpoint.json.gz"),
            "MUSICDIFF_LOG_LEVEL": "info" if options.verbose else "warning",
            "MUSICDIFF_DEEZER_REQUESTS_PER_5S": str(DEFAULTS.requests_per_5s * FASTER),
            "MUSICDIFF_DEEZER_WRITE_INTERVAL": str(DEFAULTS.write_interval / FASTER),
        },
        cwd=folder,
    )
    redactor = Redactor()
    redactor.learn(*loaded.secrets())
    name = run_id(clock.now())
    keep_log(loaded.settings, options, redactor, name, drawn=is_watched(options))
    return Session(loaded, stop, clock, redactor, bootstrap.open_store(loaded.settings, clock), name, options)


def _run(context: click.Context, session: Session) -> Summary:
    with watcher(shared(context)) as watching:
        return perform(session, Wish(), watching, name=run_id(session.now()))


def _tell_unmatched(session: Session) -> None:
    lines = unmatched_lines(session.peek())
    if lines:
        say("", Cell("Without a counterpart", Tone.BUSY))
        show(Lines(unmatched_text(lines[:UNMATCHED_SHOWN], session.now())))
    if len(lines) > UNMATCHED_SHOWN:
        say(f"... and {len(lines) - UNMATCHED_SHOWN} more")


def _write_page(session: Session) -> None:
    page = html_page(overview_of_session(session), session.now())
    try:
        replace_file(Path(PAGE), page.encode())
    except OSError as error:
        complain(f"the dashboard cannot be written to {PAGE}: {error.strerror}")
    else:
        say("", f"The dashboard of this library: open {PAGE} in a browser. `musicdiff-job report` makes yours.")
