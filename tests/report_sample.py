"""Overviews for reports: a library with every kind of trouble, in many scripts, one in step, one that is very large."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from checkpoint_sample import HOSTILE, NOW, mirror, part, sample

from musicdiff_job.core.budget import deezer_rule, ledger_add, spotify_rule
from musicdiff_job.core.checkpoint import Account, Checkpoint, MatchRecord, Mirror, NotBefore, Reading
from musicdiff_job.core.conflict import Conflict, ConflictKind, Side
from musicdiff_job.core.likeness import Rules, score
from musicdiff_job.core.match import MATCHER_VERSION, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import LIKED, CollectionId, Service, SourceId, Track
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.play_counts import Listening, MonthCount, TopArtist, TopTrack
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.summary import CollectionState, ErrorLine, Summary, Totals, Trigger
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.report.overview import Overview, Standpoint, overview_of

VIEW = Standpoint(
    profile="default",
    policy=Policy(),
    rules=Rules(),
    ledgers={Service.SPOTIFY: spotify_rule(1000), Service.DEEZER: deezer_rule(30_000)},
    authorized_on=date(2026, 6, 1),
)

LISTENING = Listening(
    plays=1042, seconds=3600 * 58, first=None, last=None, distinct_tracks=310, distinct_artists=120,
    months=(MonthCount("2026-09", 402), MonthCount("2026-10", 388), MonthCount("2026-11", 252)),
    tracks=(
        TopTrack("6habFhsOp2NvshLv26DqMb", "夜に駆ける", ("YOASOBI",), 41),
        TopTrack("5W3cjX2J3tjhG8zb6u0qHn", "Harder, Better, Faster, Stronger", ("Daft Punk",), 33),
        TopTrack("4uLU6hMCjMI75M1A2tKUQC", "أنا لحبيبي", ("فيروز",), 21),
        TopTrack("7ouMYWpwJ422jRcDASZB7P", "Кукушка", ("Кино",), 12),
    ),
    artists=(TopArtist("YOASOBI", 88), TopArtist("فيروز", 61), TopArtist("Daft Punk", 57), TopArtist("Кино", 20)),
    gap_count=0, gaps=(), not_understood=0,
)  # fmt: skip

NAMES = (
    "深夜の東京 プレイリスト", "أغاني فيروز الصباحية", "Gym 💪🔥", "Русский рок 80-х", "한국 인디 산책",
    "Ελληνικά καλοκαίρια",
    "Rainy Sunday", "שירים לדרך", "👩‍👩‍👧 Family car", "Soirée d’été à Paris", "हिन्दी सदाबहार", "เพลงไทยเก่า",
    "A very long name that somebody once gave to a playlist of songs to cook, wash up and dance to in the kitchen",
)  # fmt: skip


def identity(number: int) -> str:
    """The number as an id of Spotify's form."""
    return f"{number:022}"


def record(number: int, decision: Match | Unmatched, title: str = "", artist: str = "") -> tuple[SourceId, MatchRecord]:
    source = SourceId(identity(number))
    track = Track(id=source, title=title or f"Song {number}", artists=(artist or f"Artist {number % 97}",))
    return source, MatchRecord(track, decision, decided_at="2026-11-20T03:00:00Z", matcher=MATCHER_VERSION)


