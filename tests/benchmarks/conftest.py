"""Benchmarks and the writers of documentation are programs, not packages, and import each other from their folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "docs")]


@pytest.fixture(scope="session")
def reference_folder() -> Path:
    """The reference data, where it is at hand."""
    folder = Path(os.environ.get("MUSICDIFF_REFERENCE_DATA") or "/nonexistent")
    if not (folder / "pairs_dev.csv").exists():
        pytest.skip("MUSICDIFF_REFERENCE_DATA names no folder with the reference data")
    return folder
