"""docs/migrating.md: what it says is carried over is, by the real job on what the other tools leave behind."""

from __future__ import annotations

import re
import shlex
import sqlite3
from pathlib import Path

import pytest
from export_files import exportify_app, write_folder
from rig import Rig, open_rig

from musicdiff_job import settings
from musicdiff_job.core.forget import forget_all
from musicdiff_job.core.model import CollectionHead, CollectionId, Kind
from musicdiff_job.core.policy import matches
from musicdiff_job.sandbox.world import SpotifyAccount, synthetic_world

PAGE = (Path(__file__).parent.parent / "docs" / "migrating.md").read_text(encoding="utf-8")
SCHEMA = """
CREATE TABLE playlist_selections (
    spotify_id TEXT PRIMARY KEY, name TEXT NOT NULL, track_count INTEGER DEFAULT 0, selected BOOLEAN DEFAULT 1,
    last_synced TIMESTAMP, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
)
"""
"""MusicDiff's table, as its version of 2026-01-02 creates it."""
LEFT_BY_MUSICDIFF = """\
# Spotify
export SPOTIFY_CLIENT_ID="3d9a0836d01242fb94d579c26456f4a5"
export SPOTIFY_CLIENT_SECRET="0123456789abcdef0123456789abcdef"
export SPOTIFY_REDIRECT_URI="http://127.0.0.1:8888/callback"

export DEEZER_ARL="{arl}"
"""


def library() -> SpotifyAccount:
    return synthetic_world(playlists=2, tracks_each=5, liked=3, seed=3)


def by_another_tool(rig: Rig) -> None:
    """The library on Deezer, public as MusicDiff makes it, and nothing that we remember."""
    rig.run(env={"MUSICDIFF_SYNC_PUBLIC": "public"})
    rig.checkpoint_file.unlink()


def test_what_another_tool_made_is_taken_over(tmp_path: Path) -> None:
    with open_rig(tmp_path, library()) as rig:
        by_another_tool(rig)
        made = rig.playlists()
        title, tracks = next(iter(made.items()))
        rig.sandbox.deezer.create_by_hand("Elsewhere")
        rig.sandbox.deezer.remove_by_hand(title, tracks[0])
        summary = rig.run()
        assert summary.totals.created == 0
        assert rig.playlists() == {**made, "Elsewhere": []}
        assert all(rig.sandbox.deezer.playlist(name).public for name in made)
        assert rig.run().outcome == "in_sync"


def test_what_is_gone_from_spotify_stays_unless_told(tmp_path: Path) -> None:
    with open_rig(tmp_path, library()) as rig:
        by_another_tool(rig)
        (title, tracks), (_, others) = rig.playlists().items()
        rig.sandbox.deezer.add_by_hand(title, others[0], offset=0)
        rig.run()
        assert rig.playlists()[title] == [*tracks, others[0]], "behind them"
        rig.run(env={"MUSICDIFF_SYNC_HAND_EDITS": "overwrite"}, force=True)
        assert rig.playlists()[title] == tracks


def test_the_selection_becomes_a_setting(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "musicdiff.db")
    database.execute(SCHEMA)
    rows = [("37i9dQZF1DXcBWIGoYBM5M", 'Quote\'s "best" ]\n# x', 1), ("2v3iNvBX8Ay1Gt2uXtUKUT", "No", 0)]
    database.executemany("INSERT INTO playlist_selections (spotify_id, name, selected) VALUES (?, ?, ?)", rows)
    lines = re.findall(r"^\$ ((?:echo|sqlite3) .*)$", PAGE, re.MULTILINE)
    said = []
    for words in map(shlex.split, lines):
        said += [words[1]] if words[0] == "echo" else [row[0] for row in database.execute(words[2])]
    database.close()
    (tmp_path / "musicdiff.toml").write_text("\n".join(said), encoding="utf-8")
    loaded = settings.load(env={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert loaded.settings.sync.include == ("id:37i9dQZF1DXcBWIGoYBM5M",)


def test_its_credentials_are_read_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "musicdiff.env"
    file.write_text(LEFT_BY_MUSICDIFF.format(arl="a1" * 96), encoding="utf-8")
    file.chmod(0o600)
    loaded = settings.load(env={"HOME": str(tmp_path)}, env_file=file, cwd=tmp_path)
    assert {secret.reveal() for secret in loaded.secrets() if secret} == {"0123456789abcdef0123456789abcdef", "a1" * 96}
    (warning,) = loaded.warnings
    assert warning.startswith("SPOTIFY_REDIRECT_URI")


def test_a_playlist_is_named_by_its_id() -> None:
    (pattern,) = set(re.findall(r'clude = \["(id:[^"]+)"\]', PAGE))
    found = CollectionHead(CollectionId("spotify:playlist:1ABCDEqsABCD6EaABCDa0a"), Kind.PLAYLIST, "Any", "")
    assert matches(pattern, found)


@pytest.mark.parametrize("named", [True, False], ids=["the name is in the file", "it is in the file's name"])
def test_from_exportify_to_the_account_without_a_second_playlist(tmp_path: Path, named: bool) -> None:
    account = library()
    write_folder(tmp_path / "exportify", exportify_app(account, named=named))
    exported = {"MUSICDIFF_SOURCE_KIND": "export", "MUSICDIFF_SOURCE_PATH": str(tmp_path / "exportify")}
    with open_rig(tmp_path, account) as rig:
        rig.run(env=exported)
        made = rig.playlists()
        for one in account.playlists():
            if not named:
                rig.sandbox.deezer.rename_by_hand(one.name.lower(), one.name)
        assert set(rig.playlists()) == {one.name for one in account.playlists()}
        with rig.store().lease("reset", rig.now()) as lease:
            lease.save(forget_all(lease.load()))
        summary = rig.run()
        assert summary.totals.created == 0
        assert list(rig.playlists().values()) == list(made.values())
