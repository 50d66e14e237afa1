"""A checkpoint as a few runs leave it, with hostile names in it."""

from __future__ import annotations

from datetime import UTC, datetime

from musicdiff_job.core.checkpoint import Account, Checkpoint, MatchRecord, Mirror, NotBefore, Pair, Part, Reading
from musicdiff_job.core.conflict import Conflict, ConflictKind
from musicdiff_job.core.likeness import Rules, score
from musicdiff_job.core.match import MATCHER_VERSION, ByIsrc, BySearch, Evidence, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import LIKED, CollectionId, Kind, PlaylistId, SourceId, TargetId, Track
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionResult, CollectionState, ErrorLine, Summary, Totals, Trigger

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\r\nforged: line\x9b31m[red]bold[/red]\u200f"
"""Escape sequences in both forms, bidirectional controls, a line break, rich markup."""

GYM = CollectionId("spotify:playlist:37i9dQZF1DX76Wlfdnj7AP")
TOKYO = "深夜の東京 プレイリスト"
CJK = CollectionId("spotify:playlist:4KHQIQ8gCgDjxWYXm5SN1w")
EVIL = CollectionId("spotify:playlist:0000000000000000000000")

DAFT = SourceId("5W3cjX2J3tjhG8zb6u0qHn")
LOST = SourceId("4uLU6hMCjMI75M1A2tKUQC")
OPEN = SourceId("7ouMYWpwJ422jRcDASZB7P")

DAFT_TRACK = Track(
    id=DAFT, title="Harder, Better, Faster, Stronger", artists=("Daft Punk",), album="Discovery",
    duration_ms=224_693, isrc="GBDUW0000059", explicit=False,
)  # fmt: skip
LOST_TRACK = Track(
    id=LOST, title="東京 (Live)", artists=("くるり", "Quruli"), album="図鑑", duration_ms=301_000, isrc="JPVI00012345"
)
LIVE = Track(id="3135556", title="東京", artists=("くるり",), album="図鑑", duration_ms=250_000)
NEAR = Track(
    id="3135557", title="東京 (Live at Kyoto)", artists=("くるり",), album="Live", duration_ms=320_000, readable=False
)


def mirror(identity: CollectionId, name: str, state: CollectionState, **fields: object) -> Mirror:
    kind = Kind.LIKED if identity == LIKED else Kind.PLAYLIST
    return Mirror(id=identity, kind=kind, name=name, state=state, **fields)  # type: ignore[arg-type]


def part(playlist: str, *sources: str) -> Part:
    base = tuple(Pair(SourceId(source), TargetId(f"9{at}")) for at, source in enumerate(sources))
    return Part(PlaylistId(playlist), base=base, fingerprint=f"sum-{playlist}", count=len(base))


def run_summary(
    day: int, outcome: Outcome, added: int, *, hour: int = 3, errors: tuple[ErrorLine, ...] = (), name: str = "Gym"
) -> Summary:
    start = f"2026-11-{day:02}T{hour:02}:00:00Z"
    return Summary(
        run_id=f"run-{day}-{hour}",
        outcome=outcome,
        started_at=start,
        finished_at=start.replace(":00:00Z", ":00:42Z"),
        duration_seconds=42.3,
        trigger=Trigger.CRON,
        api_calls={"spotify": 3, "deezer": 1207, "auth": 2},
        totals=Totals(
            collections=4, in_sync=1, changed=1, skipped=1, failed=1, added=added, removed=2, matched=240, unmatched=1,
            duplicates=2,
        ),
        matching={"override": 1, "cache": 200, "isrc": 30, "sweep": 0, "search": 9, "unmatched": 1},
        collections=(
            CollectionResult(GYM, "playlist", name, CollectionState.CHANGED, "new", added, 2, True, 50, 49, 1),
            CollectionResult(CJK, "playlist", TOKYO, CollectionState.SKIPPED, "not selected"),
            CollectionResult(EVIL, "playlist", HOSTILE, CollectionState.FAILED, f"not found {HOSTILE}"),
            CollectionResult(LIKED, "liked", "Liked songs", CollectionState.IN_SYNC, "", entries=100, matched=100),
        ),
        new_playlists=(HOSTILE, "Gym"),
        errors=errors,
        lookups=39,
        writes=7,
    )  # fmt: skip


def sample(*, last: Outcome = Outcome.CHANGED) -> Checkpoint:
    trouble = ErrorLine(HOSTILE, "Deezer says that it does not exist", "Nothing to do") if last else None
    rules = Rules()
    best = tuple(score(LOST_TRACK, candidate, rules) for candidate in (LIVE, NEAR))
    return Checkpoint(
        accounts={"spotify": Account("ada"), "deezer": Account("1234")},
        mirrors={
            one.id: one
            for one in (
                mirror(
                    LIKED, "Liked songs", CollectionState.IN_SYNC, parts=(part("1", *("x" * 22,) * 3),), entries=3,
                    matched=3, synced_at="2026-11-21T03:00:40Z", snapshot="s",
                ),
                mirror(
                    GYM, "Gym", CollectionState.PENDING, reason="budget spent", parts=(part("2", DAFT),), entries=10,
                    matched=5, skipped=1, duplicates=1, waiting=(LOST,), snapshot="old",
                    reading=Reading("new", 12), notes=("a local file",),
                ),
                mirror(CJK, TOKYO, CollectionState.SKIPPED, reason="not selected", entries=99),
                mirror(EVIL, HOSTILE, CollectionState.FAILED, reason=f"unreadable: {HOSTILE}", failures=3),
            )
        },
        matches={
            DAFT: MatchRecord(
                DAFT_TRACK, Match("3135556", Method.ISRC, 0.98, "999", 0.88), decided_at="2026-11-20T03:00:00Z",
                matcher=MATCHER_VERSION,
            ),
            LOST: MatchRecord(
                LOST_TRACK, Unmatched(Reason.ONLY_OTHER_VERSIONS, best), decided_at="2026-11-20T03:00:00Z", tries=2,
                retry_at="2026-11-23T03:00:00Z", rejected=(TargetId("777"),), matcher=MATCHER_VERSION,
            ),
            OPEN: MatchRecord(
                Track(id=OPEN, title=HOSTILE, artists=(HOSTILE,)),
                evidence=Evidence((ByIsrc("GBDUW0000059"), BySearch(HOSTILE)), (LIVE,)),
            ),
        },
        ledgers={"spotify": {}, "deezer": {}},
        not_before={
            "spotify": NotBefore("2026-11-21T18:00:00Z", "quota"),
            "deezer": NotBefore("2026-11-20T18:00:00Z", ""),
        },
        conflicts={
            "mass_removal:" + GYM: Conflict(
                "mass_removal:" + GYM, GYM, HOSTILE, ConflictKind.MASS_REMOVAL, "40 of 50 entries would be removed",
                "2026-11-20T03:00:00Z",
            )
        },
        runs=(
            run_summary(18, Outcome.MORE_TO_DO, 2),
            run_summary(19, Outcome.MORE_TO_DO, 1),
            run_summary(20, Outcome.AUTH, 0, errors=(ErrorLine("", "token expired", "Sign in again"),)),
            run_summary(21, last, 3, errors=(trouble,) if trouble else ()),
        ),
        last_success_at="2026-11-17T03:00:40Z",
    )  # fmt: skip
