"""The tracks that the histories are made of."""

from __future__ import annotations

import functools
import random
import tempfile
from pathlib import Path

from mortal import SwiftClock
from rig import Rig

from musicdiff_job.core.match import Match
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount


@functools.cache
def universe() -> tuple[tuple[str, ...], dict[str, int], tuple[int, ...]]:
    """Source tracks, the counterpart that an undisturbed run finds for each of them (some have none, some share one),
    and target tracks that are nobody's counterpart."""
    catalogue = load_catalogue()
    known = sorted(catalogue.spotify.values(), key=lambda track: track.id)
    by_target: dict[int, list[str]] = {}
    for track in known:
        by_target.setdefault(track.deezer_id, []).append(track.id)
    alone = [ids[0] for target, ids in by_target.items() if target and len(ids) == 1]
    twins = [tuple(ids[:2]) for target, ids in by_target.items() if target and len(ids) > 1]
    pick = random.Random(7)
    sources = [*pick.sample(alone, 42), *sum(pick.sample(twins, 2), ()), *pick.sample(by_target[0], 3)]
    pick.shuffle(sources)
    spotify = SpotifyAccount(catalogue)
    spotify.add_playlist("All", sources)
    with tempfile.TemporaryDirectory() as folder, Sandbox(spotify, switches=DeezerSwitches(quota_calls=None)) as box:
        rig = Rig(box, Path(folder), "arl", {"SPOTIFY_AUTHORIZED_AT": "2027-01-01"}, SwiftClock())
        rig.run()
        records = rig.checkpoint().matches
    counterparts = {
        str(source): int(record.decision.target)
        for source, record in records.items()
        if isinstance(record.decision, Match)
    }
    taken = set(counterparts.values())
    free = [track for track in sorted(catalogue.deezer_by_id) if track not in taken]
    return tuple(sources), counterparts, tuple(random.Random(8).sample(free, 24))
