"""A real S3 client against moto's server, over HTTP, with somebody in between who loses answers when asked to.

``Moto`` is the server. ``Between`` is a proxy before it: it remembers every request and spoils those that it is told
to. A client finds either by ``environment(url)``, which is all that boto3 needs to know.
"""

from __future__ import annotations

import http.client
import itertools
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import boto3

_BUCKETS = itertools.count(1)
ALWAYS = 1_000_000


def environment(url: str) -> dict[str, str]:
    """Variables for a boto3 that knows this server and nothing else of this machine."""
    return {
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": "AKIDOFATEST",
        "AWS_SECRET_ACCESS_KEY": "s3cr3tOfATest",
        "AWS_DEFAULT_REGION": "eu-west-3",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class Moto:
    """moto's server in a thread, and a client that sees what is in it whatever the code under test may see."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client: Any = boto3.Session("AKIDOFMOTO", "secret", region_name="eu-west-3").client(
            "s3", endpoint_url=self.url
        )

    def bucket(self) -> str:
        """A new, empty bucket."""
        name = f"state-{os.getpid()}-{next(_BUCKETS)}"
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        return name

    def get(self, bucket: str, key: str) -> bytes | None:
        try:
            content: bytes = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None
        return content

    def etag(self, bucket: str, key: str) -> str | None:
        entries = self.client.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
        return next((entry["ETag"] for entry in entries if entry["Key"] == key), None)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def delete(self, bucket: str, key: str) -> None:
        self.client.delete_object(Bucket=bucket, Key=key)

    def age(self, bucket: str, key: str, age: timedelta) -> None:
        """Have the object look that much older than it is."""
        from moto.s3.models import s3_backends

        s3_backends["123456789012"]["aws"].buckets[bucket].keys[key].last_modified -= age

    def keys(self, bucket: str) -> set[str]:
        return {entry["Key"] for entry in self.client.list_objects_v2(Bucket=bucket).get("Contents", [])}

    def close(self) -> None:
        self._server.stop()


@dataclass
class Seen:
    """A request, and the status that the client was told (0: none)."""

    method: str
    """GET, PUT, or COPY for a PUT that names a source."""
    key: str
    headers: dict[str, str]
    body: bytes
    status: int = 0


@dataclass
class Spoil:
    """What becomes of some requests. The first ``skip`` that match are served as usual; of those after them every
    ``every``-th is spoilt, ``times`` times.

    ``meanwhile`` is done first. Then: ``status`` with ``code`` and ``message`` is answered in the server's stead;
    ``lose`` has the server carry the request out and resets the connection; ``cut`` ends an answer in the middle of its
    body; ``deaf`` has the server not hear of the request's conditions; ``hang`` neither forwards nor answers, together
    with ``lose`` it forwards and does not answer; with none of these the request is served.
    """

    method: str = "PUT"
    key: str = "*"
    skip: int = 0
    times: int = 1
    every: int = 1
    status: int = 0
    code: str = ""
    message: str = "Access Denied"
    lose: bool = False
    cut: bool = False
    hang: bool = False
    deaf: bool = False
    meanwhile: Callable[[], object] = lambda: None
    met: int = 0

    def takes(self, seen: Seen) -> bool:
        if seen.method != self.method or not fnmatchcase(seen.key, self.key):
            return False
        self.met += 1
        past = self.met - self.skip
        return past > 0 and past % self.every == 0 and past <= self.times * self.every


@dataclass
class Between:
    """The proxy. It also does what moto does not: it refuses a copy whose source has another ETag than expected."""

    moto: Moto
    requests: list[Seen] = field(default_factory=list)
    spoils: list[Spoil] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def spoil(self, method: str = "PUT", **how: Any) -> None:
        self.spoils.append(Spoil(method, **how))

    def seen(self, *methods: str) -> list[Seen]:
        """The requests so far, of these methods or all."""
        return [one for one in self.requests if not methods or one.method in methods]

    def tally(self) -> list[str]:
        """The requests so far as "PUT key 200", and none from now on."""
        told = [f"{one.method} {one.key} {one.status}" for one in self.requests]
        self.requests.clear()
        return told

    def note(self, seen: Seen) -> Spoil | None:
        with self._lock:
            self.requests.append(seen)
            return next((spoil for spoil in self.spoils if spoil.takes(seen)), None)


def _handler(between: Between) -> type[BaseHTTPRequestHandler]:
    moto = urlsplit(between.moto.url)

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]
            seen = Seen("COPY" if "x-amz-copy-source" in headers else self.command, key, headers, body)
            spoil = between.note(seen)
            if spoil is not None:
                spoil.meanwhile()
                if spoil.hang and not spoil.lose:
                    between.released.wait()
                    self.close_connection = True
                    return
                if spoil.status:
                    self._answer(seen, spoil.status, {}, _error(spoil.code, spoil.message))
                    return
            if self._source_has_changed(headers):
                self._answer(seen, 412, {}, _error("PreconditionFailed", ""))
                return
            if spoil is not None and spoil.deaf:
                for condition in ("If-Match", "If-None-Match"):
                    del self.headers[condition]
            status, answered, content = self._forward(body)
            if spoil is not None and spoil.lose:
                if spoil.hang:
                    between.released.wait()
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            self._answer(seen, status, answered, content, cut=spoil is not None and spoil.cut)

        do_PUT = do_DELETE = do_GET  # noqa: N815 - the names are the base class's

        def _source_has_changed(self, headers: dict[str, str]) -> bool:
            expected = headers.get("x-amz-copy-source-if-match")
            if expected is None:
                return False
            bucket, _, key = unquote(headers["x-amz-copy-source"]).lstrip("/").partition("/")
            present = between.moto.etag(bucket, key)
            return present is not None and expected != present

        def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            upstream = http.client.HTTPConnection(str(moto.hostname), moto.port, timeout=30)
            try:
                upstream.request(self.command, self.path, body, dict(self.headers.items()))
                answer = upstream.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                upstream.close()

        def _answer(
            self, seen: Seen, status: int, headers: dict[str, str], content: bytes, *, cut: bool = False
        ) -> None:
            seen.status = status
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
            self.close_connection = cut or self.close_connection

    return Exchange


def _error(code: str, message: str) -> bytes:
    return f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'.encode()


@contextmanager
def moto_server() -> Iterator[Moto]:
    """moto while this is entered."""
    moto = Moto()
    try:
        yield moto
    finally:
        moto.close()
