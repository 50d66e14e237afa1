"""What a person's file says about a counterpart without naming it: what it must not be, and which copy is preferred."""

from __future__ import annotations

import msgspec

from musicdiff_job.core.likeness import same_album
from musicdiff_job.core.model import TargetId, Track


class Preference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which of several copies of one recording to take: from this album (editions apart, "" for any), with explicit
    words or without (None for either). It never makes another recording acceptable."""

    album: str = ""
    explicit: bool | None = None

    def unmet(self, copy: Track) -> int:
        """How many of the wishes a copy does not fulfil. One whose wording Deezer does not tell counts as clean, as
        it does on Deezer."""
        other_album = bool(self.album) and not same_album(Track("", "", album=self.album), copy)
        other_words = self.explicit is not None and self.explicit != (copy.explicit is True)
        return other_album + other_words


class Terms(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is said about one source track: target tracks that it must not get, and a preference."""

    rejected: tuple[TargetId, ...] = ()
    prefer: Preference | None = None
