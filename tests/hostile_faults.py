"""The faults of ``docs/hostile-services.md`` by the names that they have there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from musicdiff_job.sandbox.faults import (
    DeezerQuota,
    EditJson,
    Effect,
    EmptyBody,
    FirstPage,
    Hang,
    Html200,
    ResetAfter,
    ResetBefore,
    Slow,
    Status,
    TokenExpired,
    TruncatedJson,
    WrongJson,
    quota_exceeded,
    rate_limited,
)

Brew = Callable[[str, datetime], tuple[Effect, ...]]
"""Makes a fault's effects for one of the sandbox's services at a time of the job's; none where there is no such
fault."""

HANG: Final = 2.5
"""Seconds that a service hangs; longer than ``TIMEOUT``."""
TIMEOUT: Final = 1.0
"""Seconds that the gate waits for a service that hangs. Each test of it lasts as long."""
PAGE: Final = "<!DOCTYPE html><html><body>Access Denied. Reference #18.</body></html>"
ELSEWHERE: Final = "/deezer/api/elsewhere"
SPOTIFY, ACCOUNTS, REST, GATEWAY = "spotify", "accounts", "deezer", "gateway"


def everywhere(*effects: Effect) -> Brew:
    """The same on every service."""
    return lambda service, now: effects


def only(**by_service: Effect) -> Brew:
    """Another effect on each service, none on those that are not named."""
    return lambda service, now: (by_service[service],) if service in by_service else ()


def page(status: int, *, applied: bool = False) -> Status:
    """A web page with this status."""
    return Status(status, {"Content-Type": "text/html"}, PAGE, applied)


def refusal(status: int) -> Brew:
    """A status with what the service itself says then, as far as it is known."""
    said = {400: "Bad request", 401: "Invalid access token", 403: "Forbidden", 404: "Resource not found"}[status]
    bodies: dict[str, Any] = {
        SPOTIFY: {"error": {"status": status, "message": said}},
        ACCOUNTS: {"error": "invalid_client", "error_description": "Invalid client"},
    }

    def brew(service: str, now: datetime) -> tuple[Effect, ...]:
        body = json.dumps(bodies.get(service, {}))
        return (Status(status, {"Content-Type": "application/json"}, body),)

    return brew


def dated(seconds: int) -> Brew:
    """429 until a date. Deezer's is taken relative to the answer's own date, which is the machine's."""

    def brew(service: str, now: datetime) -> tuple[Effect, ...]:
        dates_itself = service in (REST, GATEWAY)
        begin = datetime.now(UTC) if dates_itself else now  # noqa: TID251 - as the sandbox's server dates its answers
        return (rate_limited(format_datetime(begin + timedelta(seconds=seconds), usegmt=True)),)

    return brew


def result(value: Any) -> Brew:
    """JSON in place of what belongs there: of the whole answer, or of the ``results`` in the gateway's envelope."""

    def brew(service: str, now: datetime) -> tuple[Effect, ...]:
        return (WrongJson({"error": [], "results": value} if service == GATEWAY else value),)

    return brew


def coded(code: int, key: str, message: str) -> Brew:
    """An error of Deezer's: by its code on REST, by its key on the gateway; 0 or "" where it does not exist."""
    rest = WrongJson({"error": {"type": "Exception", "message": message, "code": code}})
    gateway = WrongJson({"error": {key: message}, "results": {}})
    return only(**({REST: rest} if code else {}), **({GATEWAY: gateway} if key else {}))


def quota(service: str, now: datetime) -> tuple[Effect, ...]:
    """A long-term quota. Spotify says for how long, or leaves it out."""
    if service == SPOTIFY:
        return quota_exceeded(86_400), quota_exceeded(None)
    return (DeezerQuota(),) if service in (REST, GATEWAY) else ()


STRANGER: Final = 123_456_789
ENDLESS: Final = "https://api.spotify.com/v1/me?offset=0&index=0"

