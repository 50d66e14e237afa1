"""Builds the data files of ``musicdiff_job/sandbox/catalogue`` from the reference data.

Usage: ``MUSICDIFF_REFERENCE_DATA=.../data python benchmarks/build_catalogue.py``. The output depends on nothing but
the input, so building twice gives the same bytes. The rules are described in ``catalogue/README.md``; every row says
in ``derived`` which of its fields are not recorded facts.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import msgspec

from musicdiff_job.sandbox.catalogue import CataloguePlaylist, DeezerTrack, SpotifyTrack, words

OUT: Final = Path(__file__).parent.parent / "musicdiff_job" / "sandbox" / "catalogue"
WITHOUT_COUNTERPART: Final = 0.03
"""The share of each playlist's entries that Deezer shall not have."""
ALBUMS: Final = 30
LEAST_ALBUM_TRACKS: Final = 8
DURATION_TOLERANCE_MS: Final = 3_999
"""Recorded durations of one recording that are further apart contradict each other."""
VERSION_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "remaster remastered live mix edit version remix rmx mono stereo acoustic instrumental demo unplugged session "
        "rework reprise extended radio original soundtrack theme bonus single album take karaoke cover mtv bootleg dub "
        "vip",
    )
)
DERIVED_ID_BASE: Final = 9_000_000_000
"""Above every recorded Deezer id, so that a derived id never meets a real one."""

Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def has_version_word(text: str) -> bool:
    return any(word in VERSION_WORDS or re.fullmatch(r"(19|20)\d\d", word) for word in words(text))


def split_title(name: str) -> tuple[str, str]:
    """Spotify's "Title - Remastered 2011" or "Title (Live)" as Deezer's ("Title", "(Remastered 2011)")."""
    short, dash, version = name.rpartition(" - ")
    if dash and short and has_version_word(version):
        return short, f"({version})"
    bracket = re.fullmatch(r"(.+?) ([(\[][^()\[\]]+[)\]])", name)
    if bracket and has_version_word(bracket[2]) and not re.match(r"[(\[](feat|with|ft)\b", bracket[2], re.IGNORECASE):
        return bracket[1], bracket[2]
    return name, ""


def base_title(name: str) -> str:
    return " ".join(words(re.sub(r"[(\[].*?[)\]]", " ", split_title(name)[0].split(" - ")[0])))


def song(artist: str, title: str) -> tuple[str, str]:
    return " ".join(words(artist)), base_title(title)


def number(key: str, low: int, span: int) -> int:
    """A number in [low, low + span) that depends on nothing but the key."""
    return low + zlib.crc32(key.encode()) % span


