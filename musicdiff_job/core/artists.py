"""Finding the target's counterpart of a followed artist.

A name says little: there are many artists of one name, and the search puts the most popular first. So a name is
confirmed by what the library holds of the artist already. A track or an album of theirs that has its counterpart names
the artist on the target; failing that, an album of an artist of that name is called like one in the library. Without
either the artist has no counterpart, and is looked for again when more of the library has one.

The source's artist is told from others of the name by nothing here: two of one name in one library are taken for one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from musicdiff_job.core.comparison import alike
from musicdiff_job.core.editions import edition_of
from musicdiff_job.core.likeness import Rules, Scored
from musicdiff_job.core.match import Ask, Evidence, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import Item, Track, bare_id, item_id, item_of
from musicdiff_job.core.questions import AlbumById, AlbumsOf, ArtistSearch, ById, Question, plain
from musicdiff_job.core.text import canonical_name, compact

WITNESSES = 3
"""Counterparts that are asked whose they are, for one artist."""
NAMESAKES = 3
"""Artists of one name whose albums are looked at, the most popular first; evidence has room for no more."""
TITLES = 20
"""Albums of the library by which one artist may be known."""


class Known(msgspec.Struct, frozen=True):
    """What the library holds of the artists of one name: the counterparts of tracks and albums, by the target's ids,
    and the titles of albums, all in the order in which they were met."""

    counterparts: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


NOTHING = Known()


def called(name: str) -> str:
    """What two spellings of one name have in common."""
    return compact(canonical_name(name))


def name_of(artist: Track) -> str:
    """The name of an artist, as ``called``."""
    return called(artist.title)


def known_of(wanted: Iterable[Track], library: Iterable[tuple[Track, Match | Unmatched | None]]) -> Mapping[str, Known]:
    """What the library, tracks and albums with their decisions, holds of the wanted artists, by ``name_of``. Only what
    an artist has made in the first place counts: guests are credited everywhere."""
    names = {name_of(artist) for artist in wanted} - {""}
    counterparts: dict[str, dict[str, None]] = {name: {} for name in names}
    titles: dict[str, dict[str, None]] = {name: {} for name in names}
    for track, decision in library:
        if not track.artists:
            continue
        name = called(track.artists[0])
        if name not in names:
            continue
        if isinstance(decision, Match) and len(counterparts[name]) < WITNESSES:
            counterparts[name].setdefault(decision.target)
        title = track.title if item_of(track.id) is Item.ALBUM else track.album
        if edition_of(title).name and len(titles[name]) < TITLES:
            titles[name].setdefault(title)
    return {name: Known(tuple(counterparts[name]), tuple(titles[name])) for name in names}


def score(wanted: Track, candidate: Track, rules: Rules) -> Scored:
    """How like the names are: the artist's, or that of whoever made a track or an album. Anything but the same name is
    refused; the same name alone proves nothing."""
    name = candidate.title if item_of(candidate.id) is Item.ARTIST else next(iter(candidate.artists), "")
    if called(name) == name_of(wanted):
        return Scored(candidate, 1.0, ())
    likeness = alike(canonical_name(wanted.title), canonical_name(name))
    return Scored(candidate, round(likeness, 4), (), f"another name: {name}")


def decide(
    wanted: Track, evidence: Evidence, rules: Rules, rejected: frozenset[str] = frozenset(), known: Known = NOTHING
) -> Match | Unmatched | Ask:
    """The next step for the artist ``wanted``, as ``match.decide``. Deterministic."""
    name = name_of(wanted)
    if not name:
        return Unmatched(Reason.NO_TITLE)
    by_counterpart = _confirmed(name, evidence, {*known.counterparts}, rejected)
    if by_counterpart:
        return _settled(by_counterpart, evidence)
    for target in known.counterparts:
        question: Question = AlbumById(bare_id(target)) if item_of(target) is Item.ALBUM else ById(target)
        if question not in evidence.asked:
            return Ask(question)
    if (search := ArtistSearch(plain(wanted.title))) not in evidence.asked:
        return Ask(search)
    found = [row for row in evidence.candidates if item_of(row.id) is Item.ARTIST]
    ranked = sorted((score(wanted, row, rules) for row in found), key=_order)
    called_so = [item for item in ranked if not item.refused]
    allowed = [item for item in called_so if item.track.id not in rejected]
    if known.titles:
        for item in allowed[:NAMESAKES]:
            albums = AlbumsOf(bare_id(item.track.id), wanted.title, known.titles)
            if albums not in evidence.asked:
                return Ask(albums)
    if by_title := _confirmed(name, evidence, None, rejected):
        return _settled(by_title, evidence)
    best = tuple((allowed or ranked)[:3])
    if called_so and not allowed:
        return Unmatched(Reason.REJECTED, best)
    if len(allowed) > 1:
        return Unmatched(Reason.AMBIGUOUS, best)
    return Unmatched(Reason.UNCONFIRMED if allowed else Reason.NOT_FOUND, best)


def _order(item: Scored) -> tuple[bool, float, int, int, str]:
    return bool(item.refused), -item.score, -item.track.rank, len(item.track.id), item.track.id


def _confirmed(name: str, evidence: Evidence, counterparts: set[str] | None, rejected: frozenset[str]) -> Counter[str]:
    """The artists to which rows of the evidence belong, with how many do: of counterparts, or (None) of albums that
    are called as wanted. A counterpart that is filed under another name says nothing."""
    rows = (
        row
        for row in evidence.candidates
        if item_of(row.id) is not Item.ARTIST and (counterparts is None or row.id in counterparts)
    )
    theirs = {
        (item_id(Item.ARTIST, row.artist_id), edition_of(row.title).name)
        for row in rows
        if row.artist_id and row.artists and called(row.artists[0]) == name
    }
    return Counter(artist for artist, _ in theirs if artist not in rejected)


def _settled(confirmed: Counter[str], evidence: Evidence) -> Match | Unmatched:
    """The artist that most speaks for; two of whom as much is known are not told apart."""
    (artist, most), *others = sorted(confirmed.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
    if others and others[0][1] == most:
        rivals = [row for row in evidence.candidates if row.id in confirmed]
        return Unmatched(Reason.AMBIGUOUS, tuple(Scored(row, 1.0, ()) for row in rivals[:3]))
    return Match(artist, Method.LIBRARY, 1.0)
