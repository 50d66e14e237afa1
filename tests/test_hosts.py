"""A credential goes to its own service and nowhere else: not where a redirect or a ``next`` link points, not to a proxy
in clear, not over TLS that nobody vouches for, and no other service's credential with it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from awkward import TORTURE, revealed
from eavesdropping import Eavesdropper, certificate, eavesdropper
from mortal import SwiftClock
from rig import Credential, open_rig

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import ConfigError, JobError, NoWayOut, Unavailable, UnknownOutcome
from musicdiff_job.core.match import BySearch
from musicdiff_job.core.model import LIKED, CollectionHead, Kind, Page, PlaylistId, TargetId
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.plan import AddTracks, CreatePlaylist, DeletePlaylist
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer.catalogue import DeezerCatalogue
from musicdiff_job.deezer.gateway import DeezerGateway
from musicdiff_job.deezer.gateway_session import GatewaySession
from musicdiff_job.deezer.rest import DeezerRest
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import ALWAYS, Fault, Status
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, SANDBOX_ARL, Sandbox
from musicdiff_job.sandbox.spotify_accounts import TokenMode
from musicdiff_job.sandbox.world import synthetic_world
from musicdiff_job.spotify.auth import TokenRefresher
from musicdiff_job.spotify.client import SpotifySource
from musicdiff_job.spotify.consent import ConsentExchange, Granted, Question

CODE = "AQ-the-code-from-the-browser"
PLAYLIST = PlaylistId("4711")
HEAD = CollectionHead(id=LIKED, kind=Kind.LIKED, name="Liked Songs", snapshot="1:x", total=1)


def door() -> Gate:
    return Gate(Limits(seconds=None, calls=None, ledgers={}, windows={}), SwiftClock(), StopFlag())


@dataclass(frozen=True)
class Urls:
    """Where the services are; an unset one is the sandbox's."""

    spotify: str
    accounts: str
    deezer: str
    gateway: str

    @classmethod
    def of(cls, base: str) -> Urls:
        return cls(
            f"{base}/spotify/v1", f"{base}/spotify/accounts", f"{base}/deezer/api", f"{base}/deezer/gw-light.php"
        )


@dataclass(frozen=True)
class Caller:
    """One kind of request that carries a credential: which service it goes to, and how it is made."""

    service: str
    call: Callable[[Sandbox, Urls], object]


def _refresh(sandbox: Sandbox, urls: Urls, *, secret: bool = True) -> object:
    grants = sandbox.grants
    client_secret = Secret(grants.client_secret) if secret else None
    tokens = TokenRefresher(
        door(), SwiftClock(), Redactor(), urls.accounts, grants.client_id, client_secret, Secret(grants.refresh_token),
        None, None,
    )  # fmt: skip
    return tokens.renew()


def _source(sandbox: Sandbox, urls: Urls) -> SpotifySource:
    grants = sandbox.grants
    clock, gate = SwiftClock(), door()
    tokens = TokenRefresher(
        gate, clock, Redactor(), urls.accounts, grants.client_id, None, Secret(grants.refresh_token), None, None
    )
    return SpotifySource(gate, clock, Redactor(), tokens, urls.spotify, None)


def _consent(sandbox: Sandbox, urls: Urls) -> ConsentExchange:
    grants = sandbox.grants
    secret = Secret(grants.client_secret)
    return ConsentExchange(
        door(), SwiftClock(), Redactor(), urls.accounts, urls.spotify, grants.client_id, secret
    )  # fmt: skip


def _redeem(sandbox: Sandbox, urls: Urls) -> object:
    question = Question("", "http://127.0.0.1:1/callback", Secret("the-state"), Secret("the-verifier"))
    return _consent(sandbox, urls).redeem(question, Secret(CODE))


def _profile(sandbox: Sandbox, urls: Urls) -> object:
    granted = Granted(Secret(sandbox.grants.refresh_token), Secret(sandbox.grants.issue_access_token()), ())
    return _consent(sandbox, urls).profile(granted)


def _rest(urls: Urls) -> DeezerRest:
    return DeezerRest(door(), Redactor(), urls.deezer, Secret(SANDBOX_ACCESS_TOKEN), None)


def _gateway(urls: Urls) -> DeezerGateway:
    return DeezerGateway(door(), Redactor(), urls.gateway, Secret(SANDBOX_ARL))


