"""How the public API spells calls, errors, lists and answers; the same for every route.

Theory. A functional failure is HTTP 200 with an ``error`` object; only an unknown route is HTTP 404, and there
``error`` is a string (both recorded). Lists carry ``data`` and ``total``, and ``next`` echoes the caller's parameters,
the access token among them (recorded). JSON escapes slashes and everything beyond ASCII, as PHP does. No header tells
when to retry, and there is no ETag.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar
from urllib.parse import quote

from musicdiff_job.sandbox.deezer_library import Refusal
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.http import Request, Response

Row = TypeVar("Row")

NEEDS_TOKEN: Final = "An active access token must be used to query information about the current user"  # noqa: S105
PRIVATE_PROFILE: Final = "An active access token must be used. This user's profile is private"
NO_PERMISSION: Final = "The access token lacks the permission for this call"
ERROR_TYPES: Final = {
    4: ("Exception", "Quota limit exceeded"),
    100: ("ItemsLimitExceededException", "Items limit exceeded"),
    200: ("OAuthException", NEEDS_TOKEN),
    300: ("OAuthException", "Invalid OAuth access token."),
    500: ("ParameterException", "Wrong parameter"),
    501: ("MissingParameterException", "Missing parameter"),
    800: ("DataException", "no data"),
}
"""Type and message per code. 4, 200, 500 and 800 as recorded or quoted by other clients; the texts of 100, 300, 501
and :data:`NO_PERMISSION` are unverified."""
ALREADY_THERE: Final = "This song already exists in this playlist"
"""Comes with code 500 (quoted by other clients; a code 801 was never found)."""


class Failed(Exception):
    """Ends a call with an answer that is not its result."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"HTTP {response.status}")
        self.response = response


