"""``auth spotify|deezer|status``: make the credentials once, and see which there are."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click

from musicdiff_job.cli.command import JobCommand, JobGroup, Lazy, shared
from musicdiff_job.cli.output import say, show
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.expiry import consent_ends
from musicdiff_job.core.outcome import ExitCode
from musicdiff_job.report.text import Cell, Column, Table, Tone, count
from musicdiff_job.settings import Credentials, Missing, Settings
from musicdiff_job.settings.choices import SourceKind, TargetKind
from musicdiff_job.settings.env_file import read_env_file
from musicdiff_job.settings.environment import variables_of
from musicdiff_job.settings.findings import CREDENTIALS, Findings

PARTS = {
    "spotify": Lazy("auth_spotify", "spotify", "Give the job your consent to read your Spotify account."),
    "deezer": Lazy("auth_deezer", "deezer", "Check what signs the job in to Deezer, and keep it."),
}


@click.group("auth", cls=JobGroup, lazy=PARTS, example="musicdiff-job auth status --env-file musicdiff.env")
def auth() -> None:
    """Make the credentials, and see which there are."""


@auth.command("status", cls=JobCommand, example="musicdiff-job auth status --env-file musicdiff.env")
@click.pass_context
def status(context: click.Context) -> int:
    """Say which credentials are set, and where.

    Makes no call and shows no value. Exits 77 when something is missing or Spotify's consent has run out.
    """
    session = open_session(context)
    loaded, today = session.loaded, session.now().date()
    lines = [_spotify(loaded.credentials, loaded.settings, today), _deezer(loaded.credentials, loaded.settings)]
    if not shared(context).quiet:
        show(_table(shared(context).env_file))
        say("", *lines)
    return ExitCode.AUTH if any(line.tone is Tone.BAD for line in lines) else ExitCode.OK


def _table(env_file: Path | None) -> Table:
    filed = read_env_file(env_file, Path.cwd(), Findings()) if env_file is not None else {}
    variables = variables_of(os.environ, filed, Path.cwd())
    rows: list[tuple[Cell | str, ...]] = []
    for name in CREDENTIALS:
        variable = variables.get(name) or variables.get(f"{name}_FILE")
        if variable is None:
            rows.append((name, Cell("not set", Tone.FAINT)))
        elif variable.origin in (name, f"{name}_FILE"):
            rows.append((name, f"by {variable.origin} in the environment"))
        else:
            rows.append((name, f"by {variable.origin}"))
    return Table((Column("credential"), Column("set")), tuple(rows))


def _spotify(credentials: Credentials, settings: Settings, today: date) -> Cell:
    if settings.source.kind is not SourceKind.SPOTIFY:
        return Cell("Spotify: not needed, the source is a file")
    if missing := credentials.require(target=TargetKind.FILES):
        names = " and ".join(one.name for one in missing)
        return Cell(f"Spotify: missing {names}; {_make(missing[0])}", Tone.BAD)
    given = credentials.spotify_authorized_at
    if given is None:
        return Cell("Spotify: ok; when the consent ends is not known, SPOTIFY_AUTHORIZED_AT is not set", Tone.BUSY)
    ends = consent_ends(given)
    left = (ends - today).days
    if left < 0:
        return Cell(
            f"Spotify: the consent of {given} ran out on {ends}; renew it with `musicdiff-job auth spotify`", Tone.BAD
        )
    return Cell(f"Spotify: ok; consent given on {given}, ends on {ends} ({count(left, 'day')} left)", Tone.GOOD)


def _deezer(credentials: Credentials, settings: Settings) -> Cell:
    if settings.target.kind is not TargetKind.DEEZER:
        return Cell("Deezer: not needed, the target is files")
    if missing := credentials.require(source=SourceKind.EXPORT):
        return Cell(f"Deezer: missing {missing[0].name}; {_make(missing[0])}", Tone.BAD)
    return Cell(f"Deezer: ok, by {'the ARL' if credentials.deezer_arl else 'an access token'}", Tone.GOOD)


def _make(missing: Missing) -> str:
    return f"run `{missing.command}`; if that is done, name its file: --env-file"
