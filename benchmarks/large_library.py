"""A sandbox with an invented library of any size, and a checkpoint that knows its matches already.

``python benchmarks/large_library.py PLAYLISTS TRACKS`` serves it as ``python -m musicdiff_job.sandbox`` does. No track
is in two playlists. Titles are made of invented words; what is looked up here says nothing about matching.
"""

from __future__ import annotations

import json
import random
import signal
import string
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Checkpoint, JudgedBy, MatchRecord
from musicdiff_job.core.match import MATCHER_VERSION, Match, Method, Rules
from musicdiff_job.core.model import SourceId, Track
from musicdiff_job.sandbox.catalogue import Catalogue, DeezerTrack, SpotifyTrack
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.store.file import FileStore

BASE62 = string.digits + string.ascii_letters
FIRST_DEEZER = 100_000_000


def invented(tracks: int, seed: int = 1) -> Catalogue:
    """So many recordings, each on both services, ten to an album and fifty to an artist."""
    pick = random.Random(seed)
    words = ["".join(pick.choices(string.ascii_lowercase, k=pick.randint(3, 9))) for _ in range(9_000)]

    def name(count: int) -> str:
        return " ".join(pick.choices(words, k=count)).title()

    spotify, deezer = [], []
    artist = album = ""
    for at in range(tracks):
        artist = name(2) if at % 50 == 0 else artist
        album = name(3) if at % 10 == 0 else album
        title, seconds, isrc = name(3), pick.randint(90, 400), f"QZES7{at:07}"
        deezer_id = FIRST_DEEZER + at
        spotify.append(
            SpotifyTrack(
                id="".join(pick.choices(BASE62, k=22)), name=title, artists=(artist,), album=album,
                duration_ms=seconds * 1000, isrc=isrc, year=2001, deezer_id=deezer_id,
            )
        )  # fmt: skip
        deezer.append(
            DeezerTrack(
                id=deezer_id, title=title, title_short=title, title_version="", artist=artist, album=album,
                duration=seconds, contributors=(artist,), isrc=isrc, rank=500_000, release_date="2001-01-01",
            )
        )  # fmt: skip
    return Catalogue(spotify, deezer)


def account(playlists: int, tracks_each: int) -> SpotifyAccount:
    """The library."""
    catalogue = invented(playlists * tracks_each)
    filled = SpotifyAccount(catalogue)
    every = list(catalogue.spotify)
    for number in range(playlists):
        filled.add_playlist(f"Large {number:05}", every[number * tracks_each : (number + 1) * tracks_each])
    return filled


def matched(catalogue: Catalogue) -> Checkpoint:
    """What a first run that had only looked tracks up would leave."""
    rules = Rules()
    return Checkpoint(
        matches={
            SourceId(row.id): MatchRecord(
                Track(
                    row.id, row.name, row.artists, row.album, row.duration_ms, row.isrc, explicit=False,
                    year=row.year or None,
                ),
                Match(str(row.deezer_id), Method.ISRC, 1.0),
                decided_at="2026-11-21T12:00:00Z",
                matcher=MATCHER_VERSION,
            )
            for row in catalogue.spotify.values()
        },
        judged_by=JudgedBy(MATCHER_VERSION, rules.min_score, rules.prefer_explicit),
    )  # fmt: skip


def keep(checkpoint: Checkpoint, path: Path) -> None:
    """Save it as the first run's."""
    clock = SystemClock(StopFlag())
    store = FileStore(path, clock=clock, app_version="0")
    with store.lease("large", datetime.now(UTC) + timedelta(minutes=1)) as lease:  # noqa: TID251 - no job, no clock
        lease.load()
        lease.save(checkpoint, last=True)


def main() -> None:
    playlists, tracks = map(int, sys.argv[1:3])
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with Sandbox(account(playlists, tracks), switches=DeezerSwitches(quota_calls=None)) as sandbox:
        print(json.dumps({"url": sandbox.url, "environment": sandbox.environment()}), flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
