"""Spotify's JSON into values of the model. Pure: no I/O, no clock.

Theory. Three kinds of apps exist at once and nothing tells them apart: since February 2026 a restricted app reads
``items`` and ``item`` where older ones read ``tracks`` and ``track`` (documented in Spotify's migration guide,
https://developer.spotify.com/documentation/web-api/tutorials/february-2026-migration-guide). Clients saw the new
paths answer with the old keys, so path and keys are taken as independent: both names are read everywhere.

Two kinds of flaws are kept apart. What Spotify is known to send (a null row, a null track, one without an id) becomes
a skipped entry, because rows hold their offset and losing one would shift all others. A flaw of the page (no list of
rows, no total, a row in none of the forms we know) is a ``BadAnswer``: what is not understood must not look removed.
No other exception comes out of here, whatever JSON goes in.
"""

from __future__ import annotations

import hashlib
import html
import re
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.model import (
    ALBUMS,
    ARTISTS,
    LIKED,
    AccountId,
    CollectionHead,
    CollectionId,
    Entry,
    Item,
    Kind,
    Page,
    SkipReason,
    Track,
    item_id,
)
from musicdiff_job.core.text import normalise_isrc, normalise_upc

_BASE62 = re.compile(r"[0-9A-Za-z]+")
_LOCAL = "spotify:local:"
_EPISODE = "spotify:episode:"
_TRACK = "spotify:track:"
_PLAYLIST = "spotify:playlist:"
_MAKER = "spotify"
"""The owner of the lists that Spotify makes. Their snapshots were seen to change with every request
(spotify/web-api issue 858) and to stay when the entries changed (ncspot issue 464)."""


class Listing(msgspec.Struct, frozen=True):
    """One page of the account's playlists. ``rows`` counts everything on the page, unusable rows included, because
    ``total`` (None when Spotify did not say) counts them too. ``torn`` says that a row is a playlist's but not whole,
    so that it is not among ``heads``."""

    heads: tuple[CollectionHead, ...]
    rows: int
    total: int | None
    torn: bool = False


def account(body: object) -> AccountId:
    """The account's id from ``GET /me``: ``id``, not the newer ``account_id``, for only ``id`` stands in the owners
    of playlists (documented). Raises ``BadAnswer``."""
    found = _text(_dict(body).get("id"))
    if not found:
        raise BadAnswer("Spotify did not name the account")
    return AccountId(found)


def snapshot(body: object) -> str | None:
    """The snapshot id of a playlist, None when there is none."""
    return _text(_dict(body).get("snapshot_id")) or None


def listing(body: object, offset: int, own: AccountId) -> Listing:
    """One page of ``GET /me/playlists``. Null and blank rows, which stand for Spotify's own playlists since November
    2024 (observed by several clients), are counted and dropped. Raises ``BadAnswer``."""
    rows = _rows(body, offset, "the list of playlists")
    sound = [row for row in rows if _is_whole(row)]
    heads = tuple(head for row in sound if (head := _head(row, own)) is not None)
    return Listing(heads, len(rows), _count(_dict(body).get("total")), torn=len(sound) < len(rows))


def liked(body: object) -> tuple[CollectionHead, Page | None]:
    """The head of the liked songs and its first page, from the first page of ``GET /me/tracks``.

    Spotify has no snapshot id for liked songs. New ones come first (observed), so the total together with the first
    page's ids and time stamps stands in for it: an addition changes the page, a removal changes the total. The page is
    None when it can be listed but not read (see ``page``). Raises ``BadAnswer``.
    """
    rows = _rows(body, 0, "the liked songs")
    total = _count(_dict(body).get("total"))
    entries = tuple(map(_entry, rows))
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(f"{entry.track.id if entry.track else ''}\0{entry.added_at or ''}\n".encode())
    head = CollectionHead(
        id=LIKED,
        kind=Kind.LIKED,
        name="Liked Songs",
        snapshot=f"{'?' if total is None else total}:{digest.hexdigest()[:16]}",
        total=total,
    )
    try:
        return head, page(body, 0)
    except BadAnswer:
        return head, None


