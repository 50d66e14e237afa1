"""What was told, remembered beside the checkpoint where it cannot be in it.

A checkpoint that is damaged, that cannot be written, or that wrong settings do not name, cannot remember that this was
told. A small private file does: beside a local checkpoint, or in the state folder where that is not possible. Where no
place takes it, each run tells it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from musicdiff_job.core.told import Told
from musicdiff_job.settings.document import is_profile_name
from musicdiff_job.settings.places import DEFAULT_PROFILE
from musicdiff_job.store import durable

AT_MOST = 1 << 16
"""Bytes. Only causes are kept here."""


def places(checkpoint: str, profile: str, env: Mapping[str, str]) -> tuple[Path, ...]:
    """Where to remember, best first. ``checkpoint`` is the setting, "" where it is not known."""
    if profile == DEFAULT_PROFILE:
        profile = env.get("MUSICDIFF_PROFILE") or profile  # settings that cannot be read do not tell
    found = [] if not checkpoint or checkpoint.startswith("s3://") else [Path(f"{checkpoint}.told")]
    home = env.get("HOME", "")
    state = env.get("XDG_STATE_HOME") or (f"{home}/.local/state" if home else "")
    if Path(state).is_absolute() and is_profile_name(profile):
        found.append(Path(state) / "musicdiff" / f"{profile}.told")
    return tuple(found)


def recall(files: Sequence[Path]) -> tuple[str, ...]:
    """The causes that are remembered in any of these files; what cannot be read holds none."""
    causes: list[str] = []
    for file in files:
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            if found := durable.read(file, AT_MOST):
                causes += msgspec.json.decode(found[1], type=Told).causes
    return tuple(dict.fromkeys(causes))


def remember(files: Sequence[Path], causes: tuple[str, ...]) -> bool:
    """Remember these causes in the first file that takes them; whether one does."""
    content = msgspec.json.encode(Told(causes=causes))
    for file in files:
        with suppress(OSError):
            durable.make_folder(file.parent)
            with durable.temporary(file, content) as (written, _):
                written.replace(file)
            return True
    return False


def forget(files: Sequence[Path]) -> None:
    """Remember nothing any more. Raises OSError."""
    for file in files:
        file.unlink(missing_ok=True)
