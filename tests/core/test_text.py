"""Canonical spellings: what is one spelling, what stays apart, and that no script is emptied."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.text import (
    artist_names,
    canonical_name,
    canonical_title,
    compact,
    fold,
    is_nobody,
    name_parts,
    normalise_isrc,
    other_characters,
    scripts,
)


@pytest.mark.parametrize(
    ("text", "isrc"),
    [
        ("USRC17607839", "USRC17607839"),
        ("us-rc1-76-07839", "USRC17607839"),
        (" usrc1 7607839 ", "USRC17607839"),
        ("ISRC US-RC1-76-07839", "USRC17607839"),
        ("US‑RC1‑76‑07839", "USRC17607839"),
        ("GBDUW0000059", "GBDUW0000059"),
        ("DUM_22832", None),
        ("DUM22832", None),
        ("USRC1760783", None),
        ("USRC176078399", None),
        ("12RC17607839", None),
        ("USRC1760783A", None),
        ("USRC1760783٩", None),
        ("", None),
        (None, None),
    ],
)
def test_isrc(text: str | None, isrc: str | None) -> None:
    assert normalise_isrc(text) == isrc


@given(st.from_regex(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", fullmatch=True))
def test_a_plain_isrc_survives_every_spelling(isrc: str) -> None:
    assert normalise_isrc(isrc) == isrc
    assert normalise_isrc(f"{isrc[:2]}-{isrc[2:5]}-{isrc[5:7]}-{isrc[7:]}".lower()) == isrc


SAME = [
    ("ZITTI E BUONI", "Zitti e buoni"),
    ("Poupée de cire, poupée de son", "Poupee de cire poupee de son"),
    ("Måneskin", "Maneskin"),
    ("Rock 'N Roll", "Rock & Roll"),
    ("Don’t Stop", "Don't Stop"),
    ("Salt-N-Pepa", "Salt & Pepa"),
    ("Ｔｈｅ　１", "The 1"),
    ("Işık", "Isik"),
    ("Đường", "Duong"),
    ("أهلا", "اهلا"),
    ("Can`t Sleep", "Can't Sleep"),
    ("Ke$ha", "Kesha"),
    ("P!nk", "Pink"),
    ("Song, Pt. II", "Song Part 2"),
    ("Song Part Two", "Song, Pt. 2"),
    ("Мой ёж", "Мой еж"),
    ("ＡＢＣ", "abc"),
    ("ﾊﾞﾝﾄﾞ", "バンド"),
    ("Straße", "STRASSE"),
    ("İstanbul", "istanbul"),
    ("Ørsted", "orsted"),
    ("שָׁלוֹם", "שלום"),
    ("Ελλάδα", "ΕΛΛΑΔΑ"),
    ("Sigur Rós\u200b", "Sigur Ros"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_title(one: str, other: str) -> None:
    assert canonical_title(one) == canonical_title(other) != ""


DIFFERENT = [
    ("Кукушка", "東京"),
    ("мой", "мои"),
    ("が", "か"),
    ("ไม่เคยถาม", "ไมเคยถาม"),
    ("Song Part 1", "Song Part 2"),
    ("???", "!!!"),
    ("÷", "×"),
    ("Alive", "A"),
    ("愛", "爱"),
    ("D.N.A.", "D and A"),
    ("Vitamin N", "Vitamin and"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_titles_that_stay_apart(one: str, other: str) -> None:
    assert canonical_title(one) != canonical_title(other)


@pytest.mark.parametrize(
    "title",
    ["Кукушка", "東京", "강남스타일", "ไม่เคยถาม", "שלום", "البحر", "Δ", "गाना", "???", "÷", "!!!", "♥", "-", "'"],
)
def test_no_script_is_emptied(title: str) -> None:
    assert canonical_title(title)


@given(st.text())
def test_empty_only_without_a_visible_character(title: str) -> None:
    visible = any(not char.isspace() for char in unicodedata.normalize("NFKD", title))
    assert bool(canonical_title(title)) <= visible
    if any(char.isalnum() for char in title):
        assert canonical_title(title)


@given(st.text())
def test_canonical_title_is_idempotent(title: str) -> None:
    once = canonical_title(title)
    assert canonical_title(once) == once


@given(st.text())
def test_unicode_normal_forms_are_one(title: str) -> None:
    assert canonical_title(unicodedata.normalize("NFC", title)) == canonical_title(unicodedata.normalize("NFD", title))


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_fast_path_of_ascii_gives_what_the_long_one_gives(text: str) -> None:
    assert fold(text) == fold(text + "é")[:-1]


def test_a_hidden_letter_stays_visible() -> None:
    assert canonical_title("F**k You") == "f**k you"
    assert canonical_title("* Song *") == "song"


@pytest.mark.parametrize(
    ("credit", "names"),
    [
        ("Dimitri Vegas & Like Mike", ("dimitri vegas", "like mike")),
        ("A feat. B & C", ("a", "b", "c")),
        ("Avicii vs. Nicky Romero", ("avicii", "nicky romero")),
        ("Cheat Codes x CADE", ("cheat codes", "cade")),
        ("Malcolm X", ("malcolm x",)),
        ("The Beatles", ("beatles",)),
        ("Florence + The Machine", ("florence", "machine")),
        ("Rkomi con Ariete", ("rkomi", "ariete")),
        ("Andy", ("andy",)),
        ("Giso e Jamil", ("giso", "jamil")),
        ("R O Z E S", ("r o z e s",)),
        ("", ()),
    ],
)
def test_names_in_a_credit(credit: str, names: tuple[str, ...]) -> None:
    assert name_parts(credit) == names


def test_collectives_name_nobody() -> None:
    assert is_nobody("Various Artists") and is_nobody("ARTISTI VARI") and is_nobody("群星")
    assert not is_nobody("Various Cruelties")
    assert artist_names(["Various Artists", "The Kinks"]) == ("kinks",)
    assert artist_names(["Various Artists"]) == ()


def test_artist_names_keep_the_whole_and_the_parts() -> None:
    assert artist_names(["Simon & Garfunkel"]) == ("simon and garfunkel", "simon", "garfunkel")


def test_small_measures() -> None:
    assert canonical_name("The The") == "the"
    assert compact("r e m") == "rem"
    assert scripts("park 박 12") == {"LATIN", "HANGUL"}


def test_traditional_and_simplified_characters() -> None:
    assert other_characters("聽媽媽的話", "听妈妈的话") and other_characters("周杰倫", "周杰伦")
    assert not other_characters("聽媽媽的話", "听妈妈的")
    assert not other_characters("東京", "夜空")
    assert not other_characters("song", "sung") and not other_characters("カキ", "カコ")
