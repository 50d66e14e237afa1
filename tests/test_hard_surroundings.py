"""The real command without what a process usually has: open streams, a working directory, a home, files to open."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_command import COMMAND, command, environment, inside, running, shell, summary_of, wait_for
from rig import Rig, open_rig

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.sandbox.world import synthetic_world

SCALE = int(os.environ.get("MUSICDIFF_TORTURE", "1"))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A library in step."""
    spotify = synthetic_world(playlists=2, tracks_each=3, liked=1, seed=9)
    with open_rig(tmp_path_factory.mktemp("hard"), spotify) as rig:
        assert rig.run().outcome is Outcome.CHANGED
        yield rig


# Streams


CLOSED = {
    "stderr": '"$@" 2>&-',
    "all": '"$@" <&- >&- 2>&-',
    "stdout is full": '"$@" >/dev/full',
}


@pytest.mark.parametrize("streams", CLOSED)
def test_a_run_ends_as_it_went_whoever_listens(rig: Rig, streams: str) -> None:
    summary = rig.folder / "summary.json"
    ended = command(rig, "run", "--force", "--summary-file", str(summary), before=shell(CLOSED[streams]))
    assert (ended.code, "in_sync" in summary.read_text()) == (0, True), ended
    assert "Traceback" not in ended.said
    assert ("the output could not be written: No space left on device" in ended.err) is (streams == "stdout is full")
    if streams == "stderr":
        assert ended.summary["outcome"] == "in_sync"
    summary.unlink()


def test_what_was_asked_for_and_could_not_be_written_is_74(rig: Rig) -> None:
    ended = command(rig, "status", "--json", before=shell('"$@" >/dev/full'))
    assert (ended.code, ended.err) == (74, "the output could not be written: No space left on device\n")


def test_nothing_that_is_opened_later_takes_the_place_of_a_stream(rig: Rig) -> None:
    """With stdout closed the first file to be opened would be number 1, and what is printed would go into it."""
    ended = command(rig, "pause", before=shell('"$@" >&- 2>&-'))
    assert (ended.code, ended.said) == (0, "")
    assert rig.store().verify().generation
    assert inside(rig, "resume").code == 0


def test_complaints_that_nobody_reads_do_not_take_the_summary_with_them(rig: Rig) -> None:
    """The first complaint to a pipe whose reader has gone once closed stdout."""
    with subprocess.Popen(
        [*COMMAND, "run", "--summary-file", "/nowhere/summary.json"],
        env=environment(rig),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stderr.close()
        out = process.stdout.read()
        assert process.wait(60) == 0
    assert '"outcome":"in_sync"' in out


# Places


def test_a_working_directory_that_was_deleted(rig: Rig, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    ended = command(rig, "run", cwd=gone, before=shell(f'rmdir {gone} && exec "$@"'))
    assert (ended.code, ended.out) == (64, "")
    assert ended.err == "the working directory does not exist any more. Change to one that does (`cd`)\n"


def test_without_a_home(rig: Rig) -> None:
    homeless = ("env", "-u", "HOME")
    assert command(rig, "run", before=homeless).code == 0, "nothing that is used needs it"
    ended = command(rig, "run", before=(*homeless, "-u", "MUSICDIFF_CHECKPOINT_URL"))
    assert ended.code == 78
    assert "checkpoint.url starts with ~, but HOME is not set; give an absolute path" in ended.err


# Limits


def test_with_hardly_a_file_to_open_nothing_is_lost(rig: Rig) -> None:
    before = rig.checkpoint_file.read_bytes()
    ended = command(rig, "run", before=shell('ulimit -n 4; exec "$@"'))
    # 1: so few that Python itself cannot start, which depends on what is installed beside the job.
    assert ended.code in (1, 65, 74), ended
    assert "Too many open files" in ended.said
    assert ended.code == 1 or "ulimit -n" in ended.said
    assert rig.checkpoint_file.read_bytes() == before
    # Just enough to begin with.
    assert command(rig, "run", "--force", before=shell('ulimit -n 7; exec "$@"')).code != 0
    rig.store().verify()


def test_a_signal_that_was_ignored_before_is_heeded(rig: Rig) -> None:
    """``nohup`` and some schedulers start jobs with signals ignored; a run takes them back."""
    rig.sandbox.latency = 0.5
    try:
        with subprocess.Popen(
            [*shell('trap "" INT; exec "$@"'), *COMMAND, "run", "--force"],
            env=environment(rig),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr is not None
            assert b"run.started" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
    finally:
        rig.sandbox.latency = 0


@pytest.mark.skipif(SCALE == 1, reason="keeps a core busy for five seconds; MUSICDIFF_TORTURE=2 runs it")
def test_a_signal_ends_a_run_whose_pattern_has_no_end(tmp_path: Path) -> None:
    """A regular expression of the user's own may try every way to fail on a name; Python does not limit it."""
    spotify = synthetic_world(playlists=1, tracks_each=1, liked=0, seed=9)
    spotify.add_playlist("a" * 60 + "!")
    with open_rig(tmp_path, spotify, MUSICDIFF_SYNC_INCLUDE='["re:(a+)+$"]') as rig, running(rig, "run") as process:
        wait_for(lambda: rig.sandbox.calls("deezer") > 0)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 143
        assert summary_of(out)["outcome"] == "interrupted"
        assert rig.checkpoint().runs[-1].outcome is Outcome.INTERRUPTED
