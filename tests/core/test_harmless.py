"""JSON that can be looked at."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.harmless import safe_json


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_it_means_the_same_and_is_harmless(text: str) -> None:
    document = json.dumps({"name": text}, ensure_ascii=False)
    safe = safe_json(document)
    assert json.loads(safe) == {"name": text}
    assert not any(
        unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in safe if char not in "\u200c\u200d"
    )


@pytest.mark.parametrize(
    ("document", "safe"),
    [
        ('"\U000e0041"', '"\\udb40\\udc41"'),
        ('"\ud800"', '"\\ud800"'),
        ('"##[group]x"', '"\\u0023#[group]x"'),
        ('"東京 👩\u200d🎤 # #1"', '"東京 👩\u200d🎤 # #1"'),
    ],
)
def test_escapes_and_what_needs_none(document: str, safe: str) -> None:
    assert safe_json(document) == safe
