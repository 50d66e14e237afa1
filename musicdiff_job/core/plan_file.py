"""A plan as a file: the exact changes, and everything that they rest on. ``plan -o`` and ``undo -o`` write it, a person
reviews it, ``apply`` carries it out.

Theory. The changes alone would not do: ``apply`` has to know whether the world is still the one that was planned for.
So each collection carries pins: what the source and the target showed, and a fingerprint of what the checkpoint
remembered. The matches that the changes rest on are in the file too, so that ``apply`` looks nothing up. Playlists that
do not exist yet have names of their own (``new-1``), which become ids when they are created.

A file comes from outside, so it is believed only as far as it is exactly what this version writes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator

import msgspec

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import FAVOURITE_LISTS, CollectionId, PlaylistId, SourceId, TargetHead, TargetId
from musicdiff_job.core.plan import (
    PLACEHOLDER,
    AddTracks,
    AnyChange,
    CreatePlaylist,
    DeletePlaylist,
    EditSource,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.core.timestamps import from_iso

FORMAT = "musicdiff-plan"
SCHEMA = 1


class CollectionPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done to one collection's playlists. ``names`` are those of the tracks in ``changes``, for people.

    ``shown`` are its playlists as the target's listing showed them, None for one that it did not show; ``created``
    names those that ``changes`` create, in this order. ``memory`` is ``pins.memory_of``.
    """

    id: CollectionId
    name: str
    changes: tuple[AnyChange, ...]
    names: dict[TargetId, str]
    shown: dict[PlaylistId, TargetHead | None]
    created: tuple[PlaylistId, ...]
    memory: str


