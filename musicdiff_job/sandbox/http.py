"""The seam between the sandbox's HTTP server and its services: plain values in, plain values out.

A service is any object with ``handle(request) -> Response``. The server owns sockets, faults and the request log;
services own behaviour and state. Nothing here knows Spotify or Deezer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``path`` is without query and without the service's prefix, starting with ``/``.
    ``query`` and ``form`` keep the last value of a repeated key. ``headers`` and ``cookies`` have lower-case names."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    form: dict[str, str] = field(default_factory=dict)
    origin: str = ""
    """``http://127.0.0.1:PORT/prefix`` of this service, for ``next`` links."""

    def json(self) -> Any:
        """The body as JSON; raises ValueError when it is not."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; ``body`` is sent as it is."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """A JSON answer in UTF-8, with escapes where UTF-8 has no way of saying it (half a surrogate pair)."""
        try:
            body = json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            body = json.dumps(value).encode()
        return cls(
            status=status,
            body=body,
            headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
        )


class SandboxService(Protocol):
    """A service the sandbox can mount under a path prefix."""

    def handle(self, request: Request) -> Response:
        """Answer one request. Must be safe to call from several threads."""
        ...
