"""Whether two credits name the same players.

Spotify lists every artist, Deezer's search rows one; duos come in either order; guests stand among the artists, in
the title, or nowhere; bands are cut at their commas ("Earth", "Wind & Fire"). So credits are compared as sets of
names, in which the main artist of one side must appear. Guests alone are too few: two songs of one title easily share
one. "Various Artists" and karaoke acts are nobody.
"""

from __future__ import annotations

import re
from functools import lru_cache

from musicdiff_job.core.comparison import SAME, Verdict, alike, refuse
from musicdiff_job.core.model import Track
from musicdiff_job.core.text import (
    artist_names,
    canonical_name,
    compact,
    is_nobody,
    name_parts,
    other_characters,
    scripts,
)
from musicdiff_job.core.version_words import Version
from musicdiff_job.core.versions import split_version

_TRIBUTE = re.compile(r"\bkaraoke\b|\btribute\b|カラオケ|караоке|\bmade famous by\b|\bin the style of\b")
_AGREES = 2.0
"""Seconds within which lengths make up for a weak credit, as a shared ISRC does."""


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
    agrees = isrc or (apart is not None and apart <= _AGREES)
    if not names or not names2:
        if isrc or (agrees and not names and not names2):
            return Verdict(0.35, "artist unknown on one side")
        return refuse("artist unknown", "no artist to compare")
    spelt, spelt2 = {compact(name) for name in names}, {compact(name) for name in names2}
    if compact(main) == compact(main2):
        return SAME
    if compact(main2) in spelt or compact(main) in spelt2:
        return Verdict(0.05, "credited in another order")
    parts, parts2 = ({name for name in side if len(name_parts(name)) < 2} for side in (names, names2))
    if parts & parts2 and (parts <= parts2 or parts2 <= parts):
        return Verdict(0.1, "a credit cut in another way")
    if any(_one_name(a, b, slips=agrees) for a, b in [*((main, b) for b in names2), *((a, main2) for a in names)]):
        return Verdict(0.08, "an artist spelled in another way")
    if isrc and {*names, *guests} & {*names2, *guests2}:
        return Verdict(0.25, "only a guest in common")
    if isrc and (not scripts(main) & scripts(main2) or other_characters(main, main2)):
        return Verdict(0.1, "artists in different scripts")
    if isrc and apart is not None and apart <= _AGREES:
        # People change their names (Kanye West is Ye); the ISRC stays. Whatever else differs ends it.
        return Verdict(0.35, "an artist of another name")
    return refuse("no main artist in common", f"by another artist: {', '.join(candidate.artists)}")


def _one_name(one: str, other: str, *, slips: bool) -> bool:
    """Whether two canonical names are spellings of one: words left out ("Ms. Lauryn Hill"), a second script added
    ("박혜진 Park Hye Jin"), and if ``slips``, a letter ("Radiohed") or "DJ" too. Cover acts live on names that are a
    letter off, but they do not play to the second."""
    if slips and min(len(one), len(other)) >= 5 and alike(one.removeprefix("dj "), other.removeprefix("dj ")) >= 0.9:
        return True
    few, many = sorted((set(one.split()), set(other.split())), key=len)
    return few < many and (len(few) >= 2 or not any(word.isascii() for word in few))


def is_tribute(track: Track) -> bool:
    """Whether the credits are those of a karaoke or tribute act."""
    return any(_TRIBUTE.search(canonical_name(name)) for name in track.artists)
