"""Which collections a run works on, and in which order. Pure; the time is an argument.

A collection is *due* for a reason, and the reason stands in the summary. What a rule's ``every`` and ``window`` say
comes before all reasons (``calendar``). The order is a table, ``ORDER``. What was tried last goes to the back, and a
day of waiting counts as one more priority, so with any budget that lets a run finish one unit of work nothing starves.

A run need not even look when every collection rests by its rule (``resting``). What nobody has listed yet is found by
the next look, which is never further away than ``LOOKED_AT_LEAST``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from musicdiff_job.core.calendar import Hold, held
from musicdiff_job.core.checkpoint import Checkpoint, Mirror, Part
from musicdiff_job.core.decide import wanted_headers
from musicdiff_job.core.model import FAVOURITE_LISTS, CollectionHead, PlaylistId, TargetHead, Whose
from musicdiff_job.core.policy import ENTITY_OF, Policy, Rule
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import from_iso, past, to_iso

DAY = timedelta(days=1)
TOMBSTONE_RUNS = 2
TOMBSTONE_HOURS = 24
"""A collection that vanished from the source is given up after this many complete runs and this many hours."""
LOOKED_AT_LEAST = timedelta(hours=26)
"""However long all collections rest, the source's listing is read this often, for what is new in it. Two hours more
than a day, so that a daily window is not missed by the day that has 25 hours."""
ASKED_AGAIN = timedelta(days=30)
"""A playlist of others that Spotify refuses to apps is asked for again after this time: such a rule rarely changes."""
READ_AT_LEAST = DAY
"""A list of others whose snapshot says nothing is read this often and compared by its content, unless a rule's
``every`` says otherwise. Spotify renews its own lists daily or weekly."""
BY_CONTENT = "compared by content"
"""The reason of a collection whose snapshot says nothing."""


class Due(msgspec.Struct, frozen=True):
    """Work on this collection now, because of ``reason``."""

    reason: str


class NotDue(msgspec.Struct, frozen=True):
    """Nothing to do now; ``reason`` says why or until when it waits. ``rests``: by a rule, whatever has changed."""

    reason: str = "unchanged"
    rests: bool = False


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
    if mirror is not None and mirror.state is CollectionState.DETACHED:
        return NotDue(mirror.reason)
    if hold := held(policy.rule_for(head), rests_since(mirror), now):
        return NotDue(hold.reason, rests=True)
    if mirror is None:
        return Due("new")
    if mirror.state is CollectionState.SKIPPED:
        again = _refusal_over(head, mirror, policy, now)
        return Due("to be looked at again") if again else NotDue(mirror.reason)
    if mirror.synced_at is None and not mirror.snapshot and not unfinished(mirror):
        return Due("new")
    # A pending one was due for a reason that may be gone.
    if is_begun(mirror):
        return Due("unfinished")
    return changed(head, mirror, listed, policy, now)


def is_begun(mirror: Mirror) -> bool:
    """Whether there is work on the collection that was begun, or meant to be, and not ended. A conflict waits for a
    person whatever else is unfinished."""
    return mirror.state is not CollectionState.CONFLICT and (
        unfinished(mirror) or mirror.state is CollectionState.PENDING
    )


def rests_since(mirror: Mirror | None) -> str | None:
    """Since when a rule lets the collection rest; None while there is work on it that was not ended, or that a person
    asks for."""
    if mirror is None or is_begun(mirror) or mirror.state is CollectionState.SKIPPED:
        return None
    if mirror.reopened and mirror.state is not CollectionState.CONFLICT:
        return None
    return mirror.checked_at or mirror.synced_at


def _verification_due(mirror: Mirror, policy: Policy, now: datetime) -> bool:
    verified_at = past(mirror.verified_at, now)
    return verified_at is None or now - verified_at >= timedelta(seconds=policy.verify_every)


def _refusal_over(head: CollectionHead, mirror: Mirror, policy: Policy, now: datetime) -> bool:
    """Whether a list that was refused may be read by now. An own one: it changed, a day has passed, or verification is
    due. One of others: its owner has made it collaborative or the like, or much time has passed."""
    if mirror.whose is not head.whose:
        return True
    tried_at = past(mirror.tried_at, now)
    if not head.owned:
        asked_at = past(mirror.verified_at, now)
        return asked_at is None or now - asked_at >= ASKED_AGAIN
    changed = head.snapshot != mirror.snapshot
    return changed or tried_at is None or now - tried_at >= DAY or _verification_due(mirror, policy, now)


def changed(
    head: CollectionHead,
    mirror: Mirror,
    listed: Mapping[PlaylistId, TargetHead] | None,
    policy: Policy,
    now: datetime,
) -> Due | NotDue:
    """Whether there is work on a collection that was worked on before and that no rule holds back."""
    if not head.snapshot:
        if _to_be_read(head, mirror, policy, now):
            return Due(BY_CONTENT)
    elif mirror.snapshot != head.snapshot:
        return Due("snapshot changed" if mirror.snapshot else "to be looked at again")
    if not mirror.snapshot:
        return Due("to be looked at again")  # forgotten on purpose
    if mirror.failures:
        return Due("failed last time")
    if mirror.rule != policy.fingerprint(head):
        return Due("settings changed")
    if mirror.state is CollectionState.CONFLICT:
        return NotDue(mirror.reason)  # what else has happened is seen to when a person has decided
    if listed is not None and any(changed_on_target(part, listed.get(part.playlist)) for part in mirror.parts):
        return Due("changed on Deezer")
    if policy.favourites_for(head.kind) is None and _header_changed(head, mirror, policy):
        return Due("name, description or privacy changed")
    if mirror.retry_at and from_iso(mirror.retry_at) <= now:
        return Due("unmatched tracks are due again")
    if _verification_due(mirror, policy, now):
        return Due("verification due")
    return NotDue()


def _to_be_read(head: CollectionHead, mirror: Mirror, policy: Policy, now: datetime) -> bool:
    """Whether to read a list without a snapshot. An own one is read by every run: that Spotify tells none of it must
    not make its mirror late."""
    checked_at = past(mirror.checked_at or mirror.synced_at, now)
    if head.owned or checked_at is None or policy.rule_for(head).every is not None:
        return True
    return now - checked_at.replace(second=0, microsecond=0) >= READ_AT_LEAST


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
        # The favourite tracks need not be among the playlists; favourite albums and artists never are.
        return part.playlist not in FAVOURITE_LISTS
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


class Waiting(NamedTuple):
    """A collection that is due, as the rows of ``ORDER`` look at it."""

    head: CollectionHead
    mirror: Mirror | None
    policy: Policy
    now: datetime

    @property
    def tried_at(self) -> datetime | None:
        """When it was last worked on; None also for what a clock has written that was ahead."""
        return past(self.mirror.tried_at, self.now) if self.mirror is not None else None


def _urgency(one: Waiting) -> int:
    # One that was never tried waits since it was first due: else a busy one would be preferred to it for ever.
    since = one.tried_at or (past(one.mirror.seen_at, one.now) if one.mirror is not None else None)
    return -(one.policy.rule_for(one.head).priority + ((one.now - since).days if since else 0))


def _size(one: Waiting) -> int:
    """How many entries a collection has that was never whole; none for what was whole once."""
    if one.mirror is not None and one.mirror.synced_at is not None:
        return 0
    return one.head.total + 1 if one.head.total is not None else UNKNOWN_SIZE


UNKNOWN_SIZE = 1_000_000
"""What Spotify does not tell the size of comes last among what was never whole."""


ORDER: tuple[tuple[str, Callable[[Waiting], object]], ...] = (
    ("the highest priority, a day of waiting counting as one more", _urgency),
    ("what was whole once, then the smallest, so that most lists are whole early", _size),
    ("the order of the entities in the settings", lambda one: one.policy.entities.index(ENTITY_OF[one.head.kind])),
    (
        "what was begun, unless it fails",
        lambda one: one.mirror is None or not unfinished(one.mirror) or one.mirror.failures > 0,
    ),
    ("what has waited longest", lambda one: to_iso(one.tried_at) if one.tried_at else ""),
    ("by id, so that the order is one", lambda one: one.head.id),
)
"""What comes first, and by which key: the lowest. The rows count in this order."""


def order_key(head: CollectionHead, mirror: Mirror | None, policy: Policy, now: datetime) -> tuple[object, ...]:
    """Sorts due collections, first things first."""
    one = Waiting(head, mirror, policy, now)
    return tuple(key(one) for _, key in ORDER)


def remembered(mirror: Mirror) -> CollectionHead:
    """The head of a collection as far as the memory tells, for what the settings say of it. Its name is the last that
    was listed."""
    return CollectionHead(
        mirror.id,
        mirror.kind,
        mirror.name,
        mirror.snapshot,
        owned=mirror.whose is Whose.OWN,
        collaborative=mirror.whose is Whose.SHARED,
        by_spotify=mirror.whose is Whose.SPOTIFY,
    )


def resting(checkpoint: Checkpoint, policy: Policy, now: datetime) -> Hold | None:
    """Until when no call can do any good, because every collection that could be worked on rests by its rule; None when
    a run has to look. No rest is longer than ``LOOKED_AT_LEAST`` after the last look, and a setting that was changed
    ends it."""
    look = checkpoint.look
    looked_at = past(look.at, now) if look is not None else None
    if look is None or looked_at is None or look.policy != policy.whole_fingerprint():
        return None
    if any(one.decision is not None for one in checkpoint.conflicts.values()):
        return None
    ends = looked_at + LOOKED_AT_LEAST
    holds = [held(*_calendar_of(mirror, policy), now) for mirror in _workable(checkpoint.mirrors.values(), policy)]
    known = [hold for hold in holds if hold is not None]
    if ends <= now or not known or len(known) < len(holds):
        return None
    first = min(known, key=lambda hold: hold.until)
    return first if first.until <= ends else Hold(ends, "the next look for new collections")


def _calendar_of(mirror: Mirror, policy: Policy) -> tuple[Rule, str | None]:
    return policy.rule_for(remembered(mirror)), rests_since(mirror)


def _workable(mirrors: Iterable[Mirror], policy: Policy) -> list[Mirror]:
    """What a run may have to work on, whatever a listing shows."""
    over = (CollectionState.DETACHED, CollectionState.SKIPPED)
    selected = [mirror for mirror in mirrors if policy.selects(remembered(mirror))]
    # An own list that is refused may be readable by now.
    return [one for one in selected if one.state not in over or (one.state is over[1] and one.whose is Whose.OWN)]


def given_up(mirror: Mirror, now: datetime) -> bool:
    """Whether a collection that vanished from the source has been gone long enough to be detached."""
    missing_since = past(mirror.missing_since, now)
    if missing_since is None or mirror.missing_runs < TOMBSTONE_RUNS:
        return False
    return now - missing_since >= timedelta(hours=TOMBSTONE_HOURS)
