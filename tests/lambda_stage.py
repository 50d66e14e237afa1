"""Lambda, as far as a function can tell: a stub of its Runtime API, and processes of AWS's own runtime client.

The API is documented: the runtime asks for the next event, is told it with its deadline in headers, and posts an
answer or an error. Its process is the function's environment: the next event finds it warm, and at the deadline it is
killed without a word.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self

HANDLER = "musicdiff_job.aws_lambda.handler"
PATIENCE = 60.0
API = "/2018-06-01/runtime"


class Answered(NamedTuple):
    """What became of an event: ``kind`` is "response", "error" or "init" (the runtime did not come up)."""

    kind: str
    body: Any


class RuntimeApi:
    """The stub, for one process at a time."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[bytes, float]] = queue.Queue()
        self._answers: queue.Queue[Answered] = queue.Queue()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def send(self, event: object, seconds: float = 60.0) -> None:
        """An event whose function is given so many seconds from the moment that it takes it."""
        self._events.put((json.dumps(event).encode(), seconds))

    def answer(self, timeout: float = PATIENCE) -> Answered:
        return self._answers.get(timeout=timeout)

    def invoke(self, event: object, seconds: float = 60.0) -> Answered:
        self.send(event, seconds)
        return self.answer()

    def next(self) -> tuple[bytes, float]:
        return self._events.get()

    def answered(self, kind: str, body: bytes) -> None:
        self._answers.put(Answered(kind, json.loads(body)))


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            event, seconds = api.next()
            deadline = str(int((time.time() + seconds) * 1000))
            headers = {"Lambda-Runtime-Aws-Request-Id": f"request-{id(event)}", "Lambda-Runtime-Deadline-Ms": deadline}
            headers["Lambda-Runtime-Invoked-Function-Arn"] = "arn:aws:lambda:eu-west-3:123456789012:function:musicdiff"
            self._reply(200, event, headers)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kind = self.path.rpartition("/")[2] if "/invocation/" in self.path else "init"
            api.answered(kind, body)
            self._reply(202, b"{}", {})

        def _reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response_only(status)
            for name, value in {**headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Exchange


class Function(NamedTuple):
    """One environment: the API that it asks, its process, and what it has said so far."""

    api: RuntimeApi
    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def lines(self) -> list[dict[str, Any]]:
        """What it said, which is to be JSON line by line."""
        return [json.loads(line) for line in self.said().splitlines()]

    def metrics(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if "_aws" in line]


@contextmanager
def function(env: Mapping[str, str], folder: Path, *, hours_later: int = 0) -> Iterator[Function]:
    """An environment with these variables, as cold as any; killed at the end."""
    kept = {name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_START") if name in os.environ}
    output = folder / f"said-{time.monotonic_ns()}"
    with RuntimeApi() as api, output.open("wb") as said:
        variables = {
            **kept,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONUNBUFFERED": "1",
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "musicdiff",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "_HANDLER": HANDLER,
            "HOURS_LATER": str(hours_later),
            **env,
        }
        runtime = str(Path(__file__).with_name("lambda_runtime.py"))
        command = [sys.executable, runtime, HANDLER]
        process = subprocess.Popen(
            command, env=variables, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            yield Function(api, process, output)
        finally:
            process.kill()
            process.wait()