def answer(value: Any, status: int = 200, *, signed_in: bool = False) -> Response:
    """A JSON body in Deezer's spelling with the headers that were recorded."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Server": "Apache",
        "X-Org": "FR",
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
    }
    if signed_in:
        headers |= {
            "Cache-Control": "no-store, no-cache, must-revalidate",
            "Pragma": "no-cache",
            "Expires": "Thu, 19 Nov 1981 08:52:00 GMT",
            "Set-Cookie": "dzr_uniq_id=dzr_uniq_id_sandbox; path=/; HttpOnly",
        }
    body = json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
    return Response(status=status, body=body.encode(), headers=headers)


def failure(code: int, message: str | None = None, status: int = 200) -> Failed:
    """The error object of a code."""
    kind, usual = ERROR_TYPES[code]
    return Failed(answer({"error": {"type": kind, "message": message or usual, "code": code}}, status))


def failure_without_code() -> Failed:
    """The error that episodes and podcasts give: no code, and spelled like this (recorded)."""
    return Failed(answer({"error": {"type": "Exception", "message": "An error has occured"}}))


def unknown_route() -> Failed:
    """HTTP 404 whose ``error`` is a string (recorded)."""
    return Failed(answer({"error": "Not Found"}, 404))


class Call:
    """One request after its spelling is undone.

    ``method`` follows ``request_method=``. POST parameters may stand in the query or in a form body, DELETE ones only
    in the query (every client does so). ``permissions`` is None without a token.
    """

    def __init__(
        self,
        request: Request,
        permissions_of: Callable[[str], frozenset[str] | None],
        switches: DeezerSwitches,
    ) -> None:
        self._switches = switches
        self._request = request
        self.method = request.query.get("request_method", request.method).upper()
        self.path = request.path.removeprefix("/2.0").rstrip("/") or "/"
        self.params: dict[str, str] = {**request.query, **(request.form if self.method == "POST" else {})}
        token = self.params.get("access_token", "")
        self.permissions: frozenset[str] | None = permissions_of(token) if token else None
        if token and self.permissions is None:
            raise failure(300, switches.invalid_token_message)

    @property
    def signed_in(self) -> bool:
        """Whether a valid token came along."""
        return self.permissions is not None

    def need(self, *permissions: str) -> None:
        """End the call unless its token has these permissions."""
        if self.permissions is None:
            raise failure(200)
        if not self.permissions.issuperset(permissions):
            raise failure(200, NO_PERMISSION)

    def text(self, name: str) -> str:
        """A parameter that must be there."""
        if name not in self.params:
            raise failure(501, f"Missing parameter: {name}")
        return self.params[name]

    def ids(self, name: str) -> list[int]:
        """A comma-separated list of ids. Negative ones (a user's own uploads) and other text are wrong parameters."""
        parts = [part.strip() for part in self.text(name).split(",")]
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise failure(500)
        return [int(part) for part in parts]

    def flag(self, name: str) -> bool | None:
        """``true`` or ``false`` (or 1 and 0), None when not sent."""
        match self.params.get(name, "").lower():
            case "":
                return None
            case "true" | "1":
                return True
            case "false" | "0":
                return False
            case _:
                raise failure(500)

    def limit(self, default: int = 25, *, cap: int) -> int:
        """Rows per page; 0 means the default and -1 as many as possible (other clients send it)."""
        limit = self._whole("limit", default)
        if limit > cap and self._switches.over_limit == "refuse":
            raise failure(500)
        return cap if limit < 0 else min(limit or default, cap)

    @cached_property
    def index(self) -> int:
        """Offset of the first row."""
        return max(0, self._whole("index", 0))

    def page(
        self,
        rows: Sequence[Row],
        show: Callable[[Row], Any | None],
        *,
        default: int = 25,
        cap: int | None = None,
        checksum: str | None = None,
    ) -> dict[str, Any]:
        """A page of ``rows``. Where ``show`` gives None the row counts in ``total`` and offsets but is left out, so a
        page can be short although more follow (recorded)."""
        limit = self.limit(default, cap=cap or self._switches.list_limit_cap)
        shown = [row for row in map(show, rows[self.index : self.index + limit]) if row is not None]
        return self.envelope(shown, len(rows), limit, checksum)

    def envelope(self, data: list[Any], total: int, limit: int, checksum: str | None = None) -> dict[str, Any]:
        """The keys around one page, in the recorded order."""
        page: dict[str, Any] = {"data": data}
        if checksum is not None:
            page["checksum"] = checksum
        page["total"] = total
        if self.index > 0:
            page["prev"] = self._link(max(0, self.index - limit))
        if self.index + limit < total:
            page["next"] = self._link(self.index + limit)
        return page

    def _link(self, index: int) -> str:
        echoed = "".join(
            f"{quote(key, safe='')}={quote(value, safe='')}&"
            for key, value in self._request.query.items()
            if key != "index"
        )
        return f"{self._request.origin}{self.path}?{echoed}index={index}"

    def _whole(self, name: str, default: int) -> int:
        text = self.params.get(name, "")
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            raise failure(500) from None


def refused(refusal: Refusal, switches: DeezerSwitches) -> Response:
    """How REST says that a write was refused. A bare ``false`` is recorded for a refused follow; the rest of the
    mapping is the best guess from the list of codes."""
    error: Failed | None = None
    match refusal:
        case Refusal.DUPLICATE:
            error = failure(500, ALREADY_THERE)
        case Refusal.NOT_FOUND | Refusal.UNKNOWN_TRACK:
            error = failure(800)
        case Refusal.WRONG:
            error = failure(500)
        case Refusal.FULL:
            error = failure(100)
        case Refusal.ALREADY_LIKED:
            if switches.readd_favourite == "true":
                return answer(True, signed_in=True)
            error = failure(500, ALREADY_THERE) if switches.readd_favourite == "error" else None
        case Refusal.NOT_ALLOWED | Refusal.UNREADABLE:
            error = None
    if error is None or switches.false_refusals:
        return answer(False, signed_in=True)
    return error.response
