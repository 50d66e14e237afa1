"""Titles taken apart: what is a version word and what is part of the name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.text import canonical_title
from musicdiff_job.core.version_words import Version
from musicdiff_job.core.versions import Tag, album_kinds, is_version, main_title, split_version

V = Version

NAMES = [
    "Live Forever",
    "Alive",
    "Live and Let Die",
    "Remix to Ignition",
    "Cover Me",
    "Acoustic",
    "(Live)",
    "Demo",
    "Radio Ga Ga",
    "Doo Wop (That Thing)",
    "Stay (With Me)",
    "Hello (Live Your Life)",
    "Dancing (The Way We Live)",
    "Ken-Y",
    "Numb / Encore",
    "Song (Radio Ga Ga)",
    "Song (Dirty Diana)",
    "Savage Love (Laxed – Siren Beat)",
    "Wellerman - Sea Shanty",
    "Song (From Now On)",
    "Another Brick in the Wall, Pt. 2",
    "Song (Cover Me)",
    "(I Can't Get No) Satisfaction",
    "東京 (夜)",
    "- Numb",
    "(((",
    "Song )",
]


@pytest.mark.parametrize("title", NAMES)
def test_names_stay_whole(title: str) -> None:
    assert split_version(title) == (title, (), ())


TAGGED = [
    ("Song - Live", "Song", [Tag(V.LIVE)]),
    ("Song (Live at Wembley, 1986)", "Song", [Tag(V.LIVE, "wembley 1986")]),
    ("Song - MTV Unplugged Version", "Song", [Tag(V.LIVE, "mtv unplugged")]),
    ("Canção (Ao Vivo)", "Canção", [Tag(V.LIVE, "ao vivo")]),
    ("歌 (ライブ)", "歌", [Tag(V.LIVE, "ライブ")]),
    ("Song - Spotify Singles", "Song", [Tag(V.LIVE, "spotify singles")]),
    ("Ignition (Remix)", "Ignition", [Tag(V.REMIX)]),
    ("Song - Tiësto Remix", "Song", [Tag(V.REMIX, "tiesto")]),
    ("Waves - Robin Schulz Radio Edit", "Waves", [Tag(V.RADIO), Tag(V.REMIX, "robin schulz")]),
    ("Levels - Skrillex Remix / Radio Edit", "Levels", [Tag(V.RADIO), Tag(V.REMIX, "skrillex")]),
    ("Song - Tchad Blake Mix", "Song", [Tag(V.REMIX, "tchad blake")]),
    ("Song (Acoustic)", "Song", [Tag(V.ACOUSTIC)]),
    ("24.11.94 - Wersja Akustyczna", "24.11.94", [Tag(V.ACOUSTIC)]),
    ("Song [Instrumental]", "Song", [Tag(V.INSTRUMENTAL)]),
    ("Song (Acapella)", "Song", [Tag(V.ACAPPELLA)]),
    ("Song (Karaoke Version)", "Song", [Tag(V.KARAOKE)]),
    ("Song (In the Style of Queen)", "Song", [Tag(V.KARAOKE)]),
    ("Song - Cover", "Song", [Tag(V.COVER)]),
    ("Song (Demo)", "Song", [Tag(V.DEMO, "demo")]),
    ("Song - Take 3", "Song", [Tag(V.DEMO, "take 3")]),
    ("Song (Sped Up)", "Song", [Tag(V.SPED_UP)]),
    ("Song - Slowed + Reverb", "Song", [Tag(V.SLOWED)]),
    ("Love Story (Taylor’s Version)", "Love Story", [Tag(V.RERECORDED, "taylors")]),
    ("Song - Re-Recorded", "Song", [Tag(V.RERECORDED)]),
    ("Song (Version 2017)", "Song", [Tag(V.RERECORDED, "2017")]),
    ("Song - Deutsche Version", "Song", [Tag(V.LANGUAGE, "german")]),
    ("Song - En Español", "Song", [Tag(V.LANGUAGE, "spanish")]),
    ("Song (Orchestral Version)", "Song", [Tag(V.ORCHESTRAL)]),
    ("Song (Piano Version)", "Song", [Tag(V.ARRANGED, "piano")]),
    ("Song - Mixed", "Song", [Tag(V.MIXED)]),
    ("Song - Interlude", "Song", [Tag(V.FRAGMENT)]),
    ("hotline bling (billie version)", "hotline bling", [Tag(V.OTHER, "billie")]),
    ("Song - Ballerini Album Version", "Song", [Tag(V.OTHER, "ballerini")]),
    ("Song - Album Version", "Song", [Tag(V.RELEASE)]),
    ("Song - Radio Edit", "Song", [Tag(V.RADIO)]),
    ("Song (Edit)", "Song", [Tag(V.RADIO)]),
    ("Animals - Extended", "Animals", [Tag(V.EXTENDED)]),
    ("Song - Club Mix", "Song", [Tag(V.CLUB)]),
    ("Song - Original Mix", "Song", [Tag(V.RELEASE)]),
    ("Song 2 - 2012 Remaster", "Song 2", [Tag(V.REMASTER)]),
    ("Song - 2011 Remastered Version", "Song", [Tag(V.REMASTER)]),
    ("Song (2019 Mix)", "Song", [Tag(V.REMASTER)]),
    ("Song - Mono Version", "Song", [Tag(V.SOUND)]),
    ("Song (Clean)", "Song", [Tag(V.WORDING)]),
    ('Carry On (from the Original Motion Picture "Pikachu")', "Carry On", [Tag(V.RELEASE)]),
    ("Song (Radio Mix; 2014 Remaster)", "Song", [Tag(V.RADIO), Tag(V.REMASTER)]),
    ("Song (Live) - 2011 Remaster", "Song", [Tag(V.LIVE), Tag(V.REMASTER)]),
    ("Song【Live】", "Song", [Tag(V.LIVE)]),
    ("Song（Live）", "Song", [Tag(V.LIVE)]),
    ("Wellerman (Sea Shanty / 220 KID Remix)", "Wellerman", [Tag(V.REMIX, "220 kid")]),
    ("Siren (Beat) [BTS Remix]", "Siren (Beat)", [Tag(V.REMIX, "bts")]),
]


@pytest.mark.parametrize(("title", "base", "tags"), TAGGED)
def test_version_words(title: str, base: str, tags: list[Tag]) -> None:
    assert split_version(title) == (base, tuple(sorted(tags)), ())


SPELLINGS = {
    V.LIVE: "Live|LIVE ver.|Live @ Wembley|Live from Paris|Live in Rio|Live for KEXP|Live à l'Olympia"
    "|Live aux Francofolies|Live im Stadion|Live i Oslo|Live vanuit Ahoy|Live Video|Live Band Version|Live Version 2001"
    "|MTV Unplugged|BBC Session|John Peel Session|Amazon Original Live|American Idol Performance|En vivo"
    "|En Vivo Desde México|Ao Vivo|En directo|En concert|Dal vivo|na żywo|naživo|živě|élőben|canlı|Konser"
    "|Konzert|Trực tiếp|Concert Version|ライブ|ライブ版|Live版|라이브 버전|現場版|现场|演唱會|不插電"
    "|концертная версия|вживую|Живая версия|ζωντανά"
    "|בהופעה|הופעה חיה|חי|حفلة|لايف|แสดงสด|คอนเสิร์ต",
    V.REMIX: "Remixe|Remezcla|Refixed|Lo-Fi|African Lofi|Phonk|Hardstyle Mix|Edit by DJ A|リミックス|리믹스|混音版"
    "|ремикс|ρεμίξ|רמיקס|ريمكس|รีมิกซ์",
    V.ACOUSTIC: "Accoustic|Acústico|Akoestisch|Akustisk|Wersja Akustyczna|Akusztikus|Naked Version|アコースティック"
    "|弾き語り|어쿠스틱 버전|木吉他版|Акустическая версия|ακουστική|אקוסטי|أكوستيك|อะคูสติก",
    V.INSTRUMENTAL: "Inst.|Instrumentaal|Strumentale|Enstrümantal|No Vocals|Minus One|Không Lời|インスト|オフ・ボーカル"
    "|연주곡|伴奏|純音樂|Инструментальная версия|ορχηστρικό|אינסטרומנטלי|บรรเลง",
    V.KARAOKE: "Karaoké|Tributo a Queen|Sing-Along|Play-back|As Performed by Queen|カラオケ|노래방|卡拉OK|караоке"
    "|καραόκε|קריוקי|كاريوكي|คาราโอเกะ",
    V.COVER: "Cover by A|Covered by A|Cover Song|Coverversion|カバー|커버|翻唱|Кавер-версия|διασκευή|קאבר|คัฟเวอร์",
    V.DEMO: "Demos|Out-take|Demo Recording|Maqueta|Monitor Mix|Alternate|デモ音源|데모|小样|Демо-версия|ντέμο|דמו|เดโม",
    V.SPED_UP: "Speeded Up|Nightcore|Fast Version|Pitched Up|Acelerada|Ускоренная версия|加速版|배속",
    V.SLOWED: "Slow + Reverb|Reverb|8D Audio|16D|Screwed|Anti-Nightcore|Bass Boosted|замедленная|慢速版",
    V.RERECORDED: "New Ver.|Nuova Versione|Nova Versão|Ny Version|Neuaufnahme 2018|Regrabación|Newly Recorded|Redux"
    "|2021 Recording|V2|セルフカバー|新版|Новая версия|Νέα εκτέλεση",
    V.LANGUAGE: "Em Português|Versión en Inglés|Version Anglaise|Versione Spagnola|KOR Ver.|Türkçe|Po Polsku"
    "|Svensk version|Thai Version|日本語版|國語版|粤语|한국어 버전|На русском|Английская версия|بالعربي|ภาษาอังกฤษ",
    V.ORCHESTRAL: "Orchestrated|Orquestal|Versión Sinfónica|Orchesterversion|Choir Version|オーケストラ版|오케스트라"
    "|交响乐版|симфоническая|συμφωνική|with the Royal Philharmonic Orchestra",
    V.ARRANGED: "Klavierversion|Version piano|Voz y Piano|ピアノVer.|피아노 버전|钢琴版|פסנתר|เปียโน",
    V.ACAPPELLA: "Accapella|Vocals Only|アカペラ|清唱版|а капелла",
    V.EXTENDED: "Version longue|Versione estesa|Lange Version|10 Minute Version|フルバージョン|長版",
    V.RADIO: "Versión Radio|Radioversion|Radio Versie|Short Mix|TVサイズ|Anime Size",
    V.REMASTER: "Rimasterizzato|Versione Rimasterizzata|リマスター|리마스터|ремастер|Dolby Atmos",
    V.RELEASE: "Albumversion|Originalversion|Versión Original|Banda Sonora Original|Из к/ф|Official Music Video"
    "|From The Vault",
    V.FRAGMENT: "Prologue|Track by Track Commentary|イントロ",
    V.MIXED: "Non-Stop Mix|Mega Mix",
}
"""One thing in many words and scripts; a gap here is a wrong version in somebody's playlist."""
ROWS = [(kind, words) for kind, listed in SPELLINGS.items() for words in listed.split("|")]


