"""Objects under conditions, over HTTP; what boto3 is told by its environment; and what a signal does to a request."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import boto3
import pytest
from s3_stage import ALWAYS, Between, Moto, environment

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import CheckpointUnwritable, ConfigError, Interrupted
from musicdiff_job.store.bucket import (
    CHECKPOINT,
    CONNECT_TIMEOUT,
    LEAST_TIMEOUT,
    READ_TIMEOUT,
    STOPS_WITHIN,
    Bucket,
    Busy,
    Held,
    Moved,
    Unanswered,
    Use,
)


@pytest.fixture
def stop() -> StopFlag:
    return StopFlag()


@pytest.fixture
def name(moto: Moto) -> str:
    return moto.bucket()


@pytest.fixture
def bucket(between: Between, name: str, stop: StopFlag) -> Bucket:
    return Bucket(name, stop)


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """boto3 reads its environment and its files once a process; here once more."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    yield monkeypatch


class TestConditions:
    def test_what_is_written_is_read(self, bucket: Bucket) -> None:
        assert bucket.read("key") is None
        etag = bucket.write("key", b"content", None)
        assert bucket.read("key") == Held(etag, b"content")
        assert bucket.read("key", 4) == Held(etag, b"cont")
        assert bucket.read("key", 400) == Held(etag, b"content")

    def test_an_empty_object_is_there(self, bucket: Bucket, moto: Moto, name: str) -> None:
        moto.put(name, "key", b"")
        assert bucket.read("key", 100) == Held("", b"")
        whole = bucket.read("key")
        assert whole is not None
        assert whole.content == b""

    def test_only_the_state_that_was_read_is_replaced(self, bucket: Bucket, moto: Moto, name: str) -> None:
        first = bucket.write("key", b"one", None)
        second = bucket.write("key", b"two", first)
        for expected in (None, first, '"0123"'):
            with pytest.raises(Moved):
                bucket.write("key", b"three", expected)
        assert moto.get(name, "key") == b"two"
        moto.delete(name, "key")
        with pytest.raises(Moved):
            bucket.write("key", b"three", second)

    def test_only_the_state_that_was_read_is_copied(self, bucket: Bucket, moto: Moto, name: str) -> None:
        first = bucket.write("a key", b"one", None)
        bucket.copy("a key", "a key.prev", first)
        second = bucket.write("a key", b"two", first)
        with pytest.raises(Moved):
            bucket.copy("a key", "a key.prev", first)
        assert moto.get(name, "a key.prev") == b"one"
        moto.delete(name, "a key")
        with pytest.raises(Moved):
            bucket.copy("a key", "a key.prev", second)

    def test_a_conflict_is_told_apart(self, bucket: Bucket, between: Between) -> None:
        between.spoil(status=409, code="ConditionalRequestConflict")
        with pytest.raises(Busy):
            bucket.write("key", b"one", None)

    def test_it_is_sent_without_asking_first(self, bucket: Bucket, between: Between, stop: StopFlag) -> None:
        etag = bucket.write("key", b"one", None)
        stop.set(signal.SIGTERM)
        bucket.write("key", b"two", etag)
        assert [one.headers.get("expect") for one in between.seen("PUT")] == [None, None]

    def test_it_says_what_it_is(self, bucket: Bucket, moto: Moto, name: str) -> None:
        bucket.write("plain", b"{}", None)
        bucket.write("packed", b"\x1f\x8b", None)
        kinds = [moto.client.head_object(Bucket=name, Key=key)["ContentType"] for key in ("plain", "packed")]
        assert kinds == ["application/json", "application/gzip"]

    def test_what_is_put_is_there_whatever_was(self, bucket: Bucket, moto: Moto, name: str) -> None:
        for content in (b"one", b"two"):
            bucket.put("page", content, "text/html", 30.0)
        assert moto.get(name, "page") == b"two"
        assert moto.client.head_object(Bucket=name, Key="page")["ContentType"] == "text/html"

    @pytest.mark.parametrize(("seconds", "tries"), [(30.0, 2), (2.0, 1)])
    def test_what_is_put_is_tried_as_often_as_there_is_time_for(
        self, bucket: Bucket, between: Between, seconds: float, tries: int
    ) -> None:
        between.spoil(status=500, code="InternalError", times=ALWAYS)
        with pytest.raises(CheckpointUnwritable, match="InternalError"):
            bucket.put("page", b"one", "text/html", seconds)
        assert len(between.seen("PUT")) == tries


