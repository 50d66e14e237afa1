"""Spotify's authorisation server: consent, token exchange, refresh, and the ways its refresh has behaved.

Facts (documented, and observed by other clients): access tokens live an hour; a refresh token dies six months after
consent, refreshing does not prolong it and no field tells its age; since mid-2026 a refresh answer has no
``refresh_token``, before that the PKCE flow rotated it. A refused token is HTTP 400 ``invalid_grant``; the texts of
``error_description`` vary. The mode applies to both flows here, as the hardest case.

``SpotifyGrants`` is the state, shared with the API that checks access tokens; ``SpotifyAccounts`` is the service.
Consent is given at once to whoever opens ``/authorize``.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec

from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.spotify_library import base62_id

SCOPES: Final = (
    "playlist-read-private playlist-read-collaborative user-library-read user-follow-read user-read-recently-played"
)
WRITE_SCOPES: Final = "playlist-modify-public playlist-modify-private"


class TokenMode(StrEnum):
    """How the token endpoint treats a refresh."""

    NO_ROTATION = "no_rotation"
    """The answer has no refresh token; the first one stays valid (the rule since mid-2026)."""
    ROTATE_AND_INVALIDATE = "rotate_and_invalidate"
    """Each refresh returns a new refresh token and the old one is refused from then on."""
    ROTATE_KEEP_OLD = "rotate_keep_old"
    """Each refresh returns a new refresh token; old ones stay valid."""
    EMPTY_STRING = "empty_string"
    """The answer's refresh token is an empty string; the first one stays valid (handled by other clients)."""
    EXPIRED_6_MONTHS = "expired_6_months"
    """Every refresh is refused: consent is more than six months old."""
    FLAKY_503 = "flaky_503"
    """Every other refresh, the first one included, answers 503 with plain text."""
    FALSE_INVALID_GRANT_ONCE = "false_invalid_grant_once"
    """The first refresh is refused although the token is valid (observed by other clients), later ones are not."""


class Consent(msgspec.Struct, frozen=True):
    """What an authorisation code stands for until it is exchanged."""

    redirect_uri: str
    scope: str
    challenge: str


class SpotifyGrants:
    """The app, its tokens and who may call what. Safe to share between threads."""

    def __init__(self, mode: TokenMode = TokenMode.NO_ROTATION, scope: str = SCOPES) -> None:
        self.client_id: Final = hashlib.md5(b"sandbox client", usedforsecurity=False).hexdigest()
        self.client_secret: Final = hashlib.md5(b"sandbox secret", usedforsecurity=False).hexdigest()
        self.mode = mode
        self._lock = threading.Lock()
        self._issued = 0
        self._refreshes = 0
        self._refresh: dict[str, str] = {}
        self._access: dict[str, frozenset[str]] = {}
        self._expired: set[str] = set()
        self._codes: dict[str, Consent] = {}
        self.refresh_token: Final = self._new_refresh_token(scope)

    def __repr__(self) -> str:
        return f"SpotifyGrants(mode={self.mode.value!r})"

    def scopes_of(self, access_token: str) -> frozenset[str] | None:
        """The scopes of a live access token, or None."""
        with self._lock:
            return self._access.get(access_token)

    def issued(self) -> frozenset[str]:
        """Every access and refresh token that is or was valid, for tests that look for leaks."""
        with self._lock:
            return frozenset(self._access) | frozenset(self._expired) | frozenset(self._refresh)

    def has_expired(self, access_token: str) -> bool:
        """Whether this was a live access token once."""
        with self._lock:
            return access_token in self._expired

    def expire_access_tokens(self) -> None:
        """Let an hour pass: every access token issued so far is refused."""
        with self._lock:
            self._expired |= self._access.keys()
            self._access.clear()

    def revoke(self) -> None:
        """Take the consent back: every token and code issued so far is refused."""
        self.expire_access_tokens()
        with self._lock:
            self._refresh.clear()
            self._codes.clear()

    def issue_access_token(self, scope: str = SCOPES) -> str:
        """A live access token, for tests that do not care where it came from."""
        with self._lock:
            return self._new_access_token(scope)

    def consent(self, consent: Consent) -> str:
        """An authorisation code, good for one exchange."""
        with self._lock:
            code = f"AQ{self._unique('code')}"
            self._codes[code] = consent
            return code

    def redeem(self, code: str) -> Consent | None:
        """What the code stands for, or None when it was never issued or used before."""
        with self._lock:
            return self._codes.pop(code, None)

    def first_tokens(self, scope: str) -> dict[str, object]:
        """The answer to an exchanged code."""
        with self._lock:
            return {**self._answer(scope), "refresh_token": self._new_refresh_token(scope)}

    def refreshed(self, refresh_token: str) -> Response:
        """The answer to a refresh, by the mode."""
        with self._lock:
            self._refreshes += 1
            scope = self._refresh.get(refresh_token)
            if self.mode is TokenMode.FLAKY_503 and self._refreshes % 2:
                return Response(503, b"upstream connect error", {"Content-Type": "text/plain"})
            if self.mode is TokenMode.EXPIRED_6_MONTHS:
                return oauth_error("invalid_grant", "Refresh token expired")
            if scope is None or (self.mode is TokenMode.FALSE_INVALID_GRANT_ONCE and self._refreshes == 1):
                return oauth_error("invalid_grant", "Refresh token revoked" if scope else "Invalid refresh token")
            answer = self._answer(scope)
            if self.mode is TokenMode.ROTATE_AND_INVALIDATE:
                del self._refresh[refresh_token]
            if self.mode in {TokenMode.ROTATE_AND_INVALIDATE, TokenMode.ROTATE_KEEP_OLD}:
                answer["refresh_token"] = self._new_refresh_token(scope)
            if self.mode is TokenMode.EMPTY_STRING:
                answer["refresh_token"] = ""
            return Response.of(answer)

    def _answer(self, scope: str) -> dict[str, object]:
        token = self._new_access_token(scope)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": scope}

    def _new_access_token(self, scope: str) -> str:
        token = f"BQ{self._unique('access')}"
        self._access[token] = frozenset(scope.split())
        return token

    def _new_refresh_token(self, scope: str) -> str:
        token = f"AQ{self._unique('refresh')}"
        self._refresh[token] = scope
        return token

    def _unique(self, kind: str) -> str:
        self._issued += 1
        return "".join(base62_id("sandbox", kind, self._issued, part) for part in range(4))


