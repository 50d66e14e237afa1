"""``run_once`` as a state machine: Hypothesis writes the history, ``History`` lives it, ``judge`` has the last word.

A failing program says what was done and, line by line, what came of it. Look-ups go one after the other here: with
several at a time the order of calls, and so the call that a fault meets, would differ from one replay to the next.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar

import trouble
from both_sides import NAMES, list_id
from deezer_edits import DEEZER_EDITS
from history import DEATHS, History
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from judge import judge
from spotify_edits import SPOTIFY_EDITS
from wishes import Rule, Wishes

from musicdiff_job import lookups
from musicdiff_job.core.conflict import Side
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches

number = st.integers(0, 99)
few = st.integers(1, 8)


def edits(kinds: Iterable[Callable[..., None]], most: int = 4) -> st.SearchStrategy[list[tuple[str, int, int, int]]]:
    names = sorted(kind.__name__ for kind in kinds)
    return st.lists(st.tuples(st.sampled_from(names), number, number, number), min_size=1, max_size=most)


policies = st.sampled_from(("keep", "overwrite", "ask"))
names = st.sampled_from(("*", "Evening", "[a-m]*", "Road*", "Liked*"))
rules = st.builds(
    Rule,
    match=names,
    hand_edits=st.none() | policies,
    priority=st.integers(-3, 5),
    every=st.sampled_from((None, None, "6h")),
    window=st.sampled_from((None, None, "02:00-06:00")),
)
settings = st.fixed_dictionaries(
    {},
    optional={
        "edits": policies,
        "deleted": st.sampled_from(("detach", "delete")),
        "liked_as": st.sampled_from(("favourites", "playlist")),
        "include": st.sampled_from(("*", "*", "[!r]*", "Evening")),
        "exclude": st.sampled_from(("", "", "Morning", "Ü*")),
        "limit": st.sampled_from((2000, 4)),
        "max_removals": st.sampled_from((100, 30, 0)),
        "rules": st.lists(rules, max_size=2).map(tuple),
    },
)
switches = st.builds(
    DeezerSwitches,
    quota_calls=st.none(),
    duplicate_add=st.sampled_from(("refuse", "partial_error", "partial_true")),
    partial_order=st.sampled_from(("refuse", "keep_rest")),
    readd_favourite=st.sampled_from(("true", "false", "error")),
    false_refusals=st.booleans(),
    checksum_sees_order=st.booleans(),
    read_lag=st.sampled_from((0, 0, 0, 1, 2, 3)),
    isrc_miss_status=st.sampled_from((200, 404)),
    favourite_methods=st.sampled_from(("singular", "both", "plural")),
    profile_checksum=st.booleans(),
    gateway_add_cap=st.sampled_from((None, 3)),
    unreadable_add=st.sampled_from(("accept", "refuse")),
)
"""What nobody outside Deezer knows."""
budgets = st.none() | st.integers(1, 30)


def effects(named: Iterable[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(named))


class OneAtATime:
    """An executor that does everything at once, in this thread."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(task(*arguments))
        return done

    def shutdown(self, **_: object) -> None:
        pass


@contextlib.contextmanager
def in_step() -> Iterator[None]:
    """Look-ups go one after the other, and the log is silent below errors."""
    usual = {name: vars(lookups)[name] for name in ("ThreadPoolExecutor", "WORKERS")}
    disabled = logging.root.manager.disable
    vars(lookups).update(ThreadPoolExecutor=OneAtATime, WORKERS=0.5)  # it keeps 2 * WORKERS in flight
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        vars(lookups).update(usual)
        logging.disable(disabled)


