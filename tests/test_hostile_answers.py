"""Each value of each right answer, spoilt: the run must do no harm, and the runs after it come to the right state.

By default one value of each endpoint, always the same; with ``MUSICDIFF_TORTURE`` set, all some 4,000.
"""

from __future__ import annotations

import json
import os
import random

import pytest
from hostile_answers import HOWS, Spoiling, another, attempt, spoilings, values
from hostile_table import columns

ENDPOINTS = [endpoint for endpoints in columns().values() for endpoint in endpoints]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_spoilt_value_does_harm(endpoint: str) -> None:
    chosen = spoilings(endpoint)
    if not os.environ.get("MUSICDIFF_TORTURE"):
        chosen = random.Random(endpoint).sample(chosen, 1)
    harm = {str(spoiling): complaints for spoiling in chosen if (complaints := attempt(spoiling))}
    assert harm == {}


def test_every_value_is_spoilt_in_every_way() -> None:
    body = {"items": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "total": 3}
    ways = [path for path, _ in values(body)]
    assert ways == [(), ("items",), ("items", 0), ("items", 0, "id"), ("items", -1), ("items", -1, "id"), ("total",)]
    found = spoilings("GET /me")
    names = {spoiling.path for spoiling in found}
    assert {("id",), ("images",), ("external_urls", "spotify"), ()} <= names
    for path in names - {()}:
        assert {spoiling.how for spoiling in found if spoiling.path == path} == set(HOWS)


@pytest.mark.parametrize("value", [{}, [], "text", "123", 5, 1.5, True, None])
def test_another_value_is_of_another_type(value: object) -> None:
    assert type(another(value)) is not type(value)
    assert json.loads(json.dumps(another(value))) == another(value)


def test_only_null_in_an_entrys_place_says_that_it_is_gone() -> None:
    def removes(endpoint: str, *path: str | int, how: str = "null") -> bool:
        return Spoiling(endpoint, path, how).removes

    assert removes("GET /me/tracks", "items", 0)
    assert removes("GET /playlists/{id}/items", "items", -1, "item")
    assert not removes("GET /playlists/{id}/items", "items", -1, "item", how="missing")
    assert not removes("GET /playlists/{id}/items", "items")
    assert not removes("GET /playlists/{id}/items", "items", 0, "item", "id")
    assert not removes("GET /me/playlists", "items", 0)
