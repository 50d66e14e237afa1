"""The end of a mirror: nothing that a person put there is ever deleted."""

from __future__ import annotations

import msgspec
import pytest
from memory_stage import Stage, matched

from musicdiff_job.core.before_image import BeforeImage
from musicdiff_job.core.checkpoint import Mirror, Pair, Part
from musicdiff_job.core.conflict import Conflict, ConflictKind
from musicdiff_job.core.errors import BadAnswer, NotFound
from musicdiff_job.core.model import (
    FAVOURITES,
    CollectionId,
    Header,
    Kind,
    PlaylistId,
    SourceId,
    TargetContents,
    TargetId,
)
from musicdiff_job.core.plan import DeletePlaylist, Refused
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.session import Session
from musicdiff_job.tombstones import bury

GONE = CollectionId("spotify:playlist:gone")


def begin(*lists: list[int], created: bool = True) -> tuple[Stage, Session, Mirror]:
    """A mirror with a part for each list, holding what was placed there."""
    stage = Stage()
    parts = []
    for number, tracks in enumerate(lists):
        playlist = stage.deezer.create_by_hand(f"Gym {number}", tracks)
        base = tuple(Pair(SourceId(f"s{track}"), TargetId(str(track))) for track in tracks)
        parts.append(Part(PlaylistId(str(playlist)), created=created, base=base))
    known = Mirror(GONE, Kind.PLAYLIST, "Gym", CollectionState.IN_SYNC, parts=tuple(parts))
    session = stage.session(stage.store.load().with_mirror(known))
    return stage, session, known


def test_detaching_touches_nothing_on_deezer() -> None:
    stage, session, known = begin([1, 2])
    result = bury(session, known, delete=False)
    assert (result.state, result.reason) == (CollectionState.DETACHED, "deleted on Spotify; its mirror was detached")
    assert stage.target.writes == []
    ended = stage.store.load().mirrors[GONE]
    assert (ended.state, ended.parts, ended.reading) == (CollectionState.DETACHED, (), None)


def test_deleting_deletes_every_part_that_holds_only_what_we_placed() -> None:
    stage, session, known = begin([1, 2], [3])
    result = bury(session, known, delete=True)
    assert stage.target.writes == [DeletePlaylist(part.playlist) for part in known.parts]
    assert stage.own() == {}
    assert result.reason.endswith("was deleted")


def added(stage: Stage, part: Part) -> None:
    stage.deezer.add_by_hand(int(part.playlist), 9)


def added_and_hidden(stage: Stage, part: Part) -> None:
    added(stage, part)
    stage.deezer.hide_by_hand(int(part.playlist), 9)


@pytest.mark.parametrize("by_hand", [added, added_and_hidden])
def test_a_playlist_with_something_added_by_hand_is_kept(by_hand: object) -> None:
    stage, session, known = begin([1, 2], [3])
    by_hand(stage, known.parts[0])  # type: ignore[operator]
    result = bury(session, known, delete=True)
    assert list(stage.own()) == ["Gym 0"]
    assert result.reason.endswith("was detached")
    assert len(result.notes) == 1


def test_a_playlist_of_which_only_ours_is_hidden_is_deleted() -> None:
    stage, session, known = begin([1, 2])
    stage.deezer.hide_by_hand(int(known.parts[0].playlist), 1)
    bury(session, known, delete=True)
    assert stage.own() == {}


def test_a_playlist_that_was_adopted_is_kept() -> None:
    stage, session, known = begin([1, 2], created=False)
    bury(session, known, delete=True)
    assert list(stage.own()) == ["Gym 0"]


def test_the_favourites_are_never_deleted() -> None:
    stage, session, known = begin()
    known = msgspec.structs.replace(known, parts=(Part(FAVOURITES),))
    bury(session, known, delete=True)
    assert stage.target.writes == []


def test_a_playlist_that_deezer_lists_is_not_taken_for_gone() -> None:
    """One false "no such playlist" left it on Deezer for ever, with nobody to follow it."""
    stage, session, known = begin([1, 2])
    session.listed()
    read = stage.target.tracks

    def lost(playlist: PlaylistId) -> TargetContents:
        raise NotFound("no data")

    stage.target.tracks = lost  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        bury(session, known, delete=True)
    assert session.checkpoint.mirrors[GONE].parts == known.parts
    stage.target.tracks = read  # type: ignore[method-assign]
    bury(session, known, delete=True)
    assert stage.own() == {}


def test_a_playlist_that_is_gone_already_is_no_trouble() -> None:
    stage, session, known = begin([1], [2])
    del stage.deezer.playlists[known.parts[0].playlist]
    result = bury(session, known, delete=True)
    assert stage.own() == {}
    assert (result.reason.endswith("was deleted"), result.notes) == (True, ())


def test_what_deezer_refuses_to_delete_stays_bound() -> None:
    stage, session, known = begin([1], [2])
    refused = DeletePlaylist(known.parts[1].playlist)
    stage.target.answers = lambda change: Refused("no") if change == refused else None
    with pytest.raises(BadAnswer, match="no"):
        bury(session, known, delete=True)
    assert session.checkpoint.mirrors[GONE].parts == known.parts[1:]


def test_what_is_deleted_is_saved_before() -> None:
    stage, session, known = begin([2, 1], [3])
    playlists = dict(stage.deezer.playlists)
    playlists[known.parts[0].playlist].description = "words"
    seen: list[tuple[BeforeImage, ...]] = []
    stage.target.answers = lambda change: seen.append(stage.store.load().images)
    bury(session, known, delete=True)
    first, second = stage.store.load().images
    assert (first.playlist, first.title, first.header) == (
        known.parts[0].playlist, "Gym 0", Header("Gym 0", "words", public=True),
    )  # fmt: skip
    assert [entry.track for entry in first.removed] == ["2", "1"]
    assert seen == [(first,), (first, second)]


def test_what_deezer_refuses_to_delete_leaves_no_image() -> None:
    stage, session, known = begin([1])
    stage.target.answers = lambda change: Refused("no")
    with pytest.raises(BadAnswer):
        bury(session, known, delete=True)
    assert session.checkpoint.images == ()


def test_its_open_questions_end_with_it_and_its_matches_stay() -> None:
    stage, session, known = begin([1])
    conflict = Conflict("c", GONE, "Gym", ConflictKind.HAND_ADDED, "", "2026-11-21T12:00:00Z")
    session.checkpoint = session.checkpoint.with_conflict(conflict).with_matches(matched(1))
    bury(session, known, delete=False)
    assert stage.store.load().conflicts == {}
    assert stage.store.load().matches == matched(1)
