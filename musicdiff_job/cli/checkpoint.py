"""``checkpoint init|show|verify|restore-previous``: create the document, look at it, check it, roll it back."""

from __future__ import annotations

import click

from musicdiff_job.cli.command import JobCommand, JobGroup, shared
from musicdiff_job.cli.output import say, show_json
from musicdiff_job.cli.session import Session, open_session
from musicdiff_job.core.document import Claim, DocumentHeader
from musicdiff_job.core.packs import Label
from musicdiff_job.report.text import clean, count, moment


@click.group("checkpoint", cls=JobGroup, example="musicdiff-job checkpoint verify")
def checkpoint() -> None:
    """Create the checkpoint, look at it, check it, roll it back."""


@checkpoint.command("init", cls=JobCommand, example="musicdiff-job checkpoint init")
@click.pass_context
def init(context: click.Context) -> None:
    """Create an empty checkpoint, if there is none.

    The first run does that itself, unless it may not see that there is none (S3 without s3:ListBucket). What is there
    is never touched; that there is one already is what was wanted, so it exits 0.
    """
    session = open_session(context)
    created = session.store.create(session.run_id)
    if not shared(context).quiet:
        place = clean(session.store.place)
        say(f"created: {place}" if created else f"There is a checkpoint already at {place}; nothing was changed.")


@checkpoint.command("show", cls=JobCommand, example="musicdiff-job checkpoint show --json | jq '.body.mirrors | keys'")
@click.option("--json", "as_json", is_flag=True, help="The whole document as JSON, header and body.")
@click.pass_context
def show(context: click.Context, *, as_json: bool) -> None:
    """Say what the checkpoint holds."""
    session = open_session(context)
    header, body = session.store.peek_header(), session.store.peek()
    if header is None or body is None:
        if as_json:
            show_json({"header": None, "body": None})
        else:
            say(f"There is no checkpoint yet at {clean(session.store.place)}; the first run creates it.")
        return
    if as_json:
        show_json({"header": header, "body": body})
        return
    now = session.now()
    placed = sum(len(part.base) for mirror in body.mirrors.values() for part in mirror.parts)
    previous = session.store.previous_header()
    say(
        f"place: {clean(session.store.place)}",
        _described(header, now=moment(header.saved_at, now)),
        f"holds: {count(len(body.mirrors), 'collection')}, {count(placed, 'placed entry', 'placed entries')}, "
        f"{count(len(body.matches), 'match', 'matches')}, {count(len(body.conflicts), 'conflict')}, "
        f"{count(len(body.runs), 'run')}",
        *([f"pack: {_pack(session, header.pack)}"] if header.pack else []),
        *([f"held by: {_holder(header.lease)}"] if header.lease else []),
        *(f"{service} account: {clean(account.id)}" for service, account in sorted(body.accounts.items())),
        f"previous: {_described(previous, now=moment(previous.saved_at, now))}" if previous else "previous: none",
    )


@checkpoint.command("verify", cls=JobCommand, example="musicdiff-job checkpoint verify -q || echo damaged")
@click.pass_context
def verify(context: click.Context) -> None:
    """Read all of it and check it.

    Exits 65 when it is damaged, missing, or of a newer version.
    """
    session = open_session(context)
    header = session.store.verify()
    if not shared(context).quiet:
        say(f"whole: {_described(header, now=moment(header.saved_at, session.now()))}")


@checkpoint.command("restore-previous", cls=JobCommand, example="musicdiff-job checkpoint restore-previous")
@click.pass_context
def restore_previous(context: click.Context) -> None:
    """Go back to the state before the latest run.

    Its changes on Deezer stay; the next run finds them there. Doing it twice goes forward again.
    """
    session = open_session(context)
    header = session.store.restore_previous()
    if not shared(context).quiet:
        say(f"restored: {_described(header, now=moment(header.saved_at, session.now()))}")


def _pack(session: Session, label: Label) -> str:
    place = f"{clean(session.store.place)}{label.suffix}"
    return f"{count(label.matches, 'match', 'matches')} in {place} ({label.size:,} bytes)"


def _holder(claim: Claim) -> str:
    return f"run {clean(claim.run_id)} on {clean(claim.host)}, until {clean(claim.expires_at)}"


def _described(header: DocumentHeader, *, now: str) -> str:
    return (
        f"generation {header.generation:,} by version {clean(header.app_version)}, schema {header.schema}, "
        f"saved {now} by {clean(header.run_id)}"
    )
