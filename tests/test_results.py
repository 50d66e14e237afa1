"""How one list's work ended: what is counted, remembered and told."""

from __future__ import annotations

import msgspec
import pytest
from memory_stage import Stage

from musicdiff_job.core.checkpoint import Pair, Reading
from musicdiff_job.core.errors import BadAnswer, CheckpointUnwritable, JobError, LostLease, OutOfBudget
from musicdiff_job.core.model import CollectionHead, PlaylistId, SourceId, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.results import Tally, ended, left_off, result_of
from musicdiff_job.session import Session

PLAYLIST, TRACK = PlaylistId("7"), TargetId("1")


def begin(**known: object) -> tuple[Stage, Session, CollectionHead]:
    stage = Stage()
    head = stage.source.put("spotify:playlist:gym", 1)
    session = stage.session()
    session.put(msgspec.structs.replace(session.mirror(head), **known))
    return stage, session, head


def test_every_kind_of_change_is_tallied() -> None:
    tally = Tally()
    assert not tally.changed
    for change in (
        AddTracks(PLAYLIST, (TRACK, TRACK)), RemoveTracks(PLAYLIST, (TRACK,)), LikeTrack(TRACK), UnlikeTrack(TRACK),
        ReorderTracks(PLAYLIST, ()), UpdatePlaylist(PLAYLIST), CreatePlaylist("t"), DeletePlaylist(PLAYLIST),
    ):  # fmt: skip
        tally.count(change)
    assert (tally.added, tally.removed, tally.reordered, tally.updated, tally.created) == (3, 2, True, True, 1)
    assert len(tally.done) == 8
    assert tally.changed


def test_a_line_tells_what_is_remembered_and_what_was_done() -> None:
    _, session, head = begin(
        entries=9, matched=5, skipped=2, duplicates=1, waiting=(SourceId("a"), SourceId("b")), hand_added=(TRACK,),
        left_out=(Pair(SourceId("s"), TRACK),), notes=("remembered",),
    )  # fmt: skip
    tally = Tally(added=3, removed=1, reordered=True, created=1)
    line = result_of(session.mirror(head), CollectionState.CHANGED, "new", tally)
    assert (line.id, line.kind, line.name, line.state, line.reason) == (head.id, "playlist", "Gym", "changed", "new")
    assert (line.added, line.removed, line.reordered, line.created) == (3, 1, True, 1)
    assert (line.entries, line.matched, line.unmatched, line.skipped, line.duplicates) == (9, 5, 2, 2, 1)
    assert (line.hand_added, line.left_out, line.notes) == (1, 1, ("remembered",))
    assert result_of(session.mirror(head), CollectionState.CHANGED, "", Tally(notes=["new"])).notes == ("new",)
    assert result_of(session.mirror(head), CollectionState.IN_SYNC, "").added == 0


@pytest.mark.parametrize(
    ("state", "snapshot", "failures", "verified"),
    [
        (CollectionState.SKIPPED, "edit 1", 0, True),
        (CollectionState.CONFLICT, "edit 1", 0, False),
        (CollectionState.DETACHED, "edit 1", 0, False),
        (CollectionState.FAILED, "old", 2, False),
        (CollectionState.PENDING, "old", 1, False),
    ],
)
def test_only_what_would_end_the_same_way_is_not_asked_again(
    state: CollectionState, snapshot: str, failures: int, verified: bool
) -> None:
    _, session, head = begin(snapshot="old", failures=1, reading=Reading("x", 1))
    line = ended(session, head, state, "why", Tally())
    known = session.mirror(head)
    assert (line.state, line.reason) == (known.state, known.reason) == (state, "why")
    assert (known.snapshot, known.failures, known.reading) == (snapshot, failures, None)
    assert (known.verified_at is not None) is verified


@pytest.mark.parametrize(
    ("state", "error", "failures", "saves"),
    [
        (CollectionState.PENDING, OutOfBudget("spent"), 0, 1),
        (CollectionState.FAILED, BadAnswer("odd"), 1, 1),
        (CollectionState.PENDING, CheckpointUnwritable("full"), 0, 0),
        (CollectionState.PENDING, LostLease("other"), 0, 0),
    ],
)
def test_what_was_got_done_before_an_error_is_saved_unless_saving_was_the_error(
    state: CollectionState, error: JobError, failures: int, saves: int
) -> None:
    reading = Reading("edit 1", 5)
    stage, session, head = begin(snapshot="old", reading=reading)
    line = left_off(session, head, state, error, Tally(added=2))
    known = session.mirror(head)
    assert (line.added, line.reason) == (2, error.message)
    assert (known.state, known.failures, known.snapshot, known.reading) == (state, failures, "old", reading)
    assert len(stage.store.saved) == saves
