"""The listening history's stage, in the real job over real HTTP, and in any order of plays, runs and deaths."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from awkward import TORTURE
from hypothesis import example, given, settings
from hypothesis import strategies as st
from memory_stage import Stage
from mortal import Killed, MortalStore, SwiftClock
from rig import Rig, open_rig
from s3_stage import Between, environment

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.checkpoint import Account, Checkpoint, NotBefore
from musicdiff_job.core.errors import AuthError, NotFound, OutOfBudget
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.play_counts import Period
from musicdiff_job.core.plays import Cursor, Gap, Line, NotALine, Play, PlayKey, Shown, encode, key, moment_text
from musicdiff_job.core.summary import Playback, Summary
from musicdiff_job.job import run_once
from musicdiff_job.playback.folder import FolderHistory
from musicdiff_job.ports import History
from musicdiff_job.recording import RECENT, record_plays
from musicdiff_job.run_log import RunLog
from musicdiff_job.sandbox.catalogue import Catalogue, SpotifyTrack
from musicdiff_job.sandbox.faults import (
    ALWAYS,
    EditJson,
    Effect,
    EmptyBody,
    Fault,
    Html200,
    ResetAfter,
    Status,
    TokenExpired,
    TruncatedJson,
    WrongJson,
    rate_limited,
)
from musicdiff_job.sandbox.http import Request
from musicdiff_job.sandbox.spotify import SpotifyApi
from musicdiff_job.sandbox.spotify_accounts import SpotifyGrants
from musicdiff_job.sandbox.spotify_library import base62_id
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.session import Job, Session
from musicdiff_job.spotify import recent

IDS = [base62_id("played", number) for number in range(7)]
CATALOGUE = Catalogue(
    [SpotifyTrack(i, f"Song {n}", ("Band", "Guest"), "Album", 200_000, f"ZZAAA{n:07d}") for n, i in enumerate(IDS)], ()
)
BEGIN = datetime(2026, 10, 31, 22, 0, 0, 250_000, tzinfo=UTC)
PATH = "/me/player/recently-played"
PLAYLIST = "spotify:playlist:37i9dQZF1DX76Wlfdnj7AP"


def listen(account: SpotifyAccount, *numbers: int, context: str | None = None) -> None:
    """Play a track in each of these quarters of an hour."""
    for number in numbers:
        account.play(IDS[number % len(IDS)], BEGIN + timedelta(minutes=15 * number), context)


def moment(number: int) -> str:
    return moment_text(BEGIN + timedelta(minutes=15 * number))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    account = SpotifyAccount(CATALOGUE)
    account.add_playlist("Mine", IDS[:2])
    extra: dict[str, Any] = {"MUSICDIFF_PLAYBACK_ENABLED": "true", "MUSICDIFF_PLAYBACK_URL": str(tmp_path / "plays")}
    with open_rig(tmp_path, account, clock=SwiftClock(), **extra) as rig:
        yield rig


def lines(rig: Rig) -> list[Line | NotALine]:
    return list(FolderHistory(rig.folder / "plays").read(Period()))


def numbers(found: Sequence[Line | NotALine]) -> list[int | str]:
    """Plays by the quarter of an hour, gaps by name."""
    told: list[int | str] = []
    for line in found:
        if isinstance(line, Play):
            told.append((datetime.fromisoformat(line.played_at) - BEGIN) // timedelta(minutes=15))
        else:
            told.append("gap" if isinstance(line, Gap) else "?")
    return told


def asked(rig: Rig) -> list[str]:
    found = [call.path for call in rig.sandbox.log.all() if call.counted_as != "auth"]
    rig.sandbox.log.forget()
    return found


def test_plays_are_recorded_once_oldest_first_with_all_that_is_known(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 6, 7)
    listen(rig.sandbox.spotify, 8, context=PLAYLIST)
    assert rig.run().playback == Playback(new_plays=3)
    assert numbers(lines(rig)) == [6, 7, 8]
    listen(rig.sandbox.spotify, 9)
    assert rig.run().playback == Playback(new_plays=1)
    assert rig.run().playback == Playback()
    assert numbers(lines(rig)) == [6, 7, 8, 9]
    texts = [text for path in sorted((rig.folder / "plays").iterdir()) for text in path.read_text().splitlines()]
    assert json.loads(texts[2]) == {
        "kind": "play", "schema": 1, "played_at": "2026-11-01T00:00:00.250Z", "track": IDS[1],
        "isrc": "ZZAAA0000001", "title": "Song 1", "artists": ["Band", "Guest"], "album": "Album",
        "duration_ms": 200_000, "context": PLAYLIST,
    }  # fmt: skip
    assert [path.name for path in sorted((rig.folder / "plays").iterdir())] == ["2026-10.ndjson", "2026-11.ndjson"]


def test_it_costs_one_call_and_comes_first(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 1)
    rig.until_done()
    without = rig.run(env={"MUSICDIFF_PLAYBACK_ENABLED": "false"})
    asked(rig)
    with_it = rig.run()
    assert with_it.outcome is without.outcome is Outcome.IN_SYNC
    assert with_it.api_calls == {**without.api_calls, "spotify": without.api_calls["spotify"] + 1}
    assert asked(rig)[0] == PATH


def test_without_the_setting_nothing_is_asked_and_nothing_made(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 1)
    assert rig.run(env={"MUSICDIFF_PLAYBACK_ENABLED": "false"}).playback == Playback()
    assert PATH not in asked(rig)
    assert not (rig.folder / "plays").exists()
    assert rig.checkpoint().playback is None


def test_a_dry_run_counts_and_writes_nothing(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 1, 2)
    assert rig.run(dry_run=True).playback == Playback(new_plays=2)
    assert not (rig.folder / "plays").exists() and not rig.checkpoint_file.exists()
    assert rig.run().playback == Playback(new_plays=2)


def close(rig: Rig, *services: str) -> None:
    """Have the services refuse calls for an hour, as the last run has learned."""
    now = rig.now()
    until = {one: NotBefore(moment_text(now + timedelta(hours=1)), "quota", 1, moment_text(now)) for one in services}
    with rig.store().lease("test", now) as lease:
        lease.save(msgspec.structs.replace(lease.load(), not_before=until))


def test_it_works_while_the_library_waits_for_deezer(rig: Rig) -> None:
    rig.until_done()
    listen(rig.sandbox.spotify, 1, 2)
    close(rig, "deezer")
    asked(rig)
    summary = rig.run()
    assert (summary.outcome, summary.exit_code) == (Outcome.RATE_LIMITED, 0)
    assert summary.playback == Playback(new_plays=2)
    assert asked(rig) == [PATH]
    checkpoint = rig.checkpoint()
    assert checkpoint.not_before["deezer"].reason == "quota"
    assert checkpoint.runs[-1].playback.new_plays == 2
    assert rig.run().playback.new_plays == 0


def test_it_works_while_the_library_waits_from_the_very_first_run_on(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 1)
    close(rig, "deezer")
    assert rig.run().playback.new_plays == 1
    assert set(rig.checkpoint().accounts) == {"spotify"}


@pytest.mark.parametrize("closed", [("spotify",), ("spotify", "deezer")])
def test_it_waits_when_spotify_does(rig: Rig, closed: tuple[str, ...]) -> None:
    rig.until_done()
    close(rig, *closed)
    asked(rig)
    before = rig.checkpoint_file.read_bytes()
    summary = rig.run()
    assert (summary.outcome, summary.playback) == (Outcome.RATE_LIMITED, Playback())
    assert asked(rig) == [] and summary.api_calls["auth"] == 0
    assert rig.checkpoint_file.read_bytes() == before


def test_waiting_without_the_setting_makes_no_call(rig: Rig) -> None:
    rig.until_done()
    close(rig, "deezer")
    asked(rig)
    assert rig.run(env={"MUSICDIFF_PLAYBACK_ENABLED": "false"}).outcome is Outcome.RATE_LIMITED
    assert asked(rig) == []


TROUBLE: list[Effect] = [
    Status(500), Status(403, body='{"error":{"status":403,"message":"Forbidden"}}'), Status(404), Status(400),
    Status(403, body='{"error":{"status":403,"message":"Insufficient client scope"}}'), Html200(), EmptyBody(),
    TruncatedJson(), ResetAfter(), TokenExpired(), WrongJson([]), WrongJson({}), WrongJson({"items": None}),
    WrongJson({"items": [None, {"track": {}, "played_at": "today"}]}),
]  # fmt: skip


@pytest.mark.parametrize("effect", TROUBLE, ids=lambda effect: str(effect)[:40])
def test_its_failure_is_a_note_and_nothing_else(rig: Rig, effect: Effect) -> None:
    rig.until_done()
    listen(rig.sandbox.spotify, 1)
    rig.sandbox.misbehave(Fault(effect, service="spotify", path=PATH, count=ALWAYS))
    summary = rig.run()
    assert (summary.outcome, summary.exit_code, summary.errors) == (Outcome.IN_SYNC, 0, ())
    assert summary.playback.new_plays == 0
    (note,) = summary.playback.notes
    assert note.startswith("no plays were recorded: ")
    rig.sandbox.faults.clear()
    assert rig.run().playback == Playback(new_plays=1)
    assert numbers(lines(rig)) == [1]


def test_its_failure_changes_nothing_for_a_run_that_waits(rig: Rig) -> None:
    rig.until_done()
    close(rig, "deezer")
    rig.sandbox.misbehave(Fault(Status(500), service="spotify", count=ALWAYS))
    summary = rig.run()
    assert (summary.outcome, summary.exit_code, len(summary.errors)) == (Outcome.RATE_LIMITED, 0, 1)


def test_a_rate_limit_that_it_meets_closes_spotify_as_for_everybody(rig: Rig) -> None:
    rig.until_done()
    rig.sandbox.misbehave(Fault(rate_limited(3600), service="spotify", path=PATH))
    summary = rig.run()
    assert summary.outcome is Outcome.RATE_LIMITED
    assert "asked to wait" in summary.playback.notes[0]


def test_a_consent_that_lacks_it_is_told_plainly_and_costs_no_call(rig: Rig) -> None:
    rig.until_done()
    listen(rig.sandbox.spotify, 1)
    narrow = "playlist-read-private playlist-read-collaborative user-library-read"
    rig.sandbox.misbehave(Fault(EditJson(("scope",), narrow), service="accounts", count=ALWAYS))
    asked(rig)
    summary = rig.run()
    assert (summary.outcome, summary.exit_code) == (Outcome.IN_SYNC, 0)
    (note,) = summary.playback.notes
    assert "lacks user-read-recently-played" in note and "`musicdiff-job auth spotify`" in note
    assert PATH not in asked(rig)


def test_another_account_ends_the_run_before_anything_is_recorded(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 1)
    with rig.store().lease("test", rig.now()) as lease:
        lease.save(Checkpoint(accounts={"spotify": Account("somebody", "x")}))
    close(rig, "deezer")
    summary = rig.run()
    assert summary.outcome is Outcome.AUTH and "somebody" in summary.errors[0].message
    assert not (rig.folder / "plays").exists()


def test_a_folder_that_cannot_be_written_loses_nothing(rig: Rig) -> None:
    rig.until_done()
    listen(rig.sandbox.spotify, 1)
    (rig.folder / "plays").write_text("in the way")
    summary = rig.run()
    assert (summary.outcome, summary.exit_code) == (Outcome.IN_SYNC, 0)
    assert "playback.url" in summary.playback.notes[0]
    (rig.folder / "plays").unlink()
    assert rig.run().playback == Playback(new_plays=1)


def test_rows_that_nobody_understands_do_not_keep_the_others_out(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 1, 2, 3)
    rig.sandbox.misbehave(Fault(EditJson(("items", 1, "track"), None), service="spotify", path=PATH))
    summary = rig.run()
    assert summary.playback == Playback(2, ("1 of Spotify's rows were not understood",))
    assert rig.run().playback == Playback(1), "it is recorded as soon as it is shown"
    assert numbers(lines(rig)) == [1, 3, 2]


def test_fifty_new_plays_are_a_gap_unless_they_are_the_first(rig: Rig) -> None:
    listen(rig.sandbox.spotify, *range(60))
    asked(rig)
    assert rig.run().playback == Playback(new_plays=50), "what was before the first reading is not missing"
    assert asked(rig).count(PATH) == 1
    listen(rig.sandbox.spotify, *range(60, 109))
    assert rig.run().playback == Playback(new_plays=49)
    asked(rig)
    listen(rig.sandbox.spotify, *range(109, 170))
    summary = rig.run()
    assert asked(rig).count(PATH) == 2, "it asks once whether there is more"
    assert summary.playback.new_plays == 50
    (note,) = summary.playback.notes
    assert f"plays between {moment(108)} and {moment(120)} may be missing" in note and "more often" in note
    assert numbers(lines(rig)) == [*range(10, 109), "gap", *range(120, 170)]
    assert [line for line in lines(rig) if isinstance(line, Gap)] == [Gap(after=moment(108), before=moment(120))]


def test_a_clock_that_is_years_off_changes_nothing(rig: Rig) -> None:
    assert isinstance(rig.clock, SwiftClock)
    listen(rig.sandbox.spotify, 1)
    rig.clock.set_back(-20 * 365 * 86_400)
    assert rig.run().playback == Playback(new_plays=1)
    listen(rig.sandbox.spotify, 2)
    rig.clock.set_back(50 * 365 * 86_400)
    rig.run()
    rig.run()
    assert numbers(lines(rig)) == [1, 2]


def test_the_budget_of_one_call_is_spent_on_it(rig: Rig) -> None:
    rig.until_done()
    listen(rig.sandbox.spotify, 1)
    summary = rig.run(max_calls=1)
    assert (summary.outcome, summary.playback.new_plays) == (Outcome.MORE_TO_DO, 1)


def dies(at: int, *, before: bool) -> Callable[[Job], Summary]:
    return lambda job: run_once(replace(job, store=MortalStore(job.store, at, before=before)))


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("before", [True, False])
def test_a_run_killed_at_a_save_loses_and_doubles_nothing(rig: Rig, at: int, before: bool) -> None:
    listen(rig.sandbox.spotify, 1, 2)
    with pytest.raises(Killed):
        rig.run(work=dies(at, before=before))
    listen(rig.sandbox.spotify, 3)
    with suppress(Killed):  # this run has less to save
        rig.run(work=dies(at, before=before))
    listen(rig.sandbox.spotify, 4)
    rig.run()
    assert numbers(lines(rig)) == [1, 2, 3, 4]


def test_a_first_run_that_died_is_no_reason_to_forget_a_gap(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 1)
    with pytest.raises(Killed):
        rig.run(work=dies(1, before=True))
    assert rig.checkpoint().playback is None
    listen(rig.sandbox.spotify, *range(2, 80))
    rig.run()
    assert numbers(lines(rig)) == [1, "gap", *range(30, 80)]
    assert lines(rig)[1] == Gap(after=None, before=moment(30))


def test_a_checkpoint_that_was_reset_doubles_nothing(rig: Rig) -> None:
    listen(rig.sandbox.spotify, 1, 2)
    rig.run()
    rig.checkpoint_file.unlink()
    listen(rig.sandbox.spotify, 3)
    assert rig.run().playback == Playback(new_plays=1)
    assert numbers(lines(rig)) == [1, 2, 3]


def test_in_s3_too_a_killed_run_loses_and_doubles_nothing(rig: Rig, between: Between) -> None:
    bucket = between.moto.bucket()
    rig.extra |= {**environment(between.url), "MUSICDIFF_PLAYBACK_URL": f"s3://{bucket}/plays"}
    listen(rig.sandbox.spotify, 6, 7, 8)
    with pytest.raises(Killed):
        rig.run(work=dies(1, before=True))
    listen(rig.sandbox.spotify, 9)
    assert rig.run().playback == Playback(new_plays=1)
    between.tally()
    assert rig.run().playback == Playback()
    assert between.seen() == [], "no news, no request"
    kept = sorted(between.moto.keys(bucket))
    assert [name.removeprefix("plays/") for name in kept] == [
        "2026/10/2026-10-31T234500.250Z-run-1.ndjson",
        "2026/11/2026-11-01T000000.250Z-run-1.ndjson",
        "2026/11/2026-11-01T001500.250Z-run-2.ndjson",
    ]
    told = b"".join(between.moto.get(bucket, name) or b"" for name in kept)
    assert [json.loads(text)["played_at"] for text in told.splitlines()] == [moment(at) for at in (6, 7, 8, 9)]


def test_s3_out_of_reach_is_a_note(rig: Rig, between: Between) -> None:
    rig.until_done()
    rig.extra |= {**environment(between.url), "MUSICDIFF_PLAYBACK_URL": "s3://no-such-bucket/plays"}
    listen(rig.sandbox.spotify, 1)
    summary = rig.run()
    assert (summary.outcome, summary.exit_code) == (Outcome.CHANGED if summary.totals.added else Outcome.IN_SYNC, 0)
    assert "create the bucket, or correct playback.url" in summary.playback.notes[0]


# The second call


@dataclass
class Told:
    """A ``Listening`` that says what it is told."""

    answers: list[Shown | Exception]
    asked: list[int | None] = field(default_factory=list)

    def recently_played(self, before: int | None = None) -> Shown:
        self.asked.append(before)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(*minutes: int) -> tuple[Play, ...]:
    return tuple(Play(played_at=moment(minute), track="t") for minute in sorted(minutes, reverse=True))


def session_with(listening: Any, history: History, checkpoint: Checkpoint | None = None) -> tuple[Session, RunLog]:
    session = Stage().session(checkpoint)
    session.job = replace(session.job, history=history)
    session.connections = replace(session.connections, listening=listening)
    return session, RunLog(session.job)


FULL = Shown(told(*range(100, 100 + RECENT)), RECENT)
KNOWN = Checkpoint(playback=Cursor((PlayKey(moment(50), "t"),)))


def test_what_the_second_call_shows_may_close_the_gap(tmp_path: Path) -> None:
    listening = Told([FULL, Shown(told(50, 60, 70), 3)])
    session, log = session_with(listening, FolderHistory(tmp_path), KNOWN)
    record_plays(session, log)
    assert numbers(list(FolderHistory(tmp_path).read(Period()))) == [60, 70, *range(100, 150)]
    assert listening.asked == [None, int(datetime.fromisoformat(moment(100)).timestamp() * 1000)]
    assert log.playback == Playback(new_plays=52)


@pytest.mark.parametrize(
    "second", [Shown((), 0), Shown(told(60, 70), 2), OutOfBudget("spent"), AuthError("refused"), NotFound("gone")]
)
def test_what_it_does_not_close_stays_a_gap_before_all_that_is_new(tmp_path: Path, second: Shown | Exception) -> None:
    listening = Told([FULL, second])
    session, log = session_with(listening, FolderHistory(tmp_path), KNOWN)
    record_plays(session, log)
    found = numbers(list(FolderHistory(tmp_path).read(Period())))
    assert found == ["gap", *([60, 70] if isinstance(second, Shown) and second.plays else []), *range(100, 150)]
    assert len(log.playback.notes) == 1 and listening.answers == []


# Any order of events


@dataclass
class Listener:
    """``Listening`` on the sandbox's Spotify, without the way over HTTP."""

    api: SpotifyApi
    token: str

    def recently_played(self, before: int | None = None) -> Shown:
        query = {"limit": str(RECENT)} | ({} if before is None else {"before": str(before)})
        request = Request("GET", PATH, query, {"authorization": f"Bearer {self.token}"}, origin="http://x")
        return recent.shown(json.loads(self.api.handle(request).body))


