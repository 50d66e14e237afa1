"""The log lets no secret out, whoever logs it and however, and no name can forge a line or reach the terminal."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import stat
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from foreign import foreign_link
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job import journal
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.secret import Redactor, Secret

TOKEN = "BQDsecretAccessToken123"
ARL = 'c0ffee"arl\\with/odd chars'
LIBRARIES = ("spotipy.client", "httpx", "urllib3.connectionpool", "requests", "deezer", "apprise", "root")


class Sink:
    """A configured log in memory and in a file."""

    def __init__(self, folder: Path) -> None:
        self.stream = io.StringIO()
        self.file = folder / "logs" / "job.log"
        self.redactor = Redactor()
        self.redactor.learn(Secret(TOKEN), ARL)

    def configure(self, format: str = "json", **options: Any) -> None:
        wanted: dict[str, Any] = {"level": "info", "stream_is_terminal": False, "run_id": "r1", "file": str(self.file)}
        journal.configure(format=format, stream=self.stream, redactor=self.redactor, **wanted | options)  # type: ignore[arg-type]

    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]

    def clear(self) -> None:
        self.stream.seek(0)
        self.stream.truncate()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    # The adapters quiet the libraries they use, for the whole process; here everything that is said must be seen.
    loggers = [logging.getLogger(name) for name in ("spotipy", "httpx", "httpcore", "urllib3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.NOTSET)
    yield Sink(tmp_path)
    journal.reset()
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


class Reveals:
    """A foreign object whose text holds a secret."""

    def __str__(self) -> str:
        return f"<Response {TOKEN}>"


class Broken:
    """A foreign object that cannot be shown."""

    def __str__(self) -> str:
        raise ValueError(TOKEN)


def log_everything(logger: logging.Logger) -> None:
    """Put the secrets into every part of a record that a library can fill."""
    logger.debug("GET %s?access_token=%s", "/user/me", TOKEN)
    logger.info("HTTP Request: GET https://api.deezer.com/user/me?access_token=" + TOKEN + "&index=25")  # noqa: G003 as httpx does
    logger.info("headers %s", {"Authorization": f"Bearer {TOKEN}", "Cookie": f"arl={ARL}"})
    logger.info("unlearned %r", {"access_token": "never-seen-before", "Authorization": "Bearer never-seen-before"})
    logger.info("plain", extra={"response": Reveals(), "nested": [{"deep": (TOKEN, b"x" + TOKEN.encode())}]})
    logger.info("keys", extra={"headers": {TOKEN: 1, "Cookie": "never-seen-before", "x-token": "never-seen-before"}})
    logger.info({"message": "a dict", "token": TOKEN, "arl": ARL})
    logger.info("%d", TOKEN)
    logger.warning("broken %s", Broken())
    logger.info("stack", stack_info=True, extra={"arl": ARL})
    try:
        try:
            raise ValueError(f"inner {ARL}")
        except ValueError as inner:
            raise ConnectionError(f"https://x/?access_token={TOKEN}") from inner
    except ConnectionError:
        logger.exception("failed for %s", TOKEN)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("format", ["json", "text"])
def test_no_library_can_log_a_secret(sink: Sink, library: str, format: str) -> None:
    sink.configure(format, verbosity=2)
    log_everything(logging.getLogger(library if library != "root" else None))
    written = sink.text()
    assert len(written.splitlines()) >= 11
    assert "/user/me" in written and "ConnectionError" in written and "inner" in written
    for text in (written, sink.file.read_text()):
        assert text
        assert TOKEN not in text and "never-seen-before" not in text
        assert ARL not in text and json.dumps(ARL)[1:-1] not in text and "c0ffee" not in text


def test_a_secret_learned_during_the_run_is_scrubbed_from_then_on(sink: Sink) -> None:
    sink.configure()
    sink.redactor.learn("later-secret")
    journal.event("auth.renewed", note="later-secret", count=3)
    assert sink.lines()[0]["note"] == "***" and sink.lines()[0]["count"] == 3


def test_digits_of_a_secret_are_scrubbed_from_numbers(sink: Sink) -> None:
    sink.configure()
    sink.redactor.learn("12345678")
    journal.event("a.b", number=12345678, other=1234)
    assert (sink.lines()[0]["number"], sink.lines()[0]["other"]) == ("***", 1234)


def test_an_event_in_json(sink: Sink) -> None:
    sink.configure()
    journal.event("collection.changed", name="Gym", added=3, level="x", message="said", args=[1, None, True, 1.5])
    line = sink.lines()[0]
    at = datetime.fromisoformat(line.pop("time"))
    assert at.tzinfo == UTC
    assert line == {
        "level": "info",
        "event": "collection.changed",
        "logger": "musicdiff_job",
        "run_id": "r1",
        "message": "collection.changed",
        "name": "Gym",
        "added": 3,
        "level_": "x",
        "message_": "said",
        "args": [1, None, True, 1.5],
    }
    assert json.loads(sink.file.read_text())["event"] == "collection.changed"


def test_an_event_in_text(sink: Sink) -> None:
    sink.configure("text")
    journal.event("collection.changed", logging.WARNING, name="Gym mix", added=3, kinds=["a"], empty="")
    at, rest = sink.text().split(" ", 1)
    assert at.endswith("Z") and datetime.fromisoformat(at).tzinfo == UTC
    assert rest == 'warning collection.changed name="Gym mix" added=3 kinds=["a"] empty=""\n'


def test_text_for_the_journal_has_priorities_and_no_time(sink: Sink) -> None:
    sink.configure("text", to_journald=True)
    journal.event("a.b", logging.WARNING, name="<0>\n<1>x")
    try:
        raise ValueError("first\n<0>second")
    except ValueError as error:
        journal.event("run.crashed", logging.ERROR, error=error)
    first, *others = sink.text().splitlines()
    assert first == '<4>warning a.b name="<0>\\n<1>x"'
    assert others[0] == "<3>error   run.crashed"
    assert all(line.startswith("<3>    | ") for line in others[1:])
    assert any("<0>second" in line for line in others)
    assert sink.file.read_text()[0].isdigit(), "the file has no other clock"
    sink.clear()
    sink.configure("json", to_journald=True)
    journal.event("a.b")
    assert sink.lines()[0]["event"] == "a.b"


def test_events_of_the_jobs_own_modules_are_recognised_and_prose_is_not(sink: Sink) -> None:
    sink.configure()
    logging.getLogger("musicdiff_job.gate").info("rate_limit.hit", extra={"service": "deezer"})
    logging.getLogger("musicdiff_job.gate").warning("some prose")
    logging.getLogger("urllib3").warning("retry.later")
    assert [line["event"] for line in sink.lines()] == ["rate_limit.hit", "log", "log"]
    assert sink.lines()[0]["service"] == "deezer"


def test_what_json_lacks_is_written_as_text(sink: Sink) -> None:
    class Colour(StrEnum):
        RED = "red"

    sink.configure()
    loop: list[object] = []
    loop.append(loop)
    when = datetime(2026, 11, 21, tzinfo=UTC)
    journal.event("a.b", nan=float("nan"), big=10**5000, colour=Colour.RED, when=when, loop=loop, raw=b"\xff", s={1})
    line = sink.lines()[0]
    assert (line["nan"], line["colour"], line["raw"], line["s"]) == ("nan", "red", "�", [1])
    assert line["when"] == "2026-11-21T00:00:00+00:00" and "..." in str(line["loop"]) and isinstance(line["big"], str)


def test_long_texts_are_cut_but_not_inside_a_secret(sink: Sink) -> None:
    sink.configure()
    page = "x" * (journal.LONGEST - 5) + TOKEN + "y" * 50
    journal.event("a.b", page=page)
    assert TOKEN[:5] not in sink.text() and len(sink.text()) < journal.LONGEST + 500


HOSTILE = "a\x1b[2J\x1b]0;title\x07b\r\n2026-11-21T00:00:00Z info forged\u202edlrow\u2028c\x9b31m\x00\ud800"


def test_hostile_names_in_text_stay_on_their_line(sink: Sink) -> None:
    sink.configure("text", colours=True, stream_is_terminal=False)
    journal.event("collection.changed", name=HOSTILE)
    logging.getLogger("urllib3").warning(HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        journal.event("run.crashed", logging.ERROR, error=error)
    for text in (sink.text(), sink.file.read_text()):
        heads = [line for line in text.split("\n") if line and not line.startswith("    | ")]
        assert len(heads) == 3
        assert all(char.isprintable() or char == "\n" for char in text)
        assert "\\x1b[2J" in text and "\\u202e" in text


def test_hostile_names_in_json_are_kept_but_harmless(sink: Sink) -> None:
    sink.configure()
    journal.event("collection.changed", name=HOSTILE)
    assert sink.lines()[0]["name"] == HOSTILE
    assert all(char.isprintable() for char in sink.text().rstrip("\n"))


@pytest.mark.parametrize("format", ["text", "json"])
def test_no_ci_system_obeys_a_name(sink: Sink, format: str) -> None:
    sink.configure(format)
    name = "##[add-mask]e \u200d#\u200d#[group]x ##vso[y] ::error::z"
    journal.event("collection.changed", name=name)
    logging.getLogger("urllib3").warning("%s\n%s", name, name)
    for text in (sink.text(), sink.file.read_text()):
        assert not re.search(r"^\s*::|#\u200d?#\u200d?\w*\[", text, re.MULTILINE), text
    if format == "json":
        assert sink.lines()[0]["name"] == name


def test_the_folders_of_the_log_are_private_whatever_the_umask(sink: Sink) -> None:
    file = sink.file.parent / "a" / "b" / "job.log"
    before = os.umask(0)
    try:
        sink.configure(file=str(file))
    finally:
        os.umask(before)
    for folder in (file.parent, file.parent.parent, file.parent.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_somebody_elses_link_is_a_settings_error(sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign_link(tmp_path / "job.log", tmp_path / "victim", monkeypatch)
    with pytest.raises(ConfigError, match="somebody else"):
        sink.configure(file=str(tmp_path / "job.log"))
    assert not (tmp_path / "victim").exists()


@settings(deadline=None)
@given(st.text(), st.text(), st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.floats(), st.binary())))
def test_any_text_makes_one_line(message: str, value: str, nested: dict[str, Any]) -> None:
    for format in ("text", "json"):
        stream = io.StringIO()
        journal.configure(
            format=format,
            level="info",
            stream=stream,
            stream_is_terminal=True,
            redactor=Redactor(),
        )
        try:
            logging.getLogger("musicdiff_job").info(message)
            journal.event("a.b", value=value, nested=nested)
        finally:
            journal.reset()
        lines = stream.getvalue().split("\n")
        assert len(lines) == 3 and lines[2] == ""
        if format == "json":
            said, told = (json.loads(line) for line in lines[:2])
            assert said["message"] == message and told["value"] == value


def test_names_of_the_world_stay_readable(sink: Sink) -> None:
    for format in ("text", "json"):
        sink.configure(format)
        journal.event("collection.changed", name="Кукушка 東京 👩‍🚀")
    assert sink.text().count("Кукушка 東京 👩‍🚀") == 2


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_stream_that_lacks_a_character_loses_no_line(sink: Sink, format: str) -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii", errors="strict") as stream:
        sink.configure(format, stream_is_terminal=False)
        journal.configure(
            format=format,  # type: ignore[arg-type]
            level="info",
            stream=stream,
            stream_is_terminal=False,
            redactor=sink.redactor,
        )
        journal.event("collection.changed", name="東京")
        stream.flush()
        line = raw.getvalue().decode("ascii")
    assert "\\u6771\\u4eac" in line
    if format == "json":
        assert json.loads(line)["name"] == "東京"


def emitted(sink: Sink) -> list[str]:
    """Who gets through, as name:level."""
    sink.clear()
    for name in ("musicdiff_job.gate", "urllib3", "botocore.auth"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logging.getLogger(name).log(level, "x")
    return [f"{line['logger'].split('.')[0][:4]}:{line['level'][0]}" for line in sink.lines()]


@pytest.mark.parametrize(
    ("level", "verbosity", "expected"),
    [
        ("info", 0, "musi:i musi:w musi:e urll:w urll:e boto:w boto:e"),
        ("error", 0, "musi:e urll:e boto:e"),
        ("debug", 0, "musi:d musi:i musi:w musi:e urll:w urll:e boto:w boto:e"),
        ("info", 1, "musi:d musi:i musi:w musi:e urll:w urll:e boto:w boto:e"),
        ("info", 2, "musi:d musi:i musi:w musi:e urll:d urll:i urll:w urll:e boto:w boto:e"),
        ("info", -1, "musi:w musi:e urll:w urll:e boto:w boto:e"),
        ("error", -1, "musi:e urll:e boto:e"),
        ("info", -2, "musi:e urll:e boto:e"),
    ],
)
def test_levels(sink: Sink, level: str, verbosity: int, expected: str) -> None:
    sink.configure(level=level, verbosity=verbosity)
    assert emitted(sink) == expected.split()


@pytest.mark.parametrize("verbosity", [-2, -1, 0])
def test_quiet_is_about_what_is_said_not_about_the_file(sink: Sink, verbosity: int) -> None:
    sink.configure(verbosity=verbosity)
    emitted(sink)
    filed = [json.loads(line) for line in sink.file.read_text(encoding="utf-8").splitlines()]
    assert [line["level"][0] for line in filed] == list("iwewewe")


@pytest.mark.parametrize(
    ("format", "terminal", "json_shown", "json_filed"),
    [
        ("auto", True, False, True),
        ("auto", False, True, True),
        ("text", False, False, False),
        ("json", True, True, True),
    ],
)
def test_format(sink: Sink, format: str, terminal: bool, json_shown: bool, json_filed: bool) -> None:
    sink.configure(format, stream_is_terminal=terminal)
    journal.event("a.b")
    assert sink.text().startswith("{") is json_shown
    assert sink.file.read_text().startswith("{") is json_filed


def test_colours_only_on_a_terminal_and_never_in_the_file(sink: Sink) -> None:
    sink.configure("text", colours=True, stream_is_terminal=True)
    journal.event("a.b", logging.ERROR)
    assert sink.text().startswith("\x1b[31m") and sink.text().endswith("\x1b[0m\n")
    assert "\x1b" not in sink.file.read_text()
    sink.clear()
    sink.configure("text", colours=True, stream_is_terminal=False)
    journal.event("a.b", logging.ERROR)
    assert "\x1b" not in sink.text()


def test_the_file_is_private_from_its_creation_and_rotated(sink: Sink) -> None:
    sink.configure(max_bytes=400, backups=2)
    for number in range(9):
        journal.event("a.b", number=number, padding="x" * 100)
    files = sorted(sink.file.parent.iterdir())
    assert [file.name for file in files] == ["job.log", "job.log.1", "job.log.2"]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_size <= 400
    assert stat.S_IMODE(sink.file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("file", ["/dev/null/x/log", "a\x00b"])
def test_a_file_that_cannot_be_written_is_a_settings_error(sink: Sink, file: str) -> None:
    with pytest.raises(ConfigError, match=r"log\.file"):
        sink.configure(file=file)


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_full_disk_loses_the_records_and_is_said_once(sink: Sink, format: str) -> None:
    sink.configure(format, file="/dev/full", max_bytes=100, backups=2)
    for number in range(3):
        journal.event("a.b", number=number)
    if format == "json":
        assert [line["event"] for line in sink.lines()] == ["a.b", "log.file_lost", "a.b", "a.b"]
        told = sink.lines()[1]
        assert (told["level"], told["file"], told["reason"]) == ("warning", "/dev/full", "No space left on device")
    else:
        assert 'warning log.file_lost file=/dev/full reason="No space left on device"' in sink.text()
    journal.reset()


def test_a_log_that_may_not_be_rotated_goes_no_further_and_says_so(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    sink.configure(max_bytes=300, backups=2)
    monkeypatch.setattr(os, "rename", refuse)
    for number in range(5):
        journal.event("a.b", number=number)
    events = [line["event"] for line in sink.lines()]
    assert events.count("a.b") == 5
    assert events.count("log.file_lost") == 1


def test_quiet_still_says_that_the_log_is_lost(sink: Sink) -> None:
    sink.configure(file="/dev/full", verbosity=-2)
    journal.event("a.b", logging.ERROR)
    assert [line["event"] for line in sink.lines()] == ["a.b", "log.file_lost"]


def test_logging_to_a_closed_stream_is_silent(sink: Sink, capsys: pytest.CaptureFixture[str]) -> None:
    sink.configure()
    sink.stream.close()
    journal.event("a.b")
    assert capsys.readouterr() == ("", "")
    assert json.loads(sink.file.read_text())["event"] == "a.b"


def test_warnings_are_logged_and_scrubbed(sink: Sink) -> None:
    sink.configure()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(f"deprecated {TOKEN}", stacklevel=1)
    assert sink.lines()[0]["logger"] == "py.warnings" and "deprecated ***" in sink.lines()[0]["message"]


def test_a_record_is_not_changed_for_the_handlers_of_others(sink: Sink) -> None:
    sink.configure()
    try:
        raise ValueError("x")
    except ValueError:
        record = logging.LogRecord("a", logging.INFO, "f", 1, "m %s", ("arg",), sys.exc_info())
    before = dict(record.__dict__)
    for handler in logging.getLogger().handlers:
        handler.handle(record)
    assert record.__dict__ == before


def test_others_handlers_are_put_aside_and_come_back(sink: Sink) -> None:
    root = logging.getLogger()
    heard: list[logging.LogRecord] = []

    class Foreign(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record)

    foreign = Foreign()
    root.addHandler(foreign)
    before = (root.handlers[:], root.level, logging.raiseExceptions, logging.getLogger("botocore").level)
    try:
        sink.configure()
        sink.configure("text")
        journal.event("a.b", logging.ERROR)
        assert not heard and len(sink.text().splitlines()) == 1
        journal.reset()
        assert (root.handlers[:], root.level, logging.raiseExceptions, logging.getLogger("botocore").level) == before
        root.error("x")
        assert len(heard) == 1
    finally:
        root.removeHandler(foreign)
