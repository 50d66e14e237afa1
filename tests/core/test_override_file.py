"""``overrides.toml``: the accepted forms, and all mistakes at once."""

from __future__ import annotations

import pytest

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.model import SourceId, TargetId
from musicdiff_job.core.override_file import fingerprint, parse

A, B = "4uLU6hMCjMI75M1A2tKUQC", "5W3cjX2J3tjhG8zb6u0qHn"


def test_ids_uris_and_addresses_name_the_same_tracks() -> None:
    text = f"""
    [tracks]
    "https://open.spotify.com/intl-fr/track/{A}?si=x" = "https://www.deezer.com/fr/track/781592622"
    "spotify:track:{B}" = 3135556
    """
    assert parse(text, "f") == {SourceId(A): TargetId("781592622"), SourceId(B): TargetId("3135556")}


def test_none_says_that_there_is_no_counterpart() -> None:
    assert parse(f'[tracks]\n{A} = "none"', "f") == {SourceId(A): None}


@pytest.mark.parametrize("text", ["", "[tracks]", "# only a comment"])
def test_an_empty_file_is_no_override(text: str) -> None:
    assert parse(text, "f") == {}


def test_all_mistakes_are_told_with_the_file_and_the_line_they_are_in() -> None:
    text = f'[tracks]\n"short" = "1"\n{A} = "http://example.org"\n{B} = true\n[more]\n'
    with pytest.raises(ConfigError) as caught:
        parse(text, "mine.toml")
    assert len(caught.value.problems) == 4
    assert all(problem.startswith("mine.toml") for problem in caught.value.problems)
    for part in ("[more]", "short", A, B):
        assert any(part in problem for problem in caught.value.problems)


@pytest.mark.parametrize("value", ["true", "1.5", "nan", "1979-05-27", "[1]", "{ a = 1 }", f"0x{'f' * 6000}", "0"])
def test_what_can_be_no_track_is_told_with_its_key(value: str) -> None:
    with pytest.raises(ConfigError, match=rf"mine\.toml: {A}") as caught:
        parse(f"[tracks]\n{A} = {value}\n", "mine.toml")
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    "text",
    ["[tracks", "tracks = 1", "tracks = ['a']", f"[tracks]\na = {'9' * 5000}", f"a = {'[' * 100_000}"],
    ids=["cut", "number", "list", "digits", "nested"],
)
def test_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        parse(text, "mine.toml")


def test_the_fingerprint_changes_with_the_content_and_not_with_the_order() -> None:
    one: tuple[SourceId, TargetId | None] = (SourceId(A), TargetId("1"))
    two: tuple[SourceId, TargetId | None] = (SourceId(B), None)
    assert fingerprint({}) == ""
    assert fingerprint(dict([one, two])) == fingerprint(dict([two, one]))
    found: list[dict[SourceId, TargetId | None]] = [
        {},
        dict([one]),
        dict([two]),
        dict([one, two]),
        {SourceId(A): TargetId("2")},
        {SourceId(A): None},
    ]
    assert len({fingerprint(overrides) for overrides in found}) == len(found)
