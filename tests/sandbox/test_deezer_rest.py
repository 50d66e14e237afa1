from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import deezer
import httpx
import pytest
from deezer_stage import CATALOGUE, ITS_COPY, TOKEN, UNREADABLE, Stage, Time
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.sandbox.catalogue import deezer_album_id, deezer_artist_id
from musicdiff_job.sandbox.deezer_account import DeezerAccount, DeezerSwitches
from musicdiff_job.sandbox.deezer_pieces import upc
from musicdiff_job.sandbox.deezer_rest import RollingQuota
from musicdiff_job.sandbox.http import Request
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount

ALBUM = deezer_album_id("The Numbers", "Counting")
ARTIST = deezer_artist_id("The Numbers")
THERE = "This song already exists in this playlist"
NEEDS_TOKEN = "An active access token must be used to query information about the current user"


def stage(**switches: Any) -> Stage:
    """An account with the playlist Mine (100 to 104), a private one and somebody else's."""
    at = Stage(DeezerSwitches(**{"quota_calls": None, **switches}))
    at.account.create_by_hand("Mine", range(100, 105))
    at.account.create_by_hand("Secret", [100], public=False)
    at.account.follow_by_hand("Theirs", [100, 101], creator_id=7)
    return at


def error(code: int, kind: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message, "code": code}}


NO_DATA = error(800, "DataException", "no data")
WRONG = error(500, "ParameterException", "Wrong parameter")
DUPLICATE = error(500, "ParameterException", THERE)
NEEDS = error(200, "OAuthException", NEEDS_TOKEN)


# Errors


@pytest.mark.parametrize(
    ("method", "path", "params", "answer"),
    [
        ("GET", "/track/5", {}, NO_DATA),
        ("GET", "/track/word", {}, NO_DATA),
        ("GET", "/track/isrc:ZZZZZ0000000", {}, NO_DATA),
        ("GET", "/track/isrc:zzaaa0000100", {}, NO_DATA),
        ("GET", "/album/5", {}, NO_DATA),
        ("GET", "/album/5/tracks", {}, NO_DATA),
        ("GET", "/album/upc:000000000005", {}, NO_DATA),
        ("GET", "/artist/5", {}, NO_DATA),
        ("GET", "/artist/5/top", {}, NO_DATA),
        ("GET", "/artist/5/albums", {}, NO_DATA),
        ("GET", "/playlist/5", {}, NO_DATA),
        ("GET", "/playlist/5/tracks", {}, NO_DATA),
        ("GET", "/user/5", {}, NO_DATA),
        ("GET", "/user/5/tracks", {}, NO_DATA),
        ("GET", "/search", {}, error(501, "MissingParameterException", "Missing parameter: q")),
        ("GET", "/search", {"q": "Song", "limit": "many"}, WRONG),
        ("POST", "/user/me/playlists", {}, error(501, "MissingParameterException", "Missing parameter: playlist_id")),
        ("POST", "/user/me/playlists", {"title": " "}, WRONG),
        ("POST", "/user/me/tracks", {}, error(501, "MissingParameterException", "Missing parameter: track_id")),
        ("POST", "/user/me/tracks", {"track_id": "-7"}, WRONG),
        ("POST", "/user/me/tracks", {"track_id": "100,101"}, WRONG),
        ("DELETE", "/user/me/tracks", {"track_id": "100,101"}, WRONG),
        ("POST", "/user/me/tracks", {"track_id": 5}, NO_DATA),
        ("POST", "/playlist/7000000001", {"public": "perhaps"}, WRONG),
        ("POST", "/playlist/7000000001/tracks", {"songs": "-7"}, WRONG),
        ("POST", "/playlist/7000000001/tracks", {"songs": "100"}, DUPLICATE),
        ("POST", "/playlist/7000000001/tracks", {"songs": "110,110"}, DUPLICATE),
        ("POST", "/playlist/7000000001/tracks", {"songs": "110,5"}, NO_DATA),
        ("POST", "/playlist/7000000001/tracks", {"order": "100,101"}, WRONG),
        ("POST", "/playlist/7000000001/tracks", {"order": "104,103,102,101,100,110"}, WRONG),
        ("POST", "/playlist/5/tracks", {"songs": "110"}, NO_DATA),
        ("POST", "/playlist/7000000003", {"title": "Mine now"}, False),
        ("POST", "/playlist/7000000003/tracks", {"songs": "110"}, False),
        ("DELETE", "/playlist/7000000003", {}, False),
        ("DELETE", "/playlist/6999999999", {}, False),
        ("POST", "/user/me/playlists", {"playlist_id": 7000000003}, False),
        ("DELETE", "/user/me/playlists", {"playlist_id": 7000000001}, NO_DATA),
        ("POST", "/user/5/playlists", {"title": "For another"}, NEEDS),
    ],
)
def test_a_failure_is_a_200_that_changes_nothing(
    method: str, path: str, params: dict[str, str | int], answer: Any
) -> None:
    at = stage()
    before = at.account.state()
    response = at.raw(method, path, params)
    assert (response.status, json.loads(response.body)) == (200, answer)
    assert at.account.state() == before
    assert at.account.write_counts() == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/"),
        ("PUT", "/track/100"),
        ("POST", "/track/100"),
        ("DELETE", "/user/me"),
        ("POST", "/playlist/word"),
    ],
)
def test_an_unknown_route_is_a_404_whose_error_is_a_string(method: str, path: str) -> None:
    response = stage().raw(method, path, {})
    assert (response.status, response.body) == (404, b'{"error":"Not Found"}')


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/user/me"),
        ("GET", "/user/me/playlists"),
        ("GET", "/user/me/tracks"),
        ("GET", "/user/me/albums"),
        ("GET", "/user/me/artists"),
        ("GET", "/user/me/permissions"),
        ("GET", "/playlist/7000000002"),
        ("GET", "/playlist/7000000002/tracks"),
        ("POST", "/user/me/playlists"),
        ("DELETE", "/user/me/playlists"),
        ("POST", "/user/me/tracks"),
        ("POST", "/playlist/7000000001"),
        ("DELETE", "/playlist/7000000001"),
        ("POST", "/playlist/7000000001/tracks"),
        ("DELETE", "/playlist/7000000001/tracks"),
    ],
)
def test_what_is_the_accounts_own_needs_its_token(method: str, path: str) -> None:
    at = stage()
    assert at.call(method, path, token=None, title="x", songs="110", track_id=100, playlist_id=7000000003) == NEEDS
    invalid = error(300, "OAuthException", "Invalid OAuth access token.")
    assert at.call(method, path, token="expired") == invalid
    assert at.account.writes() == ()


