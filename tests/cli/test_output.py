"""Where output goes."""

from __future__ import annotations

import io
import json

import pytest
from checkpoint_sample import HOSTILE

from musicdiff_job.cli.output import complain, is_terminal, json_text, say, show_json
from musicdiff_job.report.text import LONGEST


def test_json_is_one_harmless_line_or_indented(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    show_json({"name": HOSTILE}, indent=0)
    out = capsysbinary.readouterr().out
    assert out.count(b"\n") == 1
    assert json.loads(out) == {"name": HOSTILE}
    assert json_text({"a": "東京"}, indent=2) == '{\n  "a": "東京"\n}'


def test_json_of_what_is_no_text_is_json_all_the_same() -> None:
    """As Python hands over arguments and paths that are no UTF-8."""
    assert json.loads(json_text({"path": "/tmp/\udcff\ud83c\udfb5"})) == {"path": "/tmp/\ufffd🎵"}


def test_a_complaint_is_no_longer_than_anybody_reads(capsys: pytest.CaptureFixture[str]) -> None:
    complain("x" * 1_000_000)
    assert len(capsys.readouterr().err) == LONGEST + 1


def test_sentences_and_complaints_are_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    complain(HOSTILE)
    complain()
    captured = capsys.readouterr()
    assert captured.out == captured.err
    assert captured.out.count("\n") == 1
    assert not set(captured.out) & set("\x1b\x07\x9b\u202e\u2066\u200f\r")


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    assert not is_terminal(stream)
    stream.close()
    assert not is_terminal(stream)
