"""One list: look, decide, do, look again, on accounts in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from memory_stage import Stage, copy

from musicdiff_job import mirroring
from musicdiff_job.binding import LAG_WAITS
from musicdiff_job.core.checkpoint import Mirror
from musicdiff_job.core.conflict import ConflictKind, Side, conflict_id
from musicdiff_job.core.errors import NotFound, NotShownYet, UnknownOutcome
from musicdiff_job.core.match import Reason, Unmatched
from musicdiff_job.core.model import (
    FAVOURITES,
    LIKED,
    CollectionHead,
    CollectionId,
    Entry,
    PlaylistId,
    SkipReason,
    SourceId,
    TargetContents,
    TargetId,
    Unreadable,
)
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    CreatePlaylist,
    LikeTrack,
    Receipt,
    Refused,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.core.policy import HandEdits, LikedAs, Policy
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.lookups import Asker
from musicdiff_job.mirroring import mirror
from musicdiff_job.results import Tally

GYM = "spotify:playlist:gym"
LIST = PlaylistId("2")
"""The first playlist that is made on the stage."""


def begin(*numbers: int, name: str = GYM, **fields: object) -> tuple[Stage, CollectionHead]:
    stage = Stage(**fields)  # type: ignore[arg-type]
    stage.know(*(number for number in numbers if number >= 0))
    return stage, stage.source.put(name, *numbers)


def sync(stage: Stage, head: CollectionHead, tally: Tally | None = None) -> CollectionResult:
    """One run's work on one list; what it leaves is saved however it ends."""
    session = stage.session()
    try:
        asker = Asker(session.connections.catalogue, session.job.rules)
        return mirror(session, asker, head, "a reason", tally or Tally())
    finally:
        session.save()


def in_step(*numbers: int, name: str = GYM, **fields: object) -> tuple[Stage, CollectionHead]:
    """A list that has been mirrored, twice looked at, and nothing written since."""
    stage, head = begin(*numbers, name=name, **fields)
    sync(stage, head)
    assert sync(stage, head).state is CollectionState.IN_SYNC
    stage.target.writes.clear()
    return stage, head


def put(stage: Stage, *numbers: int, name: str = GYM) -> CollectionHead:
    """The list is edited on the source."""
    stage.know(*(number for number in numbers if number >= 0))
    return stage.source.put(name, *numbers)


def memory(stage: Stage, head: CollectionHead) -> Mirror:
    return stage.store.load().mirrors[head.id]


def decide(stage: Stage, head: CollectionHead, kind: ConflictKind, side: Side) -> None:
    checkpoint = stage.store.load()
    key = conflict_id(head.id, kind)
    decided = msgspec.structs.replace(checkpoint.conflicts[key], decision=side)
    stage.store.save(msgspec.structs.replace(checkpoint, conflicts={**checkpoint.conflicts, key: decided}))


# One list


def test_a_new_list_is_created_filled_and_looked_at_again() -> None:
    stage, head = begin(3, 1, -1, 2, 3)
    result = sync(stage, head)
    assert stage.own() == {"Gym": [3, 1, 2]}
    assert stage.target.writes == [CreatePlaylist("Gym"), AddTracks(LIST, ("3", "1", "2"))]  # type: ignore[arg-type]
    assert (result.state, result.reason) == (CollectionState.CHANGED, "a reason")
    assert (result.added, result.created, result.entries, result.matched) == (3, 1, 5, 4)
    assert (result.skipped, result.duplicates, result.unmatched) == (1, 1, 0)
    known = memory(stage, head)
    assert known.state is CollectionState.IN_SYNC
    assert (known.snapshot, known.reading, known.failures) == (head.snapshot, None, 0)
    assert known.parts[0].in_flight == ()


