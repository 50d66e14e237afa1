"""When two credits name the same players."""

from __future__ import annotations

import pytest

from musicdiff_job.core.credits import compare_artists, is_tribute
from musicdiff_job.core.model import Track


def by(*artists: str, title: str = "Song") -> Track:
    return Track(id="1", title=title, artists=artists)


SAME_PLAYERS = [
    (by("Martin Garrix", "Tiësto"), by("Martin Garrix"), 0.0),
    (by("Martin Garrix", "Tiësto"), by("Tiësto"), 0.05),
    (by("Simon & Garfunkel"), by("Garfunkel", "Simon"), 0.05),
    (by("Ms. Lauryn Hill"), by("Lauryn Hill"), 0.08),
    (by("Maneskin"), by("Måneskin"), 0.0),
    (by("Black Eyed Peas"), by("The Black Eyed Peas"), 0.0),
    (by("Joan Jett & The Blackhearts"), by("Joan Jett and the Blackhearts"), 0.0),
    (by("Grover Washington Jr."), by("Grover Washington, Jr."), 0.0),
    (by("Earth", "Wind & Fire"), by("Earth, Wind & Fire"), 0.05),
    (by("Wind & Fire", "Earth"), by("Earth, Wind & Fire"), 0.1),
    (by("박혜진 Park Hye Jin"), by("박혜진"), 0.08),
    (by("Flinch feat. Heather Bright"), by("Flinch", "Heather Bright"), 0.05),
    (by("Lana Del Rey vs. Cedric Gervais"), by("Cedric Gervais"), 0.05),
    (by("Alice feat. Bob"), by("Alice"), 0.05),
    (by("Alice with Bob"), by("Bob", "Alice"), 0.05),
    (by("Alice x Bob"), by("Bob × Alice"), 0.1),
    (by("Alice y Bob"), by("Alice", "Bob"), 0.05),
    (by("Alice et Bob"), by("Bob"), 0.05),
    (by("Alice pres. Bob"), by("Bob"), 0.05),
    (by("林俊傑、蔡卓妍"), by("蔡卓妍"), 0.05),
    (by("Macklemore & Ryan Lewis"), by("Ryan Lewis & Macklemore"), 0.1),
    (by("N.W.A."), by("NWA"), 0.0),
    (by("R.E.M."), by("REM"), 0.0),
    (by("AC/DC"), by("ACDC"), 0.0),
    (by("B. B. King"), by("BB King"), 0.0),
    (by("JAY-Z"), by("JAYZ"), 0.0),
    (by("Beatles, The"), by("The Beatles"), 0.05),
    (by("Various Artists", "The Kinks"), by("The Kinks"), 0.0),
    (by("A$AP Rocky"), by("ASAP Rocky"), 0.0),
]


@pytest.mark.parametrize(("wanted", "candidate", "value"), SAME_PLAYERS)
def test_the_same_players(wanted: Track, candidate: Track, value: float) -> None:
    for one, other in ((wanted, candidate), (candidate, wanted)):
        verdict = compare_artists(one, other, None, isrc=False)
        assert not verdict.refused
        assert verdict.value == pytest.approx(value)


OTHERS = [
    (by("Drake"), by("Hazel")),
    (by("Queen"), by("Queen Latifah")),
    (by("John Legend"), by("John")),
    (by("Dynoro", "Gigi D'Agostino"), by("Ivan Gough", "Feenixpawl")),
    (by("Кино"), by("東京事変")),
    (by("!!!"), by("???")),
    (by("The Painter", title="Song (feat. A)"), by("Cody Johnson", title="Song (feat. B)")),
    (by("Karaoke Band"), by("Queen")),
    (by("Alice", "Guest"), by("Bob", "Guest")),
    (by("Alice & Guest"), by("Bob & Guest")),
    (by("Alice feat. Guest"), by("Bob feat. Guest")),
    (by("John & Friends"), by("Paul & Friends")),
    (by("DJ Snake"), by("DJ Shadow")),
    (by("周杰倫"), by("周杰伦")),
    (by("Kino"), by("Various Artists")),
    (by(), by("Kino")),
]


@pytest.mark.parametrize(("wanted", "candidate"), OTHERS)
def test_other_players(wanted: Track, candidate: Track) -> None:
    assert compare_artists(wanted, candidate, 0.0, isrc=False).refused
    assert compare_artists(candidate, wanted, 0.0, isrc=False).refused


def test_a_guest_alone_needs_the_isrc() -> None:
    wanted = by("Meek Mill", title="Black Magic (feat. Rick Ross)")
    candidate = by("Jonasu", title="Black Magic (feat. Rick Ross)")
    assert compare_artists(wanted, candidate, None, isrc=False).refused
    assert compare_artists(wanted, candidate, 0.0, isrc=False).refused
    assert compare_artists(wanted, candidate, 1.0, isrc=True).value == 0.25


def test_a_slip_in_a_name_needs_an_agreeing_length() -> None:
    for pair in ((by("Radiohed"), by("Radiohead")), (by("DJ Tiësto"), by("Tiësto"))):
        assert compare_artists(*pair, None, isrc=False).refused
        assert compare_artists(*pair, 2.5, isrc=False).refused
        assert compare_artists(*pair, 1.5, isrc=False).value == 0.08
        assert compare_artists(*pair, None, isrc=True).value == 0.08


def test_nobody_in_particular_is_no_artist() -> None:
    assert compare_artists(by("Kino"), by("Various Artists"), None, isrc=True).value == 0.35
    assert compare_artists(by("Various Artists"), by("Artisti Vari"), 0.5, isrc=False).value == 0.35
    assert compare_artists(by("Various Artists"), by("Artisti Vari"), 2.5, isrc=False).refused


def test_the_isrc_speaks_for_a_name_in_another_script() -> None:
    assert compare_artists(by("Кино"), by("Kino"), None, isrc=False).refused
    assert not compare_artists(by("Кино"), by("Kino"), None, isrc=True).refused
    assert not compare_artists(by("周杰倫"), by("周杰伦"), None, isrc=True).refused
    assert compare_artists(by("Drake"), by("Hazel"), None, isrc=True).refused


def test_tribute_acts() -> None:
    assert is_tribute(by("Ameritz Karaoke")) and is_tribute(by("The Tribute Band"))
    assert is_tribute(by("カラオケ歌っちゃ王")) and is_tribute(by("Queen", "Made Famous By Queen"))
    assert not is_tribute(by("Distribute"))


def test_an_artist_of_another_name_needs_the_isrc_and_the_length() -> None:
    """Kanye West is called Ye by now, and one service is later than the other."""
    pair = by("Kanye West"), by("Ye")
    assert compare_artists(*pair, 1.0, isrc=True).value == 0.35
    assert compare_artists(*pair, 3.0, isrc=True).refused
    assert compare_artists(*pair, None, isrc=True).refused
    assert compare_artists(*pair, 0.0, isrc=False).refused
