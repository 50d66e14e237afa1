"""The places where a secret could get out, filled with awkward secrets: the log, a run's outputs, an object's text."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
from awkward import WRITTEN, revealed, secrets
from hypothesis import strategies as st
from mortal import SwiftClock
from rig import Credential, Rig, open_rig

from musicdiff_job import bootstrap, journal, settings
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.core.summary import Summary
from musicdiff_job.report.silent import Silent
from musicdiff_job.sandbox.faults import (
    ALWAYS,
    DeezerQuota,
    Effect,
    EmptyBody,
    Fault,
    Html200,
    JsonFalse,
    ResetAfter,
    ResetBefore,
    Status,
    TokenExpired,
    TruncatedJson,
    WrongJson,
)
from musicdiff_job.sandbox.spotify_accounts import TokenMode
from musicdiff_job.sandbox.world import synthetic_world

LIBRARIES = (
    "urllib3.connectionpool", "requests.sessions", "spotipy.client", "httpx", "httpcore.http11", "deezer.client",
    "botocore.auth", "boto3.resources", "filelock", "py.warnings", "asyncio", "tenacity", "", journal.OURS,
)  # fmt: skip
FORMS: tuple[Literal["text", "json"], ...] = ("text", "json")
HUSHED = ("spotipy", "httpx", "httpcore", "urllib3")
"""Loggers that the adapters make speak less than they can."""


@contextmanager
def talkative() -> Iterator[None]:
    """All libraries log all they have to log, whatever the adapters tell them."""
    loggers = [logging.getLogger(name) for name in {*HUSHED, *journal._CAPPED}]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.setLevel = lambda level: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            del logger.setLevel
            logger.setLevel(level)


# The log


class Says:
    """A foreign object with a text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return f"<Response {self._text}>"

    __repr__ = __str__


class Bug(Exception):
    """A mistake with a secret in it wherever an exception can hold one."""


def blow_up(secret: str) -> None:
    """Raise an exception that has the secret in its arguments, its causes, its notes and the frames' variables."""
    local = {"Authorization": f"Bearer {secret}"}
    try:
        try:
            raise KeyError(secret)
        except KeyError as first:
            raise ConnectionError(f"GET https://api.deezer.com/user/me?access_token={secret}", local) from first
    except ConnectionError:
        bug = Bug(secret, local, secret.encode("utf-8", "surrogatepass"))
        bug.add_note(f"while asking with {secret}")
        raise bug  # noqa: B904 - the context is the point


Place = Callable[[logging.Logger, str, int], object]
"""Logs a text that may be split at a position."""


def _with_traceback(logger: logging.Logger, text: str, half: int) -> None:
    try:
        blow_up(text)
    except Bug:
        logger.exception("failed with %s", text)


def _with_a_group(logger: logging.Logger, text: str, half: int) -> None:
    group = ExceptionGroup(text, [ValueError(text), ExceptionGroup("inner", [OSError(5, text, f"/tmp/{text}")])])
    logger.error(group, exc_info=group)


