"""Which playlists stand for a list: found again, adopted, created, and missed when a person has deleted them."""

from __future__ import annotations

import msgspec
import pytest
from memory_stage import Stage

from musicdiff_job.binding import LAG_WAITS, NEW_BELIEVED, Gone, bind, find_gone, recover
from musicdiff_job.core.checkpoint import Creating, Mirror, Part
from musicdiff_job.core.conflict import ConflictKind, Side, conflict_id
from musicdiff_job.core.errors import BadAnswer, NotShownYet, UnknownOutcome
from musicdiff_job.core.model import FAVOURITES, LIKED, CollectionHead, Header, Kind, PlaylistId
from musicdiff_job.core.plan import Change, CreatePlaylist, Receipt, Refused, Written
from musicdiff_job.core.policy import HandEdits, LikedAs, Policy
from musicdiff_job.session import Session

GYM, OTHER = "spotify:playlist:gym", "spotify:playlist:other"


def bound(session: Session, head: CollectionHead, count: int = 1) -> list[Part]:
    """As ``mirroring`` does it: what an earlier run has begun comes first."""
    recover(session, head)
    return list(bind(session, head, count, lambda change: None))


def begin(**fields: object) -> tuple[Stage, CollectionHead]:
    stage = Stage(**fields)  # type: ignore[arg-type]
    return stage, stage.source.put(GYM, 1, 2)


# Creating and adopting


def test_a_new_list_gets_a_new_private_playlist_whose_intent_is_saved_first() -> None:
    stage, head = begin()
    intents: list[Creating | None] = []
    stage.target.after = lambda change: intents.append(stage.store.load().mirrors[head.id].creating)
    (part,) = bound(stage.session(), head)
    assert intents == [Creating("Gym", ())]
    assert stage.target.writes == [CreatePlaylist("Gym", "", False)]
    assert part == Part(PlaylistId("2"), title="Gym", count=0, header=Header("Gym"))
    saved = stage.store.load().mirrors[head.id]
    assert (saved.creating, saved.parts) == (None, (part,))


def test_a_list_that_is_bound_is_not_bound_again() -> None:
    stage, head = begin()
    session = stage.session()
    first = bound(session, head)
    assert bound(session, head) == first
    assert len(stage.target.writes) == 1


def test_an_own_playlist_of_exactly_the_same_title_is_adopted_as_somebody_elses_work() -> None:
    stage, head = begin()
    mine = stage.deezer.create_by_hand("Gym", [7, 8])
    (part,) = bound(stage.session(), head)
    assert (part.playlist, part.created, part.base) == (str(mine), False, ())
    assert part.header == Header("Gym"), "its privacy and description stay its owner's"
    assert stage.target.writes == []


@pytest.mark.parametrize("title", ["gym", "Gym ", "Gym (1/2)"])
def test_a_similar_title_is_not_the_same(title: str) -> None:
    stage, head = begin()
    stage.deezer.create_by_hand(title)
    bound(stage.session(), head)
    assert stage.target.writes == [CreatePlaylist("Gym", "", False)]


def test_playlists_of_others_and_the_loved_tracks_are_never_taken() -> None:
    stage, head = begin()
    stage.deezer.follow_by_hand("Gym", [1], creator_id=5)
    stage.deezer.loved.title = "Gym"
    (part,) = bound(stage.session(), head)
    assert stage.target.writes == [CreatePlaylist("Gym", "", False)]
    assert part.created


def test_two_lists_of_one_name_have_two_playlists_in_one_run() -> None:
    stage, head = begin()
    twin = stage.source.put(OTHER, 3)
    stage.deezer.create_by_hand("Gym")
    session = stage.session()
    one, two = bound(session, head)[0], bound(session, twin)[0]
    assert one.playlist != two.playlist
    assert (one.created, two.created) == (False, True)


def test_parts_are_numbered_and_those_that_exist_stay() -> None:
    stage, head = begin()
    session = stage.session()
    assert [part.title for part in bound(session, head, 3)] == ["Gym (1/3)", "Gym (2/3)", "Gym (3/3)"]
    assert len(bound(session, head, 2)) == 3


def test_deezers_refusal_to_create_is_told_and_leaves_no_intent() -> None:
    stage, head = begin()
    stage.target.answers = lambda change: Refused("too many playlists")
    session = stage.session()
    with pytest.raises(BadAnswer, match="too many playlists"):
        bound(session, head)
    assert session.mirror(head).creating is None


