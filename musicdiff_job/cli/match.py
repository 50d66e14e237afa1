"""``match set|reject|clear``: a person's word about a track's counterpart. The next run carries it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from musicdiff_job import bootstrap
from musicdiff_job.cli.command import JobCommand, JobGroup, shared
from musicdiff_job.cli.output import say
from musicdiff_job.cli.session import open_session
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.links import source_id, target_id, target_link
from musicdiff_job.core.model import SourceId, TargetId, item_of
from musicdiff_job.core.override_file import NONE
from musicdiff_job.core.overrides import clear_match, reject_match, set_match
from musicdiff_job.report.unmatched import track_name


@click.group("match", cls=JobGroup, example="musicdiff-job match set 6habFhsOp2NvshLv26DqMb 3135556")
def match() -> None:
    """Decide the counterpart of a track, an album or an artist yourself.

    SPOTIFY and DEEZER are ids, URIs or web addresses; of albums and artists URIs or addresses. What the overrides file
    says about a track counts more.
    """


_track = click.argument("spotify", metavar="SPOTIFY")


@match.command("set", cls=JobCommand, example="musicdiff-job match set spotify:track:6habFhsOp2NvshLv26DqMb 3135556")
@_track
@click.argument("deezer", metavar="DEEZER|none")
@click.pass_context
def set_(context: click.Context, *, spotify: str, deezer: str) -> None:
    """Name the counterpart, or say that there is none."""
    source = source_id(spotify)
    target = None if deezer.casefold() == NONE else target_id(deezer, item_of(source))
    _edit(
        context,
        source,
        lambda checkpoint, source, now: set_match(checkpoint, source, target, now),
        f"has the counterpart {target_link(target)}" if target else "has no counterpart and is not looked for",
        wanted=target,
    )


@match.command("reject", cls=JobCommand, example="musicdiff-job match reject 6habFhsOp2NvshLv26DqMb 3135556")
@_track
@click.argument("deezer", metavar="[DEEZER]", required=False)
@click.pass_context
def reject(context: click.Context, *, spotify: str, deezer: str | None) -> None:
    """Rule a Deezer track out, the present counterpart if none is named."""
    source = source_id(spotify)
    target = target_id(deezer, item_of(source)) if deezer else None
    _edit(
        context,
        source,
        lambda checkpoint, source, now: reject_match(checkpoint, source, target),
        f"never gets {target_link(target)}" if target else "does not keep its counterpart",
    )


@match.command("clear", cls=JobCommand, example="musicdiff-job match clear 6habFhsOp2NvshLv26DqMb")
@_track
@click.pass_context
def clear(context: click.Context, *, spotify: str) -> None:
    """Take back what you said about a track, and match it from scratch."""
    _edit(
        context,
        source_id(spotify),
        lambda checkpoint, source, now: clear_match(checkpoint, source),
        "is matched from scratch",
    )


def _edit(
    context: click.Context,
    source: SourceId,
    transition: Callable[[Checkpoint, SourceId, str], Checkpoint],
    done: str,
    wanted: TargetId | None = None,
) -> Any:
    session = open_session(context)
    overrides, file = bootstrap.read_overrides(session.loaded.settings), session.loaded.settings.matching.overrides
    if source in overrides.tracks:
        raise UsageError(f"{file} says what the counterpart of {source} is, and counts more", "Change it there")
    if source in overrides.terms and wanted in overrides.terms[source].rejected:
        raise UsageError(f"{file} rules {wanted} out for {source}, and counts more", "Change it there")
    with session.edit() as (lease, checkpoint):
        changed = transition(checkpoint, source, session.now_iso())
        lease.save(changed)
    if not shared(context).quiet:
        track = changed.matches[source].track
        say(f"{track_name(track.title, track.artists) or source} {done}, from the next run on.")
        if source not in checkpoint.matches:
            say("No run has met this track yet; it holds as soon as one does.")