def _by_a_warning(logger: logging.Logger, text: str, half: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(f"insecure request to host with {text}", stacklevel=1)


def _split_by_the_message(logger: logging.Logger, text: str, half: int) -> None:
    rest = text[half:].replace("%", "%%")
    logger.warning(f"x %s{rest}", text[:half])  # noqa: G004


def _with_extra(logger: logging.Logger, text: str, half: int) -> None:
    in_bytes = text.encode(errors="replace")
    logger.critical("x", extra={"url": text, "headers": {"Cookie": f"arl={text}"}, text: 1})
    logger.info("x", extra={"a": ({"b": [text, {in_bytes}], text: text},), "deep": [[[[[[[[[[text]]]]]]]]]]})


def _as_bytes_and_lists(logger: logging.Logger, text: str, half: int) -> None:
    logger.warning("headers %r %s", {"x": [text, text.encode(errors="replace")]}, [text])


PLACES: dict[str, Place] = {
    "message": lambda logger, text, half: logger.debug(text),
    "argument": lambda logger, text, half: logger.info("GET %s HTTP/1.1 %d", text, 200),
    "split over arguments": lambda logger, text, half: logger.warning("%s%s", text[:half], text[half:]),
    "split by the message": _split_by_the_message,
    "named argument": lambda logger, text, half: logger.warning("to %(to)s", {"to": text}),
    "bytes and lists": _as_bytes_and_lists,
    "foreign object": lambda logger, text, half: logger.error("got %s and %r", Says(text), Says(text)),
    "message object": lambda logger, text, half: logger.error(Says(text)),
    "mapping": lambda logger, text, half: logger.info({"message": text, "deep": [{text: text}]}),
    "wrong arguments": lambda logger, text, half: logger.info("%d %d", text),  # noqa: PLE1206
    "extra": _with_extra,
    "traceback": _with_traceback,
    "group of exceptions": _with_a_group,
    "stack": lambda logger, text, half: logger.info("%s", text, stack_info=True),
    "warning": _by_a_warning,
    "event": lambda logger, text, half: journal.event("a.b", url=text, deep={"token": text, "x": text}),
    "long text": lambda logger, text, half: logger.info("%s%s%s", "y" * (journal.LONGEST - half), text, "z" * 100),
    "child": lambda logger, text, half: logger.getChild(text).warning("x"),
}
"""Where in a record a library may put a secret."""
TORN = "group of exceptions"
"""Python indents a group's lines, which tears a text of several lines; no credential with one is accepted."""


def _keep_log(form: Literal["text", "json"], stream: io.StringIO, redactor: Redactor, file: Path) -> None:
    journal.configure(
        format=form, level="debug", verbosity=2, stream=stream, stream_is_terminal=False, redactor=redactor,
        file=str(file),
    )  # fmt: skip


def check_log(folder: Path, known: list[str], places: list[tuple[str, str, str, int]]) -> None:
    """Known secrets, logged by libraries in these places and ways of writing, are in neither form of the log."""
    redactor = Redactor()
    redactor.learn(*map(Secret, known))
    for form in FORMS:
        stream, file = io.StringIO(), folder / f"{form}.log"
        file.unlink(missing_ok=True)
        _keep_log(form, stream, redactor, file)
        try:
            with talkative():
                for place, library, way, half in places:
                    for secret in known:
                        if place == TORN and len(secret.splitlines()) > 1:
                            continue
                        PLACES[place](logging.getLogger(library or None), WRITTEN[way](secret), half)
        finally:
            journal.reset()
        said = stream.getvalue()
        lines = [line for line in said.split("\n") if line and not line.startswith("    | ")]
        assert len(lines) >= len(places) * len(known) or TORN in str(places), (
            "something was not logged, so it was not tested"
        )
        assert said == file.read_text(encoding="utf-8") or form == "text"
        for text in (said, file.read_text(encoding="utf-8")):
            assert not revealed(text, known), (places, text)
        if form == "json":
            assert all(json.loads(line)["message"] is not None for line in lines)


def places() -> st.SearchStrategy[list[tuple[str, str, str, int]]]:
    """Some places in records, each with the library that logs, how the secret is written, and where it is split."""
    ways = sorted(way for way in WRITTEN if "base64" not in way and "basic" not in way)
    one = st.tuples(
        st.sampled_from(sorted(PLACES)), st.sampled_from(LIBRARIES), st.sampled_from(ways), st.integers(1, 5)
    )
    return st.lists(one, min_size=1, max_size=4)


# A run against services that fail and repeat what they are told


@dataclass(frozen=True)
class Ordeal:
    """One run: its secrets, and what the services do at the ``skip``-th call and after it."""

    arl: str
    token: str
    client_secret: str
    refresh: str
    grown: list[str]
    """What access tokens, rotated refresh tokens and CSRF tokens are made of."""
    credential: Credential
    service: str
    skip: int
    answer: str
    status: int
    way: str


PLAIN_EFFECTS: dict[str, Effect] = {
    "reset before": ResetBefore(), "reset after": ResetAfter(), "truncated": TruncatedJson(), "empty": EmptyBody(),
    "html": Html200(), "false": JsonFalse(), "expired": TokenExpired(), "quota": DeezerQuota(),
}  # fmt: skip
ANSWERS = (
    "echo", "echo in the service's way", "echo in html", "echo in headers", "echo cut off", "redirect", "wrong",
    *PLAIN_EFFECTS,
)  # fmt: skip


def ordeals() -> st.SearchStrategy[Ordeal]:
    """Any of them. Secrets are such as the settings accept."""
    one = secrets(printable=True, least=8)
    return st.builds(
        Ordeal, arl=one, token=one, client_secret=one, refresh=one, grown=st.lists(one, min_size=3, max_size=3),
        credential=st.sampled_from(["arl", "token"]),
        service=st.sampled_from(["*", "spotify", "accounts", "deezer", "gateway"]),
        skip=st.integers(0, 16), answer=st.sampled_from(ANSWERS),
        status=st.sampled_from([400, 401, 403, 404, 429, 500, 503]),
        way=st.sampled_from(["plain", "quoted", "json", "html"]),
    )  # fmt: skip


def effect_of(ordeal: Ordeal, known: list[str]) -> Effect:
    """What befalls the call: mostly an answer that repeats every secret there is."""
    said = " ".join(WRITTEN[ordeal.way](secret) for secret in known)
    link = f"https://api.deezer.com/user/me?access_token={said}"
    bodies: dict[str, Any] = {
        "spotify": {"error": {"status": ordeal.status, "message": said, "reason": said}},
        "accounts": {"error": said, "error_description": said},
        "deezer": {"error": {"type": said, "message": said, "code": 501}},
        "gateway": {"error": {said: said}, "results": {}},
        "*": {"error": said, "message": said},
    }
    body = json.dumps(bodies[ordeal.service])
    match ordeal.answer:
        case "echo":
            return Status(ordeal.status, {"Content-Type": "text/plain"}, said)
        case "echo in the service's way":
            # Deezer says what is wrong with HTTP 200.
            return Status(200 if ordeal.service in ("deezer", "gateway") else ordeal.status, {}, body)
        case "echo in html":
            return Status(ordeal.status, {"Content-Type": "text/html"}, f"x <a href='{link}'>{said}</a>")
        case "echo in headers":
            safe = said.encode("ascii", "replace").decode().replace("\r", "").replace("\n", "")
            return Status(ordeal.status, {"WWW-Authenticate": safe, "Retry-After": safe, "X-Debug": safe}, body)
        case "echo cut off":
            return Status(ordeal.status, {}, " " * 900 + said + body[: len(body) // 2])
        case "redirect":
            return Status(302, {"Location": link.encode("ascii", "replace").decode().replace("\n", "")}, body)
        case "wrong":
            return WrongJson(
                {"access_token": said, "items": [{"name": None, "next": link}], "next": link, "results": said}
            )
        case plain:
            return PLAIN_EFFECTS[plain]


@dataclass
class Sinks:
    """All that a run has said and written, but for the token store, which is for a token."""

    texts: dict[str, str] = field(default_factory=dict)

    def check(self, known: set[str]) -> None:
        for name, text in self.texts.items():
            found = revealed(text, known, depth=1)
            assert not found, f"{name} shows {found}: {text[-3000:]}"


@contextmanager
def under_secrets(folder: Path, ordeal: Ordeal) -> Iterator[tuple[Rig, Callable[[], set[str]]]]:
    """A rig whose secrets are the ordeal's, and all that are in force so far."""
    library = synthetic_world(playlists=1, tracks_each=3, liked=1, seed=5)
    with open_rig(folder, library, credential=ordeal.credential, clock=SwiftClock()) as rig:
        grants, deezer = rig.sandbox.grants, rig.sandbox.deezer.credentials
        scope = grants._refresh.pop(grants.refresh_token)
        grants._refresh[ordeal.refresh] = scope
        vars(grants).update(client_secret=ordeal.client_secret, refresh_token=ordeal.refresh)
        grants.mode = TokenMode.ROTATE_AND_INVALIDATE
        deezer.add_arl(ordeal.arl)
        deezer.add_token(ordeal.token)
        # An unusual character can be in a token that nobody would use one in.
        grants._unique = lambda kind: f"{ordeal.grown[kind == 'access']}{_numbered(grants)}"  # type: ignore[method-assign]
        rig.extra = {
            "SPOTIFY_CLIENT_SECRET": ordeal.client_secret,
            "SPOTIFY_REFRESH_TOKEN": ordeal.refresh,
            "DEEZER_ARL" if ordeal.credential == "arl" else "DEEZER_ACCESS_TOKEN": (
                ordeal.arl if ordeal.credential == "arl" else ordeal.token
            ),
            "MUSICDIFF_SPOTIFY_TOKEN_STORE": str(folder / "tokens.json"),
        }

        def known() -> set[str]:
            given = {ordeal.client_secret, ordeal.refresh, rig.extra.get("DEEZER_ARL", ordeal.token)}
            return given | grants.issued() | deezer.issued()

        yield rig, known


def _numbered(grants: Any) -> int:
    grants._issued += 1
    return int(grants._issued)


def check_run(folder: Path, ordeal: Ordeal) -> Summary:
    """A run under this ordeal and one after it, with all libraries talking: no sink has a secret. The first summary."""
    folder.mkdir(exist_ok=True)
    sinks = Sinks()
    with under_secrets(folder, ordeal) as (rig, known):
        first: Summary | None = None
        for at, form in enumerate(FORMS):
            stream = io.StringIO()
            loaded = settings.load(env=rig.environment(), cwd=folder)
            redactor = Redactor()
            redactor.learn(*loaded.secrets())
            _keep_log(form, stream, redactor, folder / "job.log")
            try:
                with talkative():
                    if at == 0:
                        everything = sorted(known())
                        fault = Fault(
                            effect_of(ordeal, everything), service=ordeal.service, skip=ordeal.skip, count=ALWAYS
                        )
                        rig.sandbox.misbehave(fault)
                    summary = _run(rig, loaded, redactor)
            finally:
                journal.reset()
            first = first or summary
            assert "run.started" in stream.getvalue() or summary.outcome == "rate_limited"
            sinks.texts[f"{form} log"] = stream.getvalue()
            sinks.texts[f"{form} summary"] = msgspec.json.encode(summary).decode()
            rig.sandbox.faults.clear()
        for path in folder.iterdir():
            if path.is_file() and path.name != "tokens.json":
                sinks.texts[path.name] = path.read_text(encoding="utf-8", errors="replace")
        assert {"job.log", "checkpoint.json"} <= sinks.texts.keys()
        sinks.check(known())
        assert first is not None
        return first


def _run(rig: Rig, loaded: settings.Loaded, redactor: Redactor) -> Summary:
    from musicdiff_job.job import run_once

    stop = StopFlag()
    clock = rig.clock or SystemClock(stop)
    store = bootstrap.open_store(loaded.settings, clock)
    job = bootstrap.assemble(
        loaded,
        stop=stop,
        clock=clock,
        observer=Silent(),
        redactor=redactor,
        store=store,
        run_id="run",
        max_seconds=36_000,
    )
    return run_once(job)


# Objects that hold secrets


WAYS: dict[str, Callable[[Any], object]] = {
    "str": str,
    "repr": repr,
    "format": "{}".format,
    "format repr": "{!r}".format,
    "percent": lambda one: "%s %r" % (one, one),  # noqa: UP031
    "f-string": lambda one: f"{one} {one!r} {one!s} {one!a}",
    "list": lambda one: str([one, (one,), {"k": one}]),
    "pprint": pprint.pformat,
    "pickle": pickle.dumps,
    "copy": lambda one: repr(copy.copy(one)),
    "deepcopy": lambda one: repr(copy.deepcopy(one)),
    "vars": lambda one: repr(vars(one)),
    "msgspec": msgspec.json.encode,
    "msgpack": msgspec.msgpack.encode,
    "builtins": lambda one: repr(msgspec.to_builtins(one)),
    "builtins as text": lambda one: repr(msgspec.to_builtins(one, enc_hook=str)),
    "asdict of a struct": lambda one: repr(msgspec.structs.asdict(one)),
    "astuple of a struct": lambda one: repr(msgspec.structs.astuple(one)),
    "asdict of a dataclass": lambda one: repr(dataclasses.asdict(one)),
    "replaced": lambda one: repr(dataclasses.replace(one)),
    "json": lambda one: json.dumps(one, default=str),
    "exception": lambda one: repr(ValueError(one)),
    "reduced": lambda one: repr(one.__reduce_ex__(4)),
}
"""What can make a text of an object."""


def texts_of(value: object) -> Iterator[tuple[str, str]]:
    """Whatever can be made of an object that is text, by the name of how; of a refusal its words."""
    for name, make in WAYS.items():
        try:
            made = make(value)
        except Exception as refusal:
            yield f"{name} (refused)", "".join([str(refusal), repr(refusal), repr(refusal.args)])
        else:
            yield name, made.decode("latin-1") if isinstance(made, bytes) else str(made)


def check_objects(folder: Path, known: list[str]) -> int:
    """Settings, credentials and the job made of four secrets give none away. How many texts were looked at."""
    client_secret, refresh, deezer, password = known
    loaded = settings.load(
        env={
            "SPOTIFY_CLIENT_ID": "the-id",
            "SPOTIFY_CLIENT_SECRET": client_secret,
            "SPOTIFY_REFRESH_TOKEN": refresh,
            "DEEZER_ARL": deezer,
            "MUSICDIFF_CHECKPOINT_URL": str(folder / "checkpoint.json"),
        },
        overrides={"notify.urls": [f"json://user:{password}@host/"]},
        cwd=folder,
    )
    quiet = msgspec.structs.replace(loaded.settings, notify=type(loaded.settings.notify)())
    job = bootstrap.assemble(
        msgspec.structs.replace(loaded, settings=quiet), stop=StopFlag(), clock=SwiftClock(), observer=Silent(),
        redactor=Redactor(), store=bootstrap.open_store(loaded.settings, SwiftClock()), run_id="run",
    )  # fmt: skip
    looked = 0
    for one in (loaded, loaded.settings, loaded.credentials, loaded.secrets(), job, Secret(client_secret)):
        for way, text in texts_of(one):
            assert not revealed(text, known, depth=1), (type(one).__name__, way, text)
            looked += 1
    return looked