@dataclass
class MortalHistory:
    """A history on which the process dies: before an append, after it, or with this much of it written."""

    real: FolderHistory
    folder: Path
    death: float | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def append(self, lines: Sequence[Line]) -> None:
        if self.death is None:
            self.real.append(lines)
            return
        months = dict.fromkeys(line.played_at[:7] if isinstance(line, Play) else line.before[:7] for line in lines)
        assert len(months) == 1
        content = encode(lines)
        written = content[: round(self.death * len(content))]
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{next(iter(months))}.ndjson"
        whole, torn = written.rpartition(b"\n")[::2]
        self.real.append(lines[: len(whole.splitlines())])
        with path.open("ab") as file:
            file.write(torn)
        raise Killed


STEPS = st.one_of(
    st.tuples(st.just("play"), st.integers(1, 70)),
    st.tuples(st.just("run"), st.just(0)),
    st.tuples(st.just("die"), st.integers(0, 100)),
    st.tuples(st.just("die unsaved"), st.just(0)),
    st.tuples(st.just("reset"), st.just(0)),
    st.tuples(st.just("late"), st.integers(1, 60)),
)


@settings(max_examples=25 * TORTURE, deadline=None)
@given(st.lists(STEPS, max_size=14))
@example([("play", 10), ("die", 40), ("play", 47), ("run", 0)])
@example([("play", 10), ("die", 40), ("play", 43), ("run", 0)])
@example([("play", 1), ("run", 0), ("play", 60), ("die", 30), ("play", 3), ("die", 99), ("run", 0)])
@example([("play", 50), ("die unsaved", 0), ("play", 70), ("run", 0)])
def test_each_play_is_there_once_in_order_and_none_is_lost_but_in_a_gap(steps: list[tuple[str, int]]) -> None:
    account = SpotifyAccount(CATALOGUE)
    grants = SpotifyGrants()
    listener = Listener(SpotifyApi(account, grants), grants.issue_access_token())
    checkpoint = Checkpoint()
    truth: list[str] = []
    late = 0
    start = datetime(2026, 11, 15, tzinfo=UTC)  # all in one month, late ones too
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "plays"

        def run(death: float | None) -> Checkpoint:
            history: Any = MortalHistory(FolderHistory(folder), folder, death)
            session, log = session_with(listener, history, checkpoint)
            before = len(appended(folder, Gap))
            record_plays(session, log)
            assert len(log.playback.notes) == len(appended(folder, Gap)) - before, "a gap is told when it is recorded"
            shown = {PlayKey(one.played_at, one.track_id) for one in account.played()}
            assert shown <= {key(play) for play in appended(folder, Play)}, "whatever is shown is recorded, late or not"
            return session.checkpoint

        for what, number in [*steps, ("run", 0)]:
            match what:
                case "play":
                    for _ in range(number):
                        at = start + timedelta(seconds=10 * len(truth))
                        account.play(IDS[len(truth) % len(IDS)], at)
                        truth.append(moment_text(at))
                case "late":
                    # Heard offline between two others, and shown only now.
                    late += 1
                    account.play(IDS[0], start + timedelta(seconds=10 * (len(truth) - number) + 1, milliseconds=late))
                case "run":
                    checkpoint = run(None)
                case "die":
                    with suppress(Killed):
                        checkpoint = run(number / 100)
                case "die unsaved":
                    run(None)
                case _:
                    checkpoint = Checkpoint()
        found, plays, gaps = appended(folder, Line | NotALine), appended(folder, Play), appended(folder, Gap)
    assert len(plays) + len(gaps) == len(found), "torn lines are mended"
    assert len(set(map(key, plays))) == len(plays), "none twice"
    if not late:
        recorded = [play.played_at for play in plays]
        assert recorded == sorted(recorded), "in order"
        for lost in set(truth) - set(recorded):
            told_of = any((gap.after or "") < lost < gap.before for gap in gaps)
            assert told_of or lost < recorded[0], "lost without a word"


def appended(folder: Path, kind: Any) -> list[Any]:
    return [line for line in FolderHistory(folder).read(Period()) if isinstance(line, kind)]


def test_the_stop_flag_ends_the_run_and_not_the_stage_alone(rig: Rig) -> None:
    stop = StopFlag()
    stop.set(15)
    assert rig.run(stop=stop).outcome is Outcome.INTERRUPTED
