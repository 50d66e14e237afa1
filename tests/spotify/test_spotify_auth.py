"""auth: refresh without a person, rotation kept before use, refusals that say what to do, no secret in any error."""

from __future__ import annotations

import base64
import json
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from spotify_stage import HttpStage, PlainDoor, StillClock, everything_said, http_stage

from musicdiff_job.core.errors import AuthError, JobError, Throttled, Transient
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.spotify_accounts import SpotifyAccounts, SpotifyGrants, TokenMode, oauth_error
from musicdiff_job.spotify.auth import TokenRefresher

REFRESH = "AQrefreshrefreshrefresh"
SECRET = "5ecre75ecre75ecre7"
ROTATED = "AQrotatedrotatedrotated"
GRANTED = {"access_token": "BQaccessaccess", "token_type": "Bearer", "expires_in": 3600}


class Refreshing:
    """A refresher in front of a server, and what it is made of."""

    def __init__(self, stage: HttpStage, **changes: Any) -> None:
        self.stage = stage
        self.clock = StillClock()
        self.door = PlainDoor()
        self.redactor = Redactor()
        self.changes = changes
        self.tokens = self.again()

    def again(self, **changes: Any) -> TokenRefresher:
        """A refresher as the next run would make it."""
        given: dict[str, Any] = {
            "accounts_url": f"{self.stage.url}/accounts",
            "client_id": "client",
            "client_secret": Secret(SECRET),
            "refresh_token": Secret(REFRESH),
            "authorized_at": None,
            "token_store": None,
        }
        return TokenRefresher(self.door, self.clock, self.redactor, **{**given, **self.changes, **changes})


@pytest.fixture
def refreshing() -> Iterator[Callable[..., Refreshing]]:
    """``refreshing(answer, ...)``: answers are given in turn, the last one for ever, or made by a function."""
    stages: list[Any] = []
    made: list[Refreshing] = []

    def make(*answers: Response | Callable[[Request], Response | None] | None, **changes: Any) -> Refreshing:
        waiting = list(answers)

        def answer(request: Request) -> Response | None:
            given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return given(request) if callable(given) else given

        stage = http_stage(answer)
        stages.append(stage)
        made.append(Refreshing(stage.__enter__(), **changes))
        return made[-1]

    yield make
    for refreshing in made:
        refreshing.tokens.close()
    for stage in stages:
        stage.__exit__(None, None, None)


def fails(refresh: Callable[[], object], kind: type[JobError]) -> JobError:
    """The error, after a look at everything it could show."""
    with pytest.raises(kind) as raised:
        refresh()
    error = raised.value
    assert error.__cause__ is None
    assert error.__context__ is None
    basic = base64.b64encode(f"client:{SECRET}".encode()).decode()
    said = everything_said(error)
    assert not [secret for secret in (REFRESH, SECRET, ROTATED, basic, "BQaccessaccess") if secret in said]
    return error


