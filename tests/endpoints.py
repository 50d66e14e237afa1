"""Servers on this machine that record what they are sent: HTTP, and SMTP by aiosmtpd."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import apprise
from aiosmtpd.controller import Controller


def load_apprise() -> None:
    """All of its plugins, one of which imports what Python 3.11 warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        apprise.Apprise().add("json://localhost")


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Endpoint:
    """``status`` is asked for each request by its number, from 0; ``hang`` keeps all of them waiting."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    status: Callable[[int], int] = lambda number: 200
    location: str = ""
    hang: threading.Event = field(default_factory=threading.Event)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@contextmanager
def http_endpoint() -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            number = len(endpoint.asked)
            endpoint.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            if endpoint.hang.is_set():
                released.wait(20)
            self.send_response(endpoint.status(number))
            if endpoint.location:
                self.send_header("Location", endpoint.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint, released = Endpoint(f"http://127.0.0.1:{server.server_port}"), threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mailbox:
    """An SMTP server and what was delivered to it."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=job@example.org&to=ada@example.org"


class AnyPort(Controller):
    """Listens on a port that is free; the library's own would call port 0 to see whether it listens."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    controller = AnyPort(box, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