def test_an_answer_without_an_id_leaves_the_intent() -> None:
    stage, head = begin()
    stage.target.answers = lambda change: Written()
    session = stage.session()
    with pytest.raises(BadAnswer):
        bound(session, head)
    assert session.mirror(head).creating == Creating("Gym")


# A creation whose answer was lost


def lose(change: Change) -> Receipt:
    raise UnknownOutcome("no answer")


def made_late(stage: Stage, head: CollectionHead) -> None:
    """A playlist is created, no answer comes, and the listing does not show it yet."""
    stage.target.after = lose
    shown = stage.target.playlists()
    late = stage.target.playlists
    stage.target.playlists = lambda: shown  # type: ignore[method-assign]
    with pytest.raises(UnknownOutcome):
        bound(stage.session(), head)
    stage.target.playlists = late  # type: ignore[method-assign]
    stage.target.after = lambda change: None


def test_a_playlist_whose_creation_was_not_answered_is_looked_for_at_once() -> None:
    stage, head = begin()
    stage.target.after = lose
    (part,) = bound(stage.session(), head)
    assert (part.playlist, part.created, part.header) == ("2", True, None)
    assert len(stage.target.writes) == 1
    assert stage.store.load().mirrors[head.id].creating is None


def test_a_playlist_that_is_shown_late_is_found_by_the_next_run() -> None:
    stage, head = begin()
    made_late(stage, head)
    (part,) = bound(stage.session(), head)
    assert (part.playlist, part.created, part.header) == ("2", True, None)
    assert len(stage.target.writes) == 1
    assert stage.store.load().mirrors[head.id].creating is None


def test_a_playlist_that_was_there_before_is_not_taken_for_the_one_being_created() -> None:
    stage, head = begin()
    twin = stage.source.put(OTHER, 3)
    bound(stage.session(), twin)
    stage.target.answers = lose
    with pytest.raises(UnknownOutcome):
        bound(stage.session(), head)
    stage.target.answers = lambda change: None
    (part,) = bound(stage.session(), head)
    assert part.playlist == "3"
    assert list(stage.own()) == ["Gym"]
    assert len(stage.deezer.playlists) == 3


def test_a_playlist_that_lost_its_mirror_meanwhile_is_not_taken_for_it_either() -> None:
    stage, head = begin()
    twin = stage.source.put(OTHER, 3)
    bound(stage.session(), twin)
    stage.target.answers = lose
    with pytest.raises(UnknownOutcome):
        bound(stage.session(), head)
    stage.target.answers = lambda change: None
    stage.store.save(stage.store.load().with_mirror(Mirror(twin.id, Kind.PLAYLIST, "Gym")))
    (part,) = bound(stage.session(), head)
    assert (part.playlist, part.created) == ("3", True)


def test_a_playlist_that_was_renamed_on_spotify_meanwhile_is_found_by_its_old_title() -> None:
    stage, head = begin()
    made_late(stage, head)
    (part,) = bound(stage.session(), msgspec.structs.replace(head, name="Renamed"))
    assert (part.playlist, part.title) == ("2", "Gym")


def test_a_playlist_that_is_shown_late_is_waited_for() -> None:
    stage, head = begin()
    made_late(stage, head)
    stage.clock.waits.clear()
    shown, looks = stage.target.playlists, iter(range(len(LAG_WAITS)))
    stage.target.playlists = lambda: shown() if next(looks, None) is None else ()  # type: ignore[method-assign]
    (part,) = bound(stage.session(), head)
    assert part.playlist == "2"
    assert stage.clock.waits == list(LAG_WAITS)
    assert len(stage.target.writes) == 1


def test_a_playlist_that_is_never_shown_is_created_again() -> None:
    stage, head = begin()
    stage.target.answers = lose
    with pytest.raises(UnknownOutcome):
        bound(stage.session(), head)
    stage.target.answers = lambda change: None
    stage.clock.waits.clear()
    (part,) = bound(stage.session(), head)
    assert part.playlist == "2"
    assert stage.clock.waits == list(LAG_WAITS)
    assert len(stage.target.writes) == 2


# The favourites


def liked(stage: Stage) -> CollectionHead:
    return stage.source.put(LIKED, 1, name="Liked songs")


def test_liked_songs_stand_in_the_favourites() -> None:
    stage, _ = begin()
    head = liked(stage)
    assert bound(stage.session(), head) == [Part(FAVOURITES, created=False)]
    assert stage.target.writes == []


