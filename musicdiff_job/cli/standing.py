"""How things stand with one profile, from its checkpoint and its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from musicdiff_job import bootstrap
from musicdiff_job.core.budget import deezer_rule, spotify_rule
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.expiry import consent_ends
from musicdiff_job.core.model import Service
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.report.status import Expiry, Status, status_of
from musicdiff_job.settings import Credentials

if TYPE_CHECKING:
    from musicdiff_job.cli.session import Session


def standing(session: Session, checkpoint: Checkpoint, now: datetime, max_age: timedelta) -> Status:
    """How things stand with this session's profile."""
    settings = session.loaded.settings
    return status_of(
        checkpoint,
        session.store.peek_header(),
        now=now,
        profile=settings.profile,
        ledgers={
            Service.SPOTIFY: spotify_rule(settings.budget.spotify_per_day),
            Service.DEEZER: deezer_rule(settings.budget.deezer_per_hour),
        },
        expiry=expiry_of(session.loaded.credentials, now),
        policy=bootstrap.policy_of(settings),
        max_age=max_age,
    )


def expiry_of(credentials: Credentials, now: datetime) -> Mapping[Service, Expiry]:
    """How long the credentials last, as far as that can be known."""
    day = credentials.spotify_authorized_at
    if day is None:
        return {Service.SPOTIFY: Expiry()}
    ends = datetime.combine(consent_ends(day), time(), UTC)
    began = datetime.combine(day, time(), UTC)
    return {Service.SPOTIFY: Expiry(to_iso(began), to_iso(ends), (ends - now).days)}
