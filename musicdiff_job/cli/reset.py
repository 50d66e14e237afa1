"""``reset``: forget part of the checkpoint. Deezer is not touched, and the previous generation is kept."""

from __future__ import annotations

import sys

import click

from musicdiff_job.cli.command import JobCommand, Pattern, shared
from musicdiff_job.cli.output import is_terminal, say
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.checkpoint import Checkpoint, Mirror
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.forget import forget_all, forget_bases, forget_matches
from musicdiff_job.core.model import CollectionHead
from musicdiff_job.core.policy import matches
from musicdiff_job.report.text import count, named


@click.command("reset", cls=JobCommand, example="musicdiff-job reset --playlist 'Gym*' --yes")
@click.option("--playlist", type=Pattern(), metavar="PATTERN", help="What both sides agreed on in these collections.")
@click.option("--matches", "tracks", is_flag=True, help="The counterparts that were found; your own words stay.")
@click.option("--all", "every", is_flag=True, help="Everything, the accounts and the mirrors' playlists included.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can answer.")
@click.pass_context
def reset(context: click.Context, *, playlist: str | None, tracks: bool, every: bool, yes: bool) -> None:
    """Forget part of the checkpoint.

    Nothing is changed on Deezer. PATTERN is a glob on the name, "id:..." or "re:...". `checkpoint restore-previous`
    takes it back until the next run.
    """
    if sum((playlist is not None, tracks, every)) != 1:
        raise click.UsageError("give one of --playlist, --matches and --all")
    session = open_session(context)
    if not yes:
        if not is_terminal(sys.stdin):
            raise click.UsageError("there is nobody to ask; give --yes to forget without asking")
        click.confirm(f"Forget {_what(playlist, tracks=tracks)}?", abort=True, err=True)
    with session.edit() as (lease, checkpoint):
        changed, told = _forgotten(checkpoint, playlist, tracks=tracks)
        lease.save(changed)
    if not shared(context).quiet:
        say(*told)


def _what(playlist: str | None, *, tracks: bool) -> str:
    if playlist is not None:
        return f"what both sides agreed on in {named(playlist)}"
    return "all matches" if tracks else "everything"


def _forgotten(checkpoint: Checkpoint, playlist: str | None, *, tracks: bool) -> tuple[Checkpoint, list[str]]:
    if playlist is not None:
        changed, names = forget_bases(checkpoint, lambda mirror: matches(playlist, _head(mirror)))
        if not names:
            raise UsageError(f"no collection is called {playlist}", "`musicdiff-job playlists` lists them")
        return changed, [f"forgotten: {named(name)}" for name in names]
    if tracks:
        changed, number = forget_matches(checkpoint)
        return changed, [f"forgotten: {count(number, 'match', 'matches')}"]
    return forget_all(checkpoint), ["forgotten: everything; the next run is a first run"]


def _head(mirror: Mirror) -> CollectionHead:
    return CollectionHead(mirror.id, mirror.kind, mirror.name, mirror.snapshot)