@pytest.mark.parametrize("first", list(LikedAs))
def test_liked_songs_move_when_the_setting_does(first: LikedAs) -> None:
    stage, _ = begin(policy=Policy(liked_as=first))
    head = liked(stage)
    (before,) = bound(stage.session(), head)
    stage.store.save(stage.session().checkpoint.with_mirror(Mirror(head.id, Kind.LIKED, "", parts=(before,))))
    other = next(way for way in LikedAs if way is not first)
    stage.policy = Policy(liked_as=other)
    (after,) = bound(stage.session(), head)
    assert (after.playlist == FAVOURITES) is (other is LikedAs.FAVOURITES)


# Deleted by hand


def deleted(stage: Stage, head: CollectionHead, parts: int, *gone: int) -> list[Part]:
    """Bind, then delete some of the playlists by hand."""
    session = stage.session()
    found = bound(session, head, parts)
    # A later run has seen them.
    seen = tuple(msgspec.structs.replace(part, fingerprint="seen") for part in found)
    session.put(msgspec.structs.replace(session.mirror(head), parts=seen, snapshot="edit 1"))
    session.save()
    for number in gone:
        del stage.deezer.playlists[found[number].playlist]
    return found


def test_nothing_is_asked_while_all_playlists_are_listed() -> None:
    stage, head = begin()
    deleted(stage, head, 1)
    stage.target.header = None  # type: ignore[assignment,method-assign]
    assert find_gone(stage.session(), head) is None


def test_a_playlist_missing_from_the_listing_alone_is_not_gone() -> None:
    stage, head = begin()
    deleted(stage, head, 1)
    session = stage.session()
    session.listed().clear()
    assert find_gone(session, head) is None


def test_a_playlist_deleted_by_hand_is_given_up_by_default() -> None:
    stage, head = begin()
    deleted(stage, head, 1, 0)
    gone = find_gone(stage.session(), head)
    assert gone == Gone(detach=True, reason=gone.reason if gone else "")


def test_a_new_playlist_that_deezer_does_not_show_yet_was_not_deleted() -> None:
    stage, head = begin()
    session = stage.session()
    (part,) = bound(session, head)
    del stage.deezer.playlists[part.playlist]
    session.save()
    session = stage.session()
    for _ in range(NEW_BELIEVED):
        with pytest.raises(NotShownYet):
            find_gone(session, head)
        known = session.mirror(head)
        session.put(msgspec.structs.replace(known, failures=known.failures + 1))
    assert find_gone(session, head) is not None, "it does not stay new for ever"


@pytest.mark.parametrize("gone", [(0,), (1,), (0, 2), (0, 1, 2)])
def test_overwriting_creates_every_deleted_playlist_again(gone: tuple[int, ...]) -> None:
    stage, head = begin(policy=Policy(hand_edits=HandEdits.OVERWRITE))
    parts = deleted(stage, head, 3, *gone)
    session = stage.session()
    assert find_gone(session, head) is None
    kept = [part.playlist for number, part in enumerate(parts) if number not in gone]
    assert [part.playlist for part in session.mirror(head).parts] == kept
    assert session.mirror(head).snapshot == ""
    assert len(bound(session, head, 3)) == 3


def test_asking_opens_a_conflict_once_and_carries_the_answer_out() -> None:
    stage, head = begin(policy=Policy(hand_edits=HandEdits.ASK))
    deleted(stage, head, 1, 0)
    key = conflict_id(head.id, ConflictKind.DELETED_ON_TARGET)

    def answered(side: Side | None) -> tuple[Gone | None, Session]:
        session = stage.session()
        find_gone(session, head)
        conflict = msgspec.structs.replace(session.checkpoint.conflicts[key], decision=side)
        session.checkpoint = msgspec.structs.replace(session.checkpoint, conflicts={key: conflict})
        return find_gone(session, head), session

    asked, session = answered(None)
    assert asked is not None
    assert not asked.detach
    assert list(session.checkpoint.conflicts) == [key]
    again, session = answered(Side.SPOTIFY)
    assert again is None
    assert (session.mirror(head).parts, session.checkpoint.conflicts) == ((), {})
    left, session = answered(Side.DEEZER)
    assert left is not None
    assert left.detach
    assert session.checkpoint.conflicts == {}


def test_the_favourites_cannot_be_deleted() -> None:
    stage, _ = begin()
    head = liked(stage)
    session = stage.session()
    bound(session, head)
    session.listed().clear()
    assert find_gone(session, head) is None
