"""Deezer's JSON into values of the model. Pure: no I/O, no clock.

Theory. Two services describe one library. The public API writes ``title``, ``artist``, ``duration`` in lower case and
types them well; the web gateway writes ``SNG_TITLE``, ``ART_NAME``, ``DURATION`` in upper case, mostly as text. Each
has its own section here and both end in the same values.

Two kinds of flaws are kept apart. A flaw of one row (wrong type, no id, a negative id: an upload of the user's own)
drops the row; it still counts, so it shows up as hidden. A flaw of the answer itself (no list where the rows belong)
is a ``BadAnswer``: an answer that is not understood must not look like an empty playlist. No other exception comes out
of here, whatever JSON goes in.

Hidden rows are normal: Deezer counts entries that it deleted or does not offer in a country and does not list them
(recorded: 102 counted, 93 listed).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.model import (
    AccountId,
    Header,
    Item,
    PlaylistId,
    TargetContents,
    TargetHead,
    Track,
    item_id,
)
from musicdiff_job.core.text import normalise_isrc, normalise_upc
from musicdiff_job.deezer.fields import array, flag, ident, moment, number, obj, text, with_version

_NEXT_INDEX = re.compile(r"[?&]index=([0-9]{1,9})(?=[&#]|$)", re.ASCII)

_DATE = re.compile(r"(?P<year>[0-9]{4})(?:-[0-9]{2})*$", re.ASCII)

EXPLICIT = {0: False, 1: True, 3: False, 4: True}
"""``explicit_content_lyrics``: 0 not, 1 explicit, 3 edited, 4 partially; the others mean unknown or no advice (as
named by other clients; 0, 1, 2, 3, 6 recorded on tracks)."""

PUBLIC_STATUS = 0
PRIVATE_STATUS = 1
COLLABORATIVE_STATUS = 2
"""The gateway's ``status``: 0 public, 1 private, 2 collaborative, checked by one client against the public API without
a token; two others contradict it without a check."""

LOVED_TYPE = 4
"""The gateway's ``TYPE`` of the favourites list (observed by other clients)."""

Reader = Callable[[object], Track | None]
"""Makes a track, album or artist of one row; None when the row cannot be used."""


class Page(msgspec.Struct, frozen=True):
    """One page of any list, rows not looked into yet. ``total`` is None when it was not said. ``follows`` is the index
    at which the next page begins; the public API leaves it out on the last page only, the gateway as it likes.
    ``filtered`` is the gateway's count of rows it hid."""

    rows: tuple[object, ...]
    total: int | None = None
    checksum: str = ""
    follows: int | None = None
    filtered: int = 0


class Sheet(msgspec.Struct, frozen=True):
    """A playlist's header as the gateway keeps it, which must be sent back whole to change any part of it."""

    title: str
    description: str
    status: int


class SignIn(msgspec.Struct, frozen=True):
    """Who is signed in at the gateway, and with what. ``loved`` is the playlist of the favourites."""

    account: AccountId
    csrf: str
    session_id: str
    loved: PlaylistId | None


def contents(rows: Iterable[object], total: int | None, checksum: str, read: Reader) -> TargetContents:
    """All rows of a list that was read to its end. Hidden are those the service counts and does not list, and those
    that could not be used."""
    seen = tuple(rows)
    tracks = tuple(found for found in map(read, seen) if found is not None)
    return TargetContents(tracks=tracks, hidden=max(total or 0, len(seen)) - len(tracks), fingerprint=checksum)


# The public API


def page(body: object) -> Page:
    """One page of any list of the public API. Raises ``BadAnswer`` when it holds no list, or says that more follows
    but not from where. Of ``next`` only the index is taken: the link itself carries the access token (recorded)."""
    found = obj(body)
    rows = found.get("data")
    if not isinstance(rows, list):
        raise BadAnswer("Deezer sent a list without rows")
    follows = None
    if link := found.get("next"):
        index = _NEXT_INDEX.search(link) if isinstance(link, str) else None
        if index is None:
            raise BadAnswer("Deezer said that a list goes on but not where")
        follows = int(index.group(1))
    return Page(tuple(rows), number(found.get("total")), text(found.get("checksum")), follows)


