"""Carrying out what was reviewed, wrapped on: a target that asks before every write, a catalogue that is not asked."""

from __future__ import annotations

from collections.abc import Callable

from musicdiff_job.core.errors import StalePlan
from musicdiff_job.core.model import Track
from musicdiff_job.core.plan import Change, Receipt
from musicdiff_job.core.questions import Question, Sweep
from musicdiff_job.ports import Target
from musicdiff_job.wrapped import WrappedTarget

NEW_PLAN = "Make a new plan and review it"
"""What to do about one that no longer fits."""


class ReviewedTarget(WrappedTarget):
    """A ``Target`` that makes no change before ``ask`` has let it through; where it does not, it raises
    ``StalePlan``."""

    def __init__(self, real: Target, ask: Callable[[Change], None]) -> None:
        super().__init__(real)
        self._ask = ask

    def apply(self, change: Change) -> Receipt:
        """Ask, then make the change."""
        self._ask(change)
        return self._real.apply(change)


class ClosedCatalogue:
    """A ``Catalogue`` for work whose decisions are all made."""

    def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
        """Never answered: a decision that is still open was not reviewed."""
        raise StalePlan("the plan no longer fits: a track would have to be looked up", NEW_PLAN)
