from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from deezer_doors import LeapingClock, OpenDoor, real_gate
from target_suite import assert_clean

from musicdiff_job.core.errors import (
    AuthError,
    BadAnswer,
    ConfigError,
    Forbidden,
    JobError,
    NotFound,
    Throttled,
    Unavailable,
    UnknownOutcome,
)
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer.answers import Declined, Full
from musicdiff_job.deezer.gateway_session import (
    ERRORS,
    GATEWAY_ERRORS,
    GatewaySession,
    ParametersRefused,
    UnknownMethod,
)
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import (
    ALWAYS,
    DeezerQuota,
    Effect,
    EmptyBody,
    Fault,
    Html200,
    ResetAfter,
    ResetBefore,
    Status,
    TokenExpired,
    TruncatedJson,
    WrongJson,
)
from musicdiff_job.sandbox.server import SANDBOX_ARL, Sandbox

ARL = Secret(SANDBOX_ARL)
READ = "song.getListData"
BODY: dict[str, object] = {"SNG_IDS": []}


def whole(results: object) -> object:
    return results


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def session(sandbox: Sandbox, door: OpenDoor, redactor: Redactor) -> Iterator[GatewaySession]:
    with closing(GatewaySession(door, redactor, f"{sandbox.url}/deezer/gw-light.php", ARL)) as session:
        yield session


def failed(session: GatewaySession, *, write: bool = False) -> JobError:
    with pytest.raises(JobError) as caught:
        session.call(READ, BODY, whole, write=write)
    signed_in = session._signed_in
    assert_clean(caught.value, [SANDBOX_ARL, *([signed_in.csrf, signed_in.session_id] if signed_in else [])])
    return caught.value


# Signing in


def test_the_session_is_opened_once_and_counted_apart(session: GatewaySession, door: OpenDoor) -> None:
    assert session.signed_in().account == "900000001"
    session.call(READ, BODY, whole)
    session.call(READ, BODY, whole, write=True)
    session_call, read, write = (False, True), (False, False), (True, False)
    assert [passed[1:] for passed in door.passed] == [session_call, read, write]
    assert {passed[0] for passed in door.passed} == {Service.DEEZER}


def test_all_secrets_of_the_session_are_learnt(session: GatewaySession, redactor: Redactor) -> None:
    found = session.signed_in()
    assert redactor.scrub(f"{SANDBOX_ARL} {found.csrf} {found.session_id}") == "*** *** ***"


def test_a_cookie_is_learnt_before_the_answer_is_read(
    sandbox: Sandbox, session: GatewaySession, redactor: Redactor
) -> None:
    sandbox.misbehave(Fault(Status(200, {"Set-Cookie": "sid=fr0123456789; path=/"}, "no JSON")))
    assert isinstance(failed(session), Unavailable)
    assert redactor.scrub("a fr0123456789") == "a ***"


@pytest.mark.parametrize(
    "effect",
    [
        EmptyBody(),
        WrongJson({"error": [], "results": {"USER": {"USER_ID": 0}, "checkForm": "anonymous"}}),
        WrongJson({"error": {"NEED_USER_AUTH_REQUIRED": "Require user auth"}, "results": {}}),
    ],
)
def test_an_arl_that_signs_nobody_in_must_be_renewed(sandbox: Sandbox, session: GatewaySession, effect: Effect) -> None:
    sandbox.misbehave(Fault(effect, path="/deezer.getUserData"))
    error = failed(session)
    assert isinstance(error, AuthError)
    assert "musicdiff-job auth deezer" in error.hint
    assert len(sandbox.log.all()) == 1


def test_one_empty_answer_is_no_dead_arl(sandbox: Sandbox, redactor: Redactor) -> None:
    """A revoked ARL is answered by nothing, but so is a call that an edge server lost."""
    clock = LeapingClock()
    url = f"{sandbox.url}/deezer/gw-light.php"
    with closing(GatewaySession(real_gate(clock), redactor, url, ARL)) as session:
        sandbox.misbehave(Fault(EmptyBody()))
        assert session.signed_in().account
    assert clock.waited


@pytest.mark.parametrize("effect", [Html200(), TruncatedJson(), Status(503), ResetBefore(), WrongJson({})])
def test_trouble_while_signing_in_is_no_dead_arl(sandbox: Sandbox, session: GatewaySession, effect: Effect) -> None:
    sandbox.misbehave(Fault(effect, path="/deezer.getUserData"))
    assert isinstance(failed(session), Unavailable)


# Renewing


