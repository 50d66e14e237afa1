"""What every command needs before it can do anything: settings, credentials, the clock, the log and the store."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from musicdiff_job import bootstrap, journal
from musicdiff_job.cli.command import Shared, shared
from musicdiff_job.cli.output import can_draw, is_terminal
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.journald import is_journal
from musicdiff_job.performing import Surroundings, run_id
from musicdiff_job.ports import Lease
from musicdiff_job.settings import EVERY, Loaded, Reading, Settings

if TYPE_CHECKING:
    import click

EDIT_TIME = timedelta(seconds=60)
"""For how long a command may hold the checkpoint."""


@dataclass(frozen=True, slots=True)
class Session(Surroundings):
    """One command's surroundings."""

    shared: Shared

    def now_iso(self) -> str:
        """The wall clock, as the checkpoint writes it."""
        return to_iso(self.now())

    def peek(self) -> Checkpoint:
        """The checkpoint without the lease; an empty one when there is none."""
        return self.store.peek() or Checkpoint()

    @contextmanager
    def edit(self) -> Iterator[tuple[Lease, Checkpoint]]:
        """The checkpoint under the lease, to be saved by the caller. Raises ``Locked`` while a run is at work."""
        with self.store.lease(self.run_id, self.now() + EDIT_TIME) as lease:
            yield lease, lease.load()


def read_settings(options: Shared) -> tuple[Reading, str]:
    """All sources of settings, and the profile that is asked for (``EVERY`` for all). Raises ``UsageError``, and
    ``ConfigError`` where a profile is asked for by its place in a file that cannot be understood."""
    if options.profile is not None and options.profile_index is not None:
        raise UsageError("--profile and --profile-index both name a profile", "Leave one of them out")
    reading = Reading(options.config, os.environ, options.env_file, {"log.format": options.log_format}, Path.cwd())
    return reading, reading.chosen(options.profile or "", options.profile_index)


def open_session(
    context: click.Context,
    stop: StopFlag | None = None,
    clock: SystemClock | None = None,
    *,
    drawn: bool = False,
    read: tuple[Reading, str] | None = None,
) -> Session:
    """Read the settings (unless they are ``read``) and set the log up. ``drawn``: a progress bar is drawn on stderr,
    so only warnings go there.

    Raises ``ConfigError``, and ``UsageError`` where every profile is asked for. Opens no file but the settings, and
    makes no call.
    """
    stop = stop or StopFlag()
    reading, profile = read or read_settings(shared(context))
    if profile == EVERY:
        raise UsageError(f"this takes one profile, and {EVERY!r} stands for every one", "Name one with --profile NAME")
    loaded = reading.load(profile)
    redactor = Redactor()
    redactor.learn(*loaded.secrets())
    return enter(loaded, shared(context), redactor, stop, clock or SystemClock(stop), drawn=drawn)


def enter(
    loaded: Loaded, options: Shared, redactor: Redactor, stop: StopFlag, clock: SystemClock, *, drawn: bool = False
) -> Session:
    """What a profile's settings stand for, with its log set up. Raises ``ConfigError``."""
    name = run_id(clock.now())
    keep_log(loaded.settings, options, redactor, name, drawn=drawn)
    for warning in loaded.warnings:
        journal.event("settings.warning", logging.WARNING, warning=warning)
    store = bootstrap.open_store(loaded.settings, clock, stop)
    return Session(loaded, stop, clock, redactor, store, name, options)


def keep_log(settings: Settings, options: Shared, redactor: Redactor, name: str, *, drawn: bool = False) -> None:
    """Send the log where the settings and the flags say. ``-q`` lets errors through and nothing else: a run that went
    well, even if a service asked it to wait, is to leave cron nothing to mail."""
    log = settings.log
    terminal = is_terminal(sys.stderr)
    journal.configure(
        format=log.format.value,
        level=log.level.value,
        verbosity=-2 if options.quiet else options.verbosity,
        stream=sys.stderr,
        stream_is_terminal=terminal,
        redactor=redactor,
        file=log.file,
        max_bytes=log.max_bytes,
        backups=log.backups,
        run_id=name,
        colours=can_draw(sys.stderr) and not os.environ.get("NO_COLOR"),
        to_journald=is_journal(sys.stderr, os.environ),
    )
    if drawn:
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
                handler.setLevel(logging.WARNING)
