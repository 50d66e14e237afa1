"""Spotify's search for tracks: free words, and the filters ``isrc:``, ``artist:`` and ``track:``.

Filters are documented; a filter's value reaches to the next filter. Which tracks match and their order are Spotify's
secret: here every word must occur in title, artists or album, and titles with fewer other words come first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from musicdiff_job.sandbox.catalogue import SpotifyTrack, words

_FILTER = re.compile(r"\b(isrc|artist|track):")


def search(tracks: Iterable[SpotifyTrack], query: str) -> Sequence[SpotifyTrack]:
    """What the search finds, best first."""
    free, *filters = _FILTER.split(query)
    asked = list(zip(filters[::2], filters[1::2], strict=True))
    wanted = set(words(free))
    if not wanted and not asked:
        return ()
    found = [track for track in tracks if wanted <= _all_words(track) and all(_passes(track, *one) for one in asked)]
    return sorted(found, key=lambda track: (len(words(track.name)), track.id))


def _all_words(track: SpotifyTrack) -> set[str]:
    return {word for text in (track.name, *track.artists, track.album) for word in words(text)}


def _passes(track: SpotifyTrack, name: str, value: str) -> bool:
    match name:
        case "isrc":
            return bool(track.isrc) and track.isrc == value.strip().upper()
        case "artist":
            return set(words(value)) <= {word for artist in track.artists for word in words(artist)}
        case _:
            return set(words(value)) <= set(words(track.name))
