"""A signed-in session on Deezer's web gateway (``gw-light.php``): cookies, CSRF token, envelope, errors.

Theory. The gateway is what deezer.com's own pages use; it is not documented, and all that is known comes from other
clients. The long-lived ``arl`` cookie signs in; the first answer sets a ``sid`` cookie and names a CSRF token bound to
it, which every further call repeats as ``api_token``. The session dies some hours after its last use; then calls fail
with a token error, having done nothing, and one renewal mends it. An ARL that is no longer valid is not an error: the
session simply belongs to nobody.

Answers are ``{"error": [], "results": ...}``; on failure ``error`` is an object ``{"KEY": "message"}``, HTTP 200 all
the same. ``ERRORS`` says what each key means here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from musicdiff_job.core.address import is_this_machine
from musicdiff_job.core.errors import (
    AuthError,
    BadAnswer,
    ConfigError,
    Forbidden,
    JobError,
    NotFound,
    NoWayOut,
    Throttled,
    Transient,
    Unauthorized,
    Unavailable,
)
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer import answers, decode
from musicdiff_job.deezer.answers import Declined, Full
from musicdiff_job.deezer.fields import array, obj

if TYPE_CHECKING:
    import requests

    from musicdiff_job.ports import Door

T = TypeVar("T")

ARL_HINT = "Renew the ARL: `musicdiff-job auth deezer`"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
"""Every client that is known to work sends a browser's; whether the gateway refuses others is unknown, and an edge
server stands in front of it that blocks whole addresses."""


class UnknownMethod(BadAnswer):
    """The gateway does not know the method; methods have been renamed."""


class ParametersRefused(BadAnswer):
    """The gateway says that the parameters are wrong, too many songs in one call among other things."""


def _sign_in(message: str) -> JobError:
    return AuthError(message, ARL_HINT)


def _quota(message: str) -> JobError:
    return Throttled(message, retry_after=None)


def _duplicate(message: str) -> JobError:
    return Declined(message, already=True)


ERRORS: Mapping[str, Callable[[str], JobError]] = {
    "VALID_TOKEN_REQUIRED": Unauthorized,  # "Invalid CSRF token": stale, or its sid is lost
    "NEED_API_AUTH_REQUIRED": Unauthorized,  # sid dead
    "NEED_USER_AUTH_REQUIRED": _sign_in,  # "Require user auth": ARL dead
    "DATA_ERROR": NotFound,
    "ERROR_DATA_EXISTS": _duplicate,  # "This song already exists in this playlist": the whole batch is refused
    "QUOTA_ERROR": _quota,  # "Quota exceeded on playlist delete songs" after some thousand writes
    "REQUEST_ERROR": ParametersRefused,
    "PERMISSION_ERROR": Forbidden,
    # Named in lists of other clients, never seen by any:
    "CSRF_TOKEN_INVALID": Unauthorized,
    "USER_AUTH_REQUIRED": _sign_in,
    "ITEMS_LIMIT_EXCEEDED": Full,
    "PARAMETER_REQUIRED": ParametersRefused,
}
"""The gateway's error keys (observed by other clients). Any other one is a ``BadAnswer``."""

GATEWAY_ERRORS: Mapping[str, Callable[[str], JobError]] = {
    "invalid api token": Unauthorized,
    "need_user_auth_required": _sign_in,
    "undefined or invalid output": UnknownMethod,
}
"""The key ``GATEWAY_ERROR`` says what it means in its message only (observed by other clients)."""


