"""Nobody watches: ``ports.Observer`` for runs without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from musicdiff_job.core.model import CollectionHead, TargetId
from musicdiff_job.core.plan import AnyChange
from musicdiff_job.core.summary import CollectionResult


@runtime_checkable
class ShowsCalls(Protocol):
    """An observer that also shows how many calls the run may still make, once it is given what tells it."""

    calls_left: Callable[[], int] | None


class Silent:
    """``ports.Observer`` that shows nothing."""

    def phase(self, name: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, steps: int = 1) -> None:
        """Nothing."""

    def planned(self, head: CollectionHead, changes: tuple[AnyChange, ...], names: Mapping[TargetId, str]) -> None:
        """Nothing."""

    def finished(self, result: CollectionResult) -> None:
        """Nothing."""
