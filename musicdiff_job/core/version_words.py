"""The kinds of version, and the words that name them.

A kind is *strict* when it means another recording (live, remix, ...), *length* when it means another cut of the same
recording (radio edit, extended), *plain* when it says nothing about the sound that the length would not show
(remaster, mono, single version, where it was released).

The words were read off the titles of some 50,000 tracks of both services, in a dozen languages, and completed by what
each language says for the same thing. Patterns look at one remark of a title (see ``versions``) in canonical spelling:
``12" Version`` is ``12 version``, ``Re-Recorded`` is ``re recorded``, Latin and Greek accents are gone. Words of other
scripts, which put no spaces between them or change their ends, are looked for anywhere in the remark.
"""

from __future__ import annotations

import re
from enum import StrEnum

from musicdiff_job.core.languages import LANGUAGE, LANGUAGE_PART


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

VERSION = r"(?:versions?|versione|versionen|versie|versao|versio|versiyon\w*|verze|verzio|wersja|fassung|ver)"
YEAR = r"(?:19|20)\d\d"
_INSTRUMENT = (
    r"(?:piano|klavier|cello|guitar|violin|harp|ukulele|sax(?:ophone)?|organ|flute|accordion|kalimba|brass|lullaby"
    r"|music box|8 ?bit)"
)
_AFTER_LIVE = (
    r"(?:at|in|from|on|aus|im|au|aux|chez|en|em|dal|dalla|dall|i|pa|na|w|v|в|на|vanuit|desde|audio|sessions?|lounge"
    r"|(?:and )?acoustic|orchestral|performance|recording|studio|edit|mtv|bbc|kexp|for kexp|vevo|tv|take|bonus|video"
    r"|band|medley|bootleg|sets?|long|ep|lp|show|concert|tour|(?:and )?remaster\w*|\d+|mono|stereo"
    rf"|{VERSION})"
)
_NOT_THE_VERB = "".join(rf"(?<!\b{word})" for word in ("we", "i", "you", "to", "they", "the", "people", "long"))
_RELEASES = (
    r"(?:single|album|lp|ep|original|main|studio|cd|soundtrack|official|standard|deluxe|us|uk|u s|45|bonus(?: track)?"
    r"|digital|originale)"
)

