"""No parser meets an input that it cannot refuse: the quick form of ``torture_inputs``."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
import torture_inputs
from bad_inputs import LEAVES, text_like
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torture_inputs import PARSERS, SCALE, STATUSES, Parser, spoilt, torture

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of regular expressions that look like nested sets

EVERY = pytest.mark.parametrize("parser", PARSERS, ids=[parser.name for parser in PARSERS])


@EVERY
def test_what_was_valid_once_is_read_or_refused(parser: Parser) -> None:
    tried = torture(parser, parser.amount * SCALE)
    assert tried.failures == []
    assert tried.inputs >= 300


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(LEAVES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
ANSWERS = st.tuples(
    st.sampled_from(STATUSES),
    st.dictionaries(st.just("Retry-After"), st.text(st.characters(codec="latin-1"))),
    st.binary(),
)


def anything(parser: Parser) -> st.SearchStrategy[Any]:
    """All values of the type that the parser takes."""
    match spoilt(parser, 0):
        case bytes():
            return st.binary()
        case str():
            return st.text()
        case tuple():
            return ANSWERS
        case _:
            return JSON


@EVERY
@settings(max_examples=10 * SCALE, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_anything_at_all_is_read_or_refused(parser: Parser, data: st.DataObject) -> None:
    given = data.draw(anything(parser))
    assert torture(Parser(parser.name, parser.parse, parser.raises, lambda _: given, 1), 1).failures == []


def test_one_number_is_one_input() -> None:
    for parser in PARSERS:
        assert repr(spoilt(parser, 7)) == repr(spoilt(parser, 7))
        assert len({repr(spoilt(parser, number)) for number in range(20)}) > 5, parser.name


def faulty(text: str) -> None:
    if "b" in text:
        raise KeyError(text)
    if "c" in text:
        for _ in itertools.count():
            pass
    raise ValueError


BROKEN = Parser("faulty", faulty, (ValueError,), text_like("abc"), 1)


def test_what_is_neither_a_value_nor_an_answer_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torture_inputs, "PATIENCE", 0.02)
    monkeypatch.setattr(torture_inputs, "PARSERS", [BROKEN])
    assert torture_inputs.main() == 1
    told = json.loads(capsys.readouterr().out)
    assert told["tried"] == 10 * SCALE
    assert told["failed"] > 0
    assert len(told["failures"]) == min(20, told["failed"])
    failures = torture(BROKEN, 60).failures
    assert any("KeyError" in failure for failure in failures)
    assert any("Hung: no answer after 0.02 s" in failure for failure in failures)
    assert len(failures) < 60, "what it documents is no failure"


def test_without_failures_the_program_ends_with_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torture_inputs, "PARSERS", [Parser("fine", len, (), text_like("abc"), 1)])
    assert torture_inputs.main() == 0
    assert json.loads(capsys.readouterr().out) == {
        "what": "bad inputs", "tried": 10 * SCALE, "failed": 0, "by": {"fine": 10 * SCALE}, "failures": [],
    }  # fmt: skip
