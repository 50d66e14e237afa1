"""decode: flawed rows become skipped entries, flawed pages become BadAnswer, nothing else comes out."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.model import LIKED, AccountId, CollectionId, Entry, Kind, SkipReason, Track
from musicdiff_job.spotify import decode

ME = AccountId("listener")

SONG: dict[str, Any] = {
    "id": "7ouMYWpwJ422jRcDASZB7P",
    "uri": "spotify:track:7ouMYWpwJ422jRcDASZB7P",
    "type": "track",
    "name": "Knights of Cydonia",
    "artists": [{"name": "Muse", "id": "12Chz98pHFMPJEknJQMWvI"}, {"name": ""}, None, {"name": "Guest"}],
    "album": {"name": "Black Holes and Revelations"},
    "duration_ms": 366213,
    "explicit": False,
    "external_ids": {"isrc": "gb-aht-0500600"},
    "is_local": False,
}
LOCAL: dict[str, Any] = {
    "id": None,
    "uri": "spotify:local:My+Band:Rehearsals:Take+3%21:+the+loud+one:201",
    "type": "track",
    "is_local": True,
    "name": "",
    "artists": [{"name": ""}],
    "album": {"name": ""},
}
EPISODE_AS_TRACK: dict[str, Any] = {
    "id": "512ojhOuo1ktJprKbVcKyQ",
    "uri": "spotify:episode:512ojhOuo1ktJprKbVcKyQ",
    "type": "episode",
    "name": "How playlists are made",
    "track": True,
    "episode": False,
    "is_playable": False,
}


def a_page(*rows: object, **changes: object) -> dict[str, Any]:
    return {"items": list(rows), "total": len(rows), "offset": 0, "limit": 50, "next": None} | changes


def entry_of(row: object) -> Entry:
    # The second row keeps the page in a known form, whatever the first one is.
    return decode.page(a_page(row, {"item": None}), 0).entries[0]


def test_a_song_is_decoded_whole() -> None:
    assert entry_of({"added_at": "2020-01-01T00:00:00Z", "item": SONG}) == Entry(
        track=Track(
            id="7ouMYWpwJ422jRcDASZB7P",
            title="Knights of Cydonia",
            artists=("Muse", "Guest"),
            album="Black Holes and Revelations",
            duration_ms=366213,
            isrc="GBAHT0500600",
            explicit=False,
        ),
        added_at="2020-01-01T00:00:00Z",
    )


@pytest.mark.parametrize(
    "row",
    [
        {"item": SONG},
        {"track": SONG},
        {"item": SONG, "track": True},
        {"item": True, "track": SONG},
        {"item": None, "track": SONG},
        {"item": {**SONG, "track": True, "episode": False}},
        {"item": {**SONG, "id": None}},
        {"item": {**SONG, "type": None}},
        {"item": {key: value for key, value in SONG.items() if key != "type"}},
    ],
)
def test_both_names_of_the_entry_are_read(row: dict[str, Any]) -> None:
    track = entry_of(row).track
    assert track is not None
    assert track.id == SONG["id"]


@pytest.mark.parametrize(
    ("row", "reason", "label"),
    [
        (None, SkipReason.REMOVED, ""),
        ({"item": None}, SkipReason.REMOVED, ""),
        ({"track": None}, SkipReason.REMOVED, ""),
        ({"item": True}, SkipReason.REMOVED, ""),
        ({"item": {}}, SkipReason.UNKNOWN, ""),
        ({"item": {**SONG, "id": None, "uri": None}}, SkipReason.UNKNOWN, "Knights of Cydonia"),
        ({"item": {**SONG, "id": 5, "uri": "spotify:album:1"}}, SkipReason.UNKNOWN, "Knights of Cydonia"),
        ({"item": {**SONG, "type": "chapter", "name": "One"}}, SkipReason.UNKNOWN, "One"),
        ({"item": LOCAL}, SkipReason.LOCAL, "My Band - Take 3!: the loud one"),
        ({"is_local": True, "item": {"name": "Song", "artists": [{"name": "Me"}]}}, SkipReason.LOCAL, "Me - Song"),
        ({"track": {"uri": "spotify:local::::10"}}, SkipReason.LOCAL, ""),
        ({"track": {"uri": "spotify:local:", "is_local": False}}, SkipReason.LOCAL, ""),
        ({"track": {"uri": "spotify:local:A::%ff:10"}}, SkipReason.LOCAL, "A - \ufffd"),
        ({"item": EPISODE_AS_TRACK}, SkipReason.EPISODE, "How playlists are made"),
        ({"item": {**EPISODE_AS_TRACK, "type": "track"}}, SkipReason.EPISODE, "How playlists are made"),
        ({"item": {**EPISODE_AS_TRACK, "uri": None}}, SkipReason.EPISODE, "How playlists are made"),
    ],
)
def test_what_cannot_be_placed_is_skipped_with_its_reason(row: object, reason: SkipReason, label: str) -> None:
    assert entry_of(row) == Entry(skipped=reason, label=label)


@pytest.mark.parametrize("row", [{}, 7, "text", [], {"item": []}, {"track": "x"}, {"item": {**SONG, "type": 17}}])
def test_a_row_of_no_known_form_is_not_taken_for_a_removed_track(row: object) -> None:
    with pytest.raises(BadAnswer):
        decode.page(a_page({"item": SONG}, row), 0)


@pytest.mark.parametrize("key", ["id", "uri"])
def test_a_relinked_track_keeps_the_id_it_was_added_by(key: str) -> None:
    original = {"id": "0OriginalOriginalOrigi", "uri": "spotify:track:0OriginalOriginalOrigi"}
    track = decode.track({**SONG, "linked_from": {key: original[key]}})
    assert track is not None
    assert track.id == "0OriginalOriginalOrigi"


@pytest.mark.parametrize("linked", [None, {}, True, {"id": ""}, {"id": None}])
def test_a_link_that_says_nothing_changes_nothing(linked: object) -> None:
    track = decode.track({**SONG, "linked_from": linked})
    assert track is not None
    assert track.id == SONG["id"]


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"duration_ms": 0}, "duration_ms", None),
        ({"duration_ms": "366213"}, "duration_ms", None),
        ({"duration_ms": True}, "duration_ms", None),
        ({"duration_ms": 10**30}, "duration_ms", None),
        ({"duration_ms": -4}, "duration_ms", None),
        ({"explicit": None}, "explicit", None),
        ({"explicit": 1}, "explicit", None),
        ({"explicit": True}, "explicit", True),
        ({"external_ids": {}}, "isrc", None),
        ({"external_ids": None}, "isrc", None),
        ({"external_ids": {"isrc": "none"}}, "isrc", None),
        ({"external_ids": {"isrc": ["GBAHT0500600"]}}, "isrc", None),
        ({"artists": None}, "artists", ()),
        ({"artists": {"name": "Muse"}}, "artists", ()),
        ({"album": None}, "album", ""),
        ({"name": ""}, "title", ""),
        ({"name": None}, "title", ""),
        ({"name": "bad \ud83d half"}, "title", "bad \ufffd half"),
    ],
)
def test_a_missing_or_wrong_detail_is_left_out(change: dict[str, Any], field: str, expected: object) -> None:
    track = decode.track({**SONG, **change})
    assert track is not None
    assert getattr(track, field) == expected


def test_null_rows_hold_their_offset() -> None:
    page = decode.page(a_page({"item": None}, None, {"item": SONG}, total=53, offset=50, next=None), 50)
    assert (page.offset, page.total, len(page.entries)) == (50, 53, 3)
    assert page.entries[2].track is not None


@pytest.mark.parametrize(
    ("rows", "changes", "more"),
    [
        (1, {"next": None, "total": 5}, False),
        (1, {"next": "https://api.spotify.com/v1/x", "total": 5}, True),
        (0, {"next": "https://api.spotify.com/v1/x", "total": 5}, False),
    ],
)
def test_more_follows_the_next_link(rows: int, changes: dict[str, Any], more: bool) -> None:
    assert decode.page(a_page(*[{"item": SONG}] * rows, **changes), 0).more is more


def test_without_a_next_link_more_follows_the_total() -> None:
    body = a_page({"item": SONG}, total=2)
    del body["next"]
    assert decode.page(body, 0).more
    assert not decode.page({**body, "total": 1}, 0).more


@pytest.mark.parametrize(
    "body",
    [
        None,
        False,
        [],
        "text",
        {},
        {"items": None, "total": 0},
        {"items": {"total": 3}, "total": 3},
        a_page({"item": SONG}, total=None),
        a_page({"item": SONG}, total="1"),
        a_page({"item": SONG}, total=True),
        a_page({"item": SONG}, total=-1),
        {"items": [], "offset": 0},
        a_page({"item": SONG}, offset=50),
        a_page({"added_at": "2020-01-01T00:00:00Z", "content": SONG}, {"content": SONG}),
        a_page({}, {}),
    ],
)
def test_a_page_that_is_not_understood_is_not_an_empty_one(body: object) -> None:
    with pytest.raises(BadAnswer):
        decode.page(body, 0)


def test_an_empty_page_is_empty() -> None:
    page = decode.page(a_page(), 0)
    assert (page.entries, page.total, page.more) == ((), 0, False)


def a_playlist(**changes: object) -> dict[str, Any]:
    return {
        "id": "37i9dQZF1DX0XUsuxWHRQd",
        "name": "Gym",
        "owner": {"id": "listener", "display_name": "The Listener"},
        "collaborative": False,
        "public": None,
        "description": "Rock &amp; roll &#x27;n&#39; more &lt;3 &amp;amp;",
        "snapshot_id": "AAAA",
        "items": {"href": "x", "total": 3},
    } | changes


def head_of(**changes: object) -> Any:
    (head,) = decode.listing(a_page(a_playlist(**changes)), 0, ME).heads
    return head


def test_a_playlist_is_decoded_whole() -> None:
    head = head_of()
    assert head.id == CollectionId("spotify:playlist:37i9dQZF1DX0XUsuxWHRQd")
    assert (head.kind, head.name, head.snapshot, head.total) == (Kind.PLAYLIST, "Gym", "AAAA", 3)
    assert (head.owned, head.collaborative, head.owner_name, head.public) == (True, False, "The Listener", None)
    assert head.description == "Rock & roll 'n' more <3 &amp;"


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"items": None, "tracks": {"total": 4}}, "total", 4),
        ({"items": {"total": None}, "tracks": {"total": 4}}, "total", 4),
        ({"items": {"total": 0}, "tracks": {"total": 4}}, "total", 0),
        ({"items": {"total": None}}, "total", None),
        ({"items": {}}, "total", None),
        ({"items": None}, "total", None),
        ({"items": [1, 2]}, "total", None),
        ({"items": {"total": "3"}}, "total", None),
        ({"name": ""}, "name", ""),
        ({"description": None}, "description", ""),
        ({"owner": None}, "owned", False),
        ({"owner": {"id": "other", "display_name": None}}, "owner_name", "other"),
        ({"owner": {"id": "other"}}, "owned", False),
        ({"collaborative": True}, "collaborative", True),
        ({"collaborative": 1}, "collaborative", False),
        ({"public": True}, "public", True),
        ({"public": "yes"}, "public", None),
        ({"snapshot_id": None}, "snapshot", ""),
        ({"id": None, "uri": "spotify:playlist:abc"}, "id", "spotify:playlist:abc"),
    ],
)
def test_details_of_a_playlist(change: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(head_of(**change), field) == expected


@pytest.mark.parametrize(
    "row", [None, {}, True, "x", a_playlist(id=""), a_playlist(id="../me"), a_playlist(id=7), a_playlist(id="a?b")]
)
def test_rows_that_are_no_playlist_are_counted_and_dropped(row: object) -> None:
    listing = decode.listing(a_page(row, a_playlist()), 0, ME)
    assert (len(listing.heads), listing.rows, listing.total) == (1, 2, 2)


@pytest.mark.parametrize(
    "row",
    [
        a_playlist(name=None),
        a_playlist(name=17),
        a_playlist(description=[]),
        a_playlist(id=None, uri="spotify:playlist:abc", name=None),
        {key: value for key, value in a_playlist().items() if key != "name"},
        {key: value for key, value in a_playlist().items() if key != "description"},
    ],
)
def test_a_playlist_that_is_not_whole_tears_the_listing(row: object) -> None:
    listing = decode.listing(a_page(row, a_playlist()), 0, ME)
    assert (len(listing.heads), listing.rows, listing.torn) == (1, 2, True)
    assert not decode.listing(a_page(None, {}, a_playlist(name="")), 0, ME).torn


def test_a_listing_without_a_total_is_readable() -> None:
    assert decode.listing(a_page(a_playlist(), total=None), 0, ME).total is None


@pytest.mark.parametrize("body", [None, [], {}, {"items": {}}, a_page(a_playlist(), offset=50)])
def test_a_listing_that_is_not_understood(body: object) -> None:
    with pytest.raises(BadAnswer):
        decode.listing(body, 0, ME)


def liked_rows(*names: str) -> list[dict[str, Any]]:
    return [{"added_at": f"2026-01-0{9 - at}T00:00:00Z", "track": {**SONG, "id": n}} for at, n in enumerate(names)]


def test_the_liked_songs_have_a_snapshot_of_their_own() -> None:
    head, page = decode.liked(a_page(*liked_rows("a", "b"), total=70, next="x"))
    assert (head.id, head.kind, head.total, head.owned) == (LIKED, Kind.LIKED, 70, True)
    assert head.snapshot.startswith("70:")
    assert len(head.snapshot) == len("70:") + 16
    assert page is not None
    assert (len(page.entries), page.total, page.more) == (2, 70, True)


@pytest.mark.parametrize(
    "other",
    [
        a_page(*liked_rows("b", "a"), total=2),
        a_page(*liked_rows("a", "b"), total=3),
        a_page(*liked_rows("a", "c"), total=2),
        a_page(*liked_rows("a"), total=2),
        a_page({**liked_rows("a")[0], "added_at": "2026-02-02T00:00:00Z"}, liked_rows("a", "b")[1], total=2),
    ],
)
def test_every_change_of_the_first_page_or_the_total_shows(other: dict[str, Any]) -> None:
    one = decode.liked(a_page(*liked_rows("a", "b"), total=2))[0].snapshot
    assert one == decode.liked(a_page(*liked_rows("a", "b"), total=2))[0].snapshot
    assert one != decode.liked(other)[0].snapshot


def test_liked_songs_without_a_total_can_be_listed_but_not_read() -> None:
    head, page = decode.liked(a_page(*liked_rows("a"), total=None))
    assert (head.total, page) == (None, None)


def test_the_account_is_named_by_the_id_that_owners_have() -> None:
    assert decode.account({"id": "listener", "account_id": "other"}) == "listener"


@pytest.mark.parametrize("body", [None, {}, {"id": ""}, {"id": 4}, [], False])
def test_an_account_without_an_id(body: object) -> None:
    with pytest.raises(BadAnswer):
        decode.account(body)


NAMES = (
    "items item track total next offset id uri type name artists album external_ids isrc linked_from is_local owner "
    "added_at duration_ms explicit snapshot_id description public collaborative tracks display_name"
)
KEYS = st.sampled_from(NAMES.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(["track", "episode", "spotify:local:a:b:%C3:9", "spotify:track:x", "spotify:episode:x", "\ud800"])
)
ANY_JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS | st.text(), inner), max_leaves=25)
ROWS = st.lists(st.dictionaries(KEYS, ANY_JSON) | ANY_JSON, max_size=5)
PAGES = st.fixed_dictionaries({"items": ROWS, "total": st.integers(0, 9) | LEAVES}, optional={"next": ANY_JSON})


@given(body=ANY_JSON | PAGES)
@example(body=json.loads('{"items": [{"track": {"id": "\\ud800", "name": "\\udfff"}}], "total": 1}'))
def test_no_json_whatever_raises_anything_but_bad_answer(body: Any) -> None:
    for read in (
        lambda: decode.page(body, 0),
        lambda: decode.listing(body, 0, ME),
        lambda: decode.liked(body),
        lambda: decode.account(body),
        lambda: decode.snapshot(body),
        lambda: decode.track(body),
    ):
        try:
            value = read()
        except BadAnswer:
            continue
        msgspec.json.encode(value)  # what is decoded can be saved


@given(rows=ROWS)
def test_every_row_keeps_its_place(rows: list[Any]) -> None:
    try:
        page = decode.page({"items": rows, "total": len(rows)}, 0)
    except BadAnswer:
        return
    assert len(page.entries) == len(rows)
    assert all((entry.track is None) != (entry.skipped is None) for entry in page.entries)
