"""Limits that several runs of one process have in common, because the services count an address or an app, not a user.

Deezer counts the requests of one public address. Spotify counts those of one app, whoever has authorised it. So a run
goes on in the window that the run before it left, and where that one was told to stay away, this one stays away too,
without asking: calling on during a penalty is what prolongs it.
"""

from __future__ import annotations

from collections.abc import Mapping

from musicdiff_job.core.budget import RollingWindow
from musicdiff_job.core.checkpoint import NotBefore
from musicdiff_job.core.model import Service


class SharedLimits:
    """What the runs so far leave to the next one. Runs follow one another; not for runs at the same time."""

    def __init__(self) -> None:
        self._windows: dict[Service, RollingWindow] = {}
        self._closed: dict[tuple[str, str], NotBefore] = {}

    def windows(self, sizes: Mapping[Service, tuple[int, float]]) -> dict[Service, RollingWindow]:
        """The windows, of these sizes (calls, seconds) from now on, with the calls that were made in them."""
        for service, (calls, seconds) in sizes.items():
            self._windows.setdefault(service, RollingWindow(calls, seconds)).resize(calls)
        return {service: self._windows[service] for service in sizes}

    def closures(self, own: Mapping[str, NotBefore], app: str) -> dict[str, NotBefore]:
        """The services that a run may not call: its ``own`` ones, and those that were closed to a run before it.
        ``app`` is its Spotify app. Of two closures the one that ends later counts."""
        met = {service: closed for (service, whose), closed in self._closed.items() if whose == _whose(service, app)}
        # Times are written in UTC and in one form, so their texts compare as they do.
        later = {name: one for name, one in met.items() if name not in own or own[name].until < one.until}
        return {**own, **later}

    def note(self, closed: Mapping[str, NotBefore], app: str) -> None:
        """A run has ended and leaves these services closed."""
        self._closed |= {(service, _whose(service, app)): one for service, one in closed.items()}


def _whose(service: str, app: str) -> str:
    return app if service == Service.SPOTIFY else ""
