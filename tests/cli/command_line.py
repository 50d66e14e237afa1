"""A command line in a world of its own: an empty home, no settings, and a checkpoint if a test wants one."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from checkpoint_sample import NOW
from click.testing import CliRunner, Result

from musicdiff_job import __version__
from musicdiff_job.cli.root import root
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.store.file import FileStore


class CommandLine:
    """Runs commands and keeps a checkpoint for them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._leases = count()
        self.path = home / "checkpoint.json"
        self.env = {"HOME": str(home), "PATH": os.defpath, "MUSICDIFF_CHECKPOINT_URL": str(self.path)}

    @property
    def store(self) -> FileStore:
        return FileStore(self.path, clock=SystemClock(StopFlag()), app_version=__version__)

    def keep(self, checkpoint: Checkpoint) -> None:
        with self.store.lease(f"test-{next(self._leases)}", NOW + timedelta(minutes=1)) as lease:
            lease.save(checkpoint)

    def kept(self) -> Checkpoint:
        checkpoint = self.store.peek()
        assert checkpoint is not None
        return checkpoint

    def __call__(self, *arguments: str, input: str | None = None) -> Result:
        hidden = {name: None for name in os.environ if name.startswith(("MUSICDIFF_", "SPOTIFY_", "DEEZER_"))}
        runner = CliRunner(env={**hidden, **self.env})
        return runner.invoke(root, list(arguments), input=input)

    def json(self, *arguments: str) -> Any:
        result = self(*arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)
