"""What one comparison of two recordings says, and the measures that several comparisons share."""

from __future__ import annotations

import msgspec

from musicdiff_job.core.model import Track
from musicdiff_job.core.text import compact, normalise_isrc

CLOSE = 3.0
"""Seconds within which two lengths speak for one recording under two names."""


class Verdict(msgspec.Struct, frozen=True):
    """How bad a difference is (``value``, 0 to 1), in words (``note``), and, when it can never be made up for, why
    it refuses the candidate (``refused``)."""

    value: float = 0.0
    note: str = ""
    refused: str = ""


SAME = Verdict()


def refuse(note: str, why: str) -> Verdict:
    """The verdict that ends it: the whole penalty, and the reason."""
    return Verdict(1.0, note, why)


def alike(one: str, other: str) -> float:
    """Likeness of two canonical spellings, 0 to 1; nothing is not like nothing. ``*`` hides any letter."""
    a, b = compact(one), compact(other)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    if "*" in a + b and len(a) == len(b) and all(x == y or "*" in (x, y) for x, y in zip(a, b, strict=True)):
        return 0.98
    from rapidfuzz import fuzz  # only judging needs it; whatever reads the checkpoint imports this module

    return fuzz.ratio(a, b) / 100


def seconds_apart(wanted: Track, candidate: Track) -> float | None:
    """How far the lengths are apart; None if one is unknown.

    Half a second is added to the candidate's: Deezer gives whole seconds that are Spotify's milliseconds rounded
    down (measured on 380 known pairs).
    """
    if not wanted.duration_ms or not candidate.duration_ms:
        return None
    return abs(candidate.duration_ms + 500 - wanted.duration_ms) / 1000


def same_isrc(wanted: Track, candidate: Track) -> bool:
    """Whether both carry one valid ISRC."""
    code = normalise_isrc(wanted.isrc)
    return code is not None and code == normalise_isrc(candidate.isrc)