def test_an_invalid_token_spoils_even_a_catalogue_read_and_its_text_is_a_switch() -> None:
    at = stage(invalid_token_message="Token gone")
    assert at.get("/track/100", token="expired") == error(300, "OAuthException", "Token gone")
    at.account.credentials.revoke_token(TOKEN)
    assert at.get("/track/100")["error"]["code"] == 300


@pytest.mark.parametrize(
    ("held", "method", "path", "done"),
    [
        (["basic_access"], "POST", "/playlist/7000000001/tracks", False),
        (["manage_library"], "POST", "/playlist/7000000001/tracks", True),
        (["manage_library"], "DELETE", "/playlist/7000000001/tracks", False),
        (["delete_library"], "DELETE", "/playlist/7000000001/tracks", False),
        (["manage_library", "delete_library"], "DELETE", "/playlist/7000000001/tracks", True),
        (["manage_library"], "DELETE", "/playlist/7000000001", False),
        (["manage_library", "delete_library"], "DELETE", "/playlist/7000000001", True),
        (["manage_library"], "DELETE", "/user/me/tracks", False),
        (["manage_library"], "POST", "/user/me/tracks", True),
        (["manage_library"], "POST", "/user/me/followings", False),
    ],
)
def test_adding_needs_one_permission_and_removing_two(held: list[str], method: str, path: str, done: bool) -> None:
    at = stage()
    at.account.credentials.add_token("limited", held)
    answer = at.call(method, path, token="limited", songs="110", track_id=110, user_id=1)
    assert (answer is True) == done
    assert done or answer["error"]["code"] == 200
    assert at.get("/user/me/permissions", token="limited")["permissions"]["delete_library"] == (
        "delete_library" in held
    )


# Paging


