"""Which characters may act on whoever looks at a text, and JSON without them."""

from __future__ import annotations

import json
import re
import unicodedata

import msgspec

from musicdiff_job.core.ci_commands import ANYWHERE

JOINERS = frozenset("\u200c\u200d")
"""They shape letters in Persian and Indic scripts and join emoji, and they cannot reorder anything."""
UNSHOWABLE = frozenset({"Cc", "Cf", "Cs"})
"""Controls, formatting controls (all bidirectional ones), halves of characters."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def json_text(value: object, *, indent: int = 0) -> str:
    """A value as JSON that is safe to show on a terminal."""
    try:
        document = msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A path or an argument that is no text, which Python writes with halves of characters.
        whole = json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-16-le", "surrogatepass")
        document = whole.decode("utf-16-le", "replace").encode()
    return safe_json((msgspec.json.format(document, indent=indent) if indent else document).decode())


def safe_json(document: str) -> str:
    """A JSON document with what could act on a terminal or a CI system written as escapes; its value is the same.

    JSON itself only demands this below U+0020; U+009B, for one, starts an escape sequence as well.
    """
    return ANYWHERE.sub(r"\\u0023", _BEYOND_ASCII.sub(lambda found: _escaped(found[0]), document))


def _escaped(char: str) -> str:
    if char in JOINERS or unicodedata.category(char) not in UNSHOWABLE | {"Zl", "Zp"}:
        return char
    pairs = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))
