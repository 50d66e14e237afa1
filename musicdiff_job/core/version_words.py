"""The kinds of version, and the words that name them.

A kind is *strict* when it means another recording (live, remix, ...), *length* when it means another cut of the same
recording (radio edit, extended), *plain* when it says nothing about the sound that the length would not show
(remaster, mono, single version, where it was released).

The words were read off the titles of some 50,000 tracks of both services, in a dozen languages. Patterns look at one
remark of a title (see ``versions``) in canonical spelling: ``12" Version`` is ``12 version``, ``Re-Recorded`` is
``re recorded``, accents are gone.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Group(StrEnum):
    """How far apart two recordings are that differ in a kind."""

    STRICT = "another recording"
    LENGTH = "another cut"
    PLAIN = "the same recording"


class Version(StrEnum):
    """The kinds of version."""

    LIVE = "live"
    REMIX = "remix"
    ACOUSTIC = "acoustic"
    INSTRUMENTAL = "instrumental"
    ACAPPELLA = "a cappella"
    KARAOKE = "karaoke"
    COVER = "cover"
    DEMO = "demo"
    SPED_UP = "sped up"
    SLOWED = "slowed"
    RERECORDED = "re-recorded"
    LANGUAGE = "language version"
    ORCHESTRAL = "orchestral"
    ARRANGED = "arrangement"
    MIXED = "cut from a DJ mix"
    FRAGMENT = "intro or reprise"
    OTHER = "other version"
    RADIO = "radio edit"
    EXTENDED = "extended"
    CLUB = "club mix"
    REMASTER = "remaster"
    SOUND = "mono or stereo"
    RELEASE = "release"
    WORDING = "explicit or clean"


GROUPS: dict[Version, Group] = (
    dict.fromkeys(Version, Group.STRICT)
    | dict.fromkeys((Version.RADIO, Version.EXTENDED, Version.CLUB), Group.LENGTH)
    | dict.fromkeys((Version.REMASTER, Version.SOUND, Version.RELEASE, Version.WORDING), Group.PLAIN)
)

NAMED = frozenset({Version.LIVE, Version.REMIX, Version.RERECORDED, Version.ARRANGED, Version.DEMO, Version.OTHER})
"""Kinds of which there can be several of one song, so that the words beside them count: remixer, venue, year."""

LANGUAGES = {
    "spanish": "spanish", "espanol": "spanish", "espanola": "spanish", "castellano": "spanish", "spanisch": "spanish",
    "english": "english", "englisch": "english", "anglais": "english", "ingles": "english", "inglese": "english",
    "german": "german", "deutsch": "german", "deutsche": "german", "allemand": "german", "aleman": "german",
    "french": "french", "francais": "french", "francaise": "french", "franzosisch": "french", "frances": "french",
    "italian": "italian", "italiano": "italian", "italiana": "italian", "italienisch": "italian",
    "portuguese": "portuguese", "portugues": "portuguese", "portuguesa": "portuguese",
    "japanese": "japanese", "korean": "korean", "chinese": "chinese", "mandarin": "chinese", "cantonese": "cantonese",
    "dutch": "dutch", "swedish": "swedish", "russian": "russian", "arabic": "arabic", "hindi": "hindi",
    "turkish": "turkish", "polish": "polish", "hebrew": "hebrew", "spanglish": "spanglish",
    "日本語": "japanese", "한국어": "korean", "國語": "chinese", "国语": "chinese", "粵語": "cantonese",
}  # fmt: skip
_LANGUAGE = f"(?:{'|'.join(LANGUAGES)})"
VERSION = r"(?:versions?|versione|versie|fassung|ver)"
YEAR = r"(?:19|20)\d\d"
_INSTRUMENT = r"(?:piano|cello|guitar|violin|harp|ukulele|sax(?:ophone)?|organ|flute|lullaby|music box|8 ?bit)"
_AFTER_LIVE = (
    r"(?:at|in|from|on|aus|im|au|en|dal|audio|sessions?|lounge|(?:and )?acoustic|orchestral|performance|recording"
    r"|studio|edit|mtv|take|bonus|(?:and )?remaster\w*|\d+|mono|stereo)"
)
_NOT_THE_VERB = "".join(rf"(?<!\b{word})" for word in ("we", "i", "you", "to", "they", "the", "people", "long"))
_RELEASES = (
    r"(?:single|album|lp|ep|original|main|studio|cd|soundtrack|official|standard|deluxe|us|uk|u s|45|bonus(?: track)?)"
)

_WORDS: dict[Version, tuple[str, ...]] = {
    Version.REMASTER: (
        r"\bre ?master\w*",
        rf"\b{YEAR} (?:stereo |mono )?mix\b",
        rf"^mix {YEAR}$",
        r"\bre ?issue\b",
        rf"^{YEAR}$",
    ),
    Version.KARAOKE: (
        r"\bkaraoke\b",
        r"\bin the style of\b",
        r"\b(?:made famous|originally performed) by\b",
        r"\bbacking track\b",
        r"^playback$",
        r"\btribute (?:to|version)\b",
        r"\btribut[eo]?$",
    ),
    Version.ACAPPELLA: (r"\ba ?cap+el+a\b",),
    Version.INSTRUMENTAL: (r"\binstrumental(?:e|es|s)?\b", r"\binstr\b", r"\boff vocal\b"),
    Version.SPED_UP: (r"\b(?:sped|speed) ?up\b", r"\bnightcore\b"),
    Version.SLOWED: (r"\bslowed\b", r"\bchopped\b", r"\bchopnotslop\b", r"\bdaycore\b", r"\b8d\b"),
    Version.LIVE: (
        r"^live$",
        rf"^live {_AFTER_LIVE}\b",
        r"^live(?: version| session.*)$",
        rf"{_NOT_THE_VERB} live(?: version| session.*)?$",
        r"\b(?:recorded|acoustic|version|orchestral) live\b",
        r"\bunplugged\b",
        r"\b(?:en|ao) vivo\b",
        r"\bdal vivo\b",
        r"\ben (?:directo|concierto|public)\b",
        r"\bin concert\b",
        r"\bspotify (?:singles?|sessions?|studios?)\b",
        r"^recorded at\b",
        r"\bsessions?$",
        r"\blive lounge\b",
        r"\btiny desk\b",
        r"\ba colors show\b",
        r"\bv zivo\b",
        r"\bkonzert\b",
        r"ライブ|ライヴ|라이브|現場|现场|концерт|вживую",
    ),
    Version.ACOUSTIC: (r"\b(?:acoustic|acustic[ao]|acoustique|akustik|akustyczna|akustisch|stripped)\b",),
    Version.ORCHESTRAL: (
        r"\b(?:orchestral?|orchester|symphonic|philharmonic|symphony version)\b",
        r"\bstrings? (?:quartet|version)\b",
        r"^strings?$",
    ),
    Version.ARRANGED: (
        rf"\b{_INSTRUMENT} (?:{VERSION}|solo|arrangement)\b",
        rf"\bsolo {_INSTRUMENT}\b",
        rf"^{_INSTRUMENT}$",
    ),
    Version.DEMO: (
        r"^demo\b",
        r"\bdemo(?: version| tape| take| \d+)?$",
        r"\brough (?:mix|cut)\b",
        r"\bouttake\b",
        r"\bvoice memo\b",
        r"\brehearsal\b",
        rf"\b(?:alternate|alternative|alternat|alt|early) (?:{VERSION}|take|mix)\b",
        r"\btake \d+\b",
        r"\bhome recording\b",
        r"\bwork tape\b",
    ),
    Version.LANGUAGE: (
        rf"\b{_LANGUAGE} {VERSION}\b",
        rf"\b{VERSION} (?:in |en |auf )?{_LANGUAGE}\b",
        rf"\b(?:in|en|auf) {_LANGUAGE}$",
        rf"^{_LANGUAGE}$",
    ),
    Version.COVER: (r"\b(?:cover(?: version)?|remake)$", r"^cover of\b"),
    Version.RERECORDED: (
        r"\bre ?record\w*",
        r"\bre ?imagined\b",
        r"\brevisited\b",
        r"\bself cover\b",
        r"\b(?:new|neue|nouvelle|nueva|2nd|second) version\b",
        rf"^{YEAR} {VERSION}",
        rf"^{VERSION} {YEAR}",
        rf"^{VERSION} 2(?: 0)?$",
    ),
    Version.MIXED: (r"^mixed$", r"^mix cut$", r"\bdj mix$", r"\bcontinuous mix\b", r"\bmegamix\b"),
    Version.REMIX: (
        r"\b(?:re ?mix(?:ed)?|rmx|re ?work(?:ed)?|re ?fix|bootleg|vip|mash ?up|re ?edit)\b(?! to )",
        r"\b(?:flip|dub)(?: mix| version)?$",
    ),
    Version.EXTENDED: (
        r"\bextended\b",
        r"\blong version\b",
        r"\bfull(?: length)?(?: version| edition)?$",
        r"^full (?:length|size)\b",
        r"\b12(?: inch)? (?:mix|version|edit|single)\b",
        r"\bmaxi\b",
        r"\buncut\b",
    ),
    Version.CLUB: (r"\bclub (?:mix|edit|version|cut)\b",),
    Version.RADIO: (
        r"\bradio (?:edit|mix|version|cut|single|remix|rework|vocal|atmo)\b",
        r"^radio$",
        r"\b(?:single|short|video|album|7|7 inch|original|tv|clean|explicit) edit\b",
        r"\b(?:7|7 inch) (?:mix|version)\b",
        r"^edit\b",
        r"^short version$",
        r"\btv size\b",
    ),
    Version.WORDING: (
        r"^(?:explicit|clean|edited|dirty|censored|uncensored)\b(?: version| edit| album.*)?$",
        r"\b(?:explicit|clean|edited|dirty|censored|uncensored) version$",
    ),
    Version.SOUND: (r"\b(?:mono|stereo)\b",),
    Version.FRAGMENT: (
        r"^(?:intro|outro|interlude|skit|reprise|medley|prelude|vocal intro)$",
        r"\breprise version$",
    ),
    Version.RELEASE: (
        rf"\b{_RELEASES} (?:{VERSION}|mix|edition|recording|cut|single)\b",
        r"^(?:original|das original|bonus|single|deluxe|album|mix|main|audio)$",
        r"^official (?:audio|video)$",
        r"^(?:title|ghost|hidden) track$",
        r"\bbonus track\b",
        r"\banniversary\b",
        rf"^{VERSION} (?:originale|single|album)$",
        r"\b(?:soundtrack|colonna sonora|bande originale|ost|motion picture)\b",
        r"主題曲|主题曲|片尾曲|插曲",
        r"^(?:(?:main|end) titles?|main theme|titelsong)$",
        r"^prod\b",
    ),
}

TABLE: dict[Version, re.Pattern[str]] = {kind: re.compile("|".join(patterns)) for kind, patterns in _WORDS.items()}
"""Kinds in the order in which they are looked for. ``OTHER`` has no words of its own: see ``versions``."""
