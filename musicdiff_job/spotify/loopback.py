"""The place on this machine to which Spotify's page sends the browser back.

Theory. Spotify takes plain HTTP for loopback addresses written as numbers only (documented; ``localhost`` is refused
since 2025), so this listens on 127.0.0.1 and nowhere else. Whatever else knocks there is answered and does not count:
browsers ask for an icon and open connections that they never use, a reloaded tab repeats an old answer, and any web
page can send a browser here. What does count is for ``recognise`` to say, by the ``state``. Each connection is served
in a thread of its own, so that an idle one keeps nobody waiting.
"""

from __future__ import annotations

import queue
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

HOST: Final = "127.0.0.1"
PATH: Final = "/callback"

_PAGE = """<!doctype html><meta charset="utf-8"><title>musicdiff-job</title>
<body style="font-family: sans-serif; margin: 4em"><p>{}</p>
"""
_TAKEN = _PAGE.format("musicdiff-job has the answer. The terminal says what came of it; this window can be closed.")
_NOT_OURS = _PAGE.format("This is not the answer that musicdiff-job waits for. It still waits.")
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    # The address of this page holds the code.
    "Referrer-Policy": "no-referrer",
}


class Loopback:
    """Listens while it is entered. ``port`` 0 takes any free one. Raises ``OSError`` when the port is taken.

    Selectable by two file numbers: when ``listening`` can be read, call ``accept``; when ``arrival`` can be, ``take``.
    """

    def __init__(self, port: int) -> None:
        self._arrived: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._server = _Server((HOST, port), _Exchange)
        self._heard, self._bell = socket.socketpair()
        self._server.deliver = self._deliver

    @property
    def redirect_uri(self) -> str:
        """The address that Spotify is to send the browser to."""
        return f"http://{HOST}:{self._server.server_address[1]}{PATH}"

    @property
    def listening(self) -> int:
        """Can be read when somebody connects."""
        return self._server.fileno()

    @property
    def arrival(self) -> int:
        """Can be read when an answer has arrived."""
        return self._heard.fileno()

    def expect(self, recognise: Callable[[str], bool]) -> None:
        """Tell the browser that its answer was taken when ``recognise`` says so of the address it came by."""
        self._server.recognise = recognise

    def accept(self) -> None:
        """Serve whoever has connected, in another thread."""
        self._server.handle_request()

    def take(self) -> str:
        """The address that a browser was sent to, recognised or not."""
        self._heard.recv(1)
        return self._arrived.get_nowait()

    def _deliver(self, address: str) -> None:
        self._arrived.put(address)
        self._bell.send(b".")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()
        self._heard.close()
        self._bell.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    timeout = 0.0  # accept() is called when somebody has connected; should they be gone again, it returns

    def __init__(self, address: tuple[str, int], exchange: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, exchange)
        self.recognise: Callable[[str], bool] = lambda address: False
        self.deliver: Callable[[str], None] = lambda address: None

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A browser that goes away in mid-answer, or comes when nobody waits any more, is its own business.
        return


class _Exchange(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0  # an idle connection is let go

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path != PATH or not parts.query:
            self._answer(404, _NOT_OURS)
            return
        ours = self.server.recognise(self.path)
        self._answer(200 if ours else 400, _TAKEN if ours else _NOT_OURS)
        # Told only now: once the answer is known, the process may be gone before the page is sent.
        self.server.deliver(self.path)

    def _answer(self, status: int, page: str) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Length": str(len(page.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the request line holds the code."""
