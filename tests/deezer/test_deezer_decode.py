"""Recorded answers, hand-made rows for what was never recorded, and any JSON at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.model import AccountId, Header, PlaylistId, TargetContents, Track
from musicdiff_job.deezer import decode

Recorded = Callable[[str], Any]
OWN = AccountId("900000003")


# The public API, as recorded


def test_a_full_track(recorded: Recorded) -> None:
    assert decode.track(recorded("track-full")) == Track(
        id="3135556",
        title="Harder Better Faster Stronger",
        artists=("Daft Punk",),
        album="Discovery",
        duration_ms=224_000,
        isrc="GBDUW0000059",
        explicit=False,
        readable=True,
        rank=760033,
        album_id="302127",
        artist_id="27",
    )


def test_two_main_artists_are_named_once_each(recorded: Recorded) -> None:
    found = decode.track(recorded("track-two-main-artists"))
    assert found is not None
    assert found.artists == ("The Kid Laroi", "Justin Bieber")
    assert found.explicit is True


def test_rows_with_versions_have_whole_titles(recorded: Recorded) -> None:
    rows = [row for row in recorded("search-free-text")["data"] if row["title_version"]]
    found = [decode.track(row) for row in rows]
    assert rows
    assert all(track and row["title_version"] in track.title for row, track in zip(rows, found, strict=True))
    assert all(track and track.title.count(row["title_version"]) == 1 for row, track in zip(rows, found, strict=True))


def test_rows_since_2026_have_isrcs_and_older_ones_do_not(recorded: Recorded) -> None:
    [new] = map(decode.track, recorded("search-with-isrc-2026")["data"])
    old = [decode.track(row) for row in recorded("search-free-text")["data"]]
    assert new is not None
    assert new.isrc is not None
    assert len(new.isrc) == 12
    assert all(track is not None and track.isrc is None for track in old)


def test_an_unreadable_row_may_name_a_readable_copy(recorded: Recorded) -> None:
    rows = {row["id"]: row for row in recorded("track-alternative")["data"]}
    found = decode.track(rows[64164540])
    assert found is not None
    assert (found.readable, found.alternative) == (False, "504374852")


def test_entities_are_decoded(recorded: Recorded) -> None:
    titles = [found.title for found in map(decode.track, recorded("track-alternative")["data"]) if found]
    assert any("Walküre" in title for title in titles)
    assert not any("&#" in title for title in titles)


def test_favourites_have_no_isrc_but_all_else(recorded: Recorded) -> None:
    page = decode.page(recorded("user-favourite-tracks-2026"))
    assert (len(page.rows), page.total, page.follows) == (1, 339, 1)
    found = decode.track(page.rows[0])
    assert found is not None
    assert found.title
    assert found.artists
    assert found.duration_ms
    assert found.isrc is None


def test_a_page_names_the_next_index_and_no_link(recorded: Recorded) -> None:
    page = decode.page(recorded("playlist-tracks-page"))
    assert (len(page.rows), page.total, page.follows) == (25, 102, 25)
    assert page.checksum == "4b5cf900832a2a6732f2413a6f32821e"
    assert decode.page(recorded("playlist-tracks-2026")).follows == 1
    assert decode.page(recorded("authenticated-paging-page2")).follows is None
    assert decode.page(recorded("album-tracks-past-end")).rows == ()


def test_entries_that_deezer_hides_are_counted(recorded: Recorded) -> None:
    playlist = recorded("playlist-hidden-entries")
    found = decode.contents(playlist["tracks"]["data"], playlist["nb_tracks"], playlist["checksum"], decode.track)
    assert (len(found.tracks), found.hidden) == (93, 9)
    assert sum(not track.readable for track in found.tracks) == 23
    assert found.fingerprint == playlist["checksum"]


def test_a_listing_tells_own_followed_and_loved_apart(recorded: Recorded) -> None:
    rows = recorded("user-playlists-with-loved")["data"]
    heads = [head for head in (decode.head(row, OWN) for row in rows) if head]
    assert len(heads) == 25
    assert [head.title for head in heads if head.loved] == ["Loved tracks"]
    followed = next(head for head in heads if head.id == "7000000001")
    assert not followed.owned
    assert (followed.count, followed.public, followed.modified) == (102, True, 1383757200)
    assert followed.fingerprint == "4b5cf900832a2a6732f2413a6f32821e"
    assert any(head.owned and not head.loved for head in heads)


def test_headers_accounts_and_new_playlists(recorded: Recorded) -> None:
    assert decode.header(recorded("playlist-read-after-create")) == Header("My Awesome Playlist", "", public=True)
    assert decode.account(recorded("user-me")) == OWN
    assert decode.created(recorded("playlist-create")) == PlaylistId("7000000002")


# The gateway, as other clients describe it

SONG: dict[str, Any] = {
    "SNG_ID": "3135556",
    "SNG_TITLE": "Harder, Better, Faster, Stronger",
    "VERSION": "(Live)",
    "ART_ID": 27,
    "ART_NAME": "Daft Punk",
    "ARTISTS": [
        {"ART_NAME": "Guest", "ROLE_ID": "5"},
        {"ART_NAME": "Daft Punk", "ROLE_ID": "0"},
        {"ART_NAME": "Second", "ROLE_ID": 0},
    ],
    "ALB_TITLE": "Discovery",
    "DURATION": "224",
    "ISRC": "gb-duw-00-00059",
    "RANK_SNG": "760033",
    "EXPLICIT_LYRICS": "1",
    "FILESIZE": "3592448",
    "RIGHTS": {"STREAM_ADS_AVAILABLE": True, "STREAM_ADS": "2000-01-01"},
}


def test_a_song_row() -> None:
    assert decode.song(SONG) == Track(
        id="3135556",
        title="Harder, Better, Faster, Stronger (Live)",
        artists=("Daft Punk", "Second", "Guest"),
        album="Discovery",
        duration_ms=224_000,
        isrc="GBDUW0000059",
        explicit=True,
        readable=True,
        rank=760033,
        artist_id="27",
    )


@pytest.mark.parametrize(
    ("change", "readable", "alternative"),
    [
        ({"FILESIZE": "0"}, False, None),
        ({"FILESIZE": 0, "FALLBACK": {"SNG_ID": 504374852}}, False, "504374852"),
        ({"RIGHTS": {"STREAM_ADS_AVAILABLE": False, "STREAM_SUB_AVAILABLE": False}}, False, None),
        ({"RIGHTS": {"STREAM_ADS_AVAILABLE": False, "STREAM_SUB_AVAILABLE": True}}, True, None),
        ({"RIGHTS": [], "FILESIZE": None}, True, None),
    ],
)
def test_what_can_be_played(change: dict[str, Any], readable: bool, alternative: str | None) -> None:
    found = decode.song(SONG | change)
    assert found is not None
    assert (found.readable, found.alternative) == (readable, alternative)


@pytest.mark.parametrize(
    ("change", "explicit"),
    [
        ({"EXPLICIT_LYRICS": "0"}, False),
        ({"EXPLICIT_LYRICS": None, "EXPLICIT_TRACK_CONTENT": {"EXPLICIT_LYRICS_STATUS": 4}}, True),
        ({"EXPLICIT_LYRICS": None, "EXPLICIT_TRACK_CONTENT": {"EXPLICIT_LYRICS_STATUS": 6}}, None),
        ({"EXPLICIT_LYRICS": None}, None),
    ],
)
def test_advice(change: dict[str, Any], explicit: bool | None) -> None:
    found = decode.song(SONG | change)
    assert found is not None
    assert found.explicit is explicit


def test_a_row_without_a_title_is_still_in_its_playlist() -> None:
    assert decode.track({"id": 7}) == Track(id="7", title="")
    assert decode.song({"SNG_ID": "7"}) == Track(id="7", title="")


@pytest.mark.parametrize("wrong", [{"SNG_ID": "-42"}, {"SNG_ID": None}, {"SNG_ID": {}}])
def test_uploads_and_rows_without_an_id_are_hidden(wrong: dict[str, Any]) -> None:
    found = decode.contents([SONG, SONG | wrong, "nonsense"], 2, "", decode.song)
    assert [track.id for track in found.tracks] == ["3135556"]
    assert found.hidden == 2


def test_gateway_playlists() -> None:
    row = {"PLAYLIST_ID": "12", "TITLE": "A &amp; B", "NB_SONG": "3", "STATUS": "1", "PARENT_USER_ID": 900000003}
    found = decode.gateway_head(row | {"DATE_MOD": "2013-11-06 17:00:00", "CHECKSUM": "c"}, OWN, None)
    assert found is not None
    assert (found.id, found.title, found.count, found.public) == ("12", "A & B", 3, False)
    assert (found.owned, found.loved, found.modified, found.fingerprint) == (True, False, 1383757200, "c")
    for loved in (
        decode.gateway_head(row | {"TYPE": "4"}, OWN, None),
        decode.gateway_head(row, OWN, PlaylistId("12")),
    ):
        assert loved is not None
        assert loved.loved


def test_a_visitor_is_nobody() -> None:
    user = {"USER_ID": 0, "LOVEDTRACKS_ID": 0}
    assert decode.sign_in({"USER": user, "checkForm": "anonymous"}) is None
    found = decode.sign_in({"USER": {"USER_ID": "5", "LOVEDTRACKS_ID": 6}, "checkForm": "t", "SESSION_ID": "s"})
    assert found == decode.SignIn(AccountId("5"), "t", "s", PlaylistId("6"))


@pytest.mark.parametrize("token", [None, "", 5, "\ud800", "é"])
def test_tokens_that_could_not_be_sent_back_are_none(token: object) -> None:
    user = {"USER_ID": 5, "LOVEDTRACKS_ID": 6}
    with pytest.raises(BadAnswer, match="without a CSRF token"):
        decode.sign_in({"USER": user, "checkForm": token})
    found = decode.sign_in({"USER": user, "checkForm": "t", "SESSION_ID": token})
    assert found is not None
    assert found.session_id == ""


# What cannot be understood


@pytest.mark.parametrize("body", [None, [], {}, {"data": {}}, {"data": None}, "data", False])
def test_a_list_without_rows_is_not_an_empty_list(body: object) -> None:
    for read in (decode.page, decode.gateway_page):
        with pytest.raises(BadAnswer):
            read(body)


@pytest.mark.parametrize("link", ["https://api.deezer.com/x", "https://api.deezer.com/x?reindex=3", 7, {"index": 3}])
def test_a_list_that_goes_on_nowhere_is_not_complete(link: object) -> None:
    with pytest.raises(BadAnswer):
        decode.page({"data": [], "next": link})


KEYS = [
    "data", "next", "total", "checksum", "filtered_count", "id", "title", "title_short", "title_version", "isrc",
    "artist", "contributors", "name", "album", "duration", "rank", "readable", "explicit_lyrics", "alternative",
    "explicit_content_lyrics", "creator", "public", "nb_tracks", "time_mod", "mod_date", "is_loved_track",
    "description", "SNG_ID", "SNG_TITLE", "VERSION", "ARTISTS", "ART_NAME", "ROLE_ID", "ALB_TITLE", "DURATION", "ISRC",
    "FILESIZE", "RIGHTS", "STREAM_ADS_AVAILABLE", "FALLBACK", "PLAYLIST_ID", "TITLE", "STATUS", "TYPE", "DATE_MOD",
    "PARENT_USER_ID", "NB_SONG", "DATA", "DESCRIPTION", "TAB", "playlists", "USER", "USER_ID", "checkForm",
    "EXPLICIT_LYRICS", "EXPLICIT_TRACK_CONTENT", "EXPLICIT_LYRICS_STATUS", "RANK_SNG", "LOVEDTRACKS_ID",
]  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1", "0", "-1", "9" * 40, "?index=1", "2026-01-01 10:00:00", "\ud800", "&#252;", "&#xD800;"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=8),
    max_leaves=25,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=20)


def contents_of(body: object) -> TargetContents:
    rows = body if isinstance(body, list) else [body]
    return decode.contents([*rows, *rows], None, "", decode.track)


@given(JSON | OBJECTS)
def test_any_json_gives_a_value_or_a_bad_answer(body: Any) -> None:
    for read in (
        decode.page, decode.track, decode.header, decode.account, decode.created, decode.gateway_page, decode.song,
        decode.song_id, decode.song_key, decode.sheet, decode.sign_in, contents_of,
        lambda body: decode.profile_page(body, "playlists"),
        lambda body: decode.head(body, OWN), lambda body: decode.gateway_head(body, OWN, None),
    ):  # fmt: skip
        try:
            value = read(body)
        except BadAnswer:
            continue
        if isinstance(value, Track):
            assert value.id.isdecimal()
            assert value.title.encode()
        if isinstance(value, TargetContents):
            assert value.hidden >= 0