class MirrorPlan(CollectionPlan, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collection to be brought in step. ``snapshot``, ``description`` and ``public`` are the source's; the snapshot
    is None for a collection that is gone from there. ``rule`` is the fingerprint of the settings that shape it.
    ``namesakes`` are the account's playlists of every title that is to be created or adopted. ``counterparts`` has
    every source track, with None for those without one."""

    snapshot: str | None
    description: str
    public: bool | None
    rule: str
    namesakes: dict[str, tuple[PlaylistId, ...]]
    counterparts: dict[SourceId, TargetId | None]


class _Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    format: str
    schema: int
    app_version: str
    created_at: str
    profile: str
    accounts: dict[str, str]
    """The accounts' ids by service."""
    after: str
    """The last run that the checkpoint remembered; "" for none."""


class SyncPlan(_Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sync"):
    """What a run would do. ``records`` are the decisions about tracks that planning has made anew."""

    records: dict[SourceId, MatchRecord]
    collections: tuple[MirrorPlan, ...]


class UndoPlan(_Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="undo"):
    """What puts back what the run ``run`` removed. It rests on the target and the checkpoint alone."""

    run: str
    collections: tuple[CollectionPlan, ...]


Plan = SyncPlan | UndoPlan


class _Probe(msgspec.Struct, frozen=True):
    format: str
    schema: int
    app_version: str = "a newer version"


def identity(plan: Plan) -> str:
    """A name for the plan: 16 hex digits, the same for the same content however it is laid out."""
    return hashlib.sha256(msgspec.json.encode(plan)).hexdigest()[:16]


def parse(content: bytes) -> Plan:
    """The plan in a file. Raises ``UsageError``, saying what is wrong, for everything that this version would not have
    written."""
    try:
        probe = msgspec.json.decode(content, type=_Probe)
        if probe.format != FORMAT:
            raise UsageError("the file is not a plan", "Make one with `musicdiff-job plan -o plan.json`")
        if probe.schema != SCHEMA:
            raise UsageError(
                f"the plan has schema {probe.schema}, written by musicdiff_job {probe.app_version[:40]!r}; "
                f"this version knows schema {SCHEMA}",
                "Make the plan with this version",
            )
        plan: Plan = msgspec.json.decode(content, type=Plan)
        # Nested values may hold what their types do not know, and defaults that are never written.
        canonical = msgspec.json.decode(msgspec.json.encode(plan)) == msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(str(error)) from None
    faults = _faults(plan) if canonical else iter(["it holds what no plan holds"])
    if (fault := next(faults, None)) is not None:
        raise _refusal(fault)
    return plan


def _refusal(why: str) -> UsageError:
    return UsageError(f"the file is not a plan as it was written ({why[:200]})", "Make a new plan")


# What the types cannot say

_PLAYLIST = re.compile(r"[0-9]{1,20}")
_ITEM = re.compile(r"-?[0-9]{1,20}|[0-9A-Za-z]{22}|(?:album|artist):[0-9]{1,20}")
"""Tracks that a person uploaded have negative ids; where files are written, a track has the one it has on Spotify."""
_NEW = re.compile(re.escape(PLACEHOLDER) + r"[0-9]{1,9}")


def _faults(plan: Plan) -> Iterator[str]:
    if not _is_time(plan.created_at):
        yield "its date is no date"
    ids = [one.id for one in plan.collections]
    if len(set(ids)) != len(ids):
        yield "a collection is in it twice"
    for one in plan.collections:
        yield from _collection_faults(one)
    if isinstance(plan, SyncPlan):
        yield from _record_faults(plan)


def _collection_faults(one: CollectionPlan) -> Iterator[str]:
    if not all(key in FAVOURITE_LISTS or _PLAYLIST.fullmatch(key) for key in one.shown):
        yield f"the plan of {one.name!r} names a playlist that has no id"
    if len(set(one.created)) != len(one.created) or not all(map(_NEW.fullmatch, one.created)):
        yield f"the plan of {one.name!r} names a new playlist in no way that it can be told by"
    if sum(isinstance(change, CreatePlaylist) for change in one.changes) != len(one.created):
        yield f"the plan of {one.name!r} does not name every playlist that it creates"
    known = {*one.shown, *one.created}
    for change in one.changes:
        playlist, tracks = _touched(change)
        if playlist is not None and playlist not in known:
            yield f"the plan of {one.name!r} changes a playlist that it does not describe"
        if not all(map(_ITEM.fullmatch, tracks)):
            yield f"the plan of {one.name!r} names a track that has no id"


def _touched(change: AnyChange) -> tuple[PlaylistId | None, Collection[TargetId]]:
    match change:
        case AddTracks(playlist, tracks) | RemoveTracks(playlist, tracks) | ReorderTracks(playlist, tracks):
            return playlist, tracks
        case UpdatePlaylist(playlist=playlist) | DeletePlaylist(playlist=playlist):
            return playlist, ()
        case LikeTrack(track) | UnlikeTrack(track):
            return None, (track,)
        case CreatePlaylist() | EditSource():
            return None, ()


def _record_faults(plan: SyncPlan) -> Iterator[str]:
    wanted: dict[SourceId, TargetId | None] = {}
    for one in plan.collections:
        for source, target in one.counterparts.items():
            if target is not None and not _ITEM.fullmatch(target):
                yield f"the counterpart of {source!r} has no id"
            if wanted.setdefault(source, target) != target:
                yield f"{source!r} has two counterparts"
    for source, record in plan.records.items():
        if source not in wanted or record.decision is None or target_of(record) != wanted[source]:
            yield f"what it says of {source!r} does not agree with its counterpart"
        if record.evidence is not None or record.override not in ("", "file"):
            yield f"what it says of {source!r} is no decision of a plan"
        if min(record.tries, record.refusals, record.matcher) < 0 or not _is_time(record.decided_at):
            yield f"what it says of {source!r} is no record"
        if record.retry_at is not None and not _is_time(record.retry_at):
            yield f"what it says of {source!r} is no record"


def target_of(record: MatchRecord | None) -> TargetId | None:
    """The counterpart that a record names, if it does."""
    return TargetId(record.decision.target) if record and isinstance(record.decision, Match) else None


def _is_time(text: str) -> bool:
    try:
        from_iso(text)
    except (ValueError, OverflowError):
        return False
    return True
