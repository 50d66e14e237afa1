"""The public API (``api.deezer.com``) through deezer-python, with a token or without one.

Theory. deezer-python 7.4 is an ``httpx.Client`` with an authentication flow and a layer that turns answers into
objects. Those objects make further requests when an absent field is touched, and their lists make one more to learn
their length, which no budget would see. So the two layers are used apart: the client sends (connections, token,
headers), and the JSON is read here and decoded in ``decode``. Three more reasons, all measured: its own ``request``
gives HTTP errors whose text is the URL with the token in it, does not tell a quota refusal from any other, and cannot
parse several of Deezer's genuine answers.

Errors arrive as HTTP 200 with ``{"error": {"type", "message", "code"}}``; ``CODES`` says what each code means here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from musicdiff_job import __version__
from musicdiff_job.core.address import is_this_machine
from musicdiff_job.core.errors import (
    AuthError,
    BadAnswer,
    Forbidden,
    JobError,
    NotFound,
    NoWayOut,
    Throttled,
    Transient,
)
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer import answers
from musicdiff_job.deezer.answers import Declined, Full
from musicdiff_job.deezer.fields import number, obj

if TYPE_CHECKING:
    import httpx

TOKEN_HINT = "Set a new DEEZER_ACCESS_TOKEN, or use DEEZER_ARL instead"  # noqa: S105 - advice, not a secret
OWN = "user/me"
"""Paths below this one are about the token's own account."""


def _quota(message: str) -> JobError:
    return Throttled(message, retry_after=None)


CODES: Mapping[int, Callable[[str], JobError]] = {
    4: _quota,  # "Quota limit exceeded", quoted in issue threads; the service never says for how long
    100: Full,  # "items limit exceeded" in the lists of other clients; never recorded
    200: Forbidden,  # recorded: a token is needed. Below OWN it means that ours is not accepted, see _refusal
    300: Forbidden,  # token invalid, expired or revoked (other clients). Where one was sent a person must act
    500: BadAnswer,  # "Wrong parameter", recorded; also duplicates, see _refusal
    501: BadAnswer,  # a parameter is missing (other clients)
    600: NotFound,  # a search that Deezer cannot parse finds nothing (other clients)
    700: Transient,  # "service busy" (other clients repeat it)
    800: NotFound,  # "no data", recorded
    901: Forbidden,  # a child's account may not (other clients)
}
"""Deezer's error codes. Any other one is a ``BadAnswer``."""


class PublicApi:
    """One connection pool to the public API, opened by the first request; safe to use from several threads. ``close``
    it."""

    def __init__(self, api_url: str, redactor: Redactor, token: Secret | None = None) -> None:
        redactor.learn(token)
        self._redactor = redactor
        self._base_url = api_url.rstrip("/") + "/"
        self._token = token
        self._lock = threading.Lock()
        self._opened: httpx.Client | None = None
        self.date = ""
        """The ``Date`` header of the latest answer: Deezer's clock."""
        # httpx logs every URL at INFO, and Deezer's URLs carry the token; httpcore logs them at DEBUG.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            self._opened.close()

    def request(
        self,
        method: str,
        path: str,
        timeout: float,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> object:
        """Make one request and return its JSON. ``path`` is relative to the base URL; ``form`` is sent as the body,
        which has no length limit and stays out of access logs. Raises ``Throttled``, ``Transient``, ``AuthError``,
        ``NotFound``, ``Forbidden``, ``Declined`` and ``BadAnswer``."""
        status, headers, body = self._send(method, path, timeout, params, form)
        answer = answers.read(status, headers, body)
        error = answer.get("error") if isinstance(answer, dict) else None
        if error:
            raise self._refusal(error, path)
        if status == 401:
            raise self._unsigned("Deezer refuses the access token (HTTP 401)")
        if status == 403:
            raise Forbidden("Deezer does not allow this (HTTP 403)")
        if status >= 400:
            raise BadAnswer(f"Deezer refused a request (HTTP {status})")
        if method == "GET" and not isinstance(answer, dict):
            # Whatever is read is an object (recorded); anything else says nothing, least of all that there is none.
            raise Transient("Deezer's answer is not a JSON object")
        return answer

    def _client(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._opened is not None:
                return self._opened
            try:
                self._opened = self._connected()
                return self._opened
            except (OSError, ValueError, httpx.InvalidURL) as error:
                # httpx reads certificates and proxies now, and leaves what is wrong with them as it is.
                failure = NoWayOut(error)
        raise failure

    def _connected(self) -> httpx.Client:
        # 0.2 s for the import and the certificates, which a run without calls does not pay.
        import deezer
        import httpx
        from deezer.auth import DeezerQueryAuth

        client: httpx.Client = deezer.Client.__new__(deezer.Client)
        # Its own constructor has no word in proxies, and none has business with what is on its way to this same
        # machine, where it would travel in clear.
        httpx.Client.__init__(
            client,
            base_url=self._base_url,
            auth=DeezerQueryAuth(self._token.reveal()) if self._token else None,
            # Display names follow the language ("Varios Artistas", recorded), so it is pinned.
            headers={"Accept-Language": "en", "User-Agent": f"musicdiff-job/{__version__}"},
            trust_env=not is_this_machine(self._base_url),
        )
        return client

    def _send(
        self, method: str, path: str, timeout: float, params: Mapping[str, str] | None, form: Mapping[str, str] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        import httpx

        client = self._client()
        try:
            # Not client.request: that is deezer-python's parsing layer, see above.
            request = client.build_request(method, path, params=params, data=form, timeout=timeout)
            response = client.send(request, follow_redirects=False)
            self.date = response.headers.get("Date", "")
            return response.status_code, response.headers, response.content
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            failure = Transient(f"Deezer cannot be reached ({type(error).__name__})", unsent=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = Transient(f"the connection to Deezer failed ({type(error).__name__})")
        raise failure

    def _refusal(self, error: object, path: str) -> JobError:
        """The error that an ``error`` member of an answer stands for: an object, or for an unknown route a string
        (both recorded)."""
        said = obj(error)
        code = number(said.get("code"))
        message = answers.quoted(said.get("message") or error, self._redactor)
        text = f"Deezer answered with error {'without code' if code is None else code}: {message}"
        if code == 300 or (code == 200 and path.startswith(OWN)):
            return self._unsigned(text)
        if code == 500 and "already exists" in message.lower():
            return Declined(text, already=True)
        return CODES.get(code, BadAnswer)(text) if code is not None else BadAnswer(text)

    def _unsigned(self, message: str) -> JobError:
        """The error of a call that was not taken for the account's. Without a token nobody can renew one."""
        return AuthError(message, TOKEN_HINT) if self._token else Forbidden(message)
