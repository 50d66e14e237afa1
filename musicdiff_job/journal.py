"""The log: where records go, what they look like, and what never stands in them.

An event has a stable dotted name (``collection.changed``) and fields; prose is for libraries. Records of the job and of
every library pass the same handlers and are scrubbed there, after formatting: message, arguments, tracebacks, extra
fields however deeply nested. A filter on a logger would miss its children's records, and scrubbing before formatting
would miss what only ``str()`` of an argument brings out.

Names of playlists and tracks are chosen by others, so text lines escape every unprintable character: a name can
neither clear the terminal nor forge a line, nor can it be obeyed by a CI system. JSON lines keep the exact text and
escape it in JSON's own way.

Logging never ends a run: a full disk or a closed stream loses the record and nothing else. That the file takes no
more is said on the stream, once.
"""

from __future__ import annotations

import errno
import json
import logging
import logging.handlers
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

from musicdiff_job.core.ci_commands import ANYWHERE
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.harmless import JOINERS, safe_json
from musicdiff_job.core.secret import Redactor
from musicdiff_job.journald import prioritised
from musicdiff_job.private import make_folders, open_private

OURS = "musicdiff_job"
DEEPEST = 8
"""Levels of nesting of a field that are written out."""
LONGEST = 10_000
"""Characters of one text in a record; an HTML error page need not stand in a log whole."""

_CAPPED = ("boto3", "botocore", "hpack", "httpcore", "s3transfer")
"""Libraries that log whole requests, signatures included, when they debug; they are never asked to."""

_BLANK = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime", "taskName", "event", "fields"}
_OWN = ("time", "level", "event", "logger", "run_id", "message", "exception", "stack")
_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_SENSITIVE = re.compile(r"(?i)(?:^|[_-])(?:arl|authorization|cookie|password|secret|sid|token)$|api_?key$|checkform$")
_COLOURS = {logging.DEBUG: "2", logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "31;1"}

_undo: list[Callable[[], object]] = []


def event(name: str, level: int = logging.INFO, /, *, error: BaseException | None = None, **fields: object) -> None:
    """Log an event. ``name`` is dotted and never changes, since users filter by it; ``error`` adds a traceback."""
    logging.getLogger(OURS).log(level, name, exc_info=error, extra={"event": name, "fields": fields})


