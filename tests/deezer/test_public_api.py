from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from target_suite import assert_clean

from musicdiff_job.core.errors import (
    AuthError,
    BadAnswer,
    Forbidden,
    JobError,
    NotFound,
    Throttled,
    Transient,
)
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer.answers import Declined, Full
from musicdiff_job.deezer.public_api import CODES, PublicApi
from musicdiff_job.sandbox.faults import (
    DeezerQuota,
    Effect,
    EmptyBody,
    Fault,
    Hang,
    Html200,
    ResetAfter,
    ResetBefore,
    Status,
    TokenExpired,
    TruncatedJson,
    WrongJson,
)
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, Sandbox

REDIRECT = {"Location": "/deezer/api/infos"}


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[PublicApi]:
    with closing(PublicApi(f"{sandbox.url}/deezer/api", Redactor(), Secret(SANDBOX_ACCESS_TOKEN))) as api:
        yield api


def failed(api: PublicApi, path: str = "playlist/1", timeout: float = 5.0) -> JobError:
    with pytest.raises(JobError) as caught:
        api.request("GET", path, timeout)
    assert_clean(caught.value, [SANDBOX_ACCESS_TOKEN])
    return caught.value


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (4, Throttled),
        (100, Full),
        (200, Forbidden),
        (300, AuthError),
        (500, BadAnswer),
        (501, BadAnswer),
        (600, NotFound),
        (700, Transient),
        (800, NotFound),
        (901, Forbidden),
        (12345, BadAnswer),
        ("800", NotFound),
        (None, BadAnswer),
    ],
)
def test_error_codes(sandbox: Sandbox, api: PublicApi, code: object, expected: type[JobError]) -> None:
    body = {"error": {"type": "X", "message": f"no, {SANDBOX_ACCESS_TOKEN}!", "code": code}}
    sandbox.misbehave(Fault(WrongJson(body)))
    error = failed(api)
    assert type(error) is expected
    assert "no, ***!" in error.message


def test_every_code_of_the_table_is_tested() -> None:
    assert set(CODES) == {4, 100, 200, 300, 500, 501, 600, 700, 800, 901}


def test_a_missing_token_is_a_matter_of_the_account_only_for_the_account(sandbox: Sandbox, api: PublicApi) -> None:
    body = {"error": {"type": "OAuthException", "message": "An active access token must be used", "code": 200}}
    sandbox.misbehave(Fault(WrongJson(body), count=2))
    assert isinstance(failed(api, "user/me/playlists"), AuthError)
    assert isinstance(failed(api, "playlist/5"), Forbidden)


def test_a_duplicate_is_told_from_other_wrong_parameters(sandbox: Sandbox, api: PublicApi) -> None:
    body = {
        "error": {"type": "ParameterException", "message": "This song already exists in this playlist", "code": 500}
    }
    sandbox.misbehave(Fault(WrongJson(body)))
    error = failed(api)
    assert isinstance(error, Declined)
    assert error.already


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (Status(500, body="oops"), Transient),
        (Status(502), Transient),
        (Status(302, REDIRECT), Transient),
        (Status(404, body="<html></html>"), Transient),
        (Status(404, body='{"error":"Not Found"}'), BadAnswer),
        (Status(404, body='{"error":{"type":"DataException","message":"no data","code":800}}'), NotFound),
        (Status(403, body="<html>Access Denied</html>"), Throttled),
        (Status(403, body="{}"), Forbidden),
        (Status(401, body="{}"), AuthError),
        (Status(400, body="{}"), BadAnswer),
        (Status(429, {"Retry-After": "7"}), Throttled),
        (Html200(), Transient),
        (EmptyBody(), Transient),
        (TruncatedJson(), Transient),
        (ResetBefore(), Transient),
        (ResetAfter(), Transient),
        (DeezerQuota(), Throttled),
        (TokenExpired(), AuthError),
        (WrongJson({"error": "a string"}), BadAnswer),
        (WrongJson({"error": ["a", "list"]}), BadAnswer),
    ],
)
def test_failures_are_translated(sandbox: Sandbox, api: PublicApi, effect: Effect, expected: type[JobError]) -> None:
    sandbox.misbehave(Fault(effect))
    error = failed(api, "user/me")
    assert type(error) is expected
    assert not getattr(error, "unsent", False)
    assert len(sandbox.log.all()) == 1, "one request, no hidden retry and no redirect followed"


def test_the_time_limit_is_the_callers(sandbox: Sandbox, api: PublicApi) -> None:
    sandbox.misbehave(Fault(Hang(60.0)))
    assert "Timeout" in failed(api, timeout=0.2).message


def test_what_never_left_is_known_to_be_unsent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with closing(PublicApi(url, Redactor(), Secret(SANDBOX_ACCESS_TOKEN))) as api:
            error = failed(api)
    assert isinstance(error, Transient)
    assert error.unsent


@pytest.mark.parametrize("answer", [True, False, [], {"error": [], "results": True}, {"data": []}])
def test_answers_without_an_error_are_passed_on(sandbox: Sandbox, api: PublicApi, answer: object) -> None:
    sandbox.misbehave(Fault(WrongJson(answer)))
    assert api.request("POST", "user/me/playlists", 5.0) == answer


@pytest.mark.parametrize("answer", [True, False, None, [], "ok", 17])
def test_what_is_read_and_is_no_object_may_pass(sandbox: Sandbox, api: PublicApi, answer: object) -> None:
    sandbox.misbehave(Fault(WrongJson(answer)))
    assert isinstance(failed(api), Transient)
    assert isinstance(api.request("GET", "user/me", 5.0), dict)


def test_forms_stay_out_of_the_url(sandbox: Sandbox, api: PublicApi) -> None:
    assert isinstance(api.request("POST", "user/me/playlists", 5.0, form={"title": "Ä & =?"}), dict)
    assert set(sandbox.log.all()[0].query) == {"access_token"}
    assert "Ä & =?" in sandbox.deezer.state().playlists


@pytest.mark.parametrize("effect", [Status(401, body="{}"), TokenExpired()])
def test_where_no_token_was_sent_nobody_is_told_to_renew_it(sandbox: Sandbox, effect: Effect) -> None:
    """The catalogue is asked without a token, also by those who have an ARL."""
    with closing(PublicApi(f"{sandbox.url}/deezer/api", Redactor())) as api:
        sandbox.misbehave(Fault(effect))
        assert isinstance(failed(api, "track/isrc:GBAYE0601498"), Forbidden)


def test_without_a_token_none_is_sent(sandbox: Sandbox) -> None:
    with closing(PublicApi(f"{sandbox.url}/deezer/api", Redactor())) as api:
        api.request("GET", "search", 5.0, params={"q": "love"})
        assert isinstance(failed(api, "user/me"), Forbidden)
    assert "access_token" not in sandbox.log.all()[0].query


def test_nothing_is_logged_with_a_token(api: PublicApi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api.request("GET", "user/me", 5.0)
    assert SANDBOX_ACCESS_TOKEN not in caplog.text


def test_the_token_is_learnt() -> None:
    redactor = Redactor()
    with closing(PublicApi("http://127.0.0.1:9", redactor, Secret("fr-sesame-open"))):
        assert redactor.scrub("fr-sesame-open") == "***"
