"""A reviewed plan is carried out exactly, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_review import Death, apply, errors, job_of, plan, run
from memory_stage import Stage, copy
from mortal import Killed
from plan_sample import tampered

from musicdiff_job.applying import apply_plan
from musicdiff_job.core.checkpoint import Account, Checkpoint, Mirror
from musicdiff_job.core.conflict import Conflict, ConflictKind, Side, conflict_id
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.forget import forget_all, forget_bases, forget_matches
from musicdiff_job.core.model import (
    LIKED,
    AccountId,
    CollectionId,
    Library,
    PlaylistId,
    SourceId,
    TargetContents,
    TargetId,
)
from musicdiff_job.core.outcome import ExitCode, Outcome
from musicdiff_job.core.overrides import clear_match, reject_match, set_match
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    CreatePlaylist,
    DeletePlaylist,
    Receipt,
    Refused,
    RemoveTracks,
    ReorderTracks,
)
from musicdiff_job.core.plan_file import identity, parse
from musicdiff_job.core.policy import HandEdits, OnSourceDeleted, Policy, Privacy
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.terms import Preference, Terms

GYM, JAZZ = "spotify:playlist:gym", "spotify:playlist:jazz"
MANY = settings(max_examples=60, deadline=None)


def begin(*, policy: Policy | None = None, catalogue: int = 40) -> Stage:
    """Two lists and two likes that are in step."""
    stage = Stage(policy=policy or Policy())
    stage.catalogue.tracks = [copy(number) for number in range(catalogue)]
    stage.source.put(GYM, 1, 2, 3, 4, name="Gym")
    stage.source.put(JAZZ, 5, 6, name="Jazz")
    stage.source.put(LIKED, 8, 7, name="Liked Songs")
    run(stage)
    assert run(stage).outcome is Outcome.IN_SYNC
    stage.target.writes.clear()
    return stage


def edited(stage: Stage) -> Stage:
    """Something to do everywhere: additions, removals, an order, a new list, likes."""
    stage.source.put(GYM, 3, 9, 1, 2, name="Gym")
    stage.source.put(JAZZ, 5, name="Jazz")
    stage.source.put("spotify:playlist:new", 10, 11, name="New")
    stage.source.put(LIKED, 12, 8, name="Liked Songs")
    return stage


def memory(stage: Stage, name: str = GYM) -> Mirror:
    return stage.store.load().mirrors[CollectionId(name)]


def agreed(checkpoint: Checkpoint) -> dict[str, object]:
    """What both sides agreed on, without when and why."""
    return {
        key: (
            one.state, [(part.playlist, part.base, part.in_flight, part.header) for part in one.parts],
            one.left_out, one.hand_added, one.snapshot, one.waiting, one.matched, one.entries,
        )
        for key, one in checkpoint.mirrors.items()
    }  # fmt: skip


def contents(stage: Stage) -> dict[str, tuple[str, list[str]]]:
    return {key: (one.title, one.tracks) for key, one in stage.deezer.playlists.items()}


# Exactly that


def test_a_plan_is_carried_out_without_a_look_up_and_remembered_as_a_run() -> None:
    stage = edited(begin())
    document = plan(stage)
    assert {one.name for one in document.collections} == {"Gym", "Jazz", "New", "Liked Songs"}
    asked = len(stage.catalogue.asked)
    summary = apply(stage, document)
    assert (summary.outcome, summary.lookups, len(stage.catalogue.asked)) == (Outcome.CHANGED, 0, asked)
    assert stage.own() == {"Gym": [3, 9, 1, 2], "Jazz": [5], "New": [10, 11]}
    assert stage.tracks("1") == [8, 12]
    remembered = stage.store.load().runs[-1]
    assert (remembered.plan, remembered.run_id) == (identity(document), summary.run_id)
    assert {one.reason for one in summary.collections} == {"planned"}
    writes = len(stage.target.writes)
    again = apply(stage, document)
    assert (again.outcome, len(stage.target.writes)) == (Outcome.IN_SYNC, writes), "carried out already"
    assert run(stage).outcome is Outcome.IN_SYNC
    assert len(stage.target.writes) == writes


def test_the_names_are_there_for_the_reviewer() -> None:
    stage = edited(begin())
    gym = next(one for one in plan(stage).collections if one.name == "Gym")
    assert gym.names == {TargetId("9"): "Singer - Song number 9", TargetId("4"): " - Title 4".removeprefix(" - ")}


def test_only_what_is_in_the_plan_is_worked_on() -> None:
    stage = edited(begin())
    document = plan(stage, only=("Jazz",))
    summary = apply(stage, document)
    assert [one.name for one in summary.collections] == ["Jazz"]
    assert [type(change) for change in stage.target.writes] == [RemoveTracks]
    assert plan(stage).collections


def test_a_plan_without_changes_is_carried_out_by_doing_nothing() -> None:
    stage = begin()
    document = plan(stage)
    assert document.collections == ()
    assert apply(stage, document).outcome is Outcome.IN_SYNC


def test_what_was_unmatched_stays_so_although_another_try_is_due() -> None:
    stage = begin()
    stage.source.put(GYM, 1, 2, 99, name="Gym")  # unknown to the catalogue
    run(stage)
    stage.source.put(GYM, 1, 99, name="Gym")
    document = plan(stage)
    stage.catalogue.tracks.append(copy(99))
    stage.clock.advance(2 * 86_400)
    asked = len(stage.catalogue.asked)
    assert apply(stage, document).outcome is Outcome.CHANGED
    assert (stage.own()["Gym"], len(stage.catalogue.asked)) == ([1], asked)
    stage.clock.advance(3_600)
    run(stage)
    assert stage.own()["Gym"] == [1, 99], "the next run tries again"


def test_a_track_that_deezer_refuses_does_not_hold_the_others_up() -> None:
    stage = edited(begin())
    document = plan(stage)

    def refuses(change: Change) -> Receipt | None:
        return Refused("blocked") if isinstance(change, AddTracks | ReorderTracks) and "10" in change.tracks else None

    stage.target.answers = refuses
    assert apply(stage, document).outcome is Outcome.CHANGED
    assert stage.own() == {"Gym": [3, 9, 1, 2], "Jazz": [5], "New": [11]}


def test_a_removal_that_the_guard_holds_back_is_in_no_plan_until_it_is_decided() -> None:
    stage = begin()
    stage.source.put(GYM, *range(10, 40), name="Gym")
    run(stage)
    stage.source.put(GYM, 10, name="Gym")
    assert plan(stage).collections == ()
    run(stage)
    key = conflict_id(stage.source.head(GYM).id, ConflictKind.MASS_REMOVAL)
    checkpoint = stage.store.load()
    decided = msgspec.structs.replace(checkpoint.conflicts[key], decision=Side.SPOTIFY)
    stage.store.save(msgspec.structs.replace(checkpoint, conflicts={**checkpoint.conflicts, key: decided}))
    document = plan(stage)
    assert sum(len(one.tracks) for one in document.collections[0].changes if isinstance(one, RemoveTracks)) == 29
    assert apply(stage, document).outcome is Outcome.CHANGED
    assert stage.own()["Gym"] == [10]


def test_a_playlist_is_deleted_only_as_planned() -> None:
    stage = begin(policy=Policy(on_source_deleted=OnSourceDeleted.DELETE))
    del stage.source.lists[CollectionId(JAZZ)]
    run(stage)
    stage.clock.advance(2 * 86_400)
    document = plan(stage)
    jazz = memory(stage, JAZZ).parts[0].playlist
    assert document.collections[0].changes == (DeletePlaylist(jazz),)
    back = stage.source.put(JAZZ, 5, 6, name="Jazz")
    assert errors(apply(stage, document))["Jazz"] == ["it is on Spotify again"]
    del stage.source.lists[back.id]
    stage.target.writes.clear()
    assert apply(stage, document).outcome is not Outcome.CONFLICT
    assert (stage.target.writes, memory(stage, JAZZ).state) == ([DeletePlaylist(jazz)], CollectionState.DETACHED)


def test_a_list_that_is_gone_but_not_in_the_plan_is_not_buried_by_it() -> None:
    stage = begin(policy=Policy(on_source_deleted=OnSourceDeleted.DELETE))
    stage.source.put(GYM, 1, name="Gym")
    document = plan(stage)
    del stage.source.lists[CollectionId(JAZZ)]
    run(stage, only=("nothing",))
    stage.clock.advance(2 * 86_400)
    assert apply(stage, document).outcome is Outcome.CHANGED
    assert "Jazz" in stage.own()


# Or nothing


def keep(stage: Stage, change: Callable[[Checkpoint], Checkpoint]) -> None:
    """What a command of the command line does to the checkpoint."""
    stage.store.save(change(stage.store.load()))


def playlist(stage: Stage, name: str = GYM) -> int:
    return int(memory(stage, name).parts[0].playlist)


def decide(stage: Stage) -> None:
    known = Conflict("hand_added:gym", CollectionId(GYM), "Gym", ConflictKind.HAND_ADDED, "", "2026-11-21T12:00:00Z")
    decided = msgspec.structs.replace(known, decision=Side.SPOTIFY)
    keep(stage, lambda checkpoint: checkpoint.with_conflict(decided))


def drop(stage: Stage) -> None:
    del stage.source.lists[CollectionId(GYM)]


def unlike(stage: Stage) -> None:
    stage.deezer.loved.tracks.remove("7")


def settled(**fields: object) -> Callable[[Stage], None]:
    def change(stage: Stage) -> None:
        stage.policy = Policy(**fields)  # type: ignore[arg-type]

    return change


def overridden(source: str, target: str | None) -> Callable[[Stage], None]:
    return lambda stage: stage.overrides.update({SourceId(source): TargetId(target) if target else None})


def under(source: str, terms: Terms) -> Callable[[Stage], None]:
    return lambda stage: stage.terms.update({SourceId(source): terms})


MOVES: dict[str, tuple[Callable[[Stage], object], str, str]] = {
    "edited on Spotify": (lambda stage: stage.source.put(GYM, 1, name="Gym"), "Gym", "was edited on Spotify"),
    "liked on Spotify": (lambda stage: stage.source.put(LIKED, 1, 12, 8, name="Liked Songs"), "Liked Songs", "was edi"),
    "renamed on Spotify": (lambda stage: stage.source.names.update({CollectionId(GYM): "Fit"}), "Gym", "to 'Fit'"),
    "deleted on Spotify": (drop, "Gym", "no longer on Spotify"),
    "added to by hand": (lambda stage: stage.deezer.add_by_hand(playlist(stage), 30), "Gym", "was edited on Deezer"),
    "reordered by hand": (
        lambda stage: stage.deezer.playlists[str(playlist(stage))].tracks.reverse(), "Gym", "was edited on Deezer",
    ),
    "unliked by hand": (unlike, "Liked Songs", "was edited on Deezer"),
    "renamed by hand": (
        lambda stage: setattr(stage.deezer.playlists[str(playlist(stage))], "title", "Fit"), "Gym", "to 'Fit'",
    ),
    "published by hand": (
        lambda stage: setattr(stage.deezer.playlists[str(playlist(stage))], "public", True), "Gym", "was made public",
    ),
    "deleted by hand": (lambda stage: stage.deezer.playlists.pop(str(playlist(stage))), "Gym", "is gone from Deezer"),
    "a namesake": (lambda stage: stage.deezer.create_by_hand("New"), "New", "called 'New' has appeared"),
    "the adopted one deleted": (
        lambda stage: stage.deezer.playlists.pop(str(stage.deezer.playlists.__len__())), "Old", "is gone from Deezer",
    ),
    "hand edits": (settled(hand_edits=HandEdits.OVERWRITE), "Gym", "settings that shape it"),
    "privacy": (settled(privacy=Privacy.PUBLIC), "New", "settings that shape it"),
    "excluded": (settled(exclude=("Gym",)), "Gym", "no longer select it"),
    "another counterpart": (
        lambda stage: keep(stage, lambda one: set_match(one, SourceId("s9"), TargetId("20"), "2026-11-21T12:00:00Z")),
        "Gym", "1 track of it would get another counterpart",
    ),
    "a counterpart rejected": (
        lambda stage: keep(stage, lambda one: reject_match(one, SourceId("s9"), TargetId("9"))), "Gym", "1 track of it",
    ),
    "a counterpart of old rejected": (
        lambda stage: keep(stage, lambda one: reject_match(one, SourceId("s1"), None)), "Gym", "1 track of it",
    ),
    "a counterpart forgotten": (
        lambda stage: keep(stage, lambda one: clear_match(one, SourceId("s1"))), "Gym", "1 track of it",
    ),
    "matches forgotten": (lambda stage: keep(stage, lambda one: forget_matches(one)[0]), "Gym", "2 tracks of it"),
    "overridden by file": (overridden("s1", "20"), "Gym", "1 track of it"),
    "overridden to nothing": (overridden("s9", None), "Gym", "1 track of it"),
    "no longer overridden": (lambda stage: stage.overrides.pop(SourceId("s2")), "Gym", "1 track of it"),
    "ruled out by file": (under("s9", Terms((TargetId("9"),))), "Gym", "1 track of it"),
    "preferred by file": (under("s1", Terms((), Preference("Hits"))), "Gym", "1 track of it"),
    "decided": (decide, "Gym", "changed by `resolve`, `match` or `reset`"),
    "base forgotten": (
        lambda stage: keep(stage, lambda one: forget_bases(one, lambda mirror: mirror.id == GYM)[0]),
        "Gym", "changed by `resolve`, `match` or `reset`",
    ),
    "all forgotten": (lambda stage: keep(stage, forget_all), "Gym", "changed by `resolve`, `match` or `reset`"),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_whatever_has_moved_the_whole_plan_is_refused_and_the_move_is_named(name: str) -> None:
    move, where, why = MOVES[name]
    stage = begin()
    stage.overrides[SourceId("s2")] = TargetId("2")
    run(stage)
    stage = edited(stage)
    stage.source.put("spotify:playlist:old", 1, 2, name="Old")
    stage.deezer.create_by_hand("Old", [2])
    document = plan(stage)
    stage.target.writes.clear()
    move(stage)
    before, conflicts = contents(stage), stage.store.load().conflicts
    summary = apply(stage, document)
    assert (summary.outcome, summary.exit_code) == (Outcome.CONFLICT, ExitCode.CONFLICT)
    told = errors(summary)
    assert any(why in line for line in told[where]), told
    assert "the plan no longer fits" in told[""][0]
    assert stage.target.writes == []
    assert contents(stage) == before
    assert stage.store.load().conflicts == conflicts
    assert not any(part.in_flight for one in stage.store.load().mirrors.values() for part in one.parts)
    assert run(stage).outcome in (Outcome.CHANGED, Outcome.IN_SYNC)
    assert run(stage).outcome is Outcome.IN_SYNC


def test_a_description_that_moves_without_a_snapshot_is_a_move(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = edited(begin())
    document = plan(stage)
    library = stage.source.library

    def described(kinds: frozenset[object]) -> Library:
        found = library(kinds)  # type: ignore[arg-type]
        return Library(tuple(msgspec.structs.replace(head, description="words") for head in found.heads))

    monkeypatch.setattr(stage.source, "library", described)
    assert "description" in errors(apply(stage, document))["Gym"][0]


def test_all_that_has_moved_is_told_at_once() -> None:
    stage = edited(begin())
    document = plan(stage)
    stage.source.put(GYM, 1, name="Fit")
    stage.deezer.add_by_hand(playlist(stage, JAZZ), 30)
    told = errors(apply(stage, document))
    assert set(told) == {"Gym", "Jazz", ""}
    assert told[""] == ["the plan no longer fits: 2 collections moved; nothing was written"]


def test_a_plan_of_another_profile_or_account_is_refused() -> None:
    stage = edited(begin())
    document = plan(stage)
    stage.target.writes.clear()
    assert "profile 'default'" in errors(apply(stage, document, profile="alice"))[""][0]
    keep(
        stage,
        lambda one: msgspec.structs.replace(one, accounts={**one.accounts, "deezer": Account("7", "memory-true")}),
    )
    assert "deezer account 900000001, this is 7" in errors(apply(stage, document))[""][0]
    assert stage.target.writes == []


def test_credentials_of_another_account_are_refused_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = edited(begin())
    document = plan(stage)
    monkeypatch.setattr(stage.source, "account", lambda: AccountId("stranger"))
    monkeypatch.setattr(stage.source, "credential", lambda: "stranger's")
    assert apply(stage, document).exit_code == ExitCode.AUTH
    assert not any(isinstance(change, AddTracks) for change in stage.target.writes[-1:])


def test_a_listing_that_does_not_add_up_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = edited(begin())
    document = plan(stage)
    stage.target.writes.clear()
    library = stage.source.library
    monkeypatch.setattr(stage.source, "library", lambda kinds: Library(library(kinds).heads[:1], complete=False))
    assert apply(stage, document).outcome is Outcome.PARTIAL
    assert stage.target.writes == []


# What moves while it is carried out


def meddle(stage: Stage, *tracks: int) -> None:
    """A person adds tracks to the first list just after the look that found everything in its place."""
    read = stage.target.tracks
    meddled: list[str] = []

    def reads(which: PlaylistId) -> TargetContents:
        if which == memory(stage).parts[0].playlist and not meddled:
            stage.deezer.add_by_hand(int(which), *tracks)
            meddled.append(which)
        return read(which)

    stage.target.tracks = reads  # type: ignore[method-assign, assignment]


def test_what_the_plan_does_not_say_is_not_written_and_leaves_no_intent() -> None:
    stage = begin(policy=Policy(hand_edits=HandEdits.OVERWRITE))
    stage.source.put(GYM, 9, 1, 2, 3, 4, name="Gym")
    stage.source.put(JAZZ, 5, name="Jazz")
    document = plan(stage)
    stage.target.writes.clear()
    meddle(stage, 30)
    summary = apply(stage, document)
    assert summary.outcome is Outcome.CONFLICT
    assert "does not say to remove these 1 track" in errors(summary)[""][0]
    assert not any(isinstance(change, RemoveTracks) and "30" in change.tracks for change in stage.target.writes)
    assert "30" in stage.deezer.playlists[str(playlist(stage))].tracks
    assert not memory(stage).parts[0].removed_in_flight()
    assert not [one for one in stage.store.load().images if one.collection == GYM]
    assert {one.state for one in summary.collections} <= {CollectionState.PENDING, CollectionState.CHANGED}
    run(stage)
    assert stage.own() == {"Gym": [9, 1, 2, 3, 4], "Jazz": [5]}
    assert run(stage).outcome is Outcome.IN_SYNC


def test_a_playlist_that_the_plan_does_not_create_is_not_created_nor_remembered_as_such() -> None:
    stage = edited(begin())
    document = plan(stage)
    stage.target.writes.clear()
    changed = [
        msgspec.structs.replace(one, changes=tuple(change for change in one.changes if one.name != "New"), created=())
        for one in document.collections
    ]
    summary = apply(stage, msgspec.structs.replace(document, collections=tuple(changed)))
    assert "does not say to create the playlist 'New'" in errors(summary)[""][0]
    assert not any(isinstance(change, CreatePlaylist) for change in stage.target.writes)
    assert memory(stage, "spotify:playlist:new").creating is None


def test_a_track_that_would_have_to_be_looked_up_stops_it() -> None:
    stage = edited(begin())
    document = plan(stage)
    asked = len(stage.catalogue.asked)
    without = {key: one for key, one in document.records.items() if key != "s9"}
    stripped = [
        msgspec.structs.replace(one, counterparts={key: t for key, t in one.counterparts.items() if key != "s9"})
        for one in document.collections
    ]
    summary = apply(stage, msgspec.structs.replace(document, records=without, collections=tuple(stripped)))
    assert "would have to be looked up" in errors(summary)[""][0]
    assert len(stage.catalogue.asked) == asked


DOCUMENT = msgspec.json.encode(plan(edited(begin())))


@MANY
@given(tampered(DOCUMENT))
def test_a_plan_that_was_tampered_with_never_ends_in_a_crash(content: bytes) -> None:
    with suppress(UsageError):
        document = parse(content)
        stage = edited(begin())
        summary = apply_plan(job_of(stage), document)
        assert summary.outcome in (Outcome.CHANGED, Outcome.IN_SYNC, Outcome.CONFLICT, Outcome.PARTIAL), summary
        run(stage)
        assert run(stage).outcome in (Outcome.IN_SYNC, Outcome.CONFLICT)


# A run and a plan that is applied come to the same


@st.composite
def scenes(draw: st.DrawFn) -> list[tuple[list[int], list[int], list[int]]]:
    """For some lists: what the source has first, what it has then, and what a person has put into the playlist."""
    numbers = st.lists(st.integers(0, 9), max_size=6)
    return [
        (draw(numbers), draw(numbers), draw(st.lists(st.integers(20, 24), unique=True, max_size=2)))
        for _ in range(draw(st.integers(1, 3)))
    ]


def scene(lists: list[tuple[list[int], list[int], list[int]]], edits: HandEdits, limit: int) -> Stage:
    stage = Stage(policy=Policy(hand_edits=edits, playlist_limit=limit))
    stage.catalogue.tracks = [copy(number) for number in range(8)]
    for place, (first, _, _) in enumerate(lists[1:]):
        stage.source.put(f"spotify:playlist:{place}", *first, name="Gym")  # all of one name
    stage.source.put(LIKED, *dict.fromkeys(lists[0][0]), name="Liked Songs")
    run(stage)
    for place, (_, then, by_hand) in enumerate(lists[1:]):
        stage.source.put(f"spotify:playlist:{place}", *then, name="Gym")
        parts = stage.store.load().mirrors[CollectionId(f"spotify:playlist:{place}")].parts
        stage.deezer.add_by_hand(int(parts[0].playlist), *by_hand)
    stage.source.put(LIKED, *dict.fromkeys(lists[0][1]), name="Liked Songs")
    stage.source.put("spotify:playlist:new", 1, 2, 3, 4, 5, name="Gym")
    return stage


@MANY
@given(scenes(), st.sampled_from(list(HandEdits)), st.sampled_from([3, 2000]))
def test_applying_a_plan_is_running(
    lists: list[tuple[list[int], list[int], list[int]]], edits: HandEdits, limit: int
) -> None:
    by_run, by_plan = scene(lists, edits, limit), scene(lists, edits, limit)
    summary = run(by_run)
    document = plan(by_plan)
    asked = len(by_plan.catalogue.asked)
    applied = apply(by_plan, document)
    assert (applied.lookups, len(by_plan.catalogue.asked)) == (0, asked)
    assert contents(by_plan) == contents(by_run)
    left_to_tell = {one.id for one in summary.collections if one.state is CollectionState.CHANGED}
    ours, theirs = agreed(by_plan.store.load()), agreed(by_run.store.load())
    assert {key: ours.get(key) for key in left_to_tell} == {key: theirs[key] for key in left_to_tell}
    run(by_plan)
    assert contents(by_plan) == contents(by_run)


# A death in between


DEATHS: list[Death] = [
    (when, at) for when in ("before write", "after write", "before save", "after save") for at in range(1, 14)
]


@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_applied_again_after_a_death_it_is_completed_and_nothing_is_doubled(death: Death) -> None:
    stage = edited(begin())
    document = plan(stage)
    with suppress(Killed):
        apply(stage, document, death)
    assert apply(stage, document).outcome in (Outcome.CHANGED, Outcome.IN_SYNC)
    assert stage.own() == {"Gym": [3, 9, 1, 2], "Jazz": [5], "New": [10, 11]}
    assert stage.tracks("1") == [8, 12]
    writes = len(stage.target.writes)
    assert run(stage).outcome is Outcome.IN_SYNC
    assert len(stage.target.writes) == writes


@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_what_deezer_has_refused_before_a_death_is_no_move(death: Death) -> None:
    """One of them was matched before, the other by planning."""
    stage = begin()
    stage.source.put(GYM, 1, 7, 2, 20, 3, 4, name="Gym")
    stage.source.put(JAZZ, 5, 6, 20, name="Jazz")
    document = plan(stage)

    def refuses(change: Change) -> Receipt | None:
        return Refused("blocked") if isinstance(change, AddTracks) and {"7", "20"} & {*change.tracks} else None

    stage.target.answers = refuses
    with suppress(Killed):
        apply(stage, document, death)
    assert apply(stage, document).outcome in (Outcome.CHANGED, Outcome.IN_SYNC)
    assert stage.own() == {"Gym": [1, 2, 3, 4], "Jazz": [5, 6]}
    assert run(stage).outcome is Outcome.IN_SYNC


def test_a_track_that_was_refused_of_old_and_matched_by_planning_is_tried_again() -> None:
    stage = begin()
    stage.target.answers = lambda change: Refused("no") if isinstance(change, AddTracks) else None
    stage.source.put(GYM, 1, 2, 3, 4, 20, name="Gym")
    run(stage)
    stage.target.answers = lambda change: None
    stage.clock.advance(2 * 86_400)
    document = plan(stage)
    assert apply(stage, document).outcome is Outcome.CHANGED
    assert stage.own()["Gym"] == [1, 2, 3, 4, 20]


@pytest.mark.parametrize("death", DEATHS[::3], ids=str)
def test_a_plain_run_after_a_death_comes_to_rest_in_the_same_state(death: Death) -> None:
    stage = edited(begin())
    document = plan(stage)
    with suppress(Killed):
        apply(stage, document, death)
    run(stage)
    assert stage.own() == {"Gym": [3, 9, 1, 2], "Jazz": [5], "New": [10, 11]}
    assert run(stage).outcome is Outcome.IN_SYNC