def test_pages_are_followed_by_next_which_echoes_every_parameter_and_the_token() -> None:
    at = stage()
    at.account.like_by_hand(*range(100, 107))
    page = at.get("/user/me/tracks", limit=3)
    link = page["next"]
    assert link == f"http://127.0.0.1:1/deezer/api/user/me/tracks?limit=3&access_token={TOKEN}&index=3"
    assert "prev" not in page
    second = at.follow_link(link)
    third = at.follow_link(second["next"])
    assert [row["id"] for part in (page, second, third) for row in part["data"]] == list(range(100, 107))
    assert parse_qs(urlsplit(third["prev"]).query)["index"] == ["3"]
    assert "next" not in third
    assert page["total"] == third["total"] == 7


def test_next_leaves_out_a_limit_that_was_not_sent_and_spells_blanks_as_percent_20() -> None:
    page = stage().get("/search", token=None, q='album:"Counting" artist:"The Numbers"')
    assert len(page["data"]) == 25
    assert page["next"] == (
        "http://127.0.0.1:1/deezer/api/search?q=album%3A%22Counting%22%20artist%3A%22The%20Numbers%22&index=25"
    )


def test_past_the_end_is_an_empty_page_with_the_total() -> None:
    page = stage().get(f"/album/{ALBUM}/tracks", token=None, index=30)
    assert page == {
        "data": [],
        "total": 30,
        "prev": f"http://127.0.0.1:1/deezer/api/album/{ALBUM}/tracks?index=5",
    }


def test_hidden_entries_make_pages_short_and_totals_long() -> None:
    at = stage()
    at.account.hide_by_hand("Mine", 101, 104)
    first = at.get("/playlist/7000000001/tracks", limit=2)
    assert [row["id"] for row in first["data"]] == [100]
    assert (first["total"], "next" in first) == (5, True)
    last = at.get("/playlist/7000000001/tracks", limit=2, index=4)
    assert (last["data"], "next" in last) == ([], False)
    whole = at.get("/playlist/7000000001")
    assert whole["nb_tracks"] == 5
    assert [row["id"] for row in whole["tracks"]["data"]] == [100, 102, 103]


@pytest.mark.parametrize(
    ("switches", "limit", "rows"),
    [
        ({}, 10, 10),
        ({}, 0, 25),
        ({}, -1, 30),
        ({"list_limit_cap": 20}, 2000, 20),
        ({"list_limit_cap": 20}, -1, 20),
        ({"list_limit_cap": 20, "over_limit": "refuse"}, 21, None),
        ({"list_limit_cap": 20, "over_limit": "refuse"}, 20, 20),
    ],
)
def test_limits_are_capped_or_refused(switches: dict[str, Any], limit: int, rows: int | None) -> None:
    answer = stage(**switches).get(f"/album/{ALBUM}/tracks", token=None, limit=limit)
    assert (answer == WRONG) if rows is None else len(answer["data"]) == rows


def test_searches_have_a_cap_of_their_own() -> None:
    assert len(stage(search_limit_cap=10).get("/search", q="Counting", limit=30)["data"]) == 10


def test_rows_inside_a_playlist_are_capped_but_its_tracks_are_not() -> None:
    at = stage(embedded_tracks_cap=3)
    assert len(at.get("/playlist/7000000001")["tracks"]["data"]) == 3
    assert len(at.get("/playlist/7000000001/tracks")["data"]) == 5


@given(st.integers(0, 35), st.integers(1, 12), st.sets(st.integers(0, 29), max_size=12))
def test_following_next_from_anywhere_shows_every_visible_entry_once(index: int, limit: int, hidden: set[int]) -> None:
    at = Stage()
    mine = at.account.create_by_hand("All", range(100, 130))
    at.account.hide_by_hand(mine, *(100 + n for n in hidden))
    page = at.get(f"/playlist/{mine}/tracks", limit=limit, index=index)
    seen = [row["id"] for row in page["data"]]
    while "next" in page:
        page = at.follow_link(page["next"])
        seen += [row["id"] for row in page["data"]]
    assert seen == [100 + n for n in range(index, 30) if n not in hidden]


# Quota


def test_the_fifty_first_call_in_five_seconds_gets_code_4_and_time_heals_it() -> None:
    time = Time()
    at = Stage(DeezerSwitches(), time)
    for n in range(50):
        time.now += 0.01
        assert "error" not in at.get("/track/100", token=None), n
    response = at.raw("GET", "/track/100", {}, token=None)
    assert (response.status, json.loads(response.body)) == (200, error(4, "Exception", "Quota limit exceeded"))
    assert "Retry-After" not in response.headers
    time.now += 4.4
    assert at.get("/nowhere", token=None)["error"] != "Not Found"
    time.now += 0.2
    assert at.get("/track/100", token=None)["id"] == 100


