"""How a text looks where it was written down by somebody else: in URLs, JSON, HTML, ``repr``, Base64.

Libraries log what they send and what they got, each in its own spelling, and no two percent-encoders agree on which
characters they leave alone. So a text is looked for by a pattern in which every character stands for all of its
spellings at once. Letters, digits and what RFC 3986 calls unreserved have only one.
"""

from __future__ import annotations

import base64
import re
from string import ascii_letters, digits

UNRESERVED = frozenset(f"{ascii_letters}{digits}-._~")

_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\f": "f", "\v": "v", "\b": "b", "\0": "0"}
"""What follows the backslash in JSON, and in Python's ``repr``."""

SHORTEST_BASE64 = 8
"""Characters. Fewer of Base64 may be a word."""


def pattern(text: str) -> str:
    """A regular expression for ``text`` in any spelling but Base64."""
    return "".join(re.escape(char) if char in UNRESERVED else f"(?:{'|'.join(_spellings(char))})" for char in text)


def in_base64(text: str) -> frozenset[str]:
    """What every Base64 text contains that has ``text`` somewhere in it, whatever stands before and after: three
    alignments, both alphabets. Alignments that tell less than ``SHORTEST_BASE64`` characters are left out."""
    found: set[str] = set()
    content = text.encode("utf-8", "surrogatepass")
    for before in range(3):
        whole = base64.b64encode(bytes(before) + content).decode()
        # A character that stands for bits of a neighbour too depends on that neighbour.
        first = -(-before * 8 // 6)
        last = (before + len(content)) * 8 // 6
        part = whole[first:last]
        if len(part) >= SHORTEST_BASE64:
            found |= {part, part.replace("+", "-").replace("/", "_")}
    return frozenset(found)


def _spellings(char: str) -> list[str]:
    utf8 = char.encode("utf-8", "surrogatepass")
    utf16 = char.encode("utf-16-be", "surrogatepass").hex()
    found = [
        # Any number of backslashes: a dictionary in a dictionary in a traceback has them doubled each time.
        r"\\*" + re.escape(char) if char != "\\" else r"\\+",
        "".join(f"%(?:25)*{_digits(f'{byte:02x}')}" for byte in utf8),
        "".join(rf"\\+u{_digits(utf16[at : at + 4])}" for at in range(0, len(utf16), 4)),
        "".join(rf"\\+x{_digits(f'{byte:02x}')}" for byte in utf8),
        rf"&(?:amp;)*\#(?:{ord(char)}|[xX]0*{_digits(f'{ord(char):x}')});",
    ]
    if ord(char) < 256:
        found += [rf"\\+x{_digits(f'{ord(char):02x}')}", rf"%(?:25)*{_digits(f'{ord(char):02x}')}"]
    if ord(char) > 0xFFFF:
        found.append(rf"\\+U{_digits(f'{ord(char):08x}')}")
    if char in _NAMED:
        found.append(_NAMED[char].replace("&", "&(?:amp;)*"))
    if char in _LETTERS:
        found.append(rf"\\+{_LETTERS[char]}")
    if char.isspace():
        found += [r"\+", " "]  # forms write a space as plus; whoever puts a text on one line writes a break as a space
    return found


def _digits(hexadecimal: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in hexadecimal)
