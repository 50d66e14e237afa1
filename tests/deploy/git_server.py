"""A GitHub for one repository: git over HTTP with git's own backend, the token asked for, and what its API says."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

TOKEN = "ghs_0123456789abcdefToken"
REPOSITORY = "somebody/music"


@dataclass
class Hub:
    """The server; its fields may be changed while it serves."""

    folder: Path
    url: str = ""
    private: object = True
    """What the API says; None: it answers 404."""
    may_write: bool = True
    lose_answers: int = 0
    """So many pushes are carried out and not answered."""
    before_push: list[Callable[[], object]] = field(default_factory=list)
    """Called once each, when a push arrives."""

    @property
    def bare(self) -> Path:
        return self.folder / REPOSITORY

    def git(self, *words: str, given: str | None = None) -> str:
        return git(self.bare, *words, given=given)

    def tip(self, branch: str = "state") -> str:
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()

    def files(self) -> dict[str, bytes]:
        """What the state's branch holds."""
        if not self.tip():
            return {}
        names = self.git("ls-tree", "-r", "--name-only", "state").splitlines()
        return {
            name: subprocess.run(
                ["git", "-C", self.bare, "cat-file", "blob", f"state:{name}"], capture_output=True, check=True
            ).stdout
            for name in names
        }


def git(folder: Path, *words: str, given: str | None = None) -> str:
    env = {
        **os.environ,
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    done = subprocess.run(
        ["git", "-C", folder, *words], capture_output=True, text=True, check=True, input=given or "", env=env
    )
    return done.stdout


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                self._serve(self._chunks())
            else:
                self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def _chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            return body

        def _say(self, code: int, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> None:
            self.send_response(code)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _serve(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            said = self.headers.get("Authorization", "")
            if path.startswith("/repos/"):
                if said != f"Bearer {TOKEN}" or hub.private is None:
                    self._say(404)
                else:
                    self._say(200, json.dumps({"private": hub.private}).encode())
                return
            if said != f"Basic {base64.b64encode(f'x-access-token:{TOKEN}'.encode()).decode()}":
                self._say(401, headers=(("WWW-Authenticate", 'Basic realm="git"'),))
                return
            pushing = path.endswith("git-receive-pack")
            if not hub.may_write and (pushing or "git-receive-pack" in query):
                self._say(403, b"Write access to repository not granted.")
                return
            if pushing and hub.before_push:
                hub.before_push.pop(0)()
            done = subprocess.run(
                ["git", "http-backend"],
                input=body,
                capture_output=True,
                check=True,
                env={
                    **os.environ,
                    "GIT_PROJECT_ROOT": str(hub.folder),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                    "REMOTE_USER": "x-access-token",
                },
            ).stdout
            if pushing and hub.lose_answers:
                hub.lose_answers -= 1
                self.close_connection = True
                return
            head, _, answer = done.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            code = int(headers.pop("Status", "200").split()[0])
            self._say(code, answer, tuple(headers.items()))

    return Handler


@contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    hub = Hub(folder)
    hub.bare.mkdir(parents=True)
    hub.git("init", "--quiet", "--bare", ".")
    hub.git("config", "http.receivepack", "true")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
