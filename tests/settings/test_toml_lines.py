"""The scanner finds the same paths as tomllib, each in its line."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.settings.toml_lines import Path, locate

DOCUMENT = '''\
# a comment with [brackets] and = signs
top = "a # b" # "c
[sync]
include = [
  "Gym*", # one
  're:[a"]',
]
text = """
[not] = a table
quote \\""" and two quotes"""""
literal = \'\'\'
x = 1\'\'\'
when = 1979-05-27 07:32:00
a.b."c.d" = { e = 1, "f]" = [ { g = 2 } ] }
[[playlist]]
match = "x"

[[playlist]]
every = "6h"
[profiles."al ice".sync]
max = 1
[[profiles.bob.playlist]]
[[profiles.bob.playlist]]
match = ""
[profiles.bob.playlist.sub]
z = 1
'''


def test_every_key_has_its_line() -> None:
    assert {path: line for path, line in locate(DOCUMENT).items() if not isinstance(path[-1], int)} == {
        ("top",): 2,
        ("sync",): 3,
        ("sync", "include"): 4,
        ("sync", "text"): 8,
        ("sync", "literal"): 11,
        ("sync", "when"): 13,
        ("sync", "a"): 14,
        ("sync", "a", "b"): 14,
        ("sync", "a", "b", "c.d"): 14,
        ("sync", "a", "b", "c.d", "e"): 14,
        ("sync", "a", "b", "c.d", "f]"): 14,
        ("sync", "a", "b", "c.d", "f]", 0, "g"): 14,
        ("playlist",): 15,
        ("playlist", 0, "match"): 16,
        ("playlist", 1, "every"): 19,
        ("profiles",): 20,
        ("profiles", "al ice"): 20,
        ("profiles", "al ice", "sync"): 20,
        ("profiles", "al ice", "sync", "max"): 21,
        ("profiles", "bob"): 22,
        ("profiles", "bob", "playlist"): 22,
        ("profiles", "bob", "playlist", 1, "match"): 24,
        ("profiles", "bob", "playlist", 1, "sub"): 25,
        ("profiles", "bob", "playlist", 1, "sub", "z"): 26,
    }
    assert locate(DOCUMENT)["sync", "include", 1] == 6


def test_lines_end_as_in_an_editor() -> None:
    assert locate("a = 1\r\n\r\nb = 2\r\n") == {("a",): 1, ("b",): 3}


def paths(value: object, path: Path = ()) -> set[Path]:
    """All paths of a parsed document."""
    found = {path} if path else set()
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found |= paths(inner, (*path, key))
    return found


def test_the_scanner_agrees_with_tomllib_on_the_example() -> None:
    assert set(locate(DOCUMENT)) == paths(tomllib.loads(DOCUMENT))


WORDS = st.text(alphabet="ab[]{}=,#.\"'\\ \n\té", max_size=6)
SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["true", "1.5", "1979-05-27", "1979-05-27 07:32:00", "inf", '"""\na"b\\"""""', "'''\n[x]\n'''"]),
    WORDS.map(lambda text: json.dumps(text, ensure_ascii=False)),
    WORDS.filter(lambda text: "'" not in text and "\n" not in text).map(lambda text: f"'{text}'"),
)
KEYS = st.one_of(st.sampled_from(["a", "b", "c-1", "2"]), WORDS.map(lambda text: json.dumps(text, ensure_ascii=False)))
DOTTED = st.lists(KEYS, min_size=1, max_size=3).map(" . ".join)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[ # ]\n" + ",\n".join(items) + (" ,]" if items else "]")),
        st.lists(st.tuples(DOTTED, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=5,
)
LINES = st.one_of(
    st.tuples(DOTTED, VALUES).map(lambda pair: f"{pair[0]}= {pair[1]} # x = [1"),
    DOTTED.map(lambda key: f"[ {key} ]"),
    DOTTED.map(lambda key: f"  [[{key}]]  # ]]"),
    st.just(""),
)


@given(st.lists(LINES, max_size=8))
def test_the_scanner_agrees_with_tomllib_on_generated_documents(lines: list[str]) -> None:
    accepted: list[str] = []
    for line in lines:
        try:
            tomllib.loads("\n".join([*accepted, line]))
        except tomllib.TOMLDecodeError:
            continue
        accepted.append(line)
    text = "\n".join(accepted)
    found = locate(text)
    assert set(found) == paths(tomllib.loads(text))
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "[a]", "a=1"])
def test_small_documents(text: str) -> None:
    assert set(locate(text)) == paths(tomllib.loads(text))


@given(st.text(alphabet="[]{}=,#.\"'\\ \nab1"))
def test_whatever_tomllib_accepts_is_scanned(text: str) -> None:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(locate(text)) == paths(tables)
