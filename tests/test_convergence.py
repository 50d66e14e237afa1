"""Years of use in a few seconds: seeded random histories of edits, faults, small budgets and deaths, then peace.

One history belongs to one seed. Both sides are edited by hand, runs get few calls, calls are spoilt, and runs die in
the middle of a write or a save. While that goes on a run may end in any way but a crash, and may write nothing that
nobody asked for (see ``witness``). Afterwards the faults stop, time passes and the job runs until it is done; then
Deezer must hold what an independent account of the history expects (see ``judge``), one more run must write nothing
and cost no more than the three calls of a look.

``MUSICDIFF_TORTURE=1000`` runs that many histories instead of the usual few; ``MUSICDIFF_TORTURE_FROM`` is the first
seed. A failure names its seed and lists what happened.
"""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import trouble
from deezer_edits import DEEZER_EDITS
from history import DEATHS, History, Wrong
from judge import judge
from rig import Credential
from spotify_edits import SPOTIFY_EDITS
from wishes import Wishes

from musicdiff_job.core.conflict import Side
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import Fault

HISTORIES = int(os.environ.get("MUSICDIFF_TORTURE", "15"))
FIRST = int(os.environ.get("MUSICDIFF_TORTURE_FROM", "0"))
BUDGETS = (8, 9, 10, 12, 15, 20, 30, 60, None)
EDITS = {**SPOTIFY_EDITS, **DEEZER_EDITS}


def any_history(pick: random.Random, folder: Path) -> History:
    switches = DeezerSwitches(
        quota_calls=None,
        duplicate_add=pick.choice(("refuse", "refuse", "partial_error", "partial_true")),
        partial_order=pick.choice(("refuse", "keep_rest")),
        readd_favourite=pick.choice(("true", "false", "error")),
        false_refusals=pick.random() < 0.3,
        checksum_sees_order=pick.random() < 0.7,
        read_lag=pick.choice((0, 0, 0, 1, 2, 3)),
        isrc_miss_status=pick.choice((200, 404)),
        favourite_methods=pick.choice(("singular", "both", "plural")),
        profile_checksum=pick.random() < 0.7,
        gateway_add_cap=pick.choice((None, None, 3)),
        unreadable_add=pick.choice(("accept", "refuse")),
    )
    wishes = Wishes(
        edits=pick.choices(("keep", "overwrite", "ask"), (6, 3, 1))[0],
        limit=pick.choice((2000, 2000, 2000, 4)),
        liked_as=pick.choice(("favourites", "favourites", "playlist")),
    )
    snapshots = pick.random() < 0.5
    return History(folder, pick.choice(("arl", "token")), wishes, switches, header_edits_change_snapshot=snapshots)


def any_edit(pick: random.Random, history: History) -> None:
    kind = pick.choices(list(EDITS), list(EDITS.values()))[0]
    history.edit(kind.__name__, *(pick.randrange(100) for _ in range(3)))


def any_fault(pick: random.Random, credential: Credential) -> Fault:
    skip, count = pick.choice((0, 0, 1, 2, 5)), pick.choice((1, 1, 1, 4, 8))
    match pick.choice(("spotify", "deezer", "deezer", "deezer", "writes", "sign in")):
        case "spotify" if pick.random() < 0.1:
            return trouble.hidden(pick.choice((403, 404)), skip, count)
        case "spotify":
            return trouble.spoilt(trouble.SPOTIFY, pick.choice(list(trouble.ON_SPOTIFY.values())), skip, count)
        case "sign in":
            return trouble.spoilt(trouble.SIGN_IN, pick.choice(list(trouble.ON_SIGN_IN.values())), skip, count)
        case "writes" if pick.random() < 0.3:
            return trouble.refusal(pick.choice(list(trouble.WRITES.values()))[credential], skip, count)
        case kind:
            places = trouble.WRITES if kind == "writes" else trouble.DEEZER
            effect = pick.choice(list(trouble.ON_DEEZER.values()))
            return trouble.spoilt(pick.choice(list(places.values()))[credential], effect, skip, count)


def any_run(pick: random.Random, history: History) -> None:
    at, budget = pick.randint(1, 8), pick.choice(BUDGETS)
    match pick.choice(("", "", "", *DEATHS, "meddling", "signal")):
        case "meddling":
            meddle: Callable[[], None] = lambda: any_edit(pick, history)  # noqa: E731
            history.run(meddle=meddle, at=at, max_calls=budget)
        case "signal":
            history.run(signal=True, at=at, max_calls=budget)
        case death:
            history.run(death=death or None, at=at, max_calls=budget)


def live(pick: random.Random, history: History) -> None:
    """The history."""
    for kind, most in (("add_list", 3), ("like", 3)):
        for _ in range(pick.randint(kind == "add_list", most)):
            history.edit(kind, *(pick.randrange(100) for _ in range(3)))
    for _ in range(pick.randint(3, 9)):
        for _ in range(pick.choice((0, 1, 2, 4, 7))):
            any_edit(pick, history)
        history.box.faults.clear()
        for _ in range(pick.choice((0, 0, 1, 1, 2))):
            history.spoil(any_fault(pick, history.rig.credential))
        any_run(pick, history)
        history.wait(pick.choice((60, 600, 7200)))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + HISTORIES))
def test_every_history_comes_to_rest_in_the_right_state(
    seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pick = random.Random(seed)
    with caplog.at_level(logging.ERROR), any_history(pick, tmp_path) as history:
        try:
            live(pick, history)
            history.peace(pick.choice((None, None, 12, 25)), pick.choice((None, Side.SPOTIFY, Side.DEEZER)))
            judge(history)
        except Wrong as wrong:
            pytest.fail("\n".join((f"seed {seed}: {wrong}", *history.story)), pytrace=False)
