"""The dashboard after a run: in its place, private, whole, and true also of a run that did not get far."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from checkpoint_sample import NOW
from report_sample import LISTENING, VIEW, in_step, matches, run
from s3_stage import Between, Moto

from musicdiff_job import publishing, telling
from musicdiff_job import settings as settings_loader
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import CheckpointInvalid, ConfigError, HistoryUnusable
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.play_counts import Listening
from musicdiff_job.core.plays import Play
from musicdiff_job.core.summary import ErrorLine
from musicdiff_job.playback.folder import FolderHistory
from musicdiff_job.publishing import HtmlReport, to_file
from musicdiff_job.sinks import SECONDS, SECONDS_STOPPED, Ended, Sink

GOOD = in_step().runs[-1]


def sinks(folder: Path, place: str, **env: str) -> tuple[Sink, ...]:
    loaded = settings_loader.load(env={"HOME": str(folder), "MUSICDIFF_REPORT_HTML": place, **env}, cwd=folder)
    return telling.open_sinks(loaded, {})


def page_after(ended: Ended, listening: Listening | None = None) -> str:
    put: list[bytes] = []
    HtmlReport(VIEW, lambda now: listening, lambda page, seconds: put.append(page)).end(ended)
    return b"".join(put).decode()


def test_the_page_is_in_its_place_for_its_owner_alone(tmp_path: Path) -> None:
    (sink,) = sinks(tmp_path, "page.html")
    assert sink.name == "report.html"
    sink.begin("r1")
    assert not (tmp_path / "page.html").exists()
    for summary in (GOOD, run(0, Outcome.CHANGED, 1, 1.0)):
        sink.end(Ended(summary, NOW, in_step))
    page = tmp_path / "page.html"
    assert "All is in step" in page.read_text(encoding="utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"], "no temporary file is left"


def test_no_place_is_no_sink_and_no_settings_are_none(tmp_path: Path) -> None:
    assert sinks(tmp_path, "") == ()
    assert telling.open_sinks(None, {}) == ()


def test_a_run_that_the_checkpoint_does_not_remember_is_told_if_it_went_ill() -> None:
    said = (ErrorLine("", "the disk is full", "Make room"),)
    ill = msgspec.structs.replace(run(0, Outcome.CHECKPOINT_UNWRITABLE, 0, 0.1), run_id="other", errors=said)
    page = page_after(Ended(ill, NOW, in_step))
    assert "Somebody should look" in page
    assert "The disk is full. Make room." in page
    locked = msgspec.structs.replace(ill, outcome=Outcome.LOCKED, errors=())
    assert "All is in step" in page_after(Ended(locked, NOW, in_step))


def test_a_run_that_is_remembered_is_told_once() -> None:
    failed = msgspec.structs.replace(in_step(), runs=(run(0, Outcome.PARTIAL, 1, 1.0),))
    page = page_after(Ended(failed.runs[0], NOW, lambda: failed))
    assert 'id="runs">Runs <span class="n">1</span>' in page


def test_a_checkpoint_that_cannot_be_read_is_told_all_the_same() -> None:
    def look() -> Checkpoint:
        raise CheckpointInvalid("it is torn", "Go back")

    ill = msgspec.structs.replace(run(0, Outcome.CHECKPOINT_INVALID, 0, 0.1), errors=(ErrorLine("", "it is torn"),))
    page = page_after(Ended(ill, NOW, look))
    assert "Somebody should look" in page
    assert "musicdiff-job</span> <span>checkpoint</span> <span>verify" in page


def test_the_listening_history_is_left_out_after_a_signal_and_when_it_cannot_be_read() -> None:
    assert "YOASOBI" in page_after(Ended(GOOD, NOW, in_step), LISTENING)
    assert "YOASOBI" not in page_after(Ended(GOOD, NOW, in_step, SECONDS_STOPPED), LISTENING)

    def broken(now: object) -> Listening:
        raise HistoryUnusable("torn", "")

    put: list[bytes] = []
    HtmlReport(VIEW, broken, lambda page, seconds: put.append(page)).end(Ended(GOOD, NOW, in_step))
    assert b"All is in step" in put[0]


def test_after_a_signal_the_page_of_a_large_library_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", 30)
    many = msgspec.structs.replace(in_step(), matches=matches(31))
    assert page_after(Ended(GOOD, NOW, lambda: many, SECONDS_STOPPED)) == ""
    assert page_after(Ended(GOOD, NOW, lambda: many, SECONDS)) != ""
    few = msgspec.structs.replace(in_step(), matches=matches(30))
    assert page_after(Ended(GOOD, NOW, lambda: few, SECONDS_STOPPED)) != ""


def test_the_history_of_three_months_is_counted(tmp_path: Path) -> None:
    history = FolderHistory(tmp_path / "plays")
    history.append([
        Play(played_at=f"2026-{month:02}-30T12:00:00.000Z", track=f"t{month}", title=f"Song of {month}", artists=("A",))
        for month in (8, 9, 10)
    ])  # fmt: skip
    place = {"MUSICDIFF_PLAYBACK_URL": str(tmp_path / "plays")}
    (sink,) = sinks(tmp_path, "page.html", MUSICDIFF_PLAYBACK_ENABLED="true", **place)
    sink.end(Ended(GOOD, NOW, in_step))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Song of 10" in page
    assert "Song of 9" in page
    assert "Song of 8" not in page
    (sink,) = sinks(tmp_path, "page.html", **place)
    sink.end(Ended(GOOD, NOW, in_step))
    assert "Song of 10" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_page_is_put_into_s3_for_browsers(tmp_path: Path, moto: Moto, between: Between) -> None:
    bucket = moto.bucket()
    (sink,) = sinks(tmp_path, f"s3://{bucket}/music/index.html")
    for _ in range(2):
        sink.end(Ended(GOOD, NOW, in_step))
    found = moto.client.get_object(Bucket=bucket, Key="music/index.html")
    assert found["ContentType"] == "text/html; charset=utf-8"
    assert found["CacheControl"] == "no-cache"
    assert b"All is in step" in found["Body"].read()


def test_a_folder_in_s3_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"report\.html: .* is a folder"):
        sinks(tmp_path, "s3://bucket/folder/")


def test_a_place_that_cannot_be_written_is_an_error_of_the_sink_alone(tmp_path: Path) -> None:
    sink = HtmlReport(VIEW, lambda now: None, to_file(tmp_path / "absent" / "page.html"))
    with pytest.raises(FileNotFoundError):
        sink.end(Ended(GOOD, NOW, in_step))
