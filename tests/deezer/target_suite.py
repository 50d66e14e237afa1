"""What every target must do, whichever way it reaches Deezer. Subclass ``TargetSuite`` and give it a ``stage``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import pytest

from musicdiff_job.core.errors import AuthError, Forbidden, NotFound
from musicdiff_job.core.model import AccountId, Header, PlaylistId, TargetHead, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    Created,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    Refused,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.ports import Target


class Hand(Protocol):
    """What a person does on deezer.com meanwhile."""

    user_id: int

    def create_by_hand(self, title: str, ids: Iterable[int] = (), *, description: str = "", public: bool = True) -> int:
        """A playlist with tracks; its id."""
        ...

    def follow_by_hand(self, title: str, ids: Iterable[int], *, creator_id: int, public: bool = True) -> int:
        """Follow somebody else's playlist; its id."""
        ...

    def add_by_hand(self, which: int, *ids: int) -> None:
        """Add tracks."""
        ...

    def hide_by_hand(self, which: int, *ids: int) -> None:
        """Deezer withdraws tracks."""
        ...

    def like_by_hand(self, *ids: int) -> None:
        """Favourites, in this order."""
        ...


@dataclass
class Stage:
    """A target and its account. ``impostor`` has a credential that is not valid, ``ids`` are 650 tracks that exist,
    ``secrets`` is everything that must never be seen."""

    target: Target
    impostor: Target
    hand: Hand
    ids: tuple[int, ...]
    secrets: tuple[str, ...] = ()


def assert_clean(error: BaseException, secrets: Iterable[str]) -> None:
    """Nothing of an error, or of the errors behind it, shows a secret."""
    seen: list[BaseException] = []
    behind: list[BaseException | None] = [error]
    while behind:
        found = behind.pop()
        if found is None or found in seen:
            continue
        seen.append(found)
        shown = f"{found!s} {found!r} {found.args!r} {vars(found)!r}"
        assert not [secret for secret in secrets if secret in shown], f"{type(found).__name__} shows a secret"
        behind += [found.__cause__, found.__context__]


def names(ids: Iterable[int]) -> tuple[TargetId, ...]:
    return tuple(TargetId(str(track)) for track in ids)


