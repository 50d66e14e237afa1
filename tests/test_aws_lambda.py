"""The Lambda handler: its events and its answers in this process, then under AWS's own runtime client with S3."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lambda_stage import Answered, function
from rig import Rig, open_rig
from s3_stage import Between, environment

from musicdiff_job import aws_lambda, journal
from musicdiff_job.aws_lambda import LEAST, REACTIONS, Reaction, RunFailed, RunFailedForNow, handler
from musicdiff_job.core import document
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.secret import Secret
from musicdiff_job.core.summary import ErrorLine, Summary
from musicdiff_job.performing import Surroundings, Wish
from musicdiff_job.sandbox.faults import ALWAYS, Fault, Status
from musicdiff_job.sandbox.http import Request
from musicdiff_job.sandbox.world import synthetic_world

URL = "s3://bucket/{profile}.json.gz"


class Told:
    """A context with so many seconds left."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = list(seconds)

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self._seconds.pop(0) if len(self._seconds) > 1 else self._seconds[0]))


@pytest.fixture
def wishes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Wish]]:
    """Runs are not made but noted, and come to what ``outcomes`` says of their profile."""
    made: list[tuple[str, Wish]] = []

    def perform(around: Surroundings, wish: Wish, *_: object, **named: object) -> Summary:
        assert named["seconds"] == aws_lambda.SINK_SECONDS
        profile = around.loaded.settings.profile
        made.append((profile, wish))
        outcome = Outcome(profile) if profile in set(Outcome) else Outcome.CHANGED
        errors = () if outcome is Outcome.CHANGED else (ErrorLine("", "it went wrong"),)
        return Summary(
            "r", outcome, "2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z", 4.0, profile=profile, errors=errors
        )

    for name in [one for one in os.environ if one.startswith(("MUSICDIFF_", "SPOTIFY_", "DEEZER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUSICDIFF_CHECKPOINT_URL", URL)
    monkeypatch.setattr(aws_lambda, "perform_and_tell", perform)
    return made


def test_the_table_has_every_outcome_and_knows_what_is_worth_another_try() -> None:
    assert set(REACTIONS) == set(Outcome)
    again = {outcome for outcome, reaction in REACTIONS.items() if reaction is Reaction.AGAIN}
    assert again == {"unavailable", "checkpoint_unwritable"}
    never = {outcome for outcome, reaction in REACTIONS.items() if reaction is Reaction.NEVER}
    assert never == {"crash", "checkpoint_invalid", "config", "usage"}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_becomes_of_an_event(wishes: list[tuple[str, Wish]], outcome: Outcome) -> None:
    event = {"profile": outcome.value}
    match REACTIONS[outcome]:
        case Reaction.ANSWER:
            assert handler(event, Told(60))["outcome"] == outcome.value
        case Reaction.AGAIN:
            with pytest.raises(RunFailedForNow, match=f"{outcome}: it went wrong"):
                handler(event, Told(60))
        case Reaction.NEVER:
            with pytest.raises(RunFailed, match=f"{outcome}: it went wrong") as caught:
                handler(event, Told(60))
            assert caught.type is RunFailed


@pytest.mark.parametrize(
    ("left", "setting", "budget"),
    [(900, "", 600.0), (900, "20m", 880.0), (300, "", 280.0), (30, "", 20.0), (1, "", 1.0), (900, "30s", 30.0)],
)
def test_the_budget_is_what_is_left_and_no_more_than_the_settings_say(
    wishes: list[tuple[str, Wish]], monkeypatch: pytest.MonkeyPatch, left: float, setting: str, budget: float
) -> None:
    monkeypatch.setenv("MUSICDIFF_BUDGET_TIME", setting)
    handler({}, Told(left))
    assert wishes[0][1].max_seconds == pytest.approx(budget)


@pytest.mark.parametrize(
    ("event", "profile"),
    [({}, "default"), (None, "default"), ("", "default"), ({"profile": "alice"}, "alice"), ({"time": "x"}, "default")],
)
def test_the_profile_of_an_event(wishes: list[tuple[str, Wish]], event: object, profile: str) -> None:
    assert handler(event, Told(60))["profile"] == profile
    assert [name for name, _ in wishes] == [profile]


def test_the_environment_names_the_profile_of_an_empty_event(
    wishes: list[tuple[str, Wish]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICDIFF_PROFILE", "bob")
    assert [handler(event, Told(60))["profile"] for event in ({}, {"profile": "alice"})] == ["bob", "alice"]


def test_the_functions_own_tokens_are_not_for_whomever_an_event_names(
    wishes: list[tuple[str, Wish]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Surroundings] = []
    perform = vars(aws_lambda)["perform_and_tell"]

    def look(around: Surroundings, *given: Any, **named: Any) -> Summary:
        seen.append(around)
        summary: Summary = perform(around, *given, **named)
        return summary

    monkeypatch.setattr(aws_lambda, "perform_and_tell", look)
    own = {"SPOTIFY_CLIENT_ID": "app", "SPOTIFY_REFRESH_TOKEN": "hush-1", "DEEZER_ARL": "hush-2"}
    for name, value in {**own, "MUSICDIFF_ALICE_DEEZER_ARL": "hush-3"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MUSICDIFF_PROFILE", "carol")
    for event in ({}, {"profile": "carol"}, {"profile": "alice"}, {"profile": "bob"}):
        if event.get("profile") != "alice":
            monkeypatch.delenv("MUSICDIFF_ALICE_DEEZER_ARL", raising=False)
        else:
            monkeypatch.setenv("MUSICDIFF_ALICE_DEEZER_ARL", "hush-3")
        handler(event, Told(60))
    found = [around.loaded.credentials for around in seen]
    assert [len(one.secrets()) for one in found] == [2, 2, 1, 0]
    assert found[2].deezer_arl == Secret("hush-3") and {one.spotify_client_id for one in found} == {"app"}
    assert "DEEZER_ARL is not used for the profile bob of an event" in capsys.readouterr().err


@pytest.mark.parametrize("event", [[], "alice", {"profile": 1}, {"profile": "all"}, {"profile": "../x"}, 7])
def test_what_is_no_event_is_refused(wishes: list[tuple[str, Wish]], event: object) -> None:
    with pytest.raises(RunFailed):
        handler(event, Told(60))
    assert not wishes


def messages(*bodies: str) -> dict[str, Any]:
    records = [{"messageId": f"m{at}", "eventSource": "aws:sqs", "body": body} for at, body in enumerate(bodies)]
    return {"Records": records}


def failed(answer: dict[str, Any]) -> list[str]:
    assert set(answer) == {"batchItemFailures"}
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_messages_are_runs_and_those_worth_another_try_come_again(wishes: list[tuple[str, Wish]]) -> None:
    bodies = [json.dumps({"profile": one}) for one in ("alice", "unavailable", "auth", "config", "bob")]
    assert failed(handler(messages(*bodies, "", "no event"), Told(800))) == ["m1"]
    assert [name for name, _ in wishes] == ["alice", "unavailable", "auth", "config", "bob", "default"]


def test_a_message_whose_turn_comes_too_late_comes_again(wishes: list[tuple[str, Wish]]) -> None:
    answer = handler(messages("{}", "{}", "{}"), Told(800, 800, LEAST - 1))
    assert failed(answer) == ["m1", "m2"]
    assert len(wishes) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MUSICDIFF_CHECKPOINT_URL", "/tmp/{profile}.json"),
        ("MUSICDIFF_SPOTIFY_TOKEN_STORE", "/tmp/token"),
        ("MUSICDIFF_PLAYBACK_URL", "/tmp/plays"),
        ("MUSICDIFF_TARGET_PATH", "/var/task/out"),
    ],
)
def test_places_that_do_not_outlive_the_function_are_refused(
    wishes: list[tuple[str, Wish]], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("MUSICDIFF_PLAYBACK_ENABLED", "true")
    monkeypatch.setenv("MUSICDIFF_PLAYBACK_URL", "s3://bucket/plays/")
    monkeypatch.setenv("MUSICDIFF_TARGET_PATH", "/mnt/music")
    monkeypatch.setenv("MUSICDIFF_TARGET_KIND", "files")
    assert handler({}, Told(60))["outcome"] == "changed"
    monkeypatch.setenv(name, value)
    with pytest.raises(RunFailed, match="does not outlive a Lambda function"):
        handler({}, Told(60))


def test_what_another_exception_says_is_not_said(
    wishes: list[tuple[str, Wish]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> Summary:
        raise ValueError("https://x/?access_token=hush-hush")

    monkeypatch.setattr(aws_lambda, "perform_and_tell", stumble)
    with pytest.raises(RunFailed, match="ValueError") as caught:
        handler({}, Told(60))
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_lambdas_own_log_is_as_it_was(wishes: list[tuple[str, Wish]]) -> None:
    before = list(logging.getLogger().handlers)
    handler({}, Told(60))
    assert logging.getLogger().handlers == before and not journal.is_kept()


# Under the runtime client


@pytest.fixture
def bucket(between: Between) -> str:
    return between.moto.bucket()


@pytest.fixture
def rig(between: Between, bucket: str, tmp_path: Path) -> Iterator[Rig]:
    library = synthetic_world(playlists=3, tracks_each=6, liked=3, seed=9)
    extra: dict[str, Any] = {**environment(between.url), "MUSICDIFF_CHECKPOINT_URL": f"s3://{bucket}/{{profile}}.json"}
    with open_rig(tmp_path, library, **extra) as rig:
        yield rig


def test_cold_warm_and_failed(rig: Rig, between: Between, bucket: str) -> None:
    """One process, many events: nothing of one is left to the next."""
    with function(rig.environment(), rig.folder) as one:
        cold = one.api.invoke({})
        assert (cold.kind, cold.body["outcome"], cold.body["trigger"]) == ("response", "changed", "lambda")
        assert msgspec.convert(cold.body, Summary).totals.added == 21
        warm = one.api.invoke({})
        assert (warm.kind, warm.body["outcome"]) == ("response", "in_sync")

        rig.sandbox.misbehave(Fault(service="spotify", effect=Status(503), count=ALWAYS))
        down = one.api.invoke({})
        assert (down.kind, down.body["errorType"]) == ("error", "RunFailedForNow")
        assert down.body["errorMessage"].startswith("unavailable: ")
        assert one.api.invoke(messages("{}")).body == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
        rig.sandbox.faults.clear()
        assert one.api.invoke(messages("{}")).body == {"batchItemFailures": []}

        wrong = one.api.invoke({"profile": "all"})
        assert (wrong.kind, wrong.body["errorType"]) == ("error", "RunFailed")
        assert one.api.invoke({}).body["outcome"] == "in_sync"
        assert one.process.poll() is None
        outcomes = [line["Outcome"] for line in one.metrics()]
        assert outcomes == ["changed", "in_sync", "unavailable", "unavailable", "in_sync", "usage", "in_sync"]
        runs = [line["run_id"] for line in one.lines() if line.get("event") == "run.started"]
        assert len(set(runs)) == 6
        for name in ("SPOTIFY_REFRESH_TOKEN", "DEEZER_ARL", "AWS_SECRET_ACCESS_KEY"):
            assert rig.environment()[name] not in one.said()


def test_near_its_deadline_it_saves_and_answers(rig: Rig, between: Between, bucket: str) -> None:
    rig.sandbox.latency = 0.3
    with function(rig.environment(), rig.folder) as one:
        begun = time.monotonic()
        answer = one.api.invoke({}, seconds=6.0)
        assert time.monotonic() - begun < 30
        assert (answer.kind, answer.body["outcome"]) == ("response", "more_to_do")
        rig.sandbox.latency = 0.0
        while (answer := one.api.invoke({})).body["outcome"] == "more_to_do":
            pass
        assert answer.body["outcome"] == "changed"
        assert one.api.invoke({}).body["outcome"] == "in_sync"
    whole(rig)


def whole(rig: Rig) -> None:
    """Everything has arrived, once."""
    state = rig.sandbox.deezer.state()
    assert sorted(len(tracks) for tracks in state.playlists.values()) == [6, 6, 6]
    assert all(len(set(tracks)) == len(tracks) for tracks in state.playlists.values())
    assert rig.sandbox.deezer.refused_duplicates() == 0


def test_two_events_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answers that it was locked out, makes no call, and the first is none the worse for it."""
    respond = rig.sandbox.respond
    held: list[Answered] = []

    with function(rig.environment(), rig.folder) as one, function(rig.environment(), rig.folder) as other:

        def hold(service: str, request: Request) -> Any:
            if not held:
                held.append(other.api.invoke({}))
            return respond(service, request)

        monkeypatch.setattr(rig.sandbox, "respond", hold)
        assert one.api.invoke({}).body["outcome"] == "changed"
        (second,) = held
        assert (second.kind, second.body["outcome"]) == ("response", "locked")
        assert sum(second.body["api_calls"].values()) == 0
    whole(rig)


DEATHS = [(call, late) for call in range(1, 45, 2) for late in (False, True)]


@pytest.mark.parametrize(("call", "late"), DEATHS if os.environ.get("MUSICDIFF_TORTURE") else [(14, True)])
def test_killed_by_its_timeout_it_goes_on_at_the_next_event(
    rig: Rig, between: Between, bucket: str, monkeypatch: pytest.MonkeyPatch, call: int, late: bool
) -> None:
    """Killed in mid-sync, without a word, while a service has its call or (``late``) has carried it out. An event soon
    after finds its lease; one that comes when that has run out goes on, in a new process."""
    respond, met = rig.sandbox.respond, []
    with function(rig.environment(), rig.folder) as doomed:

        def die(service: str, request: Request) -> Any:
            met.append(request)
            answer = respond(service, request) if late else None
            if len(met) == call:
                doomed.process.kill()
                doomed.process.wait()
            return answer or respond(service, request)

        monkeypatch.setattr(rig.sandbox, "respond", die)
        doomed.api.send({})
        doomed.process.wait(60)
    assert len(met) >= call
    assert document.read_header(between.moto.get(bucket, "default.json") or b"").lease is not None
    with function(rig.environment(), rig.folder) as soon:
        assert soon.api.invoke({}).body["outcome"] == "locked"
    with function(rig.environment(), rig.folder, hours_later=1) as next_one:
        assert next_one.api.invoke({}).body["outcome"] == "changed"
        assert next_one.api.invoke({}).body["outcome"] == "in_sync"
    whole(rig)
