"""The whole sandbox over real HTTP: mounting, keep-alive, faults on the wire, counters, environment, shutdown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sandbox_stage import stage_account

from musicdiff_job.sandbox import faults
from musicdiff_job.sandbox.faults import Fault
from musicdiff_job.sandbox.http import Request
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, SANDBOX_ARL, Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(stage_account()) as running:
        yield running


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.grants.issue_access_token()}"
        yield session


def api(sandbox: Sandbox, path: str) -> str:
    return f"{sandbox.url}/spotify/v1{path}"


def test_all_services_answer_under_their_prefix(sandbox: Sandbox, http: requests.Session) -> None:
    environment = sandbox.environment()
    assert http.get(environment["MUSICDIFF_SPOTIFY_API_URL"] + "/me").json()["id"] == "listener"
    refreshed = http.post(
        environment["MUSICDIFF_SPOTIFY_ACCOUNTS_URL"] + "/api/token",
        data={"grant_type": "refresh_token", "refresh_token": environment["SPOTIFY_REFRESH_TOKEN"]},
        auth=(environment["SPOTIFY_CLIENT_ID"], environment["SPOTIFY_CLIENT_SECRET"]),
    )
    assert refreshed.json()["token_type"] == "Bearer"
    assert http.get(environment["MUSICDIFF_DEEZER_API_URL"] + "/user/me?access_token=" + SANDBOX_ACCESS_TOKEN).json()[
        "id"
    ] == (sandbox.deezer.user_id)
    session = http.post(
        environment["MUSICDIFF_DEEZER_GATEWAY_URL"] + "?method=deezer.getUserData&input=3&api_version=1.0&api_token=",
        json={},
        cookies={"arl": environment["DEEZER_ARL"]},
    )
    assert int(session.json()["results"]["USER"]["USER_ID"]) == sandbox.deezer.user_id
    assert http.get(sandbox.url + "/elsewhere").status_code == 404
    assert sandbox.log.counts() == {"spotify": 1, "deezer": 1, "auth": 2}


def test_the_environment_has_the_credentials_asked_for(sandbox: Sandbox) -> None:
    with_arl, with_token = sandbox.environment("arl"), sandbox.environment("token", pkce=True)
    assert with_arl["DEEZER_ARL"] == SANDBOX_ARL
    assert len(SANDBOX_ARL) == 192
    assert "DEEZER_ACCESS_TOKEN" not in with_arl
    assert with_token["DEEZER_ACCESS_TOKEN"] == SANDBOX_ACCESS_TOKEN
    assert not {"DEEZER_ARL", "SPOTIFY_CLIENT_SECRET"} & with_token.keys()
    assert with_arl["SPOTIFY_AUTHORIZED_AT"] >= "2026"


def test_next_links_stay_on_the_sandbox(sandbox: Sandbox, http: requests.Session) -> None:
    page = http.get(api(sandbox, "/me/tracks?limit=3")).json()
    assert page["next"].startswith(sandbox.url + "/spotify/v1/me/tracks")
    assert len(http.get(page["next"]).json()["items"]) == 1


def test_connections_are_kept_alive(sandbox: Sandbox, http: requests.Session) -> None:
    ports = set()
    for _ in range(3):
        with http.get(api(sandbox, "/me"), stream=True) as answer:
            connection: Any = answer.raw.connection
            ports.add(connection.sock.getsockname()[1])
            assert answer.content
    assert len(ports) == 1


def test_edits_show_at_once(sandbox: Sandbox, http: requests.Session) -> None:
    own = sandbox.spotify.named("Own")
    before = http.get(api(sandbox, f"/playlists/{own.id}?fields=snapshot_id")).json()
    sandbox.spotify.rename(own.id, "Renamed")
    after = http.get(api(sandbox, f"/playlists/{own.id}?fields=snapshot_id,name")).json()
    assert after["name"] == "Renamed"
    assert after["snapshot_id"] != before["snapshot_id"]


def test_faults_on_the_wire(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.misbehave(
        Fault(faults.quota_exceeded(), path="/me/tracks"),
        Fault(faults.TruncatedJson(), path="/me/playlists"),
        Fault(faults.TokenExpired(), path="/tracks/*"),
    )
    refused = http.get(api(sandbox, "/me/tracks"))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "48925")
    assert refused.json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert http.get(api(sandbox, "/me/tracks")).status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        http.get(api(sandbox, "/me/playlists")).json()
    assert http.get(api(sandbox, "/tracks/x")).status_code == 401
    assert [call.status for call in sandbox.log.all()] == [429, 200, 200, 401]


@pytest.mark.parametrize(("effect", "applied"), [(faults.ResetBefore(), 0), (faults.ResetAfter(), 1)])
def test_resets_lose_the_answer_before_or_after_the_deed(
    sandbox: Sandbox, http: requests.Session, effect: faults.Effect, applied: int
) -> None:
    sandbox.misbehave(Fault(effect, service="deezer", method="POST"))
    create = f"{sandbox.url}/deezer/api/user/me/playlists?title=New&access_token={SANDBOX_ACCESS_TOKEN}"
    with pytest.raises(requests.ConnectionError):
        http.post(create)
    assert len(sandbox.deezer.state().playlists) == applied
    assert sandbox.log.all()[-1].status == 0
    assert http.post(create).json()["id"]
    assert len(sandbox.deezer.state().playlists) == applied + 1


def test_faults_of_the_gateway_go_by_method(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.misbehave(Fault(faults.JsonFalse(), service="gateway", path="/deezer.ping"))
    gateway = f"{sandbox.url}/deezer/gw-light.php?input=3&api_version=1.0&api_token="
    assert http.post(f"{gateway}&method=deezer.getUserData", json={}).json()["error"] == []
    assert http.post(f"{gateway}&method=deezer.ping", json={}).json() is False


def test_closing_wakes_what_hangs_and_leaves_no_thread() -> None:
    sandbox = Sandbox(stage_account()).start()
    sandbox.misbehave(Fault(faults.Hang(3600.0), path="/me"))
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.grants.issue_access_token()}"
        assert session.get(api(sandbox, "/me/tracks")).status_code == 200
        failed: list[Exception] = []
        asked = threading.Event()

        def ask() -> None:
            asked.set()
            try:
                requests.get(api(sandbox, "/me"), timeout=60)
            except requests.ConnectionError as error:
                failed.append(error)

        client = threading.Thread(target=ask)
        client.start()
        asked.wait()
        sandbox.close()
        client.join()
    assert len(failed) == 1
    sandbox.close()
    assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]
    assert "sandbox" not in {thread.name for thread in threading.enumerate()}


def test_latency_delays_the_services_but_not_the_admin() -> None:
    waited: list[float | None] = []

    class Recorded(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout)
            return False

    sandbox = Sandbox(stage_account(), latency=0.15)
    sandbox._stopping = Recorded()
    sandbox.respond("spotify", Request("GET", "/me"))
    sandbox.respond("sandbox", Request("GET", "/counters"))
    sandbox.misbehave(Fault(faults.Slow(2.0)))
    sandbox.respond("deezer", Request("GET", "/infos"))
    sandbox.close()
    assert waited == [0.15, 0.15, 2.0]


def test_many_clients_at_once(sandbox: Sandbox) -> None:
    token = sandbox.grants.issue_access_token()
    totals: list[Any] = []

    def ask() -> None:
        with requests.Session() as session:
            for _ in range(10):
                answer = session.get(api(sandbox, "/me/tracks"), headers={"Authorization": f"Bearer {token}"})
                totals.append(answer.json()["total"])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [4] * 60
    assert sandbox.calls("spotify") == 60


def test_no_secret_reaches_the_log(sandbox: Sandbox, http: requests.Session) -> None:
    http.get(f"{sandbox.url}/deezer/api/user/me?access_token={SANDBOX_ACCESS_TOKEN}")
    http.get(f"{sandbox.url}/spotify/accounts/authorize?code=abc&refresh_token={sandbox.grants.refresh_token}")
    shown = json.dumps(http.get(f"{sandbox.url}/sandbox/log").json()) + repr(sandbox.log.all())
    assert SANDBOX_ACCESS_TOKEN not in shown
    assert sandbox.grants.refresh_token not in shown
