"""What the tests of the Spotify source share: a clock, a door and a local HTTP server that says what it is told."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from musicdiff_job.core.model import Service
from musicdiff_job.sandbox.http import Request, Response

T = TypeVar("T")
Answerer = Callable[[Request], Response | None]


class StillClock:
    """A clock that moves only when somebody waits; it remembers the waits."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


class PlainDoor:
    """A door that lets every request through once, without retries, and counts."""

    def __init__(self, timeout: float = 10.0) -> None:
        self.timeout = timeout
        self.calls = 0
        self.auth_calls = 0

    def call(self, service: Service, request: Callable[[float], T], *, write: bool = False, auth: bool = False) -> T:
        assert service is Service.SPOTIFY
        assert not write
        if auth:
            self.auth_calls += 1
        else:
            self.calls += 1
        return request(self.timeout)


class HttpStage:
    """A real server on 127.0.0.1 whose answers come from ``answer``; None resets the connection."""

    def __init__(self, answer: Answerer) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        stage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                prefix = "/" + parts.path.split("/")[1]
                request = Request(
                    method=self.command,
                    path=parts.path.removeprefix(prefix),
                    query=dict(parse_qsl(parts.query)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=body,
                    form=dict(parse_qsl(body.decode())),
                    origin=stage.url + prefix,
                )
                stage.requests.append(request)
                response = stage.answer(request)
                if response is None:
                    self.close_connection = True
                    return
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)

            do_POST = do_GET  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [request.path for request in self.requests]


@contextmanager
def http_stage(answer: Answerer) -> Iterator[HttpStage]:
    stage = HttpStage(answer)
    try:
        yield stage
    finally:
        stage.close()


def everything_said(error: BaseException) -> str:
    """All that an error and those it came from can show, with the sources' names of their tracebacks."""
    shown: list[str] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None:
            continue
        shown += [str(current), repr(current), repr(current.args), repr(vars(current))]
        shown += traceback.format_exception(current)
        waiting += [current.__cause__, current.__context__]
    return "\n".join(shown)