class GatewaySession:
    """One session; opened by the first call. ``close`` it. Not for use from several threads."""

    def __init__(self, door: Door, redactor: Redactor, gateway_url: str, arl: Secret) -> None:
        import requests

        redactor.learn(arl)
        self._door = door
        self._redactor = redactor
        self._url = gateway_url
        self._signed_in: decode.SignIn | None = None
        self.date = ""
        """The ``Date`` header of the latest answer: Deezer's clock."""
        host, loopback = _host(gateway_url)
        # urllib3 logs every path with its query at DEBUG, and the query carries the CSRF token.
        logging.getLogger("urllib3").setLevel(logging.INFO)
        self._http = requests.Session()
        self._http.headers.update({"User-Agent": USER_AGENT, "Accept-Language": "en", "Accept": "application/json"})
        # Without this requests would add a password from ~/.netrc for this host.
        self._http.auth = _no_auth
        self._http.hooks["response"].append(_forget_where)
        # A proxy has no business with the ARL on its way to the same machine, where it would travel in clear.
        self._http.trust_env = not loopback
        # The cookie jar appends ".local" to names without a dot before it compares them.
        domain = host if "." in host else f"{host}.local"
        self._http.cookies.set("arl", arl.reveal(), domain=domain, path="/", secure=not loopback)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def signed_in(self) -> decode.SignIn:
        """Who is signed in; one call the first time. Raises ``AuthError`` when nobody is."""
        return self._signed_in or self._open()

    def call(self, method: str, body: Mapping[str, object], parse: Callable[[object], T], *, write: bool = False) -> T:
        """Make one call and parse its ``results``; once more when the session had died, for then the first one did
        nothing. Raises what ``ports.Door`` raises, ``NotFound``, ``Forbidden``, ``Declined`` and other ``BadAnswer``.
        """
        signed_in = self.signed_in()
        for last in (False, True):
            token = signed_in.csrf

            def request(timeout: float, token: str = token) -> T:
                results = self._results(*self._send(method, body, token, timeout))
                if not write and not isinstance(results, dict):
                    # All that is read here is an object; anything else says nothing, least of all that there is none.
                    raise Transient("the results of Deezer's gateway are not an object")
                return parse(results)

            try:
                return self._door.call(Service.DEEZER, request, write=write)
            except Unauthorized as error:
                refused = error.message
            if not last:
                signed_in = self._open()
        raise AuthError(f"Deezer's gateway refuses the session that it has just opened: {refused}", ARL_HINT)

    def _open(self) -> decode.SignIn:
        silent = False

        def request(timeout: float) -> decode.SignIn | None:
            nonlocal silent
            # The literal "null" is what the web player and most clients send before they have a token.
            status, headers, content = self._send("deezer.getUserData", {}, "null", timeout)
            silent = status == 200 and not content.strip()
            try:
                results = self._results(status, headers, content)
                if isinstance(results, dict):
                    return decode.sign_in(results)
                refused = "its results are not an object"
            except Unauthorized as error:
                # There is no session yet that could be refused; it says nothing about the ARL.
                refused = error.message
            raise Transient(f"Deezer's gateway opens no session: {refused}")

        try:
            found = self._door.call(Service.DEEZER, request, auth=True)
        except Unavailable:
            if not silent:
                raise
            # Observed by another client with an ARL that had been revoked for being shared.
            raise AuthError("Deezer does not accept the ARL: it opens no session", ARL_HINT) from None
        if found is None:
            raise AuthError("Deezer does not accept the ARL: it signs nobody in", ARL_HINT)
        self._redactor.learn(found.csrf, found.session_id)
        self._signed_in = found
        return found

    def _results(self, status: int, headers: Mapping[str, str], content: bytes) -> object:
        """The ``results`` of an answer."""
        answer = answers.read(status, headers, content)
        envelope = obj(answer)
        error = envelope.get("error")
        if error:
            raise self._refusal(error)
        if status == 401:
            raise _sign_in("Deezer's gateway refuses the session (HTTP 401)")
        if status == 403:
            raise Forbidden("Deezer's gateway does not allow this (HTTP 403)")
        if status >= 400:
            raise BadAnswer(f"Deezer's gateway refused a request (HTTP {status})")
        if "results" not in envelope:
            # {}, null and false have been met instead of an envelope; they say nothing either way.
            raise Transient("Deezer's gateway answered without results")
        return envelope["results"]

    def _send(
        self, method: str, body: Mapping[str, object], token: str, timeout: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        import requests

        query = {"method": method, "input": "3", "api_version": "1.0", "api_token": token}
        failure: JobError
        try:
            response = self._http.post(self._url, params=query, json=body, timeout=timeout, allow_redirects=False)
            self._redactor.learn(*(cookie.value for cookie in response.cookies if cookie.name == "sid"))
            self.date = response.headers.get("Date", "")
            return response.status_code, response.headers, response.content
        except requests.RequestException as error:
            # Never str(error): it holds the URL with the CSRF token.
            failure = Transient(f"Deezer cannot be reached ({type(error).__name__})", unsent=_unsent(error))
        except OSError as error:
            # The one that requests does not make its own: a bundle of certificates that is not there.
            failure = NoWayOut(error)
        raise failure

    def _refusal(self, error: object) -> JobError:
        """The error that the ``error`` member of an answer stands for."""
        keys = obj(error) or {str(key): "" for key in array(error)}
        key, message = next(iter(keys.items()), ("", ""))
        quoted = answers.quoted(message, self._redactor)
        text = f"Deezer's gateway answered {answers.quoted(key, self._redactor)}: {quoted}"
        if key == "GATEWAY_ERROR":
            return GATEWAY_ERRORS.get(quoted.lower(), UnknownMethod)(text)
        return ERRORS.get(key, BadAnswer)(text)


def _host(url: str) -> tuple[str, bool]:
    """The host of a gateway URL and whether it is this machine. Raises ``ConfigError`` when the ARL would travel in
    clear over a network."""
    parts = urlsplit(url)
    host, loopback = parts.hostname or "", is_this_machine(url)
    if not host or parts.scheme not in {"https", "http"} or (parts.scheme == "http" and not loopback):
        problem = "MUSICDIFF_DEEZER_GATEWAY_URL must begin with https:// (http:// only for this machine)"
        raise ConfigError([problem], "The ARL is a password: it is only sent encrypted")
    return host, loopback


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _forget_where(response: requests.Response, *_: object, **__: object) -> None:
    """Take a redirect's address away: requests reads it even when told not to go there, and may stumble."""
    response.headers.pop("Location", None)


def _unsent(error: requests.RequestException) -> bool:
    """Whether the request certainly never left: no connection was made. Requests wraps urllib3's reason."""
    import requests
    from urllib3.exceptions import NewConnectionError, ProxyError

    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    return isinstance(reason, NewConnectionError)
