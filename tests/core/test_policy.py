"""The settings, resolved for one collection at a time."""

from __future__ import annotations

import msgspec
import pytest

from musicdiff_job.core.model import (
    FAVOURITE_ALBUMS,
    FAVOURITE_ARTISTS,
    FAVOURITES,
    LIKED,
    CollectionHead,
    CollectionId,
    Kind,
    PlaylistId,
)
from musicdiff_job.core.policy import ENTITY_OF, HandEdits, LikedAs, Policy, Privacy, Rule, matches


def head(name: str = "Gym", *, owned: bool = True, public: bool | None = None) -> CollectionHead:
    return CollectionHead(CollectionId("spotify:playlist:37i9"), Kind.PLAYLIST, name, "s", owned=owned, public=public)


LIKES = CollectionHead(LIKED, Kind.LIKED, "Liked songs", "s")


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("*", "", True),
        ("Gym", "gym", True),
        ("gym*", "GYM 2026", True),
        ("gym", "My gym", False),
        ("*straße*", "STRASSE 8", True),
        ("深夜*", "深夜の東京", True),
        ("[0-9]*", "90s", True),
        ("id:37i9", "any", True),
        ("id:spotify:playlist:37i9", "any", True),
        ("id:37", "any", False),
        ("re:^g.m$", "GYM", True),
        ("re:gym", "my gym list", True),
        ("re:(", "(", False),
        ("re:" + "(?:" * 5000 + ")" * 5000, "(", False),
        ("re:a{99999999999999999999}", "a", False),
        ("owner:me", "any", True),
        ("owner:others", "any", False),
        ("mood: calm", "Mood: Calm", True),
    ],
)
def test_patterns(pattern: str, name: str, found: bool) -> None:
    assert matches(pattern, head(name)) is found


def test_the_owner_is_asked_for_by_word() -> None:
    assert matches("owner:others", head(owned=False))
    assert not matches("owner:me", head(owned=False))


@pytest.mark.parametrize(
    ("include", "exclude", "name", "selected"),
    [
        (("*",), (), "Gym", True),
        (("Gym*",), (), "Sleep", False),
        (("*",), ("Gym*",), "Gym 1", False),
        (("Gym*",), ("gym 2",), "Gym 1", True),
        ((), (), "Gym", False),
    ],
)
def test_exclude_beats_include(include: tuple[str, ...], exclude: tuple[str, ...], name: str, selected: bool) -> None:
    assert Policy(include=include, exclude=exclude).selects(head(name)) is selected


def test_liked_songs_are_selected_by_kind_alone() -> None:
    assert Policy(include=("Gym",), exclude=("*",)).selects(LIKES)
    assert not Policy(entities=("playlists",)).selects(LIKES)
    assert not Policy(entities=("liked",)).selects(head())


def test_every_kind_has_its_entity_among_the_defaults() -> None:
    assert set(ENTITY_OF) == set(Kind)
    assert all(Policy().wants(kind) for kind in Kind)


def test_the_first_rule_that_matches_counts() -> None:
    rules = (Rule("Gym*", priority=5), Rule("*", priority=1, hand_edits=HandEdits.ASK))
    policy = Policy(rules=rules, hand_edits=HandEdits.OVERWRITE)
    assert policy.rule_for(head()).priority == 5
    assert policy.edits_for(head()) is HandEdits.OVERWRITE
    assert policy.edits_for(head("Sleep")) is HandEdits.ASK
    assert Policy().rule_for(head()) == Rule("*")


@pytest.mark.parametrize(
    ("liked_as", "kind", "favourites"),
    [
        (LikedAs.FAVOURITES, Kind.LIKED, FAVOURITES),
        (LikedAs.PLAYLIST, Kind.LIKED, None),
        (LikedAs.FAVOURITES, Kind.PLAYLIST, None),
        (LikedAs.PLAYLIST, Kind.ALBUMS, FAVOURITE_ALBUMS),
        (LikedAs.PLAYLIST, Kind.ARTISTS, FAVOURITE_ARTISTS),
    ],
)
def test_everything_but_playlists_becomes_favourites_of_its_kind(
    liked_as: LikedAs, kind: Kind, favourites: PlaylistId | None
) -> None:
    assert Policy(liked_as=liked_as).favourites_for(kind) == favourites


@pytest.mark.parametrize(
    "changed",
    [
        {"hand_edits": HandEdits.ASK},
        {"privacy": Privacy.PUBLIC},
        {"name": "{name}!"},
        {"liked_as": LikedAs.PLAYLIST},
        {"playlist_limit": 100},
        {"max_removals": 0.5},
        {"rules": (Rule("Gym", hand_edits=HandEdits.OVERWRITE),)},
    ],
)
def test_the_fingerprint_changes_with_what_shapes_a_mirror(changed: dict[str, object]) -> None:
    assert msgspec.structs.replace(Policy(), **changed).fingerprint(head()) != Policy().fingerprint(head())


@pytest.mark.parametrize(
    "changed", [{"verify_every": 1.0}, {"include": ("Gym",)}, {"rules": (Rule("Gym", priority=3, every=60.0),)}]
)
def test_the_fingerprint_stays_with_what_only_decides_when_or_whether(changed: dict[str, object]) -> None:
    assert msgspec.structs.replace(Policy(), **changed).fingerprint(head()) == Policy().fingerprint(head())


def test_collections_under_the_same_settings_have_the_same_fingerprint() -> None:
    assert Policy().fingerprint(head()) == Policy().fingerprint(head("Another"))
