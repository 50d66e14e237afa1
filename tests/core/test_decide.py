"""From a difference to the writes that carry it out, the guard, the parts and the metadata."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_world import PLAYLIST, World, changes_of, contents, ids, pair, pairs, worlds, written

from musicdiff_job.core.checkpoint import Part
from musicdiff_job.core.decide import (
    DESCRIPTION_LIMIT,
    GUARD_FLOOR,
    TITLE_LIMIT,
    UNTITLED,
    Metadata,
    favourite_changes,
    in_turn,
    is_mass_removal,
    metadata,
    playlist_changes,
    split,
    titles,
    too_long,
    wanted_header,
)
from musicdiff_job.core.diff import diff
from musicdiff_job.core.model import CollectionHead, CollectionId, Header, Kind, PlaylistId, TargetHead
from musicdiff_job.core.plan import AddTracks, LikeTrack, RemoveTracks, ReorderTracks, UnlikeTrack, UpdatePlaylist
from musicdiff_job.core.policy import HandEdits, Policy, Privacy

KEEP, OVERWRITE, ASK = HandEdits.KEEP, HandEdits.OVERWRITE, HandEdits.ASK


def head(name: str = "Gym", *, description: str = "", public: bool | None = None) -> CollectionHead:
    return CollectionHead(
        CollectionId("spotify:playlist:a"), Kind.PLAYLIST, name, "snap", description=description, public=public
    )


# Titles and headers


def test_titles_follow_the_template_and_number_the_parts() -> None:
    policy = Policy(name="{name} (Spotify)")
    assert titles(head(), policy, 1) == ("Gym (Spotify)",)
    assert titles(head(), Policy(), 3) == ("Gym (1/3)", "Gym (2/3)", "Gym (3/3)")


@pytest.mark.parametrize("name", ["", "  \t"])
def test_a_list_without_a_name_gets_one_because_deezer_refuses_an_empty_title(name: str) -> None:
    assert titles(head(name), Policy(), 1) == (UNTITLED,)


def test_braces_in_a_name_are_only_text() -> None:
    assert titles(head("{0} {name} {x!r}"), Policy(), 1) == ("{0} {name} {x!r}",)


@pytest.mark.parametrize(
    ("privacy", "source", "public"),
    [
        (Privacy.PRIVATE, True, False),
        (Privacy.PUBLIC, False, True),
        (Privacy.SOURCE, True, True),
        (Privacy.SOURCE, False, False),
        (Privacy.SOURCE, None, False),
    ],
)
def test_privacy_follows_the_setting(privacy: Privacy, source: bool | None, public: bool) -> None:
    assert wanted_header(head(public=source), Policy(privacy=privacy), "T") == Header("T", "", public)


def test_what_deezer_might_refuse_is_cut_with_an_ellipsis() -> None:
    description = wanted_header(head(description="x" * 900), Policy(), "T").description
    assert description == "x" * (DESCRIPTION_LIMIT - 1) + "…"
    assert (
        wanted_header(head(description="x" * DESCRIPTION_LIMIT), Policy(), "T").description == "x" * DESCRIPTION_LIMIT
    )
    long = head("word " * 20)
    assert titles(long, Policy(), 1) == ("word " * 9 + "word…",)
    numbered = titles(long, Policy(), 12)
    assert (numbered[0], numbered[11]) == ("word " * 8 + "wo… (1/12)", "word " * 8 + "w… (12/12)")
    assert all(len(title) <= TITLE_LIMIT for title in numbered)
    assert too_long(long, Policy()) == ("title cut to the 50 characters that Deezer takes",)
    assert too_long(head("x" * 50), Policy(name="{name}!")) != ()
    assert too_long(head("x" * 50, description="y" * 201), Policy()) == (
        "description cut to the 200 characters that Deezer takes",
    )


# Metadata, three-way

WANTED = Header("New", "new words", public=False)


def shown(title: str = "New", public: bool | None = False) -> TargetHead:
    return TargetHead(PLAYLIST, title, 0, public=public)


def agreed(title: str = "New", description: str = "new words", *, public: bool = False) -> Part:
    return Part(PLAYLIST, header=Header(title, description, public))


@pytest.mark.parametrize(
    ("part", "listed", "edits", "title", "description", "public", "kept"),
    [
        pytest.param(agreed(), shown(), KEEP, None, None, None, 0, id="nothing changed"),
        pytest.param(agreed("Old"), shown("Old"), KEEP, "New", None, None, 0, id="the source renamed it"),
        pytest.param(agreed(), shown("Mine"), KEEP, None, None, None, 1, id="renamed by hand"),
        pytest.param(agreed(), shown("Mine"), ASK, None, None, None, 1, id="renamed by hand, ask"),
        pytest.param(agreed(), shown("Mine"), OVERWRITE, "New", None, None, 0, id="renamed by hand, overwrite"),
        pytest.param(agreed("Old"), shown("Mine"), KEEP, None, None, None, 1, id="both renamed it"),
        pytest.param(agreed("Old"), shown("New"), KEEP, None, None, None, 0, id="both gave the same name"),
        pytest.param(agreed(public=True), shown(public=True), KEEP, None, None, False, 0, id="to be private now"),
        pytest.param(agreed(), shown(public=True), KEEP, None, None, None, 1, id="made public by hand"),
        pytest.param(agreed(), shown(public=True), OVERWRITE, None, None, False, 0, id="made public, overwrite"),
        pytest.param(agreed(), shown(public=None), OVERWRITE, None, None, None, 0, id="privacy not shown"),
        pytest.param(agreed(description="old"), shown(), KEEP, None, "new words", None, 0, id="description changed"),
        pytest.param(Part(PLAYLIST), shown(), KEEP, None, "new words", None, 0, id="created by title only"),
        pytest.param(Part(PLAYLIST), shown("T", None), KEEP, "New", "new words", False, 0, id="created, unknown"),
    ],
)
def test_metadata_field_by_field(
    part: Part, listed: TargetHead, edits: HandEdits, title: str | None, description: str | None,
    public: bool | None, kept: int,
) -> None:  # fmt: skip
    found = metadata(part, WANTED, listed, edits)
    assert (found.title, found.description, found.public, len(found.kept)) == (title, description, public, kept)


@pytest.mark.parametrize(
    ("part", "edits", "public", "kept"),
    [
        pytest.param(agreed(public=True), KEEP, None, 1, id="by hand"),
        pytest.param(agreed(public=True), OVERWRITE, True, 0, id="by hand, overwrite"),
        pytest.param(Part(PLAYLIST), KEEP, True, 0, id="never agreed on"),
    ],
)
def test_a_mirror_is_not_collaborative_by_our_doing(
    part: Part, edits: HandEdits, public: bool | None, kept: int
) -> None:
    listed = msgspec.structs.replace(shown(public=True), collaborative=True)
    found = metadata(part, Header("New", "new words", public=True), listed, edits)
    assert (found.public, len(found.kept)) == (public, kept)


@pytest.mark.parametrize(
    ("known", "source", "renamed"),
    [
        pytest.param("New", "New", True, id="not seen before"),
        pytest.param("Mine", "New", False, id="seen before"),
        pytest.param("Mine", "Newer", True, id="seen before, and the source's is new"),
    ],
)
def test_a_title_changed_by_hand_is_news_once(known: str, source: str, renamed: bool) -> None:
    part = msgspec.structs.replace(agreed(), title=known)
    wanted = Header(source, "new words", public=False)
    assert metadata(part, wanted, shown("Mine"), ASK).renamed is renamed
    assert metadata(part, wanted, shown(source), ASK).renamed is False


def test_a_description_that_is_emptied_is_a_change_and_one_never_agreed_on_is_set() -> None:
    wanted = Header("New")
    assert metadata(agreed(description="old"), wanted, shown(), KEEP).description == ""
    assert metadata(Part(PLAYLIST), wanted, shown(), KEEP).description == ""


@pytest.mark.parametrize(
    ("on_deezer", "title", "kept"),
    [
        pytest.param("Old", "New", 0, id="it was not set"),
        pytest.param("Tried", "New", 0, id="it was set"),
        pytest.param("New", "New", 0, id="a stale listing, perhaps"),
        pytest.param("Mine", None, 1, id="changed by hand"),
    ],
)
def test_a_title_in_flight_is_ours(on_deezer: str, title: str | None, kept: int) -> None:
    part = msgspec.structs.replace(agreed("Old"), in_flight=(UpdatePlaylist(PLAYLIST, title="Tried"),))
    found = metadata(part, WANTED, shown(on_deezer), KEEP)
    assert (found.title, len(found.kept)) == (title, kept)


def test_privacy_and_description_in_flight_are_set_again() -> None:
    part = msgspec.structs.replace(agreed(), in_flight=(UpdatePlaylist(PLAYLIST, description="tried", public=True),))
    assert part.header is not None
    for public in (True, False, None):
        found = metadata(part, part.header, shown(public=public), KEEP)
        assert (found.title, found.description, found.public, found.kept) == (None, part.header.description, False, ())


def test_metadata_becomes_one_write_or_none() -> None:
    assert Metadata(kept=("told",)).change(PLAYLIST) is None
    assert Metadata(description="").change(PLAYLIST) == UpdatePlaylist(PLAYLIST, description="")
    assert Metadata(public=False).change(PLAYLIST) == UpdatePlaylist(PLAYLIST, public=False)


# The changes of a playlist


def planned(
    base: str, desired: str, present: str, *, batch: int = 50, limit: int = 2000, hidden: int = 0
) -> list[object]:
    found = diff(pairs(base), (), pairs(desired), ids(present), edits=KEEP)
    return list(playlist_changes(PLAYLIST, found, contents(present, hidden), batch=batch, limit=limit))


def test_nothing_to_do_is_no_change() -> None:
    assert planned("abc", "abc", "abc") == []
    assert planned("", "", "") == []


def test_an_entry_added_at_the_end_is_one_write() -> None:
    assert planned("ab", "abc", "ab") == [AddTracks(PLAYLIST, ids("c"))]


def test_an_entry_removed_is_one_write() -> None:
    assert planned("abc", "ac", "abc") == [RemoveTracks(PLAYLIST, ids("b"))]


def test_a_move_is_one_reorder_that_names_everything() -> None:
    assert planned("abc", "cab", "abcz") == [ReorderTracks(PLAYLIST, ids("cabz"))]


def test_additions_come_before_removals_and_the_order_last() -> None:
    assert planned("abc", "dca", "abc") == [
        AddTracks(PLAYLIST, ids("d")),
        RemoveTracks(PLAYLIST, ids("b")),
        ReorderTracks(PLAYLIST, ids("dca")),
    ]


def test_removals_come_first_where_the_playlist_would_overflow() -> None:
    assert planned("abc", "bcd", "abc", limit=3) == [RemoveTracks(PLAYLIST, ids("a")), AddTracks(PLAYLIST, ids("d"))]
    assert planned("abc", "bcd", "abc", limit=4)[0] == AddTracks(PLAYLIST, ids("d"))
    assert planned("abc", "bcd", "abc", limit=4, hidden=1)[0] == RemoveTracks(PLAYLIST, ids("a"))


def test_a_full_playlist_is_not_emptied_to_make_room() -> None:
    assert planned("abc", "def", "abc", limit=3) == [
        RemoveTracks(PLAYLIST, ids("ab")),
        AddTracks(PLAYLIST, ids("de")),
        RemoveTracks(PLAYLIST, ids("c")),
        AddTracks(PLAYLIST, ids("f")),
    ]
    assert planned("abcd", "efg", "abcd", limit=4)[0] == RemoveTracks(PLAYLIST, ids("abc"))


def test_batches_are_cut_to_what_one_write_may_name() -> None:
    assert planned("fg", "abcde", "fg", batch=2) == [
        AddTracks(PLAYLIST, ids("ab")),
        AddTracks(PLAYLIST, ids("cd")),
        AddTracks(PLAYLIST, ids("e")),
        RemoveTracks(PLAYLIST, ids("fg")),
    ]


@settings(max_examples=100, deadline=None)
@given(worlds(edits=(KEEP, OVERWRITE)), st.integers(1, 4), st.integers(1, 12))
def test_what_stays_is_there_throughout_and_the_limit_holds_throughout(world: World, batch: int, limit: int) -> None:
    found = diff(world.base, world.left_out, world.desired, world.present, edits=world.edits)
    stays = set(found.order) & set(world.present)
    listed = world.present
    changes = changes_of(found, listed, batch=batch, limit=limit)
    for change in changes:
        listed = written(listed, change)
        assert stays <= set(listed)
        assert listed or limit == 1 or not (world.present and found.order)
        assert len(listed) <= max(limit, len(world.present), len(found.order))
        if isinstance(change, AddTracks | RemoveTracks):
            assert 1 <= len(change.tracks) <= batch
    assert listed == found.order
    assert sum(isinstance(change, ReorderTracks) for change in changes) <= 1


# Favourites


def test_favourites_are_liked_oldest_first_then_unliked() -> None:
    found = diff(pairs("xy"), (), pairs("ab"), ids("xyz"), edits=KEEP)
    assert favourite_changes(found) == (
        LikeTrack(*ids("a")),
        LikeTrack(*ids("b")),
        UnlikeTrack(*ids("x")),
        UnlikeTrack(*ids("y")),
    )


# The guard


@pytest.mark.parametrize(
    ("going", "entries", "stopped"),
    [
        (0, 0, False),
        (10, 10, False),  # the floor: ten may always go
        (11, 11, True),
        (10, 20, False),
        (11, 20, True),
        (30, 100, False),  # exactly the share
        (31, 100, True),
    ],
)
def test_the_guard_has_a_floor_and_a_share(going: int, entries: int, stopped: bool) -> None:
    assert GUARD_FLOOR == 10
    assert is_mass_removal(going, entries, 0.3) is stopped


def test_a_share_of_everything_lets_everything_pass() -> None:
    assert not is_mass_removal(500, 500, 1.0)
    assert is_mass_removal(11, 500, 0.0)


# Parts


def test_lists_are_cut_into_parts_and_parts_that_exist_stay() -> None:
    wanted = pairs("abcde")
    assert split(wanted, 5, 0) == (wanted,)
    assert split(wanted, 2, 0) == (pairs("ab"), pairs("cd"), pairs("e"))
    assert split(wanted, 5, 3) == (wanted, (), ())
    assert split((), 5, 0) == ((),)


@given(st.lists(st.integers(0, 99).map(str), unique=True, max_size=20), st.integers(1, 7), st.integers(0, 4))
def test_splitting_loses_nothing_and_overfills_nothing(tracks: list[str], limit: int, at_least: int) -> None:
    parts = split(pairs(tracks), limit, at_least)
    assert [one for part in parts for one in part] == [pair(track) for track in tracks]
    assert all(len(part) <= limit for part in parts)
    assert len(parts) == max(1, at_least, -(-len(tracks) // limit))


@pytest.mark.parametrize(
    ("held", "wanted", "order"),
    [
        (("abc", "def", "g"), ("xab", "cde", "fg"), "321"),  # each gives to the next: the last one first
        (("abc", "def", "g"), ("bcd", "efg", ""), "123"),  # each takes from the next
        (("abc", "def", "g"), ("abcdefg", "", ""), "132"),
        (("ab", "cd", "e"), ("ec", "ab", "d"), "321"),  # in a circle
        (("ab", "cd"), ("ab", "cd"), "21"),
    ],
)
def test_what_moves_to_another_part_arrives_there_first(
    held: tuple[str, ...], wanted: tuple[str, ...], order: str
) -> None:
    work = {
        PlaylistId(str(number)): diff(pairs(here), (), pairs(there), ids(here), edits=KEEP)
        for number, (here, there) in enumerate(zip(held, wanted, strict=True), 1)
    }
    assert "".join(in_turn(work)) == order


def test_a_reorder_of_nothing_visible_is_not_written() -> None:
    assert planned("a", "", "a") == [RemoveTracks(PlaylistId("7"), ids("a"))]
