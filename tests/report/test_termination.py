"""The termination message: whole where it fits, valid and still telling where it does not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from checkpoint_sample import GYM, HOSTILE, NOW, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import (
    CollectionResult,
    CollectionState,
    ConflictLine,
    ErrorLine,
    Playback,
    Summary,
    totals_of,
)
from musicdiff_job.report.termination import TerminationLog, termination_message
from musicdiff_job.sinks import Ended

RUN = sample().runs[-1]
MANY = tuple(CollectionResult(GYM, "playlist", f"List {at}", CollectionState.FAILED, "") for at in range(200))


def read(message: bytes) -> Summary:
    assert len(message) <= 4096
    return msgspec.json.decode(message, type=Summary)


def test_a_short_summary_is_told_whole() -> None:
    assert read(termination_message(RUN)) == RUN


def test_collections_go_first_and_are_still_counted() -> None:
    errors = (ErrorLine("Gym", "it does not exist", "Nothing to do"),)
    long = msgspec.structs.replace(RUN, collections=MANY, totals=totals_of(MANY, 0), errors=errors)
    told = read(termination_message(long))
    assert told.collections == ()
    assert (told.totals, told.errors, told.new_playlists) == (long.totals, errors, long.new_playlists)


def test_errors_go_last_and_the_first_of_them_stays() -> None:
    errors = tuple(ErrorLine(f"List {at}", "no " * 900, "do this") for at in range(50))
    long = msgspec.structs.replace(RUN, outcome=Outcome.PARTIAL, exit_code=20, collections=MANY, errors=errors)
    told = read(termination_message(long))
    assert (told.outcome, told.exit_code) == (Outcome.PARTIAL, 20)
    assert told.errors[0].where == "List 0"
    assert told.errors[0].message.startswith("no no")
    assert told.errors[0].message.endswith("…")
    assert told.errors[0].hint == "do this"
    assert 1 <= len(told.errors) < 50


texts = st.text(max_size=400) | st.just(HOSTILE * 9) | st.just("\U000e0041" * 400) | st.just("\udcff" * 300)


@settings(max_examples=25)
@given(
    profile=texts,
    conflicts=st.lists(texts, max_size=8),
    errors=st.lists(texts, max_size=8),
    names=st.lists(texts, max_size=8),
)
def test_whatever_it_holds_it_fits_and_is_a_summary(
    profile: str, conflicts: list[str], errors: list[str], names: list[str]
) -> None:
    long = msgspec.structs.replace(
        RUN,
        profile=profile,
        conflicts=tuple(ConflictLine("id", GYM, text, "mass_removal", text, "") for text in conflicts),
        errors=tuple(ErrorLine(text, text, text) for text in errors),
        new_playlists=tuple(names),
        playback=Playback(3, tuple(names)),
    )
    told = read(termination_message(long))
    assert (told.run_id, told.outcome, told.playback.new_plays) == (RUN.run_id, RUN.outcome, 3)


def test_an_error_of_wide_characters_is_not_lost() -> None:
    """The kubelet counts bytes, and these take three each."""
    error = ErrorLine("東" * 900, "京" * 900, "駅" * 900)
    assert len(read(termination_message(msgspec.structs.replace(RUN, errors=(error,)))).errors) == 1


def ended(summary: Summary = RUN) -> Ended:
    return Ended(summary, NOW, lambda: None)


def test_the_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "termination-log"
    path.write_text("x" * 9000)
    sink = TerminationLog(path)
    sink.begin("r")
    sink.end(ended())
    assert read(path.read_bytes()) == RUN


def test_a_file_that_the_kubelet_has_not_made_is_not_made(tmp_path: Path) -> None:
    TerminationLog(tmp_path / "termination-log").end(ended())
    assert not list(tmp_path.iterdir())


def test_a_file_that_takes_nothing_is_told() -> None:
    with pytest.raises(OSError, match="No space left"):
        TerminationLog(Path("/dev/full")).end(ended())
