"""``overrides.toml``: what a person decided about counterparts, in a file that can be kept in git.

::

    [tracks]
    "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC" = "https://www.deezer.com/track/781592622"
    "4uLU6hMCjMI75M1A2tKUQC" = "none"        # Deezer does not have it; do not look for it

Ids, URIs and URLs are accepted on both sides.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping

from musicdiff_job.core.errors import ConfigError, UsageError
from musicdiff_job.core.links import source_id, target_id
from musicdiff_job.core.model import SourceId, TargetId

NONE = "none"


def parse(text: str, name: str) -> dict[SourceId, TargetId | None]:
    """The overrides; None stands for "has no counterpart". Raises ``ConfigError`` with all problems; ``name`` is the
    file's, for the messages."""
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # a syntax error, or an integer of thousands of digits
        raise ConfigError([f"{name} is not valid TOML: {error}"]) from None
    except RecursionError:
        raise ConfigError([f"{name} is not valid TOML here: it is nested too deeply"]) from None
    problems = [f"{name}: unknown section [{key}]; only [tracks] is known" for key in document if key != "tracks"]
    found: dict[SourceId, TargetId | None] = {}
    tracks = document.get("tracks", {})
    if not isinstance(tracks, dict):
        raise ConfigError([f"{name}: [tracks] must be a section"])
    for key, value in tracks.items():
        if not isinstance(value, str) and not (type(value) is int and value.bit_length() < 64):
            problems.append(f'{name}: {key} must be the id or the address of a Deezer track, or "none"')
            continue
        try:
            found[source_id(key)] = None if value == NONE else target_id(str(value))
        except UsageError as error:
            problems.append(f'{name}: {key} = {value!r}: {error} (or "none" for no counterpart)')
    if problems:
        raise ConfigError(problems)
    return found


def fingerprint(overrides: Mapping[SourceId, TargetId | None]) -> str:
    """Changes when the overrides do; "" for none."""
    if not overrides:
        return ""
    text = "\n".join(f"{source}={overrides[source]}" for source in sorted(overrides))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
