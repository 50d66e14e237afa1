"""AWS's own runtime client, in a process in which waiting takes no time, and whose clock is HOURS_LATER ahead. Used by
``lambda_stage``."""

from __future__ import annotations

import importlib
import os
import sys
from datetime import datetime, timedelta
from unittest import mock

from musicdiff_job.clock import SystemClock

if __name__ == "__main__":
    mock.patch("musicdiff_job.clock.StopFlag.wait").start()
    if ahead := int(os.environ.pop("HOURS_LATER", "0")):
        now = SystemClock.now

        def later(self: SystemClock) -> datetime:
            return now(self) + timedelta(hours=ahead)

        SystemClock.now = later  # type: ignore[method-assign]
    importlib.import_module("awslambdaric.__main__").main(sys.argv)
