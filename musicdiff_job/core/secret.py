"""Values that must not be shown, and the text filter that keeps them from being shown.

A ``Secret`` prints as ``***``. A ``Redactor`` knows every secret of the run, those that appear while it runs
(access tokens, CSRF tokens) included, and replaces them in any text, as well as anything that looks like a
credential in a URL or a header. It is the last line of defence: nothing should put a secret into text at all.
"""

from __future__ import annotations

import re
import threading

from musicdiff_job.core import spellings

SHORTEST = 6
"""Shorter values are not replaced: they would mangle ordinary words and protect nothing."""

PIECE = 200
"""Characters of a longer secret that are looked for at a time, so that what a library has cut off is found too."""

_SHAPES = (
    # Deezer authenticates by query parameter, so its token stands in every URL and in `next` links.
    re.compile(r"(?i)\b((?:access_token|refresh_token|api_token|client_secret|code_verifier|arl|sid)=)[^&\s\"'<>;,)]+"),
    re.compile(r"(?i)\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{6,}"),
    # JSON, also within JSON, and the repr of a dict or of bytes, which libraries log.
    re.compile(
        r"(?i)([\"'](?:[a-z_-]*(?:token|secret|password)|checkForm|session_?id|jwt|arl|sid)\\*[\"']\s*:\s*b?\\*[\"'])"
        r"[^\"'\\]+"
    ),
)
_PASSWORD = re.compile(r"(://[^/?#\s:@]*:)[^/?#\s@]+(?=@)")
"""In an address, a proxy's for instance."""


class Secret:
    """A credential. ``str``, ``repr`` and formatting give ``***``; ``reveal()`` gives the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one request that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")


class Redactor:
    """Replaces known secrets and credential-shaped text by ``***``. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, str]] = {}

    def learn(self, *secrets: Secret | str | None) -> None:
        """Add secrets (None and values shorter than ``SHORTEST`` are ignored), in every spelling that URLs, JSON,
        HTML, ``repr`` and Base64 have for them."""
        found: dict[str, tuple[str, str]] = {}
        for secret in secrets:
            value = secret.reveal() if isinstance(secret, Secret) else secret
            if value and len(value) >= SHORTEST and value not in self._known:
                for piece in _pieces(value):
                    found[piece] = (_longest_word(piece), spellings.pattern(piece))
                    found |= {text: (text, re.escape(text)) for text in spellings.in_base64(piece)}
        with self._lock:
            self._known = {**self._known, **found}

    def scrub(self, text: str) -> str:
        """``text`` without any secret."""
        # A pattern is only compiled and tried where the word is found that all of its spellings have in common.
        patterns = [pattern for word, pattern in self._known.values() if word in text]
        if spans := sorted(found.span() for pattern in patterns for found in re.finditer(pattern, text)):
            text = _blanked(text, spans)
        for shape in _SHAPES:
            text = shape.sub(r"\1***", text)
        if "://" in text:
            text = _PASSWORD.sub(r"\1***", text)
        return text


def _longest_word(value: str) -> str:
    """The longest part that has one spelling only."""
    return max(re.findall(r"[A-Za-z0-9._~-]+", value), key=len, default="")


def _pieces(value: str) -> list[str]:
    """The whole if it is short, else pieces that are all longer than ``SHORTEST``."""
    pieces = [value[at : at + PIECE] for at in range(0, len(value), PIECE)]
    if len(pieces) > 1 and len(pieces[-1]) < SHORTEST:
        pieces[-2:] = [pieces[-2] + pieces[-1]]
    return pieces


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """``text`` with these parts, which may overlap, replaced; two that touch are one."""
    kept: list[str] = []
    end = 0
    for start, stop in spans:
        if start > end or not kept:
            kept += [text[end:start], "***"]
        end = max(end, stop)
    return "".join([*kept, text[end:]])
