"""``overrides.toml``: the accepted forms, and all mistakes at once."""

from __future__ import annotations

import pytest

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.match import Match, Method, Reason, Unmatched
from musicdiff_job.core.model import SourceId, TargetId, Track
from musicdiff_job.core.override_file import BY_FILE, Overrides, fingerprint, parse
from musicdiff_job.core.terms import Preference, Terms

A, B = "4uLU6hMCjMI75M1A2tKUQC", "5W3cjX2J3tjhG8zb6u0qHn"


def test_ids_uris_and_addresses_name_the_same_tracks() -> None:
    text = f"""
    [tracks]
    "https://open.spotify.com/intl-fr/track/{A}?si=x" = "https://www.deezer.com/fr/track/781592622"
    "spotify:track:{B}" = 3135556
    """
    assert parse(text, "f") == Overrides({SourceId(A): TargetId("781592622"), SourceId(B): TargetId("3135556")})


def test_none_says_that_there_is_no_counterpart() -> None:
    assert parse(f'[tracks]\n{A} = "none"', "f") == Overrides({SourceId(A): None})


def test_rejections_and_preferences_are_terms() -> None:
    text = f"""
    [reject]
    "spotify:track:{A}" = ["https://www.deezer.com/fr/track/781592622?x=1", 3135556, "3135556"]
    [prefer]
    "https://open.spotify.com/track/{A}" = {{ album = " The Hits " }}
    {B} = {{ explicit = false }}
    """
    rejected = (TargetId("781592622"), TargetId("3135556"))
    assert parse(text, "f") == Overrides(
        terms={
            SourceId(A): Terms(rejected, Preference("The Hits")),
            SourceId(B): Terms((), Preference("", explicit=False)),
        }
    )


@pytest.mark.parametrize("text", ["", "[tracks]", "# only a comment", "[reject]\n[prefer]", f"[reject]\n{A} = []"])
def test_an_empty_file_is_no_override(text: str) -> None:
    assert parse(text, "f") == Overrides()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f'[reject]\n{A} = "3135556"', f"f: {A} = '3135556' in [reject]: it must be a list"),
        (f'[reject]\n{A} = ["none"]', f"f: {A} in [reject]: none names no Deezer track"),
        (f"[reject]\n{A} = [[1]]", f"f: {A} in [reject]: it must be the id or the address"),
        (f"[reject]\n{A} = [0x{'f' * 6000}]", f"f: {A} in [reject]: it must be the id or the address"),
        (f'[prefer]\n{A} = "The Hits"', f"f: {A} = 'The Hits' in [prefer]: it must be {{ album"),
        (f"[prefer]\n{A} = {{}}", f"f: {A} in [prefer]: it must be {{ album"),
        (f"[prefer]\n{A} = {{ year = 1999 }}", f"f: {A} in [prefer]: it must be {{ album"),
        (f'[prefer]\n{A} = {{ album = " " }}', f"f: {A} in [prefer]: album must be a name"),
        (f"[prefer]\n{A} = {{ album = 5 }}", f"f: {A} in [prefer]: album must be a name"),
        (f'[prefer]\n{A} = {{ explicit = "no" }}', f"f: {A} in [prefer]: explicit must be true or false"),
        (f"[prefer]\n{A} = {{ explicit = 0 }}", f"f: {A} in [prefer]: explicit must be true or false"),
        (f'[tracks]\n{A} = 1\n"spotify:track:{A}" = 1', "f: spotify:track:"),
        (f"[tracks]\n{A} = 1\n[reject]\n{A} = [2, 1]", f"f: {A} is said to have the counterpart 1 in [tracks]"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f")
    (problem,) = caught.value.problems
    assert problem.startswith(told)


def known(record: MatchRecord) -> Checkpoint:
    return Checkpoint(matches={SourceId(A): record})


TRACK = Track(A, "Song")
FOUND = MatchRecord(TRACK, Match("1", Method.SEARCH, 1.0))
BY_WORD = MatchRecord(TRACK, Match("1", Method.OVERRIDE, 1.0), override=BY_FILE)
NO_WORD = MatchRecord(TRACK, Unmatched(Reason.REJECTED), override=BY_FILE)
LIVE = Terms((), Preference("Live"))
UNDER_TERMS = MatchRecord(TRACK, Match("1", Method.SEARCH, 1.0), terms=LIVE)


@pytest.mark.parametrize(
    ("overrides", "record", "obeyed"),
    [
        (Overrides(), FOUND, True),
        (Overrides(), BY_WORD, False),
        (Overrides(), UNDER_TERMS, False),
        (Overrides({SourceId(A): TargetId("1")}), BY_WORD, True),
        (Overrides({SourceId(A): TargetId("1")}), FOUND, False),
        (Overrides({SourceId(A): TargetId("2")}), BY_WORD, False),
        (Overrides({SourceId(A): None}), BY_WORD, False),
        (Overrides({SourceId(A): None}), NO_WORD, True),
        (Overrides({SourceId(A): None}), MatchRecord(TRACK, Unmatched(Reason.REJECTED)), False),
        (Overrides(terms={SourceId(A): LIVE}), UNDER_TERMS, True),
        (Overrides(terms={SourceId(A): LIVE}), FOUND, False),
        (Overrides(terms={SourceId(A): Terms((TargetId("1"),))}), UNDER_TERMS, False),
        (Overrides({SourceId(A): TargetId("1")}, {SourceId(A): LIVE}), BY_WORD, True),
    ],
)
def test_what_the_file_says_anew_is_found_out(overrides: Overrides, record: MatchRecord, obeyed: bool) -> None:
    assert overrides.disobeyed(known(record)) == (frozenset() if obeyed else {A})


def test_only_the_tracks_that_the_file_speaks_of_anew_are_touched() -> None:
    checkpoint = Checkpoint(matches={SourceId(A): UNDER_TERMS, SourceId(B): FOUND})
    assert Overrides(terms={SourceId(A): LIVE, SourceId(B): LIVE}).disobeyed(checkpoint) == {B}
    assert Overrides({SourceId("z" * 22): None}).disobeyed(Checkpoint()) == {"z" * 22}


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
    assert fingerprint(Overrides()) == ""
    assert fingerprint(Overrides(dict([one, two]))) == fingerprint(Overrides(dict([two, one])))
    found = [
        Overrides(),
        Overrides(dict([one])),
        Overrides(dict([two])),
        Overrides(dict([one, two])),
        Overrides({SourceId(A): TargetId("2")}),
        Overrides({SourceId(A): None}),
        Overrides(terms={SourceId(A): LIVE}),
        Overrides(terms={SourceId(B): LIVE}),
        Overrides(terms={SourceId(A): Terms((TargetId("1"),))}),
        Overrides(terms={SourceId(A): Terms((), Preference("Live", explicit=True))}),
        Overrides(terms={SourceId(A): Terms((), Preference("Live", explicit=False))}),
    ]
    assert len({fingerprint(overrides) for overrides in found}) == len(found)


def test_half_a_character_is_told_like_any_other_fault_of_the_file() -> None:
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse('[prefer]\n"4KHQIQ8gCgDjxWYXm5SN1w" = { album = "\udcbf" }\n', "overrides.toml")
