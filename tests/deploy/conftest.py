"""Makes the checks of ``make deploy-check`` importable, and gives a sandbox with a small library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_server import Hub, serving
from rig import Rig, open_rig

from musicdiff_job.sandbox.world import synthetic_world

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
sys.path[:0] = [str(DEPLOY), str(DEPLOY / "action")]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_rig(tmp_path, synthetic_world(playlists=2, tracks_each=5, liked=3, seed=3)) as opened:
        yield opened


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as opened:
        yield opened
