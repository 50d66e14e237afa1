"""The enumerations: their values stand in users' files, so they never change."""

from __future__ import annotations

from enum import StrEnum

import pytest

from musicdiff_job.settings import choices


@pytest.mark.parametrize(
    ("enumeration", "values"),
    [
        (choices.Entity, "liked artists albums playlists"),
        (choices.HandEdits, "keep overwrite ask"),
        (choices.OnSourceDeleted, "detach delete"),
        (choices.Privacy, "private public source"),
        (choices.LikedAs, "favourites playlist"),
        (choices.SourceKind, "spotify export"),
        (choices.TargetKind, "deezer files"),
        (choices.Direction, "one-way both"),
        (choices.LogFormat, "auto text json"),
        (choices.LogLevel, "debug info warning error"),
        (choices.NotifyOn, "failure auth conflict new_playlist unmatched completed"),
    ],
)
def test_values(enumeration: type[StrEnum], values: str) -> None:
    assert [member.value for member in enumeration] == values.split()
