"""A text is found in every spelling, and nothing else is."""

from __future__ import annotations

import re

import pytest
from awkward import TORTURE, WRITTEN, revealed, secrets
from hypothesis import given, settings

from musicdiff_job.core import spellings

AWKWARD = 'a/b+c=d&"e"\\f <é🎵>\n%41'
PERCENT = {name: write for name, write in WRITTEN.items() if "base64" not in name and "basic" not in name}


@pytest.mark.parametrize("name", PERCENT)
def test_every_spelling_matches(name: str) -> None:
    assert re.search(spellings.pattern(AWKWARD), PERCENT[name](AWKWARD)), PERCENT[name](AWKWARD)


@settings(max_examples=60 * TORTURE)
@given(secrets())
def test_any_text_matches_in_every_spelling(text: str) -> None:
    pattern = re.compile(spellings.pattern(text))
    for name, write in PERCENT.items():
        assert pattern.search(write(text)), (name, write(text))


@pytest.mark.parametrize("other", ["a/b+c", "A/B+C=D", "a%2Fb%2Cc", "a//b"])
def test_another_text_does_not_match(other: str) -> None:
    assert not re.search(spellings.pattern("a/b+c=d"), other)


def test_words_have_one_spelling() -> None:
    assert spellings.pattern("Ab0-_.~") == re.escape("Ab0-_.~")


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in PERCENT])
@pytest.mark.parametrize("text", ["sEcr3t-client-value", "0123456789", "é+東/🎵"])
def test_what_is_in_base64_is_found_at_every_alignment(name: str, text: str) -> None:
    written = WRITTEN[name](text)
    found = [part for part in spellings.in_base64(text) if part in written]
    assert found
    assert not revealed(written.replace(found[0], ""), [text])


def test_the_few_characters_of_a_short_text_are_left_out() -> None:
    assert all(len(part) >= spellings.SHORTEST_BASE64 for part in spellings.in_base64("abcdef"))
    assert spellings.in_base64("abc") == frozenset()
