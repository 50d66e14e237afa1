"""One export as one library, whatever files it consists of."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.export import account_data, exportify
from musicdiff_job.export.archive import Archive, last_name, refusal
from musicdiff_job.export.history import FILES as HISTORY
from musicdiff_job.export.lists import ExportedList, Library
from musicdiff_job.spotify.decode import whole

_PLAYLISTS = re.compile(r"Playlist(\d*)\.json")
_LIBRARY = re.compile(r"YourLibrary\.json")
_OWNER = re.compile(r"Userdata\.json")
_LIKED = frozenset({"liked", "liked songs"})
"""What both kinds of Exportify call the liked songs, whatever the language."""


def read(path: Path) -> Library:
    """The library of the export at ``path``. Raises ``ConfigError`` for whatever cannot be read whole, and when there
    is nothing of a library in it."""
    archive = Archive(path)
    lists, saved = archive.matching(_PLAYLISTS), archive.matching(_LIBRARY)
    sheets = archive.every(".csv")
    if sheets and (lists or saved):
        raise refusal(
            str(path), "holds both Spotify's account data and CSV files",
            "Put the one that you mean into a folder of its own and name that",
        )  # fmt: skip
    if lists or saved:
        return _account_data(archive, lists, saved)
    if sheets:
        return _exportify(archive, sheets)
    raise _nothing(archive)


def _account_data(archive: Archive, lists: dict[str, str], saved: dict[str, str]) -> Library:
    found = Library()
    for place in saved.values():
        found = account_data.library(archive.text(place), archive.told(place))
    numbers = sorted(int(number) for name in lists if (number := name[len("Playlist") : -len(".json")]))
    if missing := set(range(1, 1 + max(numbers, default=0))).difference(numbers):
        raise refusal(
            str(archive.path), f"lacks Playlist{min(missing)}.json, although there are later ones",
            "Unpack the whole export, or name the zip itself",
        )  # fmt: skip
    playlists: list[ExportedList] = []
    for name in sorted(lists, key=lambda name: (len(name), name)):
        playlists += account_data.playlists(archive.text(lists[name]), archive.told(lists[name]))
    owner = ""
    for place in archive.matching(_OWNER).values():
        owner = account_data.owner(archive.text(place), archive.told(place))
    return msgspec.structs.replace(found, playlists=tuple(playlists) if lists else None, owner=owner)


def _exportify(archive: Archive, places: tuple[str, ...]) -> Library:
    found = Library(playlists=())
    for place in places:
        told = archive.told(place)
        cells = exportify.sheet(archive.text(place), told)
        if exportify.is_album_sheet(cells):
            found = msgspec.structs.replace(found, albums=(*(found.albums or ()), *exportify.albums(cells)))
            continue
        one = exportify.playlist(cells, _name(place), told)
        if one.name.casefold() in _LIKED and found.liked is None:
            found = msgspec.structs.replace(found, liked=one.entries)
        else:
            found = msgspec.structs.replace(found, playlists=(*(found.playlists or ()), one))
    return found


def _name(place: str) -> str:
    """The name that Exportify made a file's name of, as far as it can be told: spaces became underscores."""
    return " ".join(whole(last_name(place))[: -len(".csv")].replace("_", " ").split())


def _nothing(archive: Archive) -> ConfigError:
    place = str(archive.path)
    ask = 'Ask Spotify for "Account data" at https://www.spotify.com/account/privacy/'
    if archive.matching(HISTORY):
        return refusal(place, "holds the listening history, but no library", ask)
    if archive.matching(re.compile(r"ReadMeFirst_TechnicalLogInformation\.pdf")):
        return refusal(place, "is the technical log, which holds no library", ask)
    if archive.every(".zip"):
        return refusal(place, "holds a zip, which is not looked into", "Name the zip itself, or unpack it")
    what = "holds neither Playlist1.json nor YourLibrary.json nor CSV files of Exportify"
    return refusal(place, what, ask)