SHELVES = {Kind.ALBUMS: (ALBUMS, "Saved Albums"), Kind.ARTISTS: (ARTISTS, "Followed Artists")}
"""Id and name of the collections that are no playlists; Spotify has neither."""


def unlisted(kind: Kind) -> CollectionHead:
    """The head of the saved albums or the followed artists where nothing is known of them."""
    identity, name = SHELVES[kind]
    return CollectionHead(id=identity, kind=kind, name=name, snapshot="")


def shelf(kind: Kind, body: object) -> tuple[CollectionHead, Page | None]:
    """The head of the saved albums or the followed artists and their first page.

    Neither has a snapshot id, so the total and the first rows stand in for it, as for the liked songs: albums come
    newest first (observed), so that hardly a change escapes. Artists come in the order of their ids (observed) and
    undated: following one and unfollowing another leaves no trace unless one of them is on the page, and is seen by
    the next verification only. Raises ``BadAnswer``.
    """
    found = _listed(kind, body)
    rows = _rows(found, 0, _SHELF_NAMES[kind])
    total = _count(_dict(found).get("total"))
    digest = hashlib.sha256()
    for row in rows:
        thing = _dict(row).get("album") if kind is Kind.ALBUMS else row
        digest.update(f"{_text(_dict(thing).get('id'))}\0{_text(_dict(row).get('added_at'))}\n".encode())
    head = msgspec.structs.replace(
        unlisted(kind), snapshot=f"{'?' if total is None else total}:{digest.hexdigest()[:16]}", total=total
    )
    try:
        return head, shelf_page(kind, body, 0)
    except BadAnswer:
        return head, None


def shelf_page(kind: Kind, body: object, offset: int) -> Page:
    """One page of the saved albums or the followed artists. The latter are paged by the id of the last one, not by
    number. Raises ``BadAnswer`` as ``page``."""
    found = _dict(_listed(kind, body))
    rows = _rows(found, offset, _SHELF_NAMES[kind])
    total = _count(found.get("total"))
    if total is None:
        raise BadAnswer("Spotify did not say how many entries there are")
    entries = []
    for row in rows:
        known = album(_dict(row).get("album")) if kind is Kind.ALBUMS else artist(row)
        if known is None and row is not None:
            raise BadAnswer("Spotify sent entries in a form that is not known")
        added_at = _text(_dict(row).get("added_at")) or None
        entries.append(Entry(track=known, skipped=None if known else SkipReason.REMOVED, added_at=added_at))
    following = bool(found["next"]) if "next" in found else offset + len(rows) < total
    return Page(entries=tuple(entries), offset=offset, total=total, more=bool(rows) and following)


def album(body: object) -> Track | None:
    """An album object; None when it has no id. The year is the release's, of whatever precision."""
    found = _dict(body)
    identity = _base62(found.get("id")) or _after("spotify:album:", found.get("uri"))
    if identity is None:
        return None
    date = _text(found.get("release_date"))[:4]
    return Track(
        id=item_id(Item.ALBUM, identity),
        title=_text(found.get("name")),
        artists=_artists(found),
        upc=normalise_upc(_text(_dict(found.get("external_ids")).get("upc"))),
        size=_count(found.get("total_tracks")) or None,
        year=int(date) if date.isascii() and date.isdigit() and int(date) else None,
    )


def artist(body: object) -> Track | None:
    """An artist object; None when it has no id."""
    found = _dict(body)
    identity = _base62(found.get("id")) or _after("spotify:artist:", found.get("uri"))
    return None if identity is None else Track(id=item_id(Item.ARTIST, identity), title=_text(found.get("name")))


_SHELF_NAMES = {Kind.ALBUMS: "the saved albums", Kind.ARTISTS: "the followed artists"}


def _listed(kind: Kind, body: object) -> object:
    """The list in an answer; that of the artists is wrapped (documented)."""
    return _dict(body).get("artists") if kind is Kind.ARTISTS else body


