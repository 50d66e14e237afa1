"""The sandbox's search for tracks."""

from __future__ import annotations

import pytest
from sandbox_stage import IDS, TRACKS, WITHOUT_ISRC, Stage

from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.spotify_search import search


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("isrc:ZZAAA0000003", [IDS[3]]),
        ("isrc:zzaaa0000003", [IDS[3]]),
        ("isrc:ZZAAA0000099", []),
        ("isrc:", []),
        ("song 3", [IDS[3]]),
        ("SONG guest album 3", [IDS[3]]),
        ("song 3 nobody", []),
        ("artist:guest track:song 3", [IDS[3]]),
        ("artist:nobody track:song 3", []),
        ("track:guest", []),
        ("", []),
    ],
)
def test_words_and_filters(query: str, found: list[str]) -> None:
    assert [track.id for track in search(TRACKS, query)] == found


def test_a_track_without_an_isrc_is_found_by_words_alone() -> None:
    assert WITHOUT_ISRC in [track.id for track in search(TRACKS, "band")]
    assert len(search(TRACKS, "band")) == len(TRACKS)


@pytest.mark.parametrize(("cohort", "usual", "most"), [(Cohort.RESTRICTED, 5, 10), (Cohort.EXTENDED, 20, 50)])
def test_restricted_apps_get_few_rows(cohort: Cohort, usual: int, most: int) -> None:
    stage = Stage(cohort)
    page = stage.get("/search?q=band&type=track")["tracks"]
    assert (page["limit"], len(page["items"]), page["total"]) == (usual, min(usual, 9), 9)
    stage.get(f"/search?q=band&type=track&limit={most}")
    stage.get(f"/search?q=band&type=track&limit={most + 1}", 400)
    assert page["items"][0]["external_ids"]


def test_what_to_search_must_be_said() -> None:
    stage = Stage()
    assert stage.get("/search?q=band", 400)["error"]["message"] == "Missing parameter type"
    assert stage.get("/search?q=band&type=album", 400)["error"]["message"] == "Bad search type field"
    assert stage.get("/search?type=track", 400)["error"]["message"] == "No search query"
