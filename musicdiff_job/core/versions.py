"""Version words in titles: which recording of a song a title speaks of.

A title is a song's name followed by remarks, each in brackets or after a spaced dash: ``Song (feat. A) - B Remix -
2011 Remaster``. Only remarks are searched for version words, never the name itself, so that "Live Forever",
"Alive", "Cover Me" and "Remix to Ignition" stay whole. A remark is one of

    credits   featured artists, producers                     -> named apart, or dropped
    version   one or more kinds of the table below            -> tags
    subtitle  anything else ("(That Thing)", "(Pt. 2)")       -> stays in the base

The words themselves are in ``version_words``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from musicdiff_job.core.languages import LANGUAGES
from musicdiff_job.core.text import canonical_title, fold, name_parts
from musicdiff_job.core.version_words import GROUPS, NAMED, TABLE, VERSION, YEAR, Group, Version


class Tag(NamedTuple):
    """One kind of version and what tells it from others of its kind: the remixer, the venue, the language."""

    kind: Version
    name: str = ""


class TitleParts(NamedTuple):
    """A title taken apart. ``base`` is the song's name with its subtitles, ``tags`` are sorted and unique,
    ``featured`` are canonical names."""

    base: str
    tags: tuple[Tag, ...]
    featured: tuple[str, ...]


_OWN_VERSION = re.compile(rf"'s (?:own )?{VERSION}\b")
"""A re-recording under its owner's name, as "Taylor's Version"."""
_NAMED_MIX = re.compile(rf"\b(?:mix|edit)(?: {YEAR})?$")
_NAMED_OTHER = re.compile(
    rf"\b(?:{VERSION}|edition|rendition)(?: \w+)?$|^{VERSION}\b|(?:版|バージョン|버전|верси[яи]|версія|εκδοση)$"
)
_NAMED_ALBUM = re.compile(rf"\balbum {VERSION}$")
"""With another name before it, this is the recording made for that album: "Ballerini Album Version"."""
_FILLER = re.compile(
    rf"\b(?:re ?mix(?:ed)?|rmx|re ?work(?:ed)?|re ?edit|mix|edit(?:ed)?|radio|{VERSION}|extended|club|original|official"
    rf"|single|album|short|full|long|{YEAR} remaster\w*|re ?master\w*|re ?record\w*|live|sessions?|recorded|mono|stereo"
    r"|explicit|clean|7|12|inch|video|main|lp|ep|new|tv|cut|music|us|uk|u s|deluxe|standard|bonus|track|soundtrack|cd"
    r"|studio|international|digital|the|by|at|in|from|on|and)\b"
)
"""Words of a remark that do not tell one version from another of its kind."""
_COMPOUND = re.compile(
    r"\b(?P<word>album|single|radio|live|cover|klavier|orchester|original|kurz|lang|studio|instrumental|akustik|konzert"
    r"|karaoke|remix)(?P<noun>version|fassung)\b"
)
"""German and Dutch write "Albumversion" where others have two words."""
_NOUN_FIRST = re.compile(rf"^(?P<noun>{VERSION}) (?P<word>[^\W\d]+)$")
"""Romance languages put the noun first: "Version longue" is "longue version"."""
_LIVE_AT = re.compile(r"(?<=\blive )(?:à|@)(?= )", re.IGNORECASE)
"""Without its accent the French "à" would be the article of "Live a Little"."""
_CREDIT = re.compile(r"^(?P<word>feat|ft|featuring|with|w/|con)(?:\.\s*|\s+)(?P<names>.+)$", re.DOTALL)
_WITH_ORCHESTRA = re.compile(r"^with .*\b(?:philharmonic|symphony) orchestra", re.IGNORECASE)
"""A guest whose presence makes it another recording."""
_NOT_A_NAME = re.compile(r"^(?:me|you|u|us|him|her|it|them|my|your|or|out|no|a|love|all|this|that)\b")
"""What follows "with" in a subtitle that is part of the name: "Stay (With Me)"."""
_INLINE_CREDIT = re.compile(r"\s+(?:feat\.?|ft\.?|featuring)\s+(?P<names>[^()\[\]]+)$", re.IGNORECASE)
_INNER_CREDIT = re.compile(r"(?<=\w)\s*[(\[](?:feat\.?|ft\.?|featuring)\s+(?P<names>[^()\[\]]+)[)\]]", re.IGNORECASE)
_FROM = re.compile(
    r"^(?:from|aus|di|tire de|extrait d\w+|music from|theme from|inspired by|aus dem|dal film)\b.*[\"“«]"
    r"|^from the\b.*\b(?:film|movie|series|musical|soundtrack)\b"
)
"""Where a song was first heard: 'From "Frozen"'. Without a quoted name "from" may begin a subtitle."""
_LEADING_REMARK = re.compile(r"[(\[][^()\[\]]+[)\]]\s+(?P<rest>\w.*)")
_PAIRS = {")": "(", "]": "[", "）": "（", "】": "【", "}": "{"}
_PARTS = re.compile(r"\s*;\s*|\s+/\s+")
_DASH = re.compile(r"\s[-–—]\s+")
_DASHED = re.compile(
    r"\s[-–—](?P<dashed>[^\s\-–—](?:(?!\s[-–—]).)*)(?<!\s)[-–—]$|(?<=\S)\s*[~～〜](?P<waved>[^~～〜]+)[~～〜]$",
    re.DOTALL,
)
"""Japan's brackets: "Song -Acoustic ver.-", "Song ～Live～"."""


