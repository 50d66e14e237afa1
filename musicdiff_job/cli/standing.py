"""How things stand with one profile, from its checkpoint and its credentials."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from musicdiff_job import bootstrap
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.report.overview import status_from
from musicdiff_job.report.status import Status

if TYPE_CHECKING:
    from musicdiff_job.cli.session import Session


def standing(session: Session, checkpoint: Checkpoint, now: datetime, max_age: timedelta) -> Status:
    """How things stand with this session's profile."""
    view = bootstrap.standpoint_of(session.loaded)
    return status_from(view, checkpoint, session.store.peek_header(), now, max_age)
