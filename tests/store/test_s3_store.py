"""The checkpoint in S3: boto3 over HTTP against moto, with lost answers, conflicts, refusals and clocks that differ."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.config import Config
from s3_stage import ALWAYS, Between, Moto, Spoil, environment
from stopped_clock import StoppedClock
from store_suite import FIRST, SECOND, THIRD, StoreSuite, foreign

from musicdiff_job.clock import StopFlag
from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import SCHEMA, Checkpoint
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.errors import (
    CheckpointInvalid,
    CheckpointUnwritable,
    Locked,
    LostLease,
)
from musicdiff_job.ports import CheckpointStore
from musicdiff_job.store import bucket, s3_lease
from musicdiff_job.store.bucket import Bucket
from musicdiff_job.store.s3 import S3Store
from musicdiff_job.store.s3_document import SKEW, S3Document
from musicdiff_job.store.s3_lease import S3Lease, take


@dataclass
class Object:
    """A ``Place`` in a bucket of its own. Its stores talk to whatever AWS_ENDPOINT_URL_S3 names."""

    moto: Moto
    key: str
    clock: StoppedClock = field(default_factory=StoppedClock)
    stop: StopFlag = field(default_factory=StopFlag)

    def __post_init__(self) -> None:
        self.bucket = self.moto.bucket()

    def store(self, clock: StoppedClock | None = None) -> S3Store:
        return S3Store(self.bucket, self.key, clock=clock or self.clock, app_version="0.1.0", stop=self.stop)

    def content(self, suffix: str = "") -> bytes | None:
        return self.moto.get(self.bucket, self.key + suffix)

    def overwrite(self, content: bytes, suffix: str = "") -> None:
        self.moto.put(self.bucket, self.key + suffix, content)

    def remove(self) -> None:
        self.moto.delete(self.bucket, self.key)

    def suffixes(self) -> set[str]:
        return {key.removeprefix(self.key) for key in self.moto.keys(self.bucket)}

    def learn(self, schema: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(s3_lease, "SCHEMA", schema)

    def header(self) -> DocumentHeader:
        return document.read_header(self.content() or b"")

    def until(self) -> datetime:
        return self.clock.now() + timedelta(minutes=10)

    def hold(self, run_id: str, clock: StoppedClock | None = None) -> S3Lease:
        """The lease of a run that never ends, unless somebody ends it."""
        clock = clock or self.clock
        at = S3Document(Bucket(self.bucket, self.stop), self.key, clock, "0.1.0")
        return take(at, run_id, clock.now() + timedelta(minutes=10))

    def run(self, *checkpoints: Checkpoint, run_id: str = "") -> None:
        """A run with these saves; the last of them gives the lease back, as a job's does."""
        with self.store().lease(run_id or secrets.token_hex(4), self.until()) as lease:
            for checkpoint in checkpoints:
                lease.save(checkpoint, last=checkpoint is checkpoints[-1])


@pytest.fixture(autouse=True)
def thrifty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stores of one test share their clients, which take longer to make than most tests, and remember nothing."""
    made: dict[str, Any] = {}
    make = boto3.client

    def client(service: str, config: Config) -> Any:
        attempts = os.environ.get("AWS_MAX_ATTEMPTS")
        key = f"{attempts} {config.connect_timeout} {config.read_timeout} {config.retries}"
        if key not in made:
            made[key] = make(service, config=config)
        return made[key]

    monkeypatch.setattr(boto3, "client", client)


@pytest.fixture
def near(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 talks to moto."""
    for name, value in environment(moto.url).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def place(between: Between) -> Object:
    """boto3 talks to the proxy before moto."""
    return Object(between.moto, "state/checkpoint.json")


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """boto3's pauses between attempts take no time; they are listed."""
    pauses: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=pauses.append))
    return pauses


def test_it_is_a_store(place: Object, between: Between) -> None:
    store: CheckpointStore = place.store()
    assert store.place == f"s3://{place.bucket}/state/checkpoint.json"
    assert between.tally() == [], "constructing reaches nothing"
    assert store.peek() is None
    assert place.suffixes() == set(), "looking must not create anything"


@pytest.mark.usefixtures("near")
class TestObject(StoreSuite):
    """On a compressed one; the other tests of this module take a plain one."""

    @pytest.fixture
    def place(self, moto: Moto) -> Object:
        return Object(moto, "a folder/чекпойнт +1.json.gz")


