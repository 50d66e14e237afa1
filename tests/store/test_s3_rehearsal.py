"""Conditional writes tried on a store that honours them, on ones that do not, and without the right to try."""

from __future__ import annotations

import pytest
from s3_stage import ALWAYS, Between

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import CheckpointUnwritable
from musicdiff_job.store.bucket import Bucket
from musicdiff_job.store.s3_rehearsal import PROBE, rehearse

KEY = "state/checkpoint.json"


@pytest.fixture
def bucket(between: Between) -> Bucket:
    return Bucket(between.moto.bucket(), StopFlag())


def test_a_store_that_honours_conditions(bucket: Bucket, between: Between) -> None:
    between.moto.put(bucket.name, KEY, b"the checkpoint")
    assert rehearse(bucket, KEY) == ()
    tried = between.seen()
    assert [one.status for one in tried] == [200, 412, 412, 200, 204]
    assert {one.key.startswith(f"{KEY}{PROBE}") for one in tried} == {True}
    assert between.moto.keys(bucket.name) == {KEY}
    assert between.moto.get(bucket.name, KEY) == b"the checkpoint"


@pytest.mark.parametrize(("skip", "header"), [(1, "If-None-Match"), (2, "If-Match")])
def test_a_store_that_ignores_one_is_refused_and_left_clean(
    bucket: Bucket, between: Between, skip: int, header: str
) -> None:
    between.spoil("PUT", skip=skip, deaf=True)
    with pytest.raises(CheckpointUnwritable, match=f"ignores {header} ") as refusal:
        rehearse(bucket, KEY)
    assert "two runs overwrite each other" in refusal.value.hint
    assert between.moto.keys(bucket.name) == set()


def test_a_store_that_does_not_know_its_own_etag(bucket: Bucket, between: Between) -> None:
    between.spoil("PUT", skip=3, status=412, code="PreconditionFailed")
    with pytest.raises(CheckpointUnwritable, match="does not know the ETag"):
        rehearse(bucket, KEY)
    assert between.moto.keys(bucket.name) == set()


def test_one_that_knows_no_conditions_says_so_itself(bucket: Bucket, between: Between) -> None:
    between.spoil("PUT", times=ALWAYS, status=501, code="NotImplemented")
    with pytest.raises(CheckpointUnwritable) as refusal:
        rehearse(bucket, KEY)
    assert "does not know conditional writes" in refusal.value.hint


def test_without_the_right_to_try_it_says_what_to_allow(bucket: Bucket, between: Between) -> None:
    between.spoil("PUT", times=ALWAYS, status=403, code="AccessDenied")
    (told,) = rehearse(bucket, KEY)
    assert "S3 says AccessDenied" in told
    assert f"allow s3:PutObject and s3:DeleteObject on s3://{bucket.name}/{KEY}{PROBE}*" in told


def test_what_cannot_be_removed_is_named(bucket: Bucket, between: Between) -> None:
    between.spoil("DELETE", times=ALWAYS, status=403, code="AccessDenied")
    (told,) = rehearse(bucket, KEY)
    (left,) = between.moto.keys(bucket.name)
    assert f"s3://{bucket.name}/{left} could not be removed again" in told


def test_a_bucket_that_is_not_there(between: Between) -> None:
    with pytest.raises(CheckpointUnwritable, match="NoSuchBucket"):
        rehearse(Bucket("not-there", StopFlag()), KEY)
