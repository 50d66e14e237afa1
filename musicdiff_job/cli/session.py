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
from musicdiff_job import settings as settings_loader
from musicdiff_job.cli.command import Shared, shared
from musicdiff_job.cli.output import can_draw, is_terminal
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.journald import is_journal
from musicdiff_job.performing import Surroundings, run_id
from musicdiff_job.ports import Lease
from musicdiff_job.settings import Settings

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


def open_session(
    context: click.Context, stop: StopFlag | None = None, clock: SystemClock | None = None, *, drawn: bool = False
) -> Session:
    """Read the settings and set the log up. ``drawn``: a progress bar is drawn on stderr, so only warnings go there.

    Raises ``ConfigError``. Opens no file but the settings, and makes no call.
    """
    stop = stop or StopFlag()
    clock = clock or SystemClock(stop)
    options = shared(context)
    loaded = settings_loader.load(
        config=options.config,
        profile=options.profile or "",
        env=os.environ,
        env_file=options.env_file,
        overrides={"log.format": options.log_format},
        cwd=Path.cwd(),
    )
    redactor = Redactor()
    redactor.learn(*loaded.secrets())
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
