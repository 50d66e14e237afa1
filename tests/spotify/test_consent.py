"""Consent: the question, the answer, the exchange, against the sandbox over HTTP."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from spotify_stage import PlainDoor, StillClock, everything_said, http_stage

from musicdiff_job.core.errors import AuthError, CallFailed, Forbidden, JobError, Throttled, Transient
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.sandbox.http import Response
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_accounts import oauth_error
from musicdiff_job.spotify.consent import SCOPES, ConsentExchange, Foreign, Granted, Question, ask, read_answer

REDIRECT = "http://127.0.0.1:8913/callback"
CODE = Secret("AQcodecodecode")
TOKENS = {"access_token": "BQaccessaccess", "refresh_token": "AQrefreshrefresh", "expires_in": 3600}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as served:
        yield served


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def asked(secret: Secret | None = None) -> Question:
    return ask("https://accounts.example/", "client", secret, REDIRECT)


def question_of(sandbox: Sandbox, secret: Secret | None) -> Question:
    return ask(f"{sandbox.url}/spotify/accounts", sandbox.grants.client_id, secret, REDIRECT)


def exchange_of(sandbox: Sandbox, secret: Secret | None, redactor: Redactor | None = None) -> ConsentExchange:
    urls = (f"{sandbox.url}/spotify/accounts/", f"{sandbox.url}/spotify/v1")
    return ConsentExchange(PlainDoor(), StillClock(), redactor or Redactor(), *urls, sandbox.grants.client_id, secret)


def consented(question: Question) -> Secret:
    answer = requests.get(question.url, allow_redirects=False, timeout=30).headers["Location"]
    code = read_answer(answer, question)
    assert isinstance(code, Secret)
    return code


# The question


def test_the_address_asks_for_all_scopes_and_holds_the_hash_of_the_verifier() -> None:
    question = asked()
    assert question.url.startswith("https://accounts.example/authorize?")
    sent = query(question.url)
    assert set(sent["scope"].split()) == {scope.name for scope in SCOPES}
    assert (sent["client_id"], sent["redirect_uri"], sent["response_type"]) == ("client", REDIRECT, "code")
    assert sent["state"] == question.state.reveal()
    assert question.verifier is not None
    digest = hashlib.sha256(question.verifier.reveal().encode()).digest()
    assert sent["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert sent["code_challenge_method"] == "S256"
    assert question.verifier.reveal() not in question.url


def test_with_a_secret_the_address_has_neither_it_nor_a_hash() -> None:
    question = asked(Secret("s3cr3ts3cr3t"))
    assert question.verifier is None
    assert "s3cr3t" not in question.url
    assert "code_challenge" not in question.url


def test_no_two_questions_are_alike() -> None:
    first, second = asked(), asked()
    assert first.state != second.state
    assert first.verifier != second.verifier
    assert len(first.state.reveal()) >= 32
    assert first.state.reveal() not in repr(first.state)


# The answer


def test_the_code_is_taken_from_the_whole_address_or_its_path() -> None:
    question = asked()
    tail = f"/callback?code=AQx%2Fy&state={question.state.reveal()}"
    for address in (f"http://127.0.0.1:8913{tail}", tail, f"  https://tunnel.example{tail}#_=_ \n"):
        assert read_answer(address, question) == Secret("AQx/y")


@pytest.mark.parametrize(
    "address",
    ["", "AQcode", "http://[", "/callback?code=x", "/callback?state={state}", "/callback?code=x&state={state}x",
     "/callback?code=x&state=", "/callback?code=x&state=%C3%A9", "/callback?error=access_denied&state=no",
     "/callback#code=x&state={state}", "/callback?code=&state={state}"],
)  # fmt: skip
def test_anything_else_is_foreign(address: str) -> None:
    question = asked()
    assert isinstance(read_answer(address.replace("{state}", question.state.reveal()), question), Foreign)


@pytest.mark.parametrize(("error", "word"), [("access_denied", "declined"), ("server_error", "server_error")])
def test_no_consent_is_an_error(error: str, word: str) -> None:
    question = asked()
    with pytest.raises(AuthError, match=word):
        read_answer(f"/callback?error={error}&state={question.state.reveal()}", question)


# The exchange


@pytest.mark.parametrize("confidential", [False, True])
def test_a_code_becomes_tokens_that_work(sandbox: Sandbox, confidential: bool) -> None:
    secret = Secret(sandbox.grants.client_secret) if confidential else None
    question = question_of(sandbox, secret)
    redactor = Redactor()
    exchange = exchange_of(sandbox, secret, redactor)
    code = consented(question)
    granted = exchange.redeem(question, code)
    profile = exchange.profile(granted)
    exchange.close()
    assert granted.missing == ()
    assert (profile.id, profile.name) == (sandbox.spotify.user_id, sandbox.spotify.display_name)
    assert sandbox.grants.refreshed(granted.refresh.reveal()).status == 200
    hidden = (granted.refresh, granted.access, code, secret, question.verifier)
    for value in filter(None, hidden):
        assert redactor.scrub(f"x {value.reveal()} y") == "x *** y"
    # The browser's visit counts as one too.
    assert (sandbox.calls("auth"), sandbox.calls("spotify")) == (2, 1)


def test_a_code_is_worth_nothing_with_another_verifier(sandbox: Sandbox) -> None:
    code = consented(question_of(sandbox, None))
    exchange = exchange_of(sandbox, None)
    with pytest.raises(AuthError, match="code_verifier"):
        exchange.redeem(question_of(sandbox, None), code)
    exchange.close()


def test_a_code_works_once(sandbox: Sandbox) -> None:
    question = question_of(sandbox, None)
    code = consented(question)
    exchange = exchange_of(sandbox, None)
    exchange.redeem(question, code)
    with pytest.raises(AuthError, match="good for one use"):
        exchange.redeem(question, code)
    exchange.close()


def outcome(answer: Response | None, secret: Secret | None = None) -> Granted:
    """What an answer of the token endpoint comes to."""
    with http_stage(lambda request: answer) as stage:
        exchange = ConsentExchange(
            PlainDoor(), StillClock(), Redactor(), f"{stage.url}/accounts", f"{stage.url}/v1", "client", secret
        )
        try:
            return exchange.redeem(asked(secret), CODE)
        except JobError as error:
            assert CODE.reveal() not in everything_said(error)
            assert secret is None or secret.reveal() not in everything_said(error)
            raise
        finally:
            exchange.close()


@pytest.mark.parametrize(
    ("extra", "missing"),
    [
        ({}, []),
        ({"scope": None}, []),
        ({"scope": " ".join(scope.name for scope in SCOPES) + " more"}, []),
        ({"scope": ""}, [scope.name for scope in SCOPES]),
        ({"scope": "user-library-read user-follow-read"},
         ["playlist-read-private", "playlist-read-collaborative", "user-read-recently-played"]),
    ],
)  # fmt: skip
def test_scopes_that_were_not_given(extra: dict[str, Any], missing: list[str]) -> None:
    assert [scope.name for scope in outcome(Response.of({**TOKENS, **extra})).missing] == missing


@pytest.mark.parametrize(
    "answer",
    [
        {**TOKENS, "refresh_token": ""},
        {**TOKENS, "refresh_token": None},
        {**TOKENS, "refresh_token": "a b"},
        {**TOKENS, "access_token": "tok\u20acn"},
        {},
    ],
)
def test_no_refresh_token_is_for_a_person(answer: dict[str, Any]) -> None:
    with pytest.raises(AuthError, match="without tokens"):
        outcome(Response.of(answer))


@pytest.mark.parametrize(
    ("error", "secret", "word"),
    [
        ("invalid_grant", None, "good for one use"),
        ("invalid_client", None, "the client id"),
        ("invalid_client", Secret("s3cr3ts3cr3t"), "SPOTIFY_CLIENT_SECRET"),
        ("unsupported_grant_type", None, "dashboard"),
    ],
)
def test_refusals_say_what_to_do(error: str, secret: Secret | None, word: str) -> None:
    with pytest.raises(AuthError) as caught:
        outcome(oauth_error(error, f"no {CODE.reveal()}\x1b[31m"), secret)
    assert word in caught.value.hint
    assert caught.value.message.isprintable()
    assert caught.value.message.startswith(f"Spotify refuses the token exchange ({error}: no ***")


@pytest.mark.parametrize(
    "answer",
    [Response(503, b"upstream"), Response(200, b"<html>"), Response.of([]), Response.of({"error": {"status": 1}}, 400),
     Response.of({"error": "server_error"}, 400), Response.of({"error": "invalid_grant"}, 500), None,
     Response(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}), Response(200, b"[" * 100_000),
     Response(200, b'{"a":' * 100_000)],
)  # fmt: skip
def test_trouble_may_pass(answer: Response | None) -> None:
    with pytest.raises(Transient):
        outcome(answer)


def test_a_rate_limit() -> None:
    with pytest.raises(Throttled) as caught:
        outcome(Response(429, b"", {"Retry-After": "7"}))
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response.of({"error": {"status": 401, "message": "no"}}, 401), AuthError),
        (Response.of({"error": {"status": 403, "message": "User not registered in the Dashboard"}}, 403), AuthError),
        (Response.of({"error": {"status": 403, "message": "no"}}, 403), Forbidden),
        (Response(502, b"<html>"), CallFailed),
    ],
)
def test_an_account_that_may_not_use_the_app(answer: Response, error: type[JobError]) -> None:
    with http_stage(lambda request: answer) as stage:
        exchange = ConsentExchange(
            PlainDoor(), StillClock(), Redactor(), f"{stage.url}/accounts", f"{stage.url}/v1", "client", None
        )
        with pytest.raises(error):
            exchange.profile(Granted(Secret("refreshrefresh"), Secret("accessaccess"), ()))
        exchange.close()


@pytest.mark.parametrize("name", [None, 7, {}])
def test_an_account_without_a_name(name: Any) -> None:
    with http_stage(lambda request: Response.of({"id": "me", "display_name": name})) as stage:
        exchange = ConsentExchange(
            PlainDoor(), StillClock(), Redactor(), f"{stage.url}/accounts", f"{stage.url}/v1", "client", None
        )
        profile = exchange.profile(Granted(Secret("refreshrefresh"), Secret("accessaccess"), ()))
        exchange.close()
    assert (profile.id, profile.name) == ("me", "")