_WORDS: dict[Version, tuple[str, ...]] = {
    Version.REMASTER: (
        r"\bre ?master\w*",
        r"\brimasterizz\w+|\bremasteris\w+",
        rf"\b{YEAR} (?:stereo |mono )?mix\b",
        rf"^mix {YEAR}$",
        r"\bre ?issue\b",
        rf"^{YEAR}$",
        r"\bdolby atmos\b",
        r"リマスター|리마스터|重制|重製|ремастер",
    ),
    Version.KARAOKE: (
        r"\bkaraoke\b",
        r"\bin the style of\b",
        r"\b(?:made famous|originally|(?:originally|as) (?:performed|recorded|sung)) by\b",
        r"\bbacking track\b",
        r"^play ?back$",
        r"\btribut[eo] (?:to|a|version)\b",
        r"\btribut[eo]?$",
        r"\bsing ?along\b",
        r"カラオケ|노래방|가라오케|卡拉 ?ok|караоке|καραοκε|קריוקי|كاريوكي|คาราโอเกะ",
    ),
    Version.ACAPPELLA: (r"\ba ?c+ap+el+a\b", r"\bvocals? only\b", r"アカペラ|아카펠라|清唱|а ?кап+ел+а|ακαπελα"),
    Version.INSTRUMENTAL: (
        r"\b(?:instrumenta\w*|enstrumantal|strumentale)\b",
        r"\binstr?(?: version| ver)?$",
        r"\boff vocal\b",
        r"\b(?:no|without) vocals?\b",
        r"\bminus one\b",
        r"\bkhong loi\b",
        r"^mr$",
        r"インスト|オフ ?ボーカル|인스트루멘탈|연주곡|반주|伴奏|純音樂|纯音乐|演奏|инструментал|минусовка|ορχηστρικο",
        r"אינסטרומנטל|บรรเลง",
    ),
    Version.SPED_UP: (
        r"\b(?:sped|speed|speeded) ?up\b",
        r"(?<!\banti )\bnightcore\b",
        r"^sped$",
        rf"\b(?:fast|faster|chipmunk) {VERSION}\b",
        r"\bpitched up\b|\bhigh pitch(?:ed)?\b",
        r"\bacelerad[ao]\b|\baccelere\b",
        r"ускорен|加速|倍速|배속|スピードアップ",
    ),
    Version.SLOWED: (
        r"\bslowed\b",
        rf"\bslow(?:er)? {VERSION}\b",
        r"\breverb(?:ed)?\b",
        r"\bchopped\b|^screwed$",
        r"\bchopnotslop\b",
        r"\bdaycore\b|\banti nightcore\b",
        r"\b(?:8|9|16|32) ?d\b|\b3d audio\b",
        r"\bbass boosted\b",
        r"\bralentizad[ao]\b",
        r"замедлен|慢速",
    ),
    Version.LIVE: (
        r"^live$",
        rf"^live {_AFTER_LIVE}\b",
        r"^live session",
        rf"{_NOT_THE_VERB} live(?: {VERSION}| session.*)?$",
        rf"\b(?:recorded|acoustic|{VERSION}|orchestral|studio) live\b",
        r"\blive (?:sets?|performance|recording)\b",
        r"\w performance$",
        r"\bunplugged\b",
        r"\b(?:en|ao) vivo\b",
        r"\bdal vivo\b",
        r"\ben (?:direct[oe]|concierto|concert|public)\b",
        r"\bin concert\b|\bconcert$|\bconcert (?:version|mix|recording)\b",
        r"\bspotify (?:singles?|sessions?|studios?)\b",
        r"^recorded at\b",
        r"\bsessions?$|\bsessions? at\b",
        r"\bsound ?check\b",
        r"\blive lounge\b",
        r"\btiny desk\b",
        r"\ba colors show\b",
        r"\bthe first take\b",
        r"\bv zivo\b|\bnazivo\b|\bna zywo\b|^zive\b",
        r"\bkon[zsc]ert\w*|\bkonser\b|\beloben\b|\bcanli\b|\btruc tiep\b",
        r"^live版|ライブ|ライヴ|生演奏|라이브|現場|现场|演唱會|演唱会|音樂會|音乐会|不插電|不插电",
        r"концерт|вживую|жив(?:ой звук|ая верс|ое исп)|ζωνταν|בהופעה|הופעה חיה|לייב|\bחי\b",
        r"حفلة|لايف|مباشر|\bحي\b|แสดงสด|คอนเสิร์ต",
    ),
    Version.ACOUSTIC: (
        r"\b(?:ac+oustic|acustic[ao]|acoustique|aku(?:sti|sty|szti)\w*|akoestisch\w*|stripped)\b",
        rf"\b(?:campfire|naked) {VERSION}\b",
        r"アコースティック|弾き語り|어쿠스틱|木吉他|акусти|ακουστικ|אקוסטי|اكوستيك|อะคูสติก",
    ),
    Version.ORCHESTRAL: (
        r"\b(?:orchestra\w*|orchester|orquestal?|symphonic|philharmonic|symphony version|sinfonic[ao])\b",
        r"\b(?:chamber|choir|choral|big band) version\b",
        r"\bstrings? (?:quartet|version)\b",
        r"^strings?$",
        r"オーケストラ|오케스트라|交響|交响|管弦|оркестр|симфонич|συμφωνικ|סימפונ",
    ),
    Version.ARRANGED: (
        rf"\b{_INSTRUMENT} (?:{VERSION}|solo|arrangement)\b",
        rf"\bsolo {_INSTRUMENT}\b",
        rf"^{_INSTRUMENT}$",
        r"^piano (?:and )?(?:vocals?|voice|voix)$|^voz y piano$",
        r"ピアノ|オルゴール|피아노|鋼琴|钢琴|пианино|фортепиано|פסנתר|เปียโน",
    ),
    Version.DEMO: (
        r"^demos?\b",
        r"\bdemo(?: version| tape| take| recording| \d+)?$",
        r"\b(?:rough|monitor|working|unfinished) (?:mix|cut|version)\b",
        r"\bout ?take\b",
        r"\bvoice memo\b",
        r"\brehearsal\b",
        rf"\b(?:alternate|alternative|alternat|alt|early) (?:{VERSION}|take|mix)\b",
        r"^(?:alternate|alternative)$",
        r"\btake \d+\b",
        r"\bhome recording\b",
        r"\bwork ?tape\b",
        r"^(?:maquette|maqueta|provino)$",
        r"デモ|데모|小樣|小样|\bдемо|ντεμο|\bדמו\b|เดโม",
    ),
    Version.LANGUAGE: (
        rf"\b{LANGUAGE} (?:language )?(?:{VERSION}|edition)\b",
        rf"\b{VERSION} (?:in |en |em |auf )?{LANGUAGE}\b",
        rf"\b(?:in|en|em|auf|po|pa|op) {LANGUAGE}$",
        rf"^{LANGUAGE}$",
        LANGUAGE_PART,
    ),
    Version.COVER: (
        r"\b(?:cover(?: version| song)?|remake)$",
        r"^cover of\b|\bcover(?:ed)?(?: version)? by\b",
        r"カバー|カヴァー|커버|翻唱|翻自|кавер|διασκευ|קאבר|คัฟเวอร์",
    ),
    Version.RERECORDED: (
        r"\bre ?record\w*",
        r"\bre ?imagined\b",
        r"\brevisit(?:ed|e)\b|\bre done\b|^redone$|\bremade\b|\brevamped\b|\breloaded\b|\bredux\b",
        r"\bself cover\b",
        rf"\b(?<!bossa )(?:new|neue|nouvelle|nueva|nuova|nova|ny|nya|yeni|2nd|second) {VERSION}\b",
        rf"\b(?:new|newly) (?:{YEAR} )?record(?:ing|ed)\b|\b{YEAR} recording\b",
        r"\bneuaufnahme\b|\bneu aufgenommen\b|\bregraba\w+|\bre ?enregistr\w+",
        rf"^{YEAR} {VERSION}",
        rf"^{VERSION} {YEAR}",
        rf"^{VERSION} (?:2(?: 0)?|ii)$|^v ?2$|^2 0$",
        r"セルフカバー|再録|新録|재녹음|重錄|重录|新版|新录|перезапис|новая верс|νεα εκτελεση",
    ),
    Version.MIXED: (r"^mixed$", r"^mix cut$", r"\bdj mix$", r"\b(?:continuous|non ?stop|mega) mix\b", r"\bmegamix\b"),
    Version.REMIX: (
        r"\b(?:re ?mix(?:e|ed)?|rmx|re ?work(?:ed)?|re ?fix(?:ed)?|bootleg|vip|mash ?up|re ?edit|remezcla)\b(?! to )",
        r"\b(?:flip|dub)(?: mix| version)?$",
        r"\b(?:mix|edit) by\b",
        r"\blo ?fi\b|^(?:hardstyle|phonk|jersey club)\b|\bdiscomix\b",
        r"リミックス|리믹스|混音|ремикс|ρεμιξ|רמיקס|ريمكس|รีมิกซ์",
    ),
    Version.EXTENDED: (
        r"\bextended\b",
        rf"\blong {VERSION}\b",
        rf"\b(?:longue|estesa|extendida|estendida|larga|lange|xxl) {VERSION}\b",
        rf"\bfull(?: length)?(?: {VERSION}| edition)?$",
        r"^full (?:length|size)\b",
        r"\b12(?: inch)? (?:mix|version|edit|single)\b",
        r"\b\d+ (?:minutes?|min|hours?) (?:version|mix|loop)\b",
        r"\bmaxi\b",
        r"\buncut\b|^unedited\b",
        r"フル ?(?:バージョン|ver)|長版|完整版|풀버전",
    ),
    Version.CLUB: (r"\bclub (?:mix|edit|version|cut)\b",),
    Version.RADIO: (
        rf"\bradio (?:edit|mix|{VERSION}|cut|single|remix|rework|vocal|atmo)\b",
        r"^radio$",
        r"\b(?:single|short|video|album|7|7 inch|original|tv|clean|explicit) edit\b",
        r"\b(?:7|7 inch) (?:mix|version)\b",
        r"^edit\b(?! by\b)",
        r"^short(?: (?:version|mix|ver))?$",
        r"\b(?:tv|anime) ?size\b|\btv ver\b|tv ?サイズ",
        r"ラジオ ?エディット",
    ),
    Version.WORDING: (
        r"^(?:explicit|clean|edited|dirty|censored|uncensored)\b(?: version| edit| album.*)?$",
        r"\b(?:explicit|clean|edited|dirty|censored|uncensored) version$",
    ),
    Version.SOUND: (r"\b(?:mono|stereo)\b",),
    Version.FRAGMENT: (
        r"^(?:intro|outro|interlude|skit|reprise|medley|prelude|prologue|epilogue|vocal intro|spoken(?: word)?)$",
        r"\breprise version$",
        r"\b(?:commentary|track by track|ringtone|snippet|interview)\b|\bvoice note\b",
        r"イントロ|アウトロ|인트로|아웃트로|\bинтро\b|\bаутро\b",
    ),
    Version.RELEASE: (
        rf"\b{_RELEASES} (?:{VERSION}|mix|edition|recording|cut|single)\b",
        r"^(?:original|das original|bonus|single|deluxe|album|mix|main|audio)$",
        r"^official(?: music| lyric)?(?: audio| video)?$|^lyric video$|^visuali[sz]er$",
        r"^(?:title|ghost|hidden) track$",
        r"\bbonus track\b",
        r"\banniversary\b(?! version)",
        rf"^{VERSION} (?:originale|single|album)$",
        r"\b(?:soundtrack|colonna sonora|bande originale|banda sonora|ost|motion picture)\b",
        r"主題曲|主题曲|片尾曲|插曲|주제가|саундтрек|из (?:к ф|фильма|кинофильма|сериала)",
        r"(?:オリジナル|シングル|アルバム) ?バージョン|專輯版|专辑版|單曲版|单曲版",
        r"^(?:(?:main|end) titles?|main theme|titelsong)$",
        r"^from the vault$",
        r"^prod\b",
    ),
}

TABLE: dict[Version, re.Pattern[str]] = {kind: re.compile("|".join(patterns)) for kind, patterns in _WORDS.items()}
"""Kinds in the order in which they are looked for. ``OTHER`` has no words of its own: see ``versions``."""
