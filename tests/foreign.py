"""Links that somebody else has made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SOMEBODY_ELSE = 65_534


def foreign_link(link: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``link`` a symbolic link of another user's. Only root can; others are told that they are somebody else."""
    link.symlink_to(target)
    if os.geteuid() == 0:
        os.lchown(link, SOMEBODY_ELSE, SOMEBODY_ELSE)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY_ELSE)
