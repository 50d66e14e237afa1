"""What the tests of this folder share: a door without budgets, a sandbox, the recorded answers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import Throttled, Transient, Unavailable, UnknownOutcome
from musicdiff_job.core.model import Service
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import Effect, Fault
from musicdiff_job.sandbox.server import Sandbox

T = TypeVar("T")
QUIET = DeezerSwitches(quota_calls=None)
"""Without the REST quota, which a door without a rate window would run into."""


@dataclass
class OpenDoor:
    """``ports.Door`` that lets every call pass once and reacts to failures as the gate does after its last attempt.
    Refusals for rate stay ``Throttled``, so that tests see what the adapter said."""

    passed: list[tuple[Service, bool, bool]] = field(default_factory=list)
    """Service, ``write`` and ``auth`` of every call."""

    def call(self, service: Service, request: Callable[[float], T], *, write: bool = False, auth: bool = False) -> T:
        self.passed.append((service, write, auth))
        try:
            return request(5.0)
        except Throttled:
            raise
        except Transient as error:
            sent, said = not error.unsent, error.message
        if write and sent:
            raise UnknownOutcome(said)
        raise Unavailable(said, service=service)

    def calls(self) -> int:
        return sum(not auth for _, _, auth in self.passed)


class LeapingClock:
    """A clock that moves only when somebody waits, and then at once."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return sum(self.waited)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


def real_gate(clock: LeapingClock) -> Gate:
    """The gate of a run without limits."""
    return Gate(Limits(seconds=None, calls=None, ledgers={}, windows={}), clock, StopFlag())


def in_turn(*effects: Effect, path: str = "*") -> tuple[Fault, ...]:
    """Faults that spoil the next calls one after the other."""
    return tuple(Fault(effect, path=path, skip=at) for at, effect in enumerate(effects))


@pytest.fixture
def door() -> OpenDoor:
    return OpenDoor()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(switches=QUIET) as served:
        yield served


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Any]:
    """The JSON of a recorded answer by its file's name."""
    reference = os.environ.get("MUSICDIFF_REFERENCE_DATA", "")
    folder = Path(reference).parent / "recorded" / "deezer"
    if not reference or not folder.is_dir():
        pytest.skip("MUSICDIFF_REFERENCE_DATA does not name the folder of reference data beside the recorded answers")

    def answer(name: str) -> Any:
        return json.loads((folder / f"{name}.json").read_text())["response"]["json"]

    return answer
