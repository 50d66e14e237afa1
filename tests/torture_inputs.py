"""Every parser against inputs that were valid once: each gives a value or one of the errors that it documents, soon.

As a program it prints one line of JSON, with how many inputs were tried and what failed, and ends with 1 if anything
did: ``python tests/torture_inputs.py``. ``MUSICDIFF_TORTURE=N`` tries N times as many. A failure names its parser and
number; ``spoilt(parser, number)`` makes that input again.

To add a parser: one more row in ``PARSERS``.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, NamedTuple, cast

import click
import msgspec
import requests
from bad_inputs import Input, bytes_like, choice_of, json_like, text_like, typed_like
from checkpoint_sample import GYM, NOW, sample
from export_files import account_data, exportify_app, exportify_net, saved_albums, zipped
from told_clock import ToldClock

from musicdiff_job.cli.status import Age
from musicdiff_job.core import document, links, override_file
from musicdiff_job.core.budget import deezer_rule, spotify_rule
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import (
    AuthError,
    BadAnswer,
    CheckpointInvalid,
    ConfigError,
    Forbidden,
    JobError,
    Locked,
    NotFound,
    Throttled,
    Transient,
    Unauthorized,
    UnknownOutcome,
    UsageError,
)
from musicdiff_job.core.expiry import consent_ends
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.model import AccountId, CollectionHead, Kind, PlaylistId, Service, Track
from musicdiff_job.core.policy import Policy, matches
from musicdiff_job.core.schedule import due, order_key
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer import answers
from musicdiff_job.deezer import decode as deezer
from musicdiff_job.deezer.gateway_session import GatewaySession
from musicdiff_job.deezer.public_api import PublicApi
from musicdiff_job.export import account_data as exported
from musicdiff_job.export import exportify, history
from musicdiff_job.export import library as export_library
from musicdiff_job.export.source import ExportSource
from musicdiff_job.files import jspf, names, renditions
from musicdiff_job.report.collections import collection_lines, collections_table
from musicdiff_job.report.conflicts import conflict_rows, conflicts_text
from musicdiff_job.report.matches import match_csv, match_lines, match_text
from musicdiff_job.report.run import history_table, run_blocks
from musicdiff_job.report.status import Expiry, ailments, status_of
from musicdiff_job.report.status_text import status_blocks
from musicdiff_job.report.text import Lines, plain
from musicdiff_job.report.unmatched import unmatched_lines, unmatched_text
from musicdiff_job.sandbox.catalogue import Catalogue, SpotifyTrack
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.settings import load
from musicdiff_job.settings.kinds import Selector, Wrong
from musicdiff_job.spotify import decode as spotify
from musicdiff_job.spotify.auth import TokenRefresher
from musicdiff_job.spotify.consent import ConsentExchange, Question, read_answer
from musicdiff_job.spotify.wire import Wire, retry_after
from musicdiff_job.store.lock import _refusal

SCALE = int(os.environ.get("MUSICDIFF_TORTURE", "1"))
PATIENCE = 20.0
"""Seconds after which an input is taken to hang its parser."""

REFUSED = (BadAnswer, Throttled, Transient, AuthError, NotFound, Forbidden, Unauthorized, UnknownOutcome)
"""How a service's client may refuse an answer."""


class Parser(NamedTuple):
    """What is tried: ``parse`` on ``amount`` of ``inputs``, and the errors it documents."""

    name: str
    parse: Callable[[Any], object]
    raises: tuple[type[Exception], ...]
    inputs: Input
    amount: int


class Hung(BaseException):
    """A parser has not come back."""


class Tried(NamedTuple):
    """How many inputs were tried, and for each that failed a sentence."""

    inputs: int
    failures: list[str]


def torture(parser: Parser, amount: int) -> Tried:
    """Try this many inputs, always the same ones."""
    failures = []
    for number in range(amount):
        given = spoilt(parser, number)
        try:
            with no_longer_than(PATIENCE):
                parser.parse(given)
        except parser.raises as error:
            if isinstance(error, JobError) and not error.message:
                failures.append(f"{parser.name} {number}: an error without words")
        except (Exception, Hung) as error:
            failures.append(f"{parser.name} {number}: {type(error).__name__}: {str(error)[:200]} for {given!r:.300}")
    return Tried(amount, failures)


