"""When a collection is looked at next, and when it is worked on at the latest: what can be told without a listing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from musicdiff_job.core.calendar import held, opens
from musicdiff_job.core.checkpoint import Mirror
from musicdiff_job.core.model import Whose
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.schedule import ASKED_AGAIN, BY_CONTENT, DAY, READ_AT_LEAST, is_begun, remembered, rests_since
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import from_iso, past

EVERY_RUN = "every run"
"""Why a collection is looked at that no rule holds back."""


class Forecast(msgspec.Struct, frozen=True):
    """From ``look_at`` on a run looks whether the collection has changed (None: no run does), for ``look_reason``. At
    ``due_at`` it is worked on even if nothing has, for ``due_reason``; None: not until something changes. Aware times;
    one that is not after the present means the next run."""

    look_at: datetime | None
    look_reason: str
    due_at: datetime | None = None
    due_reason: str = ""


def forecast(mirror: Mirror, policy: Policy, now: datetime) -> Forecast:
    """What the checkpoint and the settings tell of one collection."""
    head = remembered(mirror)
    if not policy.selects(head):
        return Forecast(None, "not selected")
    if mirror.state is CollectionState.DETACHED:
        return Forecast(None, mirror.reason)
    rule = policy.rule_for(head)
    hold = held(rule, rests_since(mirror), now)
    look_at, look_reason = (hold.until, hold.reason) if hold else (now, EVERY_RUN)
    planned = min(_planned(mirror, policy, now), default=None)
    if planned is None:
        return Forecast(look_at, look_reason, None, mirror.reason)
    due_at = max(look_at, planned[0])
    if rule.window is not None:
        due_at = opens(rule.window, due_at)
    return Forecast(look_at, look_reason, due_at, planned[1])


def _planned(mirror: Mirror, policy: Policy, now: datetime) -> Iterator[tuple[datetime, str]]:
    """When there is work on a selected collection for which nothing has to change, and why."""
    if mirror.state is CollectionState.SKIPPED:
        pause, since = (DAY, mirror.tried_at) if mirror.whose is Whose.OWN else (ASKED_AGAIN, mirror.verified_at)
        asked_at = past(since, now)
        yield asked_at + pause if asked_at else now, "refused by Spotify, asked for again"
    elif mirror.synced_at is None and not mirror.snapshot:
        yield now, "new"
    elif is_begun(mirror):
        yield now, "unfinished"
    elif not mirror.snapshot:
        yield now, "to be looked at again"
    elif mirror.failures:
        yield now, "failed last time"
    elif mirror.state is not CollectionState.CONFLICT:
        verified_at = past(mirror.verified_at, now)
        verify_every = timedelta(seconds=policy.verify_every)
        yield verified_at + verify_every if verified_at else now, "verification due"
        if mirror.retry_at:
            yield from_iso(mirror.retry_at), "unmatched tracks are due again"
        if mirror.whose is Whose.SPOTIFY:
            checked_at = past(mirror.checked_at or mirror.synced_at, now)
            rests = policy.rule_for(remembered(mirror)).every is not None
            yield checked_at + READ_AT_LEAST if checked_at and not rests else now, BY_CONTENT