class JobMachine(RuleBasedStateMachine):
    """One history. ``steps``, ``runs`` and ``histories`` count over all machines of this process."""

    steps: ClassVar[int] = 0
    runs: ClassVar[int] = 0
    histories: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self._life = contextlib.ExitStack()
        self._history: History | None = None
        self._end: tuple[int | None, Side | None] = (None, None)
        self._told = 0
        self._was_busy = False

    @property
    def history(self) -> History:
        assert self._history is not None
        return self._history

    @initialize(
        credential=st.sampled_from(("arl", "token")),
        wishes=settings,
        switches=switches,
        snapshots=st.booleans(),
        lists=st.lists(st.tuples(number, number, number), min_size=1, max_size=3),
        likes=st.lists(number, max_size=3),
        end=st.tuples(
            st.sampled_from((None, None, 12, 25)), st.sampled_from((Side.SPOTIFY, Side.SPOTIFY, Side.DEEZER, None))
        ),
    )
    def begin(
        self,
        credential: Any,
        wishes: dict[str, Any],
        switches: DeezerSwitches,
        snapshots: bool,
        lists: list[tuple[int, int, int]],
        likes: list[int],
        end: tuple[int | None, Side | None],
    ) -> None:
        """A library, settings, and what nobody knows of Deezer; ``end`` is the budget and the answer of peace."""
        type(self).histories += 1
        self._life.enter_context(in_step())
        folder = Path(self._life.enter_context(tempfile.TemporaryDirectory()))
        history = History(folder, credential, Wishes(**wishes), switches, header_edits_change_snapshot=snapshots)
        self._history = self._life.enter_context(history)
        self._end = end
        for numbers in lists:
            history.edit("add_list", *numbers)
        for track in likes:
            history.edit("like", track, 3, 0)

    @rule(edits=edits(SPOTIFY_EDITS))
    def edit_spotify(self, edits: list[tuple[str, int, int, int]]) -> None:
        for edit in edits:
            self.history.edit(*edit)

    @rule(edits=edits(DEEZER_EDITS))
    def edit_deezer(self, edits: list[tuple[str, int, int, int]]) -> None:
        for edit in edits:
            self.history.edit(*edit)

    @rule(settings=settings.filter(bool))
    def change_settings(self, settings: dict[str, Any]) -> None:
        self.history.wish(**settings)

    @rule(seconds=st.sampled_from((600, 7_200, 86_400, 3 * 86_400, 8 * 86_400)))
    def wait(self, seconds: int) -> None:
        self.history.wait(seconds)

    @rule(seconds=st.integers(1, 120))
    def set_the_clock_back(self, seconds: int) -> None:
        self.history.set_back(seconds)

    @precondition(lambda self: self.history.open_questions())
    @rule(which=number, side=st.sampled_from(Side))
    def resolve(self, which: int, side: Side) -> None:
        self.history.resolve(which, side)

    # Trouble in the next run

    @rule(effect=effects(trouble.ON_SPOTIFY), skip=st.integers(0, 4), count=few)
    def spoil_spotify(self, effect: str, skip: int, count: int) -> None:
        self.history.spoil(trouble.spoilt(trouble.SPOTIFY, trouble.ON_SPOTIFY[effect], skip, count))

    @rule(effect=effects(trouble.ON_SIGN_IN), skip=st.integers(0, 2), count=few)
    def spoil_sign_in(self, effect: str, skip: int, count: int) -> None:
        self.history.spoil(trouble.spoilt(trouble.SIGN_IN, trouble.ON_SIGN_IN[effect], skip, count))

    @rule(calls=effects(trouble.DEEZER), effect=effects(trouble.ON_DEEZER), skip=st.integers(0, 4), count=few)
    def spoil_deezer(self, calls: str, effect: str, skip: int, count: int) -> None:
        place = trouble.DEEZER[calls][self.history.rig.credential]
        self.history.spoil(trouble.spoilt(place, trouble.ON_DEEZER[effect], skip, count))

    @rule(calls=effects(trouble.WRITES), skip=st.integers(0, 3), count=few)
    def refuse(self, calls: str, skip: int, count: int) -> None:
        self.history.spoil(trouble.refusal(trouble.WRITES[calls][self.history.rig.credential], skip, count))

    @rule(status=st.sampled_from((403, 404)), skip=st.integers(0, 3), count=few)
    def deny(self, status: int, skip: int, count: int) -> None:
        self.history.spoil(trouble.hidden(status, skip, count))

    @rule(which=st.integers(0, 7), count=few)
    def tear(self, which: int, count: int) -> None:
        """A list of Spotify's comes without its rows."""
        own = self.history.sides.spotify.playlists()
        if which < len(own):
            path, total = f"/playlists/{own[which].id}/items", len(own[which].entries)
        elif which == 7:
            path, total = "/me/playlists", len(own)
        else:
            path, total = "/me/tracks", len(self.history.sides.spotify.liked())
        if total:
            self.history.spoil(trouble.torn(path, total, count))

    # Runs

    @rule(budget=budgets, force=st.booleans())
    def run(self, budget: int | None, force: bool) -> None:
        self._run(max_calls=budget, force=force)

    @rule(budget=st.none() | st.integers(6, 20), pause=st.sampled_from((60, 7_200)), times=st.integers(2, 4))
    def run_again_and_again(self, budget: int | None, pause: int, times: int) -> None:
        for _ in range(times):
            self._run(max_calls=budget)
            self.history.wait(pause)

    @rule(death=st.sampled_from(DEATHS), at=few, budget=budgets)
    def run_and_die(self, death: str, at: int, budget: int | None) -> None:
        self._run(death=death, at=at, max_calls=budget)

    @rule(at=few, edits=edits({**SPOTIFY_EDITS, **DEEZER_EDITS}, most=2))
    def run_while_somebody_edits(self, at: int, edits: list[tuple[str, int, int, int]]) -> None:
        def meddle() -> None:
            for edit in edits:
                self.history.edit(*edit)

        self._run(meddle=meddle, at=at)

    @rule(at=few)
    def run_until_a_signal(self, at: int) -> None:
        self._run(signal=True, at=at)

    @rule()
    def run_dry(self) -> None:
        """It writes nothing: neither to Deezer nor the checkpoint."""
        place = self.history.rig.checkpoint_file
        before = place.read_bytes() if place.exists() else b""
        library = self.history.sides.deezer._library
        self._run(dry_run=True)
        self.history.check(self.history.sides.deezer._library is library, "a dry run wrote to Deezer")
        self.history.check((place.read_bytes() if place.exists() else b"") == before, "a dry run wrote the checkpoint")

    def _run(self, **options: Any) -> None:
        try:
            self.history.run(**options)
        finally:
            self.history.box.faults.clear()

    @precondition(lambda self: self.is_in_step())
    @rule()
    def run_with_nothing_to_do(self) -> None:
        """Nothing is written, and it costs no more than a look."""
        self.history.sides.catch_up()
        self.history.idle()

    def is_in_step(self) -> bool:
        """Whether nothing has happened since a run that found all in step."""
        last = self.history.last
        return last is not None and last.outcome is Outcome.IN_SYNC and not last.dry_run and not self.history.touched

    @precondition(lambda self: not self._was_busy)
    @rule(busy=number, budget=st.integers(9, 14), priority=st.integers(0, 3))
    def run_daily_with_a_busy_list(self, busy: int, budget: int, priority: int) -> None:
        """One list changes every day and comes first; the others get their turn all the same, within the days that
        its priority is worth, and one for each of them."""
        self._was_busy = True
        history = self.history
        history.quieten()
        history.wish(rules=(Rule(NAMES[busy % len(NAMES)], priority=priority),), limit=2000, include="*", exclude="")
        lists = [one for one in history.sides.spotify.playlists() if history.sides.spotify.readable(one)]
        for which in range(len(lists)):
            history.edit("add_entry", which, busy + which, 0)
        since = history.rig.now()
        history.wait(1)  # the checkpoint keeps whole seconds
        for day in range(priority + 2 * len(lists) + 2):
            for which, one in enumerate(lists):
                if one.name == NAMES[busy % len(NAMES)]:
                    history.edit("add_entry", which, busy + day, 1)
            self._run(max_calls=budget)
            history.wait(86_400)
        mirrors = history.rig.checkpoint().mirrors
        for one in lists:
            mirror = mirrors[list_id(one)]
            tried = mirror.tried_at is not None and from_iso(mirror.tried_at) > since
            over = mirror.state.value in ("detached", "skipped", "conflict")
            history.check(tried or over, f"{one.id} ({one.name}) never had its turn")

    @invariant()
    def this_happened(self) -> None:
        """Count the step, and let the printed program say what came of it."""
        type(self).steps += 1
        self._tell()

    def _tell(self) -> None:
        if self._history is not None:
            for line in self.history.story[self._told :]:
                note(f"    # {line}")
            self._told = len(self.history.story)

    def teardown(self) -> None:
        with self._life:
            if self._history is None:
                return
            try:
                if sys.exception() is None:
                    self.history.peace(*self._end)
                    judge(self.history)
            finally:
                type(self).runs += self.history.rig.runs
                self._tell()
