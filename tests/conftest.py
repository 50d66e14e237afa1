"""Its presence makes the modules of this folder importable from every test below it. And S3 for those that ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from s3_stage import Between, Moto


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """moto's server for S3, one for all tests; each takes a bucket of its own."""
    from s3_stage import moto_server

    with moto_server() as server:
        yield server


@pytest.fixture
def between(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    """A proxy before moto, which boto3 takes for S3."""
    from s3_stage import Between, environment

    with Between(moto) as proxy:
        for name, value in environment(proxy.url).items():
            monkeypatch.setenv(name, value)
        yield proxy
