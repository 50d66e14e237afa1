"""The tracks that have a counterpart: as lines, as text, as CSV."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest
from checkpoint_sample import DAFT, DAFT_TRACK, HOSTILE, NOW, sample

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.match import MATCHER_VERSION, Match, Method
from musicdiff_job.core.model import SourceId, Track
from musicdiff_job.report.matches import COLUMNS, match_csv, match_lines, match_text
from musicdiff_job.report.text import text_of

RULES = Rules()
NAMES = [("b", "y", 0.9), ("A", "z", 0.86), ("a", "x", 1.0)]


def known(track: Track, score: float = 0.86, **fields: object) -> MatchRecord:
    found = Match("5", Method.SEARCH, score, "6", score - 0.01, taken=msgspec.structs.replace(track, id="5", isrc=None))
    return MatchRecord(**{"track": track, "decision": found, "matcher": MATCHER_VERSION, **fields})  # type: ignore[arg-type]


def three() -> Checkpoint:
    tracks = {
        SourceId(f"{at}"): MatchRecord(
            msgspec.structs.replace(DAFT_TRACK, id=f"{at}", title=title, artists=(artist,)),
            Match("5", Method.ISRC, score),
            matcher=MATCHER_VERSION,
        )
        for at, (artist, title, score) in enumerate(NAMES)
    }
    return Checkpoint(matches=tracks)


def rows(checkpoint: Checkpoint) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(match_csv(match_lines(checkpoint, RULES)))))


def test_matches_alone_by_artist_and_title() -> None:
    assert [line.id for line in match_lines(three(), RULES)] == ["2", "1", "0"]
    (line,) = match_lines(sample(), RULES)
    assert (line.id, line.deezer_id, line.method, line.score) == (DAFT, "3135556", "isrc", 0.98)
    assert (line.runner_up, line.runner_up_score, line.runner_up_link) == (
        "999",
        0.88,
        "https://www.deezer.com/track/999",
    )
    assert (line.by_you, line.doubts) == (False, ())


def test_doubtful_ones_alone_the_worst_first() -> None:
    more = {SourceId("3"): known(DAFT_TRACK), SourceId("4"): known(DAFT_TRACK, override="file")}
    checkpoint = three().with_matches(more)
    lines = match_lines(checkpoint, RULES, doubtful=True)
    assert [line.id for line in lines] == ["3", "1"]
    assert [len(line.doubts) for line in lines] == [2, 1]


def test_the_text() -> None:
    told = [text_of(line) for line in match_text(match_lines(sample(), RULES), NOW)]
    assert told == [
        "Daft Punk - Harder, Better, Faster, Stronger",
        f"  https://open.spotify.com/track/{DAFT}",
        "  0.98  same ISRC, and title, version, artists and length agree, 2026-11-20 03:00 UTC (33 h ago)",
        "        https://www.deezer.com/track/3135556",
        "  0.88  the next best other recording",
        "        https://www.deezer.com/track/999",
    ]
    one = Checkpoint(matches={DAFT: known(DAFT_TRACK)})
    told = [text_of(line) for line in match_text(match_lines(one, RULES), NOW)]
    assert "  ? its score 0.86 is close to the threshold 0.85" in told[1:3]
    assert "        Daft Punk - Harder, Better, Faster, Stronger (Discovery, 3:44)" in told
    assert match_text((), NOW) == ("No track has a counterpart yet.",)
    assert match_text((), NOW, doubtful=True) == ("No match is doubtful.",)


def test_the_csv_holds_every_match() -> None:
    (row,) = rows(sample())
    assert tuple(row) == COLUMNS
    assert row == {
        "spotify_id": DAFT, "title": "Harder, Better, Faster, Stronger", "artists": "Daft Punk", "album": "Discovery",
        "isrc": "GBDUW0000059", "deezer_id": "3135556", "deezer_link": "https://www.deezer.com/track/3135556",
        "method": "isrc", "score": "0.980", "runner_up": "999", "runner_up_score": "0.880",
        "decided_at": "2026-11-20T03:00:00Z", "doubts": "",
    }  # fmt: skip
    assert rows(Checkpoint(matches={DAFT: known(DAFT_TRACK)}))[0]["doubts"].startswith("its score 0.86 is close to")
    assert match_csv(()).count("\n") == 1


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", " =", "\u3000=", "＝", "\n=", "\x1b="])
def test_no_cell_is_a_formula(begin: str) -> None:
    name = f"{begin}HYPERLINK(1)"
    track = Track("s", name, (name, "b"), name)
    (row,) = rows(Checkpoint(matches={SourceId("s"): known(track)}))
    for cell in (row["title"], row["artists"], row["album"]):
        assert cell[0] not in "=+-@\t\r＝" and cell.strip()[0] not in "=+-@＝"
        assert cell.endswith(("HYPERLINK(1)", "; b"))


def test_a_cell_is_text_on_one_line_with_its_quotes_and_semicolons() -> None:
    titles = ['He said "no"; =1+1, yes', "a\r\nb", HOSTILE, "::add-mask::x", "", "東京 🎵"]
    tracks = {SourceId(f"{at}"): known(Track(f"{at}", title, ("z",))) for at, title in enumerate(titles)}
    text = match_csv(match_lines(Checkpoint(matches=tracks), RULES))
    assert len(text.splitlines()) == len(titles) + 1
    assert not set(text) & set("\x1b\x07\x9b\u202e\u2066\u200f\r")
    found = {row["spotify_id"]: row["title"] for row in csv.DictReader(io.StringIO(text))}
    assert [found[at] for at in "0145"] == ['He said "no"; =1+1, yes', "a  b", "", "東京 🎵"]
    assert "::add-mask::" not in text
    for line in text.splitlines():
        assert line.startswith('"') and line.endswith('"'), "a bare semicolon would part cells elsewhere"
