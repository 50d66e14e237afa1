"""Saved in pieces, a checkpoint is the same bytes as saved anew, and what did not change is not worked on again."""

from __future__ import annotations

import gzip

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core import document
from musicdiff_job.core import pieces as module
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror, Pause
from musicdiff_job.core.document import decode, decode_in_pieces, encode, with_lease
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.match import Match, Method
from musicdiff_job.core.model import CollectionId, Kind, SourceId, Track
from musicdiff_job.core.pieces import Pieces

CUT = module.SECTIONS["matches"]


def record(at: int, target: str = "7") -> MatchRecord:
    return MatchRecord(Track(f"s{at}", f'Title "{at}" }}'), Match(target, Method.ISRC, 1.0))


def mirror(at: int, name: str = "Gym") -> Mirror:
    return Mirror(CollectionId(f"m{at}"), Kind.PLAYLIST, name)


def library(matches: int, mirrors: int = 0) -> Checkpoint:
    return Checkpoint(
        matches={SourceId(f"s{at}"): record(at) for at in range(matches)},
        mirrors={CollectionId(f"m{at}"): mirror(at) for at in range(mirrors)},
    )


def saved(checkpoint: Checkpoint, pieces: Pieces | None = None) -> bytes:
    return encode(
        checkpoint, generation=1, run_id="r", saved_at="t", app_version="1", compress=True, pieces=pieces
    )[1]  # fmt: skip


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is compressed from now on."""
    seen: list[bytes] = []

    def pack(text: bytes) -> bytes:
        seen.append(text)
        return gzip.compress(text, compresslevel=1, mtime=0)

    monkeypatch.setattr(module, "packed", pack)
    return seen


SIZES = pytest.mark.parametrize("matches", [0, 1, CUT - 1, CUT, CUT + 1, 2 * CUT + 3])


@SIZES
@pytest.mark.parametrize("mirrors", [0, 1, 16, 17])
@pytest.mark.parametrize("paused", [None, Pause("2026-01-01T00:00:00Z", "by hand")])
def test_cut_anywhere_it_is_read_as_it_was(matches: int, mirrors: int, paused: Pause | None) -> None:
    checkpoint = msgspec.structs.replace(library(matches, mirrors), paused=paused)
    content = saved(checkpoint)
    assert decode(content)[1] == checkpoint
    _, read, pieces = decode_in_pieces(content, compress=True)
    assert read == checkpoint
    assert saved(read, pieces) == content
    assert gzip.decompress(content).endswith(msgspec.json.encode(checkpoint)[-1:] + b"}\n")


def test_after_reading_only_what_changed_is_packed(packed: list[bytes]) -> None:
    _, checkpoint, pieces = decode_in_pieces(saved(library(3 * CUT, 40)), compress=True)
    packed.clear()
    saved(checkpoint, pieces)
    assert len(packed) == 1, "the rest"
    packed.clear()
    saved(checkpoint.with_mirror(mirror(20, "Jazz")), pieces)
    assert len(packed) == 2
    assert packed[0].count(b'"name"') == module.SECTIONS["mirrors"]
    packed.clear()
    saved(checkpoint.with_matches({SourceId("new"): record(-1)}), pieces)
    assert [text.count(b'"track"') for text in packed if b'"track"' in text] == [1]


def test_an_equal_entry_that_is_another_object_is_written_again() -> None:
    """Identity may cost work, and never a change."""
    pieces = Pieces(compress=True)
    before = library(3, 2)
    saved(before, pieces)
    changed = before.with_matches({SourceId("s1"): record(1, "8")})
    assert decode(saved(changed, pieces))[1] == changed
    assert saved(before, pieces) == saved(library(3, 2))


def test_the_same_entries_under_other_names_are_written_again() -> None:
    pieces = Pieces(compress=True)
    first, second = record(1), record(2)
    saved(Checkpoint(matches={SourceId("a"): first, SourceId("b"): second}), pieces)
    renamed = Checkpoint(matches={SourceId("a"): first, SourceId("c"): second})
    assert decode(saved(renamed, pieces))[1] == renamed


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("match"), st.integers(0, 9), st.sampled_from(["7", "8"])),
        st.tuples(st.just("mirror"), st.integers(0, 5), st.sampled_from(["Gym", "深夜 \"}"])),
        st.tuples(st.just("forget"), st.integers(0, 9), st.just("")),
        st.tuples(st.just("drop"), st.integers(0, 5), st.just("")),
        st.tuples(st.just("pause"), st.integers(0, 1), st.just("")),
        st.tuples(st.just("read"), st.just(0), st.just("")),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=150)
@given(STEPS)
def test_through_any_history_it_is_what_saving_anew_gives(steps: list[tuple[str, int, str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SECTIONS", {"matches": 3, "mirrors": 2})
        checkpoint, pieces = Checkpoint(), Pieces(compress=True)
        for what, at, value in steps:
            if what == "match":
                checkpoint = checkpoint.with_matches({SourceId(f"s{at}"): record(at, value)})
            elif what == "mirror":
                checkpoint = checkpoint.with_mirror(mirror(at, value))
            elif what == "forget":
                left = {key: one for key, one in checkpoint.matches.items() if key != f"s{at}"}
                checkpoint = msgspec.structs.replace(checkpoint, matches=left)
            elif what == "drop":
                kept = {key: one for key, one in checkpoint.mirrors.items() if key != f"m{at}"}
                checkpoint = msgspec.structs.replace(checkpoint, mirrors=kept)
            elif what == "pause":
                pause = Pause("2026-01-01T00:00:00Z", "by hand") if at else None
                checkpoint = msgspec.structs.replace(checkpoint, paused=pause)
            else:
                _, checkpoint, pieces = decode_in_pieces(saved(checkpoint, pieces), compress=True)
            content = saved(checkpoint, pieces)
            assert content == saved(checkpoint)
            assert decode(content)[1] == checkpoint


def test_a_body_that_was_packed_in_one_piece_is_read_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large plain document under a compressed name, as the claim of a lease packs it."""
    monkeypatch.setattr(document, "INDENTED_UP_TO", 0)
    checkpoint = msgspec.structs.replace(library(3, 2), paused=Pause("2026-01-01T00:00:00Z", "by hand"))
    plain = encode(checkpoint, generation=1, run_id="r", saved_at="t", app_version="1", compress=False)[1]
    content = with_lease(plain, None, compress=True)[1]
    _, read, pieces = decode_in_pieces(content, compress=True)
    assert read == checkpoint
    assert saved(read, pieces) == saved(checkpoint)


def test_a_piece_that_is_left_out_or_exchanged_is_noticed() -> None:
    content = saved(library(2 * CUT + 3))
    sizes = []
    rest = content
    while rest:
        following = rest.find(b"\x1f\x8b\x08\x00", 4)
        sizes.append(following if following > 0 else len(rest))
        rest = rest[sizes[-1] :]
    row = []
    at = 0
    for size in sizes:
        row.append(content[at : at + size])
        at += size
    assert b"".join(row) == content
    assert len(row) == 7
    for wrong in (row[:2] + row[3:], [row[0], row[2], row[1], *row[3:]], row[:-1], [*row, row[-1]]):
        for read in (decode, lambda content: decode_in_pieces(content, compress=True)):
            with pytest.raises(CheckpointInvalid):
                read(b"".join(wrong))
