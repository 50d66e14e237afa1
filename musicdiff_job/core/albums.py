"""Finding the target's counterpart of a saved album: the same conversation as ``match`` has about a track.

The order of the questions: the bar code, free text, the artist's albums. No answer is believed as it comes. A bar code
must lead to an album of the same name, artist and number of tracks, and what a search has found is looked up itself
before it is taken, for search rows tell neither year nor bar code. Another edition is taken only when nothing better
was found and its number of tracks is near; another recording (live, karaoke, a tribute) never.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from musicdiff_job.core.comparison import SAME, Verdict, refuse
from musicdiff_job.core.credits import compare_artists
from musicdiff_job.core.editions import Edition, edition_of
from musicdiff_job.core.likeness import Rules, Scored, compare_versions, weighed
from musicdiff_job.core.match import TOLD_BELOW, Ask, Evidence, Match, Method, Reason, Unmatched, unmatched
from musicdiff_job.core.model import Track, bare_id
from musicdiff_job.core.questions import AlbumById, AlbumByUpc, AlbumSearch, AlbumsOf, Question, plain
from musicdiff_job.core.text import canonical_name, canonical_title, is_nobody
from musicdiff_job.core.titles import compare_titles
from musicdiff_job.core.version_words import Version
from musicdiff_job.core.versions import album_kinds, main_title

WEIGHTS: dict[str, float] = {
    "title": 0.5,
    "artists": 0.4,
    "version": 0.4,
    "tracks": 0.25,
    "edition": 0.08,
    "year": 0.04,
}
"""What the whole penalty of each name costs. Another edition passes alone or with a track or two more, not with a
quarter more tracks and another decade as well."""
_PLURALS = {
    "remixes": Version.REMIX,
    "remixed": Version.REMIX,
    "instrumentals": Version.INSTRUMENTAL,
    "demos": Version.DEMO,
}
"""Words for a whole album of what ``version_words`` looks for in the title of one track."""
LOOKED_UP = 3
"""Albums that a search has found and that are looked up themselves, for one wanted album."""
NEAR = 4
"""Another number of tracks is near when it differs by no more than one in so many, or by one."""
ONE_RELEASE = 1
"""Years by which the services' dates of one release differ: one gives the day, the other the label's year."""
DECADE = 10
_EDITION_ONLY = frozenset({"version", "tracks", "edition", "year"})
"""Penalties that leave no doubt about the album, only about which form of it."""


def score(wanted: Track, candidate: Track, rules: Rules) -> Scored:
    """Compare a candidate with what is wanted. Pure and total; says nothing about other candidates."""
    upc = same_upc(wanted, candidate)
    one, other = edition_of(wanted.title), edition_of(candidate.title)
    verdicts = {
        "title": compare_titles(one.base, other.base, None, isrc=upc),
        "artists": _compare_artists(wanted, candidate, upc=upc),
        "version": _compare_versions(wanted, candidate, upc=upc),
        "tracks": _compare_sizes(wanted.size, candidate.size),
        "edition": _compare_editions(one.editions, other.editions, upc=upc),
        "year": _compare_years(wanted.year, candidate.year, upc=upc),
    }
    return weighed(candidate, verdicts, WEIGHTS)


def decide(
    wanted: Track, evidence: Evidence, rules: Rules, rejected: frozenset[str] = frozenset()
) -> Match | Unmatched | Ask:
    """The next step for the album ``wanted``, as ``match.decide``. Deterministic, whatever the order of candidates."""
    if not canonical_title(wanted.title):
        return Unmatched(Reason.NO_TITLE)
    ranked = sorted(
        (score(wanted, track, rules) for track in evidence.candidates), key=lambda item: _order(item, rules)
    )
    good = [item for item in ranked if not item.refused and item.score >= rules.min_score]
    allowed = [item for item in good if item.track.id not in rejected]
    readable = [item for item in allowed if item.track.readable]
    verified = [item for item in readable if _is_verified(wanted, item, evidence)]
    if not (verified and _is_same_edition(verified[0])):
        # The best first; when that is another edition, everything that may know better; then its rivals.
        open_ = _unverified(wanted, readable, evidence)
        if open_ is not None and not verified:
            return Ask(open_)
        if question := _next_question(wanted, evidence):
            return Ask(question)
        rivals = [item for item in readable if verified and verified[0].score - item.score < rules.min_gap]
        if (open_ := _unverified(wanted, rivals, evidence)) is not None:
            return Ask(open_)
    if verified:
        return _choose(wanted, verified, rules)
    if readable:
        good, allowed = [], []  # not proven, though as many were looked up as may be
    return unmatched(ranked, good, allowed, rejected, _EDITION_ONLY)


def same_upc(wanted: Track, candidate: Track) -> bool:
    """Whether both bear one bar code."""
    return wanted.upc is not None and wanted.upc == candidate.upc


def _order(item: Scored, rules: Rules) -> tuple[bool, float, bool, int, int, str]:
    track = item.track
    plain_words = rules.prefer_explicit and track.explicit is not True
    return bool(item.refused), -item.score, plain_words, -track.rank, len(track.id), track.id


def _is_verified(wanted: Track, item: Scored, evidence: Evidence) -> bool:
    return same_upc(wanted, item.track) or AlbumById(bare_id(item.track.id)) in evidence.asked


def _is_same_edition(item: Scored) -> bool:
    return not any(penalty.name in ("title", "tracks", "edition") for penalty in item.penalties)


def _unverified(wanted: Track, ranked: list[Scored], evidence: Evidence) -> Question | None:
    """The question about the best of these that was not looked up; None when as many were as may be."""
    if sum(isinstance(question, AlbumById) for question in evidence.asked) >= LOOKED_UP:
        return None
    unknown = (item for item in ranked if not _is_verified(wanted, item, evidence))
    return next((AlbumById(bare_id(item.track.id)) for item in unknown), None)


def _next_question(wanted: Track, evidence: Evidence) -> Question | None:
    return next((question for question in _questions(wanted, evidence) if question not in evidence.asked), None)


def _questions(wanted: Track, evidence: Evidence) -> Iterator[Question]:
    if wanted.upc:
        yield AlbumByUpc(wanted.upc)
    artist = next((name for name in wanted.artists if canonical_name(name) and not is_nobody(name)), "")
    base = edition_of(wanted.title).base
    yield AlbumSearch(" ".join(part for part in (plain(main_title(base)), plain(artist)) if part))
    asked_of = next((question.id for question in evidence.asked if isinstance(question, AlbumsOf)), None)
    name = canonical_name(artist)
    known = (row for row in evidence.candidates if name and canonical_name(next(iter(row.artists), "")) == name)
    if artist_id := asked_of or next((row.artist_id for row in known if row.artist_id), None):
        yield AlbumsOf(artist_id, artist, (wanted.title,))


def _choose(wanted: Track, verified: list[Scored], rules: Rules) -> Match | Unmatched:
    """The best of the looked-up albums, unless another album is as good. ``verified`` is ranked and not empty."""
    lead = next((item for item in verified if same_upc(wanted, item.track)), verified[0])
    others = [item for item in verified if not _is_copy(lead.track, item.track)]
    rivals = [item for item in others if lead.score - item.score < rules.min_gap]
    if rivals and not same_upc(wanted, lead.track):
        return Unmatched(Reason.AMBIGUOUS, tuple(verified[:3]))
    copies = [item for item in verified if item not in others]
    taken = min(copies, key=lambda item: (not same_upc(wanted, item.track), _order(item, rules)))
    method = Method.UPC if same_upc(wanted, taken.track) else Method.SEARCH
    found = Match(taken.track.id, method, taken.score, taken=taken.track if taken.score < TOLD_BELOW else None)
    if not others:
        return found
    return msgspec.structs.replace(found, runner_up=others[0].track.id, runner_up_score=others[0].score)


def _is_copy(one: Track, other: Track) -> bool:
    """Whether two of the target's albums are one edition, listed twice."""
    return one.id == other.id or (
        edition_of(one.title).name == edition_of(other.title).name
        and edition_of(one.title).editions - {Edition.WORDING} == edition_of(other.title).editions - {Edition.WORDING}
        and one.size == other.size
        and list(map(canonical_name, one.artists[:1])) == list(map(canonical_name, other.artists[:1]))
    )


