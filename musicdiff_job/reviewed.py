"""Carrying out what was reviewed, wrapped on: a target that asks before every write, a catalogue that is not asked."""

from __future__ import annotations

from collections.abc import Callable

from musicdiff_job.core.errors import StalePlan
from musicdiff_job.core.model import FAVOURITES, AccountId, Header, PlaylistId, TargetContents, TargetHead, Track
from musicdiff_job.core.plan import Change, Receipt
from musicdiff_job.core.questions import Question, Sweep
from musicdiff_job.ports import Target

NEW_PLAN = "Make a new plan and review it"
"""What to do about one that no longer fits."""


class ReviewedTarget:
    """A ``Target`` that makes no change before ``ask`` has let it through; where it does not, it raises
    ``StalePlan``."""

    def __init__(self, real: Target, ask: Callable[[Change], None]) -> None:
        self._real = real
        self._ask = ask

    @property
    def batch(self) -> int:
        """As the real target's."""
        return self._real.batch

    def account(self) -> AccountId:
        """As the real target's."""
        return self._real.account()

    def credential(self) -> str:
        """As the real target's."""
        return self._real.credential()

    def playlists(self) -> tuple[TargetHead, ...]:
        """As the real target's."""
        return self._real.playlists()

    def header(self, playlist: PlaylistId) -> Header:
        """As the real target's."""
        return self._real.header(playlist)

    def tracks(self, playlist: PlaylistId) -> TargetContents:
        """As the real target's."""
        return self._real.tracks(playlist)

    def favourites(self, which: PlaylistId = FAVOURITES) -> TargetContents:
        """As the real target's."""
        return self._real.favourites(which)

    def apply(self, change: Change) -> Receipt:
        """Ask, then make the change."""
        self._ask(change)
        return self._real.apply(change)


class ClosedCatalogue:
    """A ``Catalogue`` for work whose decisions are all made."""

    def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
        """Never answered: a decision that is still open was not reviewed."""
        raise StalePlan("the plan no longer fits: a track would have to be looked up", NEW_PLAN)