def page(body: object, offset: int) -> Page:
    """One page of a playlist's entries or of the liked songs, asked for with ``offset``.

    Raises ``BadAnswer`` when the page has no list or no total, answers for another offset than the one asked for, or
    when a row has none of the forms that we know: a renamed key would else look like a playlist of removed tracks.
    """
    rows = _rows(body, offset, "the entries")
    found = _dict(body)
    total = _count(found.get("total"))
    if total is None:
        raise BadAnswer("Spotify did not say how many entries there are")
    if any(map(_is_torn, rows)):
        raise BadAnswer("Spotify sent entries in a form that is not known")
    following = bool(found["next"]) if "next" in found else offset + len(rows) < total
    return Page(entries=tuple(map(_entry, rows)), offset=offset, total=total, more=bool(rows) and following)


def track(body: object) -> Track | None:
    """A track object; None when it is none that we could name by an id.

    A relinked track (``linked_from``) keeps the id under which the person added it, where Spotify shows it; restricted
    apps no longer see it (documented). A track that was taken down may have an empty title and no duration (observed):
    it is still a track, for its id is what an earlier match is remembered by.
    """
    found = _dict(body)
    if found.get("type") not in (None, "track"):
        return None
    identity = _track_id(found.get("linked_from")) or _track_id(found)
    return None if identity is None else _described(found, identity)


def played(body: dict[str, Any]) -> Track:
    """What was played; what has no id of Spotify's (a file of one's own) goes by its URI, or by ""."""
    return track(body) or _described(body, text(body.get("uri")))


def text(value: object) -> str:
    """A text as it is kept; "" for anything else."""
    return _text(value)


def _described(found: dict[str, Any], identity: str) -> Track:
    duration = _count(found.get("duration_ms"))
    explicit = found.get("explicit")
    isrc = _text(_dict(found.get("external_ids")).get("isrc"))
    return Track(
        id=identity,
        title=_text(found.get("name")),
        artists=_artists(found),
        album=_text(_dict(found.get("album")).get("name")),
        duration_ms=duration or None,
        isrc=normalise_isrc(isrc) if isrc else None,
        explicit=explicit if isinstance(explicit, bool) else None,
    )


def found(body: object) -> tuple[Track, ...]:
    """The tracks of a page of ``GET /search``; rows that are none are left out. Raises ``BadAnswer``."""
    rows = _rows(_dict(body).get("tracks"), 0, "the search")
    return tuple(known for row in rows if (known := track(row)) is not None)


def _is_torn(row: object) -> bool:
    """Whether a row is none that Spotify is known to send: no object, no entry in it, or something else for one. It may
    stand for any track, which must not look removed."""
    if row is None:
        return False
    if not isinstance(row, dict):
        return True
    things = [row[key] for key in ("item", "track") if key in row]
    if not any(thing is None or isinstance(thing, dict | bool) for thing in things):
        return True
    return any(isinstance(thing, dict) and not isinstance(thing.get("type", ""), str | None) for thing in things)


def _entry(row: object) -> Entry:
    found = _dict(row)
    added_at = _text(found.get("added_at")) or None
    # Old track objects have a boolean member `track` (observed), so only an object counts as present.
    thing = next((value for key in ("item", "track") if isinstance(value := found.get(key), dict)), None)
    if thing is None:
        # A null row or a null track is one that Spotify no longer has; a row without either key is something else.
        removed = row is None or "item" in found or "track" in found
        return Entry(skipped=SkipReason.REMOVED if removed else SkipReason.UNKNOWN, added_at=added_at)
    uri = _text(thing.get("uri"))
    if found.get("is_local") is True or thing.get("is_local") is True or uri.startswith(_LOCAL):
        label = local_label(uri, ", ".join(_artists(thing)), _text(thing.get("name")))
        return Entry(skipped=SkipReason.LOCAL, label=label, added_at=added_at)
    # Episodes come in the form of tracks to those who did not ask for episodes (observed): the type decides.
    if thing.get("type") == "episode" or uri.startswith(_EPISODE):
        return Entry(skipped=SkipReason.EPISODE, label=_text(thing.get("name")), added_at=added_at)
    if (known := track(thing)) is not None:
        return Entry(track=known, added_at=added_at)
    return Entry(skipped=SkipReason.UNKNOWN, label=_text(thing.get("name")), added_at=added_at)


