"""The fixtures of this folder; what tests import by name is in ``deezer_doors``."""

from __future__ import annotations

from deezer_doors import door, recorded, sandbox

__all__ = ["door", "recorded", "sandbox"]