def _last_remark(title: str) -> tuple[str, str] | None:
    """The title without its last remark, and that remark; None when there is none. Brackets bind closer."""
    text = title.rstrip()
    if text and text[-1] in _PAIRS:
        depth = 0
        for position in range(len(text) - 1, -1, -1):
            depth += (text[position] == text[-1]) - (text[position] == _PAIRS[text[-1]])
            if depth == 0:
                return text[:position], text[position + 1 : -1]
    if dashed := _DASHED.search(text):
        return text[: dashed.start()], dashed["dashed"] or dashed["waved"]
    dashes = list(_DASH.finditer(text))
    if dashes:
        return text[: dashes[-1].start()], text[dashes[-1].end() :]
    return None


def _credits(remark: str) -> tuple[str, ...]:
    """The canonical names that a remark credits as guests; none when it is another kind of remark."""
    found = _CREDIT.match(fold(remark).strip())
    if found is None or (found["word"] in ("with", "con") and _NOT_A_NAME.match(found["names"])):
        return ()
    return name_parts(found["names"])


def _name(words: str) -> str:
    return " ".join(_FILLER.sub(" ", words).split())


def _tags(remark: str) -> tuple[Tag, ...]:
    """The versions a remark speaks of; none when it is a subtitle."""
    folded = fold(remark).strip()
    words = _COMPOUND.sub(r"\g<word> \g<noun>", canonical_title(_LIVE_AT.sub("at", remark)))
    words = _NOUN_FIRST.sub(r"\g<word> \g<noun>", words)
    kinds = dict.fromkeys(kind for kind, pattern in TABLE.items() if pattern.search(words))
    if _FROM.search(folded):
        kinds[Version.RELEASE] = None
    if _OWN_VERSION.search(folded) and not kinds:
        kinds[Version.RERECORDED] = None
    rest = _name(words)
    strict = any(GROUPS[kind] is Group.STRICT for kind in kinds)
    if not strict and _NAMED_MIX.search(words) and Version.REMASTER not in kinds:
        if rest:  # "Robin Schulz Radio Edit" is his remix, cut for the radio
            kinds[Version.REMIX] = None
            kinds.pop(Version.RELEASE, None)
        if not kinds:
            kinds[Version.RADIO if words.startswith("edit") or words.endswith("edit") else Version.REMIX] = None
    elif rest and _NAMED_ALBUM.search(words) and set(kinds) == {Version.RELEASE}:
        kinds = {Version.OTHER: None}
    elif not kinds and _NAMED_OTHER.search(words):
        kinds[Version.OTHER] = None
    if Version.REMASTER in kinds or Version.RELEASE in kinds:
        kinds.pop(Version.RERECORDED, None)  # "2011 remastered version", "original version 1979"
    if Version.EXTENDED in kinds or Version.CLUB in kinds:
        kinds.pop(Version.RADIO, None)
    return tuple(Tag(kind, _detail(kind, words, rest)) for kind in kinds)


def _detail(kind: Version, words: str, rest: str) -> str:
    if kind is Version.LANGUAGE:
        spoken = words.split()
        return next((name for word, name in LANGUAGES.items() if word in (spoken if word.isascii() else words)), "")
    return rest if kind in NAMED else ""


@lru_cache(maxsize=65536)
def split_version(title: str) -> TitleParts:
    """Take a title apart. The base is never empty unless the title is: a title that is nothing but a remark, such
    as "(Live)", is a name."""
    tags: dict[Tag, None] = {}
    featured: dict[str, None] = {}
    subtitles: list[str] = []
    head = title.strip()
    while True:
        if (cut := _last_remark(head)) is not None and canonical_title(cut[0]):
            rest, remark = cut
            if names := _credits(remark):
                featured.update(dict.fromkeys(names))
                if _WITH_ORCHESTRA.search(remark):
                    tags[Tag(Version.ORCHESTRAL)] = None
            elif found := [tag for part in _PARTS.split(remark) for tag in _tags(part)]:
                tags.update(dict.fromkeys(found))
            elif remark.strip():
                subtitles.append(head[len(rest) :].strip())
            head = rest.rstrip()
        elif credit := _INNER_CREDIT.search(head) or _INLINE_CREDIT.search(head):
            featured.update(dict.fromkeys(name_parts(credit["names"])))
            head = f"{head[: credit.start()].rstrip()} {head[credit.end() :].lstrip()}".strip()
        else:
            break
    base = " ".join([head.strip(), *reversed(subtitles)])
    return TitleParts(base, tuple(sorted(tags)), tuple(featured))


@lru_cache(maxsize=65536)
def main_title(base: str) -> str:
    """A base without its subtitles, behind or before: "Doo Wop" of "Doo Wop (That Thing)"."""
    while (cut := _last_remark(base)) is not None and canonical_title(cut[0]):
        base = cut[0].rstrip()
    lead = _LEADING_REMARK.match(base)
    return lead["rest"] if lead else base


def is_version(words: str) -> bool:
    """Whether canonical words name another recording, wherever they stand."""
    return any(GROUPS[kind] is Group.STRICT and pattern.search(words) for kind, pattern in TABLE.items())


@lru_cache(maxsize=65536)
def album_kinds(album: str) -> frozenset[Version]:
    """The strict kinds that an album's title claims for all its tracks: live, karaoke and the like."""
    words = canonical_title(album)
    claimed = {tag.kind for tag in split_version(album).tags}
    if re.match(r"live (?:at|in|from|on)\b|mtv unplugged\b|live$", words) or re.search(r"\bunplugged$|\blive$", words):
        claimed.add(Version.LIVE)
    if re.search(r"\bkaraoke\b|\bin the style of\b|\btribute to\b|\bmade famous by\b", words):
        claimed.add(Version.KARAOKE)
    return frozenset(claimed & {Version.LIVE, Version.KARAOKE, Version.INSTRUMENTAL, Version.ACOUSTIC})