def run(number: int, outcome: Outcome, calls: int, seconds: float, added: int = 0, error: str = "") -> Summary:
    """The run that began so many half days before now."""
    started = NOW - timedelta(hours=12 * number + 1)
    return Summary(
        run_id=f"run-{number}", outcome=outcome, started_at=to_iso(started),
        finished_at=to_iso(started + timedelta(seconds=seconds)), duration_seconds=seconds, trigger=Trigger.CRON,
        api_calls={"spotify": 3 + calls // 10, "deezer": calls, "auth": 2},
        totals=Totals(collections=15, in_sync=9, pending=2 if outcome is Outcome.MORE_TO_DO else 0, added=added),
        matching={"cache": 200, "isrc": added, "search": added // 10}, lookups=calls // 2, writes=calls // 20,
        errors=(ErrorLine("", error, "Renew the ARL: `musicdiff-job auth deezer`"),) if error else (),
    )  # fmt: skip


def history(last: Outcome) -> tuple[Summary, ...]:
    """Fifty runs: a first sync, small changes, a week of trouble in between."""
    runs = [run(number, Outcome.MORE_TO_DO, 4000 - 20 * number, 600.0, 900) for number in range(49, 39, -1)]
    for number in range(39, 0, -1):
        if 18 <= number < 22:
            runs.append(run(number, Outcome.AUTH, 2, 0.7, error="Deezer refuses the ARL"))
        elif number % 3:
            runs.append(run(number, Outcome.IN_SYNC, 1, 0.9))
        else:
            runs.append(run(number, Outcome.CHANGED, 8 + 7 * (number % 10), 4.2 + number, number % 7))
    said = "Deezer refuses the ARL: it has ended" if last is Outcome.AUTH else ""
    return (*runs, run(0, last, 55, 21.5, 3, said))


def candidates(wanted: Track, *titles: str) -> Unmatched:
    found = (Track(id=f"31355{at}", title=title, artists=wanted.artists) for at, title in enumerate(titles))
    return Unmatched(Reason.ONLY_OTHER_VERSIONS, tuple(score(wanted, one, Rules()) for one in found))


def playlist(number: int, name: str, state: CollectionState, **fields: object) -> Mirror:
    return mirror(CollectionId(f"spotify:playlist:{identity(number)}"), name, state, **fields)


def matches(count: int) -> dict[SourceId, MatchRecord]:
    methods = (Method.ISRC,) * 16 + (Method.SWEEP, Method.SEARCH, Method.SEARCH, Method.UPC)
    return dict(record(at, Match(str(3_000_000 + at), methods[at % 20], 0.99)) for at in range(count))


def troubled(last: Outcome = Outcome.AUTH) -> Checkpoint:
    """Conflicts, failures, a closed service, a consent that ends, a first sync under way, hostile names."""
    states = (
        (CollectionState.IN_SYNC, ""), (CollectionState.CONFLICT, "40 of 50 entries would be removed"),
        (CollectionState.PENDING, "budget spent"), (CollectionState.IN_SYNC, ""), (CollectionState.CHANGED, "new"),
        (CollectionState.FAILED, "Spotify's list was edited while it was read"), (CollectionState.IN_SYNC, ""),
        (CollectionState.CONFLICT, "3 entries were removed by hand"), (CollectionState.IN_SYNC, ""),
        (CollectionState.SKIPPED, "not selected"), (CollectionState.DETACHED, "deleted on Spotify"),
        (CollectionState.IN_SYNC, ""), (CollectionState.PENDING, "new"),
    )  # fmt: skip
    mirrors = [
        playlist(
            at, name, state, reason=reason, entries=60 + at, matched=50, waiting=tuple(SourceId(identity(9000 + one))
            for one in range(at % 3)), parts=(part(f"77{at}", *map(str, range(60 + at if state in (
            CollectionState.IN_SYNC, CollectionState.CHANGED) else 20))),), synced_at="2026-11-21T03:00:40Z",
            verified_at="2026-11-21T03:00:40Z", snapshot="s", reading=Reading("new", 60 + at)
            if state is CollectionState.PENDING else None,
        )
        for at, (name, (state, reason)) in enumerate(zip(NAMES, states, strict=True))
    ]  # fmt: skip
    liked = mirror(
        LIKED, "Liked Songs", CollectionState.IN_SYNC, entries=842, matched=840, snapshot="s",
        parts=(part("1", *map(str, range(840))),), synced_at="2026-11-21T03:00:40Z", verified_at="2026-11-21T03:00:40Z",
    )  # fmt: skip
    evil = playlist(99, HOSTILE, CollectionState.FAILED, reason=f"not found {HOSTILE}", failures=3)
    lost = (
        ("東京 (Live)", "くるり", ("東京", "東京 (Live at Kyoto)")),
        ("حبيتك بالصيف", "فيروز", ("حبيتك بالصيف (Remix)",)),
        ("Кукушка - Remastered", "Кино", ("Кукушка (Karaoke)",)), ("Blue Moon", "Billie Holiday", ()),
        (HOSTILE, HOSTILE, (HOSTILE,)), ("<script>alert(1)</script>", "\" onmouseover=\"x", ("<img src=x onerror=y>",)),
        ("봄날", "방탄소년단", ()), ("🎵🎶", "👩‍🚀", ()),
    )  # fmt: skip
    unmatched: dict[SourceId, MatchRecord] = {}
    for at, (title, artist, titles) in enumerate(lost):
        wanted = Track(id=identity(9000 + at), title=title, artists=(artist,))
        decision = candidates(wanted, *titles) if titles else Unmatched(Reason.NOT_FOUND)
        unmatched |= dict((record(9000 + at, decision, title, artist),))
    answers = "; take spotify to undo it, deezer to keep it"
    asked = (
        (1, ConflictKind.MASS_REMOVAL, "40 of 50 entries would be removed; take spotify to remove them", None),
        (7, ConflictKind.HAND_REMOVED, f"3 entries were removed from the Deezer playlist by hand{answers}", None),
        (4, ConflictKind.RENAMED, f"its playlist was renamed{answers}", Side.DEEZER),
    )  # fmt: skip
    conflicts = {
        f"{kind}:{mirrors[at].id}": Conflict(
            f"{kind}:{mirrors[at].id}", mirrors[at].id, mirrors[at].name, kind, message, "2026-11-20T03:00:00Z", side,
            entries=40,
        )
        for at, kind, message, side in asked
    }  # fmt: skip
    return Checkpoint(
        accounts={"spotify": Account("ada"), "deezer": Account("1234")},
        mirrors={one.id: one for one in (*mirrors, liked, evil)},
        matches=matches(1200) | unmatched,
        ledgers={
            "spotify": ledger_add({}, NOW, VIEW.ledgers[Service.SPOTIFY], 870),
            "deezer": ledger_add({}, NOW, VIEW.ledgers[Service.DEEZER], 4200),
        },
        not_before={"spotify": NotBefore("2026-11-21T18:00:00Z", "quota")},
        conflicts=conflicts,
        runs=history(last),
        last_success_at="2026-11-17T03:00:40Z",
    )  # fmt: skip


def in_step() -> Checkpoint:
    """All is well."""
    known = troubled(Outcome.CHANGED)
    mirrors = {
        key: one
        for key, one in known.mirrors.items()
        if one.state in (CollectionState.IN_SYNC, CollectionState.CHANGED, CollectionState.SKIPPED)
    }
    totals = Totals(collections=len(mirrors), in_sync=len(mirrors) - 1, skipped=1, added=3)
    last = msgspec.structs.replace(known.runs[-1], totals=totals)
    return msgspec.structs.replace(
        known,
        mirrors=mirrors,
        conflicts={},
        not_before={},
        runs=(*known.runs[:-1], last),
        last_success_at=last.finished_at,
    )


def large(playlists: int = 1000, unmatched: int = 20_000, name: str = "Song") -> Checkpoint:
    """Very many of everything."""
    reasons = tuple(Reason)
    told = {}
    like = Track(id=identity(0), title=f"{name} number 0", artists=("The Artist of 0",))
    best = candidates(like, *(f"{name} number 1000 (Live {one})" for one in range(3))).best  # to score takes its time
    for at in range(unmatched):
        decision = Unmatched(reasons[at % len(reasons)], best)
        source, found = record(at, decision, f"{name} number {at}", f"The Artist of {at % 500}")
        told[source] = found
    mirrors = (
        playlist(
            at, f"{name} playlist {at}", CollectionState.IN_SYNC if at % 9 else CollectionState.PENDING,
            reason="" if at % 9 else "budget spent", entries=100, matched=80, synced_at="2026-11-21T03:00:40Z",
            verified_at="2026-11-21T03:00:40Z", snapshot="s", parts=(part(f"77{at}", *map(str, range(80))),),
            waiting=tuple(SourceId(identity(at * 20 + one)) for one in range(20)),
        )
        for at in range(playlists)
    )  # fmt: skip
    return Checkpoint(
        mirrors={one.id: one for one in mirrors}, matches=told, runs=history(Outcome.MORE_TO_DO),
        last_success_at="2026-11-17T03:00:40Z",
    )  # fmt: skip


def overview(checkpoint: Checkpoint | None = None, *, profile: str = "default", listening: bool = False) -> Overview:
    """What a report shows of a checkpoint; of ``checkpoint_sample``'s if none is given."""
    view = VIEW if profile == "default" else Standpoint(profile, VIEW.policy, VIEW.rules, VIEW.ledgers, None)
    return overview_of(
        view, sample() if checkpoint is None else checkpoint, None, NOW, LISTENING if listening else None
    )
