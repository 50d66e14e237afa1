"""The seam between Spotify's HTTP and the job: one request out, one answer or one of our errors back.

Theory. Foreign exceptions never leave this module. They carry request objects with the bearer token in the headers
and the client secret in the body, and ``raise ... from None`` would still keep them in ``__context__``; so they are
caught, judged, and forgotten before ours is raised. What they mean is read from the response itself, which a hook on
the session notes, because spotipy 2.26 loses it: a JSON error that is a bare string ends in an ``AttributeError``
without status or headers.

The session does nothing on its own: no retries (a retry is a call, and calls are counted by the gate), no redirects,
no cookies, no credentials from ``~/.netrc``. Proxies and certificate bundles from the environment are honoured, but a
proxy has no business with what is on its way to this same machine, where it would travel in clear.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeGuard, TypeVar

import requests
import urllib3.exceptions
from spotipy import Spotify, SpotifyException

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
    Unauthorized,
)
from musicdiff_job.core.secret import Redactor
from musicdiff_job.ports import Clock

LONGEST_WAIT = 31 * 86_400.0
"""Seconds. A longer ``Retry-After`` is taken for this: observed ones stay below two days, and no sum of it with a
date may overflow."""

AUTHORISE = "Authorise again with `musicdiff-job auth spotify`"

NO_PREMIUM = (
    "The owner of the Spotify app needs an active Premium subscription (a rule for apps in development mode); the job "
    "resumes once there is one"
)

# Texts of 403 answers that a person has to act on, whatever was asked for (all observed by other clients).
_FOR_A_PERSON = (
    ("insufficient client scope", "The consent lacks a permission that the job needs. " + AUTHORISE),
    ("not registered", "Add the account under Users and Access of the app on https://developer.spotify.com/dashboard"),
    ("check your settings on", "Add the account under Users and Access of the app in Spotify's developer dashboard"),
)

# spotipy logs every failed request with its URL at ERROR, although the failure is dealt with here, and the
# Authorization header at DEBUG. Its loggers have no level of their own, so the parent's decides for all of them.
logging.getLogger("spotipy").setLevel(logging.CRITICAL)

T = TypeVar("T")


class Wire:
    """One strict session, used serially. ``close`` gives the connections back."""

    def __init__(self, clock: Clock, redactor: Redactor) -> None:
        self._clock = clock
        self._redactor = redactor
        self._response: requests.Response | None = None
        self.date = ""
        """The ``Date`` header of the latest answer: Spotify's clock."""
        self.session: requests.Session = _Session()
        self.session.headers["User-Agent"] = f"musicdiff-job/{__version__}"
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Without any auth of its own, requests would replace the bearer token by what ~/.netrc has for the host.
        self.session.auth = _leave_alone
        self.session.hooks["response"].append(self._note)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def api(self, url: str) -> Spotify:
        """A spotipy client that speaks to the API at ``url`` over this session, without a token yet."""
        # With a session given, spotipy mounts no retrying adapter of its own (read in 2.26 and tried).
        spotify = Spotify(requests_session=self.session)
        spotify.prefix = url.rstrip("/") + "/"
        return spotify

    def attempt(self, what: str, request: Callable[[], T | None]) -> T:
        """Make one request by ``request`` and return its answer; None is no answer.

        Raises what ``refusal`` gives, and ``Transient`` for everything that is not an answer in JSON. ``what`` begins
        the message.
        """
        self._response = None
        try:
            answer = request()
            if answer is not None:
                return answer
            # spotipy's word for a body that is not JSON: HTML of a gateway, a truncated or an empty one.
            failure: JobError = Transient(f"{what}: Spotify's answer is not JSON")
        except requests.exceptions.TooManyRedirects:
            failure = Transient(f"{what}: the address redirects elsewhere, which is not followed")
        except requests.exceptions.Timeout as error:
            failure = Transient(f"{what}: no answer from Spotify in time", unsent=_unsent(error))
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            failure = Transient(f"{what}: the connection to Spotify failed", unsent=_unsent(error))
        except OSError as error:
            # The one that requests does not make its own: a bundle of certificates that is not there.
            failure = NoWayOut(error)
        except SpotifyException:
            # Without a response it is spotipy itself that refuses: the id is not in Spotify's alphabet.
            seen = self._seen()
            failure = BadAnswer(f"{what}: not an id of Spotify's") if seen is None else self.refusal(what, seen)
        except (AttributeError, TypeError, RecursionError):
            if (seen := self._seen()) is None:
                raise  # our own mistake, nothing was asked yet
            failure = self.refusal(what, seen)
        finally:
            self._response = None
        # Outside the handlers, so that the foreign exception is not even kept as the context of ours.
        raise failure

    def refusal(self, what: str, response: requests.Response) -> JobError:
        """The error that an answer of the API other than a proper one stands for. The causes of a 403 that no other
        collection escapes are an ``AuthError`` for a person."""
        text, _ = complaint(response)
        said = f": {shown}" if (shown := self.presentable(text)) else ""
        message = f"{what}: Spotify answered {response.status_code}{said}"
        lower = text.lower()
        match response.status_code:
            case 429:
                return self.throttled(what, response)
            case 401:
                return Unauthorized(message)
            case 403 | 404 if text.lstrip().startswith("<"):
                # Spotify refuses in JSON or in plain words; a page comes from something on the way, and may be gone.
                return Transient(message)
            case 403 if "premium" in lower:
                # In July 2026 valid tokens met this by mistake and passed when they tried again (observed).
                return Unauthorized(message)
            case 403:
                hint = next((hint for words, hint in _FOR_A_PERSON if words in lower), None)
                return Forbidden(message) if hint is None else AuthError(message, hint)
            case 404:
                return NotFound(message)
            case status if 400 <= status < 500 and status != 408:
                return BadAnswer(message)
            case _:
                return Transient(message)

    def throttled(self, what: str, response: requests.Response) -> Throttled:
        """The error of a 429. A quota says so in its ``reason`` (documented since July 2026)."""
        _, reason = complaint(response)
        quota = reason == "QUOTA_EXCEEDED"
        return Throttled(
            f"{what}: Spotify's {'quota is used up' if quota else 'rate limit is reached'}",
            retry_after=retry_after(response.headers.get("Retry-After"), self._clock.now()),
            quota=quota,
        )

    def unauthorised(self, message: str) -> AuthError:
        """The end of the retries that ``Unauthorized`` answers are given."""
        return AuthError(message, NO_PREMIUM if "premium" in message.lower() else AUTHORISE)

    def presentable(self, text: str) -> str:
        """A service's words in one line of at most 200 characters, without secrets; "" for a page of HTML."""
        if text.lstrip().startswith("<"):
            return ""
        line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        return self._redactor.scrub(line)[:200]

    def _seen(self) -> requests.Response | None:
        return self._response

    def _note(self, response: requests.Response, *_: object, **__: object) -> None:
        self._response = response
        self.date = response.headers.get("Date", "")
        if 300 <= response.status_code < 400:
            # Said before requests reads the Location, on which it may stumble; and its body is no answer.
            raise requests.exceptions.TooManyRedirects


