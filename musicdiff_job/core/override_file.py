"""``overrides.toml``: what a person decided about counterparts, in a file that can be kept in git.

::

    [tracks]
    "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC" = "https://www.deezer.com/track/781592622"
    "5W3cjX2J3tjhG8zb6u0qHn" = "none"        # Deezer does not have it; do not look for it

    [reject]
    "7ouMYWpwJ422jRcDASZB7P" = ["https://www.deezer.com/track/3135556"]

    [prefer]
    "4KHQIQ8gCgDjxWYXm5SN1w" = { album = "The Hits", explicit = false }

Ids, URIs and URLs are accepted on both sides. ``docs/overrides.md`` explains it to people.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.errors import ConfigError, UsageError
from musicdiff_job.core.links import source_id, target_id
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import Item, SourceId, TargetId, item_of
from musicdiff_job.core.terms import Preference, Terms

NONE = "none"
BY_FILE = "file"
"""``MatchRecord.override`` of a decision that the file's ``[tracks]`` made."""
SECTIONS = ("tracks", "reject", "prefer")


class Overrides(msgspec.Struct, frozen=True):
    """What the file says. In ``tracks`` None stands for "has no counterpart"; it counts more than ``terms``."""

    tracks: Mapping[SourceId, TargetId | None] = {}
    terms: Mapping[SourceId, Terms] = {}

    def is_obeyed(self, source: SourceId, record: MatchRecord | None) -> bool:
        """Whether what is known of a track was decided under what the file says of it now."""
        if source in self.tracks:
            target = self.tracks[source]
            decided = record.decision if record is not None and record.override == BY_FILE else None
            return decided is not None and (decided.target if isinstance(decided, Match) else None) == target
        if record is None:
            return source not in self.terms
        return record.override != BY_FILE and record.terms == self.terms.get(source)

    def disobeyed(self, checkpoint: Checkpoint) -> frozenset[SourceId]:
        """The tracks about which the file says something else by now, those that nobody has met yet among them."""
        named = {*self.tracks, *self.terms}
        bound = {source for source, record in checkpoint.matches.items() if record.override == BY_FILE or record.terms}
        return frozenset(one for one in named | bound if not self.is_obeyed(one, checkpoint.matches.get(one)))


def parse(text: str, name: str) -> Overrides:
    """The overrides. Raises ``ConfigError`` with all problems; ``name`` is the file's, for the messages."""
    try:
        text.encode()
        document = tomllib.loads(text)
    except ValueError as error:  # a syntax error, an integer of thousands of digits, or half of a character
        raise ConfigError([f"{name} is not valid TOML: {error}"]) from None
    except RecursionError:
        raise ConfigError([f"{name} is not valid TOML here: it is nested too deeply"]) from None
    known = ", ".join(f"[{section}]" for section in SECTIONS)
    problems = [f"{name}: unknown section [{key}]; known are {known}" for key in document if key not in SECTIONS]
    tracks: dict[SourceId, TargetId | None] = {}
    rejected: dict[SourceId, tuple[TargetId, ...]] = {}
    preferred: dict[SourceId, Preference] = {}
    for section in SECTIONS:
        seen: set[SourceId] = set()
        for key, value in _rows(document, section, name):
            try:
                source = source_id(key)
                if source in seen:
                    raise UsageError("this track is named twice, perhaps by its id and by its address")
                seen.add(source)
                if section == "tracks":
                    tracks[source] = _counterpart(value, item_of(source))
                elif section == "reject":
                    rejected[source] = _targets(value, item_of(source))
                else:
                    preferred[source] = _preference(value)
            except UsageError as error:
                shown = f" = {value[:100]!r}" if isinstance(value, str) else ""
                problems.append(f"{name}: {key}{shown} in [{section}]: {error}")
    problems += [
        f"{name}: {source} is said to have the counterpart {target} in [tracks], and not to have it in [reject]"
        for source, target in tracks.items()
        if target is not None and target in rejected.get(source, ())
    ]
    if problems:
        raise ConfigError(problems)
    terms = {source: Terms(rejected.get(source, ()), preferred.get(source)) for source in {**rejected, **preferred}}
    return Overrides(tracks, {source: said for source, said in terms.items() if said != Terms()})


def _rows(document: dict[str, object], section: str, name: str) -> Iterator[tuple[str, object]]:
    rows = document.get(section, {})
    if not isinstance(rows, dict):
        raise ConfigError([f"{name}: [{section}] must be a section"])
    yield from rows.items()


def _counterpart(value: object, item: Item) -> TargetId | None:
    try:
        return None if value == NONE else _target(value, item)
    except UsageError as error:
        raise UsageError(f'{error} (or "{NONE}" for no counterpart)') from None


def _target(value: object, item: Item) -> TargetId:
    if not isinstance(value, str) and not (type(value) is int and value.bit_length() < 64):
        raise UsageError(f"it must be the id or the address of a Deezer {item}")
    return target_id(str(value), item)


def _targets(value: object, item: Item) -> tuple[TargetId, ...]:
    if not isinstance(value, list):
        raise UsageError('it must be a list of Deezer tracks, such as ["3135556"]')
    return tuple(dict.fromkeys(_target(one, item) for one in value))


def _preference(value: object) -> Preference:
    if not isinstance(value, dict) or not value or not value.keys() <= {"album", "explicit"}:
        raise UsageError('it must be { album = "..." }, { explicit = true } or false, or both')
    album, explicit = value.get("album", ""), value.get("explicit")
    if not isinstance(album, str) or ("album" in value and not album.strip()):
        raise UsageError("album must be a name")
    if explicit is not None and not isinstance(explicit, bool):
        raise UsageError("explicit must be true or false")
    return Preference(album.strip(), explicit)


def fingerprint(overrides: Overrides) -> str:
    """Changes when the overrides do; "" for none."""
    lines = [f"{source}={overrides.tracks[source]}" for source in sorted(overrides.tracks)]
    lines += [f"{source}~{msgspec.json.encode(overrides.terms[source]).decode()}" for source in sorted(overrides.terms)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] if lines else ""
