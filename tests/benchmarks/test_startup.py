"""What a command imports: nothing of what it does not use. Modules are counted, no time is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from rig import Rig, open_rig
from startup import libraries, own, start

from musicdiff_job.core.checkpoint import Checkpoint, NotBefore, Pause
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.sandbox.world import synthetic_world

UNUSED = frozenset(
    {"httpx", "deezer", "boto3", "botocore", "apprise", "rich", "jinja2", "prometheus_client", "rapidfuzz"}
)
"""Libraries that no command below uses; ``deezer`` is what reads the catalogue, and that only for look-ups."""
CALLING = frozenset({"requests", "spotipy", "tenacity", "urllib3", "redis"})
"""Libraries that come with the first call to a service."""
OTHER_WAYS = ("export", "files", "playback", "sandbox", "store.s3", "report.terminal", "report.progress", "cli.status")
"""Our own modules that a run between Spotify and Deezer with a file as its checkpoint does not need."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("startup")
    (folder / "musicdiff.toml").write_text('[[playlist]]\nmatch = "*"\nevery = "6h"\n', encoding="utf-8")
    spotify = synthetic_world(playlists=1, tracks_each=3, liked=0, seed=9)
    with open_rig(folder, spotify, MUSICDIFF_SYNC_ENTITIES="playlists") as opened:
        opened.run()
        yield opened


def keep(rig: Rig, checkpoint: Checkpoint) -> None:
    with rig.store().lease("test", rig.now() + timedelta(minutes=1)) as lease:
        lease.load()
        lease.save(checkpoint, last=True)


def outcome(output: str) -> str:
    return str(json.loads(output.splitlines()[-1])["outcome"])


@pytest.mark.parametrize("line", ["--version", "--help", "status", "status --json", "check --help", "completion bash"])
def test_what_asks_no_service_loads_nothing_to_ask_with(rig: Rig, line: str) -> None:
    modules, output = start(line.split(), rig.environment())
    assert output
    assert libraries(modules).isdisjoint(UNUSED | CALLING)
    assert "job" not in own(modules)


def test_nothing_but_the_command_line_is_loaded_to_say_the_version(rig: Rig) -> None:
    modules, output = start(["--version"], {})
    assert output.startswith("musicdiff-job ")
    assert libraries(modules) <= {"click", "msgspec", "pythonjsonlogger", "typing_extensions"}
    assert own(modules).isdisjoint({"settings", "bootstrap", "core.checkpoint", "store.file"})


@pytest.mark.parametrize("why", ["paused", "locked", "rate_limited", "resting"])
def test_a_run_that_makes_no_call_loads_nothing_to_call_with(rig: Rig, why: str) -> None:
    before, expected = rig.checkpoint(), why
    environment = rig.environment()
    until = rig.now() + timedelta(hours=1)
    if why == "paused":
        keep(rig, msgspec.structs.replace(before, paused=Pause(to_iso(rig.now()), "a test")))
    elif why == "rate_limited":
        closed = {"deezer": NotBefore(to_iso(until), "a test", 1, to_iso(rig.now()))}
        keep(rig, msgspec.structs.replace(before, not_before=closed))
    elif why == "resting":
        environment["MUSICDIFF_CONFIG"] = str(rig.folder / "musicdiff.toml")
        expected = "in_sync"
    if why == "locked":
        with rig.store().lease("other", until):
            modules, output = start(["run"], environment)
    else:
        modules, output = start(["run"], environment)
        keep(rig, before)
    assert outcome(output) == expected
    assert json.loads(output.splitlines()[-1])["api_calls"] == {"spotify": 0, "deezer": 0, "auth": 0}
    # A run that rests has connected, for its services might have to be asked after all.
    assert libraries(modules).isdisjoint(UNUSED if why == "resting" else UNUSED | CALLING)


def test_a_run_with_nothing_to_do_loads_only_what_it_calls(rig: Rig) -> None:
    modules, output = start(["run"], rig.environment())
    assert outcome(output) == "in_sync"
    assert json.loads(output.splitlines()[-1])["api_calls"] == {"spotify": 1, "deezer": 1, "auth": 2}
    assert libraries(modules).isdisjoint(UNUSED)
    ours = own(modules)
    assert {"spotify.client", "deezer.gateway"} <= ours, "nothing was connected, so nothing was tested"
    assert not [name for name in ours for other in OTHER_WAYS if name == other or name.startswith(f"{other}.")]
    assert "deezer.rest" not in ours, "the gateway was asked to"


def test_a_run_that_looks_tracks_up_loads_what_judges_them(tmp_path: Path) -> None:
    """The tests above could pass because modules are not seen."""
    spotify = synthetic_world(playlists=1, tracks_each=30, liked=0, seed=9)
    with open_rig(tmp_path, spotify, MUSICDIFF_SYNC_ENTITIES="playlists") as fresh:
        modules, output = start(["run", "--dry-run"], fresh.environment())
    assert json.loads(output.splitlines()[-1])["lookups"]
    assert {"rapidfuzz", *CALLING} <= libraries(modules)
