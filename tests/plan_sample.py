"""Plans as files hold them, and files that somebody has tampered with."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
from checkpoint_sample import DAFT, DAFT_TRACK, GYM, LOST, LOST_TRACK
from hypothesis import strategies as st

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.match import Match, Method, Reason, Unmatched
from musicdiff_job.core.model import LIKED, PlaylistId, TargetHead, TargetId
from musicdiff_job.core.plan import AddTracks, CreatePlaylist, LikeTrack, RemoveTracks, ReorderTracks, UpdatePlaylist
from musicdiff_job.core.plan_file import FORMAT, SCHEMA, CollectionPlan, MirrorPlan, SyncPlan, UndoPlan

OLD, NEW = PlaylistId("7000000003"), PlaylistId("new-1")
ONE, TWO = TargetId("3135556"), TargetId("-42")
WHEN = "2026-11-21T12:00:00Z"
HEADING: dict[str, Any] = {
    "format": FORMAT, "schema": SCHEMA, "app_version": "0.1.0", "created_at": WHEN, "profile": "default",
    "accounts": {"spotify": "ada", "deezer": "1234"}, "after": "run-7",
}  # fmt: skip


def sync_plan() -> SyncPlan:
    gym = MirrorPlan(
        id=GYM,
        name="Gym",
        changes=(
            UpdatePlaylist(OLD, title="Gym (1/2)"), AddTracks(OLD, (ONE,)), RemoveTracks(OLD, (TWO,)),
            ReorderTracks(OLD, (ONE, TargetId("5"))), CreatePlaylist("Gym (2/2)", "words"), AddTracks(NEW, (TWO,)),
        ),
        names={ONE: "Daft Punk - Harder", TWO: "東京"},
        shown={OLD: TargetHead(OLD, "Gym", 2, "sum", 1_700_000_000, False)},
        created=(NEW,),
        memory="0123456789abcdef",
        snapshot="AAAA==",
        description="words",
        public=None,
        rule="0123456789ab",
        namesakes={"Gym (2/2)": ()},
        counterparts={DAFT: ONE, LOST: None},
    )  # fmt: skip
    liked = MirrorPlan(
        id=LIKED, name="Liked Songs", changes=(LikeTrack(ONE),), names={}, created=(), memory="", snapshot=None,
        shown={PlaylistId("favourites"): None}, description="", public=False, rule="", namesakes={},
        counterparts={DAFT: ONE},
    )  # fmt: skip
    records = {
        DAFT: MatchRecord(DAFT_TRACK, Match(ONE, Method.ISRC, 0.98, "999", 0.5), decided_at=WHEN, matcher=1),
        LOST: MatchRecord(LOST_TRACK, Unmatched(Reason.NOT_FOUND), decided_at=WHEN, tries=1, retry_at=WHEN),
    }
    return SyncPlan(**HEADING, records=records, collections=(gym, liked))


def undo_plan() -> UndoPlan:
    gym = CollectionPlan(
        id=GYM, name="Gym", changes=(AddTracks(OLD, (ONE,)), ReorderTracks(OLD, (ONE, TWO))), names={ONE: "Harder"},
        shown={OLD: TargetHead(OLD, "Gym", 1)}, created=(), memory="x",
    )  # fmt: skip
    return UndoPlan(**HEADING, run="run-6", collections=(gym,))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2**63, 1.5, "", "x", "1", "new-1", "../1", "1,2", "file", "command", "favourites",
    "2026-11-21T12:00:00", "9999-99-99", [], {}, [None], {"x": 1},
)  # fmt: skip


def odd() -> st.SearchStrategy[Any]:
    """Values that are wrong in most places, fresh ones."""
    return st.sampled_from(ODD).map(copy.deepcopy) | JSON


@st.composite
def tampered(draw: st.DrawFn, document: bytes) -> bytes:
    """The file after somebody has replaced, removed, added or exchanged some of its values."""
    value = json.loads(document)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "replace", "remove", "add", "exchange"])):
            case "replace":
                holder[key] = draw(odd())
            case "remove":
                del holder[key]
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["x", "id", "7", "new-2", "type"]))] = draw(odd())
            case "add":
                holder.insert(key, draw(odd()))
            case _:
                other, place = draw(st.sampled_from(places))
                if _is_in(place, other) and _is_in(key, holder):
                    holder[key] = copy.deepcopy(other[place])
    return msgspec.json.encode(value)


def _is_in(key: Any, holder: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def _places(value: Any) -> Any:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from _places(value[key])
