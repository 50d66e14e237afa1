"""Canonical spellings of titles and names, and of ISRCs.

Two services spell one title in many ways: case, quotation marks, accents, ``&`` for ``and``, ``Pt.`` for ``Part``,
stylised letters (``Ke$ha``, ``P!nk``). A canonical spelling removes what never tells two songs apart and keeps all
that may. Accents are removed only where the letter beneath them is still the same letter to a reader: Latin and
Greek accents, Hebrew and Arabic vowel points. Elsewhere a mark is part of the letter (Cyrillic й, Japanese が, Thai
and Indic vowels) and stays, so no script is ever emptied. A title made of signs alone (``÷``, ``???``) keeps its
signs; only a title without any visible character becomes empty.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")

_QUOTES = str.maketrans(dict.fromkeys("’‘ʼ´`′＇ʻ\u1ffd", "'") | dict.fromkeys("“”„«»″＂", '"'))
"""Before decomposition: NFKD turns the free-standing acute into a space and a mark."""

_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d", "ħ": "h"})
"""Latin letters that Unicode does not decompose although services exchange them for plain ones."""

_OPTIONAL_MARKS = frozenset({"LATIN", "GREEK", "HEBREW", "ARABIC"})

_WORDS = {"n": "and", "pt": "part", "pts": "parts", "vol": "volume", "feat": "feat", "ft": "feat", "featuring": "feat"}
_NUMBERED = frozenset({"part", "parts", "volume", "chapter"})
_COUNT = ("i one", "ii two", "iii three", "iv four", "v five", "vi six", "vii seven", "viii eight", "ix nine", "x ten")
_COUNTED = {word: str(number) for number, words in enumerate(_COUNT, 1) for word in words.split()}

_HIDDEN = re.compile(r"(?<=[^\W_])(?:\*+(?=[^\W_])|\*{2,})")
"""Stars for letters, as in ``F**k``."""

_SEPARATORS = re.compile(
    r"\s+(?:feat\.?|ft\.?|featuring|with|vs\.?|versus|x|×|and|und|et|och|og|и|con|presents|pres\.|présente|presenta)\s+"
    r"|(?<=\w\w)\s+(?:e|y)\s+(?=\w\w)|\s*[,;/&+|、，＆／]\s*",
    re.IGNORECASE,
)

_NOBODY = frozenset(
    {
        "various artists", "various", "varios artistas", "varios interpretes", "artistes divers", "artistes varies",
        "verschiedene interpreten", "verschiedene kunstler", "artisti vari", "diverse artiesten", "diverse artister",
        "unknown artist", "unknown", "разные исполнители", "сборник", "群星", "ヴァリアス アーティスト", "รวมศิลปิน",
    }
)  # fmt: skip
"""What the services write where nobody in particular is credited (as seen in their catalogues)."""


def normalise_isrc(text: str | None) -> str | None:
    """The ISRC in its plain form (twelve characters, upper case, no hyphens), or None if it is not one.

    Clients have met placeholders such as ``DUM_22832`` in Spotify's field, lower case and hyphens.
    """
    if not text:
        return None
    plain = re.sub(r"[\s\-‐‑–.]", "", text).upper().removeprefix("ISRC").removeprefix(":")
    return plain if _ISRC.fullmatch(plain) else None


def normalise_upc(text: str | None) -> str | None:
    """A bar code in its plain form (digits without leading zeros, which the services write or leave out as they like),
    or None if it is none."""
    digits = re.sub(r"[\s-]", "", text or "")
    plain = digits.lstrip("0")
    return plain if digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 14 and plain else None


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split(" ", 1)[0]


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower case without optional accents, compatible forms unified; punctuation stays. Idempotent."""
    if text.isascii():
        return text.replace("`", "'").lower()
    text = unicodedata.normalize("NFKD", text.translate(_QUOTES)).casefold().translate(_QUOTES).translate(_LETTERS)
    kept: list[str] = []
    base = ""
    for char in unicodedata.normalize("NFKD", text):
        if not unicodedata.combining(char):
            base = char
        elif not _in_word(base) or _script(base) in _OPTIONAL_MARKS or (base == "е" and char == "\u0308"):
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _in_word(char: str) -> bool:
    return bool(char) and (char.isalnum() or unicodedata.category(char)[0] == "M")


def _words(folded: str) -> list[str]:
    """Letters and digits in runs. ``'`` joins, ``*`` inside a word stays (it stands for a hidden letter)."""
    text = folded.replace("'", "").replace("&", " and ").replace(" + ", " and ")
    text = re.sub(r"(?<=[^\W_])\$+|\$+(?=[^\W\d_])", lambda signs: "s" * len(signs[0]), text)
    text = re.sub(r"(?<=[^\W\d_])!(?=[^\W\d_])", "i", text)
    stars = {place for found in _HIDDEN.finditer(text) for place in range(*found.span())}
    return "".join(
        char if place in stars or _in_word(char) else "" if unicodedata.category(char) == "Cf" else " "
        for place, char in enumerate(text)
    ).split()


@lru_cache(maxsize=65536)
def canonical_title(title: str) -> str:
    """The words of a title (or of a part of one) in canonical spelling, separated by single spaces.

    Empty only if ``title`` has no visible character. Idempotent, and the same for every Unicode normal form.
    """
    folded = fold(title)
    words: list[str] = []
    plain = _words(folded)
    for place, word in enumerate(plain):
        previous = words[-1] if words else ""
        if word == "n" and (len(previous) < 2 or place == len(plain) - 1):
            words.append(word)  # an initial, as in "N.W.A."
        else:
            words.append(_COUNTED.get(word, word) if previous in _NUMBERED else _WORDS.get(word, word))
    return " ".join(words) or "".join(folded.split()) or unicodedata.normalize("NFC", "".join(title.split()))


def compact(canonical: str) -> str:
    """A canonical spelling without its spaces, so that ``R.E.M.`` equals ``REM``."""
    return canonical.replace(" ", "")


@lru_cache(maxsize=65536)
def canonical_name(name: str) -> str:
    """An artist's name in canonical spelling, without a leading article."""
    return canonical_title(name).removeprefix("the ")


def is_nobody(name: str) -> bool:
    """Whether ``name`` is a collective such as "Various Artists", which says nothing about who plays."""
    return canonical_title(name) in _NOBODY


def name_parts(credit: str) -> tuple[str, ...]:
    """The single names in a credit such as "A feat. B & C", in canonical spelling; one name gives itself."""
    parts = (canonical_name(part) for part in _SEPARATORS.split(credit))
    return tuple(dict.fromkeys(part for part in parts if part))


def artist_names(credits_: Iterable[str]) -> tuple[str, ...]:
    """Every name in a list of credits, whole ones first, collectives left out, each once."""
    named = [credit for credit in credits_ if not is_nobody(credit)]
    whole = [canonical_name(credit) for credit in named]
    return tuple(dict.fromkeys(name for name in (*whole, *(p for c in named for p in name_parts(c))) if name))


def scripts(canonical: str) -> frozenset[str]:
    """The writing systems of the letters in ``canonical``, by Unicode's names. Digits belong to none."""
    return frozenset(_script(char) for char in canonical if char.isalpha())


def other_characters(one: str, other: str) -> bool:
    """Whether two canonical spellings may be one text in traditional and in simplified Chinese: as many characters,
    some of them the same. Weak evidence: so are many different texts."""
    same = sum(a == b for a, b in zip(one, other, strict=False))
    return len(one) == len(other) and same > 0 and scripts(one) == scripts(other) == {"CJK"}