CALLERS = {
    "refresh": Caller("accounts", _refresh),
    "refresh of PKCE": Caller("accounts", lambda sandbox, urls: _refresh(sandbox, urls, secret=False)),
    "exchange of a code": Caller("accounts", _redeem),
    "profile": Caller("spotify", _profile),
    "account": Caller("spotify", lambda sandbox, urls: _source(sandbox, urls).account()),
    "liked": Caller("spotify", lambda sandbox, urls: _source(sandbox, urls).page(HEAD, 50)),
    "playlists": Caller("spotify", lambda sandbox, urls: _source(sandbox, urls).library(frozenset({Kind.PLAYLIST}))),
    "rest account": Caller("deezer", lambda sandbox, urls: _rest(urls).account()),
    "rest list": Caller("deezer", lambda sandbox, urls: _rest(urls).tracks(PLAYLIST)),
    "rest post": Caller("deezer", lambda sandbox, urls: _rest(urls).apply(CreatePlaylist("x", "", False))),
    "rest delete": Caller("deezer", lambda sandbox, urls: _rest(urls).apply(DeletePlaylist(PLAYLIST))),
    "search": Caller(
        "deezer", lambda sandbox, urls: DeezerCatalogue(door(), Redactor(), urls.deezer).ask(BySearch("daft punk"))
    ),
    "gateway session": Caller("gateway", lambda sandbox, urls: _gateway(urls).account()),
    "gateway read": Caller("gateway", lambda sandbox, urls: _gateway(urls).tracks(PLAYLIST)),
    "gateway write": Caller(
        "gateway", lambda sandbox, urls: _gateway(urls).apply(AddTracks(PLAYLIST, (TargetId("1"),)))
    ),
}  # fmt: skip

LOCATIONS = (
    "http://127.0.0.1:{port}/stolen",
    "http://localhost:{port}/stolen",
    "//127.0.0.1:{port}/stolen",
    "https://127.0.0.1:{port}/stolen",
    "http://127.0.0.1:{own}@127.0.0.1:{port}/stolen",
    "HTTP://127.0.0.1:{port}\\@127.0.0.1:{own}/",
    "\t http://127.0.0.1:{port}/stolen#access_token",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "http://x/\xff\xfe",
    "javascript:alert(1)",
    "",
)
CODES = (301, 302, 303, 307, 308)


def secrets_of(sandbox: Sandbox) -> set[str]:
    grants, deezer = sandbox.grants, sandbox.deezer.credentials
    known = {grants.client_secret, SANDBOX_ARL, SANDBOX_ACCESS_TOKEN, CODE, "the-verifier"}
    return known | grants.issued() | deezer.issued()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(playlists=3, tracks_each=3, liked=3, seed=1)) as served:
        yield served


@pytest.fixture
def thief() -> Iterator[Eavesdropper]:
    with eavesdropper() as listening:
        yield listening


def fails(caller: Caller, sandbox: Sandbox, urls: Urls) -> JobError | None:
    """The error that the call ends with, after the gate's retries; None when it is a value that says so."""
    try:
        caller.call(sandbox, urls)
    except JobError as error:
        return error
    return None


CASES = [
    *((CODES[at % len(CODES)], location) for at, location in enumerate(LOCATIONS)),
    *((code, LOCATIONS[0]) for code in CODES),
]


@pytest.mark.parametrize("name", CALLERS)
def test_no_redirect_is_followed(name: str, sandbox: Sandbox, thief: Eavesdropper) -> None:
    caller, urls = CALLERS[name], Urls.of(sandbox.url)
    own = sandbox.url.rpartition(":")[2]
    # By default a third of the cases each; the callers of one service share all of them.
    first = 6 * [one for one in CALLERS if CALLERS[one].service == caller.service].index(name)
    cases = CASES if TORTURE > 1 else (CASES * 2)[first % len(CASES) :][:6]
    for code, location in cases:
        sandbox.faults.clear()
        where = location.format(port=thief.port, own=own)
        # A body that would be believed if it came with 200.
        answer = Status(
            code, {"Location": where} if where else {}, '{"results": {}, "items": [], "total": 0, "id": "x"}'
        )
        sandbox.misbehave(Fault(answer, service=caller.service, count=ALWAYS))
        error = fails(caller, sandbox, urls)
        assert isinstance(error, Unavailable | UnknownOutcome), (code, location, error)
        assert "redirect" in error.message or "failed" in error.message, error
    assert thief.heard == ""


LONG = synthetic_world(playlists=1, tracks_each=120, liked=60, seed=1)
"""Several pages of everything."""


def _all_of_spotify(sandbox: Sandbox, urls: Urls) -> None:
    source = _source(sandbox, urls)
    for head in source.library(frozenset(Kind)).heads:
        offset, more = 0, True
        while more:
            page = source.page(head, offset)
            assert isinstance(page, Page)
            offset, more = offset + len(page.entries), page.more


def _all_of_deezer(sandbox: Sandbox, urls: Urls) -> None:
    target = _rest(urls)
    for head in target.playlists():
        target.tracks(head.id)