def track(row: object) -> Track | None:
    """A track in any of the public API's shapes: full, search row, playlist row, favourite (which has no ISRC).
    None when it has no id; without a title it is still an entry of its playlist."""
    found = obj(row)
    track_id = ident(found.get("id"))
    title = with_version(text(found.get("title")) or text(found.get("title_short")), text(found.get("title_version")))
    if track_id is None:
        return None
    explicit = flag(found.get("explicit_lyrics"))
    return Track(
        id=track_id,
        title=title,
        artists=_names([found.get("artist"), *array(found.get("contributors"))], "name"),
        album=text(obj(found.get("album")).get("title")),
        duration_ms=_milliseconds(found.get("duration")),
        isrc=normalise_isrc(text(found.get("isrc"))),
        explicit=_advice(found.get("explicit_content_lyrics")) if explicit is None else explicit,
        readable=flag(found.get("readable")) is not False,
        rank=max(number(found.get("rank")) or 0, 0),
        alternative=ident(obj(found.get("alternative")).get("id")),
        album_id=ident(obj(found.get("album")).get("id")),
        artist_id=ident(obj(found.get("artist")).get("id")),
    )


def album(row: object) -> Track | None:
    """An album in any of the public API's shapes: full (which alone has the bar code), search row (without a date),
    favourite, an artist's (without artist and number of tracks). None when it has no id."""
    found = obj(row)
    album_id = ident(found.get("id"))
    if album_id is None:
        return None
    credits_ = [found.get("artist"), *array(found.get("contributors"))]
    return Track(
        id=item_id(Item.ALBUM, album_id),
        title=text(found.get("title")).strip(),
        artists=_names(credits_, "name"),
        explicit=flag(found.get("explicit_lyrics")),
        readable=flag(found.get("available")) is not False,
        rank=max(number(found.get("fans")) or 0, 0),
        artist_id=ident(obj(found.get("artist")).get("id")),
        upc=normalise_upc(text(found.get("upc"))),
        size=number(found.get("nb_tracks")) or None,
        year=_year(found.get("release_date")),
    )


def artist(row: object) -> Track | None:
    """An artist: full, search row or favourite. None when it has no id."""
    found = obj(row)
    artist_id = ident(found.get("id"))
    if artist_id is None:
        return None
    rank = max(number(found.get("nb_fan")) or 0, 0)
    return Track(id=item_id(Item.ARTIST, artist_id), title=text(found.get("name")).strip(), rank=rank)


def head(row: object, own: AccountId) -> TargetHead | None:
    """A row of ``/user/me/playlists``, which mixes own and followed playlists and the favourites list (recorded).
    None when it has no id."""
    found = obj(row)
    playlist = ident(found.get("id"))
    if playlist is None:
        return None
    return TargetHead(
        id=PlaylistId(playlist),
        title=text(found.get("title")),
        count=max(number(found.get("nb_tracks")) or 0, 0),
        fingerprint=text(found.get("checksum")),
        modified=moment(found.get("time_mod")) or moment(found.get("mod_date")),
        public=flag(found.get("public")),
        owned=ident(obj(found.get("creator")).get("id")) == own,
        loved=flag(found.get("is_loved_track")) is True,
        collaborative=flag(found.get("collaborative")) is True,
    )


def header(body: object) -> Header:
    """``GET /playlist/{id}``. Raises ``BadAnswer`` when title or privacy is missing."""
    found = obj(body)
    public = flag(found.get("public"))
    if "title" not in found or public is None:
        raise BadAnswer("Deezer sent a playlist without title or privacy")
    return Header(title=text(found["title"]), description=text(found.get("description")), public=public)


