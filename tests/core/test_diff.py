"""The verdict table of a sync, row by row, and what must hold whatever the three sides are."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_world import World, after, changes_of, ids, pair, pairs, targets, worlds

from musicdiff_job.core.diff import EFFECTS, VERDICTS, Difference, Effect, Seen, Verdict, collapse, diff
from musicdiff_job.core.policy import HandEdits

KEEP, OVERWRITE, ASK = HandEdits.KEEP, HandEdits.OVERWRITE, HandEdits.ASK
MANY = settings(max_examples=100, deadline=None)


def run(world: World) -> Difference:
    return diff(
        world.base,
        world.left_out,
        world.desired,
        world.present,
        edits=world.edits,
        asked=world.asked,
        restored=world.restored,
        hidden=world.hidden,
    )


def again(world: World, first: Difference) -> Difference:
    """The comparison of the next run, after everything has been carried out and remembered."""
    return diff(
        first.base,
        first.left_out,
        world.desired,
        first.order,
        edits=world.edits,
        asked=frozenset(first.hand_added),
        restored=world.restored.intersection(first.hand_added),
        hidden=world.hidden,
    )


# The tables


def test_every_combination_of_answers_but_nowhere_has_a_verdict() -> None:
    combinations = {Seen(*answers) for answers in product((True, False), repeat=3)}
    assert set(VERDICTS) == combinations - {Seen(False, False, False)}
    assert sorted(VERDICTS.values()) == sorted(Verdict)


def test_every_hand_edit_has_an_effect_under_every_setting() -> None:
    assert set(EFFECTS) == set(product((Verdict.REMOVED_BY_HAND, Verdict.ADDED_BY_HAND), HandEdits))
    assert set(EFFECTS.values()) == set(Effect)


@pytest.mark.parametrize(
    ("base", "source", "target", "edits", "add", "remove", "order", "agreed", "left_out", "by_hand"),
    [
        ("", "x", "", KEEP, "x", "", "x", "x", "", ""),
        ("", "x", "x", KEEP, "", "", "x", "x", "", ""),
        ("x", "x", "x", KEEP, "", "", "x", "x", "", ""),
        ("x", "x", "", KEEP, "", "", "", "", "x", ""),
        ("x", "x", "", OVERWRITE, "x", "", "x", "x", "", ""),
        ("x", "x", "", ASK, "", "", "", "", "x", ""),
        ("x", "", "x", KEEP, "", "x", "", "", "", ""),
        ("x", "", "", KEEP, "", "", "", "", "", ""),
        ("", "", "x", KEEP, "", "", "x", "", "", "x"),
        ("", "", "x", OVERWRITE, "", "x", "", "", "", ""),
        ("", "", "x", ASK, "", "", "x", "", "", "x"),
    ],
)
def test_rows_of_the_table(
    base: str, source: str, target: str, edits: HandEdits, add: str, remove: str, order: str, agreed: str,
    left_out: str, by_hand: str,
) -> None:  # fmt: skip
    asks = edits is ASK
    assert diff(pairs(base), (), pairs(source), ids(target), edits=edits) == Difference(
        add=pairs(add),
        remove=ids(remove),
        order=ids(order),
        base=pairs(agreed),
        left_out=pairs(left_out),
        hand_added=ids(by_hand),
        ask_removed=pairs(left_out) if asks else (),
        ask_added=ids(by_hand) if asks else (),
        hidden=(),
    )


@pytest.mark.parametrize(
    ("base", "source", "target"),
    [("", "x", ""), ("", "x", "x"), ("x", "x", "x"), ("x", "", "x"), ("x", "", "")],
)
def test_what_nobody_edited_by_hand_is_the_same_under_every_setting(base: str, source: str, target: str) -> None:
    found = [diff(pairs(base), (), pairs(source), ids(target), edits=edits) for edits in HandEdits]
    assert found[0] == found[1] == found[2]


# Order


def test_mirrored_entries_in_the_sources_order_then_those_added_by_hand_in_their_own() -> None:
    found = diff(pairs("abc"), (), pairs("cdba"), ids("zaybcx"), edits=KEEP)
    assert found.order == ids("cdbazyx")
    assert found.base == pairs("cdba")
    assert found.add == pairs("d")


def test_the_new_base_names_the_source_that_is_wanted_now() -> None:
    found = diff([pair("a", "old")], (), [pair("a", "new")], ids("a"), edits=KEEP)
    assert found.base == (pair("a", "new"),)


# What was left out


def test_an_entry_left_out_stays_out_until_told_otherwise() -> None:
    kept = diff(pairs("a"), pairs("b"), pairs("ab"), ids("a"), edits=KEEP)
    assert (kept.add, kept.left_out) == ((), pairs("b"))
    assert diff(pairs("a"), pairs("b"), pairs("ab"), ids("a"), edits=OVERWRITE).add == pairs("b")


def test_an_entry_left_out_that_is_put_back_by_hand_is_mirrored_again() -> None:
    found = diff(pairs("a"), pairs("b"), pairs("ab"), ids("ab"), edits=KEEP)
    assert (found.base, found.left_out, found.hand_added) == (pairs("ab"), (), ())


def test_an_entry_left_out_that_leaves_the_source_is_forgotten() -> None:
    found = diff(pairs("a"), pairs("b"), pairs("a"), ids("a"), edits=KEEP)
    assert found.left_out == ()
    assert diff(found.base, found.left_out, pairs("ab"), ids("a"), edits=KEEP).add == pairs("b")


@pytest.mark.parametrize(("edits", "asked"), [(KEEP, ""), (ASK, "b")])
def test_an_entry_left_out_and_put_back_by_hand_is_that_persons_when_the_source_drops_it(
    edits: HandEdits, asked: str
) -> None:
    found = diff(pairs("a"), pairs("b"), pairs("a"), ids("ab"), edits=edits)
    assert (found.remove, found.hand_added) == ((), ids("b"))
    assert found.ask_added == ids(asked)


# Questions


def test_entries_added_by_hand_may_be_treated_otherwise_than_those_removed() -> None:
    found = diff(pairs("ab"), (), pairs("ab"), ids("az"), edits=OVERWRITE, additions=ASK)
    assert (found.add, found.remove, found.ask_added, found.ask_removed) == (pairs("b"), (), ids("z"), ())
    found = diff(pairs("ab"), (), pairs("ab"), ids("az"), edits=KEEP, additions=OVERWRITE)
    assert (found.add, found.remove, found.left_out) == ((), ids("z"), pairs("b"))


def test_nobody_is_asked_twice_about_an_entry() -> None:
    first = diff(pairs("ab"), (), pairs("ab"), ids("az"), edits=ASK)
    assert (first.ask_removed, first.ask_added) == (pairs("b"), ids("z"))
    second = diff(first.base, first.left_out, pairs("ab"), ids("az"), edits=ASK, asked=frozenset(first.hand_added))
    assert (second.ask_removed, second.ask_added) == ((), ())
    assert (second.left_out, second.hand_added) == (pairs("b"), ids("z"))


# Hidden entries


@pytest.mark.parametrize("edits", list(HandEdits))
def test_a_mirrored_entry_that_may_be_hidden_is_neither_missing_nor_added_again(edits: HandEdits) -> None:
    found = diff(pairs("ab"), (), pairs("ab"), ids("b"), edits=edits, hidden=1)
    assert found.hidden == pairs("a")
    assert set(found.base) == set(pairs("ab"))
    assert (found.add, found.left_out, found.ask_removed, found.order) == ((), (), (), ids("b"))


def test_no_more_entries_count_as_hidden_than_the_target_hides() -> None:
    found = diff(pairs("abc"), (), pairs("abc"), (), edits=KEEP, hidden=2)
    assert (found.hidden, found.left_out) == (pairs("ab"), pairs("c"))


def test_what_was_left_out_is_not_taken_for_hidden() -> None:
    found = diff((), pairs("a"), pairs("a"), (), edits=KEEP, hidden=1)
    assert (found.hidden, found.left_out) == ((), pairs("a"))


def test_an_entry_that_the_target_refused_as_present_is_the_hidden_one() -> None:
    found = diff(pairs("abc"), (), pairs("abc"), ids("b"), edits=KEEP, hidden=1, concealed=frozenset(ids("c")))
    assert (found.hidden, found.left_out) == (pairs("c"), pairs("a"))
    overwritten = diff(
        pairs("abc"), (), pairs("abc"), ids("b"), edits=OVERWRITE, hidden=1, concealed=frozenset(ids("c"))
    )
    assert (overwritten.hidden, overwritten.add) == (pairs("c"), pairs("a"))


def test_what_is_known_to_be_hidden_and_shown_or_unwanted_by_now_takes_nobodys_place() -> None:
    concealed = frozenset(ids("bx"))
    found = diff(pairs("abx"), (), pairs("ab"), ids("b"), edits=KEEP, hidden=1, concealed=concealed)
    assert (found.hidden, found.left_out, found.base) == (pairs("a"), (), (pair("b"), pair("a")))


# Whatever the three sides hold


@MANY
@given(worlds(hidden=2, restored=True))
def test_carrying_it_out_gives_the_order(world: World) -> None:
    found = run(world)
    assert after(world.present, changes_of(found, world.present, batch=3)) == found.order


@MANY
@given(worlds(hidden=2, restored=True))
def test_the_second_comparison_finds_nothing_to_do(world: World) -> None:
    first = run(world)
    second = again(world, first)
    assert not changes_of(second, first.order)
    assert (second.add, second.remove, second.ask_removed, second.ask_added) == ((), (), (), ())
    assert (second.order, second.base, second.left_out) == (first.order, first.base, first.left_out)
    assert (second.hand_added, second.hidden) == (first.hand_added, first.hidden)


@MANY
@given(worlds(hidden=2))
def test_only_what_was_placed_is_removed_unless_hand_edits_are_overwritten(world: World) -> None:
    found = run(world)
    kept = set(targets(world.desired))
    assert not set(found.remove) & kept
    if world.edits is not OVERWRITE:
        assert set(found.remove) <= set(targets(world.base))


@MANY
@given(worlds(hidden=2, restored=True))
def test_every_wanted_entry_is_placed_left_out_or_hidden_and_nothing_twice(world: World) -> None:
    found = run(world)
    placed = [target for target in found.order if target not in found.hand_added]
    assert sorted([*placed, *targets(found.left_out), *targets(found.hidden)]) == sorted(targets(world.desired))
    assert not set(found.hand_added) & set(targets(world.desired))


@MANY
@given(worlds(hidden=3))
def test_hidden_entries_are_never_added_again_nor_left_out(world: World) -> None:
    found = run(world)
    assert len(found.hidden) <= world.hidden
    for one in found.hidden:
        assert one in found.base
        assert one not in (*found.add, *found.left_out, *found.ask_removed)
        assert one.target not in found.order


@MANY
@given(worlds(edits=(KEEP,), hidden=2))
def test_left_out_lasts_while_the_source_has_it_and_the_target_has_not(world: World) -> None:
    found = run(world)
    wanted = set(targets(world.desired)) - set(world.present)
    for one in world.left_out:
        assert (one.target in wanted) == (one in found.left_out)
        assert one not in found.add


@MANY
@given(worlds(edits=(KEEP,)))
def test_keeping_hand_edits_ends_in_the_source_without_what_was_removed_and_with_what_was_added(world: World) -> None:
    known = {*targets(world.base), *targets(world.left_out)}
    wanted = [target for target in targets(world.desired) if target in world.present or target not in known]
    placed = set(targets(world.base))
    by_hand = [track for track in world.present if track not in targets(world.desired) and track not in placed]
    assert list(run(world).order) == [*wanted, *by_hand]


@MANY
@given(worlds(edits=(OVERWRITE,)))
def test_overwriting_hand_edits_ends_in_exactly_the_source(world: World) -> None:
    found = run(world)
    assert found.order == targets(world.desired)
    assert found.base == world.desired
    assert (found.left_out, found.hand_added) == ((), ())


@MANY
@given(worlds(hidden=2), st.data())
def test_any_later_world_converges_too(world: World, data: st.DataObject) -> None:
    first = run(world)
    later = data.draw(worlds(edits=(world.edits,)))
    moved = World(first.base, first.left_out, later.desired, later.present, world.edits, world.asked, 0)
    second = run(moved)
    shown = after(later.present, changes_of(second, later.present))
    assert shown == second.order
    assert not changes_of(again(moved, second), shown)


# What undo put back


@pytest.mark.parametrize("edits", list(HandEdits))
@pytest.mark.parametrize(
    ("base", "source", "target", "remove", "agreed", "by_hand"),
    [
        ("", "", "x", "", "", "x"),
        ("", "x", "x", "", "x", ""),
        ("x", "", "x", "x", "", ""),
        ("", "", "", "", "", ""),
    ],
    ids=["it is kept", "the source has it again", "it is ours again and the source drops it", "it is removed by hand"],
)
def test_rows_of_the_table_for_what_was_put_back(
    base: str, source: str, target: str, remove: str, agreed: str, by_hand: str, edits: HandEdits
) -> None:
    found = diff(pairs(base), (), pairs(source), ids(target), edits=edits, restored=frozenset(ids("x")))
    assert (found.add, found.left_out, found.ask_added, found.ask_removed) == ((), (), (), ())
    assert (found.remove, found.base, found.hand_added) == (ids(remove), pairs(agreed), ids(by_hand))


def test_what_was_put_back_stays_behind_the_entry_that_it_follows() -> None:
    back = frozenset(ids("xyz"))
    stays = diff(pairs("abc"), (), pairs("abc"), ids("xaybzc"), edits=KEEP, restored=back)
    assert stays.order == ids("xaybzc")
    moves = diff(pairs("abc"), (), pairs("cdab"), ids("xaybhzc"), edits=KEEP, restored=back)
    assert moves.order == ids("xcdaybzh")
    assert moves.hand_added == ids("xyzh")


@MANY
@given(worlds(edits=(OVERWRITE,), restored=True))
def test_overwriting_hand_edits_spares_what_was_put_back_and_nothing_else(world: World) -> None:
    found = run(world)
    strange = set(world.present) - set(targets(world.desired)) - set(targets(world.base))
    assert set(found.hand_added) == strange & world.restored
    mirrored = tuple(track for track in found.order if track not in world.restored or track in targets(world.desired))
    assert mirrored == targets(world.desired)


# Duplicates


def test_repetitions_collapse_to_the_first_and_are_counted() -> None:
    found = [pair("a", "1"), pair("b", "2"), pair("a", "3"), pair("a", "1")]
    assert collapse(found) == ((pair("a", "1"), pair("b", "2")), 2)
    assert collapse(()) == ((), 0)


@given(st.lists(st.sampled_from("abcd")))
def test_collapsing_keeps_the_order_of_first_appearance(tracks: list[str]) -> None:
    kept, repeated = collapse(pairs(tracks))
    assert targets(kept) == tuple(dict.fromkeys(tracks))
    assert repeated == len(tracks) - len(kept)
