"""The settings as rows: what the parser, the schema, the environment and the documentation are all made from.

The rows are read off the annotations of ``model``; nothing is written down twice.
"""

from __future__ import annotations

import msgspec

from musicdiff_job.settings.kinds import Kind
from musicdiff_job.settings.model import (
    Budget,
    Checkpoint,
    Deezer,
    Health,
    Hooks,
    Log,
    Matching,
    Metrics,
    Notify,
    Playback,
    PlaylistRule,
    Report,
    Source,
    Spotify,
    Sync,
    Target,
)

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "checkpoint": Checkpoint,
    "budget": Budget,
    "sync": Sync,
    "source": Source,
    "target": Target,
    "matching": Matching,
    "playback": Playback,
    "log": Log,
    "notify": Notify,
    "health": Health,
    "metrics": Metrics,
    "report": Report,
    "hooks": Hooks,
    "deezer": Deezer,
    "spotify": Spotify,
}
"""The tables of the file; ``[[playlist]]`` and ``[profiles.NAME]`` come on top."""


class Row(msgspec.Struct, frozen=True):
    """One setting: its key within its section, its kind, its default (typed) and what it means."""

    section: str
    name: str
    kind: Kind
    default: object
    meaning: str

    @property
    def key(self) -> str:
        """``budget.time``."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """``MUSICDIFF_BUDGET_TIME``."""
        return f"MUSICDIFF_{self.section}_{self.name}".upper()


def rows(section: str, struct: type[msgspec.Struct]) -> dict[str, Row]:
    """The settings of one section, by name, in the order of its fields."""
    hints = struct.__annotations__
    defaults = dict(zip(struct.__struct_fields__, struct.__struct_defaults__, strict=True))
    return {
        name: Row(section, name, hints[name].__metadata__[0], defaults[name], hints[name].__metadata__[1])
        for name in struct.__struct_fields__
    }


ROWS: dict[str, dict[str, Row]] = {section: rows(section, struct) for section, struct in SECTIONS.items()}
"""Every setting outside the playlist rules, by section and name."""

RULE_ROWS = rows("playlist", PlaylistRule)
"""The keys of a ``[[playlist]]`` rule. They have no variables of their own: MUSICDIFF_PLAYLIST holds all rules."""
