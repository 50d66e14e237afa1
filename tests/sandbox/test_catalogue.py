"""The shipped catalogue keeps what its README says, and search shows the traps measured of Deezer's."""

from __future__ import annotations

import gzip
import hashlib
import os
import runpy
from collections import Counter
from pathlib import Path

import pytest

from musicdiff_job.sandbox.catalogue import Catalogue, DeezerTrack, SpotifyTrack, load_catalogue, words

FOLDER = Path(__file__).parents[2] / "musicdiff_job" / "sandbox" / "catalogue"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def row(number: int, title: str, artist: str, **more: object) -> DeezerTrack:
    short, _, version = title.partition(" (")
    fields: dict[str, object] = {
        "album": "",
        "duration": 200,
        "rank": 1000 - number,
        "title_short": short,
        "title_version": f"({version}" if version else "",
    }
    return DeezerTrack(id=number, title=title, artist=artist, **(fields | more))  # type: ignore[arg-type]


def test_it_is_large_enough_and_small_on_disk(catalogue: Catalogue) -> None:
    lists = [entry for entry in catalogue.playlists if entry.kind == "playlist"]
    assert len(lists) >= 25
    assert len({track for entry in lists for track in entry.tracks}) >= 1500
    assert sum(path.stat().st_size for path in FOLDER.glob("*.gz")) < 620_000


def test_every_reference_leads_somewhere(catalogue: Catalogue) -> None:
    for entry in catalogue.playlists:
        assert entry.tracks
        assert all(track in catalogue.spotify for track in entry.tracks)
    for track in catalogue.spotify.values():
        assert track.deezer_id == 0 or track.deezer_id in catalogue.deezer_by_id


def test_two_to_four_percent_have_no_counterpart(catalogue: Catalogue) -> None:
    without = [track for track in catalogue.spotify.values() if not track.deezer_id]
    assert 0.02 <= len(without) / len(catalogue.spotify) <= 0.04
    assert not [track for track in without if track.isrc in catalogue.deezer_by_isrc]


