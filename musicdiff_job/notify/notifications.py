"""The sink that tells people what is new, once (see ``core.notices``).

What was told is remembered after somebody got it, in the checkpoint, under a second and short lease. A run that tells
nothing writes nothing, calls nobody and does not import Apprise.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import JobError
from musicdiff_job.core.notices import Notice, decide, remembers
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Summary
from musicdiff_job.core.told import NotifyOn, Told
from musicdiff_job.journal import event
from musicdiff_job.notify.delivery import Fate, Parcel, deliver
from musicdiff_job.notify.memory import forget, places, recall, remember
from musicdiff_job.notify.message import compose
from musicdiff_job.ports import Store
from musicdiff_job.settings.recipients import Recipient
from musicdiff_job.sinks import Ended

MEMORY_TIME = timedelta(minutes=1)
"""For how long the second lease may be held."""


@dataclass(frozen=True, slots=True)
class Notifications:
    """Tells ``recipients``. ``store`` is None where the settings do not say where the checkpoint is, and ``checkpoint``
    "" then. ``clock`` never goes back."""

    recipients: tuple[Recipient, ...]
    consent_ends: date | None
    store: Store | None
    checkpoint: str
    env: Mapping[str, str]
    redactor: Redactor
    clock: Callable[[], float]
    name: str = "notify.urls"

    def begin(self, run_id: str) -> None:
        """Nothing to tell yet."""

    def end(self, ended: Ended) -> None:
        """Tell what is new."""
        checkpoint = _seen(ended)
        before = checkpoint.told if checkpoint is not None and checkpoint.told is not None else Told()
        files = places(self.checkpoint, ended.summary.profile, self.env)
        aside = recall(files)
        told = msgspec.structs.replace(before, causes=tuple(dict.fromkeys((*before.causes, *aside))))

        def decided(on: frozenset[NotifyOn]) -> tuple[tuple[Notice, ...], Told]:
            return decide(told, ended.summary, checkpoint, now=ended.now, consent_ends=self.consent_ends, on=on)

        listened = frozenset(one for recipient in self.recipients for one in recipient.occasions)
        notices, _ = decided(listened)
        if not notices:
            return
        reached = self._deliver(notices, ended)
        if not reached:
            return
        after = decided(reached)[1]
        if self.store is None or not remembers(checkpoint, ended.summary):
            if not remember(files, after.causes):
                event("notify.not_remembered", logging.WARNING, reason="no file could be written")
            return
        try:
            _save(self.store, ended.summary, ended.now, after)
            forget(files)
        except (JobError, OSError) as error:
            event("notify.not_remembered", logging.WARNING, reason=str(error))

    def _deliver(self, notices: Sequence[Notice], ended: Ended) -> frozenset[NotifyOn]:
        """Send each recipient what they listen to; the occasions that somebody was told of."""
        parcels: list[Parcel] = []
        heard: list[frozenset[NotifyOn]] = []
        for recipient in self.recipients:
            theirs = [notice for notice in notices if notice.occasions & recipient.occasions]
            if theirs:
                parcels.append(Parcel(recipient.address, compose(theirs, ended.summary, self.redactor)))
                told = frozenset(one for notice in theirs for one in notice.occasions)
                heard.append(told & recipient.occasions)
        reached: frozenset[NotifyOn] = frozenset()
        for delivery, occasions in zip(deliver(parcels, ended.seconds, self.clock), heard, strict=True):
            if delivery.fate is Fate.DELIVERED:
                event("notify.delivered", to=delivery.address, occasions=sorted(occasions))
                reached |= occasions
            else:
                hint = "`musicdiff-job notify test` says more"
                reason = delivery.error or delivery.fate.value
                event("notify.failed", logging.WARNING, to=delivery.address, reason=reason, hint=hint)
        return reached


def _seen(ended: Ended) -> Checkpoint | None:
    with suppress(JobError):
        return ended.look()
    return None


def _save(store: Store, summary: Summary, now: datetime, told: Told) -> None:
    """Remember in the checkpoint. Raises ``JobError``."""
    with store.lease(summary.run_id, now + MEMORY_TIME) as lease:
        lease.save(msgspec.structs.replace(lease.load(), told=told), last=True)