@given(st.lists(st.floats(0.0, 3.0), max_size=60))
def test_no_window_ever_holds_more_answers_than_the_quota(gaps: list[float]) -> None:
    time = Time(0.0)
    quota = RollingQuota(5, 5.0, time)
    answered: list[float] = []
    for gap in gaps:
        time.now += gap
        free = sum(time.now - at < 5.0 for at in answered) < 5
        assert quota.admits() == free
        if free:
            answered.append(time.now)


# Reading


def test_the_catalogue_is_read_without_a_token() -> None:
    at = stage()
    assert at.get("/track/300", token=None)["contributors"][1]["name"] == "Bieber"
    assert at.get("/track/isrc:ZZAAA0000101", token=None)["id"] == 101
    assert at.get(f"/track/isrc:ZZAAA{UNREADABLE:07d}", token=None)["readable"] is False
    assert at.get(f"/album/{ALBUM}", token=None)["nb_tracks"] == 30
    assert at.get(f"/album/upc:{upc(ALBUM)}", token=None)["id"] == ALBUM
    assert at.get(f"/artist/{ARTIST}", token=None)["name"] == "The Numbers"
    assert [row["id"] for row in at.get(f"/artist/{ARTIST}/top", token=None)["data"]] == [129, 128, 127, 126, 125]
    assert [row["id"] for row in at.get(f"/artist/{ARTIST}/albums", token=None)["data"]] == [ALBUM]
    assert at.get("/search/album", token=None, q="Counting")["data"][0]["nb_tracks"] == 30
    assert at.get("/search/artist", token=None, q="numbers")["data"][0]["nb_album"] == 1
    assert at.get("/search/track", token=None, q="song 07")["data"][0]["id"] == 107
    assert at.get("/2.0/track/100", token=None, output="json")["id"] == 100
    assert at.get("/infos", token=None)["country_iso"] == "FR"


def test_bodies_are_ascii_with_escaped_slashes_and_no_caching_headers() -> None:
    response = stage().raw("GET", "/track/301", {})
    assert response.body.isascii()
    assert b'"link":"https:\\/\\/www.deezer.com\\/track\\/301"' in response.body
    assert json.loads(response.body)["title"] == "Кукушка"
    assert response.headers["Cache-Control"] == "no-store, no-cache, must-revalidate"
    assert not {"ETag", "Retry-After", "Last-Modified"} & set(response.headers)
    assert "Cache-Control" not in stage().raw("GET", "/track/301", {}, token=None).headers


def test_unreadable_rows_name_their_alternative_and_may_keep_a_preview() -> None:
    [row] = [hit for hit in stage().get("/search", q="far live gone")["data"] if hit["id"] == UNREADABLE]
    assert (row["readable"], row["preview"], row["alternative"]["id"]) == (False, "", ITS_COPY)
    at = stage()
    at.account.set_readable(105, False)
    assert at.get("/track/105")["preview"] != ""
    at.account.set_readable(UNREADABLE, True)
    assert not any("alternative" in hit for hit in at.get("/search", q="far live gone")["data"])


def test_readable_depends_on_who_asks() -> None:
    at = stage()
    at.account.set_readable(100, True, abroad=False)
    assert at.get("/track/100")["readable"] is True
    assert at.get("/track/100", token=None)["readable"] is False
    at.account.set_readable(UNREADABLE, True)
    assert at.get(f"/track/{UNREADABLE}", token=None)["readable"] is True


def test_isrc_switches() -> None:
    at = stage(row_isrc=False, isrc_miss_status=404)
    assert "isrc" not in at.get("/search", q="song 07")["data"][0]
    row = at.get("/playlist/7000000001/tracks")["data"][0]
    assert "isrc" not in row
    assert "upc" not in row["album"]
    assert at.get("/track/100")["isrc"] == "ZZAAA0000100"
    miss = at.raw("GET", "/track/isrc:ZZZZZ0000000", {})
    assert (miss.status, json.loads(miss.body)) == (404, NO_DATA)


