"""What reading the settings brings to light: typed values with their origins, problems and warnings.

Nothing stops at the first problem: every reader adds to one ``Findings`` and goes on, so that a person mends a file
in one go. Problems are sentences of one shape: where, which key, what it is, what it must be. A secret's value never
stands in one, and other values are shown shortened and with unprintable characters escaped.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from musicdiff_job.settings.kinds import Kind, Wrong
from musicdiff_job.settings.rows import ROWS, Row

SHOWN = 60
"""Characters of a value in a message."""

CREDENTIALS = (
    "SPOTIFY_CLIENT_ID",
    "SPOTIFY_CLIENT_SECRET",
    "SPOTIFY_REFRESH_TOKEN",
    "SPOTIFY_AUTHORIZED_AT",
    "DEEZER_ARL",
    "DEEZER_ACCESS_TOKEN",
)
"""The variables that credentials come from."""

_CREDENTIAL_WORDS = frozenset(
    {"arl", "authorization", "bearer", "cookie", "cookies", "credential", "credentials", "passphrase", "passwd"}
    | {"password", "pwd", "secret", "secrets", "sid", "token", "tokens"}
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class Given(msgspec.Struct, frozen=True):
    """A setting's typed value, where it was set, and the folder that a relative path in it starts from."""

    value: Any
    origin: str
    folder: Path


class Variable(msgspec.Struct, frozen=True):
    """The text of an environment variable, where it was set, and the folder that a relative path in it starts from."""

    text: str
    origin: str
    folder: Path


class Findings:
    """Collects problems and warnings."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def read(self, kind: Kind, raw: object, key: str, origin: str, folder: Path) -> Given | None:
        """The typed value of a setting, or None and one more problem."""
        try:
            return Given(kind.read(raw), origin, folder)
        except Wrong as wrong:
            what = "has a value that does not fit (not shown, it may hold a password)" if kind.secret else shown(raw)
            self.problems.append(f"{origin}: {key} {'' if kind.secret else 'is '}{what}; it must be {wrong}")
            return None


def shown(value: object) -> str:
    """A value as it is shown in a message: like JSON, on one line, shortened, without control characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError, TypeError):
        text = f"a value of type {type(value).__name__}"
    return printable(text if len(text) <= SHOWN else text[:SHOWN] + "...")


def printable(text: str) -> str:
    """``text`` with every character escaped that is not printable: names are chosen by others."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def dotted(*parts: str) -> str:
    """A key's path as TOML writes it; unusual parts quoted."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else shown(part) for part in parts)


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be opened, in the system's words and without its name."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "not a possible file name"


def looks_secret(key: str) -> bool:
    """Whether a key is named like a credential, however it is spelled (``clientSecret``, ``DEEZER_ARL``)."""
    words = [word.lower() for word in _WORDS.findall(key)]
    named = not _CREDENTIAL_WORDS.isdisjoint(words) or "apikey" in "".join(words)
    return named or credential_for("", key) != ""


def credential_for(section: str, key: str) -> str:
    """The variable that a key in the file should have been; "" when it is none."""
    wanted = "_".join(_WORDS.findall(key)).upper()
    named = (wanted, f"{section.upper()}_{wanted}")
    return next((name for name in CREDENTIALS if name in named), "")


def nearest(section: str, key: str, known: dict[str, Row]) -> str:
    """ ", did you mean x?" for an unknown key of a section whose keys are ``known``, or what the section takes."""
    from difflib import get_close_matches  # only mistakes need it

    if close := get_close_matches(key, known, 1):
        return f"did you mean {section}.{close[0]}?"
    everywhere = [row.key for rows in ROWS.values() for row in rows.values()]
    same = [name for name in everywhere if name.endswith(f".{key}")]
    if close := same or get_close_matches(f"{section}.{key}", everywhere, 1, 0.75):
        return f"did you mean {close[0]}?"
    return f"{section} takes {', '.join(known)}"
