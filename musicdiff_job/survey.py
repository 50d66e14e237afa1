"""Looking around: whose accounts these are, what the overrides say, which collections there are, which are gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from musicdiff_job.core.checkpoint import Account, Mirror
from musicdiff_job.core.errors import SkipCollection, Unavailable, Wait, WrongAccount
from musicdiff_job.core.model import CollectionHead, CollectionId, Kind, Library, Service
from musicdiff_job.core.override_file import fingerprint
from musicdiff_job.core.policy import OnSourceDeleted
from musicdiff_job.core.schedule import given_up
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.core.timestamps import past, to_iso
from musicdiff_job.ports import Source, Target
from musicdiff_job.results import Tally, left_off, result_of
from musicdiff_job.run_log import RunLog
from musicdiff_job.session import Session
from musicdiff_job.tombstones import bury


def pin_accounts(session: Session, services: Sequence[Service]) -> None:
    """Make sure that the credentials open the accounts that this checkpoint is about. A credential that has been seen
    before needs no call. Raises what ``account()`` raises: what cannot be told is neither read nor written. A service
    that does not tell whose account it is, is ``Unavailable``."""
    accounts: dict[Service, Source | Target] = {Service.SPOTIFY: session.source, Service.DEEZER: session.target}
    for service in services:
        account = accounts[service]
        pinned = session.checkpoint.accounts.get(service)
        credential = account.credential()
        if pinned is not None and pinned.credential == credential:
            continue
        try:
            found = account.account()
        except SkipCollection as error:
            raise Unavailable(error.message, "Nothing was done; the next run asks again", service=service) from None
        if pinned is not None and pinned.id != found:
            raise WrongAccount(
                f"the {service} credentials belong to account {found}, this checkpoint to account {pinned.id}",
                "Use the other credentials or another checkpoint, or forget this one with `musicdiff-job reset --all`",
            )
        known = {**session.checkpoint.accounts, str(service): Account(found, credential)}
        session.checkpoint = msgspec.structs.replace(session.checkpoint, accounts=known)


def apply_overrides(session: Session) -> None:
    """When the overrides have changed, make the collections due that hold a track of which they say something new. No
    call."""
    now = fingerprint(session.job.overrides)
    if now == session.checkpoint.overrides:
        return
    touched = session.job.overrides.disobeyed(session.checkpoint)
    session.checkpoint = msgspec.structs.replace(session.checkpoint.touch(touched, by_person=True), overrides=now)


def look_around(session: Session, log: RunLog, kinds: Collection[Kind] = tuple(Kind)) -> Library | None:
    """The source's collections of these kinds; None when the source is closed. Looks at the target's playlists too."""
    policy = session.job.policy
    library: Library | None = None
    session.job.observer.phase("look", None)
    try:
        library = session.source.library(frozenset(kind for kind in kinds if policy.wants(kind)))
    except Wait as wait:
        log.stopped(wait, "spotify")
    except SkipCollection as error:
        log.unlisted(error, "spotify")
    try:
        if library is not None or any(one.is_read for one in session.checkpoint.mirrors.values()):
            session.listed()
    except Wait as wait:
        log.stopped(wait, "deezer")
    if library is not None and not library.complete:
        log.torn(len(library.heads))
    return library


def bury_missing(
    session: Session, log: RunLog, library: Library, among: Collection[CollectionId] | None = None
) -> None:
    """Tombstones: a collection that a complete listing does not show is marked, and given up only after a while.
    ``among`` limits it to some."""
    if not library.complete:
        return
    present = {head.id for head in library.heads}
    for one in list(session.checkpoint.mirrors.values()):
        if among is not None and one.id not in among:
            continue
        if one.id in present:
            if one.missing_since is not None:
                back = msgspec.structs.replace(one, missing_since=None, missing_runs=0)
                if back.state is CollectionState.DETACHED:
                    back = Mirror(id=one.id, kind=one.kind, name=one.name, restored=one.restored)
                session.put(back)
            continue
        if not session.job.policy.wants(one.kind) or one.state is CollectionState.DETACHED:
            continue
        since = past(one.missing_since, session.now())
        marked = msgspec.structs.replace(
            one,
            missing_since=to_iso(since or session.now()),
            missing_runs=1 + (one.missing_runs if since else 0),
        )
        session.put(marked)
        if given_up(marked, session.now()):
            log.results[one.id] = _bury(session, log, marked)
        else:
            log.results[one.id] = result_of(marked, CollectionState.SKIPPED, "no longer on Spotify; its mirror is kept")


def _bury(session: Session, log: RunLog, gone: Mirror) -> CollectionResult:
    head = CollectionHead(gone.id, gone.kind, gone.name, gone.snapshot)
    policy = session.job.policy
    # The mirror of what was deselected before it vanished has been promised to be kept.
    delete = policy.on_source_deleted is OnSourceDeleted.DELETE and policy.selects(head)
    try:
        return bury(session, gone, delete=delete)
    except (Wait, SkipCollection) as error:
        if isinstance(error, Wait):
            log.stopped(error, gone.name)
        else:
            log.failed(error, gone.name)
        state = CollectionState.PENDING if isinstance(error, Wait) else CollectionState.FAILED
        return left_off(session, head, state, error, Tally())