def _compare_artists(wanted: Track, candidate: Track, *, upc: bool) -> Verdict:
    """As for tracks; two compilations of one name are both by nobody."""
    if wanted.artists and candidate.artists and all(map(is_nobody, (*wanted.artists, *candidate.artists))):
        return SAME
    return compare_artists(wanted, candidate, None, isrc=upc)


def _compare_versions(wanted: Track, candidate: Track, *, upc: bool) -> Verdict:
    """What kind of recordings it holds, by its own title: never live for studio, never karaoke or a tribute."""
    kinds, kinds2 = _kinds(wanted.title), _kinds(candidate.title)
    if kinds != kinds2:
        told = ", ".join(sorted(kinds2)) or "studio"
        return refuse("another version", f"{told}, wanted {', '.join(sorted(kinds)) or 'studio'}")
    one, other = (msgspec.structs.replace(it, title=edition_of(it.title).base) for it in (wanted, candidate))
    return compare_versions(one, other, None, isrc=upc)


def _kinds(title: str) -> frozenset[Version]:
    words = canonical_title(title).split()
    return album_kinds(title) | {kind for word, kind in _PLURALS.items() if word in words[1:]}


def _compare_sizes(wanted: int | None, candidate: int | None) -> Verdict:
    if wanted is None or candidate is None:
        return Verdict(0.2, "number of tracks unknown on one side")
    apart = abs(wanted - candidate)
    if apart == 0:
        return SAME
    note = f"{candidate} tracks, wanted {wanted}"
    if apart > max(1, wanted // NEAR):
        return refuse("another number of tracks", note)
    return Verdict(apart / max(wanted, candidate), note)


def _compare_editions(wanted: frozenset[Edition], candidate: frozenset[Edition], *, upc: bool) -> Verdict:
    differing = (wanted ^ candidate) - {Edition.WORDING}
    if not differing:
        return SAME
    return Verdict(0.25 if upc else 1.0, f"another edition: {', '.join(sorted(differing))} on one side only")


def _compare_years(wanted: int | None, candidate: int | None, *, upc: bool) -> Verdict:
    if upc or wanted is None or candidate is None or abs(wanted - candidate) <= ONE_RELEASE:
        return SAME
    return Verdict(min(1.0, abs(wanted - candidate) / DECADE), f"of {candidate}, wanted {wanted}")
