"""The names of languages, as the patterns need them."""

from __future__ import annotations

import re

import pytest

from musicdiff_job.core.languages import LANGUAGE, LANGUAGE_PART, LANGUAGES
from musicdiff_job.core.text import canonical_title


@pytest.mark.parametrize("word", LANGUAGES)
def test_every_name_is_found_in_its_canonical_spelling(word: str) -> None:
    assert canonical_title(word) == word
    assert re.fullmatch(LANGUAGE if word.isascii() else LANGUAGE_PART, word)


def test_one_language_has_one_name() -> None:
    assert {LANGUAGES[word] for word in ("english", "anglaise", "英語", "английск", "영어")} == {"english"}
    assert all(name.isascii() for name in LANGUAGES.values())