def oauth_error(error: str, description: str, status: int = 400) -> Response:
    """An error in OAuth's form, which differs from the API's."""
    return Response.of({"error": error, "error_description": description}, status)


class SpotifyAccounts:
    """The service at ``/accounts``: ``GET /authorize`` and ``POST /api/token``."""

    def __init__(self, grants: SpotifyGrants) -> None:
        self.grants: Final = grants

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        match request.method, request.path:
            case "GET", "/authorize":
                return self._authorize(request)
            case "POST", "/api/token":
                return self._token(request)
            case _:
                return Response(404, b"Not found", {"Content-Type": "text/plain"})

    def _authorize(self, request: Request) -> Response:
        asked = request.query
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.grants.client_id:
            return Response(400, b"INVALID_CLIENT: Invalid client", {"Content-Type": "text/plain"})
        if not _allowed(redirect_uri):
            return Response(400, b"INVALID_CLIENT: Insecure redirect URI", {"Content-Type": "text/plain"})
        answer = {"state": asked["state"]} if "state" in asked else {}
        if asked.get("response_type") != "code" or asked.get("code_challenge_method", "S256") != "S256":
            answer["error"] = "unsupported_response_type"
        else:
            consent = Consent(redirect_uri, asked.get("scope", ""), asked.get("code_challenge", ""))
            answer["code"] = self.grants.consent(consent)
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return Response(302, b"", {"Location": f"{redirect_uri}{joint}{urlencode(answer)}"})

    def _token(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return oauth_error("unsupported_grant_type", "grant_type parameter is missing")
        form = request.form
        client_id, secret = _client(request)
        if client_id != self.grants.client_id:
            return oauth_error("invalid_client", "Invalid client")
        if secret is not None and secret != self.grants.client_secret:
            return oauth_error("invalid_client", "Invalid client secret")
        match form.get("grant_type"):
            case "refresh_token" if not form.get("refresh_token"):
                return oauth_error("invalid_request", "refresh_token must be supplied")
            case "refresh_token":
                return self.grants.refreshed(form["refresh_token"])
            case "authorization_code":
                return self._exchange(form, confidential=secret is not None)
            case _:
                return oauth_error("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    def _exchange(self, form: dict[str, str], *, confidential: bool) -> Response:
        consent = self.grants.redeem(form.get("code", ""))
        if consent is None:
            return oauth_error("invalid_grant", "Invalid authorization code")
        if form.get("redirect_uri") != consent.redirect_uri:
            return oauth_error("invalid_grant", "Invalid redirect URI")
        if consent.challenge and _challenge(form.get("code_verifier", "")) != consent.challenge:
            return oauth_error("invalid_grant", "code_verifier was incorrect")
        if not consent.challenge and not confidential:
            return oauth_error("invalid_client", "Invalid client secret")
        return Response.of(self.grants.first_tokens(consent.scope))


def _client(request: Request) -> tuple[str, str | None]:
    """Who is asking: id and secret from Basic authorisation, or the id alone from the form (PKCE)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request.form.get("client_id", ""), request.form.get("client_secret")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return client_id, secret


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _allowed(redirect_uri: str) -> bool:
    """HTTPS, or HTTP to a loopback IP literal; ``localhost`` is refused since 2025 (documented)."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1"})
