"""A run as a Kubernetes termination message: what ``kubectl describe pod`` shows of a container that has ended.

The kubelet reads the file named by ``terminationMessagePath`` (``/dev/termination-log`` unless the Pod says otherwise),
at most 4096 bytes of it (Kubernetes documentation, "Determine the Reason for Pod Failure"). It makes the file itself,
also where the root filesystem is read-only. No variable tells a container where it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from musicdiff_job.core.harmless import json_text
from musicdiff_job.core.summary import ConflictLine, ErrorLine, Playback, Summary
from musicdiff_job.sinks import Ended

TERMINATION_LOG: Final = Path("/dev/termination-log")
MOST_BYTES: Final = 4096
LONGEST: Final = 200
"""Characters that are left of a text where not all fits, so that the first error does."""


@dataclass(frozen=True, slots=True)
class TerminationLog:
    """A ``sinks.Sink`` that writes the message where the kubelet has put the file, and nothing where it has not."""

    path: Path
    name: str = "KUBERNETES_SERVICE_HOST"

    def begin(self, run_id: str) -> None:
        """Nothing."""

    def end(self, ended: Ended) -> None:
        """Write the message. Raises ``OSError`` where the file is there and takes none."""
        try:
            # Never created: a Pod with another terminationMessagePath has no use for a file in /dev.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        with os.fdopen(descriptor, "wb") as file:
            file.write(termination_message(ended.summary))


def termination_message(summary: Summary) -> bytes:
    """The summary as JSON of at most ``MOST_BYTES``: what does not fit is left out whole, the collections first, the
    errors last. The totals still count it."""
    if len(document := _encoded(summary)) <= MOST_BYTES:
        return document
    summary = msgspec.structs.replace(summary, collections=())
    if len(document := _encoded(summary)) <= MOST_BYTES:
        return document
    summary = msgspec.structs.replace(
        summary,
        profile=_short(summary.profile),
        new_playlists=(),
        playback=Playback(summary.playback.new_plays),
        conflicts=tuple(map(_short_conflict, summary.conflicts)),
        errors=tuple(map(_short_error, summary.errors)),
    )
    while len(document := _encoded(summary)) > MOST_BYTES and (summary.conflicts or summary.errors):
        if len(summary.conflicts) >= len(summary.errors):
            summary = msgspec.structs.replace(summary, conflicts=summary.conflicts[:-1])
        else:
            summary = msgspec.structs.replace(summary, errors=summary.errors[:-1])
    return document


def _encoded(summary: Summary) -> bytes:
    return json_text(summary).encode()


def _short_conflict(line: ConflictLine) -> ConflictLine:
    return msgspec.structs.replace(line, name=_short(line.name), message=_short(line.message))


def _short_error(line: ErrorLine) -> ErrorLine:
    return ErrorLine(_short(line.where), _short(line.message), _short(line.hint))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
