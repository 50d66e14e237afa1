"""The bulk of a large memory, apart from the document that changes with every save.

Theory. A run on a large library saves thousands of times, and what a save changes is a few kilobytes of many
megabytes. So above a size the two large tables move into a *pack*: a second file that is written once and never
changed. The checkpoint's document names it in its header and holds, of these tables, only what differs from it, as
JSON merge patches do (RFC 7396): an entry that the pack has not or has otherwise stands there, one that is gone is
null. When that has grown, a new pack is written in place of the old one.

- Whether an entry is the pack's is told by identity, as in ``pieces``. An equal one that is another object costs work
  and is never wrong.
- A pack is written before the document that names it, so a document that is there has its pack; what a killed run
  leaves is a pack that nobody names.
- A pack is named after its bytes and holds a ``seal``, random and of its own. So no two have one name, and one that
  no document names any more is never named again: nobody has to be asked before it is removed.
- One that is missing, or not what it was, makes the checkpoint invalid as a whole, like a damaged document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeAlias

import msgspec

from musicdiff_job.core.errors import CheckpointInvalid

WHOLE_UP_TO = 1 << 20
"""Bytes that the tables may take, compressed, in a document without a pack: those of some 5,000 tracks. Most users
never see a second file."""
APART_UP_TO = 1 << 18
"""Bytes that what differs from the pack may take before a new one is written. A save writes half of that on average. A
first sync saves eight times for each playlist of 100 tracks, so with a pack of 100,000 matches (17 MB), replaced after
some 1,500 new ones, it writes about as much in saves as in packs, which is the least."""

SUFFIX = ".pack-"

Table: TypeAlias = Mapping[Any, Any]


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a document names its pack: the SHA-256 of its bytes, how many they are, and how many matches they hold."""

    sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    size: int
    matches: int

    @property
    def suffix(self) -> str:
        """What its name has besides the checkpoint's."""
        return f"{SUFFIX}{self.sha256[:16]}"


class Fetched(NamedTuple):
    """Where a pack has to be, for people, and its bytes; None when there is none."""

    place: str
    content: bytes | None


Packs: TypeAlias = Callable[[Label], Fetched]
"""Fetches the pack of this label. May raise ``CheckpointInvalid``."""


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """What is known of a pack: its label, and the very entries that are in it."""

    label: Label
    tables: Mapping[str, dict[Any, Any]]

    def differing(self, name: str, table: Table) -> Table:
        """What a document that names this pack has to hold of a table."""
        packed = self.tables.get(name, {})
        found = {key: entry for key, entry in table.items() if packed.get(key) is not entry}
        if len(table) - sum(key not in packed for key in found) < len(packed):
            found.update(dict.fromkeys(key for key in packed if key not in table))
        return found


def completed(packed: dict[Any, Any], differing: Table) -> dict[Any, Any]:
    """A table of a pack, put right by what differs from it."""
    if not differing:
        return packed
    table = {**packed, **differing}
    for key, entry in differing.items():
        if entry is None:
            del table[key]
    return table


def labelled(content: bytes, matches: int) -> Label:
    """The label of a pack of these bytes."""
    return Label(hashlib.sha256(content).hexdigest(), len(content), matches)


def fetched(label: Label, packs: Packs | None) -> bytes:
    """A pack's bytes, checked. Raises ``CheckpointInvalid`` when it is missing or damaged."""
    place, content = packs(label) if packs is not None else Fetched(label.suffix, None)
    if content is None:
        raise CheckpointInvalid(f"the checkpoint's pack, which holds most of it, is missing: {place}")
    if hashlib.sha256(content).hexdigest() != label.sha256:
        raise CheckpointInvalid(f"the checkpoint's pack is damaged, its checksum does not agree: {place}")
    return content