READERS = {"spotify": _all_of_spotify, "deezer": _all_of_deezer}
"""The gateway names no links."""


@pytest.mark.parametrize("name", READERS)
def test_no_next_link_is_followed(name: str) -> None:
    """The services are behind another address than the one that their links name, as behind a proxy of somebody's."""
    with Sandbox(LONG, switches=DeezerSwitches(quota_calls=None)) as sandbox:
        tracks = sorted(sandbox.catalogue.deezer_by_id)[:250]
        sandbox.deezer.create_by_hand("long", tracks)
        sandbox.deezer.like_by_hand(*tracks[:120])
        with eavesdropper(onward=int(sandbox.url.rpartition(":")[2])) as line:
            READERS[name](sandbox, Urls.of(f"http://127.0.0.1:{line.port}"))
            asked = line.heard.count(" HTTP/1.1\r\n")
        assert asked == len(sandbox.log.all()), "somebody was asked by another way"
        assert asked > 5, "nothing had several pages, so nothing was tested"


def belongs(sandbox: Sandbox) -> dict[str, set[str]]:
    """Each service's own secrets."""
    grants = sandbox.grants
    refresh = {token for token in grants.issued() if token.startswith("AQ")}
    return {
        "accounts": refresh | {grants.client_secret},
        "spotify": set(grants.issued() - refresh),
        "deezer": {SANDBOX_ACCESS_TOKEN},
        "gateway": {SANDBOX_ARL, *sandbox.deezer.credentials.issued()},
    }


@pytest.mark.parametrize("credential", ["arl", "token"])
def test_no_service_is_told_another_ones_secrets(
    credential: Credential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ~/.netrc having a password for the host, which requests and httpx know how to find."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password netrc-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_bytes(netrc.read_bytes())
    library = synthetic_world(playlists=2, tracks_each=4, liked=2, seed=3)
    with open_rig(tmp_path, library, credential=credential, clock=SwiftClock()) as rig:
        rig.sandbox.grants.mode = TokenMode.ROTATE_AND_INVALIDATE
        port = int(rig.sandbox.url.rpartition(":")[2])
        lines = {service: Eavesdropper(onward=port) for service in ("accounts", "spotify", "deezer", "gateway")}
        urls = Urls(**{name: getattr(Urls.of(f"http://127.0.0.1:{one.port}"), name) for name, one in lines.items()})
        addresses = {
            "MUSICDIFF_SPOTIFY_API_URL": urls.spotify, "MUSICDIFF_SPOTIFY_ACCOUNTS_URL": urls.accounts,
            "MUSICDIFF_DEEZER_API_URL": urls.deezer, "MUSICDIFF_DEEZER_GATEWAY_URL": urls.gateway,
            "MUSICDIFF_SPOTIFY_TOKEN_STORE": str(tmp_path / "tokens.json"),
        }  # fmt: skip
        assert rig.run(env=addresses, max_seconds=36_000).outcome is Outcome.CHANGED
        rig.sandbox.grants.expire_access_tokens()
        rig.sandbox.deezer.expire_sessions()
        assert rig.run(env=addresses, max_seconds=36_000, force=True).outcome is Outcome.IN_SYNC
        for one in lines.values():
            one.close()
        own = belongs(rig.sandbox)
        for service, line in lines.items():
            others = set().union(*(own[other] for other in own if other != service)) - own[service]
            assert not revealed(line.heard, {*others, "netrc-password"}, depth=1), service
            if service != "gateway" or credential == "arl":
                assert "HTTP/1.1" in line.heard
            if service != "gateway" and (service != "deezer" or credential == "token"):
                assert revealed(line.heard, own[service], depth=1), "nothing was sent, so nothing was tested"


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "; Domain=localhost",
        "; Domain=.com",
        "; Domain=127.0.0.1",
        "; Domain=.0.0.1",
        "; Domain=.local",
        "; Path=/x",
    ],
)
def test_no_cookie_of_the_gateway_goes_elsewhere(attributes: str, sandbox: Sandbox, thief: Eavesdropper) -> None:
    session = GatewaySession(door(), Redactor(), Urls.of(sandbox.url).gateway, Secret(SANDBOX_ARL))
    session.signed_in()
    sid = next(cookie.value for cookie in session._http.cookies if cookie.name == "sid")
    wide = {"Set-Cookie": f"sid={sid}{attributes}"}
    body = '{"error": [], "results": {}}'
    sandbox.misbehave(Fault(Status(200, wide, body), service="gateway"))
    session.call("x", {}, lambda results: results)
    urls = [f"http://localhost:{thief.port}/", "http://0.0.1/", "http://evil.local/", "https://evil.com/x", "http://x/"]
    for url in urls:
        request = session._http.prepare_request(requests.Request("GET", url))
        assert not revealed(str(request.headers), [SANDBOX_ARL, str(sid)]), (url, request.headers)


