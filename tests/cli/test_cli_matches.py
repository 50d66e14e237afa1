"""``matches`` and what belongs to it, over the checkpoint that a real run has left."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from checkpoint_sample import DAFT, LOST, sample
from command_line import CommandLine

from musicdiff_job.core.match import Match
from musicdiff_job.core.model import SourceId
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world


@pytest.fixture
def mirrored(command: CommandLine) -> Iterator[CommandLine]:
    """A command line after a run that has matched everything; one match is close to the threshold."""
    with Sandbox(synthetic_world(playlists=1, tracks_each=6, liked=0)) as sandbox:
        command.env |= sandbox.environment()
        assert command("run", "-q").exit_code == 0
        checkpoint = command.kept()
        source, record = next(iter(checkpoint.matches.items()))
        assert isinstance(record.decision, Match)
        near = msgspec.structs.replace(record.decision, score=0.86)
        command.keep(checkpoint.with_matches({source: msgspec.structs.replace(record, decision=near)}))
        yield command


def doubtful(command: CommandLine) -> list[str]:
    return [line["id"] for line in command.json("matches", "--doubtful", "--json")["matches"]]


def test_every_match_of_a_run_is_listed_with_its_link(mirrored: CommandLine) -> None:
    matches = mirrored.kept().matches
    lines = mirrored.json("matches", "--json")["matches"]
    assert {line["id"]: line["deezer_id"] for line in lines} == {
        source: record.decision.target for source, record in matches.items() if isinstance(record.decision, Match)
    }
    assert len(lines) == 6
    text = mirrored("matches").stdout
    for line in lines:
        assert f"        {line['deezer_link']}\n" in text
        assert line["title"] in text


def test_only_a_doubtful_one_is_shown_until_a_person_has_spoken(mirrored: CommandLine) -> None:
    (source,) = doubtful(mirrored)
    text = mirrored("matches", "--doubtful").stdout
    assert "  ? its score 0.86 is close to the threshold 0.85" in text
    assert text.rstrip().endswith(
        "1 doubtful match. `musicdiff-job match set SPOTIFY DEEZER` confirms or replaces one."
    )
    assert "doubtful: its score 0.86 is close to the threshold 0.85" in mirrored("explain", source, "--offline").stdout
    decision = mirrored.kept().matches[SourceId(source)].decision
    assert isinstance(decision, Match)
    assert mirrored("match", "set", source, decision.target).exit_code == 0
    assert doubtful(mirrored) == []
    assert mirrored("matches", "--doubtful").stdout == "No match is doubtful.\n"


def test_a_raised_threshold_makes_old_matches_doubtful(mirrored: CommandLine) -> None:
    mirrored.env["MUSICDIFF_MATCHING_MIN_SCORE"] = "0.9"
    assert "below the threshold 0.9 that holds now" in mirrored("matches", "--doubtful").stdout


def test_csv_on_stdout_and_in_a_file_are_one(mirrored: CommandLine) -> None:
    result = mirrored("matches", "-o", "all.csv")
    assert (result.exit_code, result.stdout) == (0, "6 matches written to all.csv\n")
    file = mirrored.home / "all.csv"
    assert file.read_text(encoding="utf-8") == mirrored("matches", "--csv").stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert {row["spotify_id"] for row in rows} == set(mirrored.kept().matches)
    assert mirrored("matches", "--csv", "-o", "all.csv", "-q").output == ""
    assert mirrored("matches", "--doubtful", "--csv").stdout.count("\n") == 2
    mirrored("matches", "--json", "-o", "all.json")
    assert json.loads((mirrored.home / "all.json").read_text()) == mirrored.json("matches", "--json")


def test_a_file_that_cannot_be_written_is_64_and_leaves_nothing(mirrored: CommandLine, tmp_path: Path) -> None:
    result = mirrored("matches", "-o", "nowhere/all.csv")
    assert (result.exit_code, result.stdout) == (64, "")
    assert "nowhere/all.csv" in result.stderr and "Name another file" in result.stderr
    result = mirrored("matches", "--json", "--csv")
    assert (result.exit_code, result.stdout) == (64, "")


def test_a_track_is_explained_by_the_address_of_its_counterpart(mirrored: CommandLine) -> None:
    line = mirrored.json("matches", "--json")["matches"][0]
    assert line["link"] in mirrored("explain", line["deezer_link"], "--offline").stdout
    result = mirrored("explain", "https://www.deezer.com/track/1", "--offline")
    assert (result.exit_code, result.stdout) == (64, "")
    assert "no counterpart that the checkpoint knows" in result.stderr
    tracks = {source: record.track for source, record in mirrored.kept().matches.items()}
    several = [one for one, track in tracks.items() if "a" in f"{track.title} {' '.join(track.artists)}".casefold()]
    result = mirrored("explain", "a", "--offline")
    assert len(several) > 1 and result.exit_code == 64
    assert f"{len(several)} tracks are called so: " in result.stderr
    assert all(source in result.stderr for source in several)


def test_a_changed_file_changes_just_the_match_it_names(mirrored: CommandLine) -> None:
    before = mirrored.kept().matches
    source, other = list(before)[:2]
    decision = before[source].decision
    assert isinstance(decision, Match)
    file = mirrored.home / "overrides.toml"
    file.write_text(f'[reject]\n"{source}" = ["{decision.target}"]\n')
    assert mirrored("run", "-q").exit_code == 0
    after = mirrored.kept().matches
    assert {one for one in after if after[one] != before[one]} == {source}
    assert not isinstance(after[source].decision, Match)
    assert decision.target in mirrored("unmatched").stdout
    told = mirrored("explain", source, "--offline").stdout
    assert f"the overrides file says: not https://www.deezer.com/track/{decision.target}\n" in told
    assert "rejected by you" in mirrored("explain", source).stdout.partition("5. Verdict")[2]
    assert 'search "' not in mirrored("explain", other).stdout
    file.write_text(f'[prefer]\n"{other}" = {{ album = "The Hits" }}\n')
    assert mirrored("run", "-q").exit_code == 0
    last = mirrored.kept().matches
    assert isinstance(last[source].decision, Match), "what the file no longer says holds no longer"
    assert {one for one in last if last[one] != before[one]} == {source, other}
    assert 'prefers: album "The Hits"' in mirrored("explain", other, "--offline").stdout
    assert 'search "' in mirrored("explain", other).stdout, "another copy is asked for as the job would"


WRONG = [
    (("match", "set", "https://www.deezer.com/track/1", LOST), "names no Spotify track, but something on Deezer"),
    (("match", "set", LOST, f"spotify:track:{LOST}"), "names no Deezer track, but something on Spotify"),
    (("match", "reject", LOST, "https://www.deezer.com/album/1"), "names an album, the counterpart must be a track"),
    (("match", "reject", "z" * 22), "`musicdiff-job match reject zzz"),
    (("match", "clear", "z" * 22), "`musicdiff-job explain` finds tracks by title"),
    (("match", "reject", LOST, "1", "2"), "Got unexpected extra argument (2)"),
    (("match", "set", LOST), "Missing argument 'DEEZER|none'"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG)
def test_a_wrong_word_changes_nothing_and_says_what_to_do(
    arguments: tuple[str, ...], told: str, command: CommandLine
) -> None:
    command.keep(sample())
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (64, "")
    assert told in result.stderr
    assert command.kept() == sample()


@pytest.mark.parametrize("arguments", [("set", DAFT, "7"), ("reject", DAFT), ("clear", DAFT)], ids=lambda one: one[0])
def test_a_command_does_not_pretend_to_beat_the_file(arguments: tuple[str, ...], command: CommandLine) -> None:
    command.keep(sample())
    (command.home / "overrides.toml").write_text(f"[tracks]\n{DAFT} = 3135556\n")
    result = command("match", *arguments)
    assert result.exit_code == 64
    assert "overrides.toml says what the counterpart" in result.stderr and "Change it there" in result.stderr
    assert command.kept() == sample()


def test_what_the_file_rules_out_is_not_set_by_command(command: CommandLine) -> None:
    command.keep(sample())
    (command.home / "overrides.toml").write_text(f"[reject]\n{DAFT} = [7]\n")
    result = command("match", "set", DAFT, "7")
    assert result.exit_code == 64
    assert f"overrides.toml rules 7 out for {DAFT}" in result.stderr and "Change it there" in result.stderr
    assert command.kept() == sample()
    assert command("match", "set", DAFT, "8").exit_code == 0


def test_a_word_about_a_track_that_nobody_has_met_waits_for_it(command: CommandLine) -> None:
    command.keep(sample())
    unseen = SourceId("z" * 22)
    result = command("match", "reject", unseen, "42")
    assert (result.exit_code, result.stdout.splitlines()[1]) == (
        0, "No run has met this track yet; it holds as soon as one does.",
    )  # fmt: skip
    assert command.kept().matches[unseen].rejected == ("42",)
    assert command("match", "set", LOST, "42").stdout.count("\n") == 1
