"""Scenes drawn at random: larger libraries, overlapping lists, namesakes, every switch of the sandbox."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from kill_scenes import Edit, Past, Placed, Scene, counterpart, drop, foreign, list_id, matched

from musicdiff_job.core.model import FAVOURITES, LIKED, CollectionId
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.world import SpotifyAccount

POOL = 150
NAMES = ("Morning", "Evening", "Evening", "Road & <Trip>", "  ", "Ünïcode 夜")
SIZES = (0, 1, 4, 9, 20, 60)
LIMITS = (2000, 2000, 10)
LAGS = (0, 0, 0, 1, 2, 3)


def random_scene(seed: int, folder: Path) -> Scene:
    """The scene of a seed."""
    return _Draw(seed, folder).scene()


class _Draw:
    """Draws a library and its edits. ``lists`` and ``liked`` follow what Spotify holds, ``fresh`` and ``dropped`` what
    was put in and taken out today, ``settled`` are entries that nobody has touched since they were synced."""

    def __init__(self, seed: int, folder: Path) -> None:
        pick = self.pick = random.Random(seed)
        self.seed = seed
        self.foreign = list(foreign())
        self.limit = pick.choice(LIMITS)
        self.favourites = pick.random() < 0.75
        settings = {
            "MUSICDIFF_SYNC_ON_SOURCE_DELETED": pick.choice(("delete", "detach")),
            "MUSICDIFF_DEEZER_PLAYLIST_LIMIT": str(self.limit),
            "MUSICDIFF_SYNC_HAND_EDITS": pick.choice(("keep", "keep", "keep", "overwrite")),
            "MUSICDIFF_SYNC_LIKED_AS": "favourites" if self.favourites else "playlist",
            "MUSICDIFF_SYNC_MAX_REMOVALS": "100%",
        }
        self.past = Past(folder, pick.choice(("arl", "token")), settings, _switches(pick))
        self.past.spotify.header_edits_change_snapshot = pick.random() < 0.5
        self.lists: dict[str, list[str]] = {}
        self.liked: list[str] = []
        self.fresh: set[tuple[str, str]] = set()
        self.dropped: set[tuple[str, str]] = set()
        self.settled: set[tuple[str, str]] = set()
        self.parts: dict[str, int] = {}
        self.hand_added: set[tuple[str, int]] = set()
        self.hand_removed: set[tuple[str, int]] = set()
        self.unplaced: set[int] = set()
        self.namesake = self.limit == LIMITS[0] and pick.random() < 0.5
        """Whether a person has made a playlist on Deezer that may be called like a list."""

    def scene(self) -> Scene:
        pick, spotify, deezer = self.pick, self.past.spotify, self.past.deezer
        for _ in range(pick.randint(1, 5)):
            self.new_list()
        for track in pick.sample(self.pool(), pick.choice((0, 3, 12))):
            self.liked.append(track)
            spotify.like(track)
        if self.namesake:
            deezer.create_by_hand(pick.choice(NAMES[:4]), [self.foreign.pop(), counterpart(pick.choice(self.pool()))])
        deezer.like_by_hand(self.foreign.pop())
        bound = self.sync() if pick.random() < 0.8 else {}
        for _ in range(pick.randint(0, 2)):
            self.new_list()
        today = [*self.edits(pick.randint(2, 12)), *self.by_hand(bound)]
        for edit in today:
            edit(spotify, deezer)
        self.parts = {playlist: self.parts_of(tracks) for playlist, tracks in self.lists.items()}
        after = [*self.second_thoughts(pick.randint(1, 8)), *self.by_hand(bound, after=True)]

        def rethink(spotify: SpotifyAccount, deezer: DeezerAccount) -> None:
            for edit in after:
                edit(spotify, deezer)

        return self.past.scene(
            f"random {self.seed}",
            rethink,
            hand_added=Placed(self.hand_added),
            hand_removed=Placed(self.hand_removed),
            unplaced=frozenset(self.unplaced),
        )

    def pool(self) -> tuple[str, ...]:
        return matched()[:POOL]

    def parts_of(self, tracks: list[str]) -> int:
        return max(1, -(-len(tracks) // self.limit))

    def new_list(self) -> None:
        tracks = self.pick.sample(self.pool(), self.pick.choice(SIZES))
        made = self.past.spotify.add_playlist(
            self.pick.choice(NAMES), tracks, description=self.pick.choice(("", "Fish & Chips"))
        )
        self.lists[made] = tracks

    def sync(self) -> dict[str, int]:
        """Sync what there is, delete a list and let the job see that it is gone. Gives the Deezer playlists of lists
        that fill one each."""
        self.past.sync()
        if len(self.lists) > 2 and self.pick.random() < 0.5:
            gone = self.pick.choice(sorted(self.lists))
            self.past.spotify.delete_playlist(gone)
            del self.lists[gone]
            self.past.sync()
        self.settled = {(playlist, track) for playlist, tracks in self.lists.items() for track in tracks}
        self.settled |= {(LIKED, track) for track in self.liked}
        mirrors = self.past.scene("", lambda *_: None).known.mirrors
        return {
            playlist: int(mirror.parts[0].playlist)
            for playlist in self.lists
            if len((mirror := mirrors[CollectionId(list_id(playlist))]).parts) == 1
        }

    # Today

    def edits(self, count: int) -> list[Edit]:
        """Edits of the source."""
        kinds = [self.put, self.put, self.put, self.take, self.take, self.move, self.like, self.unlike]
        if not (self.parts and self.namesake):  # which list adopts it depends on the names as they are then
            kinds.append(self.rename)
        return [edit for _ in range(count) for edit in self.pick.choice(kinds)()]

    def put(self) -> list[Edit]:
        playlist = self.pick.choice(sorted(self.lists))
        known = {*self.lists[playlist], *(track for where, track in self.dropped if where == playlist)}
        tracks = [track for track in self.pool() if track not in known]
        return [
            edit for track in self.pick.sample(tracks, self.pick.choice((1, 3))) for edit in self._put(playlist, track)
        ]

    def _put(self, playlist: str, track: str) -> list[Edit]:
        if self._splits_otherwise(playlist, 1):
            return []
        at = self.pick.randint(0, len(self.lists[playlist]))
        self.lists[playlist].insert(at, track)
        self.fresh.add((playlist, track))
        return [lambda spotify, _: spotify.add_track(playlist, track, at)]

    def take(self) -> list[Edit]:
        playlist = self.pick.choice(sorted(self.lists))
        tracks = [
            track for track in self.lists[playlist] if (list_id(playlist), counterpart(track)) not in self.hand_removed
        ]
        return self._take(playlist, self.pick.choice(tracks)) if tracks else []

    def _take(self, playlist: str, track: str) -> list[Edit]:
        if self._splits_otherwise(playlist, -1):
            return []
        self.lists[playlist].remove(track)
        self.settled.discard((playlist, track))
        self.fresh.discard((playlist, track))
        self.dropped.add((playlist, track))
        return [lambda spotify, _: drop(spotify, playlist, track)]

    def _splits_otherwise(self, playlist: str, more: int) -> bool:
        """Whether a second thought would need another number of parts: a list that was split stays so, and the run
        that died may not have split it yet."""
        parts = self.parts.get(playlist)
        return parts is not None and max(1, -(-(len(self.lists[playlist]) + more) // self.limit)) != parts

    def move(self) -> list[Edit]:
        playlist = self.pick.choice(sorted(self.lists))
        tracks = self.lists[playlist]
        if len(tracks) < 2:
            return []
        at, to = self.pick.sample(range(len(tracks)), 2)
        tracks.insert(to, tracks.pop(at))
        return [lambda spotify, _: spotify.move(playlist, at, to)]

    def rename(self) -> list[Edit]:
        playlist, name, words = self.pick.choice(sorted(self.lists)), self.pick.choice(NAMES), self.pick.choice("ab")
        return [
            lambda spotify, _: spotify.rename(playlist, name),
            lambda spotify, _: spotify.set_description(playlist, words),
        ]

    def like(self) -> list[Edit]:
        gone = {track for where, track in self.dropped if where == LIKED}
        track = self.pick.choice([track for track in self.pool() if track not in self.liked and track not in gone])
        self.liked.append(track)
        self.fresh.add((LIKED, track))
        return [lambda spotify, _: spotify.like(track)]

    def unlike(self) -> list[Edit]:
        liked = [track for track in self.liked if (FAVOURITES, counterpart(track)) not in self.hand_removed]
        return self._unlike(self.pick.choice(liked)) if liked else []

    def _unlike(self, track: str) -> list[Edit]:
        self.liked.remove(track)
        self.settled.discard((LIKED, track))
        self.fresh.discard((LIKED, track))
        self.dropped.add((LIKED, track))
        return [lambda spotify, _: spotify.unlike(track)]

    def by_hand(self, bound: dict[str, int], *, after: bool = False) -> list[Edit]:
        """Edits of the target, of what was in step and stays. Lists that may be split are left alone: how their parts
        are filled depends on what others have put there."""
        edits: list[Edit] = []
        for playlist in sorted(bound):
            # One or the other: without checksums a listing shows how many entries there are, and not which.
            if self.pick.random() < 0.5:
                if self.limit == LIMITS[0] and self.pick.random() < 0.6:
                    edits.append(self._hand_add(playlist, bound[playlist], self.foreign.pop()))
                continue
            held = sorted(track for where, track in self.settled if where == playlist)
            if held and self.parts_of(self.lists[playlist]) == 1 and self.pick.random() < 0.6:
                edits.append(self._hand_remove(playlist, bound[playlist], self.pick.choice(held)))
        if self.favourites and self.pick.random() < 0.4:
            track = self.foreign.pop()
            self.hand_added.add((FAVOURITES, track))
            if after:
                self.unplaced.add(track)
            edits.append(lambda _, deezer: deezer.like_by_hand(track))
        likes = sorted(track for where, track in self.settled if where == LIKED)
        if self.favourites and likes and self.pick.random() < 0.4:
            mine = self.pick.choice(likes)
            liked = counterpart(mine)
            self.settled.discard((LIKED, mine))
            self.hand_removed.add((FAVOURITES, liked))
            self.unplaced.add(liked)  # with hand edits overwritten it is liked again, whenever a run gets to it
            edits.append(lambda _, deezer: deezer.unlike_by_hand(liked))
        return edits

    def _hand_add(self, playlist: str, on_deezer: int, track: int) -> Edit:
        self.hand_added.add((list_id(playlist), track))
        return lambda _, deezer: deezer.add_by_hand(on_deezer, track)

    def _hand_remove(self, playlist: str, on_deezer: int, track: str) -> Edit:
        self.settled.discard((playlist, track))
        self.hand_removed.add((list_id(playlist), counterpart(track)))
        return lambda _, deezer: deezer.remove_by_hand(on_deezer, counterpart(track))

    # After the death

    def second_thoughts(self, count: int) -> list[Edit]:
        """Edits of the source, most of which take back what was done today."""
        return [
            edit for _ in range(count) for edit in (self.take_back() if self.pick.random() < 0.7 else self.edits(1))
        ]

    def take_back(self) -> list[Edit]:
        """A track that was put in today is taken out again, or the other way round."""
        if not (changed := sorted(self.fresh | self.dropped)):
            return []
        where, track = self.pick.choice(changed)
        if where == LIKED and track in self.liked:
            return self._unlike(track)
        if where == LIKED:
            # Whether it left the favourites in between, and lost its place there, depends on the run that died.
            self.unplaced.add(counterpart(track))
            self.liked.append(track)
            return [lambda spotify, _: spotify.like(track)]
        if where not in self.lists:
            return []
        return self._take(where, track) if track in self.lists[where] else self._put(where, track)


def _switches(pick: random.Random) -> dict[str, Any]:
    return {
        "duplicate_add": pick.choice(("refuse", "refuse", "partial_error", "partial_true")),
        "partial_order": pick.choice(("refuse", "keep_rest")),
        "readd_favourite": pick.choice(("true", "false", "error")),
        "false_refusals": pick.random() < 0.3,
        "checksum_sees_order": pick.random() < 0.7,
        "read_lag": pick.choice(LAGS),
        "isrc_miss_status": pick.choice((200, 404)),
        "favourite_methods": pick.choice(("singular", "both", "plural")),
        "profile_checksum": pick.random() < 0.7,
        "gateway_add_cap": pick.choice((None, None, 3)),
        "unreadable_add": pick.choice(("accept", "refuse")),
    }
