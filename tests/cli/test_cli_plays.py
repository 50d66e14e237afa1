"""``plays``: counts, files and what it says when there is nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from command_line import CommandLine
from s3_stage import Between, environment

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.plays import Gap, Line, Play
from musicdiff_job.playback.folder import FolderHistory
from musicdiff_job.playback.s3 import S3History
from musicdiff_job.store.bucket import Bucket


def play(day: int, track: str = "a", month: int = 11) -> Play:
    at = f"2026-{month:02}-{day:02}T12:00:00.000Z"
    return Play(played_at=at, track=track, title=f"Song {track}", artists=("Band",), duration_ms=60_000)


LINES: list[Line] = [
    play(30, "b", 10), play(1), play(2), Gap(after=play(2).played_at, before=play(5).played_at), play(5, "c"),
]  # fmt: skip


@pytest.fixture
def history(command: CommandLine) -> FolderHistory:
    history = FolderHistory(command.home / ".local/state/musicdiff/plays")
    history.append(LINES)
    return history


def test_it_counts_by_month_track_and_artist(command: CommandLine, history: FolderHistory) -> None:
    result = command("plays")
    assert (result.exit_code, result.stderr) == (0, "")
    for line in (
        "4 plays of 3 tracks by 1 artist", "2026-10      1", "2026-11      3", "    2  Band - Song a", "    4  Band",
        "1 gap: more was played",
    ):  # fmt: skip
        assert line in result.stdout
    assert "Song b" not in command("plays", "--top", "1").stdout


def test_as_json(command: CommandLine, history: FolderHistory) -> None:
    found = command.json("plays", "--since", "2026-11", "--until", "2026-11-02", "--json")
    assert (found["schema"], found["since"], found["until"]) == (
        1, "2026-11-01T00:00:00.000Z", "2026-11-03T00:00:00.000Z",
    )  # fmt: skip
    assert found["listening"] == {
        "plays": 2, "seconds": 120, "first": play(1).played_at, "last": play(2).played_at, "distinct_tracks": 1,
        "distinct_artists": 1, "months": [{"month": "2026-11", "plays": 2}],
        "tracks": [{"id": "a", "title": "Song a", "artists": ["Band"], "plays": 2}],
        "artists": [{"name": "Band", "plays": 2}], "gap_count": 0, "gaps": [], "not_understood": 0,
    }  # fmt: skip
    assert command.json("plays", "--json")["listening"]["gaps"] == [
        {"kind": "gap", "schema": 1, "after": play(2).played_at, "before": play(5).played_at}
    ]


def test_as_csv_and_into_files(command: CommandLine, history: FolderHistory) -> None:
    text = command("plays", "--csv").stdout
    assert [row["spotify_id"] for row in csv.DictReader(text.splitlines())] == ["b", "a", "a", "c"]
    file = command.home / "plays.csv"
    assert command("plays", "-o", str(file)).stdout == f"written to {file}\n"
    assert file.read_text(encoding="utf-8") == text
    assert file.stat().st_mode & 0o777 == 0o600
    assert command("-q", "plays", "--csv", "--until", "2026-10", "-o", str(file)).stdout == ""
    assert len(file.read_text().splitlines()) == 2
    command("plays", "--json", "-o", str(file))
    assert json.loads(file.read_text())["listening"]["plays"] == 4


def test_a_long_csv_is_written_piece_by_piece(command: CommandLine, history: FolderHistory) -> None:
    history.append([play(day, f"{number}", 12) for day in range(1, 4) for number in range(1000)])
    assert len(command("plays", "--csv").stdout.splitlines()) == 1 + 4 + 3000


def test_from_s3(command: CommandLine, between: Between) -> None:
    name = between.moto.bucket()
    S3History(Bucket(name, StopFlag()), "music/", "run").append(LINES)
    command.env |= {**environment(between.url), "MUSICDIFF_PLAYBACK_URL": f"s3://{name}/music/"}
    assert command.json("plays", "--json")["listening"]["plays"] == 4


def test_an_empty_history_says_how_to_switch_it_on(command: CommandLine) -> None:
    text = command("plays").stdout
    assert "No play is recorded yet in " in text and ".local/state/musicdiff/plays" in text
    assert "`enabled = true` under [playback]" in text and "docs/playback.md" in text
    command.env["MUSICDIFF_PLAYBACK_ENABLED"] = "true"
    text = command("plays").stdout
    assert "Each run records" in text and "switch it on" not in text
    assert command("plays", "--csv").stdout.count("\n") == 1
    assert not (command.home / ".local").exists()


def test_an_empty_period_says_that(command: CommandLine, history: FolderHistory) -> None:
    assert command("plays", "--since", "2027").stdout == "No play is recorded in this period.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--since", "yesterday"), "'yesterday' is none of 2026, 2026-11"),
        (("--until", "2026-13"), "'2026-13' is none of"),
        (("--since", "9999"), "'9999' is none of"),
        (("--json", "--csv"), "two forms of one history"),
        (("--top", "-1"), "--top"),
    ],
)
def test_wrong_words_are_usage_errors(arguments: tuple[str, ...], told: str, command: CommandLine) -> None:
    result = command("plays", *arguments)
    assert (result.exit_code, result.stdout) == (64, "")
    assert told in result.stderr


def test_what_cannot_be_read_or_written_says_so(command: CommandLine, history: FolderHistory, tmp_path: Path) -> None:
    result = command("plays", "-o", str(tmp_path / "none" / "x.csv"))
    assert result.exit_code == 64 and "cannot be written" in result.stderr
    (tmp_path / "file").write_text("")
    command.env["MUSICDIFF_PLAYBACK_URL"] = str(tmp_path / "file")
    result = command("plays")
    assert result.exit_code == 74 and "the listening history cannot be read" in result.stderr
