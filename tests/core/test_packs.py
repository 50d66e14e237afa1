"""The bulk of a large memory beside its document: nothing is lost between the two, and nothing is written twice."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core import packs
from musicdiff_job.core import pieces as module
from musicdiff_job.core.checkpoint import SCHEMA, Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.document import Claim, decode, decode_in_pieces, encode, read_header, with_lease
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.match import Match, Method
from musicdiff_job.core.migrate import Body
from musicdiff_job.core.model import CollectionId, Kind, SourceId, Track
from musicdiff_job.core.packs import Fetched, Label, Pack, completed, labelled
from musicdiff_job.core.pieces import Pieces

KEYS = st.sampled_from([f"k{at}" for at in range(8)])


def record(at: int, target: str = "7") -> MatchRecord:
    return MatchRecord(Track(f"s{at}", f'Title "{at}" }}'), Match(target, Method.ISRC, 1.0))


def mirror(at: int, name: str = "Gym") -> Mirror:
    return Mirror(CollectionId(f"m{at}"), Kind.PLAYLIST, name)


def library(matches: int, mirrors: int = 0) -> Checkpoint:
    return Checkpoint(
        matches={SourceId(f"s{at}"): record(at) for at in range(matches)},
        mirrors={CollectionId(f"m{at}"): mirror(at) for at in range(mirrors)},
    )


class Shelf:
    """Packs that were stored, and documents saved with them."""

    def __init__(self) -> None:
        self.packs: dict[str, bytes] = {}

    def fetch(self, label: Label) -> Fetched:
        return Fetched(f"here{label.suffix}", self.packs.get(label.suffix))

    def saved(self, checkpoint: Checkpoint, pieces: Pieces, *, compress: bool = True) -> bytes:
        """As a store does it."""
        renewed = pieces.renewed(checkpoint, f"seal {len(self.packs)}")
        if renewed is not None:
            pack, content = renewed
            self.packs[pack.label.suffix] = content
            pieces.adopt(pack)
        return encode(
            checkpoint, generation=1, run_id="r", saved_at="t", app_version="1", compress=compress, pieces=pieces
        )[1]  # fmt: skip

    def read(self, content: bytes) -> Checkpoint:
        checkpoint = decode(content, packs=self.fetch)[1]
        assert decode_in_pieces(content, compress=True, packs=self.fetch)[1] == checkpoint
        return checkpoint


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "WHOLE_UP_TO", 400)
    monkeypatch.setattr(packs, "APART_UP_TO", 300)


@given(st.dictionaries(KEYS, st.integers(0, 3)), st.dictionaries(KEYS, st.integers(0, 3)))
def test_what_differs_makes_the_one_table_of_the_other(packed: dict[str, Any], table: dict[str, Any]) -> None:
    pack = Pack(labelled(b"", 0), {"matches": packed})
    differing = pack.differing("matches", table)
    assert completed(packed, differing) == table
    assert all(packed.get(key, "none") != entry for key, entry in differing.items()), "and nothing else"


def test_an_equal_entry_that_is_another_object_differs() -> None:
    one, other = record(1), record(1)
    assert one == other
    assert Pack(labelled(b"", 1), {"matches": {"s1": one}}).differing("matches", {"s1": other}) == {"s1": other}


@pytest.mark.usefixtures("small")
def test_the_document_names_its_pack_and_holds_the_rest() -> None:
    shelf, pieces = Shelf(), Pieces(compress=True)
    before = library(60, 3)
    content = shelf.saved(before, pieces)
    header = read_header(content)
    assert header.pack is not None
    assert (header.pack.matches, list(shelf.packs)) == (60, [header.pack.suffix])
    assert b"Title" not in gzip.decompress(content)
    assert msgspec.json.decode(gzip.decompress(shelf.packs[header.pack.suffix]))["seal"] == "seal 0"
    changed = before.with_matches({SourceId("s1"): record(1, "8"), SourceId("new"): record(-1)})
    changed = msgspec.structs.replace(changed, mirrors={CollectionId("m1"): changed.mirrors[CollectionId("m1")]})
    content = shelf.saved(changed, pieces)
    assert msgspec.json.decode(gzip.decompress(content))["body"] == {
        "matches": msgspec.to_builtins({"s1": record(1, "8"), "new": record(-1)}),
        "mirrors": {"m0": None, "m2": None},
    }
    assert shelf.read(content) == changed
    assert len(shelf.packs) == 1


@pytest.mark.usefixtures("small")
def test_a_plain_document_is_always_whole() -> None:
    shelf, pieces = Shelf(), Pieces(compress=False)
    content = shelf.saved(library(200), pieces, compress=False)
    assert shelf.packs == {}
    assert decode(content)[1] == library(200)


@pytest.mark.usefixtures("small")
def test_a_document_that_was_unpacked_still_has_its_pack() -> None:
    """Whoever changes the name of a checkpoint to one that is not compressed."""
    shelf, pieces = Shelf(), Pieces(compress=True)
    checkpoint = library(60, 3)
    shelf.saved(checkpoint, pieces)
    checkpoint = checkpoint.with_mirror(mirror(9)).with_matches({SourceId("s1"): record(1, "8")})
    checkpoint = msgspec.structs.replace(checkpoint, overrides="of the rest")
    content = shelf.saved(checkpoint, pieces)
    header, plain = with_lease(content, Claim("r", "h", "2026-11-21T12:00:00Z", "1"), compress=False)
    assert header.pack == read_header(content).pack is not None
    assert decode(plain, packs=shelf.fetch)[1] == checkpoint
    assert decode_in_pieces(plain, compress=False, packs=shelf.fetch)[1] == checkpoint
    again = with_lease(plain, None, compress=True)[1]
    assert shelf.read(again) == checkpoint


@pytest.mark.usefixtures("small")
def test_only_what_has_changed_is_worked_on_for_the_next_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = module.SECTIONS["matches"]
    shelf, pieces = Shelf(), Pieces(compress=True)
    before = library(5 * cut)
    shelf.saved(before, pieces)
    packed: list[int] = []

    def pack(text: bytes) -> bytes:
        packed.append(text.count(b'"track"'))
        return gzip.compress(text, compresslevel=1, mtime=0)

    monkeypatch.setattr(module, "packed", pack)
    later = before.with_matches({SourceId(f"s{at}"): record(at, "8") for at in range(cut)})
    shelf.saved(later, pieces)
    assert len(shelf.packs) == 2
    assert sorted(packed) == [0, 0, cut, cut], "to see how much differs, and in the new pack; the rest of each"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "missing: here.pack-"), (b"", "damaged"), (b"\x1f\x8b", "damaged")],
)
def test_without_its_pack_it_is_invalid(content: bytes | None, told: str) -> None:
    shelf = Shelf()
    saved = shelf.saved(library(60), Pieces(compress=True))
    for read in (decode, lambda saved, packs: decode_in_pieces(saved, compress=True, packs=packs)):
        with pytest.raises(CheckpointInvalid, match=told):
            read(saved, packs=lambda label: Fetched(f"here{label.suffix}", content))
    with pytest.raises(CheckpointInvalid, match=r"missing: \.pack-"):
        decode(saved)


@pytest.mark.usefixtures("small")
def test_damage_of_the_document_is_told_before_its_pack_is_looked_for() -> None:
    damaged = bytearray(Shelf().saved(library(60), Pieces(compress=True)))
    damaged[-60] ^= 1
    with pytest.raises(CheckpointInvalid, match="damaged") as refusal:
        decode(bytes(damaged))
    assert ".pack" not in refusal.value.message


def test_no_header_can_name_a_file_elsewhere() -> None:
    pieces = Pieces(compress=True)
    for name in ("../../etc/passwd", "f" * 63, "F" * 64, f"{'f' * 64}\n"):
        pieces.adopt(Pack(Label(name, 1, 1), {"matches": {}, "mirrors": {}}))
        content = encode(
            Checkpoint(), generation=1, run_id="r", saved_at="t", app_version="1", compress=True, pieces=pieces
        )[1]  # fmt: skip
        with pytest.raises(CheckpointInvalid, match="header is damaged"):
            read_header(content)


def test_an_entry_that_is_null_needs_a_pack_that_has_it() -> None:
    pieces = Pieces(compress=True)
    nothing = Checkpoint(matches={SourceId("s1"): None})  # type: ignore[dict-item]
    content = encode(
        nothing, generation=1, run_id="r", saved_at="t", app_version="1", compress=True, pieces=pieces
    )[1]  # fmt: skip
    for read in (decode, lambda content: decode_in_pieces(content, compress=True)):
        with pytest.raises(CheckpointInvalid, match="does not hold what schema"):
            read(content)


@pytest.mark.usefixtures("small")
def test_an_older_document_is_migrated_with_what_its_pack_holds() -> None:
    shelf, pieces = Shelf(), Pieces(compress=True)
    before = library(60)
    shelf.saved(before, pieces)
    changed = before.with_matches({SourceId("new"): record(-1)})
    changed = msgspec.structs.replace(changed, matches={k: v for k, v in changed.matches.items() if k != "s1"})
    content = shelf.saved(changed, pieces)

    def step(body: Body) -> Body:
        return {**body, "overrides": f"{len(body['matches'])} matches"}

    migrated = decode(content, packs=shelf.fetch, schema=SCHEMA + 1, migrations={1: dict, SCHEMA: step})[1]
    assert migrated == msgspec.structs.replace(changed, overrides="60 matches")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("match"), st.integers(0, 40), st.integers(1, 20)),
        st.tuples(st.just("mirror"), st.integers(0, 5), st.integers(0, 3)),
        st.tuples(st.just("forget"), st.integers(0, 40), st.integers(1, 40)),
        st.tuples(st.just("drop"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("read"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(STEPS)
def test_through_any_history_it_is_read_as_it_was(steps: list[tuple[str, int, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SECTIONS", {"matches": 3, "mirrors": 2})
        patch.setattr(packs, "WHOLE_UP_TO", 1500)
        patch.setattr(packs, "APART_UP_TO", 700)
        shelf, checkpoint, pieces = Shelf(), Checkpoint(), Pieces(compress=True)
        content = shelf.saved(checkpoint, pieces)
        for turn, (what, at, value) in enumerate(steps):
            if what == "match":
                new = {SourceId(f"s{one}"): record(one, f"{turn}") for one in range(at, at + value)}
                checkpoint = checkpoint.with_matches(new)
            elif what == "mirror":
                checkpoint = checkpoint.with_mirror(mirror(at, f"Name {value}"))
            elif what == "forget":
                gone = {f"s{one}" for one in range(at, at + value)}
                left = {key: one for key, one in checkpoint.matches.items() if key not in gone}
                checkpoint = msgspec.structs.replace(checkpoint, matches=left)
            elif what == "drop":
                kept = {key: one for key, one in checkpoint.mirrors.items() if key != f"m{at}"}
                checkpoint = msgspec.structs.replace(checkpoint, mirrors=kept)
            else:
                _, checkpoint, pieces = decode_in_pieces(content, compress=True, packs=shelf.fetch)
            content = shelf.saved(checkpoint, pieces)
            assert shelf.read(content) == checkpoint
