"""The sandbox's HTTP server: both services on one port of 127.0.0.1, with faults, a call log and an admin service.

Prefixes: ``/spotify/v1`` and ``/spotify/accounts``, ``/deezer/api`` and ``/deezer/gw-light.php``, ``/sandbox``.
Requests and answers are plain values (``http``); this module alone knows sockets. Connections are kept alive and
answers leave in one packet, so that measured times are the client's own. ``Sandbox.close`` ends every connection and
joins every thread: nothing outlives it.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from musicdiff_job.sandbox.admin import Admin
from musicdiff_job.sandbox.calls import CallLog
from musicdiff_job.sandbox.deezer_account import PERMISSIONS, DeezerAccount, DeezerSwitches
from musicdiff_job.sandbox.deezer_gateway import DeezerGateway
from musicdiff_job.sandbox.deezer_rest import DeezerRest
from musicdiff_job.sandbox.faults import Dropped, Fault, FaultRules, deliver, understood
from musicdiff_job.sandbox.http import Request, Response, SandboxService
from musicdiff_job.sandbox.spotify import SpotifyApi
from musicdiff_job.sandbox.spotify_accounts import SCOPES, SpotifyAccounts, SpotifyGrants, TokenMode
from musicdiff_job.sandbox.spotify_library import base62_id
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount

SANDBOX_ARL: Final = "".join(base62_id("sandbox", "arl", part) for part in range(9))[:192]
SANDBOX_ACCESS_TOKEN: Final = base62_id("sandbox", "deezer token")
SERVICE_OF_PREFIX: Final = {
    "/spotify/v1": "spotify",
    "/spotify/accounts": "accounts",
    "/deezer/api": "deezer",
    "/deezer/gw-light.php": "gateway",
    "/sandbox": "sandbox",
}


class Sandbox:
    """A local Spotify and Deezer; a context manager that serves while it is entered.

    ``spotify`` and ``deezer`` are the two accounts (empty ones by default) and can be edited while it serves.
    ``scope`` is what the ready-made consent covers. ``latency`` delays every answer of the four services by so many
    seconds.
    """

    def __init__(
        self,
        spotify: SpotifyAccount | None = None,
        deezer: DeezerAccount | None = None,
        *,
        cohort: Cohort = Cohort.RESTRICTED,
        entry_key: str | None = None,
        token_mode: TokenMode = TokenMode.NO_ROTATION,
        scope: str = SCOPES,
        switches: DeezerSwitches | None = None,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        self.spotify: Final = spotify if spotify is not None else SpotifyAccount()
        self.deezer: Final = deezer if deezer is not None else DeezerAccount()
        self.catalogue: Final = self.spotify.catalogue
        self.grants: Final = SpotifyGrants(token_mode, scope)
        self.faults: Final = FaultRules()
        self.log: Final = CallLog()
        self.latency = latency
        self.deezer.credentials.add_arl(SANDBOX_ARL)
        self.deezer.credentials.add_token(SANDBOX_ACCESS_TOKEN, PERMISSIONS)
        switches = switches if switches is not None else DeezerSwitches()
        self.api: Final = SpotifyApi(self.spotify, self.grants, cohort, entry_key)
        services: dict[str, SandboxService] = {
            "spotify": self.api,
            "accounts": SpotifyAccounts(self.grants),
            "deezer": DeezerRest(self.deezer, self.catalogue, switches),
            "gateway": DeezerGateway(self.deezer, self.catalogue, switches),
            "sandbox": Admin(self.spotify, self.deezer, self.api, self.faults, self.log),
        }
        self._services = services
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), self)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Begin to serve, in a thread of its own."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="sandbox")
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving and wait for every thread; may be called twice."""
        self._stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def environment(self, deezer: Literal["arl", "token"] = "arl", *, pkce: bool = False) -> dict[str, str]:
        """The environment variables that point the job at this sandbox, credentials included.

        ``deezer`` chooses the kind of Deezer credential; ``pkce`` leaves the client secret out.
        """
        today = datetime.fromtimestamp(time.time(), UTC).date().isoformat()
        environment = {
            "MUSICDIFF_SPOTIFY_API_URL": f"{self.url}/spotify/v1",
            "MUSICDIFF_SPOTIFY_ACCOUNTS_URL": f"{self.url}/spotify/accounts",
            "MUSICDIFF_DEEZER_API_URL": f"{self.url}/deezer/api",
            "MUSICDIFF_DEEZER_GATEWAY_URL": f"{self.url}/deezer/gw-light.php",
            "SPOTIFY_CLIENT_ID": self.grants.client_id,
            "SPOTIFY_REFRESH_TOKEN": self.grants.refresh_token,
            "SPOTIFY_AUTHORIZED_AT": today,
        }
        if not pkce:
            environment["SPOTIFY_CLIENT_SECRET"] = self.grants.client_secret
        if deezer == "arl":
            environment["DEEZER_ARL"] = SANDBOX_ARL
        else:
            environment["DEEZER_ACCESS_TOKEN"] = SANDBOX_ACCESS_TOKEN
        return environment

    def calls(self, counter: str) -> int:
        """How many calls were counted as ``spotify``, ``deezer`` or ``auth`` (see ``calls``)."""
        return self.log.counts()[counter]

    def misbehave(self, *faults: Fault) -> None:
        """Put faults in force."""
        self.faults.add(*faults)

    def respond(self, service: str, request: Request) -> Response | Dropped:
        """Answer one request of a mounted service, faults and log included."""
        if service == "sandbox":
            return self._services[service].handle(request)
        path = f"/{request.query.get('method', '')}" if service == "gateway" else request.path
        if self.latency:
            self._stopping.wait(self.latency)
        effect = self.faults.take(service, request.method, path)
        taken = understood(effect, request)
        answer = deliver(effect, service, lambda: self._services[service].handle(taken), self._stopping.wait)
        status = 0 if isinstance(answer, Dropped) else answer.status
        self.log.record(service, request.method, path, request.query, status)
        return answer


