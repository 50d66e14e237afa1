"""The checkpoint as bytes: what is written is read, and nothing that was altered is."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import (
    SCHEMA,
    Account,
    Checkpoint,
    Creating,
    MatchRecord,
    Mirror,
    NotBefore,
    Pair,
    Part,
    Pause,
    Reading,
)
from musicdiff_job.core.conflict import Conflict, ConflictKind
from musicdiff_job.core.document import Claim, decode, decode_in_pieces, encode, read_header, with_lease
from musicdiff_job.core.errors import CheckpointInvalid
from musicdiff_job.core.match import ByIsrc, Evidence, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import LIKED, Entry, Header, Kind, PlaylistId, SkipReason, SourceId, TargetId, Track
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.plan import AddTracks, LikeTrack
from musicdiff_job.core.summary import Summary

SONG = Track("s1", 'Кукушка (Live) "東京" \\ \x01', ("Kino",), "Album", 401_000, "RUA110900001")
MIRROR = Mirror(
    LIKED,
    Kind.LIKED,
    "Liked",
    parts=(
        Part(
            PlaylistId("9"),
            base=(Pair(SourceId("s1"), TargetId("7")), Pair(SourceId("s1"), TargetId("7"))),
            in_flight=(AddTracks(PlaylistId("9"), (TargetId("8"),)), LikeTrack(TargetId("1"))),
            fingerprint="f",
            count=2,
            header=Header("Liked", "all of it", True),
        ),
    ),
    left_out=(Pair(SourceId("s2"), TargetId("3")),),
    reading=Reading("snap", 3, (Entry(SONG, added_at="2020-01-01T00:00:00Z"), Entry(skipped=SkipReason.LOCAL))),
    creating=Creating("Liked", (PlaylistId("4"),)),
)
RICH = Checkpoint(
    accounts={"spotify": Account("me", "fp")},
    mirrors={LIKED: MIRROR},
    matches={
        SourceId("s1"): MatchRecord(SONG, Match("7", Method.ISRC, 0.5), decided_at="2026-01-01T00:00:00Z"),
        SourceId("s2"): MatchRecord(SONG, Unmatched(Reason.AMBIGUOUS), tries=2),
        SourceId("s3"): MatchRecord(SONG, evidence=Evidence((ByIsrc("X"),), (SONG,))),
    },
    ledgers={"spotify": {"2026-11-21T12": 3}},
    not_before={"deezer": NotBefore("2026-11-21T13:00:00Z", "quota")},
    conflicts={"c1": Conflict("c1", LIKED, "Liked", ConflictKind.MASS_REMOVAL, "half is gone", "2026-01-01T00:00:00Z")},
    paused=Pause("2026-11-21T12:00:00Z", "by hand"),
    runs=(Summary("r0", Outcome.CHANGED, "2026-11-21T11:00:00Z", "2026-11-21T11:00:01Z", 1.25),),
    last_success_at="2026-11-21T11:00:01Z",
)
SMALL = Checkpoint(paused=Pause("2026-11-21T12:00:00Z", "by hand"))
COMPRESSED = pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])


def sealed(checkpoint: Checkpoint = SMALL, *, compress: bool = False, claim: Claim | None = None) -> bytes:
    return encode(
        checkpoint,
        generation=7,
        run_id="run-1",
        saved_at="2026-11-21T12:00:00Z",
        app_version="0.1.0",
        lease=claim,
        compress=compress,
    )[1]


def resealed(body: Any, **fields: Any) -> bytes:
    """A document with any header and body and a checksum that agrees, as another version might write it."""
    header = {"format": document.FORMAT, "schema": SCHEMA, "generation": 1, "run_id": "r", "saved_at": "t"}
    header |= {"app_version": "9.9.9", "sha256": ""} | fields
    raw = json.dumps(body).encode()
    signed = json.dumps(header, separators=(",", ":")).encode()
    digest = hashlib.sha256(signed + raw if header["schema"] == 1 else raw + signed).hexdigest()
    return json.dumps({**header, "sha256": digest})[:-1].encode() + b', "body": ' + raw + b"}"


def members(content: bytes) -> list[int]:
    """The sizes of the gzip members in a row."""
    sizes = []
    while content:
        stream = zlib.decompressobj(wbits=31)
        stream.decompress(content)
        sizes.append(len(content) - len(stream.unused_data))
        content = stream.unused_data
    return sizes


def reason(content: bytes) -> str:
    with pytest.raises(CheckpointInvalid) as refusal:
        decode(content)
    return str(refusal.value)


@COMPRESSED
@pytest.mark.parametrize("checkpoint", [Checkpoint(), SMALL, RICH], ids=["empty", "small", "rich"])
def test_what_is_written_is_read(checkpoint: Checkpoint, compress: bool) -> None:
    header, content = encode(
        checkpoint, generation=7, run_id="run-1", saved_at="now", app_version="0.1.0", compress=compress
    )
    assert decode(content) == (header, checkpoint)
    assert read_header(content) == header
    assert (header.format, header.schema, header.generation) == ("musicdiff-checkpoint", SCHEMA, 7)
    assert (header.run_id, header.saved_at, header.app_version, header.lease) == ("run-1", "now", "0.1.0", None)


@COMPRESSED
def test_equal_checkpoints_are_equal_bytes(compress: bool) -> None:
    content = sealed(RICH, compress=compress)
    assert content == sealed(RICH, compress=compress)
    assert not compress or content[4:8] == bytes(4), "gzip's time stamp"


def test_a_claim_travels_in_the_header() -> None:
    claim = Claim("run-2", "host", "2026-11-21T12:10:00Z", "1f2e")
    assert decode(sealed(claim=claim))[0].lease == claim
    assert b"lease" not in sealed()


@COMPRESSED
@pytest.mark.parametrize("checkpoint", [Checkpoint(), SMALL, RICH], ids=["empty", "small", "rich"])
def test_a_lease_changes_nothing_but_itself(checkpoint: Checkpoint, compress: bool) -> None:
    before = sealed(checkpoint, compress=compress)
    claim = Claim("run-2", "host", "2026-11-21T12:10:00Z", "1f2e")
    header, content = with_lease(before, claim, compress=compress)
    assert decode(content) == (header, checkpoint)
    assert header.lease == claim
    assert msgspec.structs.replace(header, lease=None, sha256="") == msgspec.structs.replace(
        read_header(before), sha256=""
    )
    assert content == sealed(checkpoint, claim=claim, compress=compress)
    assert with_lease(content, None, compress=compress)[1] == before


def test_a_lease_leaves_a_body_of_an_older_schema_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"halted": "  2026 ", "more": [1, 2.50]}
    before = resealed(body)
    monkeypatch.setattr(document, "SCHEMA", SCHEMA + 1)
    header, content = with_lease(before, Claim("run-2", "host", "t", "1f2e"), compress=False)
    assert header.schema == SCHEMA
    assert json.dumps(body).encode() in content
    assert decode(content, schema=SCHEMA + 1, migrations={SCHEMA: lambda body: {}})[1] == Checkpoint()


def test_no_lease_is_put_on_what_is_damaged() -> None:
    with pytest.raises(CheckpointInvalid, match="checksum"):
        with_lease(sealed().replace(b"by hand", b"by HAND"), None, compress=False)


def test_the_document_is_ordinary_json_with_the_header_first() -> None:
    for content in (sealed(RICH), gzip.decompress(sealed(RICH, compress=True))):
        fields = json.loads(content)
        assert list(fields) == [
            "format", "schema", "generation", "run_id", "saved_at", "app_version", "sha256", "body",
        ]  # fmt: skip
        assert msgspec.convert(fields["body"], Checkpoint) == RICH


def test_only_a_small_uncompressed_document_is_indented() -> None:
    large = Checkpoint(overrides="x" * document.INDENTED_UP_TO)
    assert sealed(SMALL).splitlines()[1:3] == [b'  "format": "musicdiff-checkpoint",', b'  "schema": 2,']
    assert b'\n    "paused": {\n      "since": ' in sealed(SMALL)
    assert sealed(large).count(b"\n") == 1
    assert gzip.decompress(sealed(SMALL, compress=True)).count(b"\n") == 1
    assert decode(sealed(large))[1] == large


@COMPRESSED
def test_the_beginning_is_enough_for_the_header(compress: bool) -> None:
    noise = Checkpoint(overrides=hashlib.shake_256(b"seed").hexdigest(40_000))
    content = sealed(noise, compress=compress)
    assert len(content) > 2 * document.HEADER_ROOM
    assert read_header(content[: document.HEADER_ROOM]) == decode(content)[0]


@COMPRESSED
def test_every_flipped_bit_is_noticed_or_changes_nothing(compress: bool) -> None:
    content = sealed(compress=compress)
    whole = decode(content)
    unnoticed = set()
    for position in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[position] ^= 1 << bit
            try:
                assert decode(bytes(flipped)) == whole, (position, bit)
                unnoticed.add(position)
            except CheckpointInvalid:
                pass
    # A gzip member's own header says when and on what system it was packed, and the last byte before its eight-byte
    # trailer is padded with bits that mean nothing.
    begin, meaningless = 0, set()
    for size in members(content) if compress else ():
        meaningless |= {*range(begin + 3, begin + 10), begin + size - 9}
        begin += size
    assert unnoticed <= meaningless


@COMPRESSED
def test_every_truncation_is_noticed(compress: bool) -> None:
    content = sealed(compress=compress)
    essential = len(content) if compress else len(content.rstrip())
    for length in range(essential):
        with pytest.raises(CheckpointInvalid):
            decode(content[:length])


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b", b"{", sealed()[:80], sealed(compress=True)[:40]]))
def test_no_bytes_whatsoever_raise_anything_else(noise: bytes, beginning: bytes) -> None:
    with pytest.raises(CheckpointInvalid):
        decode(beginning + noise)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the checkpoint is empty"),
        (b"\n", "no header"),
        (b"%PDF-1.7", "another kind of file"),
        (b'{"tracks": []}', "no header"),
        (sealed()[:-3], "cut short or damaged"),
        (sealed() + b"{}", "cut short or damaged"),
        (sealed(compress=True)[:-3], "cut short: its compressed data do not end"),
        (sealed(compress=True) + b"tail", "followed by 4 bytes"),
        (sealed(compress=True)[:20] + b"\xff\xff" + sealed(compress=True)[22:], "compression is damaged"),
        (gzip.compress(b"hello", mtime=0), "no header"),
        (sealed().replace(b"by hand", b"by HAND"), "checksum does not agree"),
        (sealed().replace(b'"run-1"', b'"run-2"'), "checksum does not agree"),
        (sealed().replace(b'"generation": 7', b'"generation": 8'), "checksum does not agree"),
        (sealed().replace(b'"generation": 7', b'"generation": "7"'), "header is damaged (Expected `int`, got `str`"),
        (sealed().replace(b'"run_id"', b'"ruin_id"'), "header is damaged"),
        (sealed().replace(b'"schema"', b'"shards": 3, "schema"'), "header is damaged (Object contains unknown field"),
        (sealed().replace(b"musicdiff-checkpoint", b"musicdiff-plan"), "format is 'musicdiff-plan'"),
        (resealed({"paused": 1}), "does not hold what schema 2 holds (Expected `object | null`, got `int`"),
        (resealed([]), "does not hold what schema 2 holds"),
        (resealed({}, schema=0), "schema is 0; this version knows 1 to 2"),
    ],
)
def test_the_message_says_what_is_wrong(content: bytes, told: str) -> None:
    assert told in reason(content)


@COMPRESSED
def test_a_newer_schema_says_which_version_to_install(compress: bool) -> None:
    # Its header may have fields and its body a shape that we have never heard of.
    content = resealed(["new"], schema=SCHEMA + 1, shards=3)
    told = reason(gzip.compress(content, mtime=0) if compress else content)
    assert f"schema {SCHEMA + 1}, written by musicdiff_job 9.9.9" in told
    assert "upgrade musicdiff_job to 9.9.9 or later" in told


NESTED = b"[" * 100_000


@pytest.mark.parametrize(
    "content",
    [
        NESTED,
        sealed()[: sealed().index(b'"body": ') + 8] + NESTED,
        sealed()[: sealed().index(b'"body": ') + 8] + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        b'{"lease":' * 100_000 + b'"body": {}',
        resealed({}).replace(b'"body": {}', b'"body": ' + NESTED),
    ],
    ids=["nothing else", "body", "objects", "header", "a proper header"],
)
def test_nesting_without_end_is_damage(content: bytes) -> None:
    for packed in (content, gzip.compress(content, mtime=0)):
        assert reason(packed).startswith("the checkpoint")


def test_nesting_in_what_an_older_schema_held_is_damage() -> None:
    inner: Any = []
    for _ in range(900):
        inner = [inner]
    content = resealed({"runs": inner}, schema=1)
    with pytest.raises(CheckpointInvalid, match="schema 1 holds"):
        decode(content, schema=2, migrations={1: dict})


def trap(megabytes: int) -> bytes:
    """A gzip of a document that goes on and on."""
    packer = zlib.compressobj(wbits=31)
    before, name, _ = sealed().partition(b'"body": ')
    pieces = [packer.compress(before + name + b'{"overrides": "')]
    pieces += [packer.compress(b"x" * (1 << 20)) for _ in range(megabytes)]
    return b"".join([*pieces, packer.compress(b'"}}'), packer.flush()])


def test_what_unpacks_without_end_is_refused_before_it_fills_the_memory() -> None:
    most = document.UNPACKED_AT_MOST
    told = reason(trap(1 + most // (1 << 20)))
    assert f"bytes unpack to more than {most}: it is none of ours" in told
    assert "checksum" in reason(trap(1)), "what is read whole is judged by its checksum"


def test_a_large_checkpoint_may_unpack_to_more_than_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "UNPACKED_AT_MOST", 1000)
    large = Checkpoint(overrides=hashlib.shake_256(b"seed").hexdigest(5_000) + "x" * 100_000)
    content = sealed(large, compress=True)
    assert decode(content)[1] == large
    monkeypatch.setattr(document, "UNPACKED_TIMES", 2)
    assert f"unpack to more than {2 * len(content)}" in reason(content)


def test_an_older_schema_is_migrated_after_its_checksum_was_checked() -> None:
    def halt(body: dict[str, Any]) -> dict[str, Any]:
        return {"paused": {"since": body["halted"], "reason": "migrated"}}

    content = resealed({"halted": "2026-01-01T00:00:00Z"}, schema=1)
    header, checkpoint = decode(content, schema=2, migrations={1: halt})
    assert header.schema == 1
    assert checkpoint == Checkpoint(paused=Pause("2026-01-01T00:00:00Z", "migrated"))
    with pytest.raises(CheckpointInvalid, match="checksum"):
        decode(content.replace(b"halted", b"holted"), schema=2, migrations={1: halt})
    with pytest.raises(CheckpointInvalid, match="schema 1 holds"):
        decode(resealed([], schema=1), schema=2, migrations={1: halt})


def test_a_rich_checkpoint_survives_a_migration_unchanged() -> None:
    content = resealed(json.loads(msgspec.json.encode(RICH)), schema=1)
    assert decode(content, schema=2, migrations={1: dict})[1] == RICH


@pytest.mark.parametrize("name", ["checkpoint.json", "checkpoint.json.gz"])
def test_what_schema_1_wrote_is_read(name: str) -> None:
    """The files are as the last version of schema 1 wrote them."""
    content = Path(__file__).with_name("schema_1").joinpath(name).read_bytes()
    packed = name.endswith(".gz")
    text = gzip.decompress(content) if packed else content
    header, checkpoint = decode(content)
    assert header.schema == 1
    assert checkpoint == msgspec.convert(json.loads(text)["body"], Checkpoint)
    assert checkpoint.matches
    assert decode_in_pieces(content, compress=True)[:2] == (header, checkpoint)
    claim = Claim("run-2", "host", "2026-11-21T12:10:00Z", "1f2e")
    assert decode(with_lease(content, claim, compress=packed)[1])[1] == checkpoint
    assert "checksum" in reason(text.replace(b"Gym", b"gym"))
