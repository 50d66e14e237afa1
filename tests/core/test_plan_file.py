"""A plan is read back as it was written, and nothing else is taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from checkpoint_sample import DAFT, LOST
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_sample import JSON, ONE, sync_plan, tampered, undo_plan

from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.plan_file import SyncPlan, UndoPlan, identity, parse

MANY = settings(max_examples=100, deadline=None)
SYNC, UNDO = msgspec.json.encode(sync_plan()), msgspec.json.encode(undo_plan())


@pytest.mark.parametrize("plan", [sync_plan(), undo_plan()], ids=["sync", "undo"])
def test_a_plan_reads_back(plan: SyncPlan | UndoPlan) -> None:
    content = msgspec.json.encode(plan)
    assert parse(content) == plan
    assert parse(msgspec.json.format(content, indent=2)) == plan
    assert identity(parse(content)) == identity(plan)


def test_another_plan_has_another_name() -> None:
    other = msgspec.structs.replace(undo_plan(), run="run-5")
    assert len({identity(sync_plan()), identity(undo_plan()), identity(other)}) == 3


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"{}", b"{", b"\xff", SYNC[:-1], SYNC + b"x", b"[" * 100_000, b'{"format": "\xed\xa0\x80"}'],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_json_object_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match="not a plan"):
        parse(content)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(UsageError):
        parse(SYNC[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def test_another_schema_is_named() -> None:
    with pytest.raises(UsageError, match=r"schema 2, written by musicdiff_job '0\.1\.0'; this version knows schema 1"):
        parse(SYNC.replace(b'"schema":1', b'"schema":2'))


def gym(value: Any) -> Any:
    return value["collections"][0]


FORGERIES: dict[str, Callable[[Any], object]] = {
    "an unknown field": lambda value: value.update(x=1),
    "an unknown field within a record": lambda value: value["records"][DAFT]["track"].update(x=1),
    "a default that is never written": lambda value: value["records"][DAFT].update(tries=0),
    "no kind": lambda value: value.pop("kind"),
    "another kind": lambda value: value.update(kind="undo"),
    "no date": lambda value: value.update(created_at="yesterday"),
    "a date without zone": lambda value: value.update(created_at="2026-11-21T12:00:00"),
    "a collection twice": lambda value: value["collections"].append(gym(value)),
    "a playlist that is a path": lambda value: gym(value)["shown"].update({"../1": None}),
    "a new playlist with another name": lambda value: gym(value)["created"].__setitem__(0, "old-1"),
    "a new playlist that is not created": lambda value: gym(value)["created"].append("new-2"),
    "a creation without a name": lambda value: gym(value)["created"].clear(),
    "a change to another playlist": lambda value: gym(value)["changes"][1].update(playlist="1"),
    "an update of another playlist": lambda value: gym(value)["changes"][0].update(playlist="1"),
    "two tracks for one": lambda value: gym(value)["changes"][1].update(tracks=["1,2"]),
    "a track that is a path": lambda value: value["collections"][1]["changes"][0].update(track="../1"),
    "a counterpart that is a path": lambda value: gym(value)["counterparts"].update({DAFT: "../1"}),
    "two counterparts": lambda value: gym(value)["counterparts"].update({DAFT: "1"}),
    "a record of another counterpart": lambda value: value["records"][DAFT]["decision"].update(target="1"),
    "a record of a stranger": lambda value: value["records"].update(x=value["records"][DAFT]),
    "a record without a decision": lambda value: value["records"][LOST].update(decision=None),
    "a person's word": lambda value: value["records"][LOST].update(override="command"),
    "fewer tries than none": lambda value: value["records"][LOST].update(tries=-1),
    "a record without a date": lambda value: value["records"][LOST].update(decided_at=""),
    "a try at no date": lambda value: value["records"][LOST].update(retry_at="soon"),
    "evidence": lambda value: value["records"][LOST].update(evidence={"asked": [{"type": "isrc", "isrc": "x"}]}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_was_never_written_is_refused(name: str) -> None:
    value = json.loads(SYNC)
    FORGERIES[name](value)
    with pytest.raises(UsageError, match="not a plan"):
        parse(json.dumps(value).encode())


def test_a_message_does_not_grow_with_the_file() -> None:
    value = json.loads(SYNC)
    gym(value)["name"] = "x" * 100_000
    gym(value)["created"].clear()
    with pytest.raises(UsageError) as raised:
        parse(json.dumps(value).encode())
    assert len(str(raised.value)) < 400


def harmless(content: bytes) -> None:
    """Read as a plan or refused with a sentence; and a plan reads back."""
    try:
        plan = parse(content)
    except UsageError as error:
        assert error.message
        assert error.hint
    else:
        assert parse(msgspec.json.encode(plan)) == plan


@MANY
@given(st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_anything_at_all_is_read_or_refused(content: bytes) -> None:
    harmless(content)


@MANY
@given(tampered(SYNC) | tampered(UNDO))
def test_a_plan_that_was_tampered_with_is_read_or_refused(content: bytes) -> None:
    harmless(content)


@MANY
@given(st.sampled_from([SYNC, UNDO]), st.integers(0, 4000), st.binary(min_size=1, max_size=3))
def test_a_plan_with_spoilt_bytes_is_read_or_refused(document: bytes, at: int, spoilt: bytes) -> None:
    place = at % len(document)
    harmless(document[:place] + spoilt + document[place + len(spoilt) :])


def test_tampering_can_go_unnoticed_only_where_it_is_still_a_plan() -> None:
    value = json.loads(SYNC)
    gym(value)["changes"][1]["tracks"] = [ONE, "99"]
    assert parse(json.dumps(value).encode()) != sync_plan()
