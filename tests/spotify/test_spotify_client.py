"""The source against the sandbox's Spotify, in the shapes of all three kinds of apps, and when it misbehaves."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from spotify_stage import HttpStage, PlainDoor, StillClock, everything_said, http_stage

from musicdiff_job.core.errors import AuthError, BadAnswer, Forbidden, JobError, NotFound, Throttled, Transient
from musicdiff_job.core.model import LIKED, AccountId, CollectionHead, Kind, Page, SkipReason, Unreadable
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.ports import Source
from musicdiff_job.sandbox.catalogue import Catalogue, load_catalogue
from musicdiff_job.sandbox.faults import (
    ALWAYS,
    EditJson,
    Effect,
    EmptyBody,
    Fault,
    Html200,
    JsonFalse,
    ResetBefore,
    Status,
    TokenExpired,
    TruncatedJson,
    WrongJson,
    quota_exceeded,
    rate_limited,
)
from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.spotify.auth import TokenRefresher
from musicdiff_job.spotify.client import SpotifySource

BOTH = frozenset({Kind.LIKED, Kind.PLAYLIST})
PLAYLISTS = frozenset({Kind.PLAYLIST})
ONLY_LIKED = frozenset({Kind.LIKED})


class Stage:
    """A sandbox with a source in front of it, and what the source is made of."""

    def __init__(self, sandbox: Sandbox, account: AccountId | None) -> None:
        self.sandbox = sandbox
        self.world = sandbox.spotify
        self.tracks = sorted(sandbox.catalogue.spotify)
        self.clock = StillClock()
        self.door = PlainDoor()
        self.redactor = Redactor()
        self.tokens = TokenRefresher(
            self.door,
            self.clock,
            self.redactor,
            f"{sandbox.url}/spotify/accounts",
            sandbox.grants.client_id,
            Secret(sandbox.grants.client_secret),
            Secret(sandbox.grants.refresh_token),
            None,
            None,
        )
        self.source = SpotifySource(
            self.door, self.clock, self.redactor, self.tokens, f"{sandbox.url}/spotify/v1", account
        )

    def asked(self) -> list[str]:
        """The paths that the API was asked for so far, in order; the list is cleared."""
        paths = [call.path for call in self.sandbox.log.all() if call.service == "spotify"]
        self.sandbox.log.forget()
        return paths

    def spoil(self, effect: Effect, path: str = "*", count: int = 1, skip: int = 0) -> None:
        self.sandbox.misbehave(Fault(effect, service="spotify", path=path, count=count, skip=skip))

    def head(self, name: str) -> CollectionHead:
        (head,) = [head for head in self.source.library(PLAYLISTS).heads if head.name == name]
        self.asked()
        return head


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def staged(catalogue: Catalogue) -> Iterator[Callable[..., Stage]]:
    made: list[Stage] = []

    def make(cohort: Cohort = Cohort.RESTRICTED, account: str | None = "listener", **changes: Any) -> Stage:
        sandbox = Sandbox(SpotifyAccount(catalogue), cohort=cohort, **changes).start()
        made.append(Stage(sandbox, None if account is None else AccountId(account)))
        return made[-1]

    yield make
    for stage in made:
        stage.source.close()
        stage.sandbox.close()


def fails(stage: Stage, act: Callable[[], object], kind: type[JobError]) -> JobError:
    """The error of ``act``, after a look at everything it could show."""
    with pytest.raises(kind) as raised:
        act()
    grants = stage.sandbox.grants
    access = stage.tokens.access_token().reveal()
    said = everything_said(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert not [secret for secret in (access, grants.refresh_token, grants.client_secret) if secret in said]
    return raised.value


def read_all(source: Source, head: CollectionHead) -> list[Page]:
    pages = [source.page(head, 0)]
    while isinstance(pages[-1], Page) and pages[-1].more:
        pages.append(source.page(head, sum(len(page.entries) for page in pages if isinstance(page, Page))))
    return [page for page in pages if isinstance(page, Page)]


# The account


def test_the_account_is_asked_for_once(staged: Callable[..., Stage]) -> None:
    stage = staged(account=None)
    assert stage.source.account() == stage.source.account() == "listener"
    assert stage.asked() == ["/me/"]


def test_a_known_account_is_not_asked_for(staged: Callable[..., Stage]) -> None:
    stage = staged()
    assert stage.source.account() == "listener"
    assert stage.source.credential() == stage.tokens.credential()
    assert stage.asked() == []
    assert stage.door.auth_calls == 0


def test_an_account_without_a_name_is_a_bad_answer(staged: Callable[..., Stage]) -> None:
    stage = staged(account=None)
    stage.spoil(WrongJson({"display_name": "x"}))
    fails(stage, stage.source.account, BadAnswer)


# The library


@pytest.mark.parametrize("cohort", list(Cohort))
def test_the_library_is_listed_in_every_shape(staged: Callable[..., Stage], cohort: Cohort) -> None:
    stage = staged(cohort, account=None)
    stage.world.add_playlist("Own & only", stage.tracks[:3], description='<Rock> & "Roll"', public=True)
    stage.world.follow_foreign_playlist("Theirs", stage.tracks[:2], owner="somebody")
    stage.world.follow_spotify_owned("Discover Weekly")
    unsaid = stage.world.add_playlist("Unsaid", stage.tracks[:2], collaborative=True)
    stage.world.hide_total(unsaid)
    stage.world.like(stage.tracks[0])
    library = stage.source.library(BOTH)
    liked, own, theirs, third = library.heads
    assert library.complete
    assert (liked.id, liked.total) == (LIKED, 1)
    assert (own.name, own.total, own.owned, own.public) == ("Own & only", 3, True, True)
    assert own.description == '<Rock> & "Roll"'
    assert own.snapshot == stage.world.named("Own & only").snapshot
    assert (theirs.owned, theirs.owner_name, theirs.total) == (False, "Somebody", 2)
    assert (third.total, third.collaborative) == (None, True)
    assert stage.asked() == ["/me/tracks", "/me/", "/me/playlists"]


def test_only_what_is_asked_for_is_called(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.source.library(ONLY_LIKED)
    assert stage.asked() == ["/me/tracks"]
    stage.source.library(PLAYLISTS)
    assert stage.asked() == ["/me/playlists"]
    assert stage.source.library(frozenset()).heads == ()
    assert stage.asked() == []


@pytest.mark.parametrize(("playlists", "calls"), [(0, 1), (49, 1), (50, 1), (51, 2), (120, 3)])
def test_one_call_lists_fifty_playlists(staged: Callable[..., Stage], playlists: int, calls: int) -> None:
    stage = staged()
    for number in range(playlists):
        stage.world.add_playlist(f"List {number}")
    library = stage.source.library(PLAYLISTS)
    assert [head.name for head in library.heads] == [f"List {number}" for number in range(playlists)]
    assert library.complete
    assert len(stage.asked()) == calls


def listing_body(*ids: str | None, total: int | None, offset: int = 0) -> dict[str, Any]:
    usual = {"description": "", "snapshot_id": "s", "owner": {"id": "listener"}}
    rows = [None if i is None else {"id": i, "name": i, **usual} for i in ids]
    return {"items": rows, "total": total, "offset": offset, "next": None}


@pytest.mark.parametrize(
    ("bodies", "names", "complete"),
    [
        ([listing_body("a", "b", total=2)], "ab", True),
        ([listing_body("a", None, total=2)], "a", True),
        ([listing_body("a", "b", total=3), listing_body(total=3, offset=2)], "ab", False),
        ([listing_body("a", "b", total=1)], "ab", False),
        ([listing_body("a", "b", total=None)], "ab", False),
        ([listing_body("a", "b", total=4), listing_body("b", "c", total=4, offset=2)], "abc", False),
        ([listing_body("a", "b", total=4), listing_body("c", total=3, offset=2)], "abc", False),
        ([listing_body("a", "b", total=4), listing_body("c", "d", total=4, offset=2)], "abcd", True),
    ],
)
def test_a_torn_listing_says_so(
    staged: Callable[..., Stage], bodies: list[dict[str, Any]], names: str, complete: bool
) -> None:
    stage = staged()
    for skip, body in enumerate(bodies):
        stage.spoil(WrongJson(body), "/me/playlists", skip=skip)
    library = stage.source.library(PLAYLISTS)
    assert "".join(head.name for head in library.heads) == names
    assert library.complete is complete
    assert len(stage.asked()) == len(bodies)


@pytest.mark.parametrize("key", ["name", "description"])
def test_a_listing_with_a_playlist_that_is_not_whole_is_torn(staged: Callable[..., Stage], key: str) -> None:
    """Its mirror would be renamed "Untitled playlist", or lose its description."""
    stage = staged()
    body = listing_body("a", "b", total=2)
    del body["items"][1][key]
    stage.spoil(WrongJson(body), "/me/playlists")
    library = stage.source.library(PLAYLISTS)
    assert [head.name for head in library.heads] == ["a"]
    assert not library.complete


def test_next_links_are_not_followed(staged: Callable[..., Stage]) -> None:
    stage = staged()
    with http_stage(lambda request: Response.of({})) as elsewhere:
        first = listing_body("a", total=2) | {"next": f"{elsewhere.url}/v1/me/playlists?offset=1"}
        stage.spoil(WrongJson(first), "/me/playlists")
        stage.spoil(WrongJson(listing_body("b", total=2, offset=1)), "/me/playlists", skip=1)
        assert stage.source.library(PLAYLISTS).complete
        assert elsewhere.requests == []


@pytest.mark.parametrize("body", [None, [], {}, {"items": 5, "total": 1}])
def test_a_listing_that_makes_no_sense_is_not_an_empty_library(staged: Callable[..., Stage], body: object) -> None:
    stage = staged()
    stage.spoil(WrongJson(body), "/me/playlists")
    with pytest.raises((BadAnswer, Transient)):
        stage.source.library(PLAYLISTS)


@pytest.mark.parametrize(
    ("scope", "kinds", "missing"),
    [
        ("user-library-read playlist-read-private", PLAYLISTS, "playlist-read-collaborative"),
        ("user-library-read playlist-read-collaborative", PLAYLISTS, "playlist-read-private"),
        ("playlist-read-private playlist-read-collaborative", ONLY_LIKED, "user-library-read"),
    ],
)
def test_a_narrow_consent_is_refused_before_it_hides_anything(
    staged: Callable[..., Stage], scope: str, kinds: frozenset[Kind], missing: str
) -> None:
    stage = staged()
    granted = {"access_token": stage.sandbox.grants.issue_access_token(scope), "expires_in": 3600, "scope": scope}
    stage.sandbox.misbehave(Fault(WrongJson(granted), service="accounts"))
    assert missing in fails(stage, lambda: stage.source.library(kinds), AuthError).message
    assert stage.asked() == []


# Pages of playlists


@pytest.mark.parametrize("cohort", list(Cohort))
@pytest.mark.parametrize("entry_key", ["item", "track"])
def test_a_playlist_is_read_whole_in_every_shape(staged: Callable[..., Stage], cohort: Cohort, entry_key: str) -> None:
    stage = staged(cohort, entry_key=entry_key)
    made = stage.world.add_playlist("Mixed", stage.tracks[:118])
    stage.world.add_local_file(made, "My Band", "Rehearsals", "Take 3: the loud one", 201, position=2)
    stage.world.add_episode(made, "How playlists are made", "A Podcast", position=4)
    stage.world.null_track(made, 6)
    head = stage.head("Mixed")
    pages = read_all(stage.source, head)
    entries = [entry for page in pages for entry in page.entries]
    assert [page.offset for page in pages] == [0, 50, 100]
    assert {page.total for page in pages} == {120}
    assert len(entries) == 120
    assert {at: (entry.skipped, entry.label) for at, entry in enumerate(entries) if entry.skipped} == {
        2: (SkipReason.LOCAL, "My Band - Take 3: the loud one"),
        4: (SkipReason.EPISODE, "How playlists are made"),
        6: (SkipReason.REMOVED, ""),
    }
    known = stage.sandbox.catalogue.spotify[stage.tracks[0]]
    track = entries[0].track
    assert track is not None
    assert (track.id, track.title, track.isrc) == (known.id, known.name, known.isrc)
    asked = [call for call in stage.sandbox.log.all() if call.service == "spotify"]
    assert [call.path for call in asked] == [f"/playlists/{made}/items"] * 3
    assert {call.query["additional_types"] for call in asked} == {"track,episode"}


def test_the_market_is_never_sent(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.world.add_playlist("One", stage.tracks[:2])
    stage.source.page(stage.head("One"), 0)
    stage.source.library(BOTH)
    assert [call.query for call in stage.sandbox.log.all() if "market" in call.query] == []


@pytest.mark.parametrize("cohort", [Cohort.GRACE, Cohort.EXTENDED])
def test_the_legacy_path_is_tried_once_and_remembered(staged: Callable[..., Stage], cohort: Cohort) -> None:
    stage = staged(cohort)
    made = stage.world.add_playlist("Long", stage.tracks[:150])
    other = stage.world.add_playlist("Other", stage.tracks[:2])
    stage.spoil(Status(403, {"Content-Type": "application/json"}, '{"error":{"status":403,"message":"Forbidden"}}'),
                "/playlists/*/items", count=ALWAYS)  # fmt: skip
    pages = read_all(stage.source, stage.head("Long"))
    assert [len(page.entries) for page in pages] == [100, 50]
    assert stage.sandbox.log.all()[-1].query["additional_types"] == "track,episode"
    assert stage.asked() == [f"/playlists/{made}/items"] + [f"/playlists/{made}/tracks"] * 2
    read_all(stage.source, stage.head("Other"))
    assert stage.asked() == [f"/playlists/{other}/tracks"]


def test_where_both_paths_refuse_the_second_is_not_tried_again(staged: Callable[..., Stage]) -> None:
    stage = staged()
    shared = stage.world.follow_foreign_playlist("Shared", stage.tracks[:2], collaborative=True)
    head = stage.head("Shared")
    for expected in ([f"/playlists/{shared}/items", f"/playlists/{shared}/tracks"], [f"/playlists/{shared}/items"]):
        unreadable = stage.source.page(head, 0)
        assert isinstance(unreadable, Unreadable)
        assert unreadable.expected
        assert stage.asked() == expected


@pytest.mark.parametrize("cohort", list(Cohort))
def test_what_items_refuses_is_read_by_the_legacy_path_whatever_was_read_before(
    staged: Callable[..., Stage], cohort: Cohort
) -> None:
    stage = staged(cohort)
    stage.world.add_playlist("Own", stage.tracks[:2])
    shared = stage.world.follow_foreign_playlist("Shared", stage.tracks[:2], collaborative=True)
    assert isinstance(stage.source.page(stage.head("Own"), 0), Page)
    head = stage.head("Shared")
    found = stage.source.page(head, 0)
    assert isinstance(found, Unreadable if cohort is Cohort.RESTRICTED else Page)
    assert stage.asked() == [f"/playlists/{shared}/items", f"/playlists/{shared}/tracks"]


def test_a_collaborators_playlist_is_read(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.world.follow_foreign_playlist("Shared", stage.tracks[:2], collaborative=True, contributes=True)
    head = stage.head("Shared")
    assert not head.owned
    assert isinstance(stage.source.page(head, 0), Page)


def test_a_followed_playlist_is_unreadable_and_that_is_expected(staged: Callable[..., Stage]) -> None:
    stage = staged(Cohort.RESTRICTED)
    theirs = stage.world.follow_foreign_playlist("Theirs", stage.tracks[:2])
    also = stage.world.follow_foreign_playlist("Also", stage.tracks[:2])
    heads = [stage.head(name) for name in ("Theirs", "Also")]
    unreadable = [stage.source.page(head, 0) for head in heads]
    reason = "Spotify gives apps only playlists that the account owns or works on (403)"
    assert unreadable == [Unreadable(reason=reason, expected=True)] * 2
    # That the app has no legacy path is found out once in a run.
    asked = [f"/playlists/{theirs}/items", f"/playlists/{theirs}/tracks", f"/playlists/{also}/items"]
    assert stage.asked() == asked


@pytest.mark.parametrize("cohort", [Cohort.GRACE, Cohort.EXTENDED])
def test_a_followed_playlist_is_read_by_apps_that_still_have_the_legacy_path(
    staged: Callable[..., Stage], cohort: Cohort
) -> None:
    stage = staged(cohort)
    theirs = stage.world.follow_foreign_playlist("Theirs", stage.tracks[:2])
    page = stage.source.page(stage.head("Theirs"), 0)
    assert isinstance(page, Page)
    assert [entry.track.id for entry in page.entries if entry.track] == list(stage.tracks[:2])
    assert stage.asked() == [f"/playlists/{theirs}/items", f"/playlists/{theirs}/tracks"]


@pytest.mark.parametrize("owned", [True, False])
def test_a_playlist_that_is_gone_is_unreadable(staged: Callable[..., Stage], owned: bool) -> None:
    stage = staged()
    made = stage.world.add_playlist("Gone", stage.tracks[:2])
    head = msgspec.structs.replace(stage.head("Gone"), owned=owned)
    stage.world.delete_playlist(made)
    unreadable = stage.source.page(head, 0)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.expected


@pytest.mark.parametrize(
    "body",
    [
        {"items": [], "total": None},
        {"items": []},
        {},
        {"items": [{"content": {}}], "total": 1},
        {"items": [], "total": 3, "offset": 50},
    ],
)
def test_a_page_that_makes_no_sense_is_unreadable_and_unexpected(staged: Callable[..., Stage], body: object) -> None:
    stage = staged()
    stage.world.add_playlist("One", stage.tracks[:2])
    head = stage.head("One")
    stage.spoil(WrongJson(body))
    unreadable = stage.source.page(head, 0)
    assert isinstance(unreadable, Unreadable)
    assert not unreadable.expected
    assert unreadable.reason


@pytest.mark.parametrize("body", [[], False, None, 17, "ok"])
def test_an_answer_that_is_no_object_may_pass(staged: Callable[..., Stage], body: object) -> None:
    stage = staged()
    stage.world.add_playlist("One", stage.tracks[:2])
    head = stage.head("One")
    stage.spoil(WrongJson(body))
    fails(stage, lambda: stage.source.page(head, 0), Transient)
    assert isinstance(stage.source.page(head, 0), Page)


def test_an_id_that_is_none_never_leaves_the_house(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.world.add_playlist("One")
    head = msgspec.structs.replace(stage.head("One"), id="spotify:playlist:../../me")
    assert isinstance(stage.source.page(head, 0), Unreadable)
    assert stage.asked() == []


@pytest.mark.parametrize("change", ["add", "remove", "delete", None])
def test_a_change_while_reading_is_noticed(staged: Callable[..., Stage], change: str | None) -> None:
    stage = staged()
    made = stage.world.add_playlist("One", stage.tracks[:3])
    head = stage.head("One")
    match change:
        case "add":
            stage.world.add_track(made, stage.tracks[9])
        case "remove":
            stage.world.remove_at(made, 0)
        case "delete":
            stage.world.delete_playlist(made)
        case _:
            assert change is None
    assert stage.source.unchanged(head) is (change is None)
    (call,) = [call for call in stage.sandbox.log.all() if call.service == "spotify"]
    assert (call.path, call.query["fields"]) == (f"/playlists/{made}", "snapshot_id")


def test_a_playlist_without_a_snapshot_is_never_called_unchanged(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.world.add_playlist("One", stage.tracks[:3])
    head = msgspec.structs.replace(stage.head("One"), snapshot="")
    stage.spoil(WrongJson({}))
    assert not stage.source.unchanged(head)


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        (WrongJson({}), BadAnswer),
        (WrongJson({"snapshot_id": None}), BadAnswer),
        (Status(403, {}, '{"error":{"status":403,"message":"Forbidden"}}'), Forbidden),
    ],
)
def test_not_to_say_whether_a_list_was_edited_is_no_edit(
    staged: Callable[..., Stage], effect: Effect, kind: type[JobError]
) -> None:
    """Else the list would be read again by every run, and nobody would be told."""
    stage = staged()
    stage.world.add_playlist("One", stage.tracks[:3])
    head = stage.head("One")
    stage.spoil(effect)
    fails(stage, lambda: stage.source.unchanged(head), kind)


# The liked songs


def test_the_first_page_of_the_liked_songs_is_read_once(staged: Callable[..., Stage]) -> None:
    stage = staged()
    for track in stage.tracks[:120]:
        stage.world.like(track)
    (head,) = stage.source.library(ONLY_LIKED).heads
    pages = read_all(stage.source, head)
    ids = [entry.track.id for page in pages for entry in page.entries if entry.track]
    assert ids == list(reversed(stage.tracks[:120]))
    assert {page.total for page in pages} == {120}
    assert stage.asked() == ["/me/tracks"] * 3
    assert stage.source.unchanged(head)
    assert stage.asked() == ["/me/tracks"]


@pytest.mark.parametrize("edit", ["like", "unlike", "swap", "like again"])
def test_a_change_of_the_liked_songs_is_noticed_and_read_anew(staged: Callable[..., Stage], edit: str) -> None:
    stage = staged()
    for track in stage.tracks[:60]:
        stage.world.like(track)
    (head,) = stage.source.library(ONLY_LIKED).heads
    match edit:
        case "like":
            stage.world.like(stage.tracks[99])
        case "unlike":
            stage.world.unlike(stage.tracks[0])
        case "swap":
            stage.world.unlike(stage.tracks[0])
            stage.world.like(stage.tracks[99])
        case _:
            stage.world.like(stage.tracks[0])  # again: it moves to the top
    assert not stage.source.unchanged(head)
    stage.asked()
    stage.source.page(head, 0)
    assert stage.asked() == ["/me/tracks"]
    (renewed,) = stage.source.library(ONLY_LIKED).heads
    assert renewed.snapshot != head.snapshot


def test_liked_songs_without_a_total_are_unreadable(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.spoil(WrongJson({"items": [], "total": None}), count=2)
    (head,) = stage.source.library(ONLY_LIKED).heads
    assert isinstance(stage.source.page(head, 0), Unreadable)


def test_refused_liked_songs_are_unreadable(staged: Callable[..., Stage]) -> None:
    stage = staged()
    (head,) = stage.source.library(ONLY_LIKED).heads
    stage.spoil(Status(403, {}, "Forbidden"))
    unreadable = stage.source.page(head, 50)
    assert isinstance(unreadable, Unreadable)
    assert "liked" in unreadable.reason


# Tokens


def test_an_expired_token_is_renewed_and_the_call_repeated(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.source.library(ONLY_LIKED)
    stage.sandbox.grants.expire_access_tokens()
    assert stage.source.library(ONLY_LIKED).complete
    assert stage.door.auth_calls == 2
    assert stage.clock.waits == []


@pytest.mark.parametrize(
    "effect",
    [
        TokenExpired(),
        Status(401, {}, '{"error":{"status":401,"message":"Access token missing"}}'),
        Status(401, {}, '{"error":"no token"}'),
        Status(401, {}, ""),
        Status(403, {}, '{"error":{"status":403,"message":"Premium required"}}'),
    ],
)
def test_a_valid_token_that_is_refused_for_a_moment_passes(staged: Callable[..., Stage], effect: Effect) -> None:
    stage = staged()
    stage.spoil(effect, count=3)
    assert stage.source.library(ONLY_LIKED).complete
    assert len(stage.clock.waits) == 2
    assert (stage.door.calls, stage.door.auth_calls) == (4, 2)


@pytest.mark.parametrize(
    ("effect", "hint"),
    [
        (TokenExpired(), "musicdiff-job auth spotify"),
        (
            Status(403, {}, '{"error":{"status":403,"message":"Active premium subscription required for the owner"}}'),
            "Premium",
        ),
        (Status(401, {}, "Active premium subscription required for the owner of the app."), "Premium"),
    ],
)
def test_a_token_that_stays_refused_is_for_a_person(staged: Callable[..., Stage], effect: Effect, hint: str) -> None:
    stage = staged()
    stage.spoil(effect, count=4)
    error = fails(stage, lambda: stage.source.library(ONLY_LIKED), AuthError)
    assert hint in error.hint
    assert (stage.door.calls, stage.door.auth_calls) == (4, 2)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("User not registered in the Developer Dashboard", "Users and Access"),
        (
            '{"error":{"status":403,"message":"The user is not registered for this application. Please check your '
            'settings on https://developer.spotify.com/dashboard."}}',
            "Users and Access",
        ),
        ('{"error":{"status":403,"message":"Insufficient client scope"}}', "musicdiff-job auth spotify"),
    ],
)
def test_a_refusal_that_a_person_has_to_mend(staged: Callable[..., Stage], body: str, hint: str) -> None:
    stage = staged()
    stage.spoil(Status(403, {}, body))
    assert hint in fails(stage, lambda: stage.source.library(ONLY_LIKED), AuthError).hint
    assert stage.door.calls == 1


def test_the_answers_own_words_cannot_smuggle_a_token_out(staged: Callable[..., Stage]) -> None:
    stage = staged()
    token = stage.tokens.access_token().reveal()
    stage.spoil(Status(403, {}, f"refused\r\n\x1b[2J Bearer {token} and {token}"))
    error = fails(stage, lambda: stage.source.library(ONLY_LIKED), Forbidden)
    assert error.message.isprintable()


# Everything else that can happen to a call


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("6", 6.0),
        ("0", 0.0),
        (None, None),
        ("soon", None),
        ("-3", None),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("999999999999", 31 * 86400.0),
        ("1e999", None),
    ],
)
def test_a_rate_limit_tells_how_long_to_wait(
    staged: Callable[..., Stage], header: str | None, seconds: float | None
) -> None:
    stage = staged()
    stage.spoil(rate_limited(header))
    error = fails(stage, lambda: stage.source.library(ONLY_LIKED), Throttled)
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.quota) == (seconds, False)
    assert stage.asked() == ["/me/tracks"]


def test_a_quota_is_told_from_a_rate_limit(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.spoil(quota_exceeded(48925))
    error = fails(stage, lambda: stage.source.library(ONLY_LIKED), Throttled)
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.quota) == (48925.0, True)


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        (Html200(), Transient),
        (TruncatedJson(), Transient),
        (EmptyBody(), Transient),
        (ResetBefore(), Transient),
        (WrongJson(None), Transient),
        (JsonFalse(), Transient),
        (Status(204), Transient),
        (Status(304), Transient),
        (Status(500, {}, ""), Transient),
        (Status(502, {"Content-Type": "text/html"}, "<html>Bad gateway</html>"), Transient),
        (Status(503, {"Retry-After": "86400"}, "upstream"), Transient),
        (Status(503, {}, '{"error":"unavailable"}'), Transient),
        (Status(503, {}, "[1]"), Transient),
        (Status(500, {}, '{"error":null}'), Transient),
        (Status(500, {}, "[" * 100_000), Transient),
        (Status(200, {}, "[" * 100_000), Transient),
        (Status(408, {}, ""), Transient),
        (Status(301, {"Location": "http://127.0.0.1:9/"}, ""), Transient),
        (Status(429, {"Retry-After": "5"}, '{"error":"slow down"}'), Throttled),
        (Status(404, {}, '{"error":{"status":404,"message":"Not found."}}'), NotFound),
        (Status(404, {}, "null"), NotFound),
        (Status(403, {}, '{"error":{"status":403,"message":"Forbidden"}}'), Forbidden),
        (Status(403, {}, '{"error":"Forbidden"}'), Forbidden),
        (Status(403, {}, "Forbidden"), Forbidden),
        (Status(403, {"Content-Type": "text/html"}, " <html>Access Denied</html>"), Transient),
        (Status(404, {"Content-Type": "text/html"}, "<!DOCTYPE html><html>Not here</html>"), Transient),
        (Status(400, {}, '{"error":{"status":400,"message":"Invalid limit"}}'), BadAnswer),
        (Status(418, {}, "tea"), BadAnswer),
    ],
)
def test_each_failure_has_its_kind(staged: Callable[..., Stage], effect: Effect, kind: type[JobError]) -> None:
    stage = staged()
    stage.spoil(effect)
    error = fails(stage, lambda: stage.source.library(ONLY_LIKED), kind)
    assert type(error) is kind
    assert not getattr(error, "unsent", False)
    assert stage.asked() == ["/me/tracks"]  # one request: nothing below the gate repeats it


def test_a_refused_connection_is_unsent(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.tokens.access_token()
    stage.sandbox.close()
    error = fails(stage, lambda: stage.source.library(ONLY_LIKED), Transient)
    assert isinstance(error, Transient)
    assert error.unsent


def scripted_source(stage: HttpStage, door: PlainDoor) -> SpotifySource:
    clock, redactor = StillClock(), Redactor()
    tokens = TokenRefresher(
        door, clock, redactor, f"{stage.url}/accounts", "client", None, Secret("AQrefresh"), None, None
    )
    return SpotifySource(door, clock, redactor, tokens, f"{stage.url}/v1/", AccountId("listener"))


def test_a_redirect_takes_no_token_along() -> None:
    with http_stage(lambda request: Response.of({"items": [], "total": 0})) as elsewhere:

        def answer(request: Request) -> Response:
            if request.path == "/api/token":
                return Response.of({"access_token": "BQaccessaccess", "expires_in": 3600})
            return Response(302, b"", {"Location": f"{elsewhere.url}/v1/me/tracks"})

        with http_stage(answer) as stage:
            source = scripted_source(stage, PlainDoor())
            with pytest.raises(Transient, match="redirect"):
                source.library(ONLY_LIKED)
            source.close()
        assert elsewhere.requests == []


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    def answer(request: Request) -> Response:
        if request.path == "/api/token":
            return Response.of({"access_token": "BQaccessaccess", "expires_in": 3600})
        return Response.of({"items": [], "total": 0}, headers={"Set-Cookie": "sp_t=abc; Path=/"})

    with http_stage(answer) as stage:
        source = scripted_source(stage, PlainDoor())
        source.library(ONLY_LIKED)
        source.library(ONLY_LIKED)
        source.close()
    _, first, second = stage.requests
    assert first.headers["authorization"] == "Bearer BQaccessaccess"
    assert first.headers["user-agent"].startswith("musicdiff-job/")
    assert first.query == {"limit": "50", "offset": "0"}
    assert "cookie" not in second.headers


def test_the_doors_time_out_holds_for_every_call() -> None:
    door, late = PlainDoor(), threading.Event()

    def answer(request: Request) -> Response | None:
        if request.path == "/api/token":
            return Response.of({"access_token": "BQaccessaccess", "expires_in": 3600})
        if len(stage.requests) > 2:
            late.wait(3)  # shorter than spotipy's own time-out, longer than the door's
        return Response.of({"items": [], "total": 0})

    with http_stage(answer) as stage:
        source = scripted_source(stage, door)
        source.library(ONLY_LIKED)
        door.timeout = 0.05
        with pytest.raises(Transient, match="in time"):
            source.library(ONLY_LIKED)
        late.set()
        source.close()


def test_nothing_is_logged_that_names_a_url_or_a_token(
    staged: Callable[..., Stage], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stage = staged()
    stage.spoil(Status(500, {}, "boom"))
    with pytest.raises(Transient):
        stage.source.library(ONLY_LIKED)
    stage.source.library(ONLY_LIKED)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("spotipy")] == []
    secrets = (stage.tokens.access_token().reveal(), stage.sandbox.grants.refresh_token)
    assert not [secret for secret in secrets if secret in caplog.text]


def test_spotipy_is_loaded_by_the_first_call_only() -> None:
    program = (
        "import sys, musicdiff_job.spotify.client as c, musicdiff_job.spotify.auth as a\n"
        "from musicdiff_job.core.secret import Redactor, Secret\n"
        "t = a.TokenRefresher(None, None, Redactor(), 'http://x', 'id', None, Secret('AQrefresh'), None, None)\n"
        "s = c.SpotifySource(None, None, Redactor(), t, 'http://x', None)\n"
        "s.credential(); s.close()\n"
        "print([name for name in ('spotipy', 'requests', 'redis') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_it_is_a_source(staged: Callable[..., Stage]) -> None:
    source: Source = staged().source
    assert json.dumps(source.credential())


# What was played last


@pytest.mark.parametrize("cohort", list(Cohort))
def test_the_last_plays_are_one_call(staged: Callable[..., Stage], cohort: Cohort) -> None:
    stage = staged(cohort)
    begin = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for minute in range(60):
        stage.world.play(stage.tracks[minute % 3], begin + timedelta(minutes=minute))
    shown = stage.source.recently_played()
    assert (shown.rows, shown.odd, len(shown.plays)) == (50, 0, 50)
    assert (shown.plays[0].played_at, shown.plays[0].track) == ("2026-11-21T12:59:00.000Z", stage.tracks[2])
    (call,) = [call for call in stage.sandbox.log.all() if call.service == "spotify"]
    assert (call.path, call.query) == ("/me/player/recently-played", {"limit": "50"})
    before = round((begin + timedelta(minutes=12)).timestamp() * 1000)
    assert [play.played_at for play in stage.source.recently_played(before).plays] == [
        "2026-11-21T12:11:00.000Z", "2026-11-21T12:10:00.000Z",
    ]  # fmt: skip
    assert stage.source.recently_played(before - 120_000).plays == ()


def test_the_last_plays_need_a_consent_that_covers_them(staged: Callable[..., Stage]) -> None:
    stage = staged()
    stage.sandbox.misbehave(Fault(EditJson(("scope",), "user-library-read"), service="accounts"))
    error = fails(stage, stage.source.recently_played, AuthError)
    assert "lacks user-read-recently-played" in error.message and "auth spotify" in error.hint
    assert stage.asked() == []
