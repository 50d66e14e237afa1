"""Questions in the checkpoint: opened once, decided for what was asked, remembered when they are settled."""

from __future__ import annotations

from typing import Any

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.conflict import RULINGS_KEPT, Conflict, ConflictKind, Ruling, Side, conflict_id
from musicdiff_job.core.model import CollectionId

LIST = CollectionId("spotify:playlist:one")
ID = conflict_id(LIST, ConflictKind.MASS_REMOVAL)


def asked(opened_at: str = "t1", *, entries: int = 30, **decided: Any) -> Conflict:
    message = f"{entries} would go"
    return Conflict(ID, LIST, "Gym", ConflictKind.MASS_REMOVAL, message, opened_at, entries=entries, **decided)


def test_the_id_names_kind_and_collection() -> None:
    assert ID == "mass_removal:spotify:playlist:one"


def test_an_open_question_keeps_its_date_and_is_told_in_its_latest_words() -> None:
    checkpoint = Checkpoint().with_conflict(asked("t1")).with_conflict(asked("t2", entries=35))
    assert checkpoint.conflicts == {ID: asked("t1", entries=35)}


def test_a_decision_stands_for_no_more_than_was_asked() -> None:
    decided = asked("t1", decision=Side.SPOTIFY, decided_at="t2")
    checkpoint = Checkpoint().with_conflict(decided)
    assert checkpoint.with_conflict(asked("t3", entries=30)) is checkpoint
    assert checkpoint.with_conflict(asked("t3", entries=12)) is checkpoint
    assert checkpoint.with_conflict(asked("t3", entries=31)).conflicts == {ID: asked("t3", entries=31)}


def test_a_settled_question_leaves_its_ruling_and_a_withdrawn_one_nothing() -> None:
    decided = asked("t1", decision=Side.DEEZER, decided_at="t2")
    settled = Checkpoint().with_conflict(decided).without_conflict(ID, "t3")
    assert settled.conflicts == {}
    assert settled.rulings == (Ruling(ID, "Gym", "30 would go", "t1", Side.DEEZER, "t2", "t3"),)
    assert Checkpoint().with_conflict(asked()).without_conflict(ID, "t3") == Checkpoint()
    unchanged = Checkpoint()
    assert unchanged.without_conflict(ID, "t3") is unchanged


def test_the_latest_rulings_are_kept() -> None:
    checkpoint = Checkpoint()
    for number in range(RULINGS_KEPT + 3):
        decided = msgspec.structs.replace(asked(str(number)), decision=Side.SPOTIFY)
        checkpoint = checkpoint.with_conflict(decided).without_conflict(ID, "later")
    assert [ruling.opened_at for ruling in checkpoint.rulings] == [str(n) for n in range(3, RULINGS_KEPT + 3)]