class TestReading:
    def test_what_breaks_off_is_read_again(self, bucket: Bucket, between: Between) -> None:
        etag = bucket.write("key", b"content", None)
        between.spoil("GET", times=2, cut=True)
        assert bucket.read("key") == Held(etag, b"content")
        between.spoil("GET", times=ALWAYS, cut=True)
        between.tally()
        with pytest.raises(Unanswered, match="cannot be read: boto3 says"):
            bucket.read("key")
        assert len(between.seen("GET")) == 3


class TestEnvironment:
    def test_the_address_is_boto3s_own_setting(self, between: Between, name: str, anew: pytest.MonkeyPatch) -> None:
        for variable in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
            anew.delenv("AWS_ENDPOINT_URL_S3", raising=False)
            anew.setenv(variable, between.url)
            assert Bucket(name, StopFlag()).read(variable) is None
            assert between.tally() == [f"GET {variable} 404"]

    def test_so_are_profiles(self, between: Between, name: str, anew: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for variable in environment(""):
            anew.delenv(variable)
        (tmp_path / "config").write_text(
            "[profile home]\nregion = eu-west-3\nservices = mine\naws_access_key_id = AKIDOFAFILE\n"
            f"aws_secret_access_key = secret\n[services mine]\ns3 =\n  endpoint_url = {between.url}\n"
        )
        anew.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        anew.setenv("AWS_PROFILE", "home")
        assert Bucket(name, StopFlag()).read("key") is None
        signed = between.seen("GET")[0].headers["authorization"]
        assert "Credential=AKIDOFAFILE/" in signed
        assert "/eu-west-3/s3/" in signed

    @pytest.mark.parametrize("wanted", [None, "when_required"])
    def test_so_are_checksums(self, between: Between, name: str, anew: pytest.MonkeyPatch, wanted: str | None) -> None:
        if wanted:
            anew.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", wanted)
        Bucket(name, StopFlag()).write("key", b"content", None)
        sent = {header for header in between.seen("PUT")[0].headers if header.startswith("x-amz-checksum-")}
        assert bool(sent) is (wanted is None)

    def test_so_is_the_number_of_attempts(self, between: Between, name: str, anew: pytest.MonkeyPatch) -> None:
        anew.setenv("AWS_MAX_ATTEMPTS", "1")
        between.spoil("GET", times=ALWAYS, status=503, code="SlowDown")
        with pytest.raises(Unanswered, match="SlowDown"):
            Bucket(name, StopFlag()).read("key")
        assert len(between.seen("GET")) == 1

    def test_without_credentials_it_says_where_they_come_from(
        self, between: Between, name: str, anew: pytest.MonkeyPatch
    ) -> None:
        anew.delenv("AWS_ACCESS_KEY_ID")
        anew.delenv("AWS_SECRET_ACCESS_KEY")
        for act in (lambda: Bucket(name, StopFlag()).read("k"), lambda: Bucket(name, StopFlag()).write("k", b"", None)):
            with pytest.raises(CheckpointUnwritable, match=r"boto3 says NoCredentialsError .*AWS_ACCESS_KEY_ID"):
                act()
        assert between.tally() == []

    def test_an_unknown_profile_is_named_as_such(self, anew: pytest.MonkeyPatch) -> None:
        anew.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(CheckpointUnwritable, match=r"boto3 says ProfileNotFound.*AWS_PROFILE"):
            Bucket("bucket", StopFlag()).read("key")

    @pytest.mark.parametrize("address", ["garbage", "host:9000"])
    def test_an_address_that_is_none_is_a_setting(self, anew: pytest.MonkeyPatch, address: str) -> None:
        anew.setenv("AWS_ENDPOINT_URL_S3", address)
        with pytest.raises(ConfigError, match="AWS_ENDPOINT_URL_S3"):
            Bucket("bucket", StopFlag()).read("key")

    @pytest.mark.parametrize("impossible", ["B!", "a b"])
    def test_so_is_an_impossible_bucket(self, between: Between, impossible: str) -> None:
        with pytest.raises(ConfigError, match=r"checkpoint.url: s3://"):
            Bucket(impossible, StopFlag()).read("key")

    def test_nobody_there(self, between: Between, name: str, anew: pytest.MonkeyPatch) -> None:
        anew.setenv("AWS_MAX_ATTEMPTS", "1")
        anew.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        with pytest.raises(Unanswered, match=r"boto3 says EndpointConnectionError .*look at the network"):
            Bucket(name, StopFlag()).read("key")


@contextmanager
def patience(stop: StopFlag) -> Iterator[None]:
    """SIGALRM ends the wait for a service, as it does four seconds after a signal (see ``cli.signals``)."""

    def is_over(number: int, frame: FrameType | None) -> None:
        raise Interrupted(stop.signal or 0)

    before = signal.signal(signal.SIGALRM, is_over)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


class TestStopping:
    @pytest.mark.parametrize("method", ["PUT", "GET"])
    def test_what_hangs_is_given_up_and_not_repeated(
        self, bucket: Bucket, between: Between, stop: StopFlag, method: str
    ) -> None:
        def come_to_an_end() -> None:
            stop.set(signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGALRM)

        between.spoil(method, times=ALWAYS, hang=True, meanwhile=come_to_an_end)
        with patience(stop), pytest.raises(Unanswered, match="S3 did not answer before the run had to stop"):
            if method == "PUT":
                bucket.write("key", b"content", None)
            else:
                bucket.read("key")
        assert len(between.requests) == 1

    def test_after_a_signal_nothing_is_repeated(self, bucket: Bucket, between: Between, stop: StopFlag) -> None:
        etag = bucket.write("key", b"one", None)
        stop.set(signal.SIGTERM)
        between.tally()
        for method, act in (("GET", lambda: bucket.read("key")), ("PUT", lambda: bucket.write("key", b"two", etag))):
            between.spoil(method, times=ALWAYS, status=503, code="SlowDown")
            with pytest.raises(Unanswered, match="SlowDown"):
                act()
        between.spoils[:] = []
        between.spoil("GET", times=ALWAYS, cut=True)
        with pytest.raises(Unanswered):
            bucket.read("key")
        assert [one.method for one in between.seen()] == ["GET", "PUT", "GET"]

    def test_but_what_is_answered_is_saved(self, bucket: Bucket, stop: StopFlag) -> None:
        stop.set(signal.SIGTERM)
        etag = bucket.write("key", b"one", None)
        assert bucket.read("key") == Held(etag, b"one")

    @pytest.mark.parametrize(
        ("age", "left"), [(0.5, STOPS_WITHIN - 0.5), (4.0, STOPS_WITHIN - 4.0), (9.0, LEAST_TIMEOUT)]
    )
    def test_requests_have_what_is_left_of_five_seconds(
        self, bucket: Bucket, stop: StopFlag, monkeypatch: pytest.MonkeyPatch, age: float, left: float
    ) -> None:
        def limits() -> tuple[float, float]:
            config = bucket._client().meta.config
            return config.connect_timeout, config.read_timeout

        assert limits() == (CONNECT_TIMEOUT, READ_TIMEOUT)
        stop.set(signal.SIGTERM)
        monkeypatch.setattr(stop, "age", lambda: age)
        assert limits() == (left, left)


class TestNames:
    def test_they_come_in_order_from_a_place_on(self, bucket: Bucket, moto: Moto, name: str) -> None:
        for key in ("p/b", "p/a c", "p/é", "q/a", "p"):
            moto.put(name, key, b"x")
        assert list(bucket.names("p/")) == ["p/a c", "p/b", "p/é"]
        assert list(bucket.names("p/", "p/a c")) == ["p/b", "p/é"]
        assert list(bucket.names("none/")) == []

    def test_all_pages_are_read(
        self, bucket: Bucket, between: Between, moto: Moto, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
        for key in "abcde":
            moto.put(name, key, b"x")
        assert list(bucket.names("", "a")) == list("bcde")
        assert len(between.seen()) == 2

    def test_a_refusal_is_told_in_the_words_of_the_use(self, between: Between, name: str, stop: StopFlag) -> None:
        between.spoil("GET", times=ALWAYS, status=403, code="AccessDenied")
        tapes = Use("the tapes", "tapes.url", "ask")
        for use, told in ((CHECKPOINT, "the checkpoint cannot be read"), (tapes, "the tapes cannot be read")):
            with pytest.raises(CheckpointUnwritable, match=told) as raised:
                list(Bucket(name, stop, use).names("p/"))
            assert (raised.value.hint == "ask") is (use is not CHECKPOINT)
        with pytest.raises(ConfigError, match=r"^tapes\.url: "):
            Bucket("a!b", stop, tapes).read("x")
        with pytest.raises(CheckpointUnwritable) as raised:
            Bucket("no-such-bucket", stop, tapes).write("x", b"", None)
        assert raised.value.hint == "create the bucket, or correct tapes.url"