class Build:
    """The reference data, and the rows chosen so far."""

    def __init__(self, folder: Path) -> None:
        self.source = {row["id"]: row for row in rows(folder / "spotify_tracks.jsonl.gz")}
        self.recorded = {row["id"]: row for row in rows(folder / "deezer_tracks.jsonl.gz")}
        self.lists = json.loads(gzip.decompress((folder / "playlists.json.gz").read_bytes()))
        true_pairs = {row["spotify_id"]: row for row in table(folder / "pairs_dev.csv") if row["grade"] in {"A", "B"}}
        self.links: dict[str, Row] = {}
        self.refused: set[str] = set()
        for link in table(folder / "links_isrc_dev.csv"):
            # A link to a recorded Deezer row was checked against it; where the check failed the track is left out.
            if link["deezer_row"] and link["spotify_id"] not in true_pairs:
                self.refused.add(link["spotify_id"])
            else:
                self.links[link["spotify_id"]] = link
        for spotify_id, pair in true_pairs.items():
            self.links.setdefault(
                spotify_id, {"deezer_id": pair["deezer_id"], "isrc": pair["isrc_deezer"] or pair["isrc_spotify"]}
            )
        self._refuse_contradictions()
        self.spotify: dict[str, SpotifyTrack] = {}
        self.deezer: dict[int, DeezerTrack] = {}
        self.known_ms = self._known_durations()

    def _refuse_contradictions(self) -> None:
        """Leave out tracks whose ISRC or Deezer id other songs or longer copies carry too: a source is wrong there."""
        for key in ("isrc", "deezer_id"):
            songs: dict[str, set[str]] = defaultdict(set)
            for spotify_id, link in self.links.items():
                code = self.source[spotify_id].get("isrc", link["isrc"]) if key == "isrc" else link["deezer_id"]
                if code:
                    songs[code].add(spotify_id)
            for members in songs.values():
                lengths = [length for member in members if (length := self._recorded_ms(member)) is not None]
                other_songs = len({base_title(self.source[member]["name"]) for member in members}) > 1
                if other_songs or (lengths and max(lengths) - min(lengths) > DURATION_TOLERANCE_MS):
                    self.refused |= members

    def _recorded_ms(self, spotify_id: str) -> int | None:
        """The recorded duration; where only the second is known, milliseconds from the id."""
        row = self.source[spotify_id]
        if "duration_ms" in row:
            return int(row["duration_ms"])
        return row["duration_s"] * 1000 + number(spotify_id, 0, 1000) if "duration_s" in row else None

    def _known_durations(self) -> dict[str, tuple[int, str]]:
        """Milliseconds and their origin by ISRC and by Deezer id, so that copies of one recording are equally long."""
        known: dict[str, tuple[int, str]] = {}
        for spotify_id, row in self.source.items():
            length = self._recorded_ms(spotify_id)
            if length is not None and "isrc" in row:
                known.setdefault(row["isrc"], (length, "duration: another row with this ISRC"))
            if length is not None and spotify_id in self.links:
                known.setdefault(
                    self.links[spotify_id]["deezer_id"], (length, "duration: another row with this Deezer id")
                )
        for spotify_id, link in self.links.items():
            isrc = self.source[spotify_id].get("isrc")
            if isrc in known:
                known.setdefault(link["deezer_id"], (known[isrc][0], "duration: another row with this Deezer id"))
        return known

    def add_spotify(self, spotify_id: str, deezer_id: int) -> SpotifyTrack:
        """Choose a Spotify track; ``deezer_id`` is its counterpart, 0 for none."""
        if spotify_id in self.spotify:
            return self.spotify[spotify_id]
        row = self.source[spotify_id]
        derived: list[str] = []
        twin = self.recorded.get(deezer_id, {})
        isrc = row.get("isrc", "")
        milliseconds = number(spotify_id, 0, 1000)
        recorded_ms = self._recorded_ms(spotify_id)
        if recorded_ms is not None:
            duration = recorded_ms
            if "duration_ms" not in row:
                derived.append("duration: recorded second, milliseconds from the id")
        elif "duration" in twin:
            duration = twin["duration"] * 1000 + milliseconds
            derived.append("duration: linked Deezer row's second, milliseconds from the id")
        elif isrc in self.known_ms or str(deezer_id) in self.known_ms:
            duration, origin = self.known_ms.get(isrc) or self.known_ms[str(deezer_id)]
            derived.append(origin)
        else:
            duration = number(isrc or str(deezer_id) or spotify_id, 150_000, 180_000)
            derived.append("duration: from the ISRC or id")
        if isrc:
            self.known_ms.setdefault(isrc, (duration, "duration: another row with this ISRC"))
        if deezer_id:
            self.known_ms.setdefault(str(deezer_id), (duration, "duration: another row with this Deezer id"))
        if "album" in row:
            album = row["album"]
        elif twin.get("album"):
            album = twin["album"]
            derived.append("album: linked Deezer row's")
        else:
            album = split_title(row["name"])[0]
            derived.append("album: single named by its title")
        track = SpotifyTrack(
            id=spotify_id,
            name=row["name"],
            artists=tuple(row["artists"]),
            album=album,
            duration_ms=duration,
            isrc=isrc,
            year=int(row.get("year") or 0),
            explicit=bool(row.get("explicit", False)),
            deezer_id=deezer_id,
            derived=tuple(derived),
            srcs=tuple(row["srcs"]),
        )
        self.spotify[spotify_id] = track
        return track

    def add_recorded(self, deezer_id: int, isrc: str = "") -> None:
        """Choose a recorded Deezer row; ``isrc`` completes one that was recorded without."""
        if deezer_id in self.deezer:
            return
        row = self.recorded[deezer_id]
        derived: list[str] = []
        short: str = row.get("title_short") or row["title"]
        if not row.get("isrc") and isrc:
            derived.append("isrc: from the link")
        if not row.get("album"):
            derived.append("album: single named by its title")
        if not row.get("rank"):
            derived.append("rank: from the id")
        if row.get("version_unknown"):
            derived.append("title_version: unknown, left empty")
        self.deezer[deezer_id] = DeezerTrack(
            id=deezer_id,
            title=row["title"],
            title_short=short,
            title_version=row.get("title_version", ""),
            artist=row["artist"],
            album=str(row.get("album") or short),
            duration=row["duration"],
            contributors=tuple(row.get("contributors") or (row["artist"],)),
            isrc=row.get("isrc") or isrc,
            rank=int(row.get("rank") or 0) or number(str(deezer_id), 200_000, 700_000),
            explicit=bool(row.get("explicit", False)),
            release_date=row.get("release_date", ""),
            derived=tuple(derived),
            srcs=tuple(row["srcs"]),
        )

    def add_derived(self, track: SpotifyTrack, deezer_id: int, isrc: str, rule: str) -> None:
        """Derive the Deezer row of a Spotify track by Deezer's naming."""
        if deezer_id in self.deezer:
            return
        short, version = split_title(track.name)
        self.deezer[deezer_id] = DeezerTrack(
            id=deezer_id,
            title=f"{short} {version}".strip(),
            title_short=short,
            title_version=version,
            artist=track.artists[0],
            album=track.album,
            duration=track.duration_ms // 1000,
            contributors=track.artists,
            isrc=isrc,
            rank=number(str(deezer_id), 200_000, 700_000),
            explicit=track.explicit,
            release_date=f"{track.year}-01-01" if track.year else "",
            derived=(rule,),
            srcs=track.srcs,
        )

    def add_linked(self, spotify_id: str) -> None:
        """Choose a track that a source links to Deezer, with its Deezer row."""
        link = self.links[spotify_id]
        deezer_id = int(link["deezer_id"])
        track = self.add_spotify(spotify_id, deezer_id)
        if deezer_id in self.recorded:
            self.add_recorded(deezer_id, link["isrc"])
        else:
            self.add_derived(track, deezer_id, link["isrc"], "row: Spotify row in Deezer's naming, id of the link")

    def add_albums(self) -> list[CataloguePlaylist]:
        """Choose the largest recorded albums, with derived Deezer rows, for libraries that hold whole albums."""
        grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in self.source.values():
            if "isrc" in row and "duration_ms" in row and row["id"] not in self.refused:
                grouped[row["artists"][0], row["album"]].append(row["id"])
        largest = sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0]))[:ALBUMS]
        chosen = []
        for (_, title), members in largest:
            if len(members) < LEAST_ALBUM_TRACKS:
                break
            for spotify_id in members:
                if spotify_id in self.links:
                    self.add_linked(spotify_id)
                elif spotify_id not in self.spotify:
                    derived_id = number(spotify_id, DERIVED_ID_BASE, 2**32)
                    track = self.add_spotify(spotify_id, derived_id)
                    self.add_derived(track, derived_id, track.isrc, "row and id: Spotify row in Deezer's naming")
            chosen.append(CataloguePlaylist(title, self.source[members[0]]["srcs"][0], tuple(members), kind="album"))
        return chosen

    def add_decoys(self) -> None:
        """Add what a search should find and a matcher should refuse: other versions, other songs, other artists."""
        artists = {" ".join(words(track.artist)) for track in self.deezer.values()}
        chosen = {song(track.artist, track.title_short) for track in self.deezer.values()}
        titles = {title for _, title in chosen if len(title) > 3}
        for deezer_id, row in sorted(self.recorded.items()):
            artist, title = song(row["artist"], row.get("title_short") or row["title"])
            if artist in artists or (title in titles and row["quality"] == "api"):
                self.add_recorded(deezer_id)
        for spotify_id, row in sorted(self.source.items()):
            other_version = has_version_word(split_title(row["name"])[1])
            if spotify_id in self.spotify or spotify_id in self.refused or spotify_id in self.links:
                continue
            if other_version and "duration_ms" in row and song(row["artists"][0], row["name"]) in chosen:
                # Chosen for its Deezer side only, so it is taken out of the Spotify side again.
                track = self.add_spotify(spotify_id, 0)
                del self.spotify[spotify_id]
                derived_id = number(spotify_id, DERIVED_ID_BASE, 2**32)
                self.add_derived(track, derived_id, track.isrc, "row and id: Spotify row in Deezer's naming")

    def playlists(self) -> list[CataloguePlaylist]:
        """Choose the linked tracks of the real playlists, and a few that Deezer does not have."""
        lists = [
            entry for entry in self.lists if entry["source"] == "mholzi/beatify" and len(self._linked(entry)) >= 20
        ]
        for entry in lists:
            for spotify_id in self._linked(entry):
                self.add_linked(spotify_id)
        albums = self.add_albums()
        self.add_decoys()
        on_deezer = {song(track.artist, track.title_short) for track in self.deezer.values()}
        codes = {track.isrc for track in self.deezer.values() if track.isrc}
        chosen = []
        for entry in lists:
            linked = set(self._linked(entry))
            absent = [
                spotify_id
                for spotify_id in entry["tracks"]
                if spotify_id not in self.links
                and spotify_id not in self.refused
                and spotify_id not in self.spotify
                and self.source[spotify_id].get("isrc") not in codes
                and not {song(artist, self.source[spotify_id]["name"]) for artist in self.source[spotify_id]["artists"]}
                & on_deezer
            ]
            absent.sort(key=lambda spotify_id: number(spotify_id, 0, 2**32))
            missing = set(absent[: max(1, round(WITHOUT_COUNTERPART * len(linked)))])
            for spotify_id in missing:
                self.add_spotify(spotify_id, 0)
            chosen.append(
                CataloguePlaylist(
                    entry["name"], entry["source"], tuple(i for i in entry["tracks"] if i in linked or i in missing)
                )
            )
        return chosen + albums

    def _linked(self, entry: Row) -> list[str]:
        return [track for track in entry["tracks"] if track in self.links and track not in self.refused]


def packed(content: bytes) -> bytes:
    """The same bytes every time: gzip without a time stamp."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def lines(values: list[SpotifyTrack] | list[DeezerTrack]) -> bytes:
    return b"".join(msgspec.json.encode(value) + b"\n" for value in values)


def main() -> None:
    build = Build(Path(os.environ["MUSICDIFF_REFERENCE_DATA"]))
    playlists = build.playlists()
    OUT.mkdir(exist_ok=True)
    files = {
        "spotify_tracks.jsonl.gz": lines(
            sorted(build.spotify.values(), key=lambda track: (track.artists, track.album, track.id))
        ),
        "deezer_tracks.jsonl.gz": lines(
            sorted(build.deezer.values(), key=lambda track: (track.artist, track.album, track.id))
        ),
        "playlists.json.gz": msgspec.json.encode(playlists),
    }
    for name, content in files.items():
        size = (OUT / name).write_bytes(packed(content))
        print(f"{name}: {size:,} bytes")
    print(f"{len(build.spotify)} Spotify tracks, {len(build.deezer)} Deezer tracks, {len(playlists)} lists")


if __name__ == "__main__":
    main()