def test_an_intent_is_saved_before_every_write() -> None:
    stage, head = begin(1, 2)
    sync(stage, head)
    newer = put(stage, 2, 3)
    seen: list[bool] = []

    def intended(change: Change) -> None:
        seen.append(change in memory(stage, head).parts[0].in_flight)

    stage.target.answers = intended
    stage.target.writes.clear()
    sync(stage, newer)
    assert [type(change) for change in stage.target.writes] == [AddTracks, RemoveTracks]
    assert seen == [True, True]


def test_an_unmatched_track_waits_and_is_not_an_error() -> None:
    stage, head = begin(1, 2)
    stage.store.saved.clear()
    stage.catalogue.tracks = [copy(2)]
    result = sync(stage, head)
    assert (result.state, result.matched, result.unmatched) == (CollectionState.CHANGED, 1, 1)
    assert memory(stage, head).waiting == (SourceId("s1"),)
    assert memory(stage, head).retry_at == stage.store.load().matches[SourceId("s1")].retry_at
    assert stage.own() == {"Gym": [2]}


def emptied(stage: Stage, *places: int, name: str = GYM) -> CollectionHead:
    """Spotify has something no more: the list shows empty places."""
    for place in places:
        stage.source.lists[CollectionId(name)][place] = Entry(skipped=SkipReason.REMOVED)
    stage.source.edits[CollectionId(name)] += 1
    return stage.source.head(name)


def test_what_spotify_withdraws_stays_on_deezer_and_is_looked_at_again_the_next_day() -> None:
    stage, _ = in_step(1, 2, 3)
    result = sync(stage, emptied(stage, 0))
    assert stage.own() == {"Gym": [2, 3, 1]}
    assert any("no longer shows" in note for note in result.notes)
    assert stage.store.load().mirrors[CollectionId(GYM)].retry_at == to_iso(stage.clock.now() + timedelta(days=1))
    assert sync(stage, emptied(stage, 0)).state is CollectionState.IN_SYNC
    assert stage.own() == {"Gym": [2, 3, 1]}


def test_what_comes_back_stands_where_it_stood() -> None:
    stage, _ = in_step(1, 2, 3)
    sync(stage, emptied(stage, 0))
    sync(stage, put(stage, 1, 2, 3))
    assert stage.own() == {"Gym": [1, 2, 3]}
    assert not stage.store.load().mirrors[CollectionId(GYM)].withdrawn


def test_when_the_places_fill_again_what_is_still_missing_was_removed() -> None:
    """The new song was not shown, and the missing one taken for it."""
    stage, _ = in_step(1, 2, 3)
    stage.source.put(GYM, 2, 3, 4)
    stage.know(4)
    sync(stage, emptied(stage, 2))
    assert stage.own() == {"Gym": [2, 3, 1]}
    sync(stage, put(stage, 2, 3, 4))
    assert stage.own() == {"Gym": [2, 3, 4]}


def test_more_missing_than_places_are_empty_were_removed() -> None:
    stage, _ = in_step(1, 2, 3, 4)
    stage.source.put(GYM, 3, 4)
    sync(stage, emptied(stage, 1))
    assert stage.own() == {"Gym": [3]}


def test_a_place_that_was_always_empty_excuses_nothing() -> None:
    stage, _ = begin(1, 2, 3)
    stage.source.put(GYM, 1, 2, 3, 9)
    sync(stage, emptied(stage, 3))
    assert sync(stage, stage.source.head(GYM)).state is CollectionState.IN_SYNC
    stage.source.put(GYM, 2, 3, 9)
    sync(stage, emptied(stage, 2))
    assert stage.own() == {"Gym": [2, 3]}


def test_what_cannot_be_read_leaves_its_mirror() -> None:
    stage, head = in_step(1, 2)
    for expected, state in ((True, CollectionState.SKIPPED), (False, CollectionState.FAILED)):
        newer = put(stage, 1)
        stage.source.unreadable[head.id] = Unreadable("403", expected=expected)
        result = sync(stage, newer)
        assert (result.state, result.reason) == (state, "403")
        assert stage.own() == {"Gym": [1, 2]}
        assert memory(stage, head).parts[0].base
        assert (memory(stage, head).snapshot == newer.snapshot) is expected
    assert memory(stage, head).failures == 1