def test_an_app_with_a_secret_signs_with_it(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(Response.of(GRANTED))
    assert it.tokens.access_token().reveal() == "BQaccessaccess"
    (request,) = it.stage.requests
    assert (request.method, request.path) == ("POST", "/api/token")
    assert request.form == {"grant_type": "refresh_token", "refresh_token": REFRESH}
    assert request.headers["authorization"] == "Basic " + base64.b64encode(f"client:{SECRET}".encode()).decode()
    assert request.headers["user-agent"].startswith("musicdiff-job/")
    assert (it.door.auth_calls, it.door.calls) == (1, 0)


def test_an_app_without_a_secret_names_itself_in_the_body(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(Response.of(GRANTED), client_secret=None)
    it.tokens.access_token()
    (request,) = it.stage.requests
    assert request.form["client_id"] == "client"
    assert "authorization" not in request.headers


def test_the_environments_netrc_is_not_asked(
    refreshing: Callable[..., Refreshing], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    it = refreshing(Response.of(GRANTED), client_secret=None)
    it.tokens.access_token()
    assert "authorization" not in it.stage.requests[0].headers


def test_a_token_is_kept_until_a_minute_before_its_end(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(Response.of(GRANTED), Response.of({**GRANTED, "access_token": "BQsecondsecond"}))
    it.tokens.access_token()
    it.clock.time += timedelta(seconds=3539)
    assert it.tokens.access_token().reveal() == "BQaccessaccess"
    it.clock.time += timedelta(seconds=1)
    assert it.tokens.access_token().reveal() == "BQsecondsecond"
    assert it.door.auth_calls == 2


def test_renew_does_not_ask_whether_it_is_needed(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(Response.of(GRANTED), Response.of({**GRANTED, "access_token": "BQsecondsecond"}))
    it.tokens.access_token()
    assert it.tokens.renew().reveal() == "BQsecondsecond"
    assert it.tokens.access_token().reveal() == "BQsecondsecond"


@pytest.mark.parametrize("expires_in", [None, "3600", 0, -5, True, 10**12])
def test_an_odd_lifetime_is_taken_for_an_hour(refreshing: Callable[..., Refreshing], expires_in: object) -> None:
    it = refreshing(Response.of({**GRANTED, "expires_in": expires_in}))
    it.tokens.access_token()
    it.clock.time += timedelta(seconds=3539)
    it.tokens.access_token()
    assert it.door.auth_calls == 1
    it.clock.time += timedelta(seconds=1)
    it.tokens.access_token()
    assert it.door.auth_calls == 2


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [("user-library-read x", frozenset({"user-library-read", "x"})), ("", None), (None, None), (5, None)],
)
def test_the_scopes_of_the_consent_are_known_if_told(
    refreshing: Callable[..., Refreshing], scope: object, scopes: frozenset[str] | None
) -> None:
    it = refreshing(Response.of({**GRANTED, "scope": scope}))
    it.tokens.access_token()
    assert it.tokens.scopes == scopes


def test_every_token_received_is_known_to_the_redactor(refreshing: Callable[..., Refreshing], tmp_path: Path) -> None:
    it = refreshing(Response.of({**GRANTED, "refresh_token": ROTATED}), token_store=tmp_path / "token.json")
    it.tokens.access_token()
    assert it.redactor.scrub(f"BQaccessaccess {ROTATED} {REFRESH} {SECRET}") == "*** *** *** ***"


# Rotation


@pytest.mark.parametrize("token", [None, "", REFRESH, 5, [], {}])
def test_no_new_refresh_token_needs_no_store(refreshing: Callable[..., Refreshing], token: object) -> None:
    it = refreshing(Response.of({**GRANTED, "refresh_token": token}))
    it.tokens.renew()
    it.tokens.renew()
    assert [request.form["refresh_token"] for request in it.stage.requests] == [REFRESH, REFRESH]


@pytest.mark.parametrize("token", ["a b", "tok\u20acn", "line\nbreak", "\ud800"])
@pytest.mark.parametrize("field", ["access_token", "refresh_token"])
def test_what_no_header_could_carry_is_no_token(
    refreshing: Callable[..., Refreshing], tmp_path: Path, field: str, token: str
) -> None:
    answer = Response(200, json.dumps({**GRANTED, field: token}).encode())
    one = refreshing(answer, token_store=tmp_path / "token.json")
    fails(one.tokens.access_token, Transient)
    assert not (tmp_path / "token.json").exists()


def test_a_new_refresh_token_is_stored_before_the_access_token_is_given(
    refreshing: Callable[..., Refreshing], tmp_path: Path
) -> None:
    store = tmp_path / "token.json"
    it = refreshing(Response.of({**GRANTED, "refresh_token": ROTATED}), Response.of(GRANTED), token_store=store)
    it.tokens.access_token()
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert json.loads(store.read_text())["refresh_token"] == ROTATED
    assert REFRESH not in store.read_text()
    assert list(tmp_path.iterdir()) == [store]
    it.tokens.renew()
    assert it.stage.requests[-1].form["refresh_token"] == ROTATED


def test_the_next_run_prefers_the_store_and_is_the_same_credential(
    refreshing: Callable[..., Refreshing], tmp_path: Path
) -> None:
    it = refreshing(
        Response.of({**GRANTED, "refresh_token": ROTATED}), Response.of(GRANTED), token_store=tmp_path / "t"
    )
    it.tokens.access_token()
    later = it.again()
    later.access_token()
    later.close()
    assert it.stage.requests[-1].form["refresh_token"] == ROTATED
    assert later.credential() == it.tokens.credential()
    assert len(later.credential()) == 16


def test_a_newly_given_token_wins_over_the_store(refreshing: Callable[..., Refreshing], tmp_path: Path) -> None:
    it = refreshing(
        Response.of({**GRANTED, "refresh_token": ROTATED}), Response.of(GRANTED), token_store=tmp_path / "t"
    )
    it.tokens.access_token()
    later = it.again(refresh_token=Secret("AQanotheranother"))
    later.access_token()
    later.close()
    assert it.stage.requests[-1].form["refresh_token"] == "AQanotheranother"
    assert later.credential() != it.tokens.credential()


def test_rotation_goes_on_through_many_runs(refreshing: Callable[..., Refreshing], tmp_path: Path) -> None:
    grants = SpotifyGrants(TokenMode.ROTATE_AND_INVALIDATE)
    service = SpotifyAccounts(grants)
    it = refreshing(
        service.handle,
        client_id=grants.client_id,
        client_secret=Secret(grants.client_secret),
        refresh_token=Secret(grants.refresh_token),
        token_store=tmp_path / "t",
    )
    for _ in range(3):
        run = it.again()
        run.access_token()
        run.renew()
        run.close()
    lost = it.again(token_store=tmp_path / "other")
    error = fails(lost.access_token, AuthError)
    lost.close()
    assert "invalid_grant" in str(error)


@pytest.mark.parametrize("mode", [TokenMode.NO_ROTATION, TokenMode.EMPTY_STRING, TokenMode.FALSE_INVALID_GRANT_ONCE])
def test_modes_of_the_service_that_need_no_store(refreshing: Callable[..., Refreshing], mode: TokenMode) -> None:
    grants = SpotifyGrants(mode)
    it = refreshing(
        SpotifyAccounts(grants).handle, client_id=grants.client_id, client_secret=None,
        refresh_token=Secret(grants.refresh_token),
    )  # fmt: skip
    assert grants.scopes_of(it.tokens.access_token().reveal())
    it.tokens.renew()


@pytest.mark.parametrize("where", [None, "missing/token.json", "file/token.json"])
def test_a_new_refresh_token_that_cannot_be_kept_ends_the_run(
    refreshing: Callable[..., Refreshing], tmp_path: Path, where: str | None
) -> None:
    (tmp_path / "file").write_text("")
    it = refreshing(
        Response.of({**GRANTED, "refresh_token": ROTATED}), token_store=None if where is None else tmp_path / where
    )
    error = fails(it.tokens.access_token, AuthError)
    assert "token_store" in error.hint
    assert "musicdiff-job auth spotify" in error.hint
    fails(it.tokens.access_token, AuthError)  # no access token was kept to be used


def test_a_failed_write_leaves_the_old_store(refreshing: Callable[..., Refreshing], tmp_path: Path) -> None:
    store = tmp_path / "token.json"
    store.mkdir()  # a rename onto a folder is refused
    it = refreshing(Response.of({**GRANTED, "refresh_token": ROTATED}), token_store=store)
    fails(it.tokens.access_token, AuthError)
    assert list(tmp_path.iterdir()) == [store]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"{}", b'{"replaces": 1}', b"[" * 100_000])
def test_a_broken_store_is_not_the_end(refreshing: Callable[..., Refreshing], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    it = refreshing(Response.of(GRANTED), token_store=tmp_path / "t")
    it.tokens.access_token()
    assert it.stage.requests[0].form["refresh_token"] == REFRESH


def test_a_broken_store_is_named_when_the_given_token_is_refused(
    refreshing: Callable[..., Refreshing], tmp_path: Path
) -> None:
    (tmp_path / "t").write_bytes(b"{")
    it = refreshing(oauth_error("invalid_grant", "Refresh token revoked"), token_store=tmp_path / "t")
    assert "cannot be read" in fails(it.tokens.access_token, AuthError).hint


# Refusals


def test_a_refused_token_is_tried_once_more_and_then_explained(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(
        oauth_error("invalid_grant", f"Refresh token revoked {REFRESH}"), authorized_at=datetime(2026, 5, 2, tzinfo=UTC)
    )
    error = fails(it.tokens.access_token, AuthError)
    assert it.door.auth_calls == 2
    assert len(it.clock.waits) == 1
    assert "invalid_grant: Refresh token revoked ***" in error.message
    assert "six months" in error.hint
    assert "2026-05-02" in error.hint
    assert "musicdiff-job auth spotify" in error.hint


def test_a_falsely_refused_token_passes_the_second_time(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(oauth_error("invalid_grant", "Refresh token revoked"), Response.of(GRANTED))
    assert it.tokens.access_token().reveal() == "BQaccessaccess"
    assert it.door.auth_calls == 2


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    ("secret", "named"),
    [(Secret(SECRET), "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET"), (None, "SPOTIFY_CLIENT_ID a")],
)
def test_a_refused_client_is_not_tried_again(
    refreshing: Callable[..., Refreshing], status: int, secret: Secret | None, named: str
) -> None:
    it = refreshing(oauth_error("invalid_client", "Invalid client", status), client_secret=secret)
    assert named in fails(it.tokens.access_token, AuthError).hint
    assert it.door.auth_calls == 1


def test_any_other_refusal_is_for_a_person_too(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(oauth_error("unsupported_grant_type", "grant_type parameter is missing\n\x1b[31m"))
    assert fails(it.tokens.access_token, AuthError).message.isprintable()


@pytest.mark.parametrize(
    "answer",
    [
        Response(503, b"upstream connect error", {"Content-Type": "text/plain"}),
        Response(500, b""),
        Response(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}),
        Response(403, b"<html>no</html>", {"Content-Type": "text/html"}),
        Response(200, b"<html>Log in to the Wi-Fi</html>", {"Content-Type": "text/html"}),
        Response(200, b""),
        Response(200, b"[" * 100_000),
        Response.of(False),
        Response.of([]),
        Response.of({}),
        Response.of({"access_token": ""}),
        Response.of({"access_token": None}),
        Response(200, b'{"access_token": "\\ud800"}'),
        Response.of({"error": "server_error"}, 400),
        Response.of({"error": {"status": 400, "message": "x"}}, 400),
        Response.of({"error": "invalid_grant"}, 503),
        Response(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
        Response(307, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
        None,
    ],
)
def test_trouble_may_pass(refreshing: Callable[..., Refreshing], answer: Response | None) -> None:
    it = refreshing(answer)
    error = fails(it.tokens.access_token, Transient)
    assert isinstance(error, Transient)
    assert not error.unsent
    assert len(it.stage.requests) == 1  # neither repeated nor led elsewhere


def test_a_refused_connection_is_known_to_be_unsent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tokens = TokenRefresher(
        PlainDoor(), StillClock(), Redactor(), f"http://127.0.0.1:{port}", "client", None, Secret(REFRESH), None, None
    )
    error = fails(tokens.access_token, Transient)
    tokens.close()
    assert isinstance(error, Transient)
    assert error.unsent


def test_the_doors_time_out_holds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        tokens = TokenRefresher(
            PlainDoor(timeout=0.05),
            StillClock(),
            Redactor(),
            f"http://127.0.0.1:{deaf.getsockname()[1]}",
            "client",
            None,
            Secret(REFRESH),
            None,
            None,
        )
        error = fails(tokens.access_token, Transient)
        tokens.close()
    assert isinstance(error, Transient)
    assert not error.unsent
    assert "in time" in error.message


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (None, None)])
def test_a_rate_limit_of_the_token_endpoint(
    refreshing: Callable[..., Refreshing], header: str | None, seconds: float | None
) -> None:
    it = refreshing(Response(429, b"Too many requests", {"Retry-After": header} if header else {}))
    error = fails(it.tokens.access_token, Throttled)
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.quota) == (seconds, False)


def test_no_cookie_is_kept(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(Response.of(GRANTED, headers={"Set-Cookie": "sp_t=abc; Path=/"}))
    it.tokens.renew()
    it.tokens.renew()
    assert "cookie" not in it.stage.requests[1].headers


def test_nothing_of_the_refresher_shows_a_secret(refreshing: Callable[..., Refreshing]) -> None:
    it = refreshing(Response.of(GRANTED))
    it.tokens.access_token()
    shown = repr(vars(it.tokens)) + repr(it.tokens)
    assert not [secret for secret in (REFRESH, SECRET, "BQaccessaccess") if secret in shown]
