"""What wrappers of a target have in common: all that they do not change goes through."""

from __future__ import annotations

from musicdiff_job.core.model import FAVOURITES, AccountId, Header, PlaylistId, TargetContents, TargetHead
from musicdiff_job.ports import Target


class WrappedTarget:
    """The reads of a ``Target``, passed on to the ``real`` one. ``apply`` is each wrapper's own."""

    def __init__(self, real: Target) -> None:
        self._real = real

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
