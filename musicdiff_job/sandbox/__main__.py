"""``python -m musicdiff_job.sandbox``: the sandbox as a process of its own.

When it serves it writes one line of JSON to standard output: ``{"url": ..., "environment": {...}}``. It ends on
SIGINT and SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import threading
from collections.abc import Sequence

from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_accounts import TokenMode
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount, demo_world, synthetic_world


def library(text: str) -> SpotifyAccount:
    """The account that ``--library`` describes: ``demo``, ``empty``, or ``synthetic:50x100`` with an optional
    ``+200`` liked songs, ``+200+40`` saved albums, ``+200+40+20`` followed artists; raises ArgumentTypeError
    otherwise."""
    synthetic = re.fullmatch(r"(synthetic|albums):(\d+)x(\d+)(?:\+(\d+))?(?:\+(\d+))?(?:\+(\d+))?", text)
    if synthetic is not None:
        kind, *numbers = synthetic.groups()
        playlists, tracks, liked, albums, artists = (int(number or 0) for number in numbers)
        whole = kind == "albums"
        return synthetic_world(playlists, tracks, liked, whole_albums=whole, albums=albums, artists=artists)
    match text:
        case "demo":
            return demo_world(albums=8, artists=6)
        case "empty":
            return SpotifyAccount()
        case _:
            raise argparse.ArgumentTypeError(f"{text!r} is not demo, empty, synthetic:50x100+200 or albums:50x100+200")


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m musicdiff_job.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 (the default) takes a free one")
    parser.add_argument("--cohort", type=Cohort, choices=list(Cohort), default=Cohort.RESTRICTED)
    parser.add_argument("--token-mode", type=TokenMode, choices=list(TokenMode), default=TokenMode.NO_ROTATION)
    parser.add_argument("--library", type=library, default="demo", help="demo, empty, synthetic:50x100+200, albums:...")
    parser.add_argument("--deezer", choices=["arl", "token"], default="arl", help="kind of Deezer credential to show")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds by which every answer is late")
    parser.add_argument("--no-quota", action="store_true", help="lift Deezer's limit of 50 calls in 5 seconds")
    asked = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    sandbox = Sandbox(
        asked.library,
        cohort=asked.cohort,
        token_mode=asked.token_mode,
        switches=DeezerSwitches(quota_calls=None) if asked.no_quota else None,
        latency=asked.latency,
        port=asked.port,
    )
    with sandbox:
        sys.stdout.write(json.dumps({"url": sandbox.url, "environment": sandbox.environment(asked.deezer)}) + "\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
