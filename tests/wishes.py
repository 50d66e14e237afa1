"""What a person sets, as a value: the settings that a history may change between its runs, and what they ask for.

Read here by rules of its own, not by the product's: an expectation that asks the product what to expect expects
nothing.
"""

from __future__ import annotations

import dataclasses
import json
from fnmatch import fnmatchcase
from typing import Literal

Edits = Literal["keep", "overwrite", "ask"]


@dataclasses.dataclass(frozen=True)
class Rule:
    """One ``[[playlist]]``."""

    match: str
    hand_edits: Edits | None = None
    priority: int = 0
    every: str | None = None
    window: str | None = None

    def document(self) -> dict[str, object]:
        said = {"hand_edits": self.hand_edits, "every": self.every, "window": self.window}
        zone = {"timezone": "UTC"} if self.window else {}
        return {"match": self.match, "priority": self.priority, **zone, **{k: v for k, v in said.items() if v}}


@dataclasses.dataclass(frozen=True)
class Wishes:
    """The settings of one run."""

    edits: Edits = "keep"
    deleted: Literal["detach", "delete"] = "detach"
    liked_as: Literal["favourites", "playlist"] = "favourites"
    include: str = "*"
    exclude: str = ""
    limit: int = 2000
    max_removals: int = 100
    """Per cent."""
    rules: tuple[Rule, ...] = ()

    def environment(self) -> dict[str, str]:
        return {
            "MUSICDIFF_SYNC_HAND_EDITS": self.edits,
            "MUSICDIFF_SYNC_ON_SOURCE_DELETED": self.deleted,
            "MUSICDIFF_SYNC_LIKED_AS": self.liked_as,
            "MUSICDIFF_SYNC_INCLUDE": json.dumps([self.include]),
            "MUSICDIFF_SYNC_EXCLUDE": json.dumps([self.exclude] if self.exclude else []),
            "MUSICDIFF_DEEZER_PLAYLIST_LIMIT": str(self.limit),
            "MUSICDIFF_SYNC_MAX_REMOVALS": f"{self.max_removals}%",
            "MUSICDIFF_PLAYLIST": json.dumps([rule.document() for rule in self.rules]),
        }

    def rule_for(self, name: str) -> Rule:
        return next((rule for rule in self.rules if _named(name, rule.match)), Rule("*"))

    def edits_for(self, name: str) -> Edits:
        return self.rule_for(name).hand_edits or self.edits

    def selects(self, name: str, *, liked: bool = False) -> bool:
        return liked or (_named(name, self.include) and not (self.exclude and _named(name, self.exclude)))

    def at_any_time(self) -> Wishes:
        """The same, without the rules that say when."""
        rules = (dataclasses.replace(rule, every=None, window=None) for rule in self.rules)
        return dataclasses.replace(self, rules=tuple(rules))


def _named(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())