def test_a_list_edited_while_it_is_read_is_left_for_the_next_run() -> None:
    stage, head = in_step(1, 2)
    stage.source.page_size = 1
    newer = put(stage, 2, 1)

    def edited(of: CollectionHead, offset: int) -> None:
        if offset:
            put(stage, 1, 2)

    stage.source.on_page = edited
    assert sync(stage, newer).state is CollectionState.PENDING
    assert memory(stage, head).snapshot != newer.snapshot
    assert stage.target.writes == []


def test_an_account_playlist_renamed_by_hand_keeps_its_title_and_it_is_told() -> None:
    stage, head = in_step(1)
    stage.deezer.playlists[LIST].title = "Mine"
    result = sync(stage, head)
    assert stage.target.writes == []
    assert any("title changed by hand" in note for note in result.notes)
    renamed = msgspec.structs.replace(head, name="Gym 2")
    sync(stage, renamed)
    assert stage.deezer.playlists[LIST].title == "Mine"


def test_a_description_changed_on_both_sides_keeps_the_persons() -> None:
    stage, head = in_step(1)
    stage.deezer.playlists[LIST].description = "my words"
    result = sync(stage, msgspec.structs.replace(head, description="new"))
    assert stage.deezer.playlists[LIST].description == "my words"
    assert "description changed by hand on Deezer" in result.notes
    assert sync(stage, msgspec.structs.replace(head, description="new")).state is CollectionState.IN_SYNC
    assert stage.target.writes == []


def test_metadata_is_written_once() -> None:
    stage, head = in_step(1)
    renamed = msgspec.structs.replace(head, name="Gym 2", description="words")
    assert sync(stage, renamed).state is CollectionState.CHANGED
    assert sync(stage, renamed).state is CollectionState.IN_SYNC
    assert stage.target.writes == [UpdatePlaylist(LIST, title="Gym 2", description="words")]


# A write whose answer is lost


def silent(kind: type[Change], times: int = 1) -> Callable[[Change], None]:
    """No answer comes to the first changes of a kind."""
    left = [times]

    def lost(change: Change) -> None:
        if isinstance(change, kind) and left[0]:
            left[0] -= 1
            raise UnknownOutcome("no answer")

    return lost


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("kind", [AddTracks, RemoveTracks, ReorderTracks])
def test_after_an_unknown_outcome_the_next_look_settles_it(kind: type[Change], applied: bool) -> None:
    """What it shows to be done is not written again, what it does not show is; all in one run."""
    stage, _ = in_step(1, 2, 3)
    newer = put(stage, 3, 4, 2)
    if applied:
        stage.target.after = silent(kind)
    else:
        stage.target.answers = silent(kind)
    result = sync(stage, newer)
    assert stage.own() == {"Gym": [3, 4, 2]}
    assert result.state is CollectionState.CHANGED
    assert (result.left_out, result.hand_added) == (0, 0)
    assert sum(isinstance(change, kind) for change in stage.target.writes) == (1 if applied else 2)
    assert sync(stage, newer).state is CollectionState.IN_SYNC


@pytest.mark.parametrize("kind", [AddTracks, RemoveTracks, ReorderTracks])
def test_a_write_that_is_never_answered_is_left_to_the_next_run(kind: type[Change]) -> None:
    stage, _ = in_step(1, 2, 3)
    newer = put(stage, 3, 4, 2)
    stage.target.answers = silent(kind, times=1_000)
    with pytest.raises(UnknownOutcome):
        sync(stage, newer)
    assert sum(isinstance(change, kind) for change in stage.target.writes) == mirroring.ROUNDS
    stage.target.answers = lambda change: None
    result = sync(stage, newer)
    assert stage.own() == {"Gym": [3, 4, 2]}
    assert (result.left_out, result.hand_added) == (0, 0)


