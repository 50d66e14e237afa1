"""What ``check`` looks at, one part at a time, over HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rig import Rig, open_rig

from musicdiff_job import bootstrap, settings
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core import errors
from musicdiff_job.core.checkpoint import Account, Checkpoint, NotBefore
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.readiness import Finding, Verdict, worst
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.performing import Surroundings
from musicdiff_job.preflight import CALLS, examine
from musicdiff_job.sandbox.faults import Fault, Status
from musicdiff_job.sandbox.spotify_accounts import SCOPES, TokenMode
from musicdiff_job.sandbox.world import SpotifyAccount


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_rig(tmp_path, SpotifyAccount()) as opened:
        yield opened


class Elsewhere(SystemClock):
    """A machine whose clock is wrong, and on which nobody waits."""

    def __init__(self, off: float) -> None:
        super().__init__(StopFlag())
        self.off = timedelta(seconds=off)

    def now(self) -> datetime:
        return super().now() + self.off

    def wait(self, seconds: float) -> None:
        pass


def surroundings(rig: Rig, off: float = 0.0, **env: str) -> Surroundings:
    clock = Elsewhere(off)
    loaded = settings.load(env={"HOME": str(rig.folder), **rig.environment(**env)}, cwd=rig.folder)
    store = bootstrap.open_store(loaded.settings, clock)
    return Surroundings(loaded, StopFlag(), clock, Redactor(), store, "check")


def look(rig: Rig, off: float = 0.0, **env: str) -> dict[str, Finding]:
    """The findings by part; none may have two in these tests."""
    found = list(examine(surroundings(rig, off, **env)))
    assert len({one.part for one in found}) == len(found), found
    return {one.part: one for one in found}


def keep(rig: Rig, checkpoint: Checkpoint) -> None:
    with rig.store().lease("test", rig.now()) as lease:
        lease.save(checkpoint)


def test_where_all_is_well_it_says_so_for_few_calls_and_leaves_nothing(rig: Rig) -> None:
    found = look(rig)
    assert list(found) == [
        "settings", "checkpoint", "lock", "writable", "spotify", "scopes", "consent", "deezer", "clock",
    ]  # fmt: skip
    assert {one.verdict for one in found.values()} == {Verdict.OK}
    assert worst(tuple(found.values())) is Outcome.IN_SYNC
    account = rig.sandbox.spotify
    assert found["spotify"].message == f"signed in as {account.display_name} ({account.user_id})"
    assert sum(rig.sandbox.log.counts().values()) == 4 <= CALLS
    assert not rig.sandbox.deezer.write_counts()
    assert list(rig.folder.iterdir()) == []


def test_an_access_token_is_told_by_its_permissions(tmp_path: Path) -> None:
    with open_rig(tmp_path, SpotifyAccount(), credential="token") as rig:
        assert "manage_library" in look(rig)["permissions"].message
        rig.sandbox.deezer.credentials.add_token("frnarrow", ("basic_access", "manage_library"))
        found = look(rig, DEEZER_ACCESS_TOKEN="frnarrow")["permissions"]
    assert (found.verdict, found.outcome) == (Verdict.FAILED, Outcome.AUTH)
    assert "lacks delete_library, offline_access" in found.message


def test_one_credential_that_is_refused_does_not_hide_the_other(rig: Rig) -> None:
    found = look(rig, DEEZER_ARL="dead")
    assert (found["deezer"].verdict, found["deezer"].outcome) == (Verdict.FAILED, Outcome.AUTH)
    assert "auth deezer" in found["deezer"].hint
    assert found["spotify"].verdict is Verdict.OK
    rig.sandbox.grants.mode = TokenMode.EXPIRED_6_MONTHS
    found = look(rig)
    assert (found["spotify"].outcome, found["deezer"].verdict) == (Outcome.AUTH, Verdict.OK)
    assert "auth spotify" in found["spotify"].hint


def test_credentials_that_are_not_there(rig: Rig) -> None:
    found = look(rig, SPOTIFY_REFRESH_TOKEN="", DEEZER_ARL="")
    assert found["spotify"].message == "SPOTIFY_REFRESH_TOKEN not set"
    assert found["deezer"].message == "DEEZER_ARL or DEEZER_ACCESS_TOKEN not set"
    assert rig.sandbox.log.all() == ()


def test_what_needs_no_account_is_not_asked(rig: Rig) -> None:
    (rig.folder / "export").mkdir()
    found = look(
        rig, MUSICDIFF_SOURCE_KIND="export", MUSICDIFF_SOURCE_PATH="export",
        MUSICDIFF_TARGET_KIND="files", MUSICDIFF_TARGET_PATH="backup", SPOTIFY_CLIENT_ID="", DEEZER_ARL="",
    )  # fmt: skip
    assert (found["spotify"].verdict, found["deezer"].verdict) == (Verdict.OK, Verdict.OK)
    assert found["target.path"].verdict is Verdict.OK
    assert rig.sandbox.log.all() == ()
    assert not (rig.folder / "backup").exists()


@pytest.mark.parametrize("service", ["spotify", "deezer"])
def test_another_account_than_the_checkpoints_is_refused(rig: Rig, service: str) -> None:
    keep(rig, Checkpoint(accounts={service: Account("somebody-else")}))
    found = look(rig)[service]
    assert (found.verdict, found.outcome) == (Verdict.FAILED, Outcome.AUTH)
    assert "the checkpoint to account somebody-else" in found.message
    assert "reset --all" in found.hint


def test_the_same_account_as_the_checkpoints(rig: Rig) -> None:
    ids = {"spotify": rig.sandbox.spotify.user_id, "deezer": str(rig.sandbox.deezer.user_id)}
    keep(rig, Checkpoint(accounts={name: Account(account) for name, account in ids.items()}))
    found = look(rig)
    assert all("the account of the checkpoint" in found[name].message for name in ids)


@pytest.mark.parametrize(
    ("lacks", "env", "verdict"),
    [
        ("user-library-read", {}, Verdict.FAILED),
        ("user-library-read", {"MUSICDIFF_SYNC_ENTITIES": "playlists"}, Verdict.OK),
        ("user-follow-read", {"MUSICDIFF_SYNC_ENTITIES": "artists"}, Verdict.WARNING),
        ("user-follow-read", {}, Verdict.OK),
        ("user-read-recently-played", {"MUSICDIFF_PLAYBACK_ENABLED": "true"}, Verdict.WARNING),
        ("", {"MUSICDIFF_PLAYLIST": '[{"match": "*", "direction": "both"}]'}, Verdict.FAILED),
    ],
)
def test_scopes_count_by_what_the_settings_want(
    tmp_path: Path, lacks: str, env: dict[str, str], verdict: Verdict
) -> None:
    scope = " ".join(one for one in SCOPES.split() if one != lacks)
    with open_rig(tmp_path, SpotifyAccount(), scope=scope) as rig:
        found = look(rig, 0.0, **env)["scopes"]
    assert found.verdict is verdict
    assert (lacks in found.message) is (verdict is not Verdict.OK)
    assert ("--both-ways" in found.hint) is ("direction" in str(env))


@pytest.mark.parametrize(("off", "verdict"), [(-3600, Verdict.WARNING), (90, Verdict.WARNING), (20, Verdict.OK)])
def test_the_clock_is_compared_with_the_services(rig: Rig, off: float, verdict: Verdict) -> None:
    found = look(rig, off)["clock"]
    assert found.verdict is verdict
    if verdict is Verdict.WARNING:
        assert ("ahead of" if off > 0 else "behind") in found.message
        assert "NTP" in found.hint


@pytest.mark.parametrize(
    ("days", "verdict", "told"),
    [(0, Verdict.OK, "ends on"), (170, Verdict.WARNING, "days from now"), (400, Verdict.WARNING, "may be wrong")],
)
def test_the_end_of_the_consent_is_told_in_time(rig: Rig, days: int, verdict: Verdict, told: str) -> None:
    found = look(rig, SPOTIFY_AUTHORIZED_AT=(rig.now() - timedelta(days=days)).date().isoformat())["consent"]
    assert (found.verdict, told in found.message) == (verdict, True)


def test_a_consent_without_its_date(rig: Rig) -> None:
    found = look(rig, SPOTIFY_AUTHORIZED_AT="")["consent"]
    assert (found.verdict, "SPOTIFY_AUTHORIZED_AT" in found.message) == (Verdict.WARNING, True)


def test_a_run_that_is_at_work_is_no_failure(rig: Rig) -> None:
    with rig.store().lease("busy-run", rig.now() + timedelta(minutes=5)):
        found = look(rig)
    assert (found["lock"].verdict, found["lock"].outcome) == (Verdict.WARNING, None)
    assert "busy-run" in found["lock"].message


def test_a_damaged_checkpoint_is_told_and_the_rest_is_looked_at(rig: Rig) -> None:
    rig.checkpoint_file.write_text("{}")
    found = look(rig)
    assert (found["checkpoint"].verdict, found["checkpoint"].outcome) == (Verdict.FAILED, Outcome.CHECKPOINT_INVALID)
    assert found["deezer"].verdict is Verdict.OK
    assert rig.checkpoint_file.read_text() == "{}"


def test_a_place_that_cannot_be_written(rig: Rig) -> None:
    (rig.folder / "file").touch()
    found = look(
        rig, MUSICDIFF_CHECKPOINT_URL=str(rig.folder / "file" / "checkpoint.json"),
        MUSICDIFF_LOG_FILE=str(rig.folder / "file" / "log"),
    )  # fmt: skip
    assert found["writable"].outcome is Outcome.CHECKPOINT_UNWRITABLE
    assert "checkpoint.url" in found["writable"].hint
    assert (found["log.file"].verdict, found["log.file"].outcome) == (Verdict.WARNING, None)


def test_settings_that_contradict_each_other(rig: Rig) -> None:
    (rig.folder / "overrides.toml").write_text("nonsense = ")
    found = look(rig)["settings"]
    assert (found.verdict, found.outcome) == (Verdict.FAILED, Outcome.CONFIG)


def test_warnings_of_the_settings_are_told(rig: Rig) -> None:
    env = {"MUSICDIFF_PROFILE": "alice", "MUSICDIFF_PLAYBACK_ENABLED": "yes"}
    found = [one for one in examine(surroundings(rig, 0.0, **env)) if one.part == "settings"]
    assert [one.verdict for one in found] == [Verdict.OK, Verdict.WARNING]


def test_a_service_that_is_down_and_one_that_asks_to_wait(rig: Rig) -> None:
    rig.sandbox.misbehave(Fault(Status(429, {"Retry-After": "3600"}), "gateway"))
    rig.sandbox.misbehave(Fault(Status(503), "accounts", count=100))
    found = look(rig)
    assert (found["deezer"].verdict, found["deezer"].outcome) == (Verdict.WARNING, None)
    assert (found["spotify"].verdict, found["spotify"].outcome) == (Verdict.FAILED, Outcome.UNAVAILABLE)


def test_services_that_are_down_are_not_called_for_ever(rig: Rig) -> None:
    rig.sandbox.misbehave(Fault(Status(503), "spotify", count=100), Fault(Status(503), "accounts", count=3))
    rig.sandbox.misbehave(Fault(Status(503), "gateway", count=100))
    found = look(rig)
    assert {found[name].outcome for name in ("spotify", "deezer")} == {Outcome.UNAVAILABLE}
    assert len(rig.sandbox.log.all()) == CALLS


def test_a_service_that_is_being_waited_for_is_not_called(rig: Rig) -> None:
    now = rig.now()
    until = NotBefore(to_iso(now + timedelta(hours=3)), "quota", 1, to_iso(now))
    keep(rig, Checkpoint(not_before={Service.SPOTIFY: until}))
    found = look(rig)
    assert found["spotify"].verdict is Verdict.WARNING
    assert {call.service for call in rig.sandbox.log.all()} == {"gateway"}


def test_a_signal_ends_it(rig: Rig) -> None:
    stopped = StopFlag()
    stopped.set(15)
    with pytest.raises(errors.Interrupted):
        list(examine(replace(surroundings(rig), stop=stopped)))
    assert rig.sandbox.log.all() == ()


def test_the_worst_is_what_a_run_would_end_with(rig: Rig) -> None:
    found = tuple(look(rig, DEEZER_ARL="", MUSICDIFF_CHECKPOINT_URL="/proc/no/where.json").values())
    assert worst(found) is Outcome.CHECKPOINT_UNWRITABLE
