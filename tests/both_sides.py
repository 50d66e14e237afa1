"""A Spotify and a Deezer account, and what a person who edits both asks of the job.

What is asked by edits on Spotify is read off the account itself, and ``timeline`` remembers every state it was in; what
those on Deezer ask is in ``told``. The edits are in ``spotify_edits`` and ``deezer_edits``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from universe import universe

from musicdiff_job.core.checkpoint import Checkpoint, Mirror
from musicdiff_job.core.model import LIKED, CollectionId
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.spotify_library import CatalogueTrack, SpotifyPlaylist
from musicdiff_job.sandbox.world import SpotifyAccount

NAMES = ("Morning", "Evening", "Evening", "Road & <Trip>", "  ", "Ünïcode 夜")
WORDS = ("", "Fish & Chips", "New words")
LIKED_NAME = "Liked Songs"
FAVOURITES = CollectionId("favourites")
"""What was done by hand to the favourites, which the liked songs need not go to."""


@dataclasses.dataclass(frozen=True)
class Held:
    """A source list at one moment: the counterparts of its tracks, each once, in the order that Deezer should show."""

    name: str
    wanted: tuple[int, ...]
    readable: bool = True


Moment = dict[CollectionId, Held]


@dataclasses.dataclass
class Told:
    """What a person did to one target list, as far as it binds the job."""

    added: list[int] = dataclasses.field(default_factory=list)  # by hand, foreign to the source; must stay
    removed: set[int] = dataclasses.field(default_factory=set)  # by hand, while settled; must stay out
    unsure: set[int] = dataclasses.field(default_factory=set)  # both outcomes are right
    renamed: bool = False
    hidden: set[int] = dataclasses.field(default_factory=set)

    def may_be_undone(self) -> None:
        """A run may take what was done by hand back, and may not have come to it yet."""
        self.unsure |= {*self.added, *self.removed}
        self.added.clear()
        self.removed.clear()


class BothSides:
    """The two accounts. ``remembered`` gives the job's checkpoint as it is on the disk, for a person edits the
    playlists that mirror something rather than others; ``tell`` gets a line for each edit."""

    def __init__(
        self,
        spotify: SpotifyAccount,
        deezer: DeezerAccount,
        remembered: Callable[[], Checkpoint],
        tell: Callable[[str], None],
    ) -> None:
        self.spotify = spotify
        self.deezer = deezer
        self.remembered = remembered
        self.tell = tell
        self.sources, self.counterparts, self.foreign = universe()
        self.told: dict[CollectionId, Told] = {}
        self.deleted: set[CollectionId] = set()
        """Collections one of whose playlists a person has deleted on the target."""
        self.by_hand: dict[int, tuple[str, list[int]]] = {}
        """Playlists that a person made on the target: title and contents."""
        self.theirs: dict[int, tuple[int, ...]] = {}
        self.dirty_likes: set[int] = set()
        self.blocked: set[int] = set()
        self.hand_edits = 0
        """How many edits there were on Deezer, by hand."""
        self.timeline: list[Moment] = [self.now()]

    def noted(self) -> None:
        """The source was edited; remember how it is now."""
        if (now := self.now()) != self.timeline[-1]:
            self.timeline.append(now)

    def of(self, collection: CollectionId) -> Told:
        return self.told.setdefault(collection, Told())

    # What the source asks for

    def now(self) -> Moment:
        held = {list_id(one): self._held(one) for one in self.spotify.playlists()}
        likes = [liked.track_id for liked in self.spotify.liked()]
        return {**held, LIKED: Held(LIKED_NAME, self._targets(likes))}

    def _held(self, one: SpotifyPlaylist) -> Held:
        return Held(one.name, self.wanted(one), self.spotify.readable(one))

    def wanted(self, one: SpotifyPlaylist) -> tuple[int, ...]:
        return self._targets(entry.content.id for entry in one.entries if isinstance(entry.content, CatalogueTrack))

    def wanted_likes(self) -> tuple[int, ...]:
        """In the order of a playlist: the newest first."""
        return self.now()[LIKED].wanted

    def wanted_favourites(self) -> tuple[int, ...]:
        """In the order in which they are liked."""
        return self._targets(liked.track_id for liked in reversed(self.spotify.liked()))

    def _targets(self, tracks: Any) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.counterparts[track] for track in tracks if track in self.counterparts))

    # What the job has made of it

    def bound(self) -> list[tuple[CollectionId, Mirror, int]]:
        """The playlists that mirror something, as the job remembers them, and that exist."""
        parts = ((mirror, part.playlist) for mirror in self.remembered().mirrors.values() for part in mirror.parts)
        numbered = [(mirror.id, mirror, int(playlist)) for mirror, playlist in parts if playlist.isdigit()]
        return [one for one in numbered if self.exists(one[2])]

    def exists(self, playlist: int) -> bool:
        try:
            self.deezer.playlist(playlist)
        except KeyError:
            return False
        return True

    def contents(self, playlist: int) -> list[int]:
        return [entry.track_id for entry in self.deezer.playlist(playlist).visible()]

    # What happens to both

    def dropped(self, collection: CollectionId, targets: set[int]) -> None:
        """The source holds these tracks no longer."""
        told = self.of(collection)
        # Whether a removal by hand was seen before the source dropped the track depends on the runs.
        told.unsure |= targets & told.removed
        told.removed -= targets

    def leave_likes(self) -> None:
        """The liked songs go elsewhere from now on: what is in the old place is nobody's, and may be found there when
        they come back."""
        for key in (FAVOURITES, LIKED):
            self.of(key).may_be_undone()
        held = [*self.deezer.state().favourites]
        held += [track for key, _, playlist in self.bound() if key == LIKED for track in self.contents(playlist)]
        for key in (FAVOURITES, LIKED):
            self.of(key).unsure |= set(held)

    def catch_up(self) -> None:
        """Reads of Deezer are behind no longer."""
        while self.deezer._stale_reads_left:
            self.deezer.read()

    def unblock(self) -> None:
        for track in sorted(self.blocked):
            self.deezer.set_readable(track, True)


def list_id(one: SpotifyPlaylist) -> CollectionId:
    return CollectionId(f"spotify:playlist:{one.id}")
