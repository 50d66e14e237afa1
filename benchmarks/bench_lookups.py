"""How many look-ups a first sync needs: the real job against the sandbox, library by library.

    python benchmarks/bench_lookups.py [--json FILE]

The libraries are made of the metadata that the sandbox ships. Beside the look-ups that were made stand those that the
same tracks would need if each was looked up on its own, which is what the matcher does without sweeps. Two things are
kinder here than in life: an artist's most popular tracks are those that the catalogue has of the artist, and every
album is whole.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench_calls import FAST

from musicdiff_job.core.match import Ask, ByFields, ById, ByIsrc, BySearch, Evidence, Rules, decide
from musicdiff_job.core.model import Track
from musicdiff_job.sandbox.catalogue import Catalogue, DeezerTrack, SpotifyTrack
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_library import CatalogueTrack
from musicdiff_job.sandbox.world import SpotifyAccount

PER_ALBUM = 10


@dataclass(frozen=True)
class Library:
    """What is measured: a name and how the account is filled."""

    name: str
    fill: Callable[[SpotifyAccount], None]
    row_isrc: bool = True


def real_playlists(account: SpotifyAccount) -> None:
    """Every real playlist that is shipped."""
    for entry in account.catalogue.playlists:
        if entry.kind == "playlist":
            account.add_playlist(entry.name, entry.tracks)


def albums_liked(account: SpotifyAccount) -> None:
    """Ten tracks of each real album, liked. Synthetic: nobody's liked songs look quite like it."""
    for entry in account.catalogue.playlists:
        if entry.kind == "album":
            for track in islice(dict.fromkeys(entry.tracks), PER_ALBUM):
                account.like(track)


LIBRARIES = (
    Library("the shipped real playlists", real_playlists),
    Library("the same, no isrc in search rows", real_playlists, row_isrc=False),
    Library("ten tracks of each album, liked (synthetic)", albums_liked),
    Library("the same, no isrc in search rows", albums_liked, row_isrc=False),
)


def first_sync(library: Library) -> dict[str, Any]:
    """The look-ups of a first sync, as the sandbox saw them."""
    account = SpotifyAccount()
    library.fill(account)
    switches = DeezerSwitches(quota_calls=None, row_isrc=library.row_isrc)
    with Sandbox(account, switches=switches) as sandbox, tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            **sandbox.environment("arl"),
            **FAST,
            "MUSICDIFF_BUDGET_DEEZER_PER_HOUR": "1000000",
            "MUSICDIFF_CHECKPOINT_URL": str(Path(folder) / "checkpoint.json.gz"),
        }
        command = (sys.executable, "-m", "musicdiff_job", "run")
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        summary = json.loads(done.stdout.splitlines()[-1])
        asked = [call.path for call in sandbox.log.all() if call.service == "deezer"]
    wanted = set(tracks_of(account))
    alone = sum(on_its_own(account.catalogue, account.catalogue.spotify[track], library) for track in wanted)
    found = summary["lookups"]
    kinds = {
        "ISRC": sum(path.startswith("/track/isrc:") for path in asked),
        "search": sum(path.startswith("/search") for path in asked),
        "albums": sum(path.startswith("/album/") for path in asked),
        "artists": sum(path.startswith("/artist/") for path in asked),
    }
    return {
        "library": library.name,
        "tracks": len(wanted),
        "unmatched": sum(not account.catalogue.spotify[track].deezer_id for track in wanted),
        "lookups": found,
        "per_track": round(found / len(wanted), 3),
        "one_by_one_per_track": round(alone / len(wanted), 3),
        "kinds": kinds,
    }


def tracks_of(account: SpotifyAccount) -> Iterator[str]:
    for playlist in account.playlists():
        yield from (entry.content.id for entry in playlist.entries if isinstance(entry.content, CatalogueTrack))
    yield from (liked.track_id for liked in account.liked())


def on_its_own(catalogue: Catalogue, track: SpotifyTrack, library: Library) -> int:
    """Questions until the matcher decides, asked for this track only."""
    wanted = Track(
        id=track.id, title=track.name, artists=track.artists, album=track.album, duration_ms=track.duration_ms,
        isrc=track.isrc or None, explicit=track.explicit,
    )  # fmt: skip
    evidence = Evidence()
    while isinstance(step := decide(wanted, evidence, Rules()), Ask):
        rows: tuple[DeezerTrack, ...]
        match step.question:
            case ByIsrc(isrc):
                rows = catalogue.copies_of(isrc)[:1]
            case ById(id_):
                rows = (catalogue.deezer_by_id[int(id_)],)
            case BySearch(text):
                rows = catalogue.search(text).tracks
            case ByFields(artist, title):
                rows = catalogue.search(f'artist:"{artist}" track:"{title}"').tracks
            case other:
                raise TypeError(f"{other} is not asked about a track")
        whole = library.row_isrc or isinstance(step.question, ByIsrc | ById)
        evidence = evidence.with_answer(step.question, [_row(row, isrc=whole) for row in rows])
    return len(evidence.asked)


def _row(track: DeezerTrack, *, isrc: bool) -> Track:
    return Track(
        id=str(track.id), title=track.title, artists=(track.artist,), album=track.album, rank=track.rank,
        duration_ms=track.duration * 1000, isrc=(track.isrc or None) if isrc else None, explicit=track.explicit,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    asked = parser.parse_args()
    print("| library | tracks | look-ups | per track | one by one | ISRC, search, albums, artists |")
    print("| --- | --- | --- | --- | --- | --- |")
    results = []
    for library in LIBRARIES:
        found = first_sync(library)
        results.append(found)
        kinds = ", ".join(f"{count:,}" for count in found["kinds"].values())
        print(
            f"| {found['library']} | {found['tracks']:,} | {found['lookups']:,} | {found['per_track']:.2f} "
            f"| {found['one_by_one_per_track']:.2f} | {kinds} |",
            flush=True,
        )
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
