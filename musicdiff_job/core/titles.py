"""Whether two titles name one song, version words and guests apart.

A title has a main part and perhaps subtitles ("Doo Wop (That Thing)"). Services leave subtitles out, put them first,
or give a second script there ("강남스타일 (Gangnam Style)"), so the main part decides. What never may differ is what
counts songs of one name apart: the part of a piece, and numbers.
"""

from __future__ import annotations

import re
from functools import lru_cache

from musicdiff_job.core.comparison import CLOSE, SAME, Verdict, alike, refuse
from musicdiff_job.core.text import canonical_title, other_characters, scripts
from musicdiff_job.core.versions import is_version, main_title, split_version

MIN_ALIKE = 0.8
MIN_ALIKE_ALONE = 0.93
MIN_ALIKE_ISRC = 0.6
"""Two names less alike than this are two songs: when the lengths agree, when they do not, when the ISRC is one."""

_MAIN_ALIKE = 0.97
_NUMBER = re.compile(r"\d+|\b(?:ii|iii|iv|vi|vii|viii|ix)\b")
"""Digits, and those Roman numerals that are no words of some language."""
_PART = re.compile(r"\b(?:part|volume|chapter|act|episode|no) \d+")


@lru_cache(maxsize=65536)
def _names(title: str) -> tuple[str, str, str]:
    """Base, base without subtitles, and the subtitles alone, all canonical."""
    base = split_version(title).base
    main = main_title(base)
    return canonical_title(base), canonical_title(main), canonical_title(base.replace(main, " ", 1).strip(" -()[]–—"))


def compare_titles(wanted: str, candidate: str, apart: float | None, *, isrc: bool) -> Verdict:
    """The verdict on two whole titles; ``apart`` are the seconds between the lengths, ``isrc`` says both share one."""
    (base, main, sub), (base2, main2, sub2) = _names(wanted), _names(candidate)
    likeness = alike(base, base2)
    if likeness == 1.0:
        return SAME
    close = apart is not None and apart <= CLOSE
    if _PART.findall(base) != _PART.findall(base2):
        return refuse("another part", f"another part: {candidate}")
    if _bare_version(base, base2):
        return refuse("another version", f"another version: {candidate}")
    if bool(sub) != bool(sub2) and max(alike(main, main2), alike(base, main2), alike(main, base2)) >= _MAIN_ALIKE:
        if apart is not None and not close and not isrc:  # it may name a version in words that nobody foresaw
            return refuse("subtitle and length differ", f"another subtitle: {candidate}")
        return Verdict(0.06 if close else 0.1, "subtitle on one side only")
    if (sub and sub == main2) or (sub2 and sub2 == main):
        return Verdict(0.1, "title and subtitle exchanged")
    if _bilingual(base, base2):
        return Verdict(0.1, "title in two scripts on one side")
    if scripts(base) and scripts(base2) and not scripts(base) & scripts(base2):
        if isrc:
            return Verdict(0.1, "titles in different scripts")
        return refuse("titles in different scripts", f"title in another script: {candidate}")
    if isrc and close and other_characters(base, base2):
        return Verdict(0.1, "titles in different characters")
    if sub and sub2 and main == main2 and close:
        return Verdict(0.16, "another subtitle")
    if _NUMBER.findall(base) != _NUMBER.findall(base2):
        return refuse("another number", f"another title: {candidate}")
    if likeness < (MIN_ALIKE_ISRC if isrc else MIN_ALIKE if close else MIN_ALIKE_ALONE):
        return refuse("titles differ", f"another title: {candidate}")
    return Verdict((1 - likeness) * (0.5 if isrc else 1.0), f"titles {likeness:.0%} alike")


def _bare_version(one: str, other: str) -> bool:
    """Whether one canonical name is the other and words of another recording, not set apart: "Song Ao Vivo"."""
    few, many = sorted((one, other), key=len)
    return many.startswith(f"{few} ") and is_version(many[len(few) + 1 :])


def _bilingual(one: str, other: str) -> bool:
    """Whether one title is the other plus its translation into another script: "NAPPA 나빠" and "나빠"."""
    few, many = sorted((set(one.split()), set(other.split())), key=len)
    common, rest = scripts(" ".join(few)), scripts(" ".join(many - few))
    return few < many and bool(common) and bool(rest) and not rest & common
