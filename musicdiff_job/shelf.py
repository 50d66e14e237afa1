"""The target's tracks that a run has seen, whatever it asked for, found again by ISRC and by title.

A search answers with 25 rows and is asked for one; an album holds ten wanted tracks and is fetched for the first.
What was seen costs nothing to look at again.
"""

from __future__ import annotations

from collections.abc import Iterable

from musicdiff_job.core.model import Track
from musicdiff_job.core.text import artist_names, canonical_title, normalise_isrc
from musicdiff_job.core.versions import main_title, split_version

ROOM = 50_000
"""Rows kept, some 30 MB of them; the oldest make room."""


class Shelf:
    """Rows by id. Of two rows of one track the one that says more stays."""

    def __init__(self) -> None:
        self._rows: dict[str, Track] = {}
        self._by_isrc: dict[str, dict[str, None]] = {}
        self._by_title: dict[str, dict[str, None]] = {}

    def put(self, rows: Iterable[Track]) -> None:
        """Keep these rows."""
        for row in rows:
            known = self._rows.get(row.id)
            if known is not None and _says(known) >= _says(row):
                continue
            if known is not None:
                self._drop(known)
            elif len(self._rows) >= ROOM:
                self._drop(next(iter(self._rows.values())))
            self._rows[row.id] = row
            if row.isrc:
                self._by_isrc.setdefault(row.isrc, {})[row.id] = None
            for key in _keys(row):
                self._by_title.setdefault(key, {})[row.id] = None

    def get(self, row: str) -> Track | None:
        """The row of the track with this id, if it was seen."""
        return self._rows.get(row)

    def like(self, wanted: Track) -> tuple[Track, ...]:
        """The rows that bear the ISRC of ``wanted``, or its bare title and one of its artists; with the ISRC first."""
        isrc = normalise_isrc(wanted.isrc)
        found = dict(self._by_isrc.get(isrc, {})) if isrc else {}
        for key in _keys(wanted):
            found.update(self._by_title.get(key, {}))
        return tuple(self._rows[row] for row in found)

    def _drop(self, row: Track) -> None:
        del self._rows[row.id]
        if row.isrc:
            _forget(self._by_isrc, row.isrc, row.id)
        for key in _keys(row):
            _forget(self._by_title, key, row.id)


def _forget(index: dict[str, dict[str, None]], key: str, row: str) -> None:
    rows = index.get(key, {})
    rows.pop(row, None)
    if not rows:
        index.pop(key, None)


def _says(row: Track) -> tuple[bool, bool, int]:
    return row.isrc is not None, row.album_id is not None, len(row.artists)


def _keys(track: Track) -> list[str]:
    title = canonical_title(main_title(split_version(track.title).base))
    return [f"{title}\n{name}" for name in artist_names(track.artists)]
