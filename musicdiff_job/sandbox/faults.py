"""How the sandbox misbehaves on request: rules that pick calls, and effects that spoil their answers.

A ``Fault`` picks calls by service, method and path and says which of the matching calls it spoils: ``skip`` of them are
left alone, the next ``count`` are spoilt. Several rules may match; the first that still has calls to spoil wins, and
every matching rule counts the call. An effect either replaces the answer (the request is not applied), or lets the
service apply the request and loses or spoils the answer (``ResetAfter``, ``TruncatedJson``, ``EditJson``,
``applied=True``), which is
what a client cannot tell from the outside.

Paths are those that a service sees (``/playlists/x/items``); calls to Deezer's gateway have the gateway method as
their path (``/playlist.addSongs``). Everything here is serialisable, so that a sandbox in another process can be told
over HTTP.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final, assert_never

import msgspec

from musicdiff_job.sandbox.http import Request, Response

ALWAYS: Final = 1_000_000_000
"""As ``count`` of a fault: every matching call from then on."""


class Status(msgspec.Struct, frozen=True, tag="status", omit_defaults=True):
    """An answer with this status code, headers and body. ``applied`` lets the service carry out the request first."""

    code: int
    headers: dict[str, str] = {}
    body: str = ""
    applied: bool = False


class Html200(msgspec.Struct, frozen=True, tag="html_200"):
    """HTTP 200 with a web page, as captive portals and maintenance pages send it."""


class TruncatedJson(msgspec.Struct, frozen=True, tag="truncated_json"):
    """The right answer (applied), cut in the middle of its JSON."""


class EmptyBody(msgspec.Struct, frozen=True, tag="empty_body"):
    """HTTP 200 without a body."""


class JsonFalse(msgspec.Struct, frozen=True, tag="json_false"):
    """HTTP 200 with the body ``false``, Deezer's way of refusing a write (recorded)."""


class DeezerQuota(msgspec.Struct, frozen=True, tag="deezer_quota"):
    """Deezer's quota: HTTP 200 with error code 4 on REST, ``QUOTA_ERROR`` on the gateway."""


class ResetBefore(msgspec.Struct, frozen=True, tag="reset_before"):
    """The connection is reset before the request is applied."""


class ResetAfter(msgspec.Struct, frozen=True, tag="reset_after"):
    """The request is applied, then the connection is reset without an answer."""


class Hang(msgspec.Struct, frozen=True, tag="hang", omit_defaults=True):
    """No answer for ``seconds``, then the connection is reset. ``applied`` as for ``Status``."""

    seconds: float
    applied: bool = False


class Slow(msgspec.Struct, frozen=True, tag="slow"):
    """The right answer, ``seconds`` late."""

    seconds: float


class TokenExpired(msgspec.Struct, frozen=True, tag="token_expired"):
    """The answer to an expired token, in the form of the service that is called."""


class WrongJson(msgspec.Struct, frozen=True, tag="wrong_json"):
    """HTTP 200 with any JSON value in place of the right one."""

    value: Any


class EditJson(msgspec.Struct, frozen=True, tag="edit_json", omit_defaults=True):
    """The right answer (applied) with one value in its JSON replaced by ``value``, or removed. ``path`` leads there by
    keys and positions (-1 is the last). The last key may be new; where else the way ends, nothing is changed."""

    path: tuple[str | int, ...]
    value: Any = None
    remove: bool = False


class FirstPage(msgspec.Struct, frozen=True, tag="first_page"):
    """The first page of a list, whichever was asked for, as endpoints do that ignore the offset (observed)."""


