"""What a CI system would obey is not said as it is; everything else is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.ci_commands import ANYWHERE, defused


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("::add-mask::e", "!:add-mask::e"),
        ("  \t::set-output name=x::y", "  \t!:set-output name=x::y"),
        ("\u200d:\u200d:stop-commands::x", "\u200d!\u200d:stop-commands::x"),
        ("see ##[add-mask]e", "see !#[add-mask]e"),
        ("##vso[task.setvariable]", "!#vso[task.setvariable]"),
        ("#\u200d#\u200d[error]", "!\u200d#\u200d[error]"),
        ("###[x]", "#!#[x]"),
        ("<0>to everybody", "!0>to everybody"),
        (" <30>x", " !30>x"),
        ("I <3 you", "I <3 you"),
        ("<3", "<3"),
        ("a <0>", "a <0>"),
        ("a::b ##", "a::b ##"),
        (": : :", ": : :"),
        ("C## [live]", "C## [live]"),
        ("12:00::13", "12:00::13"),
        ("#1 [x]", "#1 [x]"),
        ("", ""),
    ],
)
def test_commands_and_what_only_looks_like_one(line: str, said: str) -> None:
    assert defused(line, "!") == said


def obeyed(line: str) -> bool:
    """As the runner reads a line, with all that may be nothing to it taken out."""
    bare = re.sub(r"[^\w\x00-\x7f]", "", line).lstrip()
    return bare.startswith("::") or re.search(r"##[A-Za-z]*\[", bare) is not None


@given(st.text(st.sampled_from([*":#[] ab\t", "\u200d", "\u0301", "é"])))
def test_nothing_is_obeyed(line: str) -> None:
    said = defused(line, "\ufffe!")
    assert not obeyed(said.replace("\ufffe", ""))
    assert obeyed(line) or said == line
    assert defused(said, "\ufffe!") == said


@pytest.mark.parametrize("line", ["#" * 50_000, ":" + "\u200d" * 50_000, "#\u200d" * 25_000, "##" + "a" * 50_000])
def test_no_line_takes_long(line: str) -> None:
    """Were a pattern to go back over what it has seen, this would take minutes and the suite's time limit end it."""
    assert defused(line, "!") == line
    assert not ANYWHERE.search(line)
