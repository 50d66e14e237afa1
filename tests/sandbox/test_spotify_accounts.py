"""The authorisation server: both flows, every mode of refreshing, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.spotify_accounts import SCOPES, SpotifyAccounts, SpotifyGrants, TokenMode

REDIRECT = "http://127.0.0.1:8888/callback"
FORM = "application/x-www-form-urlencoded"


class Client:
    """An app that talks to the token endpoint."""

    def __init__(self, mode: TokenMode = TokenMode.NO_ROTATION) -> None:
        self.grants = SpotifyGrants(mode)
        self.service = SpotifyAccounts(self.grants)

    def token(self, form: dict[str, str], *, basic: bool = True, secret: str | None = None) -> Response:
        headers = {"content-type": FORM}
        if basic:
            pair = f"{self.grants.client_id}:{self.grants.client_secret if secret is None else secret}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form = {"client_id": self.grants.client_id, **form}
        return self.service.handle(Request("POST", "/api/token", headers=headers, form=form))

    def refresh(self, token: str | None = None, *, basic: bool = True) -> Response:
        wanted = self.grants.refresh_token if token is None else token
        return self.token({"grant_type": "refresh_token", "refresh_token": wanted}, basic=basic)

    def authorize(self, **query: str) -> Response:
        asked = {"client_id": self.grants.client_id, "response_type": "code", "redirect_uri": REDIRECT, **query}
        return self.service.handle(Request("GET", "/authorize", query=asked))


def body(response: Response, status: int = 200) -> Any:
    assert response.status == status, response.body
    return json.loads(response.body)


@pytest.mark.parametrize("basic", [True, False])
def test_a_refresh_gives_a_live_token_and_by_default_no_refresh_token(basic: bool) -> None:
    client = Client()
    answer = body(client.refresh(basic=basic))
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 3600, SCOPES)
    assert client.grants.scopes_of(answer["access_token"]) == frozenset(SCOPES.split())
    again = body(client.refresh(basic=basic))
    assert again["access_token"] != answer["access_token"]


def test_rotation_that_invalidates() -> None:
    client = Client(TokenMode.ROTATE_AND_INVALIDATE)
    rotated = body(client.refresh())["refresh_token"]
    assert rotated != client.grants.refresh_token
    assert body(client.refresh(), 400)["error"] == "invalid_grant"
    assert body(client.refresh(rotated))["refresh_token"] != rotated


def test_rotation_that_keeps_the_old_one() -> None:
    client = Client(TokenMode.ROTATE_KEEP_OLD)
    assert body(client.refresh())["refresh_token"] != client.grants.refresh_token
    body(client.refresh())


def test_an_empty_refresh_token() -> None:
    assert body(Client(TokenMode.EMPTY_STRING).refresh())["refresh_token"] == ""


def test_six_months_are_over() -> None:
    client = Client(TokenMode.EXPIRED_6_MONTHS)
    assert body(client.refresh(), 400)["error"] == "invalid_grant"
    assert body(client.refresh(), 400)["error"] == "invalid_grant"


def test_a_flaky_endpoint_answers_every_other_time() -> None:
    client = Client(TokenMode.FLAKY_503)
    assert [client.refresh().status for _ in range(4)] == [503, 200, 503, 200]


def test_a_false_refusal_comes_once() -> None:
    client = Client(TokenMode.FALSE_INVALID_GRANT_ONCE)
    assert [client.refresh().status for _ in range(3)] == [400, 200, 200]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "unknown"}, "invalid_grant"),
    ],
)
def test_refusals(form: dict[str, str], error: str) -> None:
    assert body(Client().token(form), 400)["error"] == error


def test_wrong_clients_are_refused() -> None:
    client = Client()
    assert body(client.token({"grant_type": "refresh_token", "refresh_token": "x"}, secret="wrong"), 400) == {
        "error": "invalid_client",
        "error_description": "Invalid client secret",
    }
    stranger = client.service.handle(Request("POST", "/api/token", headers={"content-type": FORM}))
    assert body(stranger, 400)["error_description"] == "Invalid client"
    mangled = {"content-type": FORM, "authorization": "Basic ???"}
    assert client.service.handle(Request("POST", "/api/token", headers=mangled)).status == 400
    as_json = client.service.handle(Request("POST", "/api/token", headers={"content-type": "application/json"}))
    assert body(as_json, 400)["error"] == "unsupported_grant_type"
    assert client.service.handle(Request("GET", "/elsewhere")).status == 404


def exchange(code: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}


def code_of(response: Response) -> str:
    assert response.status == 302
    location = urlsplit(response.headers["Location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == REDIRECT
    return parse_qs(location.query)["code"][0]


def test_consent_with_a_secret() -> None:
    client = Client()
    answer = client.authorize(scope="user-library-read", state="abc")
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["state"] == ["abc"]
    code = code_of(answer)
    tokens = body(client.token(exchange(code)))
    assert tokens["scope"] == "user-library-read"
    assert client.grants.scopes_of(tokens["access_token"]) == frozenset({"user-library-read"})
    assert body(client.refresh(tokens["refresh_token"]))["scope"] == "user-library-read"
    again = client.token(exchange(code))
    assert body(again, 400)["error"] == "invalid_grant"


@pytest.mark.parametrize(("verifier", "status"), [("a-long-verifier", 200), ("another", 400)])
def test_consent_with_pkce(verifier: str, status: int) -> None:
    client = Client()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"a-long-verifier").digest()).rstrip(b"=").decode()
    code = code_of(client.authorize(code_challenge=challenge, code_challenge_method="S256"))
    answer = client.token({**exchange(code), "code_verifier": verifier}, basic=False)
    body(answer, status)


def test_an_exchange_needs_a_proof_and_the_same_redirect() -> None:
    client = Client()
    code = code_of(client.authorize())
    unproven = client.token(exchange(code), basic=False)
    assert body(unproven, 400)["error"] == "invalid_client"
    code = code_of(client.authorize())
    elsewhere = client.token({**exchange(code), "redirect_uri": "https://example.invalid/"})
    assert body(elsewhere, 400)["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("redirect", "status"),
    [
        ("https://example.invalid/cb", 302),
        ("http://127.0.0.1:5/cb", 302),
        ("http://[::1]:5/cb", 302),
        ("http://localhost:5/cb", 400),
        ("http://example.invalid/cb", 400),
    ],
)
def test_redirect_uris(redirect: str, status: int) -> None:
    assert Client().authorize(redirect_uri=redirect).status == status


def test_other_wrong_requests_for_consent() -> None:
    client = Client()
    assert client.authorize(client_id="nobody").status == 400
    assert "error=unsupported_response_type" in client.authorize(response_type="token").headers["Location"]


def test_expiry_and_revocation() -> None:
    client = Client()
    token = body(client.refresh())["access_token"]
    client.grants.expire_access_tokens()
    assert client.grants.scopes_of(token) is None
    assert client.grants.has_expired(token)
    body(client.refresh())
    client.grants.revoke()
    assert body(client.refresh(), 400)["error"] == "invalid_grant"


def test_the_grants_do_not_show_their_tokens() -> None:
    grants = SpotifyGrants()
    assert grants.refresh_token not in repr(grants)
    assert grants.client_secret not in repr(grants)