def test_every_duration_is_plausible_and_nearly_all_agree_with_deezers(catalogue: Catalogue) -> None:
    linked = [track for track in catalogue.spotify.values() if track.deezer_id]
    assert all(20_000 <= track.duration_ms <= 1_500_000 for track in catalogue.spotify.values())
    apart = [abs(catalogue.deezer_by_id[track.deezer_id].duration - track.duration_ms // 1000) for track in linked]
    assert sum(seconds <= 3 for seconds in apart) / len(apart) > 0.999
    assert sum(seconds == 0 for seconds in apart) / len(apart) > 0.98


def test_derived_rows_say_so_and_recorded_ones_keep_deezers_naming(catalogue: Catalogue) -> None:
    marks = Counter(mark for track in catalogue.deezer_by_id.values() for mark in track.derived)
    assert marks["row: Spotify row in Deezer's naming, id of the link"] > 1000
    recorded = [
        track for track in catalogue.deezer_by_id.values() if not any(mark.startswith("row") for mark in track.derived)
    ]
    assert len(recorded) > 1000
    assert all(track.srcs for track in catalogue.deezer_by_id.values())


def test_spotify_versions_move_into_deezers_version_field(catalogue: Catalogue) -> None:
    remastered = [
        (track, catalogue.deezer_by_id[track.deezer_id])
        for track in catalogue.spotify.values()
        if track.deezer_id and track.name.endswith(" - Remastered 2011")
    ]
    derived = [(track, twin) for track, twin in remastered if twin.derived and twin.derived[0].startswith("row")]
    assert derived
    for track, twin in derived:
        assert twin.title_short == track.name.removesuffix(" - Remastered 2011")
        assert twin.title_version == "(Remastered 2011)"
        assert twin.title == f"{twin.title_short} {twin.title_version}"


def test_most_tracks_can_be_found_by_isrc_and_it_names_the_same_song(catalogue: Catalogue) -> None:
    with_code = [track for track in catalogue.spotify.values() if track.deezer_id and track.isrc]
    found = [track for track in with_code if track.isrc in catalogue.deezer_by_isrc]
    assert len(found) / len(with_code) > 0.95
    for track in found:
        assert catalogue.deezer_by_isrc[track.isrc] in catalogue.copies_of(track.isrc)


def test_ids_of_artists_and_albums_do_not_collide(catalogue: Catalogue) -> None:
    names = {track.artist.casefold() for track in catalogue.deezer_by_id.values()}
    assert len(catalogue.artists) == len(names)
    titles = {(track.artist.casefold(), track.album.casefold()) for track in catalogue.deezer_by_id.values()}
    assert len(catalogue.albums) == len(titles)


def test_albums_and_artists_hold_all_tracks_once(catalogue: Catalogue) -> None:
    in_albums = [track.id for album in catalogue.albums.values() for track in album.tracks]
    in_artists = [track.id for artist in catalogue.artists.values() for track in artist.tracks]
    assert sorted(in_albums) == sorted(in_artists) == sorted(catalogue.deezer_by_id)
    assert max(len(album.tracks) for album in catalogue.albums.values()) >= 15
    for artist in catalogue.artists.values():
        ranks = [track.rank for track in artist.tracks]
        assert ranks == sorted(ranks, reverse=True)


def test_free_text_finds_nearly_every_counterpart(catalogue: Catalogue) -> None:
    linked = sorted((track for track in catalogue.spotify.values() if track.deezer_id), key=lambda track: track.id)
    missed = 0
    for track in linked[::10]:
        twin = catalogue.deezer_by_id[track.deezer_id]
        found = catalogue.search(f"{twin.title_short} {twin.artist}", limit=25)
        missed += twin not in found.tracks
    assert missed / len(linked[::10]) < 0.05


def test_search_offers_wrong_versions_too(catalogue: Catalogue) -> None:
    found = catalogue.search("Wonderwall Oasis")
    assert {track.title_version for track in found.tracks} > {""}


def test_free_text_is_thrown_away_beside_a_filter() -> None:
    small = Catalogue((), [row(1, "Get Lucky", "Daft Punk"), row(2, "Around the World", "Daft Punk")])
    assert [t.id for t in small.search("get lucky daft punk").tracks] == [1]
    assert [t.id for t in small.search('get lucky artist:"Daft Punk"').tracks] == [1, 2]


def test_artist_filter_is_loose_and_track_filter_is_literal() -> None:
    small = Catalogue((), [row(1, "Get Lucky (Radio Edit)", "Daft Punk"), row(2, "Punk", "Gorillaz")])
    assert [t.id for t in small.search('artist:"Punk Rockers"').tracks] == [1]
    assert small.search('track:"Get Lucky" artist:"Daft Punk"').tracks == ()
    assert [t.id for t in small.search('track:"get lucky radio edit"').tracks] == [1]


def test_duration_and_album_filters() -> None:
    small = Catalogue((), [row(1, "A", "X", duration=100, album="One"), row(2, "A", "X", duration=300, album="Two")])
    assert [t.id for t in small.search('track:"A" dur_min:150').tracks] == [2]
    assert [t.id for t in small.search('track:"A" dur_max:150').tracks] == [1]
    assert [t.id for t in small.search('album:"two"').tracks] == [2]
    assert [t.id for t in small.search('label:"none" track:"a"').tracks] == [1, 2]


def test_ranking_prefers_all_words_then_title_and_artist_then_rank() -> None:
    rows = [
        row(1, "Blue Moon", "Nobody", rank=10),
        row(2, "Blue Moon", "Elvis", rank=20),
        row(3, "Other", "Elvis", album="Blue Moon", rank=99),
    ]
    small = Catalogue((), rows)
    assert [t.id for t in small.search("blue moon elvis").tracks] == [2, 3]
    assert [t.id for t in small.search("blue moon").tracks] == [2, 1, 3]


def test_paging_and_nothing_found() -> None:
    small = Catalogue((), [row(number, "Song", "Band") for number in range(1, 8)])
    page = small.search("song", limit=3, index=3)
    assert ([t.id for t in page.tracks], page.total) == ([4, 5, 6], 7)
    assert small.search("nothing like it").total == 0
    assert small.search("").total == 0


def test_search_for_artists_and_albums(catalogue: Catalogue) -> None:
    assert catalogue.search_artists("oasis")[0].name == "Oasis"
    assert catalogue.search_artists('artist:"Oasis"') == ()
    album = max(catalogue.albums.values(), key=lambda album: len(album.tracks))
    assert album in catalogue.search_albums(f"{album.title} {album.artist}")


def test_words_keep_every_script() -> None:
    assert words("Кукушка (Live)") == ("кукушка", "live")
    assert words("東京") == ("東京",)
    assert words("Don’t Stop – Café") == ("dont", "stop", "cafe")


def test_the_notice_names_every_source_and_the_readme_every_mark(catalogue: Catalogue) -> None:
    notice = (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows: list[SpotifyTrack | DeezerTrack] = [*catalogue.spotify.values(), *catalogue.deezer_by_id.values()]
    assert not {source for r in rows for source in r.srcs if f"https://github.com/{source}\n" not in notice}
    assert not {mark for r in rows for mark in r.derived if f"`{mark}`" not in readme}


def test_building_again_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = os.environ.get("MUSICDIFF_REFERENCE_DATA")
    if not reference or not Path(reference).is_dir():
        pytest.skip("MUSICDIFF_REFERENCE_DATA names no folder with the reference data")
    build = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "build_catalogue.py"))
    build["main"].__globals__["OUT"] = tmp_path
    build["main"]()
    for path in sorted(FOLDER.glob("*.gz")):
        rebuilt = tmp_path / path.name
        assert gzip.decompress(rebuilt.read_bytes()) == gzip.decompress(path.read_bytes())
        assert hashlib.sha256(rebuilt.read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()
