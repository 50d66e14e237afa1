"""What people were notified of, so that they are told once."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class NotifyOn(StrEnum):
    """Occasions for a notification. That all is well again is told to those who were told of what was not."""

    FAILURE = "failure"
    AUTH = "auth"
    CONFLICT = "conflict"
    NEW_PLAYLIST = "new_playlist"
    UNMATCHED = "unmatched"
    COMPLETED = "completed"


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was delivered to somebody.

    ``causes`` are fingerprints of what went wrong in the failures that are not over yet, each behind its occasion and a
    colon; at most ``notices.CAUSES_KEPT``. ``conflicts`` are ids of open conflicts, each behind the time at which it
    was opened; ``unmatched`` source tracks that wait for a counterpart: of both no more than the checkpoint itself
    holds. ``new_until`` is the run up to which new playlists were told. ``consent`` is the day on which the consent
    ends that somebody was reminded of, and the reminder, as in "2027-05-21:14".
    """

    causes: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    new_until: str = ""
    consent: str = ""
    completed: bool = False
