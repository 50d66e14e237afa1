from __future__ import annotations

import pytest

from musicdiff_job.deezer import fields


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        ("7", 7),
        ("-7", -7),
        (224.0, 224),
        (True, None),
        ("7a", None),
        ("٧", None),
        ("", None),
        (None, None),
        ([7], None),
        (float("nan"), None),
        (float("inf"), None),
        (10**30, None),
        ("9" * 30, None),
    ],
)
def test_numbers_are_read_from_numbers_and_text(value: object, expected: int | None) -> None:
    assert fields.number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3135556, "3135556"), ("3135556", "3135556"), ("007", "7"), (0, None), (-12, None), ("-12", None), (1.0, None)],
)
def test_ids_are_positive(value: object, expected: str | None) -> None:
    assert fields.ident(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), (1, True), ("0", False), ("TRUE", True), (2, None), (None, None), ("", None)],
)
def test_flags_are_read_from_numbers_and_text(value: object, expected: bool | None) -> None:
    assert fields.flag(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Die Walk&#252;re &amp; more", "Die Walküre & more"),
        ("R&region", "R&region"),
        ("&#xD800;", "\ufffd"),
        ("half \ud83d pair", "half ? pair"),
        (1979, "1979"),
        (None, ""),
        (True, ""),
        (1.5, ""),
        ({}, ""),
    ],
)
def test_text_is_plain_and_encodable(value: object, expected: str) -> None:
    assert fields.text(value) == expected
    fields.text(value).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1383757200, 1383757200),
        ("1383757200", 1383757200),
        # The recorded playlist with both forms: creation_date and time_mod.
        ("2013-11-06 17:00:00", 1383757200),
        ("0000-00-00 00:00:00", 0),
        ("yesterday", 0),
        (None, 0),
        (-5, 0),
    ],
)
def test_moments_are_unix_seconds(value: object, expected: int) -> None:
    assert fields.moment(value) == expected


@pytest.mark.parametrize(
    ("title", "version", "expected"),
    [
        ("Song", "(Live)", "Song (Live)"),
        ("Song (Live)", "(Live)", "Song (Live)"),
        ("Song (LIVE)", "(Live)", "Song (LIVE)"),
        ("Song", "", "Song"),
        (" Song ", " (Live) ", "Song (Live)"),
    ],
)
def test_a_version_is_appended_once(title: str, version: str, expected: str) -> None:
    assert fields.with_version(title, version) == expected
