"""A year of runs under a calendar: both sides are edited, the clock jumps and is changed twice, services misbehave.

The long form starts a run every half hour; the quick one those of the nights in which the clock is changed, and a few
on some other days. After each run it is checked from the sandbox's log, by rules of its own, that no list was read
outside its window or before its rest was over, to the minute, that no run rested when a list had its turn, that each
whose turn it was has what is on Spotify, that Spotify is left alone for as long as it asked for, and that what is
remembered is bounded by what the library holds and has lately held.
"""

from __future__ import annotations

import functools
import gzip
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from rig import Rig, open_rig
from told_clock import ToldClock
from universe import universe

from musicdiff_job.core.before_image import DAYS_KEPT
from musicdiff_job.core.checkpoint import RUNS_KEPT, Checkpoint
from musicdiff_job.core.forget import UNUSED_KEPT
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import ALBUMS, ARTISTS, LIKED, CollectionId
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionState, Summary
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.faults import Fault, Status
from musicdiff_job.sandbox.spotify_albums import albums_of, artist_id
from musicdiff_job.sandbox.spotify_library import CatalogueTrack, SpotifyPlaylist
from musicdiff_job.sandbox.world import SpotifyAccount

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 365
PARIS = ZoneInfo("Europe/Paris")
CHANGED = (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))
"""The days on which the clock in Paris is changed."""
NIGHT, DAILY, SLOW, FREE = "Night", "Daily", "Slow", "Free"
RULES = [
    {"match": NIGHT, "window": "02:00-03:00", "timezone": "Europe/Paris"},
    {"match": DAILY, "every": "24h", "priority": 5},
    {"match": SLOW, "every": "6h", "window": "22:00-04:00", "timezone": "Europe/Paris"},
    {"match": "*", "every": "1h"},
]
REST = {NIGHT: timedelta(0), DAILY: timedelta(hours=24), SLOW: timedelta(hours=6)}
HEALTHY = {Outcome.IN_SYNC, Outcome.CHANGED, Outcome.MORE_TO_DO, Outcome.RATE_LIMITED}
SETTLED = {CollectionState.IN_SYNC, CollectionState.CHANGED}
DAY = timedelta(days=1)
FOUND_WITHIN = timedelta(hours=26)
EXTRA = "Extra"
"""What playlists are called that come and go."""
EXTRAS, ALBUMS_KEPT, ARTISTS_KEPT = 3, 12, 8
"""How many of each there are at most at a time; so the library does not grow with the year."""


@functools.cache
def shelf() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Albums whose counterpart is known, and artists of these tests' tracks."""
    catalogue, (sources, _, _) = load_catalogue(), universe()
    albums = [one.id for one in albums_of(catalogue).values() if one.deezer_id and len(one.tracks) > 3]
    return tuple(albums[:40]), tuple(sorted({artist_id(catalogue.spotify[one].artists[0]) for one in sources}))


