"""Hand edits that flow back, by real clients over HTTP."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from both_ways_stage import BOTH, MAY, BothWays, SmallWrites, both_ways, counterpart, foreign, known, with_writes
from mortal import Killed, MortalStore
from review_stage import apply, errors, plan, planned_undo, undo
from rig import Watcher

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.conflict import ConflictKind, Side
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.flow_back import HIDING, LOST, NOTHING, SWAPPED, TWICE
from musicdiff_job.core.match import MATCHER_VERSION, Match, Reason, Unmatched
from musicdiff_job.core.model import SourceId, TargetId, Track
from musicdiff_job.core.plan import EditSource
from musicdiff_job.core.summary import Summary
from musicdiff_job.editing_source import PATIENCE
from musicdiff_job.job import run_once
from musicdiff_job.report.plan import PlanRecorder, plan_blocks
from musicdiff_job.sandbox.faults import Fault, ResetAfter, ResetBefore, Status
from musicdiff_job.sandbox.spotify_accounts import SCOPES
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.searching_back import SEARCHES
from musicdiff_job.session import Job

EVERY = list(Cohort)
TORTURE = int(os.environ.get("MUSICDIFF_TORTURE", "1"))


def notes(summary: Summary, name: str = "Gym") -> str:
    (line,) = (one for one in summary.collections if one.name == name)
    return "\n".join(line.notes)


def decided(stage: BothWays, source: str) -> Match:
    decision = stage.rig.checkpoint().matches[SourceId(source)].decision
    assert isinstance(decision, Match)
    return decision


# What flows back


@pytest.mark.parametrize("cohort", EVERY)
def test_additions_and_removals_reach_spotify_and_then_nothing_is_left_to_do(tmp_path: Path, cohort: Cohort) -> None:
    one, two, three, new, other = known()[:5]
    with both_ways(tmp_path, one, two, three, cohort=cohort) as stage:
        stage.add(counterpart(new), first=True)
        stage.add(counterpart(other))
        stage.remove(counterpart(two))
        summary = stage.rig.run()
        assert summary.outcome == "changed", summary.errors
        assert stage.on_spotify() == [one, three, new, other]
        assert stage.in_step()
        assert "3 changed on Spotify" in notes(summary)
        assert decided(stage, new).target == str(counterpart(new))
        stage.rig.sandbox.log.forget()
        again = stage.rig.run()
        assert (again.outcome, again.writes) == ("in_sync", 0)
        assert (again.api_calls["spotify"], again.api_calls["deezer"]) == (2, 1)
        assert stage.writes() == []
        assert notes(again) == ""


def test_a_counterpart_that_is_known_costs_no_search(tmp_path: Path) -> None:
    one, two, three = known()[:3]
    with both_ways(tmp_path, one, two) as stage:
        stage.spotify.add_playlist("Other", [three])
        stage.rig.run()
        stage.add(counterpart(three))
        stage.rig.run()
        assert stage.on_spotify() == [one, two, three]
        assert not [call for call in stage.rig.sandbox.log.all() if call.path == "/search"]


def test_without_the_setting_nothing_flows_back(tmp_path: Path) -> None:
    one, two, three, new = known()[:4]
    with both_ways(tmp_path, one, two, three, rules="[]") as stage:
        stage.add(counterpart(new))
        stage.remove(counterpart(two))
        stage.rest()
        assert stage.on_spotify() == [one, two, three]
        assert stage.writes() == []
        assert stage.memory().flow is None


def test_only_own_playlists_flow_back(tmp_path: Path) -> None:
    one, two, new = known()[:3]
    with both_ways(tmp_path, one, rules='[{"match": "*", "direction": "both"}]') as stage:
        theirs = stage.spotify.follow_foreign_playlist("Theirs", [two], contributes=True, collaborative=True)
        stage.rig.run()
        stage.rig.sandbox.deezer.add_by_hand("Theirs", counterpart(new))
        stage.rest()
        playlist = stage.spotify.playlist(theirs)
        assert playlist is not None
        assert len(playlist.entries) == 1
        assert counterpart(new) in stage.rig.playlists()["Theirs"]


def test_what_was_edited_before_the_setting_stays_as_it_is(tmp_path: Path) -> None:
    one, two, three, new, later = known()[:5]
    with both_ways(tmp_path, one, two, three, rules="[]") as stage:
        stage.add(counterpart(new))
        stage.remove(counterpart(two))
        stage.rest()
        stage.rig.extra["MUSICDIFF_PLAYLIST"] = BOTH
        stage.rest()
        assert stage.writes() == []
        stage.add(counterpart(later))
        stage.remove(counterpart(three))
        stage.rest()
        assert stage.on_spotify() == [one, two, later]
        assert stage.on_deezer() == [counterpart(one), counterpart(later), counterpart(new)]


def test_both_sides_at_once(tmp_path: Path) -> None:
    one, two, three, four, five, six = known()[:6]
    with both_ways(tmp_path, one, two, three, four) as stage:
        stage.add(counterpart(five))
        stage.remove(counterpart(one))
        stage.drop(two)
        stage.spotify.add_track(stage.playlist, six, 0)
        stage.rest()
        assert stage.on_spotify() == [six, three, four, five]
        assert stage.in_step()


def test_the_same_edit_on_both_sides_is_made_once(tmp_path: Path) -> None:
    one, two, three = known()[:3]
    with both_ways(tmp_path, one, two) as stage:
        stage.add(counterpart(three))
        stage.spotify.add_track(stage.playlist, three)
        stage.remove(counterpart(one))
        stage.drop(one)
        stage.rest()
        assert stage.on_spotify() == [two, three]
        assert stage.in_step()
        assert stage.writes() == []


def test_what_spotify_does_not_know_stays_on_deezer_and_is_remembered(tmp_path: Path) -> None:
    one, two = known()[:2]
    with both_ways(tmp_path, one, two) as stage:
        lonely = next(track for track in foreign() if not _on_spotify(stage, track))
        stage.add(lonely)
        summary = stage.rig.run()
        assert "stays on Deezer only" in notes(summary)
        (stay,) = (stage.memory().flow or pytest.fail("no flow")).stay
        assert (stay.tries, stay.reason != "", stay.retry_at is not None) == (1, True, True)
        first = searched(stage)
        assert 1 <= len(first) <= 2
        stage.rig.sandbox.log.forget()
        stage.add(counterpart(known()[5]))  # due for another reason
        stage.rig.run()
        assert searched(stage)
        assert first.isdisjoint(searched(stage))
        assert lonely in stage.on_deezer()
        assert stage.on_spotify() == [one, two, known()[5]]
        stage.rig.clock.wait(2 * 86_400)  # type: ignore[union-attr]
        stage.rig.run()
        assert first <= searched(stage)
        assert (stage.memory().flow or pytest.fail("no flow")).stay[0].tries == 2


def test_what_a_person_has_rejected_is_no_counterpart(tmp_path: Path) -> None:
    one, new = known()[:2]
    with both_ways(tmp_path, one) as stage:
        track = Track(id=new, title="")
        record = MatchRecord(track, rejected=(TargetId(str(counterpart(new))),))
        stage.change(lambda checkpoint: checkpoint.with_matches({SourceId(new): record}))
        stage.add(counterpart(new))
        assert "stays on Deezer only" in notes(stage.rig.run())
        assert stage.on_spotify() == [one]
        assert counterpart(new) in stage.on_deezer()


def test_a_search_may_find_the_counterpart_that_a_track_on_spotify_lacked(tmp_path: Path) -> None:
    one, lacking = known()[:2]
    with both_ways(tmp_path, one) as stage:
        record = MatchRecord(Track(id=lacking, title=""), Unmatched(Reason.NOT_FOUND), matcher=MATCHER_VERSION)
        stage.change(lambda checkpoint: checkpoint.with_matches({SourceId(lacking): record}))
        stage.spotify.add_track(stage.playlist, lacking)
        stage.rig.run()
        assert stage.on_deezer() == [counterpart(one)]
        stage.add(counterpart(lacking))
        stage.rig.run()
        assert stage.on_spotify() == [one, lacking]
        assert stage.in_step()
        assert stage.memory().hand_added == ()
        assert stage.writes() == []


def searched(stage: BothWays) -> set[str]:
    return {call.query["q"] for call in stage.rig.sandbox.log.all() if call.path == "/search"}


def _on_spotify(stage: BothWays, track: int) -> bool:
    title = stage.rig.sandbox.catalogue.deezer_by_id[track].title.casefold()
    return any(title[:6] in one.name.casefold() for one in stage.rig.sandbox.catalogue.spotify.values())


def test_searches_have_a_budget_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, *rest = known()[:7]
    monkeypatch.setattr("musicdiff_job.searching_back.SEARCHES", 4)
    with both_ways(tmp_path, one) as stage:
        for track in rest:
            stage.add(counterpart(track))
        summary = stage.rig.run()
        assert summary.outcome == "more_to_do"
        assert len([call for call in stage.rig.sandbox.log.all() if call.path == "/search"]) <= 4
        stage.rest()
        assert sorted(stage.on_spotify()) == sorted([one, *rest])
        assert stage.in_step()
    assert SEARCHES == 20


# What is never touched


def test_local_files_episodes_and_duplicates_on_spotify_are_left_alone(tmp_path: Path) -> None:
    one, two, three = known()[:3]
    with both_ways(tmp_path, one, two, three) as stage:
        stage.spotify.add_track(stage.playlist, two, 0)
        stage.spotify.add_local_file(stage.playlist, "Me", "", "Mine", 100)
        stage.spotify.add_episode(stage.playlist, "Pilot", "Show")
        stage.rest()
        stage.remove(counterpart(two))
        stage.remove(counterpart(three))
        summary = stage.rig.run()
        assert TWICE in notes(summary)
        stage.rest()
        playlist = stage.spotify.playlist(stage.playlist)
        assert playlist is not None
        assert stage.on_spotify() == [two, one, two]
        assert len(playlist.entries) == 5
        assert stage.on_deezer() == [counterpart(one)]


def test_what_deezer_hides_is_not_removed_on_spotify(tmp_path: Path) -> None:
    one, two, three, four = known()[:4]
    with both_ways(tmp_path, one, two, three, four) as stage:
        stage.remove(counterpart(one))
        stage.rig.sandbox.deezer.hide_by_hand(stage.number, counterpart(three))
        summary = stage.rig.run()
        assert HIDING in notes(summary)
        stage.rest()
        assert stage.writes() == []
        assert stage.on_spotify() == [one, two, three, four]
        stage.rig.run(force=True)
        assert stage.writes() == []


def test_another_copy_on_deezer_keeps_the_track_on_spotify(tmp_path: Path) -> None:
    with both_ways(tmp_path, known()[0]) as stage:
        catalogue = stage.rig.sandbox.catalogue
        codes = Counter(one.isrc for one in catalogue.spotify.values())
        source = min(
            one.id
            for one in catalogue.spotify.values()
            if one.isrc and codes[one.isrc] == 1 and len(catalogue.copies_of(one.isrc)) == 2
        )
        stage.spotify.add_track(stage.playlist, source)
        stage.rest()
        placed = int(decided(stage, source).target)
        (other,) = (one.id for one in catalogue.copies_of(catalogue.spotify[source].isrc) if one.id != placed)
        stage.remove(placed)
        stage.add(other)
        for _ in range(3):
            summary = stage.rig.run(force=True)
        assert SWAPPED in notes(summary)
        assert source in stage.on_spotify()
        assert other in stage.on_deezer()
        assert stage.writes() == []


# The guard and what contradicts itself


def test_too_many_removals_wait_for_a_person(tmp_path: Path) -> None:
    tracks = known()[:16]
    with both_ways(tmp_path, *tracks) as stage:
        for track in tracks[:12]:
            stage.remove(counterpart(track))
        summary = stage.rig.run()
        assert (summary.outcome, summary.exit_code) == ("conflict", 21)
        assert "12 of the 16 entries on Spotify" in summary.conflicts[0].message
        stage.rig.run()
        assert stage.on_spotify() == tracks
        assert stage.writes() == []
        stage.decide(ConflictKind.MASS_REMOVAL_BACK, Side.DEEZER)
        assert stage.rig.run().outcome == "changed"
        assert stage.on_spotify() == tracks[12:]
        assert stage.in_step()
        assert stage.rig.run().outcome == "in_sync"
        assert stage.rig.checkpoint().conflicts == {}


def test_a_mass_removal_can_be_taken_back(tmp_path: Path) -> None:
    tracks = known()[:16]
    with both_ways(tmp_path, *tracks) as stage:
        for track in tracks[:12]:
            stage.remove(counterpart(track))
        stage.rig.run()
        stage.decide(ConflictKind.MASS_REMOVAL_BACK, Side.SPOTIFY)
        assert stage.rest().outcome == "in_sync"
        assert stage.on_spotify() == tracks
        assert stage.in_step()
        assert stage.rig.checkpoint().conflicts == {}


def moved_on_spotify(stage: BothWays, track: str) -> None:
    stage.spotify.move(stage.playlist, stage.on_spotify().index(track), 4)
    stage.remove(counterpart(track))


def added_again_on_spotify(stage: BothWays, track: str) -> None:
    stage.drop(track)
    stage.spotify.add_track(stage.playlist, track)
    stage.remove(counterpart(track))


def moved_on_deezer(stage: BothWays, track: str) -> None:
    stage.move_to_end(counterpart(track))
    stage.drop(track)


@pytest.mark.parametrize("edit", [moved_on_spotify, added_again_on_spotify, moved_on_deezer])
@pytest.mark.parametrize("side", list(Side))
def test_edits_that_contradict_each_other_wait_for_a_person(
    tmp_path: Path, edit: Callable[[BothWays, str], None], side: Side
) -> None:
    tracks = known()[:5]
    track = tracks[1]
    with both_ways(tmp_path, *tracks) as stage:
        edit(stage, track)
        before = (set(stage.on_spotify()), set(stage.on_deezer()))
        for _ in range(3):
            summary = stage.rig.run()
            assert summary.outcome == "conflict", summary
            assert "removed on one side, moved or added again on the other" in summary.conflicts[0].message
        assert (set(stage.on_spotify()), set(stage.on_deezer())) == before
        assert stage.writes() == []
        stage.decide(ConflictKind.CONTRADICTION, side)
        assert stage.rest().outcome == "in_sync"
        removed_on = Side.DEEZER if edit is not moved_on_deezer else Side.SPOTIFY
        assert (track in stage.on_spotify()) is (side is not removed_on)
        assert stage.in_step()
        assert stage.rig.checkpoint().conflicts == {}


def test_a_contradiction_that_a_person_mends_is_no_question_any_more(tmp_path: Path) -> None:
    tracks = known()[:5]
    with both_ways(tmp_path, *tracks) as stage:
        moved_on_spotify(stage, tracks[1])
        assert stage.rig.run().outcome == "conflict"
        stage.add(counterpart(tracks[1]))
        assert stage.rest().outcome == "in_sync"
        assert stage.in_step()
        assert set(stage.on_spotify()) == set(tracks)


# Consent, and what Spotify may do


def test_without_the_permission_the_rest_goes_on_and_it_is_said(tmp_path: Path) -> None:
    one, two, three, new = known()[:4]
    with both_ways(tmp_path, one, two, three, scope=SCOPES) as stage:
        stage.remove(counterpart(one))
        stage.spotify.add_track(stage.playlist, new)
        summary = stage.rig.run()
        assert summary.outcome == "changed"
        assert "playlist-modify-private" in notes(summary)
        assert "`musicdiff-job auth spotify --both-ways`" in notes(summary)
        assert counterpart(new) in stage.on_deezer()
        assert stage.writes() == []
        assert stage.rig.run().outcome == "in_sync"
        stage.rig.sandbox.grants.revoke()
        answer = stage.rig.sandbox.grants.first_tokens(MAY)
        stage.rig.extra["SPOTIFY_REFRESH_TOKEN"] = str(answer["refresh_token"])
        stage.rig.run(force=True)
        assert stage.on_spotify() == [two, three, new]
        assert stage.in_step()


def test_public_playlists_need_another_permission(tmp_path: Path) -> None:
    one, two = known()[:2]
    with both_ways(tmp_path, one, two, scope=f"{SCOPES} playlist-modify-private") as stage:
        stage.spotify.set_public(stage.playlist, True)
        stage.remove(counterpart(one))
        assert "playlist-modify-public" in notes(stage.rig.run())
        assert stage.writes() == []


def test_a_refusal_is_said_and_leaves_no_intent(tmp_path: Path) -> None:
    one, two, new = known()[:3]
    with both_ways(tmp_path, one, two) as stage:
        stage.add(counterpart(new))
        forbidden = Status(403, {}, '{"error": {"status": 403, "message": "Insufficient client scope"}}')
        stage.rig.sandbox.misbehave(Fault(forbidden, "spotify", "POST", count=9))
        summary = stage.rig.run()
        assert summary.outcome != "auth"
        assert "do not flow back" in notes(summary)
        flow = stage.memory().flow
        assert flow is not None
        assert flow.sent == ()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("effect", [ResetBefore(), ResetAfter(), Status(502, {}, "<html>"), Status(500, applied=True)])
def test_a_write_whose_answer_is_lost_is_never_repeated_blindly(tmp_path: Path, method: str, effect: Any) -> None:
    one, two, three, new = known()[:4]
    with both_ways(tmp_path, one, two, three) as stage:
        stage.add(counterpart(new))
        stage.remove(counterpart(two))
        stage.rig.sandbox.misbehave(Fault(effect, "spotify", method))
        stage.rig.sandbox.log.forget()
        summary = stage.rig.run()
        assert summary.outcome == "partial"
        assert "next look at Spotify" in summary.errors[0].hint
        assert stage.writes().count(method) == 1
        stage.rest()
        assert stage.on_spotify() == [one, three, new]
        assert stage.in_step()


def test_a_list_that_changed_since_it_was_read_is_read_again_first(tmp_path: Path) -> None:
    one, two, three, new = known()[:4]
    with both_ways(tmp_path, one, two, three) as stage:
        stage.add(counterpart(new))
        stage.remove(counterpart(one))

        def meddle(job: Job) -> Summary:
            def connect(checkpoint: Any) -> Any:
                connections: Any = job.connect(checkpoint)
                search = connections.writes.find

                def found(question: Any) -> Any:
                    if new not in stage.on_spotify():
                        stage.spotify.add_track(stage.playlist, new, 0)
                    return search(question)

                connections.writes.find = found
                return connections

            return run_once(dataclasses.replace(job, connect=connect))

        stage.rig.sandbox.log.forget()
        summary = stage.rig.run(work=meddle)
        assert summary.outcome == "more_to_do"
        assert stage.writes() == []
        stage.rest()
        assert stage.on_spotify() == [new, two, three]
        assert stage.in_step()


def test_what_was_confirmed_and_is_never_shown_is_not_sent_again(tmp_path: Path) -> None:
    """As with a track that Spotify lists under another id than the one it was added by."""
    one, two, new = known()[:3]
    with both_ways(tmp_path, one, two) as stage:
        stage.add(counterpart(new))
        answer = Status(201, {"Content-Type": "application/json"}, '{"snapshot_id": "another"}')
        stage.rig.sandbox.misbehave(Fault(answer, "spotify", "POST", count=9))
        for _ in range(PATIENCE + 3):
            stage.rig.run()
        assert stage.writes() == ["POST"]
        assert counterpart(new) in stage.on_deezer()
        assert LOST in notes(stage.rig.run())


# Death


def death(stage: BothWays, work: Callable[[Job], Summary]) -> bool:
    try:
        stage.rig.run(work=work)
    except Killed:
        return True
    return False


def edited(stage: BothWays, tracks: list[str]) -> list[str]:
    """Two additions and two removals by hand; what Spotify is to hold."""
    one, two, three, four, new, other = tracks
    stage.add(counterpart(new))
    stage.add(counterpart(other), first=True)
    stage.remove(counterpart(two))
    stage.remove(counterpart(four))
    return [one, three, other, new]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", range(1, 5))
def test_killed_at_every_write_it_comes_to_the_same(tmp_path: Path, at: int, before: bool) -> None:
    tracks = known()[:6]
    with both_ways(tmp_path, *tracks[:4]) as stage:
        wanted = edited(stage, tracks)
        assert death(stage, with_writes(lambda writes: SmallWrites(writes, at, before=before)))
        stage.rest()
        assert sorted(stage.on_spotify()) == sorted(wanted)
        assert stage.in_step()
        assert stage.rig.checkpoint().conflicts == {}


@pytest.mark.parametrize("before", [True, False] if TORTURE > 1 else [True])
def test_killed_at_every_save_it_comes_to_the_same(tmp_path: Path, before: bool) -> None:
    tracks = known()[:6]
    at, dead = 0, True
    while dead:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        with both_ways(folder, *tracks[:4]) as stage:
            wanted = edited(stage, tracks)

            def work(job: Job, at: int = at) -> Summary:
                store: Any = MortalStore(job.store, at, before=before)
                return run_once(dataclasses.replace(job, store=store))

            dead = death(stage, work)
            stage.rest()
            assert sorted(stage.on_spotify()) == sorted(wanted)
            assert stage.in_step()
    assert at > 6


def test_an_intent_is_saved_before_every_write(tmp_path: Path) -> None:
    tracks = known()[:6]
    with both_ways(tmp_path, *tracks[:4]) as stage:
        edited(stage, tracks)
        for at in range(1, 5):
            seen: list[int] = []

            def look(seen: list[int] = seen) -> None:
                flow = stage.memory().flow
                assert flow is not None
                seen += [len(flow.sent), flow.acknowledged]
                raise Killed

            assert death(stage, with_writes(lambda writes, look=look: SmallWrites(writes, 1, meddle=look)))  # type: ignore[misc]
            assert seen == [1, 0], at
        stage.rest()


def test_what_was_added_just_before_a_death_may_be_removed_by_hand_before_the_next_run(tmp_path: Path) -> None:
    one, two, new = known()[:3]
    with both_ways(tmp_path, one, two) as stage:
        stage.add(counterpart(new))
        assert death(stage, with_writes(lambda writes: SmallWrites(writes, 1)))
        assert stage.on_spotify() == [one, two, new]
        stage.remove(counterpart(new))
        stage.rest()
        assert stage.on_spotify() == [one, two]
        assert stage.in_step()


def test_a_run_that_ends_before_it_looked_at_hand_edits_is_gone_on_with(tmp_path: Path) -> None:
    one, two, new = known()[:3]
    with both_ways(tmp_path, one, two) as stage:
        stage.add(counterpart(new))
        for calls in range(4, 9):
            stage.rig.run(max_calls=calls)
        stage.rest()
        assert stage.on_spotify() == [one, two, new]


# Plans, images, settings


def test_a_dry_run_shows_it_and_writes_nothing(tmp_path: Path) -> None:
    one, two, three, new = known()[:4]
    with both_ways(tmp_path, one, two, three) as stage:
        stage.add(counterpart(new))
        stage.remove(counterpart(two))
        recorder = PlanRecorder(Watcher())
        summary = stage.rig.run(watcher=recorder, dry_run=True)  # type: ignore[arg-type]
        assert "2 would change on Spotify" in notes(summary)
        (change,) = (one for one in recorder.plans[stage.key].changes if isinstance(one, EditSource))
        assert (change.add, change.remove) == ((SourceId(new),), (SourceId(two),))
        shown = str(plan_blocks(recorder.plans.values(), recorder.results))
        assert shown.count("on Spotify: ") == 2
        assert stage.writes() == []
        assert stage.on_spotify() == [one, two, three]


def test_apply_refuses_a_plan_that_edits_spotify(tmp_path: Path) -> None:
    one, two, three, new = known()[:4]
    with both_ways(tmp_path, one, two, three) as stage:
        stage.add(counterpart(new))
        document = plan(stage.rig)
        summary = apply(stage.rig, document)
        assert (summary.outcome, summary.exit_code) == ("usage", 64)
        assert "which `apply` does not do" in errors(summary)[""][0]
        assert stage.on_spotify() == [one, two, three]
        assert stage.writes() == []


def test_what_was_removed_on_spotify_is_remembered_and_undo_says_that_it_cannot_put_it_back(tmp_path: Path) -> None:
    one, two, three = known()[:3]
    with both_ways(tmp_path, one, two, three) as stage:
        stage.remove(counterpart(two))
        run = stage.rig.run().run_id
        (image,) = stage.rig.checkpoint().images
        assert image.of_source
        assert [(entry.track, entry.at, entry.after) for entry in image.removed] == [(two, 1, one)]
        assert image.title == "Gym (on Spotify)"
        assert planned_undo(stage.rig, run).collections == ()
        summary = undo(stage.rig, run)
        assert "where only you can put it back" in notes(summary)
        assert stage.on_spotify() == [one, three]


@pytest.mark.parametrize("edits", ["overwrite", "ask"])
def test_a_rule_that_contradicts_itself_is_refused(tmp_path: Path, edits: str) -> None:
    with both_ways(tmp_path, known()[0]) as stage:
        stage.rig.extra["MUSICDIFF_PLAYLIST"] = f'[{{"match": "Gym", "direction": "both", "hand_edits": "{edits}"}}]'
        with pytest.raises(ConfigError, match="contradict each other"):
            stage.rig.run()


def test_what_is_undone_on_deezer_does_not_flow_back(tmp_path: Path) -> None:
    one, two, three = known()[:3]
    with both_ways(tmp_path, one, two, three) as stage:
        stage.drop(two)
        run = stage.rig.run().run_id
        undo(stage.rig, run)
        assert counterpart(two) in stage.on_deezer()
        stage.rest()
        assert stage.on_spotify() == [one, three]
        assert counterpart(two) in stage.on_deezer()
        assert NOTHING not in notes(stage.rig.run())
