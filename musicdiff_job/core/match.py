"""Finding the target's counterpart of a source track; ``albums`` and ``artists`` hold the like for those.

Theory. Matching is a conversation. ``decide`` looks at the evidence gathered so far and says either what to ask next
(``Ask``) or how it ends (``Match``, ``Unmatched``). It makes no call and keeps no state: the caller asks, adds the
answer with ``Evidence.with_answer`` and calls again, in this run or a later one, since evidence can be stored. A
question that failed is simply not recorded, so the same evidence gives the same question again.

The order is that of ``questions``: the ISRC (believed only if title, version, artists and length agree), the copy that
Deezer names instead of an unreadable one, free text, fields. A match found on the way ends the conversation.
Candidates that are there before any question was asked come from sweeps over whole albums or artists; they are taken
only when nearly nothing speaks against them, since the ISRC has not been tried.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from musicdiff_job.core.comparison import same_isrc
from musicdiff_job.core.likeness import Penalty, Rules, Scored, same_album, score
from musicdiff_job.core.model import Track
from musicdiff_job.core.questions import (
    AlbumById,
    AlbumByUpc,
    AlbumSearch,
    AlbumsOf,
    ArtistSearch,
    ByFields,
    ById,
    ByIsrc,
    BySearch,
    Question,
    nearest,
    questions,
)
from musicdiff_job.core.terms import Preference
from musicdiff_job.core.text import canonical_name, canonical_title
from musicdiff_job.core.version_words import GROUPS, Group, Version
from musicdiff_job.core.versions import Tag, main_title, split_version

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "MATCHER_VERSION",
    "Ask",
    "ByFields",
    "ById",
    "ByIsrc",
    "BySearch",
    "Evidence",
    "Match",
    "Method",
    "Penalty",
    "Preference",
    "Question",
    "Reason",
    "Rules",
    "Scored",
    "Unmatched",
    "decide",
    "score",
]

MATCHER_VERSION: int = 2
"""Raised whenever a change may change a decision, so that stored decisions can be told from new ones."""

KEPT = 12
"""How many candidates the evidence about one track holds."""
NAMESAKE_ALBUMS = 3
"""How many of them one artist's albums may be."""
ROOM = 5
"""How many of them the answer of a later search may replace."""
SURE = 0.93
"""The least score of a sweep's candidate that makes further questions needless."""
COPY_MS = 2000
"""Two entries of one title and artist no further apart than this are copies of one recording."""


WEAK = frozenset({"album", "explicit"})
"""Penalties that say little: one recording stands on many albums, and copies are marked carelessly."""
SLIGHT = 0.05
"""A smaller value of a penalty is what copies of one recording show as well: two seconds of silence at the end."""
TOLD_BELOW = 0.97
"""Of a match with a lower score is kept what Deezer says of it. Another album alone takes less off."""
NEAR = 0.04
"""A runner-up no further behind is nearly as good: a weak sign alone may take so much off. On recorded real data 12 of
308 matches had one; of the two wrong matches one was among them."""


class Method(StrEnum):
    """What a match rests on."""

    OVERRIDE = "override"
    CACHE = "cache"
    ISRC = "isrc"
    SWEEP = "sweep"
    SEARCH = "search"
    UPC = "upc"
    LIBRARY = "library"