ENCRYPTED = ("refresh", "exchange of a code", "profile", "rest account", "search", "gateway session")
"""One for each kind of connection; those that need no other service's answer first."""

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.mark.parametrize("name", CALLERS)
def test_no_proxy_hears_what_stays_on_this_machine(
    name: str, sandbox: Sandbox, thief: Eavesdropper, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in PROXIES:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{thief.port}")
    host = "localhost" if name in ENCRYPTED else "127.0.0.1"
    error = fails(CALLERS[name], sandbox, Urls.of(sandbox.url.replace("127.0.0.1", host)))
    assert not isinstance(error, Unavailable | UnknownOutcome | ConfigError), error
    assert thief.heard == ""


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """A host name that is not this machine, and yet leads here."""
    real = socket.getaddrinfo

    def found(host: Any, *more: Any, **options: Any) -> Any:
        return real("127.0.0.1" if host in ("service.test", b"service.test") else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", *PROXIES, "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    return "service.test"


@pytest.mark.parametrize("name", ENCRYPTED)
def test_a_proxy_hears_the_host_of_an_encrypted_connection_and_nothing_else(
    name: str, sandbox: Sandbox, thief: Eavesdropper, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in PROXIES:
        monkeypatch.setenv(variable, f"http://me:proxy-password@127.0.0.1:{thief.port}")
    error = fails(CALLERS[name], sandbox, Urls.of(f"https://{elsewhere}:9"))
    assert isinstance(error, Unavailable | UnknownOutcome)
    assert thief.heard.startswith(f"CONNECT {elsewhere}:9 ")
    assert not revealed(thief.heard, secrets_of(sandbox))
    assert not revealed(str(error), ["proxy-password"])


@pytest.mark.parametrize("name", ENCRYPTED)
def test_nothing_is_sent_to_a_server_that_cannot_prove_who_it_is(
    name: str, sandbox: Sandbox, tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, context = certificate(tmp_path, elsewhere)
    with eavesdropper(context=context) as server:
        urls = Urls.of(f"https://{elsewhere}:{server.port}")
        # What other programs take for "do not look".
        for variable in ("PYTHONHTTPSVERIFY", "NODE_TLS_REJECT_UNAUTHORIZED", "GIT_SSL_NO_VERIFY"):
            monkeypatch.setenv(variable, "0")
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(variable, "")
        assert isinstance(fails(CALLERS[name], sandbox, urls), Unavailable | UnknownOutcome)
        assert server.heard == ""
        # A certificate that is trusted, for the name that is called, is accepted: that is what makes the others count.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        fails(CALLERS[name], sandbox, urls)
        assert "HTTP/1.1" in server.heard
    (tmp_path / "other").mkdir()
    other, wrong = certificate(tmp_path / "other", "somebody-else.test")
    with eavesdropper(context=wrong) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        urls = Urls.of(f"https://{elsewhere}:{server.port}")
        assert isinstance(fails(CALLERS[name], sandbox, urls), Unavailable | UnknownOutcome)
        assert server.heard == ""


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("refresh", "REQUESTS_CA_BUNDLE", "/nowhere"),
        ("gateway session", "CURL_CA_BUNDLE", "/nowhere"),
        ("rest account", "SSL_CERT_FILE", "/nowhere"),
        ("rest account", "SSL_CERT_FILE", __file__),
        ("search", "HTTPS_PROXY", "ftp://x"),
        ("search", "HTTPS_PROXY", "http://me:proxy-password@[::"),
        ("search", "NO_PROXY", "[::"),
    ],
)
def test_surroundings_that_cannot_be_used_are_for_a_person(
    name: str, variable: str, value: str, sandbox: Sandbox, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    error = fails(CALLERS[name], sandbox, Urls.of(f"https://{elsewhere}:9"))
    assert isinstance(error, NoWayOut), error
    assert variable in error.hint
    assert not revealed(str(error), ["proxy-password"])


@pytest.mark.parametrize("name", ["refresh", "gateway session"])
def test_a_proxy_that_makes_no_sense_is_no_bug(
    name: str, sandbox: Sandbox, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("ftp://x", "http://me:proxy-password@[::", "::::", "not an address"):
        monkeypatch.setenv("HTTPS_PROXY", value)
        error = fails(CALLERS[name], sandbox, Urls.of(f"https://{elsewhere}:9"))
        assert isinstance(error, NoWayOut | Unavailable), error
        assert not revealed(str(error), ["proxy-password"])