@dataclass
class Year:
    """One account pair, its rounds, and what they came to."""

    rig: Rig
    clock: ToldClock
    pick: random.Random
    runs: int = 0
    rested: int = 0
    calls: int = 0
    edits: int = 0
    made: int = 0
    """Playlists that have come in the course of the year."""
    sizes: dict[int, int] = field(default_factory=dict)
    """Bytes of the checkpoint, packed, after so many months."""
    parts: dict[int, dict[str, int]] = field(default_factory=dict)
    """Bytes of what it consists of, as plain text, and how many entries the library has, after so many months."""
    punctual: int = 0
    """How often a list had its turn, and had what was on Spotify then."""
    limited: int = 0
    """How often Spotify asked to wait for longer than a run does."""
    expired: int = 0
    """How often a run found its access token and its session ended, and did its work all the same."""
    troubled: bool = False
    asked: int = 0
    """Seconds that Spotify's next answer asks to wait."""
    closed_until: datetime = BEGIN
    in_step: dict[str, datetime] = field(default_factory=dict)
    """The minute in which the run began that last found a playlist in step, by its id."""
    met: set[str] = field(default_factory=set)
    """The collections that a run has told of."""
    appeared: dict[str, datetime] = field(default_factory=dict)
    """When each playlist was first there, by its id."""
    held: dict[str, datetime] = field(default_factory=dict)
    """When each item was last seen in the library, by the id that the job has for it."""

    def round(self) -> None:
        """One run, and what must be true of it."""
        now, box = self.clock.now(), self.rig.sandbox
        box.log.forget()
        self._see(now)
        turns = {one.id: self._has_its_turn(one, now) for one in box.spotify.playlists()}
        done = self.rig.run(env={"MUSICDIFF_PLAYLIST": json.dumps(RULES)})
        self.runs += 1
        made = sum(box.calls(service) for service in ("spotify", "deezer", "auth"))
        self.calls += made
        assert self.troubled or done.outcome in HEALTHY, (now, done)
        if done.rests_until:
            self.rested += 1
            assert made == 0, f"{now}: a rest that made {made} calls"
            missed = [one.name for one in box.spotify.playlists() if turns[one.id] and self._must_be_known(one, now)]
            assert not missed, f"{now}: it rests although {missed} have their turn"
        self._is_left_alone(now, done)
        lines = {str(line.id): line for line in done.collections}
        after = self.rig.checkpoint()
        self.met |= lines.keys()
        for playlist in box.spotify.playlists():
            key = f"spotify:playlist:{playlist.id}"
            turn, line = turns[playlist.id] and self._must_be_known(playlist, now), lines.get(key)
            read = any(call.path.startswith(f"/playlists/{playlist.id}/") for call in box.log.all())
            assert turn or not read, f"{playlist.name} was read at {now}, in step at {self.in_step.get(playlist.id)}"
            if turn and done.outcome in (Outcome.IN_SYNC, Outcome.CHANGED):
                mirror = after.mirrors[CollectionId(key)]
                assert mirror.snapshot == playlist.snapshot, f"{playlist.name} is late at {now}: {mirror.reason}"
                assert line is not None and line.state in SETTLED, f"{playlist.name} had its turn at {now}: {line}"
                self.punctual += 1
            if turn and line is not None and line.state in SETTLED and not self.troubled:
                self.in_step[playlist.id] = now.replace(second=0, microsecond=0)
            elif turn:
                # Half done, or who knows: the job's own word is taken for where it left off.
                known = after.mirrors.get(CollectionId(key))
                at = known.checked_at if known is not None and known.state in SETTLED else None
                self.in_step.pop(playlist.id, None)
                if at:
                    self.in_step[playlist.id] = datetime.fromisoformat(at).replace(second=0, microsecond=0)
        if done.outcome in (Outcome.IN_SYNC, Outcome.CHANGED) and not done.rests_until:
            self._is_bounded(after, now)

    def _must_be_known(self, playlist: SpotifyPlaylist, now: datetime) -> bool:
        """A run that makes no call cannot see what is new, but one does within 26 hours."""
        return f"spotify:playlist:{playlist.id}" in self.met or now - self.appeared[playlist.id] >= FOUND_WITHIN

    def _has_its_turn(self, playlist: SpotifyPlaylist, now: datetime) -> bool:
        """Whether a list may be worked on, by the clock on the wall and by its last round."""
        wall = now.astimezone(PARIS)
        # On the day that skips the hour from 2 to 3 the window is had at 3.
        night = 3 if wall.date() == CHANGED[0].date() else 2
        if playlist.name == NIGHT and wall.hour != night:
            return False
        if playlist.name == SLOW and 4 <= wall.hour < 22:
            return False
        since = self.in_step.get(playlist.id)
        return since is None or now - since >= REST.get(playlist.name, timedelta(hours=1))

    def _is_left_alone(self, now: datetime, done: Summary) -> None:
        """Spotify is not called before the time that it has asked to be left alone until, and is soon after."""
        called = self.rig.sandbox.calls("spotify")
        if now < self.closed_until:
            assert not called, f"{now}: called although Spotify is to be left alone until {self.closed_until}"
        elif called and self.asked:
            assert done.outcome is Outcome.RATE_LIMITED and done.retry_at is not None, (now, done)
            self.closed_until = from_iso(done.retry_at)
            waits = (self.closed_until - now).total_seconds()
            assert self.asked - 1 <= waits <= self.asked + 60, f"{now}: {self.asked} s were asked for, not {waits}"
            self.limited += 1
        elif done.outcome is Outcome.RATE_LIMITED and not self.troubled:
            raise AssertionError(f"{now}: nobody asked to wait: {done}")

    def _see(self, now: datetime) -> None:
        spotify = self.rig.sandbox.spotify
        for playlist in spotify.playlists():
            self.held |= {one.content.id: now for one in playlist.entries if isinstance(one.content, CatalogueTrack)}
            self.held[playlist.id] = now
            self.appeared.setdefault(playlist.id, now)
        self.held |= {one.track_id: now for one in spotify.liked()}
        self.held |= {f"album:{one.album_id}": now for one in spotify.albums()}
        self.held |= {f"artist:{one}": now for one in spotify.artists()}

    def _is_bounded(self, checkpoint: Checkpoint, now: datetime) -> None:
        """After a run in which all was in step: what is remembered is of what the library holds or lately held."""
        assert len(checkpoint.runs) <= RUNS_KEPT
        for service, slots in checkpoint.ledgers.items():
            assert len(slots) <= 400, f"the ledger of {service} has {len(slots)} slots"
        kept = UNUSED_KEPT + 2 * DAY
        for source, record in checkpoint.matches.items():
            decided = from_iso(record.decided_at) if record.decided_at else now
            lately = self.held.get(str(source), BEGIN) >= now - 2 * DAY
            assert lately or decided >= now - kept, f"{source} is remembered since {record.decided_at}"
        for key in checkpoint.mirrors.keys() - {LIKED, ALBUMS, ARTISTS}:
            seen = self.held[key.rpartition(":")[2]]
            assert seen >= now - kept, f"{checkpoint.mirrors[key].name} was last seen {seen} and is remembered"
        for image in checkpoint.images:
            assert from_iso(image.taken_at) >= now - timedelta(days=DAYS_KEPT) - DAY, f"an image of {image.taken_at}"

    def note_sizes(self, month: int) -> None:
        """What the checkpoint comes to after so many months, once each."""
        if month not in self.sizes:
            checkpoint = self.rig.checkpoint()
            self.sizes[month] = self.size()
            self.parts[month] = {**parts_of(checkpoint), "library": self._entries()}

    def _entries(self) -> int:
        """How many entries there are on Spotify now, and playlists."""
        spotify = self.rig.sandbox.spotify
        listed = sum(1 + len(one.entries) for one in spotify.playlists())
        return listed + len(spotify.liked()) + len(spotify.albums()) + len(spotify.artists())

    def size(self) -> int:
        """Bytes of the checkpoint as it is kept by default, packed."""
        return len(gzip.compress(self.rig.checkpoint_file.read_bytes(), compresslevel=1, mtime=0))

    def edit(self) -> None:
        """Somebody edits a list on Spotify, or its mirror on Deezer."""
        box, (sources, _, foreign) = self.rig.sandbox, universe()
        playlist = self.pick.choice(box.spotify.playlists())
        self.edits += 1
        kind = self.pick.randrange(6)
        if kind == 0 and len(playlist.entries) > 3:
            box.spotify.remove_at(playlist.id, self.pick.randrange(len(playlist.entries)))
        elif kind == 1 and len(playlist.entries) > 1:
            box.spotify.move(playlist.id, 0, len(playlist.entries) - 1)
        elif kind == 2:
            box.spotify.like(self.pick.choice(sources))
        elif kind == 3 and playlist.name in (made := box.deezer.state().playlists):
            track = self.pick.choice(foreign)
            if track not in made[playlist.name] and len(made[playlist.name]) < 30:
                box.deezer.add_by_hand(playlist.name, track)
        elif len(playlist.entries) < 20:
            box.spotify.add_track(playlist.id, self.pick.choice(sources))

    def edit_library(self) -> None:
        """Somebody saves an album or follows an artist, or no longer; makes a playlist, or deletes one."""
        spotify, (sources, _, _), (albums, artists) = self.rig.sandbox.spotify, universe(), shelf()
        extras = [one for one in spotify.playlists() if one.name.startswith(EXTRA)]
        self.edits += 1
        match self.pick.randrange(6):
            case 0 if len(spotify.albums()) < ALBUMS_KEPT:
                spotify.save_album(self.pick.choice(albums))
            case 1 if spotify.albums():
                spotify.unsave_album(self.pick.choice(spotify.albums()).album_id)
            case 2 if len(spotify.artists()) < ARTISTS_KEPT:
                spotify.follow_artist(self.pick.choice(artists))
            case 3 if spotify.artists():
                spotify.unfollow_artist(self.pick.choice(spotify.artists()))
            case 4 if len(extras) < EXTRAS:
                self.made += 1
                spotify.add_playlist(f"{EXTRA} {self.made}", self.pick.sample(sources, 4))
            case 5 if extras:
                spotify.delete_playlist(extras[0].id)
            case _:
                pass

    def trouble(self) -> None:
        """A token expires, or a service asks to wait for some minutes or has a bad moment."""
        box = self.rig.sandbox
        box.faults.clear()
        self.troubled, self.asked = False, 0
        match self.pick.randrange(12):
            case 0:
                box.grants.expire_access_tokens()
                box.deezer.expire_sessions()
                self.expired += 1
            case 1:
                self.asked = self.pick.choice((60, 900, 7200))
                headers = {"Retry-After": str(self.asked)}
                box.misbehave(Fault(service="spotify", effect=Status(429, headers=headers)))
            case 2:
                self.troubled = True
                box.misbehave(Fault(service="deezer", effect=Status(502), count=2))
            case _:
                pass

    def settle(self) -> None:
        """At the end of the year: with every window and rest over, both sides agree."""
        box = self.rig.sandbox
        box.faults.clear()
        self.troubled = False
        for _ in range(20):
            self.clock.advance(2 * 86_400)
            done = self.rig.run(env={"MUSICDIFF_PLAYLIST": "[]"}, force=True)
            if done.outcome is Outcome.IN_SYNC:
                break
        assert done.outcome is Outcome.IN_SYNC
        records = self.rig.checkpoint().matches
        counterparts = {
            str(source): int(one.decision.target)
            for source, one in records.items()
            if isinstance(one.decision, Match) and ":" not in source
        }
        for playlist in box.spotify.playlists():
            mirror = self.rig.checkpoint().mirrors[CollectionId(f"spotify:playlist:{playlist.id}")]
            ids = [entry.content.id for entry in playlist.entries if isinstance(entry.content, CatalogueTrack)]
            wanted = list(dict.fromkeys(counterparts[one] for one in ids if one in counterparts))
            shown = [track for track in box.deezer.state().playlists[playlist.name] if track not in universe()[2]]
            assert shown == wanted, f"{playlist.name}: {shown}, not {wanted} ({mirror.reason})"
        library, known = box.deezer.library(), albums_of(box.spotify.catalogue)
        assert set(library.albums) == {known[one.album_id].deezer_id for one in box.spotify.albums()}
        told = {
            int(one.decision.target.removeprefix("artist:"))
            for key, one in records.items()
            if isinstance(one.decision, Match) and key.removeprefix("artist:") in box.spotify.artists()
        }
        assert set(library.artists) == told


