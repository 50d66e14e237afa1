"""Text for systemd's journal: the priority before each line, and no time, which the journal has already.

systemd tells a service by ``JOURNAL_STREAM`` which device and inode its stdout or stderr had when they were connected
to the journal (systemd.exec(5)); only a stream that still is that one goes there. The journal takes ``<3>`` at the
beginning of a line for its priority (sd-daemon(3)) and removes it, unless the unit says ``SyslogLevelPrefix=no``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TextIO

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""From which level on, and the priority of syslog(3): critical, error, warning, informational; 7 is debug."""


def is_journal(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether ``stream`` goes to the journal."""
    device, _, inode = env.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


def prioritised(text: str, level: int) -> str:
    """``text`` with the priority of a record's ``level`` before each of its lines, which the journal takes for
    entries of their own."""
    priority = next((number for least, number in _PRIORITIES if level >= least), 7)
    return "\n".join(f"<{priority}>{line}" for line in text.split("\n"))
