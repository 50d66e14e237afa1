"""Every forbidden track offered alone: what a rule takes when it is given nothing else.

A search decides which candidates a rule sees, and most of the forbidden tracks of the reference data are never found by
the sandbox's search, so a rule may leave them alone for want of an occasion. Here each one is the only candidate. To
the forbidden ones come, for tracks without any counterpart, all rows of the same base title by other artists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from matching_reference import Reference, deezer_track
from matching_run import Candidates, Mode, limited, wanted_in

from musicdiff_job.core.model import Track
from musicdiff_job.core.text import canonical_title
from musicdiff_job.core.versions import split_version
from musicdiff_job.deezer import decode
from musicdiff_job.sandbox.catalogue import Catalogue as Shelf
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.deezer_track_shapes import TrackShapes

SAME_TITLE = "no counterpart: same title by another artist"


class Offer(NamedTuple):
    """A Deezer track that must not be taken for a wanted one, and why."""

    wanted: Track
    candidate: Track
    why: str

    def of_equal_length(self) -> Offer:
        """The same with a candidate as long as the wanted track, in whole seconds."""
        length = self.wanted.duration_ms
        known = None if length is None else length // 1000 * 1000
        return self._replace(candidate=msgspec.structs.replace(self.candidate, duration_ms=known))


def offers(reference: Reference, mode: Mode) -> Iterator[Offer]:
    """Every forbidden pair of which there is a Deezer row, in the order of the tables; candidates as a search row
    shows them."""
    shelf = Shelf([], [deezer_track(row, isrc=mode is not Mode.HIDDEN) for row in reference.deezer.values()])
    switches = DeezerSwitches(row_isrc=mode is not Mode.ROWS_WITHOUT)
    shapes = TrackShapes(DeezerAccount(), shelf, switches, signed_in=False)
    titled: dict[str, list[str]] = defaultdict(list)
    for id_, row in reference.deezer.items():
        titled[_base(row["title"])].append(id_)

    def offer(spotify_id: str, deezer_id: str, why: str) -> Offer:
        candidate = decode.track(shapes.search_row(shelf.deezer_by_id[int(deezer_id)]))
        assert candidate is not None
        return Offer(wanted_in(reference, mode, spotify_id), candidate, why)

    for row in reference.negatives:
        if row["deezer_id"] in reference.deezer:
            yield offer(row["spotify_id"], row["deezer_id"], row["why"])
    for row in reference.pairs:
        if row["grade"] == "N":
            for id_ in titled[_base(reference.wanted[row["spotify_id"]].title)]:
                yield offer(row["spotify_id"], id_, SAME_TITLE)
        elif row["grade"] == "W" and row["deezer_id"] in reference.deezer:
            yield offer(row["spotify_id"], row["deezer_id"], "grade W")


def taken_alone(offer: Offer, rule: Callable[[Track, Candidates], str | None]) -> bool:
    """Whether a rule takes the candidate."""
    return rule(offer.wanted, Candidates(None, (offer.candidate,))) is not None


def this_matcher(wanted: Track, candidates: Candidates) -> str | None:
    """The product's matcher as a rule like those of ``peers``."""
    return limited(wanted, candidates).target


def _base(title: str) -> str:
    return canonical_title(split_version(title).base)
