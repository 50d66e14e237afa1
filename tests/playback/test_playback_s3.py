"""The listening history in S3: boto3 over HTTP against moto, with lost answers and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_suite import HistorySuite, play, written
from s3_stage import ALWAYS, Between, Moto

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import HistoryUnusable
from musicdiff_job.core.plays import NotALine, encode, key
from musicdiff_job.playback.s3 import HISTORY, S3History
from musicdiff_job.store.bucket import Bucket


class TestS3(HistorySuite):
    @pytest.fixture(autouse=True)
    def _bucket(self, between: Between) -> None:
        self.name = between.moto.bucket()

    def open(self, run: str = "run-1") -> S3History:
        return S3History(Bucket(self.name, StopFlag(), HISTORY), "music/plays/", run)


@pytest.fixture
def name(moto: Moto) -> str:
    return moto.bucket()


def opened(name: str, run: str = "run-1", prefix: str = "p/") -> S3History:
    return S3History(Bucket(name, StopFlag(), HISTORY), prefix, run)


def test_an_object_a_month_and_run_named_by_its_last_play(between: Between, name: str) -> None:
    opened(name).append([play(31, month=10), play(1), play(2)])
    assert between.moto.keys(name) == {
        "p/2026/10/2026-10-31T120000.500Z-run-1.ndjson",
        "p/2026/11/2026-11-02T120000.500Z-run-1.ndjson",
    }
    assert between.moto.get(name, "p/2026/11/2026-11-02T120000.500Z-run-1.ndjson") == encode([play(1), play(2)])
    assert all(one.headers["if-none-match"] == "*" for one in between.seen("PUT"))


def test_without_a_prefix(between: Between, name: str) -> None:
    history = opened(name, prefix="")
    history.append([play(1)])
    assert between.moto.keys(name) == {"2026/11/2026-11-01T120000.500Z-run-1.ndjson"}
    assert written(history) == [play(1)]


def test_news_that_is_newer_than_everything_reads_no_object(between: Between, name: str) -> None:
    for day in range(1, 6):
        opened(name, f"run-{day}").append([play(day)])
    between.tally()
    assert opened(name).holding([play(6), play(7)]) == frozenset()
    assert [one.method for one in between.seen()] == ["GET"], "one listing"
    between.tally()
    assert opened(name).holding([play(5), play(6)]) == {key(play(5))}
    assert len(between.seen()) == 2, "one listing and one object"


def test_an_answer_that_is_lost_is_settled_by_a_look(between: Between, name: str) -> None:
    between.spoil("PUT", lose=True)
    history = opened(name)
    history.append([play(1)])  # boto3 repeats it, and is refused because of its own first attempt
    assert [one.status for one in between.seen("PUT")] == [0, 412]
    assert written(history) == [play(1)]


def test_an_answer_that_never_comes_is_settled_by_a_look(between: Between, name: str) -> None:
    between.spoil("PUT", lose=True, times=1)
    between.spoil("PUT", status=500, code="InternalError", times=ALWAYS)
    opened(name).append([play(1)])
    assert written(opened(name)) == [play(1)]


def test_an_object_of_somebody_else_is_not_overwritten(between: Between, name: str) -> None:
    place = "p/2026/11/2026-11-01T120000.500Z-run-1.ndjson"
    between.moto.put(name, place, b"theirs")
    with pytest.raises(HistoryUnusable, match="another object") as raised:
        opened(name).append([play(1)])
    assert place in raised.value.message and "next run" in raised.value.hint
    assert between.moto.get(name, place) == b"theirs"


def test_more_objects_than_one_listing_shows(between: Between, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    for day in range(1, 6):
        opened(name, f"run-{day}").append([play(day)])
    between.tally()
    assert written(opened(name)) == [play(day) for day in range(1, 6)]
    assert len(between.seen()) == 3 + 5


def test_other_objects_are_none_of_ours_and_other_lines_are_told(between: Between, name: str) -> None:
    for place in ("p/notes.txt", "p/2026/11/notes.txt", "p/2026/11/deep/x.ndjson", "other/2026/11/x.ndjson"):
        between.moto.put(name, place, b"hello\n")
    assert opened(name).is_empty()
    between.moto.put(name, "p/2026/11/x.ndjson", b"hello\n" + encode([play(1)]))
    assert written(opened(name)) == [NotALine(f"s3://{name}/p/2026/11/x.ndjson", 1), play(1)]


def test_a_refusal_names_the_setting_and_what_to_allow(between: Between, name: str, tmp_path: Path) -> None:
    history = opened(name)
    between.spoil("GET", status=403, code="AccessDenied", times=ALWAYS)
    for act in (history.is_empty, lambda: history.holding([play(1)]), lambda: written(history)):
        with pytest.raises(HistoryUnusable, match="listening history cannot be read") as raised:
            act()
        assert "s3:ListBucket" in raised.value.hint and "checkpoint" not in str(raised.value)
    with pytest.raises(HistoryUnusable, match="NoSuchBucket") as raised:
        opened("no-such-bucket").append([play(1)])
    assert raised.value.hint == "create the bucket, or correct playback.url"
    with pytest.raises(HistoryUnusable, match=r"playback\.url: s3://a!b"):
        opened("a!b").append([play(1)])
