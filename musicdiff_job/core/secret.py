"""Values that must not be shown, and the text filter that keeps them from being shown.

A ``Secret`` prints as ``***``. A ``Redactor`` knows every secret of the run, those that appear while it runs
(access tokens, CSRF tokens) included, and replaces them in any text, as well as anything that looks like a
credential in a URL or a header. It is the last line of defence: nothing should put a secret into text at all.
"""

from __future__ import annotations

import re
import threading
from urllib.parse import quote

SHORTEST = 6
"""Shorter values are not replaced: they would mangle ordinary words and protect nothing."""

_PATTERNS = (
    # Deezer authenticates by query parameter, so its token stands in every URL and in `next` links.
    re.compile(r"(?i)\b((?:access_token|refresh_token|api_token|client_secret|code_verifier|arl|sid)=)[^&\s\"'<>;,)]+"),
    re.compile(r"(?i)\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{6,}"),
    # JSON, and the repr of a dict or of bytes, which libraries log.
    re.compile(
        r"(?i)([\"'](?:access_token|refresh_token|api_token|client_secret|checkForm|arl)[\"']\s*:\s*b?[\"'])[^\"']+"
    ),
)


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
        self._known: tuple[str, ...] = ()

    def learn(self, *secrets: Secret | str | None) -> None:
        """Add secrets (None and values shorter than ``SHORTEST`` are ignored), in plain and in URL-quoted form."""
        found: set[str] = set()
        for secret in secrets:
            value = secret.reveal() if isinstance(secret, Secret) else secret
            if value and len(value) >= SHORTEST:
                found.update((value, quote(value, safe="", errors="replace")))
        with self._lock:
            # Longest first, so that a secret that contains another one is replaced whole.
            self._known = tuple(sorted(found.union(self._known), key=len, reverse=True))

    def scrub(self, text: str) -> str:
        """``text`` without any secret."""
        for value in self._known:
            if value in text:
                text = text.replace(value, "***")
        for pattern in _PATTERNS:
            text = pattern.sub(r"\1***", text)
        return text
