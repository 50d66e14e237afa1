"""One history: two accounts, the job's runs between their edits, and what is checked after every run.

``run`` is one run in all the ways one can go; ``peace`` ends the history: trouble stops, time passes, and the job has
to come to rest. What Deezer must hold then is in ``judge``; what the single writes must not do is in ``witness``.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from both_sides import BothSides
from click.testing import CliRunner
from deezer_edits import DEEZER_EDITS
from mortal import BEGINNING, Killed, MeddledTarget, MortalStore, MortalTarget, SwiftClock
from rig import Credential, Rig, Watcher
from spotify_edits import SPOTIFY_EDITS
from wishes import Wishes
from witness import WatchedAccount, Witness

from musicdiff_job import bootstrap, journal, settings
from musicdiff_job.cli.root import root
from musicdiff_job.clock import StopFlag
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.conflict import Side
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import Summary
from musicdiff_job.job import run_once
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import Fault, JsonFalse
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount

EDITS = {edit.__name__: edit for edit in (*SPOTIFY_EDITS, *DEEZER_EDITS)}
SAVES = ("before save", "after save")
WRITES = ("before write", "after write")
DEATHS = (*WRITES, *SAVES)
LOOK = 3
"""Calls of a run that has nothing to do."""
STILL = 6
"""Undisturbed runs in a row that may go without coming any further."""


class Wrong(AssertionError):
    """The job did what it must not."""


class History:
    """The accounts, the sandbox and the job's checkpoint in ``folder``. Enter it to serve."""

    def __init__(
        self,
        folder: Path,
        credential: Credential,
        wishes: Wishes,
        switches: DeezerSwitches,
        *,
        header_edits_change_snapshot: bool = True,
    ) -> None:
        self.story: list[str] = []
        self.clock = SwiftClock()
        self.wishes = wishes
        self.lag = switches.read_lag
        spotify = SpotifyAccount(load_catalogue(), header_edits_change_snapshot=header_edits_change_snapshot)
        deezer = WatchedAccount(clock=lambda: BEGINNING.timestamp() + self.clock.passed)
        self.box = Sandbox(spotify, deezer, switches=switches)
        self.rig = Rig(self.box, folder, credential, {"SPOTIFY_AUTHORIZED_AT": "2027-01-01"}, self.clock)
        self.sides = BothSides(spotify, deezer, self.rig.checkpoint, self.tell)
        self.witness = Witness(self.sides, self._has_looked, lambda: self.clock.passed, self.lag)
        deezer.witness = self.witness.saw
        self.last: Summary | None = None
        self.touched = False
        """Whether anything has happened since the last run."""
        self.refusing = False
        self._liked_as = wishes.liked_as
        self.tell(f"{credential} {wishes} {_turned(switches)} {header_edits_change_snapshot=}")

    def __enter__(self) -> History:
        self.box.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.box.close()

    def tell(self, step: str) -> None:
        self.story.append(step)

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            self.fail(what)

    def fail(self, what: str) -> NoReturn:
        self.tell(f"WRONG: {what}")
        raise Wrong(what)

    # Between runs

    def edit(self, kind: str, a: int, b: int, c: int) -> None:
        """One edit by a person, or by Deezer, by its name."""
        self.touched = True
        EDITS[kind](self.sides, a, b, c)
        if EDITS[kind] in DEEZER_EDITS:
            self.sides.hand_edits += 1
        else:
            self.sides.noted()

    def spoil(self, fault: Fault) -> None:
        """Calls of the next run are spoilt."""
        self.touched = True
        self.refusing |= isinstance(fault.effect, JsonFalse)
        self.box.misbehave(fault)
        self.tell(f"fault: {fault}")

    def wish(self, **changes: Any) -> None:
        """Change settings."""
        self.touched = True
        self.wishes = dataclasses.replace(self.wishes, **changes)
        self.tell(f"settings: {changes}")

    def wait(self, seconds: float) -> None:
        self.touched = True
        self.clock.wait(seconds)
        self.tell(f"{seconds:,} s pass")

    def set_back(self, seconds: float) -> None:
        self.touched = True
        self.clock.set_back(seconds)
        self.tell(f"the clock is set back by {seconds} s")

    def open_questions(self) -> list[str]:
        return [one.id for one in self.rig.checkpoint().conflicts.values() if one.decision is None]

    def resolve(self, which: int, side: Side) -> None:
        """Somebody answers one of the open questions."""
        asked = self.open_questions()
        self.touched = True
        self.command("resolve", asked[which % len(asked)], "--take", side.value)

    def command(self, *arguments: str) -> str:
        """One command of the command line, which has to succeed."""
        hidden = {name: None for name in os.environ if name.startswith(("MUSICDIFF_", "SPOTIFY_", "DEEZER_"))}
        runner = CliRunner(env={**hidden, **self._environment(), "HOME": str(self.rig.folder)})
        result = runner.invoke(root, list(arguments))
        journal.reset()
        if arguments[0] == "resolve":
            self.tell(" ".join(arguments))
        self.check(result.exit_code == 0, f"{arguments} ended {result.exit_code}: {result.output}")
        return result.stdout

    def _environment(self) -> dict[str, str]:
        return {**self.rig.environment(), **self.wishes.environment()}

    # One run

    def run(
        self,
        *,
        death: str | None = None,
        at: int = 1,
        meddle: Callable[[], None] | None = None,
        signal: bool = False,
        **options: Any,
    ) -> Summary | None:
        """One run; None when the process died. ``death`` says where at the ``at``-th write or save, ``meddle`` is
        called, or a signal sent, just before the ``at``-th write."""
        rig = self.rig
        rig.runs += 1
        store: Any = rig.store()
        if death in SAVES:
            store = MortalStore(store, at, before=death == "before save")
        stop = StopFlag()
        job = bootstrap.assemble(
            settings.load(env=self._environment(), cwd=rig.folder),
            stop=stop,
            clock=self.clock,
            observer=Watcher(),
            redactor=Redactor(),
            store=store,
            run_id=f"run-{rig.runs}",
            **options,
        )
        connect = job.connect

        def disturbed(checkpoint: Checkpoint) -> Any:
            made = connect(checkpoint)
            target: Any = made.target
            if death in WRITES:
                target = MortalTarget(target, at, before=death == "before write")
            if meddle is not None or signal:
                target = MeddledTarget(target, at, meddle or (lambda: stop.set(15)))
            return dataclasses.replace(made, target=target)

        self._switch_likes()
        self.box.log.forget()
        self.last, self.touched = None, False
        self.witness.begin(self.wishes, rig.checkpoint())
        summary: Summary | None = None
        try:
            summary = run_once(dataclasses.replace(job, connect=disturbed))
        except Killed:
            self.tell(f"run {rig.runs} {options} died {death} {at}")
        else:
            self._told(summary, f"{options} {f'meddled {at}' if meddle else ''} {f'signal {at}' if signal else ''}")
        self.witness.end(rig.checkpoint())
        self.check(not self.witness.faults, "; ".join(self.witness.faults))
        if summary is not None:
            self._check_summary(summary, options.get("max_calls"))
        self._check_checkpoint()
        self.last = summary
        return summary

    def _told(self, summary: Summary, how: str) -> None:
        self.tell(
            f"run {self.rig.runs} {how}: {summary.outcome} {dict(summary.api_calls)} writes={summary.writes} "
            f"{[error.message for error in summary.errors]} "
            f"{[(one.name, str(one.state), one.reason) for one in summary.collections if one.reason != 'unchanged']}"
        )

    def _check_summary(self, summary: Summary, budget: int | None) -> None:
        self.check(summary.outcome is not Outcome.CRASH, "the run crashed")
        calls = dict(summary.api_calls)
        seen = {name: self.box.calls(name) for name in ("spotify", "deezer", "auth")}
        self.check(calls == seen, f"the summary counts {calls}, the services {seen}")
        if budget is not None:
            self.check(calls["spotify"] + calls["deezer"] <= budget, "the budget was overdrawn")
        self.check(
            (summary.outcome is not Outcome.CONFLICT) or bool(summary.conflicts), "a conflict that names no question"
        )
        known = self.rig.checkpoint()
        for line in () if summary.dry_run else summary.conflicts:
            named = line.name and line.message and line.collection in known.mirrors and line.id in known.conflicts
            self.check(bool(named), f"a question about nothing: {line}")

    def _check_checkpoint(self) -> None:
        """What is on the disk is whole, and the command line can tell it."""
        store = self.rig.store()
        if store.peek() is None:
            return
        if store.previous.exists():
            text = store.previous
            type(store)(text, clock=self.clock, app_version="test").peek()
        told = self.command("status", "--json") and self.command("playlists", "--json")
        self.check(bool(told), "nothing to tell")
        parts = [part.playlist for mirror in self.rig.checkpoint().mirrors.values() for part in mirror.parts]
        self.check(len(parts) == len(set(parts)), f"a playlist is bound twice: {sorted(parts)}")

    def _switch_likes(self) -> None:
        """When the liked songs go elsewhere, what is in the old place is left there, and nobody's."""
        if self.wishes.liked_as != self._liked_as:
            self._liked_as = self.wishes.liked_as
            self.sides.leave_likes()

    def _has_looked(self) -> bool:
        """Whether this run has read the source's listing, and nothing can have spoilt it."""
        if any(fault.service in ("*", "spotify", "accounts") for fault in self.box.faults.listed()):
            return False
        return any(call.service == "spotify" and call.path == "/me/playlists" for call in self.box.log.all())

    # The end

    def quieten(self) -> None:
        """Faults stop, services are open again, the account is as it was."""
        self.box.faults.clear()
        self.sides.unblock()
        self.wait(2 * 86_400)

    def peace(self, budget: int | None, answer: Side | None) -> None:
        """Runs until one is content, on ``budget`` calls each (more where that would not do for one unit of work).
        Questions get this ``answer``; None leaves them open."""
        self.quieten()
        self.wishes = self.wishes.at_any_time()
        self.wait(38 * 86_400)
        self.tell(f"peace, budget {budget}, answer {answer}")
        seen: set[object] = set()
        still = 0
        for _ in range(150):
            summary = self.run(max_calls=budget and max(budget, self._unit()))
            assert summary is not None
            self.check(
                summary.outcome
                in {Outcome.MORE_TO_DO, Outcome.CHANGED, Outcome.PARTIAL, Outcome.IN_SYNC, Outcome.CONFLICT},
                f"in peace a run ended {summary.outcome}",
            )
            if summary.outcome is Outcome.CONFLICT and answer is not None:
                self.resolve(0, answer)
            elif self._is_content(summary):
                break
            now = self._standing()
            still = 0 if now not in seen else still + 1
            seen.add(now)
            self.check(still <= STILL, "it goes round in circles")
            self.wait(90)
            if budget is not None:
                self.sides.catch_up()  # else the next look may be old, and there is no budget for another one
        else:
            self.fail("it never comes to rest")
        self.rest()

    def rest(self) -> None:
        """With nothing to do: nothing is written, and it costs no more than a look."""
        self.wait(90)
        self.run()
        self.idle()

    def idle(self) -> None:
        """Two runs with nothing to do. The first may learn from a listing what the last read could not know, the
        modification time; the second costs a look."""
        for _ in range(2):
            last = self.run()
            assert last is not None
            self.check(last.writes == 0, "a run with nothing to do wrote")
            calls = dict(last.api_calls)
        self.check(calls["spotify"] + calls["deezer"] <= LOOK, f"a run with nothing to do made {calls}")

    def _is_content(self, summary: Summary) -> bool:
        quiet = summary.writes == 0 and not summary.totals.pending and not summary.totals.failed
        return quiet and summary.outcome in (Outcome.IN_SYNC, Outcome.CONFLICT)

    def _unit(self) -> int:
        """Calls for a look, all of what the longest list needs to be compared, and one write."""
        known = max((len(mirror.parts) for mirror in self.rig.checkpoint().mirrors.values()), default=1)
        longest = max(len(held.wanted) for held in self.sides.timeline[-1].values())
        parts = max(known, -(-longest // self.wishes.limit))
        return LOOK + 1 + 2 * parts + 2

    def _standing(self) -> object:
        """How far the job has come: what is read, decided, intended and placed. Whoever makes progress does not come
        by the same place twice."""
        checkpoint = self.rig.checkpoint()
        matches = tuple((record.decision is None, repr(record.evidence)) for record in checkpoint.matches.values())
        mirrors = tuple(
            (
                (one.id, one.state, one.creating),
                one.reading and (len(one.reading.entries), one.reading.complete),
                [(part.playlist, part.base, part.in_flight, part.header) for part in one.parts],
            )
            for one in checkpoint.mirrors.values()
        )
        playlists = [
            (one.id, one.title, one.description, one.public, list(one.entries))
            for one in self.sides.deezer._library.playlists.values()
        ]
        return hash(repr((matches, mirrors, playlists)))


def _turned(switches: DeezerSwitches) -> str:
    """The switches that are not at their defaults."""
    usual = DeezerSwitches()
    told = {name: getattr(switches, name) for name in switches.__struct_fields__}
    return str({name: value for name, value in told.items() if value != getattr(usual, name)})
