"""A process that has imported everything, and forks pairs of runs that begin at the same instant.

Every line of input is a JSON object of environment variables: one race. Both runs get as far as having their settings
and a connection to S3, wait for each other there, and go on with what ``musicdiff-job run --exit-codes detailed``
does. Each that ends is a line of output: ``{"status": 12, "summary": {...}}``.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

from musicdiff_job import bootstrap
from musicdiff_job.cli import run as _run  # noqa: F401 - imported for the children, as all that follows
from musicdiff_job.cli.root import root
from musicdiff_job.deezer import catalogue as _catalogue  # noqa: F401
from musicdiff_job.deezer import gateway as _gateway  # noqa: F401
from musicdiff_job.ports import CheckpointStore
from musicdiff_job.spotify import client as _client  # noqa: F401
from musicdiff_job.store import s3 as _s3  # noqa: F401


def race(environment: dict[str, str]) -> None:
    """Two runs; says how each ended as soon as it has."""
    start, starter = os.pipe()
    said: dict[int, int] = {}
    for _ in range(2):
        ear, mouth = os.pipe()
        if (child := os.fork()) == 0:
            os.close(starter)
            _be_a_run(environment, start, mouth)
        os.close(mouth)
        said[child] = ear
    for ear in said.values():
        os.read(ear, 1)
    os.close(start)
    os.close(starter)  # both read its end
    for _ in range(2):
        child, status = os.wait()
        with os.fdopen(said[child], encoding="utf-8") as ear_of:
            summary: dict[str, Any] = json.loads(ear_of.read().splitlines()[-1])
        told = json.dumps({"status": os.waitstatus_to_exitcode(status), "summary": summary})
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()


def _be_a_run(environment: dict[str, str], start: int, mouth: int) -> NoReturn:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(mouth, 1)
    open_store = bootstrap.open_store

    def open_together(*arguments: Any) -> CheckpointStore:
        store = open_store(*arguments)
        store.peek_header()
        os.write(mouth, b"\n")
        os.read(start, 1)
        return store

    bootstrap.open_store = open_together  # type: ignore[assignment]
    status = root.main(["run", "--exit-codes", "detailed"], standalone_mode=False)
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    for line in sys.stdin:
        race(json.loads(line))
