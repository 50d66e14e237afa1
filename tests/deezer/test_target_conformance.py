"""The conformance suite, run on the account in memory and on both ways to the real protocols."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from deezer_doors import LeapingClock, real_gate
from memory_target import MemoryDeezer, MemoryTarget
from target_suite import Stage, TargetSuite

from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer.gateway import DeezerGateway
from musicdiff_job.deezer.rest import DeezerRest
from musicdiff_job.ports import Door
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, SANDBOX_ARL, Sandbox

WRONG = "wrong" * 10


def tracks(sandbox: Sandbox) -> tuple[int, ...]:
    return tuple(sorted(sandbox.catalogue.deezer_by_id))[:650]


class TestMemory(TargetSuite):
    @pytest.fixture
    def stage(self) -> Stage:
        deezer = MemoryDeezer()
        return Stage(MemoryTarget(deezer), MemoryTarget(deezer, accepted=False), deezer, tuple(range(5001, 5651)))


class TestRest(TargetSuite):
    @pytest.fixture
    def stage(self, sandbox: Sandbox, door: Door) -> Iterator[Stage]:
        url = f"{sandbox.url}/deezer/api"
        with (
            closing(DeezerRest(door, Redactor(), url, Secret(SANDBOX_ACCESS_TOKEN), None)) as target,
            closing(DeezerRest(door, Redactor(), url, Secret(WRONG), None)) as impostor,
        ):
            yield Stage(target, impostor, sandbox.deezer, tracks(sandbox), (SANDBOX_ACCESS_TOKEN, WRONG))


class TestGateway(TargetSuite):
    @pytest.fixture
    def stage(self, sandbox: Sandbox, door: Door) -> Iterator[Stage]:
        url = f"{sandbox.url}/deezer/gw-light.php"
        with (
            closing(DeezerGateway(door, Redactor(), url, Secret(SANDBOX_ARL))) as target,
            closing(DeezerGateway(door, Redactor(), url, Secret(WRONG))) as impostor,
        ):
            yield Stage(target, impostor, sandbox.deezer, tracks(sandbox), (SANDBOX_ARL, WRONG))


class TestGatewayThroughTheGate(TestGateway):
    @pytest.fixture
    def door(self) -> Door:
        return real_gate(LeapingClock())