Effect = (
    Status
    | Html200
    | TruncatedJson
    | EmptyBody
    | JsonFalse
    | DeezerQuota
    | ResetBefore
    | ResetAfter
    | Hang
    | Slow
    | TokenExpired
    | WrongJson
    | EditJson
    | FirstPage
)


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule. ``service`` is ``spotify``, ``accounts``, ``deezer``, ``gateway`` or ``*``; ``path`` a shell pattern.

    Of the matching calls the first ``skip`` are served as usual and the next ``count`` are spoilt; so the k-th call
    alone is ``skip=k - 1``.
    """

    effect: Effect
    service: str = "*"
    method: str = "*"
    path: str = "*"
    skip: int = 0
    count: int = 1

    def matches(self, service: str, method: str, path: str) -> bool:
        """Whether this rule is about such a call."""
        return fnmatchcase(service, self.service) and fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


def rate_limited(retry_after: str | int | None = None) -> Status:
    """HTTP 429 of Spotify. ``retry_after`` is sent as it is (seconds or an HTTP date); None sends no header."""
    return _too_many_requests({"status": 429, "message": "API rate limit exceeded"}, retry_after)


def quota_exceeded(retry_after: str | int | None = 48925) -> Status:
    """HTTP 429 of Spotify's daily quota, whose body has a reason and whose wait is of hours (observed by clients)."""
    return _too_many_requests({"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}, retry_after)


def _too_many_requests(error: dict[str, Any], retry_after: str | int | None) -> Status:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Status(429, headers, msgspec.json.encode({"error": error}).decode())


@dataclass(frozen=True, slots=True)
class Dropped:
    """No answer at all: the connection is to be reset."""


class FaultRules:
    """The faults in force. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: list[_Counted] = []

    def add(self, *faults: Fault) -> None:
        """Put rules in force, after the ones that are; each counts calls from now on."""
        with self._lock:
            self._counted.extend(_Counted(fault) for fault in faults)

    def clear(self) -> None:
        """Lift all rules."""
        with self._lock:
            self._counted.clear()

    def listed(self) -> list[Fault]:
        """The rules in force, spent ones included."""
        with self._lock:
            return [counted.fault for counted in self._counted]

    def take(self, service: str, method: str, path: str) -> Effect | None:
        """Count one call and say what befalls it; None: nothing."""
        with self._lock:
            chosen: Effect | None = None
            for counted in self._counted:
                if counted.fault.matches(service, method, path):
                    counted.seen += 1
                    if chosen is None and 0 < counted.seen - counted.fault.skip <= counted.fault.count:
                        chosen = counted.fault.effect
            return chosen


def understood(effect: Effect | None, request: Request) -> Request:
    """The request as the service takes it."""
    if not isinstance(effect, FirstPage):
        return request
    query = {name: value for name, value in request.query.items() if name not in ("offset", "index")}
    body = request.body
    if b'"start"' in body:
        body = json.dumps({**request.json(), "start": 0}).encode()
    return replace(request, query=query, body=body)


def deliver(
    effect: Effect | None, service: str, serve: Callable[[], Response], wait: Callable[[float], object]
) -> Response | Dropped:
    """What leaves the server for one call: ``serve`` carries the request out, ``wait`` lets seconds pass."""
    match effect:
        case None:
            return serve()
        case Status(code=code, headers=headers, body=body, applied=applied):
            if applied:
                serve()
            return Response(code, body.encode(), headers)
        case Html200():
            page = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon.</body></html>"
            return Response(200, page, {"Content-Type": "text/html; charset=utf-8"})
        case TruncatedJson():
            right = serve()
            return Response(right.status, right.body[: len(right.body) // 2], right.headers)
        case EmptyBody():
            return Response(200, b"", {"Content-Type": "application/json; charset=utf-8"})
        case JsonFalse():
            return Response.of(False)
        case DeezerQuota():
            return Response.of(_QUOTA_ON_GATEWAY if service == "gateway" else _QUOTA_ON_REST)
        case ResetBefore():
            return Dropped()
        case ResetAfter():
            serve()
            return Dropped()
        case Hang(seconds=seconds, applied=applied):
            if applied:
                serve()
            wait(seconds)
            return Dropped()
        case Slow(seconds=seconds):
            wait(seconds)
            return serve()
        case TokenExpired():
            return _EXPIRED.get(service, _EXPIRED["spotify"])
        case WrongJson(value=value):
            return Response.of(value)
        case EditJson(path=path, value=value, remove=remove):
            return _edited(serve(), path, value, remove=remove)
        case FirstPage():
            return serve()
        case _:
            assert_never(effect)


def _edited(right: Response, path: tuple[str | int, ...], value: Any, *, remove: bool) -> Response:
    if not path:
        return Response(right.status, json.dumps(value).encode(), right.headers)
    body = json.loads(right.body)
    *way, last = path
    try:
        place = body
        for step in way:
            place = place[step]
        if remove:
            del place[last]
        else:
            place[last] = value
    except (KeyError, IndexError, TypeError):
        return right
    return Response(right.status, json.dumps(body).encode(), right.headers)


@dataclass(slots=True)
class _Counted:
    fault: Fault
    seen: int = field(default=0)


_QUOTA_ON_REST: Final = {"error": {"type": "Exception", "message": "Quota limit exceeded", "code": 4}}
_QUOTA_ON_GATEWAY: Final = {"error": {"QUOTA_ERROR": "Quota exceeded on playlist add songs"}, "results": {}}
_EXPIRED: Final = {
    "spotify": Response.of({"error": {"status": 401, "message": "The access token expired"}}, 401),
    "accounts": Response.of({"error": "invalid_grant", "error_description": "Refresh token revoked"}, 400),
    "deezer": Response.of({"error": {"type": "OAuthException", "message": "Invalid OAuth access token.", "code": 300}}),
    "gateway": Response.of({"error": {"VALID_TOKEN_REQUIRED": "Invalid CSRF token"}, "results": {}}),
}