class TargetSuite:
    """The conformance suite."""

    @pytest.fixture
    def stage(self) -> Stage:
        raise NotImplementedError("every subclass has its own")

    # Playlists

    @pytest.mark.parametrize("public", [False, True])
    def test_a_created_playlist_reads_back(self, stage: Stage, public: bool) -> None:
        wanted = Header('Läuft & "bei" <dir> 東京', "for the road", public)
        playlist = create(stage, wanted)
        assert stage.target.header(playlist) == wanted
        found = head(stage, playlist)
        assert (found.title, found.count, found.public) == (wanted.title, 0, public)
        assert found.owned
        assert not found.loved
        assert stage.target.tracks(playlist).tracks == ()

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"title": "New"}, Header("New", "words", public=False)),
            ({"description": "other"}, Header("Old", "other", public=False)),
            ({"description": ""}, Header("Old", "", public=False)),
            ({"public": True}, Header("Old", "words", public=True)),
            ({"title": "New", "description": "other", "public": True}, Header("New", "other", public=True)),
        ],
    )
    def test_an_update_changes_what_it_names_and_nothing_else(
        self, stage: Stage, change: dict[str, str | bool], expected: Header
    ) -> None:
        playlist = PlaylistId(str(stage.hand.create_by_hand("Old", description="words", public=False)))
        assert stage.target.apply(UpdatePlaylist(playlist, **change)) == Written()  # type: ignore[arg-type]
        assert stage.target.header(playlist) == expected

    def test_two_playlists_may_have_one_name(self, stage: Stage) -> None:
        first, second = create(stage, Header("Same")), create(stage, Header("Same"))
        assert first != second
        assert {first, second} <= {found.id for found in stage.target.playlists()}

    def test_a_deleted_playlist_is_gone(self, stage: Stage) -> None:
        playlist = create(stage, Header("Short-lived"))
        assert stage.target.apply(DeletePlaylist(playlist)) == Written()
        assert playlist not in {found.id for found in stage.target.playlists()}
        with pytest.raises(NotFound):
            stage.target.tracks(playlist)

    def test_a_listing_tells_own_followed_and_loved_apart(self, stage: Stage) -> None:
        mine = stage.hand.create_by_hand("Mine", stage.ids[:3], public=False)
        theirs = stage.hand.follow_by_hand("Theirs", stage.ids[:2], creator_id=900_000_077)
        found = {head.title: head for head in stage.target.playlists()}
        assert (found["Mine"].id, found["Mine"].owned, found["Mine"].loved) == (str(mine), True, False)
        assert (found["Mine"].count, found["Mine"].public) == (3, False)
        assert (found["Theirs"].id, found["Theirs"].owned, found["Theirs"].loved) == (str(theirs), False, False)
        assert [head.title for head in found.values() if head.loved] == ["Loved Tracks"]

    def test_a_listing_is_complete(self, stage: Stage) -> None:
        made = {stage.hand.create_by_hand(f"List {number}") for number in range(130)}
        listed = {found.id for found in stage.target.playlists() if found.owned and not found.loved}
        assert listed == set(map(str, made))

    # Tracks

    def test_batches_are_appended_in_order(self, stage: Stage) -> None:
        playlist = create(stage, Header("Long"))
        wanted = names(stage.ids[:120])
        size = stage.target.batch
        for at in range(0, len(wanted), size):
            assert stage.target.apply(AddTracks(playlist, wanted[at : at + size])) == Written()
        assert shown(stage, playlist) == wanted
        assert stage.target.tracks(playlist).hidden == 0
        assert head(stage, playlist).count == len(wanted)

    def test_a_long_playlist_is_read_whole(self, stage: Stage) -> None:
        playlist = PlaylistId(str(stage.hand.create_by_hand("Longer", stage.ids)))
        assert len(stage.ids) == 650
        assert shown(stage, playlist) == names(stage.ids)

    def test_a_batch_with_a_duplicate_is_refused_whole(self, stage: Stage) -> None:
        playlist = PlaylistId(str(stage.hand.create_by_hand("Twice", stage.ids[:3])))
        receipt = stage.target.apply(AddTracks(playlist, names([stage.ids[5], stage.ids[1], stage.ids[6]])))
        assert isinstance(receipt, Refused)
        assert receipt.already
        assert shown(stage, playlist) == names(stage.ids[:3])

    def test_tracks_are_removed_by_id(self, stage: Stage) -> None:
        playlist = PlaylistId(str(stage.hand.create_by_hand("Shrinking", stage.ids[:6])))
        assert stage.target.apply(RemoveTracks(playlist, names([stage.ids[4], stage.ids[0]]))) == Written()
        assert shown(stage, playlist) == names([stage.ids[1], stage.ids[2], stage.ids[3], stage.ids[5]])

    def test_a_reorder_is_exact(self, stage: Stage) -> None:
        playlist = PlaylistId(str(stage.hand.create_by_hand("Shuffled", stage.ids[:60])))
        order = names([*stage.ids[30:60], *reversed(stage.ids[:30])])
        assert stage.target.apply(ReorderTracks(playlist, order)) == Written()
        assert shown(stage, playlist) == order

    @pytest.mark.parametrize("length", [8, 650])
    def test_hidden_entries_are_counted_and_not_shown(self, stage: Stage, length: int) -> None:
        playlist = PlaylistId(str(stage.hand.create_by_hand("Torn", stage.ids[:length])))
        withdrawn = {stage.ids[0], stage.ids[3], stage.ids[length - 1]}
        stage.hand.hide_by_hand(int(playlist), *withdrawn)
        found = stage.target.tracks(playlist)
        expected = names(track for track in stage.ids[:length] if track not in withdrawn)
        assert tuple(track.id for track in found.tracks) == expected
        assert found.hidden == len(withdrawn)
        assert head(stage, playlist).count == length

    def test_fingerprints_follow_the_content(self, stage: Stage) -> None:
        playlist = PlaylistId(str(stage.hand.create_by_hand("Watched", stage.ids[:2])))
        before = head(stage, playlist).fingerprint
        assert before == stage.target.tracks(playlist).fingerprint != ""
        stage.hand.add_by_hand(int(playlist), stage.ids[2])
        after = head(stage, playlist).fingerprint
        assert after == stage.target.tracks(playlist).fingerprint != before

    # Favourites

    def test_favourites_are_listed_oldest_first(self, stage: Stage) -> None:
        stage.hand.like_by_hand(*stage.ids[:150])
        for track in (stage.ids[300], stage.ids[200]):
            assert stage.target.apply(LikeTrack(TargetId(str(track)))) == Written()
        assert stage.target.apply(UnlikeTrack(TargetId(str(stage.ids[7])))) == Written()
        expected = [track for track in stage.ids[:150] if track != stage.ids[7]]
        found = stage.target.favourites()
        assert tuple(track.id for track in found.tracks) == names([*expected, stage.ids[300], stage.ids[200]])
        assert found.hidden == 0

    def test_no_favourites_is_an_empty_list(self, stage: Stage) -> None:
        assert stage.target.favourites().tracks == ()

    # Accounts and refusals

    def test_the_account_is_the_one_that_owns(self, stage: Stage) -> None:
        assert stage.target.account() == AccountId(str(stage.hand.user_id))

    def test_a_credential_has_a_fingerprint_that_is_no_secret(self, stage: Stage) -> None:
        shown_as = stage.target.credential()
        assert shown_as == stage.target.credential() != stage.impostor.credential()
        assert not [secret for secret in stage.secrets if shown_as in secret or secret in shown_as]

    def test_an_unknown_playlist_is_not_found(self, stage: Stage) -> None:
        nowhere = PlaylistId("4040404040")
        for attempt in (
            lambda: stage.target.tracks(nowhere),
            lambda: stage.target.header(nowhere),
            lambda: stage.target.apply(AddTracks(nowhere, names(stage.ids[:1]))),
            lambda: stage.target.apply(UpdatePlaylist(nowhere, title="New")),
            lambda: stage.target.apply(DeletePlaylist(nowhere)),
        ):
            with pytest.raises(NotFound) as caught:
                attempt()
            assert_clean(caught.value, stage.secrets)

    def test_somebody_elses_private_playlist_is_forbidden(self, stage: Stage) -> None:
        theirs = stage.hand.follow_by_hand("Theirs", stage.ids[:2], creator_id=900_000_077, public=False)
        with pytest.raises(Forbidden) as caught:
            stage.target.tracks(PlaylistId(str(theirs)))
        assert_clean(caught.value, stage.secrets)

    def test_a_credential_that_is_not_valid_stops_the_run(self, stage: Stage) -> None:
        for attempt in (
            stage.impostor.account,
            stage.impostor.playlists,
            stage.impostor.favourites,
            lambda: stage.impostor.apply(CreatePlaylist("Never")),
            lambda: stage.impostor.apply(LikeTrack(names(stage.ids)[0])),
        ):
            with pytest.raises(AuthError) as caught:
                attempt()
            assert_clean(caught.value, stage.secrets)
        assert "Never" not in {found.title for found in stage.target.playlists()}


def create(stage: Stage, wanted: Header) -> PlaylistId:
    """Create a playlist as the job does: by one write, or by a second one where the first could not say all."""
    made = stage.target.apply(CreatePlaylist(wanted.title, wanted.description, wanted.public))
    assert isinstance(made, Created)
    if not made.complete:
        change = UpdatePlaylist(made.playlist, description=wanted.description, public=wanted.public)
        assert stage.target.apply(change) == Written()
    return made.playlist


def head(stage: Stage, playlist: PlaylistId) -> TargetHead:
    """The playlist in the listing."""
    return next(found for found in stage.target.playlists() if found.id == playlist)


def shown(stage: Stage, playlist: PlaylistId) -> tuple[str, ...]:
    """The ids in the playlist, in order."""
    return tuple(track.id for track in stage.target.tracks(playlist).tracks)


__all__ = ["Hand", "Stage", "TargetSuite", "assert_clean"]
