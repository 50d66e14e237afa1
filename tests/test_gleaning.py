"""The rows of one's own playlists on the target as candidates: read when that is cheaper than asking, and once."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec
import pytest
from memory_stage import MemoryCatalogue, Stage, copy, song

from musicdiff_job.core.checkpoint import Mirror, Pair, Part
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import (
    FAVOURITES,
    LIKED,
    CollectionHead,
    Kind,
    PlaylistId,
    SourceId,
    TargetContents,
    TargetId,
    Track,
)
from musicdiff_job.core.policy import LikedAs, Policy
from musicdiff_job.gleaning import resolve_from
from musicdiff_job.lookups import Asker
from musicdiff_job.session import Session

GYM = "spotify:playlist:gym"


def begin(
    *numbers: int, there: tuple[int, ...] = (), name: str = GYM, title: str = "Gym"
) -> tuple[Stage, CollectionHead, list[Track]]:
    """A list of these songs, and an own playlist of its title that holds others, described in full."""
    stage = Stage(catalogue=MemoryCatalogue(*map(copy, numbers)))
    stage.deezer.rows.update({str(number): copy(number) for number in there})
    if there and name == LIKED:
        stage.deezer.like_by_hand(*there)
    elif there:
        stage.deezer.create_by_hand(title, there)
    return stage, stage.source.put(name, *numbers), [song(number, artists=(f"Singer {number}",)) for number in numbers]


def reads(session: Session) -> list[str]:
    """The target's lists that are read from here on."""
    seen: list[str] = []
    target = session.target
    tracks, favourites = target.tracks, target.favourites

    def read(playlist: PlaylistId) -> TargetContents:
        seen.append(str(playlist))
        return tracks(playlist)

    def read_favourites(which: PlaylistId = FAVOURITES) -> TargetContents:
        seen.append(which)
        return favourites(which)

    target.tracks = read  # type: ignore[method-assign]
    target.favourites = read_favourites  # type: ignore[method-assign]
    return seen


def resolve(session: Session, head: CollectionHead, tracks: list[Track]) -> None:
    resolve_from(session, Asker(session.connections.catalogue, session.job.rules), head, tracks, patient=True)


def targets(session: Session) -> dict[str, str]:
    return {
        source: record.decision.target
        for source, record in session.checkpoint.matches.items()
        if isinstance(record.decision, Match)
    }


def singers(stage: Stage) -> None:
    """Songs of many singers, so that no sweep of the catalogue makes look-ups cheaper."""
    stage.deezer.rows.update(
        {key: msgspec.structs.replace(row, artists=(f"Singer {key}",)) for key, row in stage.deezer.rows.items()}
    )
    stage.catalogue.tracks = [
        msgspec.structs.replace(row, artists=(f"Singer {row.id}",)) for row in stage.catalogue.tracks
    ]


def test_a_playlist_that_will_be_adopted_answers_for_its_tracks() -> None:
    stage, head, tracks = begin(*range(1, 9), there=tuple(range(1, 7)))
    singers(stage)
    session = stage.session()
    seen = reads(session)
    resolve(session, head, tracks)
    assert seen == ["2"]
    assert targets(session) == {f"s{number}": str(number) for number in range(1, 9)}
    assert len(stage.catalogue.asked) == 2


def test_favourites_answer_for_liked_songs() -> None:
    stage, head, tracks = begin(*range(1, 9), there=tuple(range(1, 9)), name=LIKED)
    singers(stage)
    session = stage.session()
    seen = reads(session)
    resolve(session, head, tracks)
    assert (seen, stage.catalogue.asked) == (["favourites"], [])
    assert len(targets(session)) == 8


def test_liked_songs_kept_in_a_playlist_look_at_its_namesake_not_at_the_favourites() -> None:
    stage, head, tracks = begin(*range(1, 9), there=tuple(range(1, 9)), name=LIKED)
    stage.policy = Policy(liked_as=LikedAs.PLAYLIST)
    session = stage.session()
    seen = reads(session)
    resolve(session, head, tracks)
    assert seen == []


def _somebody_elses(stage: Stage) -> None:
    stage.deezer.playlists["2"].owner = 7


def _another_title(stage: Stage) -> None:
    stage.deezer.playlists["2"].title = "Gym 2"


def _empty(stage: Stage) -> None:
    stage.deezer.playlists["2"].tracks.clear()


@pytest.mark.parametrize("change", [_somebody_elses, _another_title, _empty])
def test_what_will_not_be_adopted_or_holds_nothing_is_not_read(change: Callable[[Stage], None]) -> None:
    stage, head, tracks = begin(*range(1, 9), there=tuple(range(1, 9)))
    change(stage)
    session = stage.session()
    seen = reads(session)
    resolve(session, head, tracks)
    assert seen == []
    assert len(targets(session)) == 8


def test_one_new_track_is_not_worth_a_read() -> None:
    stage, head, tracks = begin(1, there=(1,))
    session = stage.session()
    seen = reads(session)
    resolve(session, head, tracks)
    assert seen == []


def test_few_tracks_are_not_worth_many_pages() -> None:
    stage, head, tracks = begin(1, 2, 3, there=tuple(range(1, 350)))
    session = stage.session()
    seen = reads(session)
    resolve(session, head, tracks)
    assert seen == []


def test_a_mirror_of_our_own_whose_matches_are_known_holds_nothing_new() -> None:
    stage, head, tracks = begin(*range(1, 9), there=(1, 2, 3, 4))
    base = tuple(Pair(SourceId(f"s{number}"), TargetId(str(number))) for number in (1, 2, 3, 4))
    stage.remember(Mirror(id=head.id, kind=Kind.PLAYLIST, name="Gym", parts=(Part(PlaylistId("2"), base=base),)))
    stage.know(1, 2, 3, 4)
    session = stage.session()
    seen = reads(session)
    resolve(session, head, tracks)
    assert seen == []


def test_a_mirror_whose_matches_were_forgotten_gives_them_back() -> None:
    stage, head, tracks = begin(*range(1, 9), there=tuple(range(1, 9)))
    singers(stage)
    base = tuple(Pair(SourceId(f"s{number}"), TargetId(str(number))) for number in range(1, 9))
    stage.remember(Mirror(id=head.id, kind=Kind.PLAYLIST, name="Gym", parts=(Part(PlaylistId("2"), base=base),)))
    session = stage.session()
    resolve(session, head, tracks)
    assert stage.catalogue.asked == []
    assert len(targets(session)) == 8


@pytest.mark.parametrize("failed", [False, True])
def test_a_run_that_goes_on_where_another_was_cut_short_does_not_begin_with_the_same_reads(failed: bool) -> None:
    stage, head, tracks = begin(*range(1, 9), there=tuple(range(20, 30)))
    if failed:
        stage.remember(Mirror(id=head.id, kind=Kind.PLAYLIST, name="Gym", failures=1))
    session = stage.session()
    seen = reads(session)
    resolve(session, head, tracks)
    assert len(seen) == (0 if failed else 1)
    resolve(session, head, tracks)
    assert len(seen) == (0 if failed else 1)


def test_expectation_and_outcome_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    stage, head, tracks = begin(*range(1, 9), there=tuple(range(1, 7)))
    singers(stage)
    with caplog.at_level(logging.DEBUG, logger="musicdiff_job"):
        resolve(stage.session(), head, tracks)
    told = {record.message: record.fields for record in caplog.records}  # type: ignore[attr-defined]
    assert told["sweep.planned"] == {"sweep": "playlist 2", "wanted": 8, "expected": 3.0}
    assert told["sweep.answered"] == {"sweep": "playlists", "rows": 6, "found": 6}
