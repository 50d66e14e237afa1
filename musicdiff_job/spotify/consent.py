"""A person's consent: the address to open, the answer that comes back, the tokens it is exchanged for.

Theory. The authorisation code flow (documented, https://developer.spotify.com/documentation/web-api/concepts/authorization):
a browser opens Spotify's page, and Spotify sends it back to a redirect URI with a code, which is good for one exchange
within minutes. Two things keep strangers out. ``state`` proves that the answer belongs to this question, for any page
can send a browser to the loopback address. And the exchange needs either the app's secret or, without one, the
verifier whose hash was in the address (PKCE, S256), so that a code alone is worth nothing.

spotipy makes the address and the PKCE pair. Its exchange is not used: it has no time-out, hides a consent that is
narrower than asked for, and keeps tokens in a file of its own in the working directory.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
from spotipy import MemoryCacheHandler, SpotifyOAuth, SpotifyPKCE

from musicdiff_job.core.errors import AuthError, Transient
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.ports import Clock, Door
from musicdiff_job.spotify.identity import Profile, whose
from musicdiff_job.spotify.wire import Wire, is_token

if TYPE_CHECKING:
    import requests

AGAIN: Final = "Start again with `musicdiff-job auth spotify`"
DASHBOARD: Final = "https://developer.spotify.com/dashboard"

_PASSING: Final = frozenset({"server_error", "temporarily_unavailable"})
"""OAuth's error names for trouble on the server's side (RFC 6749), whatever status they come with."""


class Scope(msgspec.Struct, frozen=True):
    """A permission, what of the account it lets the job read or do, and whether the job can do without."""

    name: str
    reads: str
    needed: bool


RECENTLY_PLAYED: Final = "user-read-recently-played"

SCOPES: Final = (
    Scope("playlist-read-private", "your private playlists", needed=True),
    Scope("playlist-read-collaborative", "playlists that you share with others", needed=True),
    Scope("user-library-read", "your liked songs and saved albums", needed=True),
    Scope("user-follow-read", "the artists you follow", needed=False),
    Scope(RECENTLY_PLAYED, "what you played last, for the listening history", needed=False),
)
"""All that is asked for (documented in Spotify's list of scopes). None of them can change anything."""
WRITING: Final = (
    Scope("playlist-modify-private", "adding and removing tracks in your private playlists", needed=False),
    Scope("playlist-modify-public", "adding and removing tracks in your public playlists", needed=False),
)
"""What is asked for besides where hand edits on Deezer are to flow back."""


class Question(msgspec.Struct, frozen=True):
    """What a browser is sent to Spotify with. ``verifier`` is None for an app with a secret."""

    url: str
    redirect_uri: str
    state: Secret
    verifier: Secret | None
    scopes: tuple[Scope, ...] = SCOPES


class Foreign(msgspec.Struct, frozen=True):
    """An address that is not the answer to our question, and why."""

    reason: str


class Granted(msgspec.Struct, frozen=True):
    """What a consent brought. ``missing`` are the scopes that were asked for and not given."""

    refresh: Secret
    access: Secret
    missing: tuple[Scope, ...]


def ask(
    accounts_url: str,
    client_id: str,
    client_secret: Secret | None,
    redirect_uri: str,
    scopes: tuple[Scope, ...] = SCOPES,
) -> Question:
    """A new question for ``scopes`` with a state of its own; with PKCE unless the app has a secret. No call."""
    state = secrets.token_urlsafe(24)
    given = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "scope": [scope.name for scope in scopes],
        "cache_handler": MemoryCacheHandler(),
        "open_browser": False,
        "requests_session": False,
    }
    if client_secret is None:
        flow = SpotifyPKCE(**given)
    else:
        flow = SpotifyOAuth(client_secret=client_secret.reveal(), **given)
    flow.OAUTH_AUTHORIZE_URL = f"{accounts_url.rstrip('/')}/authorize"
    url: str = flow.get_authorize_url()
    verifier = Secret(flow.code_verifier) if client_secret is None else None
    return Question(url, redirect_uri, Secret(state), verifier, scopes)


