"""Which edition of an album a title speaks of.

An album's title is its name and then remarks in brackets or after a spaced dash, as a track's is (see ``versions``).
Of the remarks those are looked for here that tell one edition of an album from another: deluxe, remastered, the music
of a film. What makes it another recording altogether (live, karaoke, somebody's own new version) stays with the name,
for ``versions`` to find.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from musicdiff_job.core.text import canonical_title


class Edition(StrEnum):
    """The kinds of edition."""

    EXPANDED = "deluxe or expanded"
    REMASTER = "remastered"
    SOUNDTRACK = "soundtrack"
    WORDING = "explicit or clean"


class AlbumTitle(NamedTuple):
    """A title taken apart: the name without remarks on the edition, and what they say."""

    base: str
    editions: frozenset[Edition]

    @property
    def name(self) -> str:
        """The base in canonical spelling."""
        return canonical_title(self.base)


_WORDS: dict[Edition, re.Pattern[str]] = {
    Edition.EXPANDED: re.compile(
        r"\bdeluxe\b|\bexpanded\b|\bextended\b|\banniversary\b|\bbonus\b|\bcollectors?\b|\bspecial\b|\blimited\b"
        r"|\bcomplete\b|\bplatinum\b|\bultimate\b|\blegacy\b|\bedition\b|\bedicion\b|\bedizione\b|\bedicao\b"
        r"|\bre ?issue\b|\bbox set\b|\bspeciale?\b|豪華|デラックス|特別|디럭스|делюкс|издание"
    ),
    Edition.REMASTER: re.compile(
        r"\bre ?master\w*|\bremasteris\w+|\brimasterizz\w+|リマスター|리마스터|重制|重製|ремастер"
    ),
    Edition.SOUNDTRACK: re.compile(
        r"\bsoundtrack\b|\bost\b|\bmotion picture\b|\boriginal score\b|\bbande originale\b|\bbanda sonora\b"
        r"|\bcolonna sonora\b|\btrilha sonora\b|\bfilmmusik\b|サウンドトラック|саундтрек"
    ),
    Edition.WORDING: re.compile(r"^(?:explicit|clean|edited)(?: version| album)?$"),
}
_BRACKETS = re.compile(r"^(?P<rest>.*\S)\s*[(\[](?P<remark>[^()\[\]]+)[)\]]\s*$", re.DOTALL)
_DASHED = re.compile(r"^(?P<rest>.*\S)\s+[-–—]\s+(?P<remark>[^()\[\]]+?)\s*$", re.DOTALL)


@lru_cache(maxsize=65536)
def edition_of(title: str) -> AlbumTitle:
    """Take an album's title apart. The base is never empty unless the title is."""
    base, editions = title.strip(), set[Edition]()
    while True:
        for form in (_BRACKETS, _DASHED):
            cut = form.match(base)
            found = _said(canonical_title(cut["remark"])) if cut and canonical_title(cut["rest"]) else frozenset()
            if cut and found:
                base, editions = cut["rest"], editions | found
                break
        else:
            return AlbumTitle(base, frozenset(editions))


def _said(remark: str) -> frozenset[Edition]:
    return frozenset(edition for edition, pattern in _WORDS.items() if pattern.search(remark))
