"""Spotify's ``fields`` parameter: a filter of JSON by names, ``snapshot_id,owner.id,items(total,items(added_at))``.

A name that the answer does not have is silently left out (documented by example; observed: a filter that names the
old ``track`` gets empty entries from the new shape, with HTTP 200). ``!name`` leaves a name out and keeps its
siblings. The same filter applies to every element of a list, and ``null`` elements stay.
"""

from __future__ import annotations

from typing import Any

import msgspec


class FieldsError(ValueError):
    """The filter cannot be parsed."""


class Filter(msgspec.Struct, frozen=True):
    """What to keep of an object: the named members, each with its own filter (None: whole), or all but ``without``."""

    members: dict[str, Filter | None] = {}
    without: frozenset[str] = frozenset()

    def apply(self, value: Any) -> Any:
        """The filtered copy of a JSON value."""
        match value:
            case list():
                return [self.apply(element) for element in value]
            case dict() if self.without and not self.members:
                return {name: member for name, member in value.items() if name not in self.without}
            case dict():
                return {
                    name: member if inner is None else inner.apply(member)
                    for name, member in value.items()
                    for inner in [self.members.get(name)]
                    if name in self.members
                }
            case _:
                return value


def parse_fields(text: str) -> Filter:
    """The filter that ``text`` describes; raises FieldsError when brackets or names are missing."""
    parsed, rest = _group(text)
    if rest:
        raise FieldsError(text)
    return parsed


def _group(text: str) -> tuple[Filter, str]:
    members: dict[str, Filter | None] = {}
    without: set[str] = set()
    while True:
        name, inner, text = _member(text)
        if name.startswith("!"):
            without.add(name[1:])
        else:
            members[name] = _both(members[name], inner) if name in members else inner
        if not text.startswith(","):
            return Filter(members, frozenset(without)), text
        text = text[1:]


def _member(text: str) -> tuple[str, Filter | None, str]:
    text = text.lstrip()
    end = next((at for at, character in enumerate(text) if character in ",().: "), len(text))
    name, rest = text[:end], text[end:].lstrip()
    if not name:
        raise FieldsError(text)
    if rest.startswith("."):
        inner_name, inner, rest = _member(rest[1:])
        return name, Filter({inner_name: inner}), rest
    if rest.startswith("("):
        group, rest = _group(rest[1:])
        if not rest.startswith(")"):
            raise FieldsError(text)
        return name, group, rest[1:].lstrip()
    return name, None, rest


def _both(first: Filter | None, second: Filter | None) -> Filter | None:
    """``a.b,a.c`` keeps both; a bare name keeps the whole member."""
    if first is None or second is None:
        return None
    joined = dict(first.members)
    for name, inner in second.members.items():
        joined[name] = _both(joined[name], inner) if name in joined else inner
    return Filter(joined, first.without | second.without)