def spoilt(parser: Parser, number: int) -> Any:
    """The input of this number."""
    return parser.inputs(Random(f"{parser.name} {number}"))


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Raise ``Hung`` when the block takes longer. Main thread only."""

    def give_up(_: int, __: FrameType | None) -> None:
        raise Hung(f"no answer after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# The checkpoint


def sealed(body: bytes, *, compress: bool = False) -> bytes:
    """A document with this body and a checksum that agrees."""
    content = document.encode(
        Checkpoint(), generation=3, run_id="r", saved_at="2026-11-21T12:00:00Z", app_version="0.1.0", compress=False
    )[1]
    header = msgspec.json.decode(content, type=dict[str, Any])
    del header["body"]
    unsigned = msgspec.convert({**header, "sha256": ""}, document.DocumentHeader)
    header["sha256"] = document._digest(unsigned, body)
    whole = msgspec.json.encode(header)[:-1] + b',"body":' + body + b"}\n"
    return gzip.compress(whole, 1, mtime=0) if compress else whole


def used(content: bytes) -> None:
    """Read a checkpoint and do with it what commands and the beginning of a run do."""
    header, checkpoint = document.decode(content)
    assert document.read_header(content[: document.HEADER_ROOM]) == header
    msgspec.json.encode(checkpoint)
    rules = {Service.SPOTIFY: spotify_rule(1000), Service.DEEZER: deezer_rule(1000)}
    match_csv(match_lines(checkpoint, Rules(), doubtful=True))
    ill = ailments(checkpoint, NOW)
    told = status_of(
        checkpoint, header, now=NOW, profile="p", ledgers=rules, expiry={Service.SPOTIFY: Expiry()}, policy=Policy()
    )
    msgspec.json.encode(told)
    lines = collection_lines(checkpoint, Policy(), NOW)
    shown = [
        *status_blocks(told, ill, NOW, place="/c", every=True),
        collections_table(lines, NOW),
        history_table(checkpoint.runs, NOW),
        Lines(conflicts_text(conflict_rows(checkpoint), NOW)),
        Lines(unmatched_text(unmatched_lines(checkpoint), NOW)),
        Lines(match_text(match_lines(checkpoint, Rules()), NOW)),
    ]
    for run in checkpoint.runs:
        shown += run_blocks(run, NOW, every=True)
    assert plain(shown).encode()
    policy = Policy()
    for mirror in checkpoint.mirrors.values():
        head = CollectionHead(mirror.id, mirror.kind, mirror.name, mirror.snapshot)
        due(head, mirror, {}, policy, NOW)
        order_key(head, mirror, policy, NOW)
    for closed in checkpoint.not_before.values():
        closed.closed_until(NOW)


BODY = msgspec.json.encode(sample())
PLAIN, PACKED = sealed(BODY), sealed(BODY, compress=True)


def edited(random: Random) -> bytes:
    """A checkpoint whose body makes no sense, and whose checksum agrees."""
    body = choice_of(json_like(json.loads(BODY)), typed_like(json.loads(BODY)))(random)
    return sealed(json.dumps(body, ensure_ascii=random.random() < 0.5).encode(errors="surrogatepass"))


# Settings

TOML = """
[checkpoint]
url = "~/.local/state/{profile}/checkpoint.json.gz"
[budget]
time = "1h30m"
calls = 5_000
[sync]
entities = ["liked", "playlists"]
include = ["*", 'Gym*', "re:^[a-z]+$", "owner:me"]
max_removals = "30%"
name = "{name} (Spotify)"
[matching]
min_score = 0.85
retry_unmatched = ["1d", "3d"]
[[playlist]]
match = "Gym*"
every = "6h"
window = "02:00-06:00"
timezone = "Europe/Paris"
priority = 10
[[playlist]]
match = "re:.*"
[log]
max_bytes = 10485760
[profiles.alice]
budget = { calls = 3, time = 60 }
[profiles.alice.log]
file = '''/var/log/musicdiff.log'''
"""
ENVIRONMENT = {
    "MUSICDIFF_BUDGET_TIME": "10m",
    "MUSICDIFF_SYNC_INCLUDE": '["a*", "[Gg]ym"]',
    "MUSICDIFF_PLAYLIST": '[{"match": "Gym*", "priority": 3, "window": "22:00-06:00"}]',
    "MUSICDIFF_SPOTIFY_API_URL": "http://127.0.0.1:8080/v1",
    "MUSICDIFF_CHECKPOINT_URL": "state/{profile}.json",
    "MUSICDIFF_PROFILE": "alice",
    "MUSICDIFF_NOTIFY_URLS": "ntfy://topic,mailto://user:pass@example.org",
    "SPOTIFY_AUTHORIZED_AT": "2026-08-31",
    "SPOTIFY_CLIENT_ID": "abc",
    "DEEZER_ARL": "x" * 192,
    "HOME": "/home/me",
}
ENV_FILE = """# credentials
export SPOTIFY_CLIENT_ID=abc  # from the dashboard
SPOTIFY_CLIENT_SECRET="a \\"quoted\\" \\$one\\n"
DEEZER_ARL='single'
MUSICDIFF_BUDGET_CALLS=7
EMPTY=
"""


def from_toml(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "musicdiff.toml"
        path.write_bytes(content)
        return load(env={"HOME": "/home/me"}, cwd=Path(folder))


def from_environment(text: str) -> object:
    """``text`` is NAME=value for each line."""
    pairs = (line.partition("=")[::2] for line in text.split("\n") if "\0" not in line)
    loaded = load(env={name: value for name, value in pairs if name}, cwd=Path("/nonexistent"))
    if (day := loaded.credentials.spotify_authorized_at) is not None:
        consent_ends(day)
    return loaded


def from_env_file(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.env"
        path.write_bytes(content)
        return load(env={"HOME": "/home/me"}, env_file=path, cwd=Path(folder))


def overridden(text: str) -> object:
    found = override_file.parse(text, "overrides.toml")
    return override_file.fingerprint(found)


OVERRIDES = """[tracks]
"https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC" = "https://www.deezer.com/track/781592622"
6habFhsOp2NvshLv26DqMb = 3135556
"spotify:track:7ouMYWpwJ422jRcDASZB7P" = "none"
[reject]
"4KHQIQ8gCgDjxWYXm5SN1w" = ["https://www.deezer.com/track/781592622", 3135556]
[prefer]
"spotify:track:4KHQIQ8gCgDjxWYXm5SN1w" = { album = "The Hits", explicit = false }
"""


def selected(pattern: str) -> object:
    """A pattern that settings take, on names that others choose. A regular expression that tries every way to fail has
    no end that anybody could wait for; there a signal ends the run (see ``test_hard_surroundings``)."""
    Selector().read(pattern)
    names = ("Gym", "a" * 40 + "!", "ＧＹＭ İstanbul ß", "", "[x](y)*?")
    return [matches(pattern, CollectionHead(GYM, Kind.PLAYLIST, name, "s")) for name in names]


# Services

OWN = AccountId("5")
SONG = {
    "id": "7ouMYWpwJ422jRcDASZB7P", "uri": "spotify:track:7ouMYWpwJ422jRcDASZB7P", "type": "track", "name": "Song",
    "artists": [{"name": "Muse"}, None, {"name": ""}], "album": {"name": "Album"}, "duration_ms": 366213,
    "explicit": False, "external_ids": {"isrc": "GBAHT0500600"}, "is_local": False,
    "linked_from": {"id": "6habFhsOp2NvshLv26DqMb"},
}  # fmt: skip
SPOTIFY_PAGE = {
    "items": [
        {"added_at": "2020-01-01T00:00:00Z", "item": SONG, "is_local": False},
        {"added_at": None, "track": {**SONG, "uri": "spotify:local:A:B:C:9", "is_local": True}},
        {"track": {"type": "episode", "name": "E", "uri": "spotify:episode:512ojhOuo1ktJprKbVcKyQ"}},
        None,
    ],
    "total": 4, "offset": 0, "limit": 50, "next": None,
}  # fmt: skip
SPOTIFY_LISTS = {
    "items": [
        {
            "id": "37i9dQZF1DX76Wlfdnj7AP", "name": "Gym &amp; co", "snapshot_id": "AAAA", "public": True,
            "owner": {"id": "5", "display_name": "Me"}, "tracks": {"total": 12}, "items": {"total": 12},
            "description": "&lt;3", "collaborative": False,
        },
        None,
    ],
    "total": 2, "offset": 0, "next": None,
}  # fmt: skip
DEEZER_TRACK = {
    "id": 3135556, "title": "Song", "title_short": "Song", "title_version": "(Live)", "isrc": "GBDUW0000059",
    "duration": 224, "rank": 9, "explicit_lyrics": False, "explicit_content_lyrics": 0, "readable": True,
    "artist": {"name": "A"}, "contributors": [{"name": "A"}, {"name": "B"}], "album": {"title": "Album"},
    "alternative": {"id": 7},
}  # fmt: skip
DEEZER_PAGE = {"data": [DEEZER_TRACK, {"id": -1}], "total": 3, "checksum": "c", "next": "https://x/?index=2"}
DEEZER_LIST = {
    "id": 9, "title": "Gym", "nb_tracks": 3, "checksum": "c", "time_mod": 1700000000, "public": False,
    "creator": {"id": 5}, "is_loved_track": True, "mod_date": "2026-01-01 10:00:00", "description": "",
}  # fmt: skip
GATEWAY_SONG = {
    "SNG_ID": "3135556", "SNG_TITLE": "Song", "VERSION": "(Live)", "ART_NAME": "A", "DURATION": "224", "RANK_SNG": "9",
    "ARTISTS": [{"ART_NAME": "B", "ROLE_ID": "0"}], "ALB_TITLE": "Album", "ISRC": "GBDUW0000059", "FILESIZE": "1",
    "EXPLICIT_LYRICS": "0", "EXPLICIT_TRACK_CONTENT": {"EXPLICIT_LYRICS_STATUS": 1}, "FALLBACK": {"SNG_ID": "7"},
    "RIGHTS": {"STREAM_ADS_AVAILABLE": True},
}  # fmt: skip
GATEWAY_LIST = {
    "PLAYLIST_ID": "9", "TITLE": "Gym", "STATUS": 1, "NB_SONG": 3, "CHECKSUM": "c", "DATE_MOD": "2026-01-01 10:00:00",
    "PARENT_USER_ID": "5", "TYPE": "4", "DESCRIPTION": "",
}  # fmt: skip
GATEWAY = {
    "data": [GATEWAY_SONG], "total": 1, "checksum": "c", "next": 1, "filtered_count": 0,
    "DATA": GATEWAY_LIST, "TAB": {"playlists": {"data": [GATEWAY_LIST], "total": 1}},
    "USER": {"USER_ID": 5, "LOVEDTRACKS_ID": 6}, "checkForm": "token", "SESSION_ID": "fr1",
}  # fmt: skip


def every_spotify_reader(body: object) -> None:
    for read in (
        spotify.account,
        spotify.snapshot,
        spotify.track,
        spotify.liked,
        lambda body: spotify.page(body, 0),
        lambda body: spotify.listing(body, 0, OWN),
    ):
        savable(read, body)


def every_deezer_reader(body: object) -> None:
    for read in (
        deezer.page, deezer.track, deezer.header, deezer.account, deezer.created, deezer.gateway_page, deezer.song,
        deezer.song_id, deezer.song_key, deezer.sheet, deezer.sign_in,
        lambda body: deezer.profile_page(body, "playlists"),
        lambda body: deezer.head(body, OWN),
        lambda body: deezer.gateway_head(body, OWN, None),
        lambda body: deezer.contents(deezer.page(body).rows, deezer.page(body).total, "", deezer.track),
        lambda body: answers.receipt(body, "add tracks"),
    ):  # fmt: skip
        savable(read, body)


def savable(read: Callable[[object], object], body: object) -> None:
    """Read one answer; what is decoded must fit into a checkpoint."""
    try:
        value = read(body)
    except (BadAnswer, UnknownOutcome):
        return
    if not isinstance(value, deezer.Page):  # its rows are not looked into yet
        msgspec.json.encode(value)


STATUSES = (200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503)


def answered(random: Random) -> tuple[int, dict[str, str], bytes]:
    """An answer of Deezer's, spoilt: status, headers, body."""
    bodies = [
        json.dumps(one).encode()
        for one in (
            DEEZER_PAGE,
            {"error": {"type": "DataException", "message": "no data", "code": 800}},
            {"error": [], "results": GATEWAY},
            {"error": {"VALID_TOKEN_REQUIRED": "Invalid CSRF token"}, "results": {}},
            {"error": {"GATEWAY_ERROR": "invalid api token"}, "results": {}},
            True,
        )
    ]
    headers = {}
    if random.random() < 0.3:
        headers = {"Retry-After": WAIT(random), "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}
    return random.choice(STATUSES), headers, bytes_like(*bodies)(random)


class _Rest(PublicApi):
    """The public API's client with the network cut out."""

    def __init__(self, given: tuple[int, dict[str, str], bytes]) -> None:
        self._redactor, self._token, self._given = Redactor(), None, given

    def _send(self, *_: object) -> tuple[int, dict[str, str], bytes]:
        return self._given


class _Gateway(GatewaySession):
    """The gateway's client with the network cut out."""

    def __init__(self, given: tuple[int, dict[str, str], bytes]) -> None:
        self._redactor, self._given = Redactor(), given

    def _send(self, *_: object) -> tuple[int, dict[str, str], bytes]:
        return self._given


def every_deezer_client(given: tuple[int, dict[str, str], bytes]) -> None:
    clients: tuple[Callable[[], object], ...] = (
        lambda: _Rest(given).request("GET", "user/me", 1.0),
        lambda: _Rest(given).request("GET", "track/1", 1.0),
        lambda: _Gateway(given)._results(*given),
    )
    for ask in clients:
        try:
            ask()
        except REFUSED as error:
            assert error.message


def every_spotify_client(given: tuple[int, dict[str, str], bytes]) -> None:
    """What may become of an answer that is not simply a page: refusals, and answers with tokens in them."""
    response = requests.Response()
    response.status_code, response._content = given[0], given[2]
    response.headers.update(given[1])
    clock, redactor, door = ToldClock(), Redactor(), cast("Any", None)
    wire = Wire(clock, redactor)
    client = ("id", Secret("secret"))
    tokens = TokenRefresher(door, clock, redactor, "https://a", *client, Secret("refresh"), None, None)
    exchange = ConsentExchange(door, clock, redactor, "https://a", "https://b", *client)
    tokens.__dict__["_wire"] = wire
    assert wire.refusal("page", response).message
    for understand in (tokens._understand, exchange._understand):
        try:
            understand(response)
        except REFUSED as error:
            assert error.message
    for part in (wire, exchange):
        part.close()


def told(random: Random) -> tuple[int, dict[str, str], bytes]:
    """An answer of Spotify's accounts service, or a refusal of its API, spoilt."""
    granted = {"access_token": "a" * 40, "refresh_token": "r" * 40, "expires_in": 3600, "scope": "user-library-read"}
    refused = {"error": "invalid_grant", "error_description": "Refresh token revoked"}
    limited = {"error": {"status": 429, "message": "API rate limit exceeded", "reason": "QUOTA_EXCEEDED"}}
    bodies = [json.dumps(one).encode() for one in (granted, refused, limited, {"error": {"message": "not registered"}})]
    spoilt_json = json.dumps(json_like(granted, refused, limited)(random)).encode()
    body = bytes_like(*bodies)(random) if random.random() < 0.5 else spoilt_json
    return random.choice(STATUSES), {"Retry-After": WAIT(random)} if random.random() < 0.3 else {}, body


def every_wait(value: str) -> None:
    for seconds in (retry_after(value, ToldClock().now()), answers.retry_after({"Retry-After": value, "Date": value})):
        assert seconds is None or seconds >= 0
    dated = {"Retry-After": value, "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}
    assert (answers.retry_after(dated) or 0) >= 0


WAIT = text_like(
    "120", "0", "Sat, 21 Nov 2026 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -1200", "Mon, 01 Jan 0001 00:00:00 +1400"
)


def consented(address: str) -> object:
    """What was pasted; the terminal's bytes have become text by then, without surrogates."""
    address = address.encode(errors="replace").decode()
    question = Question("https://accounts", "http://127.0.0.1:8888/", Secret("state"), Secret("v" * 43))
    return read_answer(address, question)


# Exports

WORLD = SpotifyAccount(Catalogue([SpotifyTrack("7ouMYWpwJ422jRcDASZB7P", "Song", ("A, b", "C"), "Album", 366213)], []))
LIST = WORLD.add_playlist("Gym", ["7ouMYWpwJ422jRcDASZB7P"])
WORLD.like("7ouMYWpwJ422jRcDASZB7P")
WORLD.add_local_file(LIST, "My Band", "Rehearsals", "Take 3: loud", 201)
WORLD.add_episode(LIST, "E", "P")
ACCOUNT_DATA = account_data(WORLD)
HISTORY = {
    "ts": "2024-05-01T10:11:12Z", "ms_played": 181000, "master_metadata_track_name": "Song",
    "master_metadata_album_artist_name": "Muse", "master_metadata_album_album_name": "Album", "episode_name": None,
    "spotify_track_uri": "spotify:track:7ouMYWpwJ422jRcDASZB7P",
}  # fmt: skip
LAST_YEAR = {"endTime": "2024-05-01 10:11", "artistName": "Muse", "trackName": "Song", "msPlayed": 181000}
SHEETS = [*exportify_app(WORLD).values(), *exportify_net(WORLD).values(), saved_albums()]


def every_export_reader(value: object) -> None:
    text = json.dumps(value)
    for read in (
        lambda: exported.playlists(text, "p"),
        lambda: exported.library(text, "l"),
        lambda: exported.owner(text, "o"),
        lambda: list(history.read(text, "h")),
    ):
        try:
            msgspec.json.encode(read())
        except ConfigError as error:
            assert error.hint


def from_sheet(content: bytes) -> object:
    found = exportify.sheet(content.decode("utf-8-sig", "replace"), "x.csv")
    if exportify.is_album_sheet(found):
        return msgspec.json.encode(exportify.albums(found))
    return msgspec.json.encode(exportify.playlist(found, "x", "x.csv"))


def from_export(content: bytes) -> object:
    """A whole export: a zip, or one file alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.zip"
        path.write_bytes(content)
        found = ExportSource(path)
        heads = found.library(frozenset(Kind)).heads
        found.credential()
        return msgspec.json.encode([(head, found.page(head, 0)) for head in heads]), export_library.read(path)


JSPF = jspf.Jspf(
    PlaylistId("1"), "Gym", "Mine",
    tuple(
        map(jspf.row_of, (Track("7ouMYWpwJ422jRcDASZB7P", "Song", ("A, b", "C"), "Album", 366213, "GBAHT0500600", True),
                          Track("00000000aaaaaaaaaaaaaa", "Song"))),
    ),
)  # fmt: skip


def from_jspf(text: str) -> None:
    """A file of a backup; what it says is written again, in all three forms."""
    if (found := jspf.decode(text, "x.jspf")) is None:
        return
    again = jspf.decode(jspf.encode(found).decode(), "x.jspf")
    assert again is not None
    assert jspf.encode(again) == jspf.encode(found)
    assert b"\n\n" not in renditions.m3u8(found)
    renditions.sheet(found).decode()
    msgspec.json.encode([jspf.track_of(row) for row in found.rows])
    assert names.stem(found.title).isprintable()


def any_track(text: str) -> None:
    """The arguments of ``match`` and ``explain``."""
    for name in (links.source_id, links.target_id, links.is_source_id):
        try:
            name(text)
        except UsageError as error:
            assert error.message


PARSERS = [
    Parser("checkpoint, damaged", used, (CheckpointInvalid,), bytes_like(PLAIN, PACKED), 1000),
    Parser("checkpoint, edited", used, (CheckpointInvalid,), edited, 300),
    Parser("settings file", from_toml, (ConfigError,), bytes_like(TOML.encode()), 300),
    Parser(
        "environment", from_environment, (ConfigError,),
        text_like("\n".join(f"{name}={value}" for name, value in ENVIRONMENT.items())), 300,
    ),
    Parser("env file", from_env_file, (ConfigError,), bytes_like(ENV_FILE.encode()), 300),
    Parser("overrides", overridden, (ConfigError,), text_like(OVERRIDES), 500),
    Parser(
        "patterns", selected, (Wrong,), text_like("Gym*", "[Gg]ym?*", "id:37i9dQZF1DX76Wlfdnj7AP", "re:^(a|b)+c{2,3}$"),
        1000,
    ),
    Parser(
        "Spotify's JSON", every_spotify_reader, (), json_like(SPOTIFY_PAGE, SPOTIFY_LISTS, SONG, {"id": "5"}), 1000
    ),
    Parser(
        "Deezer's JSON", every_deezer_reader, (),
        json_like(DEEZER_PAGE, DEEZER_LIST, DEEZER_TRACK, GATEWAY, GATEWAY_SONG, GATEWAY_LIST), 1000,
    ),
    Parser("Deezer's answers", every_deezer_client, (), answered, 500),
    Parser("Spotify's answers", every_spotify_client, (), told, 300),
    Parser("Retry-After", every_wait, (), WAIT, 1000),
    Parser(
        "consent", consented, (AuthError,),
        text_like("http://127.0.0.1:8888/?code=AQD&state=state", "http://127.0.0.1/?error=access_denied&state=state"),
        1000,
    ),
    Parser(
        "tracks", any_track, (),
        text_like("spotify:track:6habFhsOp2NvshLv26DqMb", "https://www.deezer.com/fr/track/3135556?utm=1", "3135556"),
        1000,
    ),
    Parser(
        "export, JSON", every_export_reader, (),
        json_like(
            *(json.loads(ACCOUNT_DATA[name]) for name in ("Playlist1.json", "YourLibrary.json", "Userdata.json")),
            [HISTORY, LAST_YEAR],
        ),
        500,
    ),
    Parser("export, CSV", from_sheet, (ConfigError,), bytes_like(*SHEETS), 1000),
    Parser(
        "export, zip", from_export, (ConfigError,),
        bytes_like(
            zipped(ACCOUNT_DATA, "Spotify Account Data/"), zipped(exportify_net(WORLD)),
            zipped(ACCOUNT_DATA, compression=zipfile.ZIP_STORED),
        ),
        500,
    ),
    Parser("backup, bytes", from_jspf, (BadAnswer,), text_like(jspf.encode(JSPF).decode()), 500),
    Parser(
        "backup, JSON", lambda value: from_jspf(json.dumps(value)), (BadAnswer,),
        json_like(json.loads(jspf.encode(JSPF))), 500,
    ),
    Parser(
        "ages", lambda text: Age().convert(text, None, None), (click.BadParameter,),
        text_like("26h", "1d12h", "90m", "5"), 1000,
    ),
    Parser(
        "lock notes", _refusal, (Locked,),
        choice_of(bytes_like(b'{"run_id":"r","host":"h","pid":1,"started_at":"t","until":"t"}', b"")), 300,
    ),
]  # fmt: skip


def main() -> int:
    """Try everything, and say how it went."""
    warnings.simplefilter("ignore", FutureWarning)  # of regular expressions that look like nested sets
    results = {parser.name: torture(parser, parser.amount * 10 * SCALE) for parser in PARSERS}
    failures = [failure for tried in results.values() for failure in tried.failures]
    told = {
        "what": "bad inputs",
        "tried": sum(tried.inputs for tried in results.values()),
        "failed": len(failures),
        "by": {name: tried.inputs for name, tried in results.items()},
        "failures": failures[:20],
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