def test_nothing_is_written_between_an_unknown_outcome_and_the_look_after_it() -> None:
    """What moves to a later part is added there before it leaves the earlier one: when nobody knows whether it was
    added, it must not leave."""
    stage, _ = in_step(1, 2, 3, 4, policy=Policy(playlist_limit=2))
    newer = put(stage, 1, 3, 2, 4)
    stage.target.answers = silent(AddTracks)
    read = stage.target.tracks
    made: list[int] = []

    def counted(playlist: PlaylistId) -> TargetContents:
        made.append(len(stage.target.writes))
        return read(playlist)

    stage.target.tracks = counted  # type: ignore[method-assign]
    sync(stage, newer)
    first = next(at for at, change in enumerate(stage.target.writes, 1) if isinstance(change, AddTracks))
    assert first in made
    assert [track for title in sorted(stage.own()) for track in stage.own()[title]] == [1, 3, 2, 4]


# Deezer is late


def test_a_write_that_is_not_shown_yet_is_waited_for_and_not_repeated() -> None:
    stage, _ = in_step(1)
    newer = put(stage, 1, 2)
    read = stage.target.tracks
    stale = read(LIST)
    looks: list[int] = []

    def late(playlist: PlaylistId) -> TargetContents:
        looks.append(len(stage.target.writes))
        return stale if looks.count(1) in (1, 2) else read(playlist)

    stage.target.tracks = late  # type: ignore[method-assign]
    assert sync(stage, newer).state is CollectionState.CHANGED
    assert stage.clock.waits == list(LAG_WAITS[:2])
    assert len(stage.target.writes) == 1


def test_a_write_that_is_never_shown_ends_the_run_for_this_list_and_blames_nobody() -> None:
    stage, _ = in_step(1)
    newer = put(stage, 1, 2)
    stage.target.answers = lambda change: Written()
    with pytest.raises(NotShownYet):
        sync(stage, newer)
    assert stage.clock.waits == list(LAG_WAITS)
    stage.target.answers = lambda change: None
    result = sync(stage, newer)
    assert (result.left_out, stage.own()) == (0, {"Gym": [1, 2]})


# Refusals


def refuses(*tracks: str) -> Callable[[Change], Receipt | None]:
    def answer(change: Change) -> Receipt | None:
        named = (
            change.tracks if isinstance(change, AddTracks) else (change.track,) if isinstance(change, LikeTrack) else ()
        )
        return Refused("not in your country") if set(named) & set(tracks) else None

    return answer


def test_one_track_that_deezer_refuses_does_not_hold_the_others_up() -> None:
    stage, head = begin(*range(1, 10))
    stage.target.answers = refuses("4", "9")
    result = sync(stage, head)
    assert stage.own() == {"Gym": [1, 2, 3, 5, 6, 7, 8]}
    assert (result.state, result.unmatched) == (CollectionState.CHANGED, 2)
    assert stage.store.load().matches[SourceId("s4")].decision == Unmatched(Reason.REFUSED)
    assert sum("Deezer refused" in note for note in result.notes) == 2


@pytest.mark.parametrize("refused", [1, 6])
def test_liked_songs_that_deezer_refuses_do_not_hold_the_others_up(refused: int) -> None:
    stage, head = begin(*range(1, 10), name=LIKED)
    stage.target.answers = refuses(*map(str, range(1, refused + 1)))
    result = sync(stage, head)
    assert stage.tracks("1") == list(range(9, refused, -1))
    assert (result.state, result.unmatched) == (CollectionState.CHANGED, refused)


# Hidden entries


