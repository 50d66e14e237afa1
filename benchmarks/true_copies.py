"""Answers that count as wrong but are another true copy of the wanted recording, by name and with the argument.

The benchmark counts them both ways. None of them is known to the matcher.
"""

from __future__ import annotations

TRUE_COPIES: dict[tuple[str, str], str] = {}
"""Spotify id and given Deezer id, and why it is the same recording."""
