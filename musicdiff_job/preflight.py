"""What ``check`` looks at before a first run, or when runs fail: everything a run needs, without doing its work.

Each part is one ``Finding`` (see ``core.readiness``). Nothing lasting is written: no lease is taken, and what is tried
on the checkpoint's place is tried beside it and removed. One exception: should Spotify replace the refresh token, the
new one goes to the token store, because the old one may be dead from then on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from musicdiff_job import bootstrap, connecting
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import (
    AuthError,
    CheckpointInvalid,
    CheckpointUnwritable,
    ConfigError,
    Interrupted,
    JobError,
    Locked,
    WrongAccount,
)
from musicdiff_job.core.expiry import consent_ends
from musicdiff_job.core.model import AccountId, Service
from musicdiff_job.core.readiness import Finding, failed, ok, unreadable, warning
from musicdiff_job.core.secret import Secret
from musicdiff_job.core.timestamps import from_http, to_iso
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.performing import Surroundings
from musicdiff_job.ports import Door
from musicdiff_job.report.text import count
from musicdiff_job.settings import Settings
from musicdiff_job.settings.choices import Direction, Entity, SourceKind, TargetKind

T = TypeVar("T")

SECONDS = 30.0
"""For all calls together."""
CALLS = 9
"""Sign-in and repetitions included. It takes four, if nothing has to be repeated."""
SKEW = 60.0
"""Seconds by which clocks may differ before it is worth a word: due times, rate windows and leases go by the clock."""
RENEW_WITHIN = 30
"""Days before the end of the consent."""

Dates = dict[str, tuple[str, datetime]]
"""By service: what its answer gave as the date, and what the clock here said then."""


def examine(around: Surroundings) -> Iterator[Finding]:
    """Look at everything, in the order in which a run needs it. Raises ``Interrupted``."""
    settings = around.loaded.settings
    yield from _settings(around)
    checkpoint = Checkpoint()
    try:
        checkpoint = around.store.peek() or checkpoint
        yield ok("checkpoint", _told(around, checkpoint))
        yield from _lock(around)
    except (CheckpointInvalid, CheckpointUnwritable, ConfigError) as error:
        yield failed("checkpoint", error)
    yield from _writable(around)
    windows = {Service.DEEZER: (settings.deezer.requests_per_5s, 5.0)}
    gate = Gate(Limits(SECONDS, CALLS, {}, windows), around.clock, around.stop, None, checkpoint.not_before)
    door, dates = _EveryCallCounts(gate), Dates()
    yield from _guarded("spotify", lambda: _spotify(around, door, checkpoint, dates))
    yield from _guarded("deezer", lambda: _deezer(around, door, checkpoint, dates))
    yield from _clock(dates)
    yield from _places(settings)


class _EveryCallCounts:
    """The gate without the exception that a run makes for sign-in, so that no failure makes the calls many."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def call(self, service: Service, request: Callable[[float], T], *, write: bool = False, auth: bool = False) -> T:
        """See ``ports.Door.call``."""
        return self._gate.call(service, request, write=write)