@pytest.mark.parametrize("stale", ["VALID_TOKEN_REQUIRED", "GATEWAY_ERROR"])
def test_a_session_that_died_is_renewed_once(door: OpenDoor, stale: str) -> None:
    switches = DeezerSwitches(stale_csrf="GATEWAY_ERROR" if stale == "GATEWAY_ERROR" else "VALID_TOKEN_REQUIRED")
    with (
        Sandbox(switches=switches) as sandbox,
        closing(GatewaySession(door, Redactor(), f"{sandbox.url}/deezer/gw-light.php", ARL)) as session,
    ):
        first = session.signed_in().csrf
        sandbox.deezer.expire_sessions()
        body = {"title": "Once", "status": 1, "description": "", "songs": []}
        assert session.call("playlist.create", body, whole, write=True)
        assert session.signed_in().csrf != first
        assert sandbox.deezer.write_counts()["create"] == 1
        paths = [call.path for call in sandbox.log.all()]
    assert paths == ["/deezer.getUserData", "/playlist.create", "/deezer.getUserData", "/playlist.create"]


def test_the_real_gate_lets_a_dead_session_through_to_be_renewed(sandbox: Sandbox) -> None:
    gate = real_gate(LeapingClock())
    with closing(GatewaySession(gate, Redactor(), f"{sandbox.url}/deezer/gw-light.php", ARL)) as session:
        session.signed_in()
        sandbox.deezer.expire_sessions()
        assert session.call(READ, BODY, whole) is not None
    assert gate.tally().calls == {"spotify": 0, "deezer": 2, "auth": 2}


def test_a_session_that_stays_dead_is_not_renewed_for_ever(sandbox: Sandbox, session: GatewaySession) -> None:
    dead = WrongJson({"error": {"VALID_TOKEN_REQUIRED": "Invalid CSRF token"}, "results": {}})
    sandbox.misbehave(Fault(dead, path=f"/{READ}", count=ALWAYS))
    assert isinstance(failed(session), AuthError)
    assert [call.path for call in sandbox.log.all()] == ["/deezer.getUserData", f"/{READ}"] * 2


# Errors


@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        ("NEED_USER_AUTH_REQUIRED", "Require user auth", AuthError),
        ("USER_AUTH_REQUIRED", "", AuthError),
        ("GATEWAY_ERROR", "NEED_USER_AUTH_REQUIRED", AuthError),
        ("GATEWAY_ERROR", "Undefined or invalid output", UnknownMethod),
        ("GATEWAY_ERROR", "something new", UnknownMethod),
        ("DATA_ERROR", "no data", NotFound),
        ("ERROR_DATA_EXISTS", "This song already exists in this playlist", Declined),
        ("ITEMS_LIMIT_EXCEEDED", "", Full),
        ("QUOTA_ERROR", "Quota exceeded on playlist delete songs", Throttled),
        ("REQUEST_ERROR", "Wrong parameters", ParametersRefused),
        ("PARAMETER_REQUIRED", "", ParametersRefused),
        ("PERMISSION_ERROR", "5 is not allowed to access 6", Forbidden),
        ("SOMETHING_NEW", "?", BadAnswer),
        # Dead sessions, which stay dead here and so end as an AuthError:
        ("VALID_TOKEN_REQUIRED", "Invalid CSRF token", AuthError),
        ("NEED_API_AUTH_REQUIRED", "", AuthError),
        ("CSRF_TOKEN_INVALID", "", AuthError),
        ("GATEWAY_ERROR", "invalid api token", AuthError),
    ],
)
def test_error_keys(
    sandbox: Sandbox, session: GatewaySession, key: str, message: str, expected: type[JobError]
) -> None:
    body = {"error": {key: message}, "results": {}}
    sandbox.misbehave(Fault(WrongJson(body), path=f"/{READ}", count=ALWAYS))
    error = failed(session)
    assert type(error) is expected
    assert isinstance(error, Declined) is issubclass(expected, Declined)
    assert getattr(error, "already", False) is (key == "ERROR_DATA_EXISTS")