def test_the_owner_sees_everything_and_a_stranger_what_is_public() -> None:
    at = stage()
    mixed = at.get("/user/me/playlists")["data"]
    assert [row["title"] for row in mixed] == ["Secret", "Mine", "Loved Tracks", "Theirs"]
    assert [row["is_loved_track"] for row in mixed] == [False, False, True, False]
    assert [row["creator"]["id"] for row in mixed] == [42, 42, 42, 7]
    assert at.get("/user/42/playlists") == {
        **at.get("/user/me/playlists"),
    }
    public = at.get("/user/42/playlists", token=None)["data"]
    assert [row["title"] for row in public] == ["Mine", "Loved Tracks", "Theirs"]
    assert at.get("/playlist/7000000002")["title"] == "Secret"
    assert at.get("/user/7", token=None)["name"] == "Somebody"
    assert [row["title"] for row in at.get("/user/7/playlists", token=None)["data"]] == ["Theirs"]
    assert "email" in at.get("/user/42")
    assert "email" not in at.get("/user/42", token=None)


def test_a_private_profile_hides_its_favourites_from_strangers() -> None:
    at = stage(private_profile=True)
    assert "profile is private" in at.get("/user/42/tracks", token=None)["error"]["message"]
    assert at.get("/user/42/tracks")["total"] == 0


# Writing


def test_the_life_of_a_playlist() -> None:
    at = stage()
    created = at.call("POST", "/user/me/playlists", title="New", description="about", public="false")
    assert created == {"id": 7000000004}
    new = f"/playlist/{created['id']}"
    assert at.get(new)["public"] is True
    assert at.call("POST", new, public="false", title="Newer") is True
    assert at.call("POST", f"{new}/tracks", songs="102,100,101") is True
    assert at.call("POST", f"{new}/tracks", songs="103") is True
    assert at.call("POST", f"{new}/tracks", order="103,102,101,100") is True
    assert at.call("DELETE", f"{new}/tracks", songs="101,129") is True
    read = at.get(new)
    assert (read["title"], read["description"], read["public"]) == ("Newer", "about", False)
    assert at.account.state().playlists["Newer"] == (103, 102, 100)
    assert at.call("DELETE", new) is True
    assert at.get(new) == NO_DATA
    assert at.account.write_counts() == {
        "create": 1, "change_header": 1, "add": 2, "reorder": 1, "remove": 1, "delete": 1,
    }  # fmt: skip


def test_favourites_are_kept_oldest_first() -> None:
    at = stage()
    assert at.call("POST", "/user/me/tracks", track_id=103) is True
    at.time.now += 60
    assert at.call("POST", "/user/42/tracks", track_ids="101,102") is True
    rows = at.get("/user/me/tracks")["data"]
    assert [(row["id"], row["time_add"]) for row in rows] == [
        (103, 1_700_000_000),
        (101, 1_700_000_060),
        (102, 1_700_000_060),
    ]
    assert at.call("DELETE", "/user/me/tracks", track_id=101) is True
    assert at.account.state().favourites == (103, 102)


def test_following_and_shelves() -> None:
    at = stage()
    assert at.call("DELETE", "/user/me/playlists", playlist_id=7000000003) is True
    assert [row["title"] for row in at.get("/user/me/playlists")["data"]] == ["Secret", "Mine", "Loved Tracks"]
    assert at.call("POST", "/user/me/playlists", playlist_ids="7000000003") is True
    assert at.call("POST", "/playlist/7000000003/seen") is True
    for shelf, one in (("albums", ALBUM), ("artists", ARTIST)):
        path, parameter = f"/user/me/{shelf}", f"{shelf.removesuffix('s')}_id"
        assert at.raw("POST", path, {parameter: one}).body == b"true"
        assert [row["id"] for row in at.get(path)["data"]] == [one]
        assert json.loads(at.raw("POST", path, {parameter: 5}).body) == NO_DATA
        assert at.raw("DELETE", path, {parameter: one}).body == b"true"
        assert at.get(path)["total"] == 0


@pytest.mark.parametrize(
    ("rule", "answer", "left"),
    [
        ("refuse", DUPLICATE, (100, 101, 102, 103, 104)),
        ("partial_error", DUPLICATE, (100, 101, 102, 103, 104, 110, 111)),
        ("partial_true", True, (100, 101, 102, 103, 104, 110, 111)),
    ],
)
def test_a_duplicate_in_a_batch(rule: str, answer: Any, left: tuple[int, ...]) -> None:
    at = stage(duplicate_add=rule)
    assert at.call("POST", "/playlist/7000000001/tracks", songs="110,100,111,110") == answer
    assert at.account.state().playlists["Mine"] == left


