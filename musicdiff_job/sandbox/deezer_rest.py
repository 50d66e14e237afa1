"""The public API ``https://api.deezer.com`` of the sandbox: routes, permissions, quota.

Theory. A request becomes a :class:`~musicdiff_job.sandbox.deezer_wire.Call`, the first matching route of a table
answers it, and what that returns is the JSON body. The quota comes before everything, the token before the route: an
invalid token spoils even a catalogue read. The tables are in ``deezer_rest_reads`` and ``deezer_rest_writes``.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock
from urllib.parse import unquote

from musicdiff_job.sandbox.catalogue import Catalogue
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.deezer_rest_reads import READS, RestReads
from musicdiff_job.sandbox.deezer_rest_writes import WRITES, RestWrites
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.deezer_wire import (
    Call,
    Failed,
    answer,
    failure,
    unknown_route,
)
from musicdiff_job.sandbox.http import Request, Response


class RollingQuota:
    """At most ``calls`` answered in any ``window`` seconds, by public address (documented as 50 in 5 s). A refused
    call does not count."""

    def __init__(self, calls: int | None, window: float, monotonic: Callable[[], float]) -> None:
        self._calls = calls
        self._window = window
        self._monotonic = monotonic
        self._answered: deque[float] = deque()
        self._lock = Lock()

    def admits(self) -> bool:
        """Whether this call may be answered; counts it if so."""
        if self._calls is None:
            return True
        with self._lock:
            now = self._monotonic()
            while self._answered and now - self._answered[0] >= self._window:
                self._answered.popleft()
            if len(self._answered) >= self._calls:
                return False
            self._answered.append(now)
            return True


class DeezerRest:
    """The REST service; ``monotonic`` gives seconds for the quota's window."""

    def __init__(
        self,
        account: DeezerAccount,
        catalogue: Catalogue,
        switches: DeezerSwitches | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.switches = switches or DeezerSwitches()
        self._account = account
        self._catalogue = catalogue
        self._quota = RollingQuota(self.switches.quota_calls, self.switches.quota_window, monotonic)
        self._writes = RestWrites(account, catalogue, self.switches)

    def handle(self, request: Request) -> Response:
        """Answer one request; safe to call from several threads."""
        if not self._quota.admits():
            return failure(4).response
        try:
            call = Call(request, self._account.credentials.permissions_of, self.switches)
            return self._route(call)
        except Failed as failed:
            return failed.response

    def _route(self, call: Call) -> Response:
        if call.method == "GET":
            reads = RestReads(self._account, self._catalogue, self.switches, call)
            for pattern, read in READS:
                if found := pattern.fullmatch(call.path):
                    value = read(reads, *(unquote(part) for part in found.groups()))
                    return answer(value, signed_in=call.signed_in)
        for method, pattern, write in WRITES:
            if method == call.method and (found := pattern.fullmatch(call.path)):
                return write(self._writes, call, *found.groups())
        raise unknown_route()