def test_a_wanted_track_that_is_there_but_hidden_is_not_added_for_ever() -> None:
    stage, head = begin(1, 2)
    mine = stage.deezer.create_by_hand("Gym", [1, 7])
    stage.deezer.hide_by_hand(mine, 1)
    result = sync(stage, head)
    assert result.state is CollectionState.CHANGED
    assert stage.own() == {"Gym": [2, 7, 1]}
    stage.target.writes.clear()
    assert sync(stage, head).state is CollectionState.IN_SYNC
    assert stage.target.writes == []
    # Shown again, it is ours.
    stage.deezer.playlists[str(mine)].withdrawn.clear()
    result = sync(stage, head)
    assert (result.hand_added, result.left_out) == (1, 0)
    assert stage.own() == {"Gym": [1, 2, 7]}


def test_a_mirrored_track_that_deezer_hides_stays_and_is_told() -> None:
    stage, head = in_step(1, 2, 3)
    stage.deezer.hide_by_hand(int(LIST), 2)
    result = sync(stage, head)
    assert stage.target.writes == []
    assert (result.state, result.left_out) == (CollectionState.IN_SYNC, 0)
    assert any("hidden" in note for note in result.notes)
    stage.deezer.playlists[LIST].withdrawn.clear()
    sync(stage, head)
    assert stage.own() == {"Gym": [1, 2, 3]}


# Conflicts


def removed_and_added() -> tuple[Stage, CollectionHead]:
    """Under ``ask`` a person has removed 2 and added 9; both have been asked about."""
    stage, head = in_step(1, 2, 3, policy=Policy(hand_edits=HandEdits.ASK))
    stage.deezer.playlists[LIST].tracks = ["1", "3", "9"]
    sync(stage, head)
    assert {one.kind for one in stage.store.load().conflicts.values()} == {
        ConflictKind.HAND_REMOVED,
        ConflictKind.HAND_ADDED,
    }
    assert stage.target.writes == []
    return stage, head


def test_nothing_is_done_about_a_hand_edit_before_it_is_decided_and_it_is_asked_once() -> None:
    stage, head = removed_and_added()
    before = stage.store.load().conflicts
    stage.clock.advance(3600)
    sync(stage, head)
    assert stage.store.load().conflicts == before
    assert stage.target.writes == []


def test_a_decision_about_removed_entries_does_nothing_to_added_ones() -> None:
    stage, head = removed_and_added()
    decide(stage, head, ConflictKind.HAND_REMOVED, Side.SPOTIFY)
    sync(stage, head)
    assert stage.own() == {"Gym": [1, 2, 3, 9]}
    assert [one.kind for one in stage.store.load().conflicts.values()] == [ConflictKind.HAND_ADDED]


def test_a_decision_about_added_entries_does_nothing_to_removed_ones() -> None:
    stage, head = removed_and_added()
    decide(stage, head, ConflictKind.HAND_ADDED, Side.SPOTIFY)
    sync(stage, head)
    assert stage.own() == {"Gym": [1, 3]}
    assert [one.kind for one in stage.store.load().conflicts.values()] == [ConflictKind.HAND_REMOVED]


def test_deezers_side_is_kept_and_never_asked_about_again() -> None:
    stage, head = removed_and_added()
    decide(stage, head, ConflictKind.HAND_ADDED, Side.DEEZER)
    decide(stage, head, ConflictKind.HAND_REMOVED, Side.DEEZER)
    for _ in range(2):
        sync(stage, head)
        assert stage.store.load().conflicts == {}
    assert stage.own() == {"Gym": [1, 3, 9]}


def test_another_edit_after_a_decision_is_another_question() -> None:
    stage, head = removed_and_added()
    decide(stage, head, ConflictKind.HAND_ADDED, Side.DEEZER)
    stage.deezer.playlists[LIST].tracks.append("8")
    sync(stage, head)
    sync(stage, head)
    assert 8 in stage.own()["Gym"]


def guarded(edits: HandEdits = HandEdits.KEEP) -> tuple[Stage, CollectionHead]:
    stage, _ = in_step(*range(40), policy=Policy(hand_edits=edits))
    newer = put(stage, *range(5))
    result = sync(stage, newer)
    assert result.state is CollectionState.CONFLICT
    assert stage.target.writes == []
    return stage, newer


