"""What nobody outside Deezer knows for sure, as values a test can turn.

Theory. Deezer publishes little about its writes, and its web gateway has no documentation at all, so clients disagree.
Where the evidence is split the sandbox does not pick a truth: each open question is one field here, its default is the
answer with the best evidence (or, where evidence is equal, the one that is hardest on a client), and the job must come
through with every setting. A field says which answers have been reported.
"""

from __future__ import annotations

from typing import Literal

import msgspec

DuplicateAdd = Literal["refuse", "partial_error", "partial_true"]
FavouriteMethods = Literal["singular", "plural", "both"]
IdTypes = Literal["string", "int", "mixed"]


class DeezerSwitches(msgspec.Struct, frozen=True, kw_only=True):
    """One setting of every open question; immutable, so that two services can share it."""

    list_limit_cap: int = 2000
    """Largest ``limit`` of REST lists; clients report 100, 300 and 2000."""
    search_limit_cap: int = 100
    """Largest ``limit`` of REST searches; 100 has been reported to work (deezer-python issue 416)."""
    over_limit: Literal["clamp", "refuse"] = "clamp"
    """A ``limit`` above the cap is cut down, or refused with code 500."""
    embedded_tracks_cap: int = 400
    """Rows inside ``GET /playlist/{id}``; other clients saw 386 to 400."""

    duplicate_add: DuplicateAdd = "refuse"
    """Adding an id that is present or repeated: the whole call is refused (observed by other clients), or the rest is
    added and the error is still sent, or the rest is added and the answer is true."""
    partial_order: Literal["refuse", "keep_rest"] = "refuse"
    """A reorder that does not name every visible entry is refused, or the others keep their order behind it."""
    unreadable_add: Literal["accept", "refuse"] = "accept"
    """Adding a track that is not playable for the account: unknown."""
    playlist_limit: int = 2000
    """Most entries of one playlist; Deezer's help page says 2000, a playlist of 4885 has been read since."""
    favourites_limit: int = 10_000
    """Most favourite tracks (observed by other clients)."""
    readd_favourite: Literal["true", "false", "error"] = "true"
    """The answer to liking a track that is liked already: unknown. The list never changes."""
    false_refusals: bool = False
    """REST answers a refused write with the bare body ``false`` (recorded for some writes) instead of an error."""
    checksum_sees_order: bool = True
    """Whether a playlist's checksum changes when only the order does: unknown."""
    read_lag: int = 0
    """How many reads after a write still show the state before it. Counted, not timed, so that tests are exact."""

    row_isrc: bool = True
    """``isrc`` (and the album's ``upc``) in rows of playlists and searches: absent until 2025, recorded since."""
    isrc_miss_status: Literal[200, 404] = 200
    """HTTP status of an ISRC look-up that finds nothing; the body carries code 800 either way."""
    invalid_token_message: str = "Invalid OAuth access token."  # noqa: S105 - a message, not a secret
    """The text of code 300; unverified."""
    private_profile: bool = False
    """Whether the account's favourites are hidden from requests without its token (observed by other clients)."""
    quota_calls: int | None = 50
    """REST calls answered in any rolling window; None switches the quota off. Documented as 50 per 5 s."""
    quota_window: float = 5.0
    """Seconds of the rolling window."""

    gateway_add_cap: int | None = None
    """Most songs in one ``playlist.addSongs``; 3, 50 and no limit have been reported. More is a REQUEST_ERROR."""
    gateway_songs_cap: int | None = 500
    """Most rows of one ``playlist.getSongs`` answer, whatever ``nb`` says; 500 and no limit have been reported."""
    favourite_ids_default: int = 25
    """Rows of ``song.getFavoriteIds`` when ``nb`` is not sent (observed by one client's recorded test suite)."""
    favourite_methods: FavouriteMethods = "singular"
    """``favorite_song.add`` (eight clients) or ``song.addFavorites`` (one client says that only these work); the other
    family answers GATEWAY_ERROR."""
    profile_checksum: bool = True
    """``CHECKSUM`` in the playlist rows of ``deezer.pageProfile``; clients treat it as optional there."""
    public_status: Literal[0, 1] = 0
    """Which ``status`` number means public; 0 was checked live by one client, two others say 1. 2 is collaborative."""
    id_types: IdTypes = "mixed"
    """How the gateway types ids and counts; mixed within one answer has been observed live."""
    csrf_bound_to_sid: bool = True
    """The CSRF token only works with the ``sid`` cookie it was issued with (observed live)."""
    stale_csrf: Literal["VALID_TOKEN_REQUIRED", "GATEWAY_ERROR"] = "VALID_TOKEN_REQUIRED"
    """Which of the two observed errors a stale CSRF token gives."""
    session_seconds: float = 10_800.0
    """A session dies this long after its last use (three hours observed)."""
    write_interval: float | None = None
    """Gateway writes closer together than this many seconds get QUOTA_ERROR; one client was throttled at 2.2 a
    second. None switches it off."""
