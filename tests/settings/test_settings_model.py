"""The typed settings: frozen, and mirrored one to one by the file's sections."""

from __future__ import annotations

import msgspec
import pytest

from musicdiff_job.settings.model import BaseUrls, PlaylistRule, Settings
from musicdiff_job.settings.rows import SECTIONS


def test_settings_have_a_field_for_every_section() -> None:
    assert set(Settings.__struct_fields__) == {*SECTIONS, "profile", "playlist", "urls"}
    for section, struct in SECTIONS.items():
        assert getattr(Settings(), section) == struct()


@pytest.mark.parametrize("struct", [*SECTIONS.values(), PlaylistRule, BaseUrls, Settings])
def test_settings_are_frozen_and_hashable(struct: type[msgspec.Struct]) -> None:
    value = struct()
    hash(value)
    with pytest.raises(AttributeError):
        setattr(value, struct.__struct_fields__[0], None)


def test_a_rule_says_nothing_unless_told() -> None:
    rule = PlaylistRule()
    assert (rule.match, rule.every, rule.window, rule.hand_edits, rule.priority) == ("*", None, None, None, 0)