@pytest.mark.parametrize(("kind", "words"), ROWS, ids=[f"{kind}: {words}" for kind, words in ROWS])
def test_one_kind_in_many_words(kind: Version, words: str) -> None:
    for title in (f"Song ({words})", f"Song - {words}", f"Song -{words}-", f"Song ～{words}～"):
        parts = split_version(title)
        assert parts.base == "Song", title
        assert kind in {tag.kind for tag in parts.tags}, title


@pytest.mark.parametrize(
    "title",
    [
        "Song (Live Your Life)",
        "Song (Live a Little)",
        "Song (Slow Down)",
        "Song (Bossa Nova)",
        "Song (Performance)",
        "Song (Conversion)",
        "Song (with RedOne)",
        "Mid-Air",
        "Twenty-One - Twenty-Two",
        "Rock-A-Bye",
    ],
)
def test_what_only_looks_like_a_version(title: str) -> None:
    assert split_version(title).tags == ()


def test_the_language_is_named_in_every_script() -> None:
    for words in ("Japanese Ver.", "日本語版", "일본어 버전"):
        assert split_version(f"Song ({words})").tags == (Tag(V.LANGUAGE, "japanese"),)
    for words in ("English Version", "Version Anglaise", "Английская версия", "English Language Version"):
        assert split_version(f"Song ({words})").tags == (Tag(V.LANGUAGE, "english"),)


