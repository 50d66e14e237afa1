"""One conversation for each kind of item: which rules judge it and which question comes next."""

from __future__ import annotations

from typing import assert_never

from musicdiff_job.core import albums, artists, match
from musicdiff_job.core.artists import NOTHING, Known
from musicdiff_job.core.likeness import Rules, Scored
from musicdiff_job.core.match import Ask, Evidence, Match, Preference, Unmatched
from musicdiff_job.core.model import Item, Track, item_of


def decide(
    wanted: Track,
    evidence: Evidence,
    rules: Rules,
    rejected: frozenset[str] = frozenset(),
    prefer: Preference | None = None,
    known: Known = NOTHING,
) -> Match | Unmatched | Ask:
    """The next step for ``wanted``, whatever it is (see ``match.decide``). Which copy is preferred matters to tracks,
    what the library holds (``known``) to artists."""
    match item_of(wanted.id):
        case Item.TRACK:
            return match.decide(wanted, evidence, rules, rejected, prefer)
        case Item.ALBUM:
            return albums.decide(wanted, evidence, rules, rejected)
        case Item.ARTIST:
            return artists.decide(wanted, evidence, rules, rejected, known)
        case item:
            assert_never(item)


def score(wanted: Track, candidate: Track, rules: Rules) -> Scored:
    """Compare a candidate with what is wanted, by the rules for its kind."""
    match item_of(wanted.id):
        case Item.TRACK:
            return match.score(wanted, candidate, rules)
        case Item.ALBUM:
            return albums.score(wanted, candidate, rules)
        case Item.ARTIST:
            return artists.score(wanted, candidate, rules)
        case item:
            assert_never(item)
