"""A small Deezer for the tests of the sandbox: forty tracks, one account, a clock that only moves when told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from musicdiff_job.sandbox.catalogue import Catalogue, DeezerTrack
from musicdiff_job.sandbox.deezer_account import PERMISSIONS, DeezerAccount, DeezerSwitches
from musicdiff_job.sandbox.deezer_gateway import DeezerGateway
from musicdiff_job.sandbox.deezer_rest import DeezerRest
from musicdiff_job.sandbox.http import Request, Response

TOKEN = "token-for-tests"
ARL = "a" * 192
ORIGIN = "http://127.0.0.1:1/deezer/api"
UNREADABLE, ITS_COPY = 200, 201


def row(track_id: int, title: str, artist: str, album: str, **more: Any) -> DeezerTrack:
    short, bracket, version = title.partition(" (")
    return DeezerTrack(
        id=track_id,
        title=title,
        title_short=short,
        title_version=f"({version}" if bracket else "",
        artist=artist,
        album=album,
        duration=more.pop("duration", 180 + track_id),
        isrc=more.pop("isrc", f"ZZAAA{track_id:07d}"),
        rank=more.pop("rank", 1000 * track_id),
        release_date=more.pop("release_date", "2001-03-12"),
        **more,
    )


TRACKS = [
    *(row(100 + n, f"Song {n:02d}", "The Numbers", "Counting") for n in range(30)),
    row(UNREADABLE, "Far (Live)", "Gone", "Away", readable=False, alternative=ITS_COPY),
    row(ITS_COPY, "Far (Live)", "Gone", "Away Again", isrc=f"ZZAAA{UNREADABLE:07d}"),
    row(300, "Stay", "Laroi", "Single", contributors=("Laroi", "Bieber"), explicit=True),
    row(301, "Кукушка", "Кино", "Чёрный альбом"),
]
CATALOGUE = Catalogue(spotify=(), deezer=TRACKS)


@dataclass
class Time:
    """Wall clock and monotonic clock in one."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """An account with both services on it, called without sockets."""

    switches: DeezerSwitches = field(default_factory=lambda: DeezerSwitches(quota_calls=None))
    time: Time = field(default_factory=Time)

    def __post_init__(self) -> None:
        self.account = DeezerAccount(42, "Listener", "FR", tokens={TOKEN: PERMISSIONS}, arls=[ARL], clock=self.time)
        self.rest = DeezerRest(self.account, CATALOGUE, self.switches, monotonic=self.time)
        self.gateway = DeezerGateway(self.account, CATALOGUE, self.switches, monotonic=self.time)
        self.cookies = {"arl": ARL}
        self.csrf = "null"

    def call(self, method: str, path: str, *, token: str | None = TOKEN, **params: str | int) -> Any:
        """The JSON of a REST call whose parameters stand in the query."""
        return json.loads(self.raw(method, path, params, token=token).body)

    def raw(self, method: str, path: str, params: Mapping[str, str | int], *, token: str | None = TOKEN) -> Response:
        query = {key: str(value) for key, value in params.items()}
        if token is not None:
            query["access_token"] = token
        return self.rest.handle(Request(method, path, query, origin=ORIGIN))

    def get(self, path: str, *, token: str | None = TOKEN, **params: str | int) -> Any:
        return self.call("GET", path, token=token, **params)

    def follow_link(self, link: str) -> Any:
        parts = urlsplit(link)
        path = parts.path.removeprefix("/deezer/api")
        return json.loads(self.rest.handle(Request("GET", path, dict(parse_qsl(parts.query)), origin=ORIGIN)).body)

    def gw(self, gateway_method: str, body: Any = None, **over: Any) -> Any:
        """The whole envelope of a gateway call, with the cookies and the CSRF token that this stage holds."""
        request = Request(
            over.get("http", "POST"),
            "",
            {"method": gateway_method, "input": "3", "api_version": "1.0", "api_token": over.get("csrf", self.csrf)},
            cookies=over.get("cookies", self.cookies),
            body=over.get("raw", json.dumps(body or {}).encode()),
            form=over.get("form", {}),
        )
        response = self.gateway.handle(request)
        assert response.status == 200
        if (cookie := response.headers.get("Set-Cookie")) and "cookies" not in over:
            self.cookies["sid"] = cookie.removeprefix("sid=").split(";")[0]
        return json.loads(response.body)

    def sign_in(self) -> Any:
        """Fetch the CSRF token, as a client does first."""
        envelope = self.gw("deezer.getUserData", csrf="null")
        self.csrf = envelope["results"]["checkForm"]
        return envelope["results"]

    def ok(self, gateway_method: str, body: Any = None) -> Any:
        """The results of a gateway call that must succeed."""
        envelope = self.gw(gateway_method, body)
        assert envelope["error"] == [], envelope
        return envelope["results"]
