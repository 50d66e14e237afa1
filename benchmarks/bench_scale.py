"""What the size of a library costs: runs with nothing to do, and the checkpoint's saves.

``python benchmarks/bench_scale.py [--large] [--million] [--json FILE]``. Prints tables; asserts nothing.

- A run with nothing to do, at 10 and 50 playlists of 100 tracks; with ``--large`` at 1,000 too, whose first sync takes
  some minutes.
- One list of 2,000 tracks, half of which are moved.
- Loading and saving a checkpoint of 1,000, 10,000 and 100,000 matches, with ``--million`` of 1,000,000 too, in a file
  and in S3 (moto's server, a process of its own). The libraries are invented; see ``large_library``.
- A model of the end of a first sync at each size: 10 look-ups and 1 write a second, playlists of 100 tracks, saved as
  the job saves.

Seconds are of the processor, ours alone, unless it says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import large_library
from bench_calls import FAST, LIBRARIES, Place, calls, row

from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror, Pair, Part
from musicdiff_job.core.model import CollectionId, Kind, PlaylistId, SourceId, TargetId
from musicdiff_job.ports import CheckpointStore, Lease
from musicdiff_job.session import SAVE_EVERY
from musicdiff_job.store import durable
from musicdiff_job.store.file import FileStore

TRACKS = 100
"""In a playlist."""
LONG = 2_000
"""In the list that is put in another order: as many as Deezer takes in one."""
LOOK_UPS = 10.0
"""A second."""
WRITES = 3
"""That a new playlist takes, at one a second: create, title, tracks."""
MODELLED = 60
"""Playlists at the end of the modelled sync: enough for a new pack."""
LOCAL = Path(__file__).with_name("large_library.py")
Figures = dict[str, Any]


# Runs with nothing to do


@contextmanager
def library(playlists: int, tracks: int = TRACKS) -> Iterator[Place]:
    command = [sys.executable, str(LOCAL), str(playlists), str(tracks)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        large_library.keep(
            large_library.matched(large_library.invented(playlists * tracks)), Path(folder) / "checkpoint.json.gz"
        )
        try:
            yield Place(told["url"], told["environment"], Path(folder))
        finally:
            process.send_signal(signal.SIGTERM)


def children(act: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and the processor's seconds of the processes that it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def nothing_to_do(playlists: int, repeats: int = 3) -> Figures:
    options = {**FAST, "MUSICDIFF_SYNC_ENTITIES": "liked,playlists", "MUSICDIFF_BUDGET_DEEZER_PER_HOUR": "1000000"}
    with library(playlists) as place:
        (first, _, _), syncing = children(lambda: place.run(**options))
        runs = [children(lambda: place.run(**options)) for _ in range(repeats)]
        imports = [
            children(lambda: subprocess.run([sys.executable, "-c", LIBRARIES], check=True))[1] for _ in range(repeats)
        ]
    summary = runs[-1][0][0]
    figures = {
        "playlists": playlists,
        "first_sync": {"outcome": first["outcome"], "writes": first["writes"], "cpu_seconds": syncing},
        "outcome": summary["outcome"],
        "calls": summary["api_calls"],
        "wall_seconds": statistics.median(seconds for (_, seconds, _), _ in runs),
        "cpu_seconds": statistics.median(cpu for _, cpu in runs),
        "import_cpu_seconds": statistics.median(imports),
        "peak_mb": max(memory for (_, _, memory), _ in runs),
    }
    cpu, importing = figures["cpu_seconds"], figures["import_cpu_seconds"]
    row(f"{playlists} playlists of {TRACKS}: nothing to do", f"{summary['outcome']}, {calls(summary)}")
    row("  seconds of the processor, beside importing", f"{cpu:.2f} / {importing:.2f} = {cpu / importing:.2f}")
    row("  seconds from start to exit; peak memory", f"{figures['wall_seconds']:.2f} s; {figures['peak_mb']:.0f} MB")
    return figures


def reordered() -> Figures:
    """One list of ``LONG`` tracks, of which half are moved."""
    options = {**FAST, "MUSICDIFF_SYNC_ENTITIES": "liked,playlists"}
    pick = random.Random(1)
    with library(1, LONG) as place:
        place.run(**options)
        moves = [(pick.randrange(LONG), pick.randrange(LONG)) for _ in range(LONG // 2)]
        edits = [{"verb": "spotify.move", "playlist": "Large 00000", "position": at, "to": to} for at, to in moves]
        place.admin("POST", "edit", edits)
        (summary, seconds, memory), cpu = children(lambda: place.run(**options))
    row(f"one list of {LONG}, {LONG // 2} moves: {summary['outcome']}", f"{calls(summary)}, {summary['writes']} writes")
    row("  seconds of the processor, start to exit; peak memory", f"{cpu:.2f} s, {seconds:.2f} s; {memory:.0f} MB")
    figures = {"tracks": LONG, "moves": LONG // 2, "calls": summary["api_calls"], "writes": summary["writes"]}
    return {**figures, "wall_seconds": seconds, "cpu_seconds": cpu, "peak_mb": memory}


# The checkpoint


def mirrored(matches: dict[SourceId, MatchRecord]) -> dict[CollectionId, Mirror]:
    """The mirrors of these tracks' playlists."""
    sources = list(matches)
    return {
        (mirror := mirror_of(number, sources[number * TRACKS : (number + 1) * TRACKS])).id: mirror
        for number in range(len(sources) // TRACKS)
    }


def mirror_of(number: int, sources: list[SourceId], fingerprint: str = "5c0f3a") -> Mirror:
    base = tuple(
        Pair(source, TargetId(str(large_library.FIRST_DEEZER + number * TRACKS + at)))
        for at, source in enumerate(sources)
    )
    part = Part(PlaylistId(f"9{number:09}"), base=base, fingerprint=fingerprint, count=len(base))
    return Mirror(CollectionId(f"spotify:playlist:{number:022}"), Kind.PLAYLIST, f"Large {number:05}", parts=(part,))


class Written:
    """Bytes that the stores have written."""

    def __init__(self) -> None:
        self.bytes = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        from musicdiff_job.store.bucket import Bucket

        temporary, change = durable.temporary, Bucket._change

        def to_disk(path: Path, content: bytes) -> AbstractContextManager[tuple[Path, durable.Identity]]:
            self.bytes += len(content)
            return temporary(path, content)

        def to_bucket(bucket: Bucket, operation: str, key: str, **arguments: Any) -> Any:
            self.bytes += len(arguments.get("Body", b""))
            return change(bucket, operation, key, **arguments)

        durable.temporary, Bucket._change = to_disk, to_bucket  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            durable.temporary, Bucket._change = temporary, change  # type: ignore[method-assign]


def measured(written: Written, act: Callable[[], Any]) -> tuple[Any, Figures]:
    bytes_before, wall, cpu = written.bytes, time.perf_counter(), time.process_time()
    result = act()
    figures = {
        "cpu_seconds": time.process_time() - cpu,
        "wall_seconds": time.perf_counter() - wall,
        "bytes": written.bytes - bytes_before,
    }
    return result, figures


def leased(store: CheckpointStore) -> AbstractContextManager[Lease]:
    return store.lease("bench", datetime.now(UTC) + timedelta(hours=1))  # noqa: TID251 - no job, no clock


def saving(where: str, store: CheckpointStore, matches: dict[SourceId, MatchRecord], written: Written) -> Figures:
    """Load and save; then the end of a first sync, whose last tracks are new."""
    sources = list(matches)
    new = min(MODELLED * TRACKS, len(sources) // 2)
    fresh = {source: matches[source] for source in sources[-new:]}
    known = {source: matches[source] for source in sources[:-new]}
    whole = Checkpoint(matches=known, mirrors=mirrored(known))
    with leased(store) as lease:
        lease.load()
        _, first = measured(written, lambda: lease.save(whole))
    with leased(store) as lease:
        checkpoint, load = measured(written, lease.load)
    began = time.process_time()
    with leased(store) as lease:  # in S3 taking it is what reads
        checkpoint = lease.load()
        load["cpu_seconds"] = time.process_time() - began
        _, unchanged = measured(written, lambda: lease.save(checkpoint))
        source, match = fresh.popitem()
        checkpoint = checkpoint.with_matches({source: match})
        _, one_match = measured(written, lambda: lease.save(checkpoint))
        checkpoint = checkpoint.with_mirror(mirror_of(7, sources[7 * TRACKS : 8 * TRACKS], "another"))
        _, one_mirror = measured(written, lambda: lease.save(checkpoint))
        _, model = measured(written, lambda: end_of_sync(lease, checkpoint, fresh))
    model["modelled_seconds"] = modelled = len(fresh) / TRACKS * (TRACKS / LOOK_UPS + WRITES)
    model["cpu_share"], model["wall_share"] = model["cpu_seconds"] / modelled, model["wall_seconds"] / modelled
    row(f"{len(sources):,} matches in {where}: load", f"{load['cpu_seconds']:.3f} s")
    for what, figures in (
        ("first save", first),
        ("save with nothing changed", unchanged),
        ("save after one new match", one_match),
        ("save after one changed mirror", one_mirror),
    ):
        row(f"  {what}", f"{figures['cpu_seconds']:.3f} s, {figures['bytes']:,} bytes")
    row(
        f"  saves of the last {len(fresh) // TRACKS} playlists of a first sync",
        f"{model['cpu_share']:.2%} of its time ({model['wall_share']:.2%} with waiting), {model['bytes']:,} bytes",
    )
    return {
        "matches": len(sources), "where": where, "load": load, "first": first, "unchanged": unchanged,
        "one_match": one_match, "one_mirror": one_mirror, "end_of_first_sync": model,
    }  # fmt: skip


def end_of_sync(lease: Lease, checkpoint: Checkpoint, fresh: dict[SourceId, MatchRecord]) -> None:
    """Look up and write one playlist after the other: a save every ``SAVE_EVERY`` seconds while tracks are looked up,
    one before and one after each write."""
    sources = list(fresh)
    step = int(LOOK_UPS * SAVE_EVERY)
    for number, begin in enumerate(range(0, len(sources), TRACKS), start=1_000_000):
        playlist = sources[begin : begin + TRACKS]
        for at in range(0, len(playlist), step):
            checkpoint = checkpoint.with_matches({source: fresh[source] for source in playlist[at : at + step]})
            lease.save(checkpoint)
        for write in range(WRITES):
            for when in ("before", "after"):
                checkpoint = checkpoint.with_mirror(mirror_of(number, playlist, f"{when} {write}"))
                lease.save(checkpoint)


@contextmanager
def in_a_file() -> Iterator[CheckpointStore]:
    with tempfile.TemporaryDirectory() as folder:
        yield FileStore(Path(folder) / "checkpoint.json.gz", clock=SystemClock(StopFlag()), app_version="0")


SERVER = """
import threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%s" % server.get_host_and_port(), flush=True)
threading.Event().wait()
"""


@contextmanager
def in_s3() -> Iterator[CheckpointStore]:
    import boto3

    from musicdiff_job.store.s3 import S3Store

    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            os.environ |= {
                "AWS_ENDPOINT_URL_S3": server.stdout.readline().strip(),
                "AWS_ACCESS_KEY_ID": "bench",
                "AWS_SECRET_ACCESS_KEY": "bench",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true",
            }
            boto3.client("s3").create_bucket(Bucket="bench")
            stop = StopFlag()
            yield S3Store("bench", "checkpoint.json.gz", clock=SystemClock(stop), app_version="0", stop=stop)
        finally:
            server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="also run with 1,000 playlists")
    parser.add_argument("--million", action="store_true", help="also save 1,000,000 matches")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    options = parser.parse_args()
    runs = [nothing_to_do(playlists) for playlists in (10, 50, *[1_000] * options.large)]
    order = reordered()
    written, saves = Written(), []
    with written.counted():
        for size in (1_000, 10_000, 100_000, *[1_000_000] * options.million):
            matches = large_library.matched(large_library.invented(size)).matches
            for where, place in (("a file", in_a_file), ("S3", in_s3)):
                with place() as store:
                    saves.append(saving(where, store, matches, written))
    if options.json:
        options.json.write_text(
            json.dumps({"nothing_to_do": runs, "reorder": order, "checkpoint": saves}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