def _guarded(part: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except Interrupted:
        raise
    except JobError as error:
        yield failed(part, error)


def _settings(around: Surroundings) -> Iterator[Finding]:
    try:
        bootstrap.prove_settings(around.loaded.settings)
    except ConfigError as error:
        yield from unreadable(error)
        return
    yield ok("settings", f"read from {', '.join(around.loaded.sources)}")
    for told in around.loaded.warnings:
        yield warning("settings", told)


def _told(around: Surroundings, checkpoint: Checkpoint) -> str:
    header = around.store.peek_header()
    if header is None:
        return f"none yet at {around.store.place}; the first run creates it"
    paused = "; paused, `musicdiff-job resume` lets runs work" if checkpoint.paused else ""
    return f"whole, generation {header.generation}, saved {header.saved_at} ({around.store.place}){paused}"


def _writable(around: Surroundings) -> Iterator[Finding]:
    part = "S3 writes" if around.loaded.settings.checkpoint.url.startswith("s3://") else "writable"
    try:
        unproven = around.store.rehearse()
    except (CheckpointUnwritable, ConfigError) as error:
        yield failed(part, error)
    else:
        for told in unproven:
            yield warning(part, told)
        if not unproven:
            proven = "conditions are honoured" if part == "S3 writes" else "a file beside the checkpoint was written"
            yield ok(part, f"{proven}, and what was tried is removed again")


def _lock(around: Surroundings) -> Iterator[Finding]:
    try:
        around.store.prove_free()
        yield ok("lock", "nobody holds the checkpoint")
    except (Locked, CheckpointUnwritable) as error:
        yield failed("lock", error)


def _spotify(around: Surroundings, door: Door, checkpoint: Checkpoint, dates: Dates) -> Iterator[Finding]:
    settings, credentials = around.loaded.settings, around.loaded.credentials
    if settings.source.kind is not SourceKind.SPOTIFY:
        yield ok("spotify", "not needed, the source is an export")
        return
    if missing := credentials.require(target=TargetKind.FILES):
        names = " and ".join(one.name for one in missing)
        raise AuthError(f"{names} not set", f"Run `{missing[0].command}`; if that is done, name its file: --env-file")
    from musicdiff_job.spotify.identity import whose
    from musicdiff_job.spotify.wire import Wire

    tokens = connecting.open_tokens(credentials, settings, door, around.clock, around.redactor)
    wire = Wire(around.clock, around.redactor)
    try:
        profile = whose(door, wire, settings.urls.spotify_api, tokens.access_token())
    finally:
        wire.close()
        tokens.close()
    dates["Spotify"] = (profile.date, around.now())
    yield _account(Service.SPOTIFY, profile.id, profile.name, checkpoint)
    yield from _scopes(settings, tokens.scopes)
    yield from _consent(around)


def _deezer(around: Surroundings, door: Door, checkpoint: Checkpoint, dates: Dates) -> Iterator[Finding]:
    settings, credentials = around.loaded.settings, around.loaded.credentials
    if settings.target.kind is not TargetKind.DEEZER:
        yield ok("deezer", "not needed, the target is files")
        return
    if missing := credentials.require(source=SourceKind.EXPORT):
        hint = f"Run `{missing[0].command}`; if that is done, name its file: --env-file"
        raise AuthError(f"{missing[0].name} not set", hint)
    from musicdiff_job.deezer.identity import identify_arl, identify_token

    if (token := credentials.deezer_access_token) is not None:
        found = identify_token(door, around.redactor, settings.urls.deezer_api, token)
    else:
        found = identify_arl(door, around.redactor, settings.urls.deezer_gateway, credentials.deezer_arl or Secret(""))
    dates["Deezer"] = (found.date, around.now())
    yield _account(Service.DEEZER, found.id, found.name, checkpoint)
    if found.missing:
        hint = "Use an ARL instead: `musicdiff-job auth deezer`"
        yield failed("permissions", AuthError(f"the access token lacks {', '.join(found.missing)}", hint))
    elif found.allowed:
        yield ok("permissions", f"the access token has {', '.join(found.allowed)}")


def _account(service: Service, found: AccountId, name: str, checkpoint: Checkpoint) -> Finding:
    pinned = checkpoint.accounts.get(service)
    if pinned is not None and pinned.id != found:
        return failed(
            service,
            WrongAccount(
                f"the credentials belong to account {found}, the checkpoint to account {pinned.id}",
                "Use the other credentials or another checkpoint, or forget this one with `musicdiff-job reset --all`",
            ),
        )
    same = ", the account of the checkpoint" if pinned is not None else ""
    return ok(service, f"signed in as {name or 'an account without a name'} ({found}){same}")


def _scopes(settings: Settings, given: frozenset[str] | None) -> Iterator[Finding]:
    from musicdiff_job.spotify.consent import RECENTLY_PLAYED, SCOPES, WRITING

    both = any(rule.direction is Direction.BOTH for rule in settings.playlist)
    if given is None:
        yield warning("scopes", "Spotify does not say what the consent covers; a run tells what it may not read")
        return
    entities = set(settings.sync.entities)
    serves: dict[str, bool] = {
        "playlist-read-private": Entity.PLAYLISTS in entities,
        "playlist-read-collaborative": Entity.PLAYLISTS in entities,
        "user-library-read": not entities.isdisjoint({Entity.LIKED, Entity.ALBUMS}),
        "user-follow-read": Entity.ARTISTS in entities,
        RECENTLY_PLAYED: settings.playback.enabled,
    }
    lacking = [scope for scope in SCOPES if serves[scope.name] and scope.name not in given]
    lacking += [scope for scope in WRITING if both and scope.name not in given]
    if not lacking:
        yield ok("scopes", "the consent covers all that the settings ask for")
        return
    told = "; ".join(f"{scope.name} ({scope.reads})" for scope in lacking)
    again = f"Renew the consent with `musicdiff-job auth spotify{' --both-ways' if both else ''}` and accept all of it"
    if any(scope.needed or scope in WRITING for scope in lacking):
        yield failed("scopes", AuthError(f"the consent lacks {told}", again))
    else:
        yield warning("scopes", f"the consent lacks {told}; the job goes without", again)


def _consent(around: Surroundings) -> Iterator[Finding]:
    given = around.loaded.credentials.spotify_authorized_at
    if given is None:
        told = "when it ends is not known: SPOTIFY_AUTHORIZED_AT, the day on which you consented, is not set"
        yield warning("consent", told, "Add the day to the env file; `musicdiff-job auth spotify` does")
        return
    ends = consent_ends(given)
    left = (ends - around.now().date()).days
    told = f"given on {given}, ends on {ends}, {count(left, 'day')} from now"
    renew = "Renew it with `musicdiff-job auth spotify`"
    if left < 0:
        yield warning("consent", f"given on {given}, should have ended on {ends}: that day may be wrong", renew)
    elif left <= RENEW_WITHIN:
        yield warning("consent", told, renew)
    else:
        yield ok("consent", told)


def _clock(dates: Dates) -> Iterator[Finding]:
    apart = {
        name: (here - there).total_seconds()
        for name, (date, here) in dates.items()
        if (there := from_http(date)) is not None
    }
    if not apart:
        return
    name = max(apart, key=lambda one: abs(apart[one]))
    if abs(apart[name]) <= SKEW:
        yield ok("clock", f"agrees with {' and '.join(apart)} to {SKEW:.0f} s")
        return
    way = "ahead of" if apart[name] > 0 else "behind"
    yield warning(
        "clock",
        f"this machine's clock is {abs(apart[name]):.0f} s {way} {name}'s ({to_iso(dates[name][1])} here)",
        "Set it, best by NTP (`timedatectl set-ntp true`): due times, rate limits and the consent's end go by it",
    )


def _places(settings: Settings) -> Iterator[Finding]:
    """Where else a run writes. A run goes on without these, except without the folder that it is all for."""
    places = {
        "log.file": settings.log.file,
        "metrics.textfile": settings.metrics.textfile,
        "playback.url": settings.playback.url if settings.playback.enabled else "",
        "report.html": settings.report.html,
        "spotify.token_store": settings.spotify.token_store,
        "target.path": settings.target.path if settings.target.kind is TargetKind.FILES else "",
    }
    for key, place in places.items():
        if not place or place.startswith("s3://"):
            continue
        if _may_write(Path(place)):
            yield ok(key, f"{place} can be written")
        elif key == "target.path":
            yield failed(key, CheckpointUnwritable(f"{place} cannot be written", f"Allow it, or name another {key}"))
        else:
            yield warning(key, f"{place} cannot be written", f"Allow it, or name another {key}")


def _may_write(path: Path) -> bool:
    """Whether the place, or where it is missing the folder that it would be created in, lets itself be written to."""
    with suppress(OSError):
        while not path.exists():
            if path.parent == path:
                return False
            path = path.parent
            if path.exists() and not path.is_dir():
                return False
        return os.access(path, os.W_OK | (os.X_OK if path.is_dir() else 0))
    return False