FAULTS: Final[Mapping[str, Brew]] = {
    "429, `Retry-After: 2`": everywhere(rate_limited(2)),
    "429, `Retry-After: 600`": everywhere(rate_limited(600)),
    "429, `Retry-After: 86400`": everywhere(rate_limited(86_400)),
    "429, `Retry-After: 0`": everywhere(rate_limited(0)),
    "429, `Retry-After: -5`": everywhere(rate_limited(-5)),
    "429, `Retry-After: soon`": everywhere(rate_limited("soon")),
    "429, no `Retry-After`": everywhere(rate_limited()),
    "429, a date in 20 s": dated(20),
    "429, a date in an hour": dated(3600),
    "quota used up": quota,
    "200 with a web page": everywhere(Html200()),
    "200, JSON cut short": everywhere(TruncatedJson()),
    "200, empty": everywhere(EmptyBody()),
    "`null`": result(None),
    "`false`": result(False),
    "`[]`": result([]),
    "`{}`": result({}),
    '`"ok"`': result("ok"),
    "no envelope": only(gateway=WrongJson({})),
    "500, 502, 503, 504": everywhere(Status(500), page(502), Status(503, {"Retry-After": "600"}), Status(504)),
    "502 after the deed": everywhere(page(502, applied=True)),
    "connection reset": everywhere(ResetBefore()),
    "reset after the deed": everywhere(ResetAfter()),
    "late": everywhere(Slow(0.05)),
    "hangs": everywhere(Hang(HANG)),
    "hangs after the deed": everywhere(Hang(HANG, applied=True)),
    "redirect": everywhere(Status(302, {"Location": ELSEWHERE}), Status(307, {"Location": ELSEWHERE})),
    "400": refusal(400),
    "401": refusal(401),
    "403": refusal(403),
    "404": refusal(404),
    "403 with a web page": everywhere(page(403)),
    "404 with a web page": everywhere(page(404)),
    "token expired": only(spotify=TokenExpired(), accounts=TokenExpired(), deezer=TokenExpired()),
    "session expired": only(gateway=TokenExpired()),
    "sign-in asked for": coded(0, "NEED_USER_AUTH_REQUIRED", "Require user auth"),
    "no such thing": coded(800, "DATA_ERROR", "no data"),
    "not allowed": coded(901, "PERMISSION_ERROR", "not allowed to access this playlist"),
    "wrong parameter": coded(500, "", "Wrong parameter"),
    "wrong parameters": coded(0, "REQUEST_ERROR", "Wrong parameters"),
    "already there": coded(500, "ERROR_DATA_EXISTS", "This song already exists in this playlist"),
    "full": coded(100, "ITEMS_LIMIT_EXCEEDED", "Items limit exceeded"),
    "busy": coded(700, "", "Service busy"),
    "a visitor's session": only(gateway=EditJson(("results", "USER", "USER_ID"), 0)),
    "another account": only(
        spotify=EditJson(("id",), "stranger"),
        deezer=EditJson(("id",), STRANGER),
        gateway=EditJson(("results", "USER", "USER_ID"), STRANGER),
    ),
}

PAGED: Final[Mapping[str, Brew]] = {
    "total too large": only(spotify=EditJson(("total",), 1000)),
    "total too small": only(spotify=EditJson(("total",), 1)),
    "`next` missing": only(spotify=EditJson(("next",), remove=True)),
    "`next` null": only(spotify=EditJson(("next",), None)),
    "`next` without end": only(spotify=EditJson(("next",), ENDLESS), deezer=EditJson(("next",), ENDLESS)),
    "the first page again": only(spotify=FirstPage(), deezer=FirstPage(), gateway=FirstPage()),
}
"""Faults of lists; tried with a Deezer that gives few rows at a time."""
ONE_PAGE: Final = frozenset({"song.getFavoriteIds", "song.getListData"})
"""Endpoints that give all rows that are asked for."""

ALL_FAULTS: Final = {**FAULTS, **PAGED}

WAITS: Final[Mapping[str, float]] = {
    "429, `Retry-After: 600`": 600,
    "429, `Retry-After: 86400`": 86_400,
    "429, a date in an hour": 3600,
}
"""How long a service is left alone, where its answer says so and its first one is enough."""