def test_version_words_without_brackets() -> None:
    assert is_version("ao vivo") and is_version("instrumental") and is_version("sped up")
    assert not is_version("remastered") and not is_version("tonight")


def test_every_kind_has_an_example() -> None:
    assert {tag.kind for _, _, tags in TAGGED for tag in tags} == set(Version)


@pytest.mark.parametrize(
    ("title", "base", "featured"),
    [
        ("Desire (with Sam Smith)", "Desire", ("sam smith",)),
        ("Hey Mama (feat. Nicki Minaj, Bebe Rexha & Afrojack)", "Hey Mama", ("nicki minaj", "bebe rexha", "afrojack")),
        ("Atlantis feat. Anna Yvette", "Atlantis", ("anna yvette",)),
        ("Peach Tea ft Vivian Tran", "Peach Tea", ("vivian tran",)),
        ("Song (con Rkomi & Madame)", "Song", ("rkomi", "madame")),
        ("Song [ft. X Y]", "Song", ("x y",)),
        ("Song (feat. Bonn) Again", "Song Again", ("bonn",)),
        ("Professional Griefers - feat. Gerard Way", "Professional Griefers", ("gerard way",)),
    ],
)
def test_guests(title: str, base: str, featured: tuple[str, ...]) -> None:
    parts = split_version(title)
    assert (parts.base, parts.featured, parts.tags) == (base, featured, ())