def _is_whole(row: object) -> bool:
    """Whether a row of the playlists names and describes one, or is none at all. Names may be empty and descriptions
    null (observed); where either is missing or no text, the mirror must not lose it."""
    found = _dict(row)
    if (_base62(found.get("id")) or _after(_PLAYLIST, found.get("uri"))) is None:
        return True
    return isinstance(found.get("name"), str) and isinstance(found.get("description", 0), str | None)


def _head(row: object, own: AccountId) -> CollectionHead | None:
    found = _dict(row)
    # Ids become part of a URL's path, so nothing but Spotify's own alphabet is let in.
    identity = _base62(found.get("id")) or _after(_PLAYLIST, found.get("uri"))
    if identity is None:
        return None
    owner = _dict(found.get("owner"))
    owner_id = _text(owner.get("id"))
    totals = (_count(_dict(found.get(key)).get("total")) for key in ("items", "tracks"))
    public = found.get("public")
    return CollectionHead(
        id=CollectionId(_PLAYLIST + identity),
        kind=Kind.PLAYLIST,
        name=_text(found.get("name")),
        snapshot="" if owner_id == _MAKER else snapshot(found) or "",
        total=next((total for total in totals if total is not None), None),
        owned=owner_id == own,
        collaborative=found.get("collaborative") is True,
        owner_name=_text(owner.get("display_name")) or owner_id,
        description=html.unescape(_text(found.get("description"))),
        public=public if isinstance(public, bool) else None,
        by_spotify=owner_id == _MAKER,
    )


def _rows(body: object, offset: int, what: str) -> list[Any]:
    """The ``items`` of a page. A page that answers for another offset is refused: endpoints that ignore ``offset``
    exist (observed), and the first page read twice adds up to the right number of rows."""
    found = _dict(body)
    rows = found.get("items")
    if not isinstance(rows, list):
        raise BadAnswer(f"Spotify's answer for {what} has no list of rows")
    answered = _count(found.get("offset"))
    if answered is not None and answered != offset:
        raise BadAnswer(f"Spotify answered for {what} from {answered} on, not from {offset}")
    return rows


def local_label(uri: str, artist: str = "", title: str = "") -> str:
    """ "Artist - Title" of a local file, whose URI is ``spotify:local:Artist:Album:Title:Seconds``, URL-quoted; the
    title may hold colons (observed). What is given goes before what the URI says."""
    pieces = [whole(unquote_plus(piece)) for piece in uri.removeprefix(_LOCAL).split(":")]
    if uri.startswith(_LOCAL) and len(pieces) > 3:
        artist, title = artist or pieces[0], title or ":".join(pieces[2:-1])
    return " - ".join(part for part in (artist, title) if part)


def whole(text: str) -> str:
    """``text`` without lone surrogates, which JSON can spell and UTF-8 cannot: saving the checkpoint would fail."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _artists(thing: dict[str, Any]) -> tuple[str, ...]:
    artists = thing.get("artists")
    names = (_text(_dict(artist).get("name")) for artist in artists) if isinstance(artists, list) else ()
    return tuple(name for name in names if name.strip())


def _track_id(thing: object) -> str | None:
    found = _dict(thing)
    return _text(found.get("id")) or _after(_TRACK, found.get("uri"))


def _after(prefix: str, uri: object) -> str | None:
    return _base62(uri.removeprefix(prefix)) if isinstance(uri, str) and uri.startswith(prefix) else None


def _base62(value: object) -> str | None:
    return value if isinstance(value, str) and _BASE62.fullmatch(value) else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    # JSON's `true` is a number to Python, and its numbers may be too long for a checkpoint.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _text(value: object) -> str:
    return whole(value) if isinstance(value, str) else ""
