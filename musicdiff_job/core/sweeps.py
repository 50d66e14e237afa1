"""Finding many counterparts with one call: which tracks belong together, and when what was seen by chance will do.

Theory. The tracks of a library come in albums, and many by one artist. Once one of them is matched, Deezer's album
and artist are known, and one call for the album's tracks or the artist's most popular ones shows counterparts of the
others. Whether such a call is worth it is a matter of expectation: the tracks that are still wanted of that album,
times the share that such calls have found so far, against the one track, at most, that a question of its own finds.

Nobody has asked for these rows, so nothing says that a better one is not there. They are taken only when nearly
nothing speaks against them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from musicdiff_job.core.comparison import same_isrc, seconds_apart
from musicdiff_job.core.likeness import same_album
from musicdiff_job.core.match import Evidence, Match, Rules, decide
from musicdiff_job.core.questions import ByAlbum, ByArtist, ByIsrc, Sweep
from musicdiff_job.core.text import canonical_name, canonical_title, is_nobody, normalise_isrc
from musicdiff_job.core.versions import main_title, split_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musicdiff_job.core.model import Track

SAME_LENGTH = 1.0
"""Seconds. Deezer's lengths are whole ones."""

Key = tuple[str, ...]
"""What the tracks of one album, or of one artist, have in common on the source."""


def album_key(track: Track) -> Key | None:
    """The same for all tracks of one album of the source; None for a track whose album is not known."""
    album = canonical_title(track.album)
    return ("album", album, *map(canonical_name, track.artists[:1])) if album else None


def artist_key(track: Track) -> Key | None:
    """The same for all tracks of one main artist of the source; None if nobody in particular is named."""
    name = next(iter(track.artists), "")
    return ("artist", canonical_name(name)) if canonical_name(name) and not is_nobody(name) else None


def ways_in(wanted: Track, taken: Track) -> dict[Key, Sweep]:
    """What may be asked to find more of the tracks that share the album or the artist of ``wanted``, now that
    ``taken`` is known as its counterpart. A copy on another album, or filed under another artist, opens nothing."""
    found: dict[Key, Sweep] = {}
    album, artist = album_key(wanted), artist_key(wanted)
    if album and taken.album_id and taken.album and _same_edition(wanted, taken):
        found[album] = ByAlbum(taken.album_id, taken.album)
    if artist and taken.artist_id and artist_key(taken) == artist:
        found[artist] = ByArtist(taken.artist_id)
    return found


def _same_edition(wanted: Track, taken: Track) -> bool:
    own_name = canonical_title(main_title(split_version(taken.title).base)) == canonical_title(taken.album)
    return same_album(wanted, taken) and (not own_name or canonical_title(wanted.album) == canonical_title(taken.album))


def at_hand(
    wanted: Track, seen: Sequence[Track], evidence: Evidence, rules: Rules, rejected: frozenset[str] = frozenset()
) -> Match | None:
    """The counterpart, if it is beyond doubt among rows that were ``seen`` without asking for this track.

    An ISRC that differs or is not known is no proof of another recording, since one recording may bear several. But
    while nobody has asked for the wanted one, only the track of the same album and length does instead.
    """
    decision = decide(wanted, Evidence(candidates=tuple(seen)), rules, rejected) if seen else None
    if not isinstance(decision, Match):
        return None
    taken = next(row for row in seen if row.id == decision.target)
    isrc = normalise_isrc(wanted.isrc)
    if isrc is None or ByIsrc(isrc) in evidence.asked or same_isrc(wanted, taken):
        return decision
    apart = seconds_apart(wanted, taken)
    return decision if apart is not None and apart <= SAME_LENGTH and same_album(wanted, taken) else None


class Yield(msgspec.Struct, frozen=True):
    """How much one kind of call has found of what it might have: a mean that starts from a guess."""

    found: float
    wanted: float

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.found / self.wanted

    def after(self, found: int, wanted: int) -> Yield:
        """With one more call of that kind."""
        return Yield(self.found + found, self.wanted + wanted)


ALBUM_YIELD = Yield(7.0, 8.0)
"""The guess before the first call: of the wanted tracks of an album nearly all."""
ARTIST_YIELD = Yield(4.0, 8.0)
"""Half of the wanted tracks of an artist are among the 100 most popular."""
TARGET_YIELD = Yield(4.0, 8.0)
"""Of the tracks that a playlist of one's own holds on the target, how many its namesake on the source wants."""
SINGLE_YIELD = Yield(9.0, 10.0)
"""A question about one track."""
