"""File names that every file system takes, made of names that others choose. Pure.

The rules are those of the strictest: Windows knows reserved names and characters, no dot or space at the end, and no
difference between cases; macOS none between ways to compose a letter; encrypted folders on Linux take 143 bytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

LONGEST = 100
"""Bytes of a stem in UTF-8. Number, suffix and the name of a temporary file beside it fit into 143."""
NAMELESS = "Untitled"

_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def stem(title: str) -> str:
    """The file name for a title, without suffix: never empty, no path, nothing invisible."""
    shown = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", title))
    shown = "".join(char for char in shown if unicodedata.category(char) not in _INVISIBLE)
    plain = " ".join(_FORBIDDEN.sub("_", shown).split())
    plain = plain.encode()[:LONGEST].decode(errors="ignore").strip(". ")
    return f"{plain}_" if _RESERVED.fullmatch(plain) else plain or NAMELESS


def same(name: str) -> str:
    """Equal for names that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def free(wanted: str, taken: Collection[str]) -> str:
    """``wanted``, or it with the first number that is free; ``taken`` are names as ``same`` gives them."""
    if same(wanted) not in taken:
        return wanted
    return next(name for number in range(2, len(taken) + 3) if same(name := f"{wanted} ({number})") not in taken)


def is_for(name: str, wanted: str) -> bool:
    """Whether a file's stem is ``wanted``, or ``wanted`` with a number."""
    return re.fullmatch(rf"{re.escape(wanted)}(?: \(\d+\))?", name) is not None
