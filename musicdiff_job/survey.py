"""Looking around: whose accounts these are, what the overrides say, which collections there are, which are gone."""

from __future__ import annotations

import msgspec

from musicdiff_job.core.checkpoint import Account, Mirror
from musicdiff_job.core.errors import SkipCollection, Unavailable, Wait, WrongAccount
from musicdiff_job.core.model import CollectionHead, Kind, Library, Service
from musicdiff_job.core.override_file import fingerprint
from musicdiff_job.core.policy import OnSourceDeleted
from musicdiff_job.core.schedule import given_up
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.results import Tally, left_off, result_of
from musicdiff_job.run_log import RunLog
from musicdiff_job.session import Session
from musicdiff_job.tombstones import bury


def pin_accounts(session: Session) -> None:
    """Make sure that the credentials open the accounts that this checkpoint is about. A credential that has been seen
    before needs no call. Raises what ``account()`` raises: what cannot be told is neither read nor written. A service
    that does not tell whose account it is, is ``Unavailable``."""
    for service, account in ((Service.SPOTIFY, session.source), (Service.DEEZER, session.target)):
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
        accounts = {**session.checkpoint.accounts, str(service): Account(found, credential)}
        session.checkpoint = msgspec.structs.replace(session.checkpoint, accounts=accounts)


def apply_overrides(session: Session) -> None:
    """When the overrides have changed, make the collections they touch due."""
    now = fingerprint(session.job.overrides)
    if now == session.checkpoint.overrides:
        return
    before = {source for source, record in session.checkpoint.matches.items() if record.override == "file"}
    touched = frozenset(before | set(session.job.overrides))
    session.checkpoint = msgspec.structs.replace(session.checkpoint.touch(touched), overrides=now)


def look_around(session: Session, log: RunLog) -> Library | None:
    """The source's collections; None when the source is closed. Looks at the target's playlists too."""
    policy = session.job.policy
    library: Library | None = None
    session.job.observer.phase("look", None)
    try:
        library = session.source.library(frozenset(kind for kind in Kind if policy.wants(kind)))
    except Wait as wait:
        log.stopped(wait, "spotify")
    except SkipCollection as error:
        log.unlisted(error, "spotify")
    try:
        if library is not None or any(one.is_read for one in session.checkpoint.mirrors.values()):
            session.listed()
    except Wait as wait:
        log.stopped(wait, "deezer")
    if library is not None and library.complete:
        _mark_missing(session, log, library)
    elif library is not None:
        log.torn(len(library.heads))
    return library


def _mark_missing(session: Session, log: RunLog, library: Library) -> None:
    """Tombstones: a collection that a complete listing does not show is marked, and given up only after a while."""
    present = {head.id for head in library.heads}
    for one in list(session.checkpoint.mirrors.values()):
        if one.id in present:
            if one.missing_since is not None:
                back = msgspec.structs.replace(one, missing_since=None, missing_runs=0)
                if back.state is CollectionState.DETACHED:
                    back = Mirror(id=one.id, kind=one.kind, name=one.name)
                session.put(back)
            continue
        if not session.job.policy.wants(one.kind) or one.state is CollectionState.DETACHED:
            continue
        marked = msgspec.structs.replace(
            one, missing_since=one.missing_since or session.now_text(), missing_runs=one.missing_runs + 1
        )
        session.put(marked)
        if given_up(marked, session.now()):
            log.results[one.id] = _bury(session, log, marked)
        else:
            log.results[one.id] = result_of(marked, CollectionState.SKIPPED, "no longer on Spotify; its mirror is kept")


def _bury(session: Session, log: RunLog, gone: Mirror) -> CollectionResult:
    try:
        return bury(session, gone, delete=session.job.policy.on_source_deleted is OnSourceDeleted.DELETE)
    except (Wait, SkipCollection) as error:
        if isinstance(error, Wait):
            log.stopped(error, gone.name)
        else:
            log.failed(error, gone.name)
        state = CollectionState.PENDING if isinstance(error, Wait) else CollectionState.FAILED
        return left_off(session, CollectionHead(gone.id, gone.kind, gone.name, gone.snapshot), state, error, Tally())