def test_a_mass_removal_that_is_agreed_to_is_carried_out_and_its_conflict_closed() -> None:
    stage, head = guarded()
    decide(stage, head, ConflictKind.MASS_REMOVAL, Side.SPOTIFY)
    assert sync(stage, head).state is CollectionState.CHANGED
    assert stage.own() == {"Gym": list(range(5))}
    assert stage.store.load().conflicts == {}


def test_a_mass_removal_that_is_taken_back_on_spotify_closes_its_conflict() -> None:
    stage, _ = guarded()
    assert sync(stage, put(stage, *range(39))).state is CollectionState.CHANGED
    assert stage.store.load().conflicts == {}


@pytest.mark.parametrize("edits", list(HandEdits))
def test_a_mass_removal_that_is_declined_removes_nothing_and_is_not_asked_about_again(edits: HandEdits) -> None:
    """Under ``overwrite`` the entries that were to be kept counted as added by hand, and so were to be removed: the
    question was opened again in the run that had its answer, for ever. Under ``ask`` another question followed."""
    stage, head = guarded(edits)
    decide(stage, head, ConflictKind.MASS_REMOVAL, Side.DEEZER)
    for _ in range(2):
        assert sync(stage, head).state is CollectionState.IN_SYNC
        assert stage.own() == {"Gym": list(range(40))}
        assert stage.store.load().conflicts == {}


# Liked songs


def test_liked_songs_are_liked_oldest_first_one_by_one() -> None:
    stage, head = begin(3, 2, 1, name=LIKED)
    sync(stage, head)
    assert stage.target.writes == [LikeTrack(TargetId(number)) for number in "123"]
    assert stage.tracks("1") == [1, 2, 3]
    sync(stage, put(stage, 4, 3, 1, name=LIKED))
    assert stage.target.writes[3:] == [LikeTrack(TargetId("4")), UnlikeTrack(TargetId("2"))]


def test_liking_stops_at_deezers_cap_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "FAVOURITES_CAP", 3)
    stage, head = begin(5, 4, 3, 2, 1, name=LIKED)
    stage.deezer.like_by_hand(99)
    result = sync(stage, head)
    assert stage.tracks("1") == [99, 1, 2]
    assert any("do not fit" in note for note in result.notes)
    assert sync(stage, head).added == 0


def crowded(stage: Stage, room: int) -> Callable[[Change], Receipt | None]:
    """Deezer takes no more than so many entries in its second list, or in the favourites."""

    def refuse(change: Change) -> Receipt | None:
        match change:
            case AddTracks(tracks=tracks):
                new, held = len(tracks), stage.own().get("Gym", [])
            case LikeTrack():
                new, held = 1, stage.tracks("1")
            case _:
                return None
        return Refused("full", full=True) if len(held) + new > room else None

    return refuse


@pytest.mark.parametrize("name", [LIKED, GYM])
def test_a_list_that_deezer_calls_full_is_left_at_that(name: str) -> None:
    """Each of the others was tried, taken for refused for itself, and after twenty the list failed in every run."""
    stage, head = begin(*range(40), name=name)
    stage.target.answers = crowded(stage, 3)
    result = sync(stage, head)
    assert result.state is CollectionState.CHANGED
    assert result.notes == ("37 entries do not fit: Deezer says that the list is full",)
    assert result.added == 3
    # A batch is tried in halves, for it may be the batch that is too large.
    assert sum(isinstance(change, AddTracks | LikeTrack) for change in stage.target.writes) <= 12
    again = sync(stage, head)
    assert (again.state, again.notes) == (CollectionState.IN_SYNC, result.notes)
    stage.target.answers = lambda change: None
    assert sync(stage, head).added == 37


