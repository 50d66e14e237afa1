"""Whose credential it is, asked of the sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from musicdiff_job.core.errors import AuthError
from musicdiff_job.core.model import Service
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.core.timestamps import from_http
from musicdiff_job.deezer.identity import PERMISSIONS, identify_arl, identify_token
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, SANDBOX_ARL, Sandbox

T = TypeVar("T")


class OpenDoor:
    """Lets every request through once."""

    def call(self, service: Service, request: Callable[[float], T], *, write: bool = False, auth: bool = False) -> T:
        assert service is Service.DEEZER
        assert not write
        return request(10.0)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as served:
        yield served


def test_an_arl(sandbox: Sandbox) -> None:
    redactor = Redactor()
    found = identify_arl(OpenDoor(), redactor, f"{sandbox.url}/deezer/gw-light.php", Secret(SANDBOX_ARL))
    account = sandbox.deezer
    assert (found.id, found.name, found.country) == (str(account.user_id), account.name, account.country)
    assert (found.allowed, found.missing) == ((), ())
    assert from_http(found.date) is not None
    assert SANDBOX_ARL not in redactor.scrub(f"x {SANDBOX_ARL}")
    assert not account.write_counts()


def test_an_arl_that_signs_nobody_in(sandbox: Sandbox) -> None:
    with pytest.raises(AuthError, match="signs nobody in"):
        identify_arl(OpenDoor(), Redactor(), f"{sandbox.url}/deezer/gw-light.php", Secret("dead-and-gone"))


@pytest.mark.parametrize("held", [tuple(PERMISSIONS), tuple(PERMISSIONS)[1:], ("basic_access", "email"), ()])
def test_a_token_and_what_it_lacks(sandbox: Sandbox, held: tuple[str, ...]) -> None:
    sandbox.deezer.credentials.add_token("frother", {*held, "basic_access"})
    found = identify_token(OpenDoor(), Redactor(), f"{sandbox.url}/deezer/api", Secret("frother"))
    assert found.id == str(sandbox.deezer.user_id)
    assert found.missing == tuple(name for name in PERMISSIONS if name not in {*held, "basic_access"})
    assert set(found.allowed) == {*held, "basic_access"}


def test_a_token_that_may_do_all(sandbox: Sandbox) -> None:
    found = identify_token(OpenDoor(), Redactor(), f"{sandbox.url}/deezer/api", Secret(SANDBOX_ACCESS_TOKEN))
    assert (found.name, found.country, found.missing) == (sandbox.deezer.name, sandbox.deezer.country, ())
    assert from_http(found.date) is not None


def test_a_token_that_is_not_valid(sandbox: Sandbox) -> None:
    with pytest.raises(AuthError):
        identify_token(OpenDoor(), Redactor(), f"{sandbox.url}/deezer/api", Secret("frwrong"))
