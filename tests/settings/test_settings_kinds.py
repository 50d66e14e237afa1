"""Kinds of value: what they read, what they refuse, and that schema and parser agree."""

from __future__ import annotations

from enum import StrEnum

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.core.secret import Secret
from musicdiff_job.settings.kinds import Choice, Flag, Kind, Many, Place, Selector, Text, Wrong, Zone
from musicdiff_job.settings.quantities import Duration, Fraction, Hours, Percent, Whole


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


ANY = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=8),
        st.sampled_from(["red", "1h", "3%"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)

EXPRESSIBLE: list[Kind] = [
    Text(),
    Text("x", r"^[ab]+$"),
    Place(),
    Place(s3=True, required=True),
    Flag(),
    Choice(Colour),
    Many(Choice(Colour), unique=True),
    Many(Text()),
    Whole(1, 9),
    Fraction(),
    Percent(),
    Duration(),
    Duration(positive=True),
    Hours(),
]


def reads(kind: Kind, raw: object) -> bool:
    try:
        kind.read(raw)
    except Wrong:
        return False
    return True


@pytest.mark.parametrize("kind", EXPRESSIBLE, ids=lambda kind: kind.accepted)
def test_schema_and_parser_agree_on_any_value(kind: Kind) -> None:
    validator = jsonschema.Draft202012Validator(kind.schema())

    @given(ANY)
    def agree(raw: object) -> None:
        # Python's "$" also matches before a last line feed; JavaScript's, which schemas mean, does not.
        if not (isinstance(raw, str) and raw.endswith("\n")):
            assert reads(kind, raw) is validator.is_valid(raw)

    agree()


@pytest.mark.parametrize("kind", EXPRESSIBLE, ids=lambda kind: kind.accepted)
def test_text_of_a_variable_is_read_or_refused(kind: Kind) -> None:
    @given(st.text())
    def no_other_error(text: str) -> None:
        reads(kind, kind.from_text(text))

    no_other_error()


def test_a_trailing_line_feed_is_refused_everywhere() -> None:
    values: list[tuple[Kind, str]] = [(Duration(), "10m\n"), (Percent(), "30%\n"), (Hours(), "02:00-06:00\n")]
    values += [(Text(), "a\n"), (Text("x", r"^[ab]+$"), "a\n"), (Choice(Colour), "red\n")]
    assert not any(reads(kind, raw) for kind, raw in values)


@pytest.mark.parametrize("raw", ["*", "Gym*", "[Gg]ym", "id:37i9dQ", "owner:me", "owner:others", "re:^a.*b$"])
def test_selectors(raw: str) -> None:
    assert Selector().read(raw) == raw


@pytest.mark.parametrize(
    "raw", ["", "id:", "id:a b", "owner:you", "re:", "re:(", "re:a{99999999999}", 3, "a\x00", "[" * 1001, "\udce9"]
)
def test_no_selectors(raw: object) -> None:
    assert not reads(Selector(), raw)


def test_the_fault_of_a_regular_expression_is_told() -> None:
    with pytest.raises(Wrong, match=r"valid regular expression \(missing \)"):
        Many(Selector()).read(["re:("])


@pytest.mark.parametrize(
    ("raw", "is_zone"),
    [
        ("", True),
        ("Europe/Paris", True),
        ("Europe", False),
        ("../../etc/passwd", False),
        ("\ud800", False),
        (1, False),
        ("a/" * 5000, False),
    ],
)
def test_zones(raw: object, is_zone: bool) -> None:
    assert reads(Zone(), raw) is is_zone


@pytest.mark.parametrize("raw", ["a", "~", "~/a", "/a/b", "{profile}.json", "s3://bucket/a", "a:b"])
def test_places(raw: str) -> None:
    assert Place(s3=True).read(raw) == raw


@pytest.mark.parametrize("raw", ["~root/a", "https://x/y", "s3://", "s3://bucket", "s3://bucket/", "a\n", 1])
def test_no_places(raw: object) -> None:
    assert not reads(Place(s3=True), raw)


def test_bytes_that_are_no_text_are_a_path_and_nothing_else() -> None:
    assert reads(Place(), "caf\udce9")
    assert not reads(Text(), "caf\udce9")
    with pytest.raises(Wrong, match="text in UTF-8"):
        Text().read("caf\udce9")


def test_an_address_in_s3_is_no_path_where_only_paths_are_read() -> None:
    assert not reads(Place(), "s3://bucket/key")


def test_only_places_that_may_be_empty_are() -> None:
    assert reads(Place(), "") and not reads(Place(required=True), "")


def test_a_secret_text_is_never_shown() -> None:
    kind = Text("x", secret=True)
    value = kind.read("hush")
    assert isinstance(value, Secret) and value.reveal() == "hush"
    assert kind.show(value) == "***" and kind.show(Secret("")) == ""
    assert Many(kind).secret


@pytest.mark.parametrize(("text", "value"), [("true", True), ("Yes", True), ("1", True), ("off", False), ("NO", False)])
def test_flags_in_variables(text: str, value: bool) -> None:
    assert Flag().from_text(text) is value


def test_a_flag_is_no_number_and_no_text() -> None:
    assert not any(reads(Flag(), raw) for raw in (1, 0, "true", None))
    assert not reads(Flag(), Flag().from_text("maybe"))


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a,b", ("a", "b")),
        (" a , b ,", ("a", "b")),
        ('["a,b", "c"]', ("a,b", "c")),
        ("[]", ()),
        ("[Gg]ym*", ("[Gg]ym*",)),
        ("[a-z]", ("[a-z]",)),
    ],
)
def test_lists_in_variables(text: str, items: tuple[str, ...]) -> None:
    kind = Many(Text())
    assert kind.read(kind.from_text(text)) == items


def test_items_are_read_from_text_too() -> None:
    kind = Many(Whole())
    assert kind.read(kind.from_text("1, 2")) == (1, 2) == kind.read(kind.from_text("[1, 2]"))


def test_lists_without_repetition_and_growing_lists() -> None:
    unique = Many(Choice(Colour), unique=True)
    for raw, good in ((["red", "green"], True), (["red", "red"], False)):
        assert reads(unique, raw) is jsonschema.Draft202012Validator(unique.schema()).is_valid(raw) is good
    growing = Many(Duration(), growing=True)
    assert reads(growing, ["1d", "1d", "3d"]) and not reads(growing, ["3d", "1d"])


def test_a_text_is_not_a_list_of_letters() -> None:
    assert not reads(Many(Text()), "abc")


def test_enumerations_name_their_members() -> None:
    assert Choice(Colour).read("red") is Colour.RED
    with pytest.raises(Wrong, match='"red" or "green"'):
        Choice(Colour).read("blue")
