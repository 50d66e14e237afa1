"""The ``fields`` filter: names, dots, groups, exclusions, and what cannot be parsed."""

from __future__ import annotations

from typing import Any

import pytest

from musicdiff_job.sandbox.spotify_fields import FieldsError, parse_fields

VALUE: dict[str, Any] = {
    "name": "Mix",
    "owner": {"id": "me", "uri": "u"},
    "items": {"total": 2, "items": [{"item": {"id": "1", "name": "A"}, "added_at": "x"}, {"item": None}]},
}


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ("name", {"name": "Mix"}),
        ("owner.id", {"owner": {"id": "me"}}),
        ("name, owner(id)", {"name": "Mix", "owner": {"id": "me"}}),
        ("owner.id,owner.uri", {"owner": {"id": "me", "uri": "u"}}),
        ("owner.id,owner", {"owner": {"id": "me", "uri": "u"}}),
        ("items(total,items(item(id)))", {"items": {"total": 2, "items": [{"item": {"id": "1"}}, {"item": None}]}}),
        ("items.items(added_at)", {"items": {"items": [{"added_at": "x"}, {}]}}),
        ("!owner,!items", {"name": "Mix"}),
        ("owner(!uri)", {"owner": {"id": "me"}}),
        ("nothing.of.this", {}),
    ],
)
def test_what_is_kept(fields: str, kept: Any) -> None:
    assert parse_fields(fields).apply(VALUE) == kept


@pytest.mark.parametrize("fields", ["", "a,", "a(", "a(b", "a)", "a.", ",a", "a(b))"])
def test_what_cannot_be_parsed(fields: str) -> None:
    with pytest.raises(FieldsError):
        parse_fields(fields)