def test_limits_of_size() -> None:
    at = stage(playlist_limit=6, favourites_limit=1)
    full = error(100, "ItemsLimitExceededException", "Items limit exceeded")
    assert at.call("POST", "/playlist/7000000001/tracks", songs="110,111") == full
    assert at.call("POST", "/playlist/7000000001/tracks", songs="110") is True
    assert at.call("POST", "/user/me/tracks", track_id=100) is True
    assert at.call("POST", "/user/me/tracks", track_id=101) == full


@pytest.mark.parametrize(("rule", "answer"), [("true", True), ("false", False), ("error", DUPLICATE)])
def test_liking_again(rule: str, answer: Any) -> None:
    at = stage(readd_favourite=rule)
    at.account.like_by_hand(100, 101)
    assert at.call("POST", "/user/me/tracks", track_id=100) == answer
    assert at.account.state().favourites == (100, 101)


def test_the_other_write_switches() -> None:
    at = stage(false_refusals=True, partial_order="keep_rest", unreadable_add="refuse")
    assert at.call("POST", "/playlist/7000000001/tracks", songs="100") is False
    assert at.call("POST", "/playlist/7000000001/tracks", songs=str(UNREADABLE)) is False
    assert at.call("POST", "/playlist/7000000001/tracks", order="103,101") is True
    assert at.account.state().playlists["Mine"] == (103, 101, 100, 102, 104)
    assert stage().call("POST", "/playlist/7000000001/tracks", songs=str(UNREADABLE)) is True


def test_a_hidden_entry_survives_a_reorder_and_still_blocks_its_id() -> None:
    at = stage()
    at.account.hide_by_hand("Mine", 101)
    assert at.call("POST", "/playlist/7000000001/tracks", order="104,103,102,100") is True
    assert at.account.state().playlists["Mine"] == (104, 103, 102, 100)
    assert at.get("/playlist/7000000001")["nb_tracks"] == 5
    assert at.call("POST", "/playlist/7000000001/tracks", songs="101") == DUPLICATE


def test_the_checksum_changes_with_the_content_and_is_the_same_everywhere() -> None:
    at = stage()
    before = at.get("/playlist/7000000001")
    at.account.add_by_hand("Mine", 110)
    after = at.get("/playlist/7000000001")
    assert before["checksum"] != after["checksum"]
    assert after["checksum"] == after["tracks"]["checksum"] == at.get("/playlist/7000000001/tracks")["checksum"]
    assert after["checksum"] in {row["checksum"] for row in at.get("/user/me/playlists")["data"]}


def test_reads_can_lag_behind_writes() -> None:
    at = stage(read_lag=2)
    new = at.call("POST", "/user/me/playlists", title="New")["id"]
    assert at.get(f"/playlist/{new}") == NO_DATA
    assert "New" not in [row["title"] for row in at.get("/user/me/playlists")["data"]]
    assert at.get(f"/playlist/{new}")["title"] == "New"
    # The write itself sees the truth.
    assert at.call("POST", f"/playlist/{new}/tracks", songs="100") is True
    assert at.call("POST", f"/playlist/{new}/tracks", songs="100") == DUPLICATE


# Spellings of a request


def send(at: Stage, request: Request) -> Any:
    return json.loads(at.rest.handle(request).body)


@pytest.mark.parametrize(
    ("request_", "title"),
    [
        (Request("POST", "/user/me/playlists", {"access_token": TOKEN}, form={"title": "Form"}), "Form"),
        (Request("POST", "/user/me/playlists", form={"title": "All form", "access_token": TOKEN}), "All form"),
        (
            Request("GET", "/user/me/playlists", {"access_token": TOKEN, "request_method": "post", "title": "Get"}),
            "Get",
        ),
        (Request("POST", "/2.0/user/me/playlists", {"access_token": TOKEN, "title": "Two"}), "Two"),
    ],
)
def test_a_post_can_be_spelt_in_several_ways(request_: Request, title: str) -> None:
    at = stage()
    assert send(at, request_)["id"] == 7000000004
    assert title in at.account.state().playlists