class TestCost:
    """Each request counts: S3 bills them, and a run with nothing to do should be over in a moment."""

    def test_a_first_run_and_the_next(self, place: Object, between: Between) -> None:
        key = place.key
        place.run(FIRST)
        assert between.tally() == [f"GET {key} 404", f"PUT {key} 200", f"PUT {key} 200"]
        place.run(FIRST, SECOND)
        copy = f"COPY {key}.prev 200"
        assert between.tally() == [f"GET {key} 200", f"PUT {key} 200", copy, f"PUT {key} 200", f"PUT {key} 200"]

    def test_a_run_that_saves_nothing_gives_the_lease_back(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        before = place.content()
        between.tally()
        with place.store().lease("run-2", place.until()) as lease:
            lease.prove_writable()
            assert lease.load() == FIRST
            assert place.header().lease is not None
        assert between.tally() == [f"GET {place.key} 200", f"PUT {place.key} 200", f"PUT {place.key} 200"]
        assert place.content() == before

    def test_one_that_finds_it_locked_only_reads(self, place: Object, between: Between) -> None:
        with place.store().lease("run-1", place.until()):
            between.tally()
            with pytest.raises(Locked):
                place.run(FIRST)
            assert between.tally() == [f"GET {place.key} 200"]

    def test_a_header_costs_a_few_kilobytes(self, place: Object, between: Between) -> None:
        place.run(Checkpoint(overrides=" ".join(map(str, range(20_000)))))
        between.tally()
        assert place.store().peek_header() == place.header()
        assert between.requests[0].headers["range"] == "bytes=0-16383"


class TestLease:
    def test_it_stands_in_the_document_and_is_no_save(self, place: Object) -> None:
        place.run(FIRST, run_id="run-1")
        with place.store().lease("run-2", place.until()) as lease:
            header = place.header()
            assert header.lease is not None
            claim = (header.lease.run_id, header.lease.host, header.lease.expires_at)
            assert claim == ("run-2", socket.gethostname(), "2026-11-21T12:10:00Z")
            assert (header.run_id, header.generation) == ("run-1", 1)
            lease.save(SECOND)
            assert place.header().lease == header.lease, "a save renews it"
            assert place.header().generation == 2
            lease.save(THIRD, last=True)
            assert place.header().lease is None
            assert place.header().generation == 3

    def test_a_first_run_that_is_killed_leaves_an_empty_checkpoint(self, place: Object) -> None:
        place.hold("killed")
        assert (place.header().generation, place.store().peek()) == (0, Checkpoint())
        place.clock.wait(3600)
        place.run(FIRST)
        assert place.header().generation == 1
        assert place.suffixes() == {""}, "there was nothing to go back to"

    @pytest.mark.parametrize(("late", "is_free"), [(0, False), (29, False), (30, True), (86_400, True)])
    def test_it_is_free_when_it_has_expired_and_clocks_may_differ_a_little(
        self, place: Object, late: int, is_free: bool
    ) -> None:
        assert timedelta(seconds=30) == SKEW
        place.run(FIRST)
        killed = place.hold("killed")
        killed.save(SECOND)
        other = StoppedClock(place.until() + timedelta(seconds=late))
        if not is_free:
            told = f"run killed on {re.escape(socket.gethostname())}, until 2026-11-21T12:10:00Z"
            with pytest.raises(Locked, match=told):
                place.hold("next", other)
            return
        with place.store(other).lease("next", other.now() + timedelta(minutes=10)) as lease:
            assert lease.load() == SECOND
            lease.save(THIRD)
            # The one that was thought dead comes back.
            for _ in range(2):
                with pytest.raises(LostLease, match=r"run next on .+, until .+, holds it"):
                    killed.save(FIRST)
            with pytest.raises(LostLease):
                killed.load()
            killed.end()
            assert place.store().peek() == THIRD
            lease.save(SECOND)
        assert place.header().lease is None
        assert place.store().peek() == SECOND

    def test_a_holder_whose_clock_is_wrong_is_protected_by_the_swap_alone(self, place: Object) -> None:
        yesterday = StoppedClock(place.clock.now() - timedelta(days=1))
        with place.store(yesterday).lease("slow", yesterday.now()) as slow:
            slow.save(FIRST)
            place.run(SECOND, run_id="right")
            with pytest.raises(LostLease, match="run right saved generation 2"):
                slow.save(THIRD)
        assert place.store().peek() == SECOND

    @pytest.mark.parametrize("end", ["", "tomorrow", "2026-11-21T13:00:00", "9999-12-31T23:59:59Z"])
    def test_a_lease_without_a_possible_end_binds_nobody(self, place: Object, end: str) -> None:
        claim = document.Claim("odd", "host", end, "1f2e")
        place.overwrite(document.with_lease(foreign(FIRST), claim, compress=False)[1])
        place.run(SECOND)
        assert place.store().peek() == SECOND

    def test_two_runs_of_one_name_are_two(self, place: Object) -> None:
        place.hold("run")
        with pytest.raises(Locked):
            place.hold("run")

    def test_whoever_is_faster_wins(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        between.spoil(meanwhile=lambda: place.hold("rival"))
        with pytest.raises(Locked, match="run rival"):
            place.hold("run")
        assert [one.status for one in between.seen("PUT")[-2:]] == [412, 200], "both asked, S3 decided"

    @pytest.mark.parametrize("existing", [True, False])
    def test_whoever_was_faster_and_is_gone_is_no_hindrance(
        self, place: Object, between: Between, existing: bool
    ) -> None:
        if existing:
            place.run(FIRST)
        between.spoil(meanwhile=lambda: place.run(SECOND, run_id="rival"))
        with place.store().lease("run", place.until()) as lease:
            assert lease.load() == SECOND

    def test_what_was_removed_in_the_same_instant_is_a_first_run(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        between.spoil(meanwhile=place.remove)
        with place.store().lease("run", place.until()) as lease:
            assert lease.load() == Checkpoint()

    def test_the_document_may_be_copied_over_itself(self, place: Object) -> None:
        place.run(FIRST)
        with place.store().lease("run", place.until()) as lease:
            for checkpoint in (SECOND, THIRD, SECOND):
                place.overwrite((place.content() or b"") + b"\n")  # another ETag, the same document
                lease.save(checkpoint)
            place.overwrite((place.content() or b"") + b"\n")
            assert lease.load() == SECOND
            lease.save(THIRD)
        assert place.store().peek() == THIRD

    def test_a_lease_that_cannot_be_given_back_expires(
        self, place: Object, between: Between, caplog: pytest.LogCaptureFixture
    ) -> None:
        with place.store().lease("run", place.until()) as lease:
            lease.save(FIRST)
            between.spoil(times=ALWAYS, status=403, code="AccessDenied")
        assert "lease.not_returned" in caplog.text
        assert place.header().lease is not None
        between.spoils.clear()
        place.clock.wait(3600)
        place.run(SECOND)


class TestPrevious:
    def test_what_moved_before_it_was_copied_is_lost_to_us(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        theirs = foreign(SECOND)
        with place.store().lease("run", place.until()) as lease:
            place.overwrite(theirs)
            with pytest.raises(LostLease, match="run other"):
                lease.save(THIRD)
        assert between.seen("COPY")[-1].status == 412
        assert place.content() == theirs
        assert place.suffixes() == {""}

    def test_what_is_restored_belongs_to_nobody(self, place: Object) -> None:
        place.run(FIRST)
        place.run(SECOND)
        assert document.read_header(place.content(".prev") or b"").lease is not None, "it was copied during a run"
        assert place.store().restore_previous() == place.header()
        assert place.header().lease is None
        place.run(THIRD)

    def test_it_never_replaces_what_a_run_saves_meanwhile(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        place.run(SECOND)
        between.spoil(meanwhile=lambda: place.run(THIRD))
        with pytest.raises(Locked, match="just written"):
            place.store().restore_previous()
        assert place.store().peek() == THIRD

    def test_a_run_that_begins_in_the_middle_keeps_its_own_previous_one(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        place.run(SECOND)
        between.spoil(key="*.prev", meanwhile=lambda: place.run(THIRD))
        place.store().restore_previous()
        assert place.store().peek() == THIRD
        assert document.decode(place.content(".prev") or b"")[1] == FIRST

    def test_a_lost_answer_is_not_taken_for_somebody_else(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        place.run(SECOND)
        between.spoil(key=place.key, lose=True)
        between.spoil(key="*.prev", lose=True)
        assert place.store().restore_previous().generation == 1
        assert place.store().restore_previous().generation == 2
        assert place.store().peek() == SECOND

    def test_half_a_restore_says_so(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        place.run(SECOND)
        between.spoil(key="*.prev", status=403, code="AccessDenied")
        with pytest.raises(CheckpointUnwritable, match=r"is back, but .* could not be kept: .*AccessDenied"):
            place.store().restore_previous()
        assert place.store().peek() == FIRST


def block(name: str) -> Any:
    """The JSON between the marks of this name in the documentation."""
    page = (Path(__file__).parents[2] / "docs" / "s3.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n```json\n(.*?)```\n<!-- /{name} -->", page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def listed(value: str | list[str]) -> list[str]:
    """A policy's actions or resources, of which one may stand without brackets."""
    return [value] if isinstance(value, str) else value


class TestDocumentation:
    def test_the_policy_is_exactly_what_it_takes(
        self, moto: Moto, between: Between, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        granted = {
            (action, resource.removeprefix("arn:aws:s3:::my-bucket/"))
            for statement in block("policy")["Statement"]
            for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
            for resource in (
                [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
            )
        }
        place = Object(moto, "musicdiff/default/checkpoint.json.gz")
        place.store().create("init")
        place.run(FIRST)
        place.learn(SCHEMA + 1, monkeypatch)
        place.run(SECOND)
        place.store().restore_previous()
        place.overwrite(b"{")
        with pytest.raises(CheckpointInvalid):
            place.store().peek()
        used = set()
        for one in between.seen():
            if one.method == "COPY":
                source = unquote(one.headers["x-amz-copy-source"]).partition("/")[2]
                used |= {("s3:GetObject", source), ("s3:PutObject", one.key)}
            else:
                used.add(({"GET": "s3:GetObject", "PUT": "s3:PutObject"}[one.method], one.key))
        assert {(action, key.replace(f".v{SCHEMA}", ".v*")) for action, key in used} == granted

    def test_the_lifecycle_is_one(self, moto: Moto) -> None:
        bucket = moto.bucket()
        rules = block("lifecycle")
        moto.client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
        kept = moto.client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert kept[0]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30, "boto3 knows the rest, moto forgets it"


LOST = pytest.mark.parametrize("attempts", [1, 2], ids=["boto3 does not repeat", "it does"])


@pytest.mark.usefixtures("swift")
class TestLostAnswers:
    """The write is carried out and its answer lost: with one attempt boto3 knows nothing, with more it is refused for
    what it did itself."""

    @pytest.fixture(autouse=True)
    def _attempts(self, attempts: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", str(attempts))

    @LOST
    @pytest.mark.parametrize("write", range(4))
    @pytest.mark.parametrize("existing", [True, False])
    def test_any_of_a_runs_writes(
        self, place: Object, between: Between, attempts: int, write: int, existing: bool
    ) -> None:
        if existing:
            place.run(FIRST)
        between.tally()
        between.spoil(key=place.key, skip=write, lose=True)
        place.run(SECOND, THIRD, FIRST)  # a claim and three saves
        unanswered = [one.status for one in between.seen("PUT") if one.key == place.key].index(0)
        assert unanswered == write
        assert len(between.seen("PUT")) == 4 + (attempts > 1)
        assert place.store().peek() == FIRST
        assert place.header().generation == 3 + existing
        assert place.header().lease is None

    @LOST
    def test_a_copy_is_made_again(self, place: Object, between: Between, attempts: int) -> None:
        place.run(FIRST)
        between.spoil("COPY", lose=True)
        if attempts > 1:
            place.run(SECOND)
            assert place.store().peek() == SECOND
        else:
            with pytest.raises(CheckpointUnwritable):
                place.run(SECOND)
            assert place.store().peek() == FIRST
        assert document.decode(place.content(".prev") or b"")[1] == FIRST

    @LOST
    def test_creating(self, place: Object, between: Between, attempts: int) -> None:
        between.spoil(lose=True)
        assert place.store().create("init")
        assert not place.store().create("again")

    @LOST
    def test_somebody_elses_write_is_not_taken_for_ours(self, place: Object, between: Between, attempts: int) -> None:
        place.run(FIRST)
        theirs = foreign(SECOND)
        with place.store().lease("run", place.until()) as lease:
            lease.save(THIRD)
            # Ours never arrived, theirs did; our connection is gone in both cases.
            between.spoil(key=place.key, meanwhile=lambda: place.overwrite(theirs), lose=True)
            with pytest.raises(LostLease, match="run other saved generation 40"):
                lease.save(SECOND)
        assert place.content() == theirs


def test_an_answer_that_nobody_waits_for_any_more_is_lost_too(
    place: Object, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(bucket, "READ_TIMEOUT", 0.5)
    place.run(FIRST)
    between.spoil(key=place.key, skip=1, lose=True, hang=True)
    place.run(SECOND)
    assert [one.status for one in between.seen("PUT")][-1] == 0
    assert place.store().peek() == SECOND


def test_a_write_that_arrives_late_is_ours_too(
    place: Object, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with place.store().lease("run", place.until()) as lease:
        lease.save(FIRST)
        between.spoil(status=500, code="InternalError")
        with pytest.raises(CheckpointUnwritable, match="InternalError"):
            lease.save(SECOND)
        assert place.store().peek() == FIRST
        place.overwrite(between.seen("PUT")[-1].body)  # S3 got round to it after all
        lease.save(THIRD)
        assert place.header().generation == 3
    assert place.store().peek() == THIRD


@pytest.mark.usefixtures("swift")
class TestRefusals:
    def test_a_conflict_is_looked_at_and_tried_again(self, place: Object, between: Between) -> None:
        for _ in range(2):
            between.spoil(times=2, status=409, code="ConditionalRequestConflict")
            place.run(FIRST, SECOND)
        assert place.store().peek() == SECOND
        assert place.clock.now() > StoppedClock().now(), "it waits a little in between"

    @pytest.mark.parametrize(("status", "code"), [(409, "ConditionalRequestConflict"), (412, "PreconditionFailed")])
    def test_but_not_for_ever(self, place: Object, between: Between, status: int, code: str) -> None:
        place.run(FIRST)
        with place.store().lease("run", place.until()) as lease:
            between.tally()
            between.spoil(times=ALWAYS, status=status, code=code)
            with pytest.raises(CheckpointUnwritable, match="although nobody else has"):
                lease.save(SECOND)
            assert len(between.seen("PUT")) == 5
        with pytest.raises(CheckpointUnwritable, match="although nobody else has"):
            place.clock.wait(3600)
            place.run(SECOND)
        assert place.store().peek() == FIRST

    def test_creating_is_tried_again_too(self, place: Object, between: Between) -> None:
        between.spoil(times=2, status=409, code="ConditionalRequestConflict")
        assert place.store().create("init")
        between.spoil(times=ALWAYS, status=409, code="ConditionalRequestConflict")
        with pytest.raises(CheckpointUnwritable):
            place.store().create("init")

    def test_another_writer_during_a_conflict(self, place: Object, between: Between) -> None:
        theirs = foreign(SECOND)
        with place.store().lease("run", place.until()) as lease:
            between.spoil(status=409, code="ConditionalRequestConflict", meanwhile=lambda: place.overwrite(theirs))
            with pytest.raises(LostLease):
                lease.save(FIRST)
        assert place.content() == theirs

    @pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
    def test_an_overloaded_service_is_asked_again_and_then_no_more(
        self, place: Object, between: Between, code: str, swift: list[float]
    ) -> None:
        status = 500 if code == "InternalError" else 503
        place.run(FIRST)
        between.spoil(times=2, status=status, code=code)
        place.run(SECOND)
        assert len(swift) == 2
        with place.store().lease("run", place.until()) as lease:
            between.spoil(times=ALWAYS, status=status, code=code)
            between.tally()
            with pytest.raises(CheckpointUnwritable, match=rf"cannot be saved: S3 says {code} .*the next run goes on"):
                lease.save(THIRD)
            assert len(between.seen("PUT")) == 3
            between.spoils.clear()
        assert place.header().lease is None, "what is there is known and ours, so it was given back"
        assert place.store().peek() == SECOND

    def test_one_that_is_away_altogether(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        with place.store().lease("run", place.until()) as lease:
            for method in ("GET", "PUT", "COPY"):
                between.spoil(method, times=ALWAYS, lose=True)
            for _ in range(2):
                with pytest.raises(CheckpointUnwritable, match="cannot be saved: boto3 says ConnectionClosedError"):
                    lease.save(SECOND)
        with pytest.raises(CheckpointUnwritable, match="cannot be read: boto3 says ConnectionClosedError"):
            place.store().peek()

    def test_a_save_may_be_tried_again(self, place: Object, between: Between) -> None:
        with place.store().lease("run", place.until()) as lease:
            between.spoil(times=3, status=503, code="SlowDown")
            with pytest.raises(CheckpointUnwritable):
                lease.save(FIRST)
            lease.save(SECOND)
        assert place.store().peek() == SECOND

    def test_a_copy_that_conflicts_is_made_again(self, place: Object, between: Between) -> None:
        place.run(FIRST)
        between.spoil("COPY", times=2, status=409, code="ConditionalRequestConflict")
        place.run(SECOND)
        assert document.decode(place.content(".prev") or b"")[1] == FIRST
        between.spoil("COPY", times=ALWAYS, status=409, code="ConditionalRequestConflict")
        with pytest.raises(CheckpointUnwritable, match="although nobody else has"):
            place.run(THIRD)
        assert place.store().peek() == SECOND

    @pytest.mark.parametrize("when", ["claim", "keep", "save"])
    def test_a_write_that_is_denied(self, place: Object, between: Between, when: str) -> None:
        place.run(FIRST)
        place.run(SECOND)
        between.spoil("COPY" if when == "keep" else "PUT", skip=when == "save", status=403, code="AccessDenied")
        with pytest.raises(CheckpointUnwritable) as refusal:
            place.run(THIRD)
        key = f"{place.key}.prev" if when == "keep" else place.key
        assert refusal.value.message == (
            f"the checkpoint cannot be saved: S3 says AccessDenied (s3://{place.bucket}/{key})"
        )
        assert "allow s3:GetObject and s3:PutObject" in refusal.value.hint
        assert place.store().peek() == SECOND

    @pytest.mark.parametrize(
        ("message", "told"),
        [
            (
                "Access Denied",
                ["there may be none yet", "s3:ListBucket", "`musicdiff-job checkpoint init`", "GetObject"],
            ),
            (
                "User: arn:aws:iam::1:user/u is not authorized to perform: s3:ListBucket on resource: arn:aws:s3:::b",
                ["probably no checkpoint yet", "`musicdiff-job checkpoint init`"],
            ),
            ("User: arn:aws:iam::1:user/u is not authorized to perform: s3:GetObject on", ["S3 asks for s3:GetObject"]),
            ("User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on", ["allow kms:Decrypt"]),
        ],
    )
    def test_a_read_that_is_denied_may_mean_that_there_is_nothing(
        self, place: Object, between: Between, message: str, told: list[str]
    ) -> None:
        between.spoil("GET", times=ALWAYS, status=403, code="AccessDenied", message=message)
        for read in (place.store().peek, place.store().peek_header, lambda: place.run(FIRST)):
            with pytest.raises(CheckpointUnwritable, match="cannot be read: S3 says AccessDenied") as refusal:
                read()
            assert [word for word in told if word not in refusal.value.hint] == []
            assert "arn:aws" not in str(refusal.value)
        assert between.seen("PUT") == []

    def test_a_first_run_without_the_right_to_list(self, place: Object, between: Between) -> None:
        denied = Spoil("GET", times=ALWAYS, status=403, code="AccessDenied")
        between.spoils.append(denied)
        with pytest.raises(CheckpointUnwritable, match="checkpoint init"):
            place.run(FIRST)
        assert place.store().create("init")
        assert not place.store().create("init"), "it says that there is one although it may not be read"
        denied.key = "*.prev"  # what does not exist is denied on, the checkpoint is there now
        place.run(FIRST)
        assert place.store().previous_header() is None
        place.overwrite(b"{")
        with pytest.raises(CheckpointInvalid, match="first run"):
            place.store().peek()
        place.overwrite(foreign(FIRST))
        with pytest.raises(CheckpointUnwritable, match=r"S3 says AccessDenied \(s3://.*\.prev\)"):
            place.store().restore_previous()

    @pytest.mark.parametrize(
        ("status", "code", "told"),
        [
            (404, "NoSuchBucket", "create the bucket, or correct checkpoint.url"),
            (403, "InvalidAccessKeyId", "give boto3 credentials"),
            (403, "SignatureDoesNotMatch", "give boto3 credentials"),
            (400, "ExpiredToken", "give boto3 credentials"),
            (403, "RequestTimeTooSkewed", "set this machine's clock"),
            (301, "PermanentRedirect", "set AWS_REGION"),
            (400, "AuthorizationHeaderMalformed", "set AWS_REGION"),
            (403, "InvalidObjectState", "lifecycle"),
            (501, "NotImplemented", "conditional writes"),
            (418, "ImATeapot &lt;b>'", ""),
        ],
    )
    def test_what_to_do_by_what_s3_says(
        self, place: Object, between: Between, status: int, code: str, told: str
    ) -> None:
        for method, act in (("GET", place.store().peek), ("PUT", lambda: place.store().create("init"))):
            between.spoils[:] = [Spoil(method, times=ALWAYS, status=status, code=code)]
            with pytest.raises(CheckpointUnwritable) as refusal:
                act()
            word = re.match(r"\w+", code)
            assert word is not None
            assert f"S3 says {word[0]}" in refusal.value.message
            assert refusal.value.message.isprintable()
            assert told in refusal.value.hint