def test_what_was_removed_makes_room_in_a_full_list() -> None:
    stage, _ = in_step(1, 2, 3)
    newer = put(stage, 1, 2, 4)
    stage.target.answers = crowded(stage, 3)
    result = sync(stage, newer)
    assert stage.own() == {"Gym": [1, 2, 4]}
    assert result.notes == ()


@pytest.mark.parametrize("first", list(LikedAs))
def test_liked_songs_follow_the_setting_to_their_new_place(first: LikedAs) -> None:
    stage, head = in_step(2, 1, name=LIKED, policy=Policy(liked_as=first))
    other = next(way for way in LikedAs if way is not first)
    stage.policy = Policy(liked_as=other)
    assert sync(stage, head).state is CollectionState.CHANGED
    assert stage.tracks("1") == [1, 2]
    assert list(stage.own().values()) == [[2, 1]]
    stage.target.writes.clear()
    assert sync(stage, head).state is CollectionState.IN_SYNC
    assert stage.target.writes == []


# Parts


def test_a_list_that_grows_over_the_limit_is_split_and_one_that_shrinks_keeps_its_parts() -> None:
    stage, _ = in_step(*range(4), policy=Policy(playlist_limit=4))
    sync(stage, put(stage, *range(7)))
    assert stage.own() == {"Gym (1/2)": [0, 1, 2, 3], "Gym (2/2)": [4, 5, 6]}
    sync(stage, put(stage, 6, *range(6)))
    assert stage.own() == {"Gym (1/2)": [6, 0, 1, 2], "Gym (2/2)": [3, 4, 5]}
    result = sync(stage, put(stage, 1, 2))
    assert stage.own() == {"Gym (1/2)": [1, 2], "Gym (2/2)": []}
    assert any("split into 2" in note for note in result.notes)
    assert sync(stage, stage.source.head(GYM)).state is CollectionState.IN_SYNC


def test_an_entry_removed_by_hand_stays_out_when_it_moves_to_another_part() -> None:
    stage, _ = in_step(*range(6), policy=Policy(playlist_limit=4))
    first = stage.deezer.playlists[LIST].tracks
    first.remove("3")
    sync(stage, stage.source.head(GYM))
    sync(stage, put(stage, 9, *range(6)))
    assert [track for tracks in stage.own().values() for track in tracks] == [9, 0, 1, 2, 4, 5]


# Before-images


def removed(stage: Stage) -> dict[str, list[tuple[str, str | None]]]:
    """What is remembered as taken away, with what it stood behind, by playlist."""
    images = stage.store.load().images
    return {one.playlist: [(entry.track, entry.after) for entry in one.removed] for one in images}


@pytest.mark.parametrize("name", [GYM, LIKED])
def test_what_is_removed_is_saved_with_its_place_before_the_removal_is_written(name: str) -> None:
    stage, _ = in_step(1, 2, 3, 4, 5, name=name)
    known: list[object] = []

    def remembered(change: Change) -> None:
        if isinstance(change, RemoveTracks | UnlikeTrack):
            known.append(removed(stage))

    stage.target.answers = remembered
    sync(stage, put(stage, 1, 4, name=name))
    playlist = FAVOURITES if name == LIKED else LIST
    image = stage.store.load().images[0]
    assert (image.run, image.collection, image.playlist) == ("run", name, playlist)
    assert [entry.name for entry in image.removed][:1] == [f"Title {5 if name == LIKED else 2}"]
    if name == LIKED:
        assert known == [{playlist: [("5", None)]}, {playlist: [("5", None), ("3", "4")]}, removed(stage)]
        assert removed(stage) == {playlist: [("5", None), ("3", "4"), ("2", "4")]}
    else:
        assert known == [{playlist: [("2", "1"), ("3", "1"), ("5", "4")]}] == [removed(stage)]


def test_a_removal_that_deezer_refuses_leaves_no_image() -> None:
    stage, _ = in_step(1, 2, 3)
    stage.target.answers = lambda change: Refused("no") if isinstance(change, RemoveTracks) else None
    with pytest.raises(NotShownYet):
        sync(stage, put(stage, 1))
    assert removed(stage) == {}


