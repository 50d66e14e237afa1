"""What a person does on Spotify. Each edit takes three small numbers and makes the best of them."""

from __future__ import annotations

from collections.abc import Callable

from both_sides import NAMES, WORDS, BothSides, list_id

from musicdiff_job.core.model import LIKED
from musicdiff_job.sandbox.spotify_library import SpotifyPlaylist

LISTS = 6


def add_list(sides: BothSides, name: int, size: int, first: int) -> None:
    if len(sides.spotify.playlists()) >= LISTS:
        return
    title = NAMES[name % len(NAMES)]
    start = first % len(sides.sources)
    tracks = (*sides.sources[start:], *sides.sources[:start])[: size % 26]
    if first % 7 == 6:
        found = sides.spotify.follow_foreign_playlist(title, tracks)
    else:
        found = sides.spotify.add_playlist(title, tracks, description=WORDS[first % 2])
    sides.tell(f"spotify: new list {title!r} {found} with {len(tracks)} tracks from {start}")


def drop_list(sides: BothSides, which: int, _b: int, _c: int) -> None:
    if (one := _own(sides, which)) and len(sides.spotify.playlists()) > 2:
        sides.spotify.delete_playlist(one.id)
        sides.tell(f"spotify: deleted {one.id}")


def rename_list(sides: BothSides, which: int, name: int, _c: int) -> None:
    if one := _own(sides, which):
        title = NAMES[name % len(NAMES)]
        sides.spotify.rename(one.id, title)
        sides.tell(f"spotify: {one.id} renamed {title!r}")


def describe_list(sides: BothSides, which: int, words: int, _c: int) -> None:
    if one := _own(sides, which):
        sides.spotify.set_description(one.id, WORDS[words % len(WORDS)])
        sides.tell(f"spotify: {one.id} described {WORDS[words % len(WORDS)]!r}")


def add_entry(sides: BothSides, which: int, track: int, where: int) -> None:
    if one := _own(sides, which):
        at = where % (len(one.entries) + 1)
        sides.spotify.add_track(one.id, _source(sides, track), at)
        sides.tell(f"spotify: {one.id} added {_source(sides, track)} at {at}")


def remove_entry(sides: BothSides, which: int, at: int, _c: int) -> None:
    if (one := _own(sides, which)) and one.entries:
        place = at % len(one.entries)
        _without(sides, one, lambda: sides.spotify.remove_at(one.id, place))
        sides.tell(f"spotify: {one.id} removed at {place}: {one.entries[place].content}")


def shorten_list(sides: BothSides, which: int, keep: int, _c: int) -> None:
    """Many entries leave at once."""
    if one := _own(sides, which):
        kept = keep % 4

        def shorten() -> None:
            for _ in range(len(one.entries) - kept):
                sides.spotify.remove_at(one.id, kept)

        _without(sides, one, shorten)
        sides.tell(f"spotify: {one.id} cut down to {kept} of {len(one.entries)}")


def _without(sides: BothSides, one: SpotifyPlaylist, edit: Callable[[], None]) -> None:
    before = set(sides.wanted(one))
    edit()
    changed = sides.spotify.playlist(one.id)
    assert changed is not None
    sides.dropped(list_id(one), before - set(sides.wanted(changed)))


def move_entry(sides: BothSides, which: int, at: int, to: int) -> None:
    if (one := _own(sides, which)) and len(one.entries) > 1:
        places = len(one.entries)
        sides.spotify.move(one.id, at % places, to % places)
        sides.tell(f"spotify: {one.id} moved {at % places} to {to % places}")


def odd_entry(sides: BothSides, which: int, kind: int, at: int) -> None:
    """A local file, an episode, or a track that Spotify has no longer."""
    if not (one := _own(sides, which)):
        return
    if kind % 3 == 0:
        sides.spotify.add_local_file(one.id, "Band", "Album", "Demo", 99)
    elif kind % 3 == 1:
        sides.spotify.add_episode(one.id, "Episode", "Show")
    elif one.entries:
        _without(sides, one, lambda: sides.spotify.null_track(one.id, at % len(one.entries)))
    sides.tell(f"spotify: {one.id} odd entry {kind % 3}")


def like(sides: BothSides, track: int, more: int, _c: int) -> None:
    for number in range(track, track + 1 + 3 * (more % 4 == 3)):
        source = _source(sides, number)
        if any(liked.track_id == source for liked in sides.spotify.liked()):
            sides.dirty_likes.add(sides.counterparts.get(source, 0))
        sides.spotify.like(source)
        sides.tell(f"spotify: liked {source}")


def unlike(sides: BothSides, at: int, _b: int, _c: int) -> None:
    if liked := sides.spotify.liked():
        track = liked[at % len(liked)].track_id
        before = set(sides.wanted_likes())
        sides.spotify.unlike(track)
        sides.dirty_likes.add(sides.counterparts.get(track, 0))
        sides.tell(f"spotify: unliked {track}")
        sides.dropped(LIKED, before - set(sides.wanted_likes()))


def _own(sides: BothSides, which: int) -> SpotifyPlaylist | None:
    own = [one for one in sides.spotify.playlists() if sides.spotify.readable(one)]
    return own[which % len(own)] if own else None


def _source(sides: BothSides, which: int) -> str:
    return sides.sources[which % len(sides.sources)]


SPOTIFY_EDITS: dict[Callable[[BothSides, int, int, int], None], float] = {
    add_list: 3,
    drop_list: 1,
    rename_list: 2,
    describe_list: 1,
    add_entry: 10,
    remove_entry: 6,
    shorten_list: 1,
    move_entry: 5,
    odd_entry: 2,
    like: 5,
    unlike: 2,
}
"""How often they happen."""
