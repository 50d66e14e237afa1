"""Which collections a run works on, and in which order. Pure; the time is an argument.

A collection is *due* for a reason, and the reason stands in the summary. The order is: priority (a day of waiting
counts as one more), then the order of the entities, then what was begun and not finished, then what waited longest.
What was tried last goes to the back, so with any budget that lets a run finish one unit of work nothing starves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from musicdiff_job.core.checkpoint import Mirror, Part
from musicdiff_job.core.decide import FAVOURITES, wanted_headers
from musicdiff_job.core.model import CollectionHead, PlaylistId, TargetHead
from musicdiff_job.core.policy import ENTITY_OF, Policy, Rule, Window
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import from_iso, past, to_iso

DAY = timedelta(days=1)
TOMBSTONE_RUNS = 2
TOMBSTONE_HOURS = 24
"""A collection that vanished from the source is given up after this many complete runs and this many hours."""


class Due(msgspec.Struct, frozen=True):
    """Work on this collection now, because of ``reason``."""

    reason: str


class NotDue(msgspec.Struct, frozen=True):
    """Nothing to do now; ``reason`` says why or since when it waits."""

    reason: str = "unchanged"


def due(
    head: CollectionHead,
    mirror: Mirror | None,
    listed: Mapping[PlaylistId, TargetHead] | None,
    policy: Policy,
    now: datetime,
    *,
    force: bool = False,
) -> Due | NotDue:
    """Whether to work on a selected collection. ``listed`` are the target's playlists, None when unknown."""
    if force:
        return Due("forced")
    rule = policy.rule_for(head)
    if rule.window and not within(rule.window, now):
        return NotDue("outside its time window")
    if mirror is None:
        return Due("new")
    if mirror.state is CollectionState.DETACHED:
        return NotDue(mirror.reason)
    if mirror.state is CollectionState.SKIPPED:
        again = _verification_due(mirror, policy, now) or (head.owned and _worth_another_try(head, mirror, now))
        return Due("to be looked at again") if again else NotDue(mirror.reason)
    if mirror.synced_at is None and not mirror.snapshot and not unfinished(mirror):
        return Due("new")
    # A conflict waits for a person, whatever else is unfinished; a pending one was due for a reason that may be gone.
    if mirror.state is not CollectionState.CONFLICT and (unfinished(mirror) or mirror.state is CollectionState.PENDING):
        return Due("unfinished")
    if waits := _waits(mirror, rule, now):
        return NotDue(waits)
    return _changed(head, mirror, listed, policy, now)


def _verification_due(mirror: Mirror, policy: Policy, now: datetime) -> bool:
    verified_at = past(mirror.verified_at, now)
    return verified_at is None or now - verified_at >= timedelta(seconds=policy.verify_every)


def _worth_another_try(head: CollectionHead, mirror: Mirror, now: datetime) -> bool:
    """Whether an own playlist that was refused may be read by now: it changed, or a day has passed. Playlists of others
    are asked again with the verification only; the snapshot of those that Spotify makes changes with every request."""
    tried_at = past(mirror.tried_at, now)
    return head.snapshot != mirror.snapshot or tried_at is None or now - tried_at >= DAY


def _waits(mirror: Mirror, rule: Rule, now: datetime) -> str:
    synced_at = past(mirror.synced_at, now)
    if rule.every is None or synced_at is None:
        return ""
    next_time = synced_at + timedelta(seconds=rule.every)
    return f"not before {next_time:%Y-%m-%d %H:%M} UTC" if now < next_time else ""


def _changed(
    head: CollectionHead,
    mirror: Mirror,
    listed: Mapping[PlaylistId, TargetHead] | None,
    policy: Policy,
    now: datetime,
) -> Due | NotDue:
    # A list without a snapshot cannot be told to be unchanged.
    if not head.snapshot or mirror.snapshot != head.snapshot:
        return Due("snapshot changed" if mirror.snapshot else "to be looked at again")
    if mirror.failures:
        return Due("failed last time")
    if mirror.rule != policy.fingerprint(head):
        return Due("settings changed")
    if mirror.state is CollectionState.CONFLICT:
        return NotDue(mirror.reason)  # what else has happened is seen to when a person has decided
    if listed is not None and any(changed_on_target(part, listed.get(part.playlist)) for part in mirror.parts):
        return Due("changed on Deezer")
    if not policy.is_favourites(head.kind) and _header_changed(head, mirror, policy):
        return Due("name, description or privacy changed")
    if mirror.retry_at and from_iso(mirror.retry_at) <= now:
        return Due("unmatched tracks are due again")
    if _verification_due(mirror, policy, now):
        return Due("verification due")
    return NotDue()


def _header_changed(head: CollectionHead, mirror: Mirror, policy: Policy) -> bool:
    wanted = wanted_headers(head, policy, len(mirror.parts))
    return any(part.header != header for part, header in zip(mirror.parts, wanted, strict=True))


def unfinished(mirror: Mirror) -> bool:
    """Whether work on the collection was begun and not ended."""
    owed = mirror.flow is not None and (mirror.flow.owed or bool(mirror.flow.sent))
    begun = mirror.reading is not None or mirror.creating is not None or any(part.in_flight for part in mirror.parts)
    return begun or owed


def changed_on_target(part: Part, shown: TargetHead | None) -> bool:
    """Whether a listing shows something else than what was agreed on. What either side does not know says nothing."""
    if shown is None:
        # The favourites list need not be among the playlists.
        return part.playlist != FAVOURITES
    return (
        (part.count >= 0 and shown.count != part.count)
        or bool(part.fingerprint and shown.fingerprint and part.fingerprint != shown.fingerprint)
        or bool(part.modified and shown.modified and part.modified != shown.modified)
        or bool(part.title and not shown.is_called(part.title))
    )


def learn(part: Part, shown: TargetHead | None) -> Part:
    """The part with what a listing that shows no change tells beyond the last read: modification time, checksum."""
    if shown is None:
        return part
    return msgspec.structs.replace(
        part,
        fingerprint=part.fingerprint or shown.fingerprint,
        modified=part.modified or shown.modified,
        count=shown.count if part.count < 0 else part.count,
    )


def order_key(head: CollectionHead, mirror: Mirror | None, policy: Policy, now: datetime) -> tuple[object, ...]:
    """Sorts due collections, first things first."""
    tried = past(mirror.tried_at, now) if mirror is not None else None
    # One that was never tried waits since it was first due: else a busy one would be preferred to it for ever.
    waits_since = tried or (past(mirror.seen_at, now) if mirror is not None else None)
    waited_days = (now - waits_since).days if waits_since else 0
    begun = mirror is not None and unfinished(mirror) and mirror.failures == 0
    return (
        -(policy.rule_for(head).priority + waited_days),
        policy.entities.index(ENTITY_OF[head.kind]),
        not begun,
        to_iso(tried) if tried else "",
        head.total if head.total is not None else 0,
        head.id,
    )


def within(window: Window, now: datetime) -> bool:
    """Whether a time is inside a daily window, by the window's own wall clock."""
    local = now.astimezone(ZoneInfo(window.timezone) if window.timezone else None)
    minute = local.hour * 60 + local.minute
    if window.start <= window.end:
        return window.start <= minute < window.end
    return minute >= window.start or minute < window.end


def given_up(mirror: Mirror, now: datetime) -> bool:
    """Whether a collection that vanished from the source has been gone long enough to be detached."""
    missing_since = past(mirror.missing_since, now)
    if missing_since is None or mirror.missing_runs < TOMBSTONE_RUNS:
        return False
    return now - missing_since >= timedelta(hours=TOMBSTONE_HOURS)