class _Session(requests.Session):
    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if is_this_machine(url):
            settings["proxies"] = {}
        return settings


def complaint(response: requests.Response) -> tuple[str, str]:
    """The message and the reason of an answer that refuses, each "" when it has none.

    The API's form is ``{"error": {"status", "message", "reason"}}``; an ``error`` that is a bare string and plain text
    without JSON occur too (observed), the latter as the only sign of why an account is refused.
    """
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return response.content.decode("utf-8", "replace"), ""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        message, reason = error.get("message"), error.get("reason")
        return message if isinstance(message, str) else "", reason if isinstance(reason, str) else ""
    return error if isinstance(error, str) else "", ""


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds a ``Retry-After`` header asks to wait: a number (what Spotify sends, documented) or an HTTP date;
    None when it is missing or neither. Never negative, at most ``LONGEST_WAIT``."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"\d{1,12}(\.\d*)?", value, re.ASCII):
        seconds = float(value)
    else:
        try:
            date = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)


def is_token(value: object) -> TypeGuard[str]:
    """Whether an answer's value can be a token: one word of printable ASCII (RFC 6749, appendix A, without the space).
    Nothing else can be sent in a header."""
    return isinstance(value, str) and re.fullmatch(r"[!-~]+", value) is not None


def _leave_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _unsent(error: Exception) -> bool:
    """Whether no connection was made at all, so that the service cannot have seen the request."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)
