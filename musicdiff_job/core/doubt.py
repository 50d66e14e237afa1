"""Why a match is doubtful: what a person should look at, in plain words.

Theory. A match was taken because it passed the rules, so most of them are beyond doubt and a list of all is of no use.
Doubtful is one that passed by little, that rests on less evidence than there might be, or of which something has been
heard since. What a person has decided is never doubtful.
"""

from __future__ import annotations

import msgspec

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.comparison import same_isrc
from musicdiff_job.core.likeness import Rules, score
from musicdiff_job.core.match import MATCHER_VERSION, NEAR, TOLD_BELOW, Match, Method, is_telling

MARGIN = 0.05
"""A score less than this above the threshold is close to it. Of 308 matches on recorded real data 2 were, so the list
stays short; every score above is more than the largest single weak sign away from being refused."""


class Doubt(msgspec.Struct, frozen=True):
    """One reason, in words, and how bad it is: the larger the worse."""

    reason: str
    weight: int


def doubts(record: MatchRecord, rules: Rules, matcher: int = MATCHER_VERSION) -> tuple[Doubt, ...]:
    """Why a match is doubtful, the worst reason first; empty when it is not, or is none."""
    found = record.decision
    if not isinstance(found, Match) or record.override or found.method is Method.OVERRIDE:
        return ()
    reasons = (
        _refused(record),
        _close(found, rules),
        _rivalled(record, found),
        _unconfirmed(record, found, rules),
        _outdated(record, found, matcher),
    )
    return tuple(sorted((one for one in reasons if one is not None), key=lambda one: -one.weight))


def badness(record: MatchRecord, found: tuple[Doubt, ...]) -> tuple[int, float, str, str]:
    """Sorts matches by how doubtful they are, the worst first: all reasons together, then the lower score."""
    value = record.decision.score if isinstance(record.decision, Match) else 0.0
    return -sum(one.weight for one in found), value, record.track.title.casefold(), record.track.id


def _refused(record: MatchRecord) -> Doubt | None:
    return Doubt("Deezer did not take it when it was last placed", 8) if record.refusals else None


def _close(found: Match, rules: Rules) -> Doubt | None:
    told = f"its score {found.score:.2f} is"
    if found.score < rules.min_score:
        return Doubt(f"{told} below the threshold {rules.min_score:g} that holds now", 6)
    if found.score < rules.min_score + MARGIN:
        return Doubt(f"{told} close to the threshold {rules.min_score:g}", 4)
    return None


def _rivalled(record: MatchRecord, found: Match) -> Doubt | None:
    if found.runner_up is None or found.score - found.runner_up_score >= NEAR or _is_confirmed(record, found):
        return None
    scores = f"{found.runner_up_score:.2f}, this one {found.score:.2f}"
    return Doubt(f"another recording is nearly as good: {found.runner_up} has {scores}", 4)


def _unconfirmed(record: MatchRecord, found: Match, rules: Rules) -> Doubt | None:
    """Of a source track with an ISRC: a counterpart that does not share it, and differs in more than its album."""
    if not record.track.isrc or _is_confirmed(record, found):
        return None
    if found.taken is None:
        # Decided before it was kept what Deezer says.
        return Doubt("its ISRC does not confirm it, and something differs", 2) if found.score < TOLD_BELOW else None
    telling = filter(is_telling, score(record.track, found.taken, rules).penalties)
    differs = "; ".join(penalty.note or f"another {penalty.name}" for penalty in telling)
    return Doubt(f"its ISRC does not confirm it, and there is a difference: {differs}", 2) if differs else None


def _outdated(record: MatchRecord, found: Match, matcher: int) -> Doubt | None:
    """A newer matcher may decide otherwise where there was something to weigh: not where all agreed."""
    if record.matcher >= matcher or (found.score >= 1.0 and _is_confirmed(record, found)):
        return None
    return Doubt(f"it was decided by version {record.matcher} of the matcher; now it is {matcher}", 1)


def _is_confirmed(record: MatchRecord, found: Match) -> bool:
    """Whether the ISRC speaks for it, an album's bar code, or what is known of an artist. What was taken over from a
    track with the same ISRC is no better founded than that one was."""
    if found.method in (Method.ISRC, Method.UPC, Method.LIBRARY):
        return True
    return found.taken is not None and same_isrc(record.track, found.taken)
