"""What the sandbox was asked: one record per HTTP request, without secrets, and counters that tests assert on.

Counted the way the job reports its own calls: ``spotify`` and ``deezer`` (REST and gateway together), and ``auth`` for
token requests and gateway sessions, which belong to neither.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec

SECRET_PARAMETERS: Final = frozenset(
    {"access_token", "api_token", "arl", "client_secret", "code", "code_verifier", "refresh_token", "secret", "sid"}
)


class Call(msgspec.Struct, frozen=True):
    """One request as it was answered. ``service`` is the name it is mounted under, ``counted_as`` the counter it
    belongs to; ``status`` is 0 when the connection was dropped; ``at`` is in Unix seconds."""

    service: str
    counted_as: str
    method: str
    path: str
    query: dict[str, str]
    status: int
    at: float


class CallLog:
    """All calls so far. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def record(self, service: str, method: str, path: str, query: dict[str, str], status: int) -> None:
        """Note one call; values of secret parameters are left out."""
        harmless = {name: "..." if name in SECRET_PARAMETERS else value for name, value in query.items()}
        call = Call(service, counted_as(service, path), method, path, harmless, status, self._clock())
        with self._lock:
            self._calls.append(call)

    def all(self) -> tuple[Call, ...]:
        """Every call in the order of the answers."""
        with self._lock:
            return tuple(self._calls)

    def counts(self) -> Counter[str]:
        """Calls by counter."""
        return Counter(call.counted_as for call in self.all())

    def forget(self) -> None:
        """Start again from nothing."""
        with self._lock:
            self._calls.clear()


def counted_as(service: str, path: str) -> str:
    """The counter a call belongs to."""
    match service:
        case "accounts":
            return "auth"
        case "gateway":
            return "auth" if path == "/deezer.getUserData" else "deezer"
        case _:
            return service
