"""Which edition of an album a title speaks of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.editions import Edition, edition_of

EXPANDED, REMASTER, SOUNDTRACK, WORDING = Edition


@pytest.mark.parametrize(
    ("title", "base", "editions"),
    [
        ("Discovery", "Discovery", set()),
        ("Night Visions (Deluxe)", "Night Visions", {EXPANDED}),
        ("SHAKE THE SNOW GLOBE (DELUXE)", "SHAKE THE SNOW GLOBE", {EXPANDED}),
        ("Tickets To My Downfall (SOLD OUT Deluxe)", "Tickets To My Downfall", {EXPANDED}),
        ("2 (Deluxe Version)", "2", {EXPANDED}),
        ("The Pinkprint - International Deluxe Explicit", "The Pinkprint", {EXPANDED}),
        ("Viva La Vida (Prospekt's March Edition)", "Viva La Vida", {EXPANDED}),
        ("Rumours (2001 Remaster)", "Rumours", {REMASTER}),
        ("Abbey Road (Remastered) [Super Deluxe Edition]", "Abbey Road", {REMASTER, EXPANDED}),
        ("Thriller 25 Super Deluxe Edition", "Thriller 25 Super Deluxe Edition", set()),
        ("Drive (Original Motion Picture Soundtrack)", "Drive", {SOUNDTRACK}),
        ("Amélie - Bande Originale", "Amélie", {SOUNDTRACK}),
        ("Pink Friday ... The Re-Up (Explicit Version)", "Pink Friday ... The Re-Up", {WORDING}),
        ("1989 (Taylor's Version) [Deluxe]", "1989 (Taylor's Version)", {EXPANDED}),
        ("Hybrid Theory (20th Anniversary Edition)", "Hybrid Theory", {EXPANDED}),
        ("Nevermind (リマスター)", "Nevermind", {REMASTER}),
        ("Doo Wop (That Thing)", "Doo Wop (That Thing)", set()),
        ("F*CK LOVE (SAVAGE)", "F*CK LOVE (SAVAGE)", set()),
        ("Limited", "Limited", set()),
        ("(Deluxe)", "(Deluxe)", set()),
        ("Live at Leeds (Deluxe Edition)", "Live at Leeds", {EXPANDED}),
        ("Specials", "Specials", set()),
        ("Complete", "Complete", set()),
    ],
)
def test_titles(title: str, base: str, editions: set[Edition]) -> None:
    found = edition_of(title)
    assert (found.base, set(found.editions)) == (base, editions)


@given(st.text(alphabet="aB ()[]-–Deluxe", max_size=40))
def test_something_is_left_of_every_title(title: str) -> None:
    found = edition_of(title)
    assert bool(found.base) == bool(title.strip())
    assert title.strip().startswith(found.base)
    assert edition_of(found.base) == (found.base, frozenset())
