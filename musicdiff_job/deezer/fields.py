"""Reading single JSON values that may have the wrong type.

Theory. Deezer is written in a loosely typed language and it shows: ids, counts and flags are sometimes numbers and
sometimes text, within one answer (observed by other clients on the gateway), a title that is all digits may arrive as
a number, and text may hold HTML entities (recorded: ``Die Walk&#252;re``). Each function takes any JSON value and
gives the meaning or None; none raises.
"""

from __future__ import annotations

import html
import math
import re
from datetime import UTC, datetime
from typing import Any

_DIGITS = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", re.ASCII)
"""Complete entities only: the standard library also expands ``&reg`` inside ``R&region``, which would garble names."""

_FLAGS = {"1": True, "true": True, "0": False, "false": False}


def obj(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def array(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def number(value: object) -> int | None:
    """A whole number, written as a number or as text; None for anything else."""
    match value:
        case bool():
            return None
        case int():
            return value if abs(value) < 10**18 else None
        case float():
            return int(value) if math.isfinite(value) and abs(value) < 10**18 else None
        case str():
            return int(value) if _DIGITS.fullmatch(value) else None
        case _:
            return None


def ident(value: object) -> str | None:
    """An id in decimal; None when it is not a positive number. Negative ids are uploads of the user's own, which
    nobody else has (observed by other clients)."""
    found = None if isinstance(value, float) else number(value)
    return str(found) if found is not None and found > 0 else None


def flag(value: object) -> bool | None:
    """A truth value: JSON's own, 0 and 1, or their texts."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, str)):
        return _FLAGS.get(str(value).lower() if isinstance(value, str) else str(number(value)))
    return None


def text(value: object) -> str:
    """Plain text with its entities decoded, "" when there is none. Half surrogate pairs, which JSON can hold and
    UTF-8 cannot, become question marks."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "" if number(value) is None else str(value)
    if not isinstance(value, str):
        return ""
    decoded = _ENTITY.sub(lambda entity: html.unescape(entity.group()), value)
    return decoded.encode("utf-8", "replace").decode("utf-8")


def moment(value: object) -> int:
    """A Unix time in seconds, from a number or from ``YYYY-MM-DD HH:MM:SS``; 0 when there is none. The text form
    carries no zone; UTC fits the one recorded playlist that has both forms."""
    seconds = number(value)
    if seconds is not None:
        return max(seconds, 0)
    if not isinstance(value, str):
        return 0
    try:
        return max(int(datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()), 0)
    except ValueError:
        return 0


def with_version(title: str, version: str) -> str:
    """The whole title: ``version`` ("(Live)") is appended unless the title has it already, as most have (recorded)."""
    title, version = title.strip(), version.strip()
    if not version or version.casefold() in title.casefold():
        return title
    return f"{title} {version}".strip()
