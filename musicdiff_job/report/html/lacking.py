"""What has no counterpart, in groups by reason, cut so that the page stays small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from musicdiff_job.report.unmatched import UnmatchedLine

FULL = 40
"""Of each reason so many are shown with their candidates,"""
BRIEF = 150
"""and so many more by name."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """Those of one reason: with candidates, by name alone, and how many are not shown."""

    reason: str
    total: int
    full: tuple[UnmatchedLine, ...]
    brief: tuple[UnmatchedLine, ...]
    hidden: int


def lacking_of(lines: Sequence[UnmatchedLine]) -> tuple[Lacking, ...]:
    """The lines, which come in the order of their reasons, in groups."""
    groups = []
    for reason, found in groupby(lines, key=lambda line: line.reason):
        those = tuple(found)
        shown = FULL + BRIEF
        groups.append(Lacking(reason, len(those), those[:FULL], those[FULL:shown], max(0, len(those) - shown)))
    return tuple(groups)