def test_guests_and_versions_in_one_title() -> None:
    assert split_version("Song (Live) feat. Guest") == ("Song", (Tag(V.LIVE),), ("guest",))
    parts = split_version("In My Mind (feat. Georgi Kay) - Axwell Radio Edit")
    assert parts == ("In My Mind", (Tag(V.RADIO), Tag(V.REMIX, "axwell")), ("georgi kay",))


@given(st.text())
def test_a_base_is_empty_only_if_the_title_is(title: str) -> None:
    parts = split_version(title)
    assert bool(canonical_title(parts.base)) == bool(canonical_title(title))
    assert bool(canonical_title(main_title(parts.base))) == bool(canonical_title(title))


WORDS = st.sampled_from(
    ["Song", "Live", "Remix", "Cover", "(", ")", "[", "]", " - ", "feat.", "Edit", "A", "2011", ";"]
)


@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_what_is_left_of_a_title_is_a_name(title: str) -> None:
    base = split_version(title).base
    assert split_version(base).tags == () or canonical_title(base) == canonical_title(title)


def test_main_title() -> None:
    assert main_title("Doo Wop (That Thing)") == "Doo Wop"
    assert main_title("Wellerman - Sea Shanty") == "Wellerman"
    assert main_title("(I Can't Get No) Satisfaction") == "Satisfaction"
    assert main_title("(Tanto)") == "(Tanto)"


@pytest.mark.parametrize(
    ("album", "kinds"),
    [
        ("Live at Leeds", {V.LIVE}),
        ("MTV Unplugged", {V.LIVE}),
        ("Greatest Hits (Live)", {V.LIVE}),
        ("Karaoke Hits, Vol. 3", {V.KARAOKE}),
        ("A Tribute to Queen", {V.KARAOKE}),
        ("Live Through This", set()),
        ("Alive", set()),
        ("Abbey Road (Remastered)", set()),
        ("", set()),
    ],
)
def test_what_an_album_says_of_its_tracks(album: str, kinds: set[Version]) -> None:
    assert album_kinds(album) == kinds
