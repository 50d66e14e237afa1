"""Whether two credits name the same players.

Spotify lists every artist, Deezer's search rows one; duos come in either order; guests stand among the artists, in
the title, or nowhere; bands are cut at their commas ("Earth", "Wind & Fire"). So credits are compared as sets of
names. A name in common is needed, and guests alone are too few: a cover often shares its guest with nobody, but two
songs of one title easily share one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from musicdiff_job.core.comparison import SAME, Verdict, alike, refuse
from musicdiff_job.core.model import Track
from musicdiff_job.core.text import artist_names, canonical_name, is_nobody, scripts
from musicdiff_job.core.version_words import Version
from musicdiff_job.core.versions import split_version

_AGREES = 2.0
"""Seconds within which lengths make up for a weak credit."""


@lru_cache(maxsize=65536)
def _cast(artists: tuple[str, ...], title: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The main artist, all credited names, and guests and remixers named in the title; collectives left out."""
    named = tuple(artist for artist in artists if not is_nobody(artist))
    parts = split_version(title)
    remixers = tuple(tag.name for tag in parts.tags if tag.kind is Version.REMIX and tag.name)
    return canonical_name(named[0]) if named else "", artist_names(named), parts.featured + remixers


def compare_artists(wanted: Track, candidate: Track, apart: float | None, *, isrc: bool) -> Verdict:
    """The verdict on who plays. Order and completeness of the credits do not count."""
    main, names, guests = _cast(wanted.artists, wanted.title)
    main2, names2, guests2 = _cast(candidate.artists, candidate.title)
    agrees = apart is not None and apart <= _AGREES
    if not names or not names2:
        if agrees or isrc:
            return Verdict(0.35, "artist unknown on one side")
        return refuse("artist unknown", "no artist to compare, and no agreeing length")
    if main == main2:
        return SAME
    if main2 in names or main in names2:
        return Verdict(0.05, "credited in another order")
    if set(names) & set(names2):
        return Verdict(0.1, "an artist in common")
    if any(_one_name(a, b) for a in names for b in names2):
        return Verdict(0.08, "an artist spelled in another way")
    if {*names, *guests} & {*names2, *guests2} and (isrc or agrees):
        return Verdict(0.25, "only a guest in common")
    if isrc and not scripts(main) & scripts(main2):
        return Verdict(0.2, "artists in different scripts")
    return refuse("no artist in common", f"by another artist: {', '.join(candidate.artists)}")


def _one_name(one: str, other: str) -> bool:
    """Whether two canonical names are spellings of one: a small slip ("Maneskin"), words left out ("Ms. Lauryn
    Hill"), or a second script added ("박혜진 Park Hye Jin")."""
    if min(len(one), len(other)) >= 5 and alike(one, other) >= 0.9:
        return True
    few, many = sorted((set(one.split()), set(other.split())), key=len)
    return few < many and (len(few) >= 2 or not any(word.isascii() for word in few))


def is_tribute(track: Track) -> bool:
    """Whether the credits are those of a karaoke or tribute act."""
    return any(re.search(r"\bkaraoke\b|\btribute\b", canonical_name(name)) for name in track.artists)
