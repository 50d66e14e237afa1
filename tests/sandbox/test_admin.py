"""The admin service: state in words, faults and edits from outside, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests

from musicdiff_job.sandbox import faults
from musicdiff_job.sandbox.faults import Fault
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import demo_world


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(demo_world(playlists=3, liked=5)) as running:
        yield running


def ask(sandbox: Sandbox, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = requests.request(method, f"{sandbox.url}/sandbox{path}", data=msgspec.json.encode(body), timeout=30)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_the_state_is_in_words(sandbox: Sandbox) -> None:
    track = next(iter(sandbox.catalogue.deezer_by_id.values()))
    sandbox.deezer.create_by_hand("By hand", [track.id])
    state = ask(sandbox, "GET", "/state")
    first = state["spotify"]["playlists"][0]
    assert first["name"] == sandbox.spotify.playlists()[0].name
    assert "(local file) My Band - Take 3: the loud one" in first["entries"]
    assert "(episode) A Podcast - How playlists are made" in first["entries"]
    assert first["entries"][-1] == "(gone)"
    assert len(state["spotify"]["liked"]) == 5
    assert state["deezer"]["playlists"] == {"By hand": [f"{track.artist} - {track.title}"]}


def test_faults_come_and_go(sandbox: Sandbox) -> None:
    one, two = Fault(faults.Status(503), path="/me"), Fault(faults.Slow(0.0))
    ask(sandbox, "POST", "/faults", one)
    ask(sandbox, "POST", "/faults", [two])
    assert msgspec.convert(ask(sandbox, "GET", "/faults"), list[Fault]) == [one, two]
    assert requests.get(f"{sandbox.url}/spotify/v1/me", timeout=30).status_code == 503
    ask(sandbox, "DELETE", "/faults")
    assert ask(sandbox, "GET", "/faults") == []
    assert ask(sandbox, "GET", "/counters") == {"spotify": 1}
    assert [call["path"] for call in ask(sandbox, "GET", "/log")] == ["/me"]
    ask(sandbox, "DELETE", "/log")
    assert ask(sandbox, "GET", "/log") == []


def test_every_edit(sandbox: Sandbox) -> None:
    spotify, deezer = sandbox.spotify, sandbox.deezer
    ids = sorted(spotify.catalogue.spotify)[:4]
    numbers = sorted(spotify.catalogue.deezer_by_id)[:3]
    created, *_ = ask(
        sandbox,
        "POST",
        "/edit",
        [
            {"verb": "spotify.add_playlist", "name": "Made here", "tracks": ids[:3]},
            {"verb": "spotify.add_track", "playlist": "Made here", "track": ids[3], "position": 0},
            {"verb": "spotify.move", "playlist": "Made here", "position": 0, "to": 3},
            {"verb": "spotify.remove_at", "playlist": "Made here", "position": 1},
            {"verb": "spotify.rename", "playlist": "Made here", "name": "Renamed"},
            {"verb": "spotify.delete_playlist", "playlist": "Empty for now"},
            {"verb": "spotify.like", "track": ids[0]},
            {"verb": "spotify.unlike", "track": spotify.liked()[-1].track_id},
            {"verb": "spotify.play", "track": ids[1], "at": "2026-11-21T12:00:00+01:00"},
            {"verb": "spotify.set_app", "cohort": "grace", "token_mode": "empty_string"},
        ],
    )
    made = spotify.playlist(created)
    assert made is not None
    assert made.name == "Renamed"
    assert [getattr(entry.content, "id", None) for entry in made.entries] == [ids[0], ids[2], ids[3]]
    assert "Empty for now" not in {playlist.name for playlist in spotify.playlists()}
    assert (len(spotify.liked()), spotify.liked()[0].track_id) == (5, ids[0])
    assert [(one.track_id, one.played_at) for one in spotify.played()] == [(ids[1], "2026-11-21T11:00:00.000Z")]
    assert (sandbox.api.cohort.value, sandbox.grants.mode.value) == ("grace", "empty_string")
    deezer.create_by_hand("Mirror", numbers[:2])
    deezer.create_by_hand("Gone soon")
    ask(sandbox, "POST", "/edit", {"verb": "deezer.add", "playlist": "Mirror", "tracks": numbers[2:]})
    ask(sandbox, "POST", "/edit", {"verb": "deezer.remove", "playlist": "Mirror", "tracks": numbers[:1]})
    ask(sandbox, "POST", "/edit", {"verb": "deezer.rename", "playlist": "Mirror", "title": "Mine"})
    ask(sandbox, "POST", "/edit", {"verb": "deezer.delete_playlist", "playlist": "Gone soon"})
    assert deezer.state().playlists == {"Mine": (numbers[1], numbers[2])}


def test_tokens_can_be_made_to_expire(sandbox: Sandbox) -> None:
    token = sandbox.grants.issue_access_token()
    ask(sandbox, "POST", "/edit", {"verb": "expire_tokens"})
    assert sandbox.grants.has_expired(token)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nothing", None),
        ("POST", "/edit", {"verb": "spotify.explode"}),
        ("POST", "/edit", {"verb": "spotify.like", "track": "unknown"}),
        ("POST", "/edit", {"verb": "spotify.remove_at", "playlist": "Empty for now", "position": 0}),
        ("POST", "/edit", {"verb": "deezer.add", "playlist": "No such list", "tracks": [1]}),
        ("POST", "/faults", {"effect": {"type": "none of these"}}),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(sandbox: Sandbox, method: str, path: str, body: Any) -> None:
    before = sandbox.spotify.playlists(), sandbox.spotify.liked()
    assert ask(sandbox, method, path, body, 400)["error"]
    assert (sandbox.spotify.playlists(), sandbox.spotify.liked()) == before