def parts_of(checkpoint: Checkpoint) -> dict[str, int]:
    """Bytes of each part of a checkpoint, as plain text."""
    return {name: len(msgspec.json.encode(value)) for name, value in msgspec.to_builtins(checkpoint).items()}


def live(folder: Path, seed: int, *, every: int | None) -> Year:
    """A year with a run every so many minutes; None starts some dozens of them."""
    sources, _, _ = universe()
    account = SpotifyAccount(load_catalogue())
    for start, name in enumerate((NIGHT, DAILY, SLOW, FREE)):
        account.add_playlist(name, sources[start * 4 : start * 4 + 8])
    account.like(sources[20])
    for album in shelf()[0][:6]:
        account.save_album(album)
    for artist in shelf()[1][:4]:
        account.follow_artist(artist)
    clock, pick = ToldClock(BEGIN), random.Random(seed)
    environment = {
        "MUSICDIFF_SYNC_ENTITIES": "liked,artists,albums,playlists",
        "MUSICDIFF_SYNC_ON_SOURCE_DELETED": "delete",
        "MUSICDIFF_SYNC_MAX_REMOVALS": "100%",
        "SPOTIFY_AUTHORIZED_AT": "2026-12-31",
    }
    with open_rig(folder, account, clock=clock, **environment) as rig:  # type: ignore[arg-type]
        year = Year(rig, clock, pick)
        for moment in rounds(pick, every):
            jump = (moment - clock.now()).total_seconds()
            if jump < 0:
                continue
            clock.advance(jump)
            for _ in range(pick.randrange(3) if every is None or pick.random() < every / 300 else 0):
                year.edit()
            if pick.random() < (0.05 if every else 0.5):
                year.edit_library()
            year.trouble()
            year.round()
            months = (moment - BEGIN).days // 30
            if months in (1, 6, 12):
                year.note_sizes(months)
        year.settle()
    return year


def rounds(pick: random.Random, every: int | None) -> list[datetime]:
    """When runs start, in order: seconds into the minute by chance, for no clock is punctual to the second."""
    step = every or 30
    starts = [BEGIN + timedelta(minutes=step * number) for number in range(DAYS * 24 * 60 // step)]
    if every is None:
        changed = {(day - BEGIN).days for day in CHANGED}
        some = {0, 30, 180, 360} | {pick.randrange(DAYS) for _ in range(8)}
        nights = [one for one in starts if (one - BEGIN).days in changed and one.hour < 4]
        others = [one for one in starts if (one - BEGIN).days in some and (one.hour < 5 or one.hour > 19)]
        starts = sorted([*nights, *(one for one in others if pick.random() < 0.25)])
    return [one + timedelta(seconds=pick.uniform(0, 50)) for one in starts]
