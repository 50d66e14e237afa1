"""The files that Spotify and the two Exportify projects would write about an account of the sandbox."""

from __future__ import annotations

import csv
import html
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from musicdiff_job.sandbox.catalogue import SpotifyTrack
from musicdiff_job.sandbox.spotify_library import (
    CatalogueTrack,
    Content,
    Episode,
    Gone,
    ListEntry,
    LocalFile,
    base62_id,
)
from musicdiff_job.sandbox.world import SpotifyAccount

Files = dict[str, bytes]

ENGLISH = (
    "Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album URI", "Album Name", "Album Artist URI(s)",
    "Album Artist Name(s)", "Album Release Date", "Album Image URL", "Disc Number", "Track Number",
    "Track Duration (ms)", "Track Preview URL", "Explicit", "Popularity", "ISRC", "Added By", "Added At",
)  # fmt: skip
GERMAN = (
    "Track-URI", "Track-Name", "Künstler-URI(s)", "Künstlername(n)", "Album-URI", "Album-Name",
    "Album-Künstler-URI(s)", "Album-Künstlername(n)", "Veröffentlichungsdatum des Albums", "Album-Bild-URL",
    "Disc-Nummer", "Track-Nummer", "Track-Dauer (ms)", "Track-Vorschau-URL", "Explizit", "Beliebtheit", "ISRC",
    "Hinzugefügt von", "Hinzugefügt am",
)  # fmt: skip
JAPANESE = (
    "トラックURI", "トラック名", "アーティストURI", "アーティスト名", "アルバムURI", "アルバム名",
    "アルバムアーティストURI", "アルバムアーティスト名", "アルバム発売日", "アルバム画像URL", "ディスク番号",
    "トラック番号", "トラックの長さ（ミリ秒）", "トラックプレビューURL", "明示的な内容", "人気度", "ISRC", "追加者",
    "追加日時",
)  # fmt: skip
NET = (
    "Track URI", "Track Name", "Album Name", "Artist Name(s)", "Release Date", "Duration (ms)", "Popularity",
    "Explicit", "Added By", "Added At", "Genres", "Record Label", "Danceability",
)  # fmt: skip
NET_OLD = (
    "Spotify ID", "Artist IDs", "Track Name", "Album Name", "Artist Name(s)", "Release Date", "Duration (ms)",
    "Popularity", "Added By", "Added At", "Genres",
)  # fmt: skip