def account(body: object) -> AccountId:
    """``GET /user/me``. Raises ``BadAnswer``."""
    found = ident(obj(body).get("id"))
    if found is None:
        raise BadAnswer("Deezer did not name the account")
    return AccountId(found)


def created(body: object) -> PlaylistId | None:
    """The new playlist's id: ``{"id": n}`` (public API, recorded) or bare (gateway). None when there is none."""
    found = ident(body.get("id") if isinstance(body, dict) else body)
    return None if found is None else PlaylistId(found)


# The web gateway


def gateway_page(results: object) -> Page:
    """``data``, ``total`` and the like, wherever the gateway puts them. Raises ``BadAnswer`` when there is no list."""
    found = obj(results)
    rows = found.get("data")
    if not isinstance(rows, list):
        raise BadAnswer("Deezer's gateway sent a list without rows")
    filtered = max(number(found.get("filtered_count")) or 0, 0)
    return Page(
        tuple(rows), number(found.get("total")), text(found.get("checksum")), number(found.get("next")), filtered
    )


def profile_page(results: object, tab: str) -> Page:
    """One tab of ``deezer.pageProfile``. Raises ``BadAnswer``."""
    return gateway_page(obj(obj(results).get("TAB")).get(tab))


def song(row: object) -> Track | None:
    """A song row of the gateway; they all carry the ISRC (observed by other clients). None when it has no id."""
    found = obj(row)
    song_id = ident(found.get("SNG_ID"))
    title = with_version(text(found.get("SNG_TITLE")), text(found.get("VERSION")))
    if song_id is None:
        return None
    by_role = sorted(map(obj, array(found.get("ARTISTS"))), key=lambda artist: number(artist.get("ROLE_ID")) or 0)
    explicit = flag(found.get("EXPLICIT_LYRICS"))
    advice = obj(found.get("EXPLICIT_TRACK_CONTENT")).get("EXPLICIT_LYRICS_STATUS")
    return Track(
        id=song_id,
        title=title,
        artists=_names([found, *by_role], "ART_NAME"),
        album=text(found.get("ALB_TITLE")),
        duration_ms=_milliseconds(found.get("DURATION")),
        isrc=normalise_isrc(text(found.get("ISRC"))),
        explicit=_advice(advice) if explicit is None else explicit,
        readable=number(found.get("FILESIZE")) != 0 and _playable(found.get("RIGHTS")),
        rank=max(number(found.get("RANK_SNG")) or number(found.get("RANK")) or 0, 0),
        alternative=ident(obj(found.get("FALLBACK")).get("SNG_ID")),
        album_id=ident(found.get("ALB_ID")),
        artist_id=ident(found.get("ART_ID")),
    )


def gateway_album(row: object) -> Track | None:
    """An album row of ``deezer.pageProfile``. None when it has no id."""
    found = obj(row)
    album_id = ident(found.get("ALB_ID"))
    if album_id is None:
        return None
    return Track(
        id=item_id(Item.ALBUM, album_id),
        title=with_version(text(found.get("ALB_TITLE")), text(found.get("VERSION"))),
        artists=_names([found], "ART_NAME"),
        artist_id=ident(found.get("ART_ID")),
        size=number(found.get("NUMBER_TRACK")) or None,
        year=_year(found.get("PHYSICAL_RELEASE_DATE")),
    )


def gateway_artist(row: object) -> Track | None:
    """An artist row of ``deezer.pageProfile``. None when it has no id."""
    found = obj(row)
    artist_id = ident(found.get("ART_ID"))
    if artist_id is None:
        return None
    rank = max(number(found.get("NB_FAN")) or 0, 0)
    return Track(id=item_id(Item.ARTIST, artist_id), title=text(found.get("ART_NAME")).strip(), rank=rank)


def song_id(row: object) -> str | None:
    """The id in a row of ``song.getFavoriteIds``, where rows may be bare ids (observed by other clients)."""
    return ident(row.get("SNG_ID") if isinstance(row, dict) else row)


