"""What can be told of the next look and the next work without asking anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from musicdiff_job.core.checkpoint import Mirror, Reading
from musicdiff_job.core.forecast import EVERY_RUN, Forecast, forecast
from musicdiff_job.core.model import CollectionId, Kind, Whose
from musicdiff_job.core.policy import Policy, Rule, Window
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import to_iso

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ago(**span: float) -> str:
    return to_iso(NOW - timedelta(**span))


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def mirror(**fields: object) -> Mirror:
    settled: dict[str, object] = {
        "id": CollectionId("spotify:playlist:Gym"), "kind": Kind.PLAYLIST, "name": "Gym", "snapshot": "s1",
        "state": CollectionState.IN_SYNC, "synced_at": ago(hours=5), "verified_at": ago(hours=5),
        "checked_at": ago(hours=5), "tried_at": ago(hours=5),
    }  # fmt: skip
    return Mirror(**{**settled, **fields})  # type: ignore[arg-type]


VERIFIED = later(days=7, hours=-5)
REFUSED = "refused by Spotify, asked for again"


@pytest.mark.parametrize(
    ("known", "due_at", "due_reason"),
    [
        (mirror(), VERIFIED, "verification due"),
        (mirror(verified_at=None), NOW, "verification due"),
        (mirror(retry_at=to_iso(later(hours=2))), later(hours=2), "unmatched tracks are due again"),
        (mirror(retry_at=to_iso(later(days=20))), VERIFIED, "verification due"),
        (mirror(synced_at=None, snapshot=""), NOW, "new"),
        (mirror(reading=Reading("s1", 9)), NOW, "unfinished"),
        (mirror(snapshot=""), NOW, "to be looked at again"),
        (mirror(failures=1), NOW, "failed last time"),
        (mirror(state=CollectionState.CONFLICT, reason="asks"), None, "asks"),
        (mirror(state=CollectionState.SKIPPED), later(hours=19), REFUSED),
        (mirror(state=CollectionState.SKIPPED, whose=Whose.OTHERS), later(days=30, hours=-5), REFUSED),
        (mirror(whose=Whose.SPOTIFY), later(hours=19), "compared by content"),
    ],
)
def test_without_a_rule_every_run_looks(known: Mirror, due_at: datetime | None, due_reason: str) -> None:
    assert forecast(known, Policy(), NOW) == Forecast(NOW, EVERY_RUN, due_at, due_reason)


def test_what_no_run_looks_at() -> None:
    assert forecast(mirror(), Policy(exclude=("Gym",)), NOW) == Forecast(None, "not selected")
    gone = mirror(state=CollectionState.DETACHED, reason="deleted")
    assert forecast(gone, Policy(), NOW) == Forecast(None, "deleted")


def test_a_rest_and_a_window_come_first() -> None:
    slow = Policy(rules=(Rule("*", every=6 * 3600.0),))
    assert forecast(mirror(), slow, NOW) == Forecast(
        later(hours=1), "not before 2026-11-21 13:00 UTC", VERIFIED, "verification due"
    )
    night = Policy(rules=(Rule("*", window=Window(2 * 60, 6 * 60, "UTC")),))
    opens = "outside its time window, which opens 2026-11-22 02:00 UTC"
    # Verification is due at 7 in the morning, and so waits for the night after.
    assert forecast(mirror(), night, NOW) == Forecast(
        later(hours=14), opens, later(days=6, hours=38), "verification due"
    )
    assert forecast(mirror(failures=1), night, NOW) == Forecast(
        later(hours=14), opens, later(hours=14), "failed last time"
    )