class Reason(StrEnum):
    """Why a track has no counterpart."""

    NOT_FOUND = "not found"
    ONLY_OTHER_VERSIONS = "only other versions"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "not available in your country"
    BELOW_THRESHOLD = "no candidate close enough"
    REJECTED = "rejected by you"
    REFUSED = "refused by Deezer"
    NO_TITLE = "no title to search for"
    UNANSWERED = "Deezer's catalogue fails on it"
    UNCONFIRMED = "the name alone is not enough"


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has been asked about one track and what came back: at most ``KEPT`` candidates, each id once."""

    asked: tuple[Question, ...] = ()
    candidates: tuple[Track, ...] = ()

    def with_answer(self, question: Question, tracks: Iterable[Track]) -> Evidence:
        """The evidence with one more answer. Tracks that were looked up go first and stay; of search results those
        nearest to the question are kept, of many copies of one recording rather the first than all."""
        asked = self.asked if question in self.asked else (*self.asked, question)
        fresh = {track.id: track for track in tracks}
        if isinstance(question, AlbumSearch | AlbumsOf):
            # Rows of these say less than an album that was looked up.
            fresh = {key: row for key, row in fresh.items() if all(key != track.id for track in self.candidates)}
        known = [fresh.pop(track.id, track) for track in self.candidates]
        match question:
            case ByIsrc() | ById() | AlbumByUpc() | AlbumById():
                merged = [*fresh.values(), *known]
            case AlbumsOf():
                merged = [*nearest(question, tuple(fresh.values()))[:NAMESAKE_ALBUMS], *known]
            case BySearch() | ByFields() | AlbumSearch() | ArtistSearch():
                found = nearest(question, tuple(fresh.values()))
                merged = [*known[: max(KEPT - len(found), KEPT - ROOM)], *found]
        return Evidence(asked, tuple(merged[:KEPT]))


class Match(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, tag="match"):
    """The counterpart: a Deezer id, with what it rests on and the next best different recording.

    ``taken`` is what Deezer says of it, kept only where a person may have to look (see ``_may_be_asked``): most
    matches are beyond doubt, and there may be 100,000 of them.
    """

    target: str
    method: Method
    score: float
    runner_up: str | None = None
    runner_up_score: float = 0.0
    taken: Track | None = None


class Unmatched(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, tag="unmatched"):
    """No counterpart, with up to three of the best candidates that were turned down."""

    reason: Reason
    best: tuple[Scored, ...] = ()


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Not decided: put this question to the catalogue."""

    question: Question


def decide(
    wanted: Track,
    evidence: Evidence,
    rules: Rules,
    rejected: frozenset[str] = frozenset(),
    prefer: Preference | None = None,
) -> Match | Unmatched | Ask:
    """The next step for ``wanted``: a match, the next question, or the reason why there is none.

    ``rejected`` are ids that the person has ruled out; ``prefer`` says which copy of a recording is wanted, for which
    the other questions are asked as well. Never asks what is in ``evidence.asked`` and never more than
    ``rules.max_questions``. Deterministic, whatever the order of the candidates.
    """
    if not canonical_title(wanted.title):
        return Unmatched(Reason.NO_TITLE)
    ranked = sorted((score(wanted, track, rules) for track in evidence.candidates), key=_order)
    good = [item for item in ranked if not item.refused and item.score >= rules.min_score]
    allowed = [item for item in good if item.track.id not in rejected]
    readable = [item for item in allowed if item.track.readable]
    outcome = _choose(wanted, readable, rules, swept=not evidence.asked, prefer=prefer) if readable else None
    if isinstance(outcome, Match):
        taken = next(item for item in readable if item.track.id == outcome.target)
        if _may_be_asked(outcome, taken):
            outcome = msgspec.structs.replace(outcome, taken=taken.track)
        enough = evidence.asked or outcome.method is Method.ISRC or outcome.score >= SURE
        if enough and not (prefer and prefer.unmet(taken.track)):
            return outcome
    if question := _next_question(wanted, allowed, evidence, rules):
        return Ask(question)
    return outcome or unmatched(ranked, good, allowed, rejected, _VERSION_ONLY)


def _may_be_asked(found: Match, taken: Scored) -> bool:
    """Whether a person may have to look at a match: much differs, or no ISRC confirms it and more than a weak sign
    differs or another recording is nearly as good (see ``doubt``)."""
    strong = any(map(is_telling, taken.penalties))
    near = found.runner_up is not None and found.score - found.runner_up_score < NEAR
    return found.score < TOLD_BELOW or (found.method is not Method.ISRC and (strong or near))


def is_telling(penalty: Penalty) -> bool:
    """Whether a difference says something about which recording it is."""
    return penalty.name not in WEAK and penalty.value >= SLIGHT


def _id_order(track: Track) -> tuple[int, str]:
    return len(track.id), track.id


def _order(item: Scored) -> tuple[bool, float, int, str]:
    return bool(item.refused), -item.score, *_id_order(item.track)


def _choose(
    wanted: Track, good: list[Scored], rules: Rules, *, swept: bool, prefer: Preference | None = None
) -> Match | Unmatched:
    """The best copy of the best recording, unless another recording is as good. ``good`` is ranked and not empty."""
    certain = [item for item in good if same_isrc(wanted, item.track)]
    lead = (certain or good)[0]
    others = [item for item in good if not _is_copy(lead.track, item.track)]
    rivals = [item for item in others if lead.score - item.score < rules.min_gap and not certain]
    if rivals:
        settled = _by_cut(wanted, [lead, *rivals])
        if settled is None:
            return Unmatched(Reason.AMBIGUOUS, tuple(good[:3]))
        lead, others = settled, [item for item in good if not _is_copy(settled.track, item.track)]
    copies = [item for item in good if item not in others]
    taken = min(copies, key=lambda item: _preference(wanted, item, rules, prefer))
    method = Method.ISRC if same_isrc(wanted, taken.track) else Method.SWEEP if swept else Method.SEARCH
    if not others:
        return Match(taken.track.id, method, taken.score)
    return Match(taken.track.id, method, taken.score, others[0].track.id, others[0].score)