def test_what_moves_to_another_part_is_not_lost() -> None:
    stage, _ = in_step(*range(6), policy=Policy(playlist_limit=4))
    sync(stage, put(stage, 9, *range(5)))
    assert stage.own() == {"Gym (1/2)": [9, 0, 1, 2], "Gym (2/2)": [3, 4]}
    second = list(stage.deezer.playlists)[-1]
    assert removed(stage) == {second: [("5", "4")]}


# What undo put back


@pytest.mark.parametrize("edits", list(HandEdits))
def test_what_was_put_back_stays_where_it_is_until_a_person_removes_it(edits: HandEdits) -> None:
    stage, head = in_step(1, 2, 3, policy=Policy(hand_edits=edits))
    stage.deezer.playlists[LIST].tracks[:] = ["1", "8", "2", "3"]
    stage.remember(msgspec.structs.replace(memory(stage, head), restored=(TargetId("8"), TargetId("9"))))
    assert sync(stage, head).state is CollectionState.IN_SYNC
    assert (stage.target.writes, stage.store.load().conflicts) == ([], {})
    assert (memory(stage, head).restored, memory(stage, head).hand_added) == (("8",), ("8",))
    sync(stage, put(stage, 3, 1, 4, 2))
    assert stage.tracks(LIST) == [3, 1, 8, 4, 2]
    stage.deezer.playlists[LIST].tracks.remove("8")
    sync(stage, put(stage, 3, 1))
    assert (stage.tracks(LIST), memory(stage, head).restored) == ([3, 1], ())


def test_what_was_put_back_and_is_on_the_source_again_is_mirrored_like_any_other() -> None:
    stage, head = in_step(1, 2, policy=Policy(hand_edits=HandEdits.OVERWRITE))
    stage.deezer.playlists[LIST].tracks.append("8")
    stage.remember(msgspec.structs.replace(memory(stage, head), restored=(TargetId("8"),)))
    sync(stage, put(stage, 8, 1, 2))
    assert (stage.tracks(LIST), memory(stage, head).restored) == ([8, 1, 2], ())
    sync(stage, put(stage, 1, 2))
    assert stage.tracks(LIST) == [1, 2]


def test_what_was_put_back_is_remembered_while_deezer_hides_something() -> None:
    stage, head = in_step(1, 2, 3)
    stage.deezer.playlists[LIST].tracks.append("8")
    stage.deezer.hide_by_hand(int(LIST), 8)
    stage.remember(msgspec.structs.replace(memory(stage, head), restored=(TargetId("8"),)))
    sync(stage, put(stage, 1, 2))
    assert memory(stage, head).restored == ("8",)


def test_what_was_put_back_keeps_no_question_open() -> None:
    stage, head = in_step(1, 2, policy=Policy(hand_edits=HandEdits.ASK))
    stage.deezer.playlists[LIST].tracks += ["8", "9"]
    stage.remember(msgspec.structs.replace(memory(stage, head), restored=(TargetId("8"),)))
    sync(stage, head)
    (conflict,) = stage.store.load().conflicts.values()
    assert conflict.message.startswith("1 entry was added")
    stage.deezer.playlists[LIST].tracks.remove("9")
    sync(stage, head)
    assert stage.store.load().conflicts == {}


# Errors


def test_what_was_done_is_counted_even_when_an_error_ends_it() -> None:
    stage, _ = in_step(1, 2, 3)
    tally = Tally()

    def broken(change: Change) -> Receipt | None:
        if isinstance(change, RemoveTracks):
            raise NotFound("gone")
        return None

    stage.target.answers = broken
    with pytest.raises(NotFound):
        sync(stage, put(stage, 1, 4, 5), tally)
    assert (tally.added, tally.removed, tally.changed) == (2, 0, True)
