"""Writes to Spotify's playlists, as strict as their documentation.

Facts (documented in the Web API reference): at most 100 items a call; items are named by URI; additions go to the end
unless ``position`` says otherwise, and twice is allowed; a removal takes every copy of a URI, names its items under
``items`` on the new path and under ``tracks`` on the old one, and may name any snapshot that the playlist has had.
Both answer the new snapshot id, an addition with 201. A public playlist needs the scope ``playlist-modify-public``,
any other ``playlist-modify-private``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from musicdiff_job.sandbox.http import Request
from musicdiff_job.sandbox.spotify_library import SpotifyPlaylist
from musicdiff_job.sandbox.world import SpotifyAccount

MOST: Final = 100
"""Items of one call."""
PUBLIC: Final = "playlist-modify-public"
PRIVATE: Final = "playlist-modify-private"

_TRACK = re.compile(r"spotify:track:([0-9A-Za-z]{22})")

Refuse = Callable[[int, str], Exception]
"""Makes the error that ends a call."""


def write(
    account: SpotifyAccount,
    playlist: SpotifyPlaylist,
    name: str,
    request: Request,
    scopes: frozenset[str],
    refuse: Refuse,
) -> dict[str, str]:
    """Carry out a write to the entries of a playlist, under the path ``name``; the answer. Raises what ``refuse``
    makes."""
    needed = PUBLIC if playlist.public else PRIVATE
    if needed not in scopes:
        raise refuse(403, "Insufficient client scope")
    if not account.readable(playlist):
        raise refuse(403, "You cannot edit a playlist you don't own.")
    try:
        body = request.json()
    except ValueError:
        raise refuse(400, "Error parsing JSON.") from None
    match request.method:
        case "POST":
            _add(account, playlist, body, refuse)
        case "DELETE":
            _remove(account, playlist, body, name, refuse)
        case _:
            raise refuse(403, "Insufficient client scope")  # replacing and reordering, which the job never does
    now = account.playlist(playlist.id)
    return {"snapshot_id": now.snapshot if now is not None else ""}


def _add(account: SpotifyAccount, playlist: SpotifyPlaylist, body: Any, refuse: Refuse) -> None:
    uris, position = (body.get("uris"), body.get("position")) if isinstance(body, dict) else (body, None)
    if position is not None and not (type(position) is int and 0 <= position <= len(playlist.entries)):
        raise refuse(400, "Index out of bounds.")
    account.append_tracks(playlist.id, _tracks(account, uris, refuse), position)


def _remove(account: SpotifyAccount, playlist: SpotifyPlaylist, body: Any, name: str, refuse: Refuse) -> None:
    found = body if isinstance(body, dict) else {}
    rows = found.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise refuse(400, f"Missing {name}")
    if found.get("snapshot_id") is not None and found["snapshot_id"] not in account.snapshots(playlist.id):
        raise refuse(400, "Invalid playlist snapshot_id")
    account.remove_tracks(playlist.id, _tracks(account, [row.get("uri") for row in rows], refuse))


def _tracks(account: SpotifyAccount, uris: Any, refuse: Refuse) -> list[str]:
    if not isinstance(uris, list) or not uris:
        raise refuse(400, "No uris provided")
    if len(uris) > MOST:
        raise refuse(400, f"You can add a maximum of {MOST} tracks per request.")
    found = []
    for uri in uris:
        track = _TRACK.fullmatch(uri) if isinstance(uri, str) else None
        if track is None or track.group(1) not in account.catalogue.spotify:
            raise refuse(400, f"Invalid track uri: {uri}")
        found.append(track.group(1))
    return found