def read_answer(address: str, question: Question) -> Secret | Foreign:
    """The code in the address that Spotify sent the browser to. Raises ``AuthError`` when it says, with our state,
    that there will be none."""
    try:
        # Not only of our own redirect URI: behind a tunnel or a forwarded port it is another one.
        given = dict(parse_qsl(urlsplit(address.strip()).query))
    except ValueError:
        return Foreign("it is no web address")
    if "state" not in given or not given.keys() & {"code", "error"}:
        return Foreign("it is not the whole address that Spotify's page led to, with `code` and `state`")
    if not secrets.compare_digest(given["state"].encode(), question.state.reveal().encode()):
        return Foreign("its `state` is of another attempt")
    if "code" in given:
        return Secret(given["code"])
    if given["error"] == "access_denied":
        raise AuthError("Spotify says that consent was declined", f"Nothing was changed. {AGAIN} and accept")
    raise AuthError(f"Spotify gives no consent ({given['error'][:100]})", f"Check the app on {DASHBOARD}. {AGAIN}")


class ConsentExchange:
    """Exchanges the answer for tokens. Used serially; ``close`` it."""

    def __init__(
        self,
        door: Door,
        clock: Clock,
        redactor: Redactor,
        accounts_url: str,
        api_url: str,
        client_id: str,
        client_secret: Secret | None,
    ) -> None:
        redactor.learn(client_secret)
        self._door = door
        self._redactor = redactor
        self._url = f"{accounts_url.rstrip('/')}/api/token"
        self._api_url = api_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._wire = Wire(clock, redactor)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def redeem(self, question: Question, code: Secret) -> Granted:
        """The tokens for a code. One auth call; should its answer be lost, the repetition is refused, for a code works
        once. Raises ``AuthError`` and what the door raises."""
        self._redactor.learn(code, question.verifier)
        form = {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "redirect_uri": question.redirect_uri,
            "client_id": self._client_id,
        }
        if question.verifier is not None:
            form["code_verifier"] = question.verifier.reveal()
        basic = (self._client_id, self._client_secret.reveal()) if self._client_secret else None

        def request(timeout: float) -> Granted:
            response = self._wire.attempt(
                "token exchange",
                lambda: self._wire.session.post(self._url, data=form, auth=basic, timeout=timeout),
            )
            return self._understand(response, question.scopes)

        return self._door.call(Service.SPOTIFY, request, auth=True)

    def profile(self, granted: Granted) -> Profile:
        """Whose account it is, by a real call of the API. Raises ``AuthError``, ``Forbidden``, ``BadAnswer`` and what
        the door raises."""
        return whose(self._door, self._wire, self._api_url, granted.access)

    def _understand(self, response: requests.Response, asked: tuple[Scope, ...] = SCOPES) -> Granted:
        if response.status_code == 429:
            raise self._wire.throttled("token exchange", response)
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            answer = None
        if answer is None or response.status_code >= 500 or answer.error in _PASSING:
            raise Transient(f"token exchange: Spotify answered {response.status_code} without tokens")
        self._redactor.learn(answer.access_token, answer.refresh_token)
        if answer.error:
            raise self._refusal(answer)
        if response.status_code != 200 or not is_token(answer.access_token) or not is_token(answer.refresh_token):
            raise AuthError(f"token exchange: Spotify answered {response.status_code} without tokens", AGAIN)
        # RFC 6749, 5.1: where the answer does not name the scope, it is the one asked for.
        given = {scope.name for scope in asked} if answer.scope is None else set(answer.scope.split())
        return Granted(
            refresh=Secret(answer.refresh_token),
            access=Secret(answer.access_token),
            missing=tuple(scope for scope in asked if scope.name not in given),
        )

    def _refusal(self, answer: _Answer) -> AuthError:
        words = filter(None, (self._wire.presentable(answer.error), self._wire.presentable(answer.error_description)))
        said = f"Spotify refuses the token exchange ({': '.join(words)})"
        match answer.error:
            case "invalid_grant":
                return AuthError(said, f"The browser's answer is good for one use within a few minutes. {AGAIN}")
            case "invalid_client" if self._client_secret is None:
                return AuthError(said, f"Check the client id against the app on {DASHBOARD}")
            case "invalid_client":
                return AuthError(said, f"Check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET on {DASHBOARD}")
            case _:
                return AuthError(said, f"Check the app on {DASHBOARD}. {AGAIN}")


class _Answer(msgspec.Struct, frozen=True):
    """The token endpoint's answer of either kind."""

    access_token: str | None = None
    refresh_token: str | None = None
    scope: str | None = None
    error: str = ""
    error_description: str = ""
