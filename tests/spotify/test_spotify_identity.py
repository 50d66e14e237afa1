"""Whose token it is, asked of the sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from spotify_stage import PlainDoor, StillClock

from musicdiff_job.core.errors import AuthError
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.core.timestamps import from_http
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.spotify.identity import whose
from musicdiff_job.spotify.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire(StillClock(), Redactor())
    yield made
    made.close()


def test_the_account_and_spotifys_clock(wire: Wire) -> None:
    with Sandbox() as sandbox:
        access = sandbox.grants.issue_access_token()
        found = whose(PlainDoor(), wire, f"{sandbox.url}/spotify/v1", Secret(access))
        assert (found.id, found.name) == (sandbox.spotify.user_id, sandbox.spotify.display_name)
        assert from_http(found.date) is not None
        assert sandbox.calls("spotify") == 1


def test_a_token_that_is_refused(wire: Wire) -> None:
    with Sandbox() as sandbox, pytest.raises(AuthError, match="401"):
        whose(PlainDoor(), wire, f"{sandbox.url}/spotify/v1", Secret("BQdead"))
