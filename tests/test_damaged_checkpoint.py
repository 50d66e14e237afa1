"""Damaged and edited checkpoints as the user of the real command meets them: 65 and untouched, with the way back, or no
harm at all. Never a crash, and never a silent beginning anew."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from bad_inputs import typed_like
from real_command import at, calm, command, copied, inside, refused
from rig import Rig, open_rig
from told_clock import ToldClock
from torture_inputs import sealed

from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.sandbox.world import synthetic_world
from musicdiff_job.store.file import FileStore

SCALE = int(os.environ.get("MUSICDIFF_TORTURE", "1"))
TOO_MUCH = 1 << 20
SMALL = Checkpoint(paused=Pause("2026-11-21T12:00:00Z", "by hand"))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A library in step, after a run that was interrupted and two that were not."""
    spotify = synthetic_world(playlists=3, tracks_each=3, liked=2, seed=9)
    with open_rig(tmp_path_factory.mktemp("damaged"), spotify) as rig:
        rig.run(max_calls=25)
        (rig.folder / "half.json").write_bytes(rig.checkpoint_file.read_bytes())
        assert rig.run().outcome is Outcome.CHANGED
        assert rig.run(force=True).outcome is Outcome.IN_SYNC
        yield rig


def bit(content: bytes, position: int, number: int = 0) -> bytes:
    flipped = bytearray(content)
    flipped[position] ^= 1 << number
    return bytes(flipped)


def packed(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def with_body(content: bytes, body: bytes) -> bytes:
    """The header of a document, its checksum included, before another body."""
    before, name, _ = content.partition(b'"body": ')
    return before + name + body + b"}"


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut in the header": lambda content: content[:60],
    "cut in the body": lambda content: content[: len(content) // 2],
    "the last bytes": lambda content: content.rstrip()[:-1],
    "a bit of the header": lambda content: bit(content, content.index(b'"generation": ') + 14),
    "a bit of the checksum": lambda content: bit(content, content.index(b'"sha256": "') + 20),
    "a bit of the body": lambda content: bit(content, len(content) // 2),
    "a byte more": lambda content: content[:900] + b"1" + content[900:],
    "a block twice": lambda content: content[:1024] + content[512:],
    "a block of zeros": lambda content: content[:512] + bytes(512) + content[1024:],
    "a block of another file": lambda content: content[:512] + b"\x7fELF" * 128 + content[1024:],
    "one after the other": lambda content: content + content,
    "a byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "another body": lambda content: with_body(content, b"{}"),
    "a second body": lambda content: content.rstrip()[:-1] + b', "body": {}}',
    "no number": lambda content: with_body(content, b'{"ledgers": {"spotify": {"1": NaN}}}'),
    "no text": lambda content: with_body(content, b'{"overrides": "\xff"}'),
    "nested": lambda content: with_body(content, b'{"a":' * 100_000),
    "packed, a bit": lambda content: bit(packed(content), 400),
    "packed, a bit of its checksum": lambda content: bit(packed(content), len(packed(content)) - 6),
    "packed, cut": lambda content: packed(content)[:-200],
    "packed, one after the other": lambda content: packed(content) * 2,
    "packed, nearly without end": lambda content: packed(with_body(content, b'{"overrides": "' + b"x" * TOO_MUCH)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_is_refused_left_alone_and_the_way_back_named(
    rig: Rig, tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "UNPACKED_AT_MOST", TOO_MUCH)
    path = copied(rig, tmp_path)
    path.with_name(f"{path.name}.prev").write_bytes((rig.folder / "half.json").read_bytes())
    damaged = DAMAGES[damage](path.read_bytes())
    path.write_bytes(damaged)
    with calm(rig):
        for arguments in (("run",), ("status",), ("pause",)):
            refused(inside(rig, *arguments, env=at(path)), 65, "checkpoint restore-previous` goes back to generation")
    assert path.read_bytes() == damaged
    path.with_name(f"{path.name}.prev").unlink()
    refused(inside(rig, "status", env=at(path)), 65, "put a backup in its place, or move it away")


@pytest.mark.parametrize("harmless", ["white space after it", "a body that does not count", "packed on another day"])
def test_what_changes_no_meaning_does_no_harm(rig: Rig, tmp_path: Path, harmless: str) -> None:
    path = copied(rig, tmp_path)
    content = path.read_bytes()
    path.write_bytes(
        {
            "white space after it": content + b" \n\n",
            "a body that does not count": content.replace(b'"body": ', b'"body": {}, "body": ', 1),
            "packed on another day": gzip.compress(content, 9, mtime=1),
        }[harmless]
    )
    assert inside(rig, "run", env=at(path)).summary["outcome"] == "in_sync"


def test_the_way_back_leads_back(rig: Rig, tmp_path: Path) -> None:
    path = copied(rig, tmp_path)
    path.with_name(f"{path.name}.prev").write_bytes((rig.folder / "half.json").read_bytes())
    path.write_bytes(path.read_bytes()[:-9])
    before = rig.sandbox.deezer.state()
    with calm(rig):
        refused(command(rig, "run", env=at(path)), 65, "checkpoint restore-previous")
    assert command(rig, "checkpoint", "restore-previous", env=at(path)).code == 0
    # The interrupted run's memory: what the later ones placed is found on Deezer, not placed again.
    ended = inside(rig, "run", env=at(path))
    assert (ended.code, ended.summary["totals"]["failed"]) == (0, 0)
    assert inside(rig, "run", env=at(path)).summary["outcome"] == "in_sync"
    assert rig.sandbox.deezer.state() == before


@pytest.mark.parametrize("name", ["checkpoint.json", "checkpoint.json.gz"])
def test_at_every_byte_damage_is_noticed_or_means_nothing(tmp_path: Path, name: str) -> None:
    clock = ToldClock()
    store = FileStore(tmp_path / name, clock=clock, app_version="0.1.0")
    with store.lease("run", clock.now()) as lease:
        lease.save(SMALL)
    content = store.path.read_bytes()
    bits = range(8) if SCALE > 1 else range(1)
    damages = [bit(content, at, (at + number) % 8) for at in range(len(content)) for number in bits]
    damages += [content[:length] for length in range(len(content.rstrip()) if name.endswith("json") else len(content))]
    for damaged in damages:
        store.path.write_bytes(damaged)
        try:
            assert store.peek() == SMALL, damaged
        except CheckpointInvalid as error:
            assert str(store.path) in error.message
            assert "first run" in error.hint or "upgrade" in error.hint
        assert store.path.read_bytes() == damaged


def test_a_checkpoint_that_was_edited_senselessly_is_refused_or_coped_with(rig: Rig, tmp_path: Path) -> None:
    """Its checksum agrees, its types are right, and a value or two mean something else. What a run then does to Deezer
    is what it was told; that it ends properly is what is promised."""
    bodies = [json.loads(path.read_bytes())["body"] for path in (rig.folder / "half.json", rig.checkpoint_file)]
    absurd = typed_like(*bodies)
    path = tmp_path / "checkpoint.json"
    seen = set()
    for number in range(12 * SCALE):
        path.write_bytes(sealed(json.dumps(absurd(Random(f"absurd {number}"))).encode()))
        for arguments in (("status", "-v"), ("playlists",), ("run",)):
            ended = inside(rig, *arguments, env=at(path))
            assert ended.is_no_bug(), (number, arguments, ended)
            seen.add(ended.code)
        if ended.code == 65:
            assert document.read_header(path.read_bytes()[: document.HEADER_ROOM]).run_id == "r", "it was written to"
    assert {0, 65} <= seen
