"""Secrets of awkward shapes, the ways in which libraries write them down, and a reader that finds them all the same.

The reader shares nothing with the product: where the product looks for every spelling of a secret, this undoes every
spelling in the text and looks for the secret itself.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus, unquote, unquote_plus, unquote_to_bytes

from hypothesis import strategies as st

TORTURE = max(1, int(os.environ.get("MUSICDIFF_TORTURE", "1")))
"""How many times as many examples as usual."""
WINDOW = 16
"""Characters of a longer secret that count as the secret: half a token is a clue too."""


def _json_with_slashes(text: str) -> str:
    return json.dumps(text)[1:-1].replace("/", "\\/")


def _inner(text: str) -> str:
    return repr(text)[1:-1]


WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "quoted": lambda text: quote(text, safe=""),
    "quoted, slashes kept": quote,
    "quoted, much kept": lambda text: quote(text, safe="/?:@!$'()*,;[]"),
    "quoted in lower case": lambda text: re.sub(r"%..", lambda found: found[0].lower(), quote(text, safe="")),
    "quoted as latin-1": lambda text: "".join(
        quote(char, safe="", encoding="latin-1" if char < "Ā" else "utf-8") for char in text
    ),
    "form": quote_plus,
    "quoted twice": lambda text: quote(quote(text, safe=""), safe=""),
    "json": lambda text: json.dumps(text)[1:-1],
    "json in utf-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json with slashes": _json_with_slashes,
    "json in json": lambda text: json.dumps(json.dumps(text))[1:-1],
    "repr": _inner,
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "repr of json": lambda text: _inner(json.dumps(text)),
    "repr of json bytes": lambda text: repr(json.dumps(text, ensure_ascii=False).encode())[2:-1],
    "html": html.escape,
    "html without quotes": lambda text: html.escape(text, quote=False),
    "html in numbers": lambda text: re.sub(r"[^A-Za-z0-9._~-]", lambda found: f"&#{ord(found[0])};", text),
    "html in json": lambda text: json.dumps(html.escape(text))[1:-1],
    "quoted in html": lambda text: html.escape(quote(text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "basic, after an id": lambda text: base64.b64encode(f"client-id:{text}".encode()).decode(),
    "base64 in the middle": lambda text: base64.b64encode(f'{{"a": "{text}", "b": 1}}'.encode()).decode(),
}
"""What libraries, servers and people do to a text, by name."""


def _unescaped(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        kind, rest = found[1][:1], found[1][1:]
        if kind in "uUx" and rest:
            return chr(min(int(rest, 16), 0x10FFFF))
        return {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b", "v": "\v", "0": "\0"}.get(kind, kind)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", one, text)


def _paired(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _as_utf8(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _out_of_base64(text: str) -> str:
    found: list[str] = []
    for run in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        for at in range(4):
            part = run[at:].translate(str.maketrans("-_", "+/"))
            part = part[: len(part) - (len(part) % 4 == 1)]
            found.append(base64.b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace"))
    return "\0".join(found)


_UNDOING: tuple[Callable[[str], str], ...] = (
    unquote,
    unquote_plus,
    lambda text: unquote_to_bytes(text.encode("utf-8", "replace")).decode("latin-1"),
    html.unescape,
    _unescaped,
    lambda text: _as_utf8(_unescaped(text)),
    lambda text: _paired(_unescaped(text)),
)


def readings(text: str, depth: int = 3) -> set[str]:
    """The text, and all that comes out when its escapes are undone, ``depth`` times over."""
    found = {text}
    fresh = {text}
    for _ in range(depth):
        fresh = {undo(one) for one in fresh for undo in _UNDOING} - found
        found |= fresh
    return found | {_out_of_base64(one) for one in found}


def windows(secret: str) -> Iterable[str]:
    """What of a secret must not be seen: the whole if it is short, else any part that is not short."""
    if len(secret) <= WINDOW:
        return [secret]
    return (secret[at : at + WINDOW] for at in range(len(secret) - WINDOW + 1))


def revealed(text: str, secrets: Iterable[str], depth: int = 2) -> list[str]:
    """Those secrets of which the text shows something, however it is written."""
    found = readings(text, depth)
    return [secret for secret in secrets if any(part in one for one in found for part in windows(secret))]


_WORDS = st.integers(0x100000, 0xFFFFFFF).map(lambda number: f"{number:x}")
"""Long enough to be found in no ordinary text by chance."""
_ODD = {
    "url": "+/=%&?#:@; ",
    "regex": r".*+?()[]{}^$|\\",
    "quotes": "\"'`<>&\\",
    "breaks": "\n\r\t\0\x0b\x85\u2028",
    "scripts": "éßЖ東🎵\u0301\u200d",
    "template": "%s{}$",
}


@st.composite
def secrets(draw: st.DrawFn, *, printable: bool = False, least: int = 6) -> str:
    """One secret. With ``printable`` one that the settings accept: one word of printable ASCII, not in quotes."""
    odd = st.text("".join(_ODD.values()), max_size=4)
    if printable:
        odd = st.text("".join(chr(code) for code in range(33, 127)), max_size=5)
    kind = draw(st.sampled_from(["plain", "odd", "odd", "short", "long"]))
    if kind == "plain":
        return draw(_WORDS) + draw(_WORDS)
    if kind == "short":
        made = (draw(odd) + draw(_WORDS))[-max(least, 6) :]
    else:
        pieces = draw(st.lists(st.tuples(odd, _WORDS), min_size=1, max_size=3 if kind == "odd" else 60))
        made = "".join(f"{one}{word}" for one, word in pieces) + draw(odd)
    return f"!{made[1:]}" if printable and made[0] in "'\"" else made


@st.composite
def families(draw: st.DrawFn, *, printable: bool = False) -> list[str]:
    """Some secrets, among them sometimes one that is a part of another, or overlaps it."""
    found = draw(st.lists(secrets(printable=printable), min_size=1, max_size=3, unique=True))
    first = found[0]
    if len(first) > 12 and draw(st.booleans()):
        found.append(first[2:-2])
        found.append(first[len(first) // 2 :] + draw(_WORDS))
    return list(dict.fromkeys(found))