def configure(
    *,
    format: Literal["auto", "text", "json"],
    level: str,
    verbosity: int = 0,
    stream: TextIO,
    stream_is_terminal: bool,
    redactor: Redactor,
    file: str = "",
    max_bytes: int = 0,
    backups: int = 0,
    run_id: str = "",
    colours: bool = False,
    to_journald: bool = False,
) -> None:
    """Send all records of the process to ``stream`` and, if named, to ``file`` (created with mode 0600, rotated at
    ``max_bytes``). May be called again; what was set up before, by whomever, is replaced until ``reset``.

    ``auto`` is text on a terminal and JSON elsewhere, in the file too. ``verbosity`` is the number of ``-v`` less that
    of ``-q``: -1 warnings, -2 errors, 1 the job's debugging, 2 the libraries' as well. ``colours`` only count on a
    terminal; ``to_journald`` says that ``stream`` ends in systemd's journal, and only counts for text. With ``-q`` the
    file gets what it gets without. Raises ``ConfigError`` when the file cannot be opened.
    """
    reset()
    as_text = format == "text" or (format == "auto" and stream_is_terminal)
    ascii_only = not (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")
    lines = TextLines(redactor, colours=colours and stream_is_terminal, to_journald=to_journald)
    shown = _Stream(stream)
    shown.setFormatter(lines if as_text else JsonLines(redactor, run_id, ascii_only=ascii_only))
    handlers: list[logging.Handler] = [shown]
    if file:
        try:
            written = _PrivateFile(file, max_bytes, backups, shown)
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "not a possible file name"
            if isinstance(problem, OSError) and problem.errno == errno.ELOOP:
                reason = "somebody else's symbolic link stands there"
            raise ConfigError([f"log.file: {_neutral(file)} cannot be written ({reason})"]) from None
        written.setFormatter(TextLines(redactor) if format == "text" else JsonLines(redactor, run_id))
        handlers.append(written)
    ours, libraries = _levels(level, verbosity)
    if file and verbosity < 0:
        # Under cron, what is said is mailed; the file is what a person looks into afterwards.
        shown.setLevel(ours)
        ours, libraries = _levels(level, 0)
    _install(handlers, ours, libraries)


def reset() -> None:
    """Undo ``configure``: close its handlers and put back what was there before. Nothing when nothing was set up."""
    while _undo:
        _undo.pop()()


def is_kept() -> bool:
    """Whether records are sent anywhere, scrubbed: between ``configure`` and ``reset``."""
    return bool(_undo)


def _levels(level: str, verbosity: int) -> tuple[int, int]:
    """The least severe level of the job's records and of the libraries'."""
    ours = logging.getLevelNamesMapping()[level.upper()]
    if verbosity < 0:
        quiet = max(ours, logging.WARNING if verbosity == -1 else logging.ERROR)
        return quiet, quiet
    if verbosity > 0:
        ours = logging.DEBUG
    return ours, logging.DEBUG if verbosity > 1 else max(ours, logging.WARNING)


def _install(handlers: list[logging.Handler], ours: int, libraries: int) -> None:
    root = logging.getLogger()
    _undo.append(partial(setattr, logging, "raiseExceptions", logging.raiseExceptions))
    _undo.append(partial(logging.captureWarnings, False))
    _undo.append(partial(setattr, root, "handlers", root.handlers))
    _undo.extend(handler.close for handler in handlers)
    # Others' handlers on the root (a Lambda runtime has one) would write the same records unscrubbed.
    root.handlers = handlers
    levels = {"": libraries, OURS: ours} | {name: max(libraries, logging.WARNING) for name in _CAPPED}
    for name, wanted in levels.items():
        logger = logging.getLogger(name)
        _undo.append(partial(logger.setLevel, logger.level))
        logger.setLevel(wanted)
    logging.raiseExceptions = False
    logging.captureWarnings(True)


class _Stream(logging.StreamHandler[TextIO]):
    def format(self, record: logging.LogRecord) -> str:
        """The line, with what the stream's encoding lacks escaped instead of lost together with the line."""
        line = super().format(record)
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return line.encode(encoding, "backslashreplace").decode(encoding)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    def __init__(self, path: str, max_bytes: int, backups: int, shown: logging.Handler) -> None:
        make_folders(Path(path).parent)
        self._shown, self._is_lossy = shown, False
        super().__init__(path, maxBytes=max_bytes, backupCount=backups, encoding="utf-8", errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Say that records are lost, the first time that one is."""
        error = sys.exc_info()[1]
        if self._is_lossy or not isinstance(error, OSError):
            return
        self._is_lossy = True
        fields = {"file": self.baseFilename, "reason": error.strerror}
        told = {"event": "log.file_lost", "fields": fields}
        logger = logging.getLogger(OURS)
        self._shown.handle(logger.makeRecord(OURS, logging.WARNING, "", 0, "log.file_lost", (), None, extra=told))

    def close(self) -> None:
        """Close the file; what it does not take is lost."""
        with suppress(OSError):
            super().close()

    def _open(self) -> Any:
        def private(path: str, flags: int) -> int:
            return open_private(Path(path), flags)

        return open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=private)


class JsonLines(JsonFormatter):
    """One JSON object a line: time (UTC), level, event ("log" for a library's prose), logger, run_id, message, the
    event's fields, and for errors ``exception`` and ``stack``. A field called like one of these gets a ``_``."""

    def __init__(self, redactor: Redactor, run_id: str, *, ascii_only: bool = False) -> None:
        super().__init__(json_ensure_ascii=ascii_only)
        self._scrub = redactor.scrub
        self._run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return super().format(_settled(record))

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Everything in its order; scrubbed afterwards, in ``process_log_record``."""
        log_data |= {"time": _time(record), "level": record.levelname.lower(), "event": _event(record) or "log"}
        log_data |= {"logger": record.name, "run_id": self._run_id, "message": record.message}
        for source, name in (("exc_info", "exception"), ("stack_info", "stack")):
            if source in message_dict:
                log_data[name] = message_dict.pop(source)
        for name, value in {**message_dict, **_fields(record)}.items():
            log_data[f"{name}_" if name in _OWN else name] = value

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """The same without secrets, and with nothing in it that JSON cannot say."""
        return {str(name): value for name, value in _plain(log_data, self._scrub).items()}

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """JSON in which nothing can disturb a terminal that it is shown on, or a CI system that reads along."""
        return safe_json(super().jsonify_log_record(log_data))


class TextLines(logging.Formatter):
    """``2026-11-21T12:00:00.000Z info    collection.changed name="Gym mix" added=3``; a traceback follows on lines of
    its own, each marked by ``    | `` so that nothing in it can pass for a record. ``to_journald``: as the journal
    wants it, ``<6>info    collection.changed``."""

    def __init__(self, redactor: Redactor, *, colours: bool = False, to_journald: bool = False) -> None:
        super().__init__()
        self._scrub = redactor.scrub
        self._colours = colours
        self._to_journald = to_journald

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines."""
        record = _settled(record)
        name, message = _event(record), record.getMessage()
        text = name if message == name else f"{name}: {message}" if name else f"{record.name}: {message}"
        words = [f"{record.levelname.lower():<7}", _neutral(_cut(self._scrub(text)))]
        fields = _plain(_fields(record), self._scrub)
        words += [f"{_neutral(key)}={_word(value)}" for key, value in fields.items()]
        line = " ".join(words if self._to_journald else [_time(record), *words])
        if self._colours and (colour := _COLOURS.get(record.levelno)):
            line = f"\x1b[{colour}m{line}\x1b[0m"
        trace = self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
        more = [*self._scrub(trace).split("\n"), *self._scrub(record.stack_info or "").split("\n")]
        text = "\n".join([line, *(f"    | {_neutral(part)}" for part in more if part)])
        return prioritised(text, record.levelno) if self._to_journald else text


def _settled(record: logging.LogRecord) -> logging.LogRecord:
    """A copy with its message formed: formatters of others see neither our texts nor we theirs, and arguments that
    do not fit their message, or cannot be shown, do not lose the record."""
    copy = logging.makeLogRecord(record.__dict__)
    if not isinstance(copy.msg, dict):
        try:
            copy.msg = copy.getMessage()
        except Exception:  # whatever an argument's own __str__ raises
            copy.msg = f"{_text(record.msg)} (with arguments that do not fit: {_text(record.args)})"
        copy.args = None
    return copy


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(record: logging.LogRecord) -> str:
    """The event's name; also of ``log.info("run.started", extra=...)`` in the job's own modules. "" for prose."""
    name = getattr(record, "event", None)
    if isinstance(name, str):
        return name
    ours = record.name.split(".")[0] == OURS
    return record.msg if ours and isinstance(record.msg, str) and _NAME.fullmatch(record.msg) else ""


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as ``extra``, and an event's fields."""
    extra = {name: value for name, value in record.__dict__.items() if name not in _BLANK}
    fields = getattr(record, "fields", None)
    return {**extra, **fields} if isinstance(fields, Mapping) else extra


def _plain(value: Any, scrub: Callable[[str], str], depth: int = 0) -> Any:
    """The value in JSON's types, without secrets. What has no such type is written as its text."""
    match value:
        case None | bool():
            return value
        case Enum():
            return _plain(value.value, scrub, depth + 1)
        case int():
            text = _text(value)
            # Beyond 64 bits readers disagree, and Python refuses to write thousands of digits.
            return "***" if scrub(text) != text else value if value.bit_length() <= 64 else text
        case float() if value - value == 0:  # neither infinite nor "not a number", which JSON lacks
            return value
        case date():
            return value.isoformat()
        case str():
            return _cut(scrub(value))
        case bytes():
            return _cut(scrub(value.decode(errors="replace")))
        case _ if depth >= DEEPEST:
            return "..."
        case Mapping():
            return {
                scrub(_text(key)): "***"
                if isinstance(inner, str | bytes) and inner and _SENSITIVE.search(_text(key))
                else _plain(inner, scrub, depth + 1)
                for key, inner in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_plain(inner, scrub, depth + 1) for inner in value]
        case _:
            return _cut(scrub(_text(value)))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # whatever a foreign __str__ raises; an integer may have too many digits
        return f"<{type(value).__name__} that cannot be shown>"


def _cut(text: str) -> str:
    # After scrubbing: half a secret would not be recognised.
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _neutral(text: str) -> str:
    shown = "".join(
        char if char.isprintable() or char in JOINERS else char.encode("unicode_escape").decode() for char in text
    )
    return ANYWHERE.sub(r"\\x23", shown)


def _word(value: Any) -> str:
    if not isinstance(value, str):
        return _neutral(json.dumps(value, ensure_ascii=False))
    if value and not re.search(r"[\s\"'=\\]", value):
        return _neutral(value)
    return '"' + _neutral(value.replace("\\", "\\\\").replace('"', '\\"')) + '"'
