"""``explain``: finding the track, asking the catalogue, doing without it."""

from __future__ import annotations

import msgspec
import pytest
from checkpoint_sample import DAFT, DAFT_TRACK, GYM, LIVE, LOST, OPEN, mirror, part, sample
from command_line import CommandLine

from musicdiff_job.cli.explain import converse, find_track
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.match import ByIsrc, Match, Question, Unmatched
from musicdiff_job.core.model import SourceId, Track
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world


@pytest.mark.parametrize(
    "text", [DAFT, f"spotify:track:{DAFT}", "harder better faster stronger", "DAFT punk", "stronger daft"]
)
def test_a_track_is_found_by_id_and_by_words(text: str) -> None:
    assert find_track(text, sample()) == DAFT


def test_other_scripts_are_found() -> None:
    assert find_track("東京", sample()) == LOST


def test_a_title_that_is_meant_exactly_beats_one_that_contains_it() -> None:
    tracks = {one.id: MatchRecord(one) for one in (Track("a", "Hello"), Track("b", "Hello Again"), Track("c", "Bye"))}
    checkpoint = Checkpoint(matches=tracks)  # type: ignore[arg-type]
    assert find_track("hello", checkpoint) == "a"
    with pytest.raises(UsageError, match="2 tracks are called so: a Hello, b Hello Again"):
        find_track("hel", checkpoint)


@pytest.mark.parametrize("text", ["no such song", "", "???", "https://www.deezer.com/track/1", "spotify:album:x"])
def test_what_names_no_track(text: str) -> None:
    with pytest.raises(UsageError):
        find_track(text, sample())


def test_the_conversation_is_the_jobs_own() -> None:
    questions: list[Question] = []

    def ask(question: Question) -> tuple[Track, ...]:
        questions.append(question)
        return (msgspec.structs.replace(DAFT_TRACK, id="3135556"),) if isinstance(question, ByIsrc) else ()

    asked, candidates, verdict = converse(DAFT_TRACK, Rules(), frozenset(), ask)
    assert [one.question for one in asked] == questions == [ByIsrc("GBDUW0000059")]
    assert [one.track.id for one in candidates] == ["3135556"]
    assert isinstance(verdict, Match)
    asked, candidates, verdict = converse(DAFT_TRACK, Rules(), frozenset({"3135556"}), ask)
    assert isinstance(verdict, Unmatched)
    assert [one.answers for one in asked] == [1, 0, 0]


def test_it_asks_the_catalogue_and_stores_nothing(command: CommandLine) -> None:
    with Sandbox(synthetic_world(1, 1, 0)) as sandbox:
        command.env |= sandbox.environment()
        command("run", "-q")
        before = command.path.read_bytes()
        (source,) = command.kept().matches
        calls = sandbox.calls("deezer")
        text = command("explain", source).stdout
        assert sandbox.calls("deezer") > calls
        assert command.path.read_bytes() == before
        assert "3. Questions to Deezer's catalogue\n   the track with ISRC" in text
        assert "Synthetic 0001" in text
        calls = sandbox.calls("deezer")
        assert "none, as far as the checkpoint remembers" in command("explain", source, "--offline").stdout
        assert sandbox.calls("deezer") == calls


def test_a_catalogue_that_is_away_is_said_and_memory_serves(command: CommandLine) -> None:
    command.keep(sample())
    command.env["MUSICDIFF_DEEZER_API_URL"] = "http://127.0.0.1:9"
    result = command("explain", LOST)
    assert result.exit_code == 0
    assert "Deezer's catalogue could not be asked" in result.stdout
    assert LIVE.title in result.stdout


def test_the_overrides_file_is_told(command: CommandLine) -> None:
    command.keep(sample())
    (command.home / "overrides.toml").write_text(f'[tracks]\n"{DAFT}" = "none"\n')
    assert "the overrides file says: it has no counterpart" in command("explain", DAFT, "--offline").stdout


def test_an_open_search_shows_what_was_asked_so_far(command: CommandLine) -> None:
    command.keep(sample().with_mirror(mirror(GYM, "Gym", CollectionState.PENDING, parts=(part("2", OPEN),))))
    text = command("explain", OPEN, "--offline").stdout
    assert "the track with ISRC GBDUW0000059\n" in text
    assert LIVE.title in text


def test_a_track_nobody_has_seen(command: CommandLine) -> None:
    text = command("explain", SourceId("z" * 22)).stdout
    assert "the track is not in the checkpoint" in text
