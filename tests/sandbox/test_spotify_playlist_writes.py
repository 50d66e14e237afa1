"""The sandbox's writes to playlists, as strict as their documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sandbox_stage import IDS, ORIGIN, Stage

from musicdiff_job.sandbox.http import Request
from musicdiff_job.sandbox.spotify_accounts import SCOPES, WRITE_SCOPES
from musicdiff_job.sandbox.spotify_library import CatalogueTrack
from musicdiff_job.sandbox.spotify_render import Cohort

MAY = f"{SCOPES} {WRITE_SCOPES}"


def uri(number: int) -> str:
    return f"spotify:track:{IDS[number]}"


def send(stage: Stage, method: str, path: str, body: Any, status: int) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(method, path, {}, {"authorization": f"Bearer {stage.token}"}, body=raw, origin=ORIGIN)
    response = stage.api.handle(request)
    assert response.status == status, response.body
    return json.loads(response.body)


def held(stage: Stage, name: str) -> list[str]:
    entries = stage.account.named(name).entries
    return [entry.content.id for entry in entries if isinstance(entry.content, CatalogueTrack)]


def test_additions_go_to_the_end_in_their_order_and_twice_is_allowed() -> None:
    stage = Stage(scope=MAY)
    path = f"/playlists/{stage.id('Shared')}/items"
    before = stage.account.named("Shared").snapshot
    answer = send(stage, "POST", path, {"uris": [uri(3), uri(0)]}, 201)
    assert answer == {"snapshot_id": stage.account.named("Shared").snapshot}
    assert answer["snapshot_id"] != before
    assert held(stage, "Shared") == [IDS[0], IDS[1], IDS[3], IDS[0]]
    send(stage, "POST", path, {"uris": [uri(5)], "position": 0}, 201)
    send(stage, "POST", path, [uri(6)], 201)
    assert held(stage, "Shared") == [IDS[5], IDS[0], IDS[1], IDS[3], IDS[0], IDS[6]]


def test_a_removal_takes_every_copy_and_leaves_the_rest() -> None:
    stage = Stage(scope=MAY)
    path = f"/playlists/{stage.id('Own')}/items"
    send(stage, "POST", path, {"uris": [uri(0)]}, 201)
    count = len(stage.account.named("Own").entries)
    snapshot = send(stage, "DELETE", path, {"items": [{"uri": uri(0)}]}, 200)["snapshot_id"]
    assert IDS[0] not in held(stage, "Own")
    assert len(stage.account.named("Own").entries) == count - 2
    again = send(stage, "DELETE", path, {"items": [{"uri": uri(0)}], "snapshot_id": snapshot}, 200)
    assert again == {"snapshot_id": snapshot}


@pytest.mark.parametrize(
    ("method", "body", "message"),
    [
        ("POST", {"uris": []}, "No uris provided"),
        ("POST", {}, "No uris provided"),
        ("POST", b"{", "Error parsing JSON."),
        ("POST", {"uris": [uri(0)] * 101}, "You can add a maximum of 100 tracks per request."),
        ("POST", {"uris": ["spotify:track:nope"]}, "Invalid track uri: spotify:track:nope"),
        ("POST", {"uris": [uri(0)], "position": 99}, "Index out of bounds."),
        ("DELETE", {"tracks": [{"uri": uri(0)}]}, "Missing items"),
        ("DELETE", {"items": [uri(0)]}, "Missing items"),
        ("DELETE", {"items": [{"uri": uri(0)}] * 101}, "You can add a maximum of 100 tracks per request."),
        ("DELETE", {"items": [{"uri": uri(0)}], "snapshot_id": "AAAA"}, "Invalid playlist snapshot_id"),
    ],
)
def test_what_the_reference_does_not_allow_is_refused(method: str, body: Any, message: str) -> None:
    stage = Stage(scope=MAY)
    before = stage.account.named("Own")
    answer = send(stage, method, f"/playlists/{stage.id('Own')}/items", body, 400)
    assert answer["error"]["message"] == message
    assert stage.account.named("Own") == before


def test_any_snapshot_that_the_playlist_has_had_will_do() -> None:
    stage = Stage(scope=MAY)
    old = stage.account.named("Own").snapshot
    path = f"/playlists/{stage.id('Own')}/items"
    send(stage, "POST", path, {"uris": [uri(7)]}, 201)
    send(stage, "DELETE", path, {"items": [{"uri": uri(7)}], "snapshot_id": old}, 200)
    assert IDS[7] not in held(stage, "Own")


def test_each_cohort_has_its_paths_and_names() -> None:
    restricted = Stage(scope=MAY)
    old = f"/playlists/{restricted.id('Own')}/tracks"
    assert send(restricted, "POST", old, {"uris": [uri(0)]}, 403)["error"]["message"] == "Forbidden"
    for cohort in (Cohort.GRACE, Cohort.EXTENDED):
        stage = Stage(cohort, scope=MAY)
        for name in ("tracks", "items"):
            path = f"/playlists/{stage.id('Own')}/{name}"
            send(stage, "POST", path, {"uris": [uri(7)]}, 201)
            send(stage, "DELETE", path, {name: [{"uri": uri(7)}]}, 200)
        assert IDS[7] not in held(stage, "Own")


@pytest.mark.parametrize(
    ("scope", "name", "status"),
    [
        (SCOPES, "Own", 403),
        (f"{SCOPES} playlist-modify-public", "Own", 403),
        (f"{SCOPES} playlist-modify-private", "Own", 201),
        (f"{SCOPES} playlist-modify-private", "Empty", 403),
        (f"{SCOPES} playlist-modify-public", "Empty", 201),
        (MAY, "Foreign", 403),
        (MAY, "Invited", 201),
    ],
)
def test_scopes_and_owners_decide_who_may_write(scope: str, name: str, status: int) -> None:
    stage = Stage(scope=scope)
    send(stage, "POST", f"/playlists/{stage.id(name)}/items", {"uris": [uri(0)]}, status)


def test_replacing_and_reordering_are_not_served() -> None:
    stage = Stage(scope=MAY)
    send(stage, "PUT", f"/playlists/{stage.id('Own')}/items", {"uris": [uri(0)]}, 403)
