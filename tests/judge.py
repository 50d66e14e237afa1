"""What Deezer must hold when a history has come to rest: an account of its own, from the edits alone."""

from __future__ import annotations

from both_sides import FAVOURITES, LIKED_NAME, Told, list_id
from history import History

from musicdiff_job.core.checkpoint import Mirror
from musicdiff_job.core.model import LIKED, CollectionId
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.sandbox.deezer_library import DeezerPlaylist


def judge(history: History) -> None:
    """Compare Deezer with what the history asks for."""
    _Judge(history).judge()


class _Judge:
    def __init__(self, history: History) -> None:
        self.check = history.check
        self.sides = history.sides
        self.wishes = history.wishes
        self.lag = history.lag
        self.refusing = history.refusing
        self.made = history.witness.made
        self.checkpoint = history.rig.checkpoint()

    def judge(self) -> None:
        for one in self.sides.spotify.playlists():
            if self.sides.spotify.readable(one) and self.wishes.selects(one.name):
                self._judge_collection(list_id(one), one.name, one.description, self.sides.wanted(one))
        if self.wishes.liked_as == "playlist":
            self._judge_collection(LIKED, LIKED_NAME, "", self.sides.wanted_likes())
        else:
            self._judge_favourites()
        self._judge_the_rest()

    def _judge_collection(self, key: CollectionId, name: str, description: str, wanted: tuple[int, ...]) -> None:
        mirror = self.checkpoint.mirrors.get(key)
        self.check(mirror is not None, f"{key} has no mirror")
        assert mirror is not None
        if mirror.state is CollectionState.DETACHED:
            self.check(key in self.sides.deleted, f"{key} is given up: {mirror.reason}")
            return
        if any(one.collection == key for one in self.checkpoint.conflicts.values()):
            return  # it waits for a person
        self.check(mirror.state is CollectionState.IN_SYNC, f"{key} is {mirror.state}: {mirror.reason}")
        self._judge_contents(f"{key} ({name})", wanted, mirror, self.wishes.edits_for(name))
        self._judge_header(f"{key} ({name})", name, description, mirror)

    def _judge_contents(self, title: str, wanted: tuple[int, ...], mirror: Mirror, edits: str) -> None:
        told = self.sides.told.get(mirror.id, Told())
        contents = [track for part in mirror.parts for track in self.sides.contents(int(part.playlist))]
        if len(mirror.parts) == 1:
            self.check(len(contents) == len(set(contents)), f"{title} holds a track twice")
        if edits == "overwrite":
            expected = [track for track in wanted if track not in told.hidden]
            seen = [track for track in contents if track not in told.hidden]
            if told.hidden:
                # While entries are hidden a missing one may be one of them.
                self.check([track for track in expected if track in seen] == seen, f"{title}: {seen} not {expected}")
                self.check(len(expected) - len(seen) <= len(told.hidden), f"{title}: {seen} not {expected}")
            else:
                self.check(seen == expected, f"{title}: {seen} not {expected}")
            return
        added = set(told.added)
        gone = added - set(contents) - told.hidden - told.unsure
        self.check(not gone, f"{title} lost what was added by hand: {gone}")
        back = told.removed & set(contents)
        self.check(not back, f"{title} has again what was removed by hand: {back}")
        certain = [track for track in wanted if track not in told.unsure | told.removed | told.hidden]
        missing = set(certain) - set(contents)
        # What is added by hand to a full playlist takes the room of what belongs there.
        excused = bool(told.hidden) or len(contents) >= self.wishes.limit
        self.check(not missing or excused, f"{title} misses {missing} of {wanted}: {contents}")
        foreign = set(contents) - set(wanted) - added - told.unsure
        inherited = any(not part.created and int(part.playlist) not in self.sides.by_hand for part in mirror.parts)
        self.check(not foreign or inherited, f"{title} holds {foreign} for no reason")
        order = [track for track in wanted if track in contents]
        if len(mirror.parts) == 1:
            self.check(contents[: len(order)] == order, f"{title} is in the order {contents}, not {order}")

    def _judge_header(self, title: str, name: str, description: str, mirror: Mirror) -> None:
        told = self.sides.told.get(mirror.id, Told())
        if told.renamed or len(mirror.parts) != 1:
            return
        shown = self.sides.deezer.playlist(int(mirror.parts[0].playlist))
        self.check(shown.title == (name.strip() or "Untitled playlist"), f"{title} is called {shown.title!r}")
        if mirror.parts[0].created:
            self.check(not shown.public, f"{title} is public")
            self.check(shown.description == description, f"{title} is described {shown.description!r}")

    def _judge_favourites(self) -> None:
        told = self.sides.told.get(FAVOURITES, Told())
        held = list(self.sides.deezer.state().favourites)
        wanted = self.sides.wanted_favourites()
        if any(one.collection == LIKED for one in self.checkpoint.conflicts.values()):
            return
        if LIKED in self.sides.deleted and self.checkpoint.mirrors[LIKED].state is CollectionState.DETACHED:
            return  # given up when they were a playlist
        if self.wishes.edits_for(LIKED_NAME) == "overwrite":
            self.check(set(held) == set(wanted), f"favourites hold {set(held)}, not {set(wanted)}")
        else:
            lost = set(told.added) - set(held) - told.unsure
            self.check(not lost, f"favourites lost what was liked by hand: {lost}")
            missing = set(wanted) - set(held) - told.unsure
            self.check(not missing, f"favourites miss {missing}")
            foreign = set(held) - set(wanted) - set(told.added) - told.unsure
            self.check(not foreign, f"favourites hold {foreign} for no reason")
        clean = [track for track in wanted if track not in self.sides.dirty_likes | told.unsure]
        if not self.refusing and not self.sides.blocked:
            seen = [track for track in held if track in clean]
            self.check(seen == clean, f"favourites are in the order {seen}, not {clean}")

    def _judge_the_rest(self) -> None:
        """Playlists that mirror nothing (any more)."""
        own = {one.id: one for one in self._own()}
        mirrors = self.checkpoint.mirrors.values()
        bound = {int(part.playlist) for mirror in mirrors for part in mirror.parts if part.playlist.isdigit()}
        for number in own.keys() - bound - self.sides.by_hand.keys():
            meant = self.made.get(number, frozenset())
            # Two looks for a lost creation are no more than two stale reads can hide.
            known = any(self._is_over(key) for key in meant) or self.lag > 1
            self.check(known, f"{number} {own[number].title!r}, made for {set(meant)}, mirrors nothing")
        dropped = any(mirror.state is CollectionState.DETACHED for mirror in mirrors)
        for made, (title, tracks) in self.sides.by_hand.items():
            if made not in bound and not dropped:
                self.check(made in own, f"{made} ({title}) was made by hand and is gone")
                self.check(self.sides.contents(made) == tracks, f"{made} ({title}) was made by hand and changed")
        for made, theirs in self.sides.theirs.items():
            self.check(tuple(self.sides.contents(made)) == theirs, f"somebody else's {made} was changed")

    def _is_over(self, key: CollectionId) -> bool:
        """Whether a playlist of this collection may be left behind."""
        mirror = self.checkpoint.mirrors.get(key)
        gone = key not in self.sides.timeline[-1] or mirror is None or mirror.state is CollectionState.DETACHED
        return gone or key in self.sides.deleted or key == LIKED

    def _own(self) -> list[DeezerPlaylist]:
        self.sides.catch_up()
        return self.sides.deezer.read().own()