def test_a_delete_takes_its_parameters_from_the_query_alone() -> None:
    at = stage()
    path = "/playlist/7000000001/tracks"
    body = Request("DELETE", path, {"access_token": TOKEN}, form={"songs": "100"})
    assert send(at, body)["error"]["code"] == 501
    override = Request("GET", path, {"access_token": TOKEN, "request_method": "delete", "songs": "100"})
    assert send(at, override) is True
    assert at.account.state().playlists["Mine"] == (101, 102, 103, 104)


# The real client over real HTTP


@pytest.fixture
def served() -> Any:
    account = DeezerAccount(42, "Listener")
    spotify = SpotifyAccount(catalogue=CATALOGUE)
    with Sandbox(spotify, account, switches=DeezerSwitches(quota_calls=None)) as sandbox:
        yield sandbox


def undouble_the_prefix(request: httpx.Request) -> None:
    request.url = httpx.URL(str(request.url).replace("/deezer/api/deezer/api/", "/deezer/api/"))


def client(sandbox: Sandbox, token: str | None = SANDBOX_ACCESS_TOKEN) -> deezer.Client:
    made = deezer.Client(access_token=token)
    made.base_url = httpx.URL(f"{sandbox.url}/deezer/api/")
    # It joins the path of a ``next`` link to its base address, which doubles the sandbox's prefix; the real service
    # has none.
    made.event_hooks = {"request": [undouble_the_prefix]}
    return made


def test_deezer_python_does_everything_it_can(served: Sandbox) -> None:
    with client(served) as real:
        user = real.get_user("me")
        playlist_id = user.create_playlist("Mix & Match")
        playlist = real.get_playlist(playlist_id)
        assert playlist.title == "Mix & Match"
        assert playlist.add_tracks(list(range(100, 130))) is True
        assert playlist.reorder_tracks(list(range(129, 99, -1))) is True
        assert playlist.delete_tracks([129, 128]) is True
        assert [track.id for track in playlist.get_tracks()] == list(range(127, 99, -1))
        assert [track.id for track in playlist.get_tracks(params={"limit": 7})] == list(range(127, 99, -1))
        with pytest.raises(deezer.exceptions.DeezerErrorResponse) as refused:
            playlist.add_tracks([100])
        assert refused.value.json_data == DUPLICATE
        assert user.add_track(100) is True
        assert user.add_track(101) is True
        assert user.remove_track(100) is True
        assert [track.id for track in user.get_tracks()] == [101]
        assert real.get_track("isrc:ZZAAA0000107").id == 107
        hits = [hit for hit in real.search("Counting")]  # noqa: C416 - list() would ask for the length first
        assert len(hits) == 30
        assert real.get_album(ALBUM).get_tracks()[3].id == 103
        assert real.get_artist(ARTIST).get_top()[0].id == 129
        theirs = served.deezer.follow_by_hand("Theirs", [100], creator_id=7)
        assert user.remove_playlist(theirs) is True
        assert user.add_playlist(theirs) is True
        assert user.add_playlist(theirs) is False
        assert real.get_track(301).title == "Кукушка"
        assert str(real.get_track(100).release_date) == "2001-03-12"
    assert served.deezer.state().playlists == {"Mix & Match": tuple(range(127, 99, -1))}


@pytest.mark.parametrize(
    ("ask", "raised"),
    [
        (lambda real: real.get_track(5), deezer.exceptions.DeezerErrorResponse),
        (lambda real: real.get_user("me"), deezer.exceptions.DeezerErrorResponse),
        (lambda real: real.request("GET", "nowhere"), deezer.exceptions.DeezerNotFoundError),
    ],
)
def test_deezer_python_sees_the_same_errors(
    served: Sandbox, ask: Callable[[deezer.Client], Any], raised: type[Exception]
) -> None:
    with client(served, token=None) as real, pytest.raises(raised):
        ask(real)


def test_many_connections_at_once_lose_no_write(served: Sandbox) -> None:
    mine = served.deezer.create_by_hand("Mine")
    with client(served) as real, ThreadPoolExecutor(8) as pool:
        done = list(
            pool.map(
                lambda track: real.request("POST", f"playlist/{mine}/tracks", params={"songs": str(track)}),
                range(100, 130),
            )
        )
    assert done == [True] * 30
    assert sorted(served.deezer.state().playlists["Mine"]) == list(range(100, 130))