def test_every_key_of_the_tables_is_tested() -> None:
    mark = next(mark for mark in test_error_keys.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]
    tested = [case[:2] for case in mark.args[1]]
    assert set(ERRORS) <= {key for key, _ in tested}
    assert set(GATEWAY_ERRORS) <= {message.lower() for key, message in tested if key == "GATEWAY_ERROR"}


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (Status(500, body="oops"), Unavailable),
        (Status(302, {"Location": "/deezer/api/infos"}), Unavailable),
        (Status(404, body="<html></html>"), Unavailable),
        (Status(403, body="<html>Access Denied. Reference #18.</html>"), Throttled),
        (Status(403, body="{}"), Forbidden),
        (Status(401, body="{}"), AuthError),
        (Status(400, body="{}"), BadAnswer),
        (Status(429, {"Retry-After": "7"}), Throttled),
        (Html200(), Unavailable),
        (EmptyBody(), Unavailable),
        (TruncatedJson(), Unavailable),
        (ResetBefore(), Unavailable),
        (ResetAfter(), Unavailable),
        (DeezerQuota(), Throttled),
        (TokenExpired(), AuthError),
        (WrongJson({}), Unavailable),
        (WrongJson(None), Unavailable),
        (WrongJson(False), Unavailable),
        (WrongJson({"error": "text", "results": {}}), BadAnswer),
        (WrongJson({"error": ["text"], "results": {}}), BadAnswer),
    ],
)
def test_failures_are_translated(
    sandbox: Sandbox, session: GatewaySession, effect: Effect, expected: type[JobError]
) -> None:
    sandbox.misbehave(Fault(effect, path=f"/{READ}", count=ALWAYS))
    assert type(failed(session)) is expected
    if expected is Unavailable:
        assert isinstance(failed(session, write=True), UnknownOutcome)
        assert [call.path for call in sandbox.log.all()].count(f"/{READ}") == 2, "no hidden retry"


def test_what_never_left_is_known_to_be_unsent(door: OpenDoor) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/gw"
        with closing(GatewaySession(door, Redactor(), url, ARL)) as session:
            assert isinstance(failed(session, write=True), Unavailable)


# Where the ARL goes


@pytest.mark.parametrize(
    "url",
    ["http://www.deezer.com/ajax/gw-light.php", "ftp://127.0.0.1/x", "http://127.0.0.1.example.org/", "", "https:"],
)
def test_the_arl_is_never_sent_in_clear(door: OpenDoor, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GatewaySession(door, Redactor(), url, ARL)
    assert_clean(caught.value, [SANDBOX_ARL])


@pytest.mark.parametrize(
    ("configured", "asked", "sent"),
    [
        ("https://www.deezer.com/ajax/gw-light.php", "https://www.deezer.com/ajax/gw-light.php", True),
        ("https://www.deezer.com/ajax/gw-light.php", "http://www.deezer.com/ajax/gw-light.php", False),
        ("https://www.deezer.com/ajax/gw-light.php", "https://deezer.com/", False),
        ("https://www.deezer.com/ajax/gw-light.php", "https://www.deezer.com.example.org/", False),
        ("http://localhost:8080/gw", "http://localhost:8080/gw", True),
        ("http://127.0.0.1:8080/gw", "http://127.0.0.1:8080/gw", True),
        ("http://127.0.0.1:8080/gw", "https://www.deezer.com/", False),
    ],
)
def test_the_arl_is_only_sent_to_the_configured_host(door: OpenDoor, configured: str, asked: str, sent: bool) -> None:
    with closing(GatewaySession(door, Redactor(), configured, ARL)) as session:
        prepared = session._http.prepare_request(requests.Request("POST", asked))
    assert (SANDBOX_ARL in prepared.headers.get("Cookie", "")) is sent
    assert "Authorization" not in prepared.headers
    assert prepared.headers["User-Agent"].startswith("Mozilla/5.0")


def test_a_password_that_lies_about_is_not_sent(
    door: OpenDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine www.deezer.com login me password sesame")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    url = "https://www.deezer.com/ajax/gw-light.php"
    with closing(GatewaySession(door, Redactor(), url, ARL)) as session:
        prepared = session._http.prepare_request(requests.Request("POST", url))
    assert "Authorization" not in prepared.headers


def test_no_proxy_sees_the_arl_on_its_way_to_this_machine(
    session: GatewaySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert session.signed_in().account == "900000001"


def test_a_redirect_is_not_followed(sandbox: Sandbox, session: GatewaySession) -> None:
    session.signed_in()
    sandbox.misbehave(Fault(Status(307, {"Location": "/deezer/api/infos"})))
    failed(session)
    assert [call.service for call in sandbox.log.all()] == ["gateway", "gateway"]


def test_nothing_is_logged_with_a_token(session: GatewaySession, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    session.call(READ, BODY, whole)
    assert session.signed_in().csrf not in caplog.text
    assert "api_token" not in caplog.text