def zipped(files: Mapping[str, bytes], folder: str = "", compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files, below ``folder`` ("Spotify Account Data/")."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return whole.getvalue()


def write_zip(path: Path, files: Mapping[str, bytes], folder: str = "") -> Path:
    path.write_bytes(zipped(files, folder))
    return path


def write_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


# Account data


def account_data(account: SpotifyAccount, *, old: bool = False, each: int = 1000, owner: bool = True) -> Files:
    """ "Account data": ``each`` playlists in a file. ``old`` is the form of 2020 and before, without URIs and dates."""
    own = [one for one in account.playlists() if one.owner_id == account.user_id]
    lists = [
        {
            "name": one.name,
            "lastModifiedDate": "2026-11-01",
            **({} if old else {"collaborators": ["somebody"] if one.collaborative else []}),
            "items": [item(account, entry, old=old) for entry in one.entries],
            "description": html.escape(one.description) or None,
            "numberOfFollowers": 0,
        }
        for one in own
    ]
    liked = [_track_words(account, account.catalogue.spotify[one.track_id]) for one in account.liked()]
    files = {
        f"Playlist{number + 1}.json": {"playlists": lists[number * each : (number + 1) * each]}
        for number in range(max(1, -(-len(lists) // each)))
    }
    library = {
        "tracks": [
            {"artist": one["artistName"], "album": one["albumName"], "track": one["trackName"], "uri": one["trackUri"]}
            for one in liked
        ],
        "albums": [{"artist": "Muse", "album": "Absolution", "uri": "spotify:album:0eFHYz8NmK75zSplL5qlfM"}],
        "shows": [{"name": "A Podcast", "publisher": "P", "uri": "spotify:show:6JRdtmBCEj0bjBkMKDIRtF"}],
        "episodes": [],
        "bannedTracks": [],
        "artists": [{"name": "Muse", "uri": "spotify:artist:12Chz98pHFMPJEknJQMWvI"}],
        "bannedArtists": [],
        "other": [],
    }
    if old:
        for one in library["tracks"]:
            del one["uri"]
    named: dict[str, Any] = {**files, "YourLibrary.json": library, "Follow.json": {"followerCount": 3}}
    if owner:
        named["Userdata.json"] = {"username": account.user_id, "email": "me@example.org", "country": "FR"}
    return {name: json.dumps(value, ensure_ascii=False, indent=2).encode() for name, value in named.items()}


def item(account: SpotifyAccount, entry: ListEntry, *, old: bool = False) -> dict[str, Any]:
    """One entry of a playlist as ``Playlist1.json`` has it."""
    found: dict[str, Any] = {"track": None, "episode": None, "audiobook": None, "localTrack": None}
    content: Content = entry.content
    match content:
        case CatalogueTrack(id=track):
            found["track"] = _track_words(account, account.catalogue.spotify[track])
            if old:
                del found["track"]["trackUri"]
        case Episode(name=name, show=show):
            found["episode"] = {"episodeName": name, "showName": show, "episodeUri": f"spotify:episode:{content.id}"}
        case LocalFile():
            found["localTrack"] = {"uri": local_uri(content)}
        case Gone():
            pass
    if old:
        del found["audiobook"]
        return found
    return {**found, "addedDate": (entry.added_at or "2019-03-04")[:10]}


def local_uri(file: LocalFile) -> str:
    parts = (file.artist, file.album, file.title)
    return "spotify:local:" + ":".join([*map(quote_plus, parts), str(file.seconds)])


def _track_words(account: SpotifyAccount, track: SpotifyTrack) -> dict[str, str]:
    return {
        "trackName": track.name,
        "artistName": track.artists[0],
        "albumName": track.album,
        "trackUri": f"spotify:track:{track.id}",
    }


# Exportify


def exportify_app(
    account: SpotifyAccount, header: tuple[str, ...] = ENGLISH, *, playable: bool = False, named: bool = False
) -> Files:
    """Every list as exportify.app writes it; with ``playable`` as in 2024, ``named`` with the playlist's name in the
    first column of each row."""
    files = {}
    lists = [("Liked", [_liked_entry(one.track_id, one.added_at) for one in account.liked()])]
    lists += [(one.name, list(one.entries)) for one in account.playlists() if account.readable(one)]
    for name, entries in lists:
        rows = [app_row(account, entry) for entry in entries if not isinstance(entry.content, Gone)]
        columns = list(header)
        if playable:
            columns.insert(17, "Is Playable" if header is ENGLISH else "?")
            rows = [[*row[:17], "true", *row[17:]] for row in rows]
        if named:
            columns, rows = ["Name", *columns], [[name, *row] for row in rows]
        files[app_file_name(name)] = _csv([columns, *rows], csv.QUOTE_ALL).encode()
    return files


def app_file_name(name: str) -> str:
    return "".join("_" if char in '/\\<>:;"|=,.?*[] ' else char for char in name).lower() + ".csv"


def app_row(account: SpotifyAccount, entry: ListEntry) -> list[str]:
    match entry.content:
        case CatalogueTrack(id=track):
            found = account.catalogue.spotify[track]
            artists = ", ".join(name.replace(",", "\\,") for name in found.artists)
            uris = ", ".join(f"spotify:artist:{base62_id(name)}" for name in found.artists)
            return [
                f"spotify:track:{track}", found.name, uris, artists, f"spotify:album:{base62_id(found.album)}",
                found.album, uris, artists, str(found.year or ""), "https://i.scdn.co/image/x", "1", "7",
                str(found.duration_ms), "", str(found.explicit).lower(), "50", found.isrc, "spotify:user:listener",
                entry.added_at or "",
            ]  # fmt: skip
        case Episode(id=episode, name=name):
            uri = f"spotify:episode:{episode}"
            return [uri, name, *[""] * 15, "spotify:user:listener", entry.added_at or ""]
        case LocalFile() as file:
            return [local_uri(file), file.title, "", file.artist, *[""] * 13, "", entry.added_at or ""]
        case Gone():
            raise AssertionError("exportify.app leaves out what is gone")


def exportify_net(account: SpotifyAccount, *, old: bool = False) -> Files:
    """Every playlist as exportify.net writes it; ``old`` is the form with bare ids."""
    files = {}
    for one in account.playlists():
        rows = [
            _net_row(account.catalogue.spotify[entry.content.id], entry.added_at or "", old=old)
            for entry in one.entries
            if isinstance(entry.content, CatalogueTrack)
        ]
        text = _csv([list(NET_OLD if old else NET), *rows], csv.QUOTE_MINIMAL)
        files[one.name.replace("/", "_").replace(" ", "_") + ".csv"] = b"\xef\xbb\xbf" + text.encode()
    return files


def _net_row(track: SpotifyTrack, added_at: str, *, old: bool) -> list[str]:
    if old:
        artists = ",".join(track.artists)
        ids = ",".join(base62_id(name) for name in track.artists)
        return [
            track.id, ids, track.name, track.album, artists, str(track.year), str(track.duration_ms), "50",
            "spotify:user:listener", added_at, "rock,pop",
        ]  # fmt: skip
    return [
        f"spotify:track:{track.id}", track.name, track.album, ";".join(track.artists), str(track.year),
        str(track.duration_ms), "50", str(track.explicit).lower(), "undefined", added_at, "rock;pop", "Label", "0.5",
    ]  # fmt: skip


def saved_albums() -> bytes:
    """``saved_albums.csv`` of exportify.app."""
    header = [
        "Album URI", "Album Name", "Album Type", "Album Artist URI(s)", "Album Artist Name(s)", "Album Release Date",
        "Release Date Precision", "Track Count", "Saved At",
    ]  # fmt: skip
    row = [
        "spotify:album:0eFHYz8NmK75zSplL5qlfM", "Absolution", "album", "spotify:artist:12Chz98pHFMPJEknJQMWvI",
        "Muse\\, Inc, Somebody", "2003", "year", "14", "2020-01-01T00:00:00Z",
    ]  # fmt: skip
    return _csv([header, row], csv.QUOTE_ALL).encode()


def _liked_entry(track: str, added_at: str) -> ListEntry:
    return ListEntry(CatalogueTrack(track), added_at)


def _csv(rows: Iterable[list[str]], quoting: Any) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator="\n").writerows(rows)
    return text.getvalue()
