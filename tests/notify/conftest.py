"""Its presence makes the modules of this folder importable; servers as fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from endpoints import Endpoint, Mailbox, http_endpoint, load_apprise, mailbox


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with http_endpoint() as server:
        yield server


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture(scope="session", autouse=True)
def loaded() -> None:
    load_apprise()
