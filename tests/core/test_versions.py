"""Titles taken apart: what is a version word and what is part of the name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.text import canonical_title
from musicdiff_job.core.version_words import Version
from musicdiff_job.core.versions import Tag, album_kinds, main_title, split_version

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
