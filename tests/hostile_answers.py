"""Right answers with one value spoilt: null, missing, or of another type, for every value of every answer.

Arrays stand for their first and their last element. The spoilt answer is served throughout one run; that run must do
nothing wrong, whatever it makes of it, and the runs after it must come to the right state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from hostile_stage import stage
from hostile_trial import restless, unsafe, world_of

from musicdiff_job.sandbox.faults import ALWAYS, EditJson, Fault

HOWS: Final = ("null", "missing", "of another type")


@dataclass(frozen=True)
class Spoiling:
    """One value in an endpoint's answers, and what becomes of it."""

    endpoint: str
    path: tuple[str | int, ...]
    how: str
    value: Any = None

    def __str__(self) -> str:
        return f"{self.endpoint}: {'.'.join(map(str, self.path)) or 'the answer'} {self.how}"

    @property
    def removes(self) -> bool:
        """Whether this is how Spotify says that it has an entry no more: null in its place."""
        entry = self.path[2:] in ((), ("item",), ("track",)) and len(self.path) > 1 and self.path[0] == "items"
        return self.how == "null" and entry and self.endpoint.startswith(("GET /me/tracks", "GET /playlists/{id}/"))

    def effect(self) -> EditJson:
        """As the sandbox does it."""
        return EditJson(self.path, self.value, remove=self.how == "missing")


def spoilings(endpoint: str) -> list[Spoiling]:
    """Everything that can be spoilt in an endpoint's richest answer."""
    answers = [body for _, body in world_of(endpoint).endpoints()[endpoint]]
    found = []
    for path, value in values(json.loads(max(answers, key=len))):
        found.append(Spoiling(endpoint, path, "null"))
        if path:
            found.append(Spoiling(endpoint, path, "missing"))
        found.append(Spoiling(endpoint, path, "of another type", another(value)))
    return found


def values(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The value and all below it, with the ways that lead there."""
    yield path, body
    if isinstance(body, dict):
        for key, value in body.items():
            yield from values(value, (*path, key))
    elif isinstance(body, list) and body:
        yield from values(body[0], (*path, 0))
        if len(body) > 1:
            yield from values(body[-1], (*path, -1))


def another(value: Any) -> Any:
    """A value of a type that does not belong there. Deezer is known to write numbers as text and text as numbers, so
    neither stands in for the other."""
    match value:
        case dict():
            return []
        case list():
            return {}
        case str() if not value.strip("-0123456789"):
            return []
        case str():
            return 17
        case _:
            return "odd"


def attempt(spoiling: Spoiling) -> list[str]:
    """Everything that goes wrong with one spoilt value."""
    world = world_of(spoiling.endpoint)
    call = world.endpoints()[spoiling.endpoint][0][0]
    with stage(world) as staged:
        pattern = world.pattern(spoiling.endpoint)
        staged.misbehave(Fault(spoiling.effect(), call.service, call.method, pattern, count=ALWAYS))
        complaints = list(unsafe(staged, staged.run(), whole=not spoiling.removes))
        staged.misbehave()
        return [*complaints, *restless(staged, whole=not spoiling.removes)]