class _Server(ThreadingHTTPServer):
    """Threads that end when their connection does; ``hang_up`` ends all connections."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        super().__init__(address, _Exchange)
        self.sandbox = sandbox
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.dropped: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
            dropped = request in self.dropped
            self.dropped.discard(request)
        if dropped:
            request.close()  # With a zero linger this sends a reset; an orderly shutdown first would hide it.
        else:
            super().shutdown_request(request)

    def drop(self, connection: socket.socket) -> None:
        """Mark a connection to be reset instead of closed."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._lock:
            self.dropped.add(connection)

    def hang_up(self) -> None:
        """Wake every thread that waits for a client's next request."""
        with self._lock:
            waiting = list(self._open)
        for connection in waiting:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # The client was faster.

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away in mid-answer is its own business; a bug of a service is worth a traceback.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Exchange(BaseHTTPRequestHandler):
    """One connection: reads requests, asks the sandbox, writes answers."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = None

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the call log has it, without secrets."""

    def do_GET(self) -> None:
        """Answer any method alike."""
        target = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        prefix = next((p for p in SERVICE_OF_PREFIX if target.path == p or target.path.startswith(f"{p}/")), None)
        if prefix is None:
            self._send(Response.of({"error": "no service under this path"}, 404))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        request = Request(
            method=self.command,
            path=target.path.removeprefix(prefix) or "/",
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers=headers,
            cookies=_cookies(headers.get("cookie", "")),
            body=body,
            form=dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)) if form else {},
            origin=f"{self.server.sandbox.url}{prefix}",
        )
        answer = self.server.sandbox.respond(SERVICE_OF_PREFIX[prefix], request)
        if isinstance(answer, Dropped):
            self.close_connection = True
            self.server.drop(self.connection)
        else:
            self._send(answer)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - the names are the base class's

    def _send(self, answer: Response) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


def _cookies(header: str) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return {name: value for name, separator, value in pairs if separator}