def song_key(row: object) -> int | None:
    """What tells rows of one list apart: the song's id, negative ones (uploads) included."""
    return number(row.get("SNG_ID") if isinstance(row, dict) else row)


def gateway_head(row: object, own: AccountId, loved: PlaylistId | None) -> TargetHead | None:
    """A playlist row of ``deezer.pageProfile``; ``loved`` is the account's ``LOVEDTRACKS_ID``. None without an id."""
    found = obj(row)
    playlist = ident(found.get("PLAYLIST_ID"))
    if playlist is None:
        return None
    status = number(found.get("STATUS"))
    return TargetHead(
        id=PlaylistId(playlist),
        title=text(found.get("TITLE")),
        count=max(number(found.get("NB_SONG")) or 0, 0),
        fingerprint=text(found.get("CHECKSUM")),
        modified=moment(found.get("DATE_MOD")),
        public=None if status is None else status != PRIVATE_STATUS,
        owned=ident(found.get("PARENT_USER_ID")) == own,
        loved=number(found.get("TYPE")) == LOVED_TYPE or playlist == loved,
        collaborative=status == COLLABORATIVE_STATUS,
    )


def sheet(results: object) -> Sheet:
    """The header in ``deezer.pagePlaylist``. Raises ``BadAnswer`` when title or status is missing."""
    found = obj(obj(results).get("DATA"))
    status = number(found.get("STATUS"))
    if "TITLE" not in found or status is None:
        raise BadAnswer("Deezer's gateway sent a playlist without title or status")
    return Sheet(text(found["TITLE"]), text(found.get("DESCRIPTION")), status)


def sign_in(results: object) -> SignIn | None:
    """``deezer.getUserData``. None for a visitor: an ARL that is not valid is no error there, it signs nobody in.
    Raises ``BadAnswer`` when the answer speaks of no user at all, or gives one no CSRF token."""
    found = obj(results)
    user = obj(found.get("USER"))
    if "USER_ID" not in user:
        raise BadAnswer("Deezer's gateway opened a session without saying whose")
    own, loved = ident(user["USER_ID"]), ident(user.get("LOVEDTRACKS_ID"))
    if own is None:
        return None
    csrf = _token(found.get("checkForm"))
    if not csrf:
        raise BadAnswer("Deezer's gateway opened a session without a CSRF token")
    return SignIn(
        account=AccountId(own),
        csrf=csrf,
        session_id=_token(found.get("SESSION_ID")),
        loved=None if loved is None else PlaylistId(loved),
    )


# Parts of both


def _names(credits_: Iterable[object], key: str) -> tuple[str, ...]:
    """The names in this order, each once: the main artist stands in front and again among the contributors."""
    names = (text(obj(credit).get(key)).strip() for credit in credits_)
    return tuple(dict.fromkeys(name for name in names if name))


def _token(value: object) -> str:
    """A token as it is, "" for what cannot be sent back."""
    return value if isinstance(value, str) and value.isascii() else ""


def _milliseconds(seconds: object) -> int | None:
    found = number(seconds)
    return found * 1000 if found is not None and 0 < found < 10**6 else None


def _year(date: object) -> int | None:
    """The year of ``YYYY-MM-DD``; None for what stands for no date (``0000-00-00``, and ``1900-01-01``, recorded)."""
    found = _DATE.match(date) if isinstance(date, str) else None
    return int(found["year"]) if found and found["year"] > "1900" else None


def _advice(value: object) -> bool | None:
    found = number(value)
    return None if found is None else EXPLICIT.get(found)


def _playable(rights: object) -> bool:
    """Whether the gateway's ``RIGHTS`` allow any way of streaming; yes when they do not say."""
    ways = [flag(value) for key, value in obj(rights).items() if key.endswith("_AVAILABLE")]
    return not ways or any(ways)