def _preference(
    wanted: Track, item: Scored, rules: Rules, prefer: Preference | None
) -> tuple[int, bool, bool, bool, float, int, int, str]:
    """Smaller is better, among copies: what the person prefers, same ISRC, same album, explicitness, score, rank,
    then the lowest id."""
    track = item.track
    explicit = wanted.explicit if wanted.explicit is not None else rules.prefer_explicit or None
    other_words = explicit is not None and explicit != (track.explicit is True)
    other_album = not same_album(wanted, track)
    unmet = prefer.unmet(track) if prefer else 0
    return unmet, not same_isrc(wanted, track), other_album, other_words, -item.score, -track.rank, *_id_order(track)


def _recording(track: Track) -> tuple[str, tuple[Tag, ...], str]:
    """What two entries of one recording have in common besides their length."""
    parts = split_version(track.title)
    strict = tuple(tag for tag in parts.tags if GROUPS[tag.kind] is Group.STRICT)
    return canonical_title(main_title(parts.base)), strict, canonical_name(track.artists[0]) if track.artists else ""


def _is_copy(one: Track, other: Track) -> bool:
    """Whether two of the target's entries are one recording: title, version, main artist, and length within 2 s."""
    if one.id == other.id:
        return True
    if one.duration_ms is None or other.duration_ms is None:
        return False
    return abs(one.duration_ms - other.duration_ms) <= COPY_MS and _recording(one) == _recording(other)


def _by_cut(wanted: Track, rivals: list[Scored]) -> Scored | None:
    """Which of several cuts is meant when the wanted length is unknown and nothing but length tells them apart.

    A radio edit among cuts that bear no name is the shortest. Of a plain title nothing says which cut it is; the
    oldest entry was right in 14 of 16 such cases among 265 known pairs, which is too seldom. None: a person must say.
    """
    if wanted.duration_ms or len({_recording(item.track) for item in rivals}) > 1:
        return None
    named = {split_version(item.track.title).tags for item in rivals}
    if named == {()} and any(tag.kind is Version.RADIO for tag in split_version(wanted.title).tags):
        return min(rivals, key=lambda item: (item.track.duration_ms or 0, *_id_order(item.track)))
    return None


def _next_question(wanted: Track, allowed: list[Scored], evidence: Evidence, rules: Rules) -> Question | None:
    """The first question worth asking that has not been asked. ``allowed`` lack nothing but being readable."""
    if len(evidence.asked) >= rules.max_questions:
        return None
    known = {track.id for track in evidence.candidates}
    hints = [item.track.alternative for item in allowed if item.track.alternative and not item.track.readable]
    fresh = dict.fromkeys(hint for hint in hints if hint not in known)
    return next((question for question in questions(wanted, fresh) if question not in evidence.asked), None)


_VERSION_ONLY = frozenset({"version", "duration"})
"""Penalties that leave no doubt about the song, only about the recording."""


def unmatched(
    ranked: list[Scored], good: list[Scored], allowed: list[Scored], rejected: frozenset[str], forms: frozenset[str]
) -> Unmatched:
    """Why nothing was taken, the most useful truth first. ``good`` would do but for ``rejected``, ``allowed`` but
    for being unreadable. Penalties named in ``forms`` are those between forms of one work."""
    if allowed:
        return Unmatched(Reason.UNREADABLE, tuple(allowed[:3]))
    best = tuple(item for item in ranked if item.track.id not in rejected)[:3]
    if good:
        return Unmatched(Reason.REJECTED, best)
    if any(not item.refused for item in ranked):
        return Unmatched(Reason.BELOW_THRESHOLD, best)
    fatal = [{penalty.name for penalty in item.penalties if penalty.value >= 1.0} for item in ranked]
    if any(names <= forms for names in fatal):
        return Unmatched(Reason.ONLY_OTHER_VERSIONS, best)
    return Unmatched(Reason.NOT_FOUND, best)
