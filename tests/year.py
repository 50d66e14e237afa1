"""A year of runs under a calendar: both sides are edited, the clock jumps and is changed twice, services misbehave.

The long form starts a run every half hour; the quick one those of the nights in which the clock is changed, and a few
on some other days. After each run it is checked from the sandbox's log, by rules of its own, that no list was read
outside its window or before its rest was over, to the minute, and that each whose turn it was has what is on Spotify.
"""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rig import Rig, open_rig
from told_clock import ToldClock
from universe import universe

from musicdiff_job.core.checkpoint import RUNS_KEPT, Mirror
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import CollectionId
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.faults import Fault, Status
from musicdiff_job.sandbox.spotify_library import CatalogueTrack
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
    sizes: dict[int, int] = field(default_factory=dict)
    """Bytes of the checkpoint, packed, after so many months."""
    punctual: int = 0
    """How often a list had its turn, and had what was on Spotify then."""
    troubled: bool = False

    def round(self) -> None:
        """One run, and what must be true of it."""
        now, box = self.clock.now(), self.rig.sandbox
        box.log.forget()
        before = self.rig.checkpoint().mirrors
        done = self.rig.run(env={"MUSICDIFF_PLAYLIST": json.dumps(RULES)})
        self.runs += 1
        made = sum(box.calls(service) for service in ("spotify", "deezer", "auth"))
        self.calls += made
        assert self.troubled or done.outcome in HEALTHY, (now, done)
        if done.rests_until:
            self.rested += 1
            assert made == 0, f"{now}: a rest that made {made} calls"
        for playlist in box.spotify.playlists():
            key = CollectionId(f"spotify:playlist:{playlist.id}")
            allowed = self._is_allowed(playlist.name, now, before.get(key))
            read = any(call.path.startswith(f"/playlists/{playlist.id}/") for call in box.log.all())
            assert allowed or not read, f"{playlist.name} was read at {now}, {before.get(key)}"
            if allowed and done.outcome in (Outcome.IN_SYNC, Outcome.CHANGED):
                mirror = self.rig.checkpoint().mirrors[key]
                assert mirror.snapshot == playlist.snapshot, f"{playlist.name} is late at {now}: {mirror.reason}"
                self.punctual += 1
        self._is_bounded()

    def _is_allowed(self, name: str, now: datetime, known: Mirror | None) -> bool:
        """Whether a list may be worked on, by the clock on the wall and by its last round."""
        wall = now.astimezone(PARIS)
        # On the day that skips the hour from 2 to 3 the window is had at 3.
        night = 3 if wall.date() == CHANGED[0].date() else 2
        if name == NIGHT and wall.hour != night:
            return False
        if name == SLOW and 4 <= wall.hour < 22:
            return False
        if known is None or known.checked_at is None or known.state is not CollectionState.IN_SYNC:
            return True
        since = datetime.fromisoformat(known.checked_at).replace(second=0)
        return now - since >= REST.get(name, timedelta(hours=1))

    def _is_bounded(self) -> None:
        checkpoint = self.rig.checkpoint()
        assert len(checkpoint.runs) <= RUNS_KEPT
        for service, slots in checkpoint.ledgers.items():
            assert len(slots) <= 400, f"the ledger of {service} has {len(slots)} slots"

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

    def trouble(self) -> None:
        """A token expires, or a service asks to wait for some minutes or has a bad moment."""
        box = self.rig.sandbox
        box.faults.clear()
        self.troubled = False
        match self.pick.randrange(12):
            case 0:
                box.grants.expire_access_tokens()
                box.deezer.expire_sessions()
            case 1:
                headers = {"Retry-After": str(self.pick.choice((60, 900, 7200)))}
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
            str(source): int(one.decision.target) for source, one in records.items() if isinstance(one.decision, Match)
        }
        for playlist in box.spotify.playlists():
            mirror = self.rig.checkpoint().mirrors[CollectionId(f"spotify:playlist:{playlist.id}")]
            ids = [entry.content.id for entry in playlist.entries if isinstance(entry.content, CatalogueTrack)]
            wanted = list(dict.fromkeys(counterparts[one] for one in ids if one in counterparts))
            shown = [track for track in box.deezer.state().playlists[playlist.name] if track not in universe()[2]]
            assert shown == wanted, f"{playlist.name}: {shown}, not {wanted} ({mirror.reason})"


def live(folder: Path, seed: int, *, every: int | None) -> Year:
    """A year with a run every so many minutes; None starts some dozens of them."""
    sources, _, _ = universe()
    account = SpotifyAccount(load_catalogue())
    for start, name in enumerate((NIGHT, DAILY, SLOW, FREE)):
        account.add_playlist(name, sources[start * 4 : start * 4 + 8])
    account.like(sources[20])
    clock, pick = ToldClock(BEGIN), random.Random(seed)
    environment = {"SPOTIFY_AUTHORIZED_AT": "2026-12-31", "MUSICDIFF_SYNC_MAX_REMOVALS": "100%"}
    with open_rig(folder, account, clock=clock, **environment) as rig:  # type: ignore[arg-type]
        year = Year(rig, clock, pick)
        for moment in rounds(pick, every):
            jump = (moment - clock.now()).total_seconds()
            if jump < 0:
                continue
            clock.advance(jump)
            for _ in range(pick.randrange(3)):
                year.edit()
            year.trouble()
            year.round()
            months = (moment - BEGIN).days // 30
            if months in (1, 6, 12):
                year.sizes.setdefault(months, year.size())
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
