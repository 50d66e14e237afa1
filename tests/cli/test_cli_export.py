"""The commands, fed from an export that has no ids of tracks: those of 2020 had none."""

from __future__ import annotations

from pathlib import Path

from command_line import CommandLine
from export_files import account_data, write_zip

from musicdiff_job.export.lists import MADE_UP
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount


def test_every_command_works_from_an_export(command: CommandLine, tmp_path: Path) -> None:
    account = SpotifyAccount()
    tracks = list(account.catalogue.spotify)[:6]
    account.add_playlist("Gym", tracks)
    account.like(tracks[0])
    write_zip(tmp_path / "export.zip", account_data(account, old=True), "Spotify Account Data/")
    (tmp_path / "musicdiff.toml").write_text('[source]\nkind = "export"\npath = "export.zip"\n')
    with Sandbox(account) as sandbox:
        served = {name: value for name, value in sandbox.environment().items() if not name.startswith("SPOTIFY_")}
        command.env |= served | {"MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s"}
        assert "Spotify: not needed" in command("auth", "status").stdout
        assert "Gym (+6)\n  + new playlist" in command("plan", "-q", "-o", "plan.json").stdout
        applied = command("apply", "-q", "plan.json")
        assert applied.exit_code == 0, applied.output
        listed = {one["name"]: one for one in command.json("playlists", "--json")["collections"]}
        assert (listed["Gym"]["state"], listed["Gym"]["entries"]) == ("in_sync", 6)
        assert command("plan", "-q").stdout == "Nothing to change.\n"
        track = next(iter(command.kept().matches))
        assert track.startswith(MADE_UP)
        assert command("match", "reject", track).exit_code == 0
        assert command("run", "-q").exit_code == 0
        assert track in command("unmatched").stdout
        assert command("explain", track).exit_code == 0
        assert command("run", "-q").exit_code == 0


def test_a_path_that_is_not_there_is_a_settings_error(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "musicdiff.toml").write_text('[source]\nkind = "export"\npath = "none.zip"\n')
    result = command("run")
    assert result.exit_code == 78
    assert "none.zip does not exist" in result.stderr


def test_a_file_that_cannot_be_read_is_named_with_its_line(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "Playlist1.json").write_text('{"playlists": [\n{"name": "Gym", "items": [')
    (tmp_path / "musicdiff.toml").write_text('[source]\nkind = "export"\npath = "Playlist1.json"\n')
    command.env |= {"DEEZER_ARL": "a1" * 96, "MUSICDIFF_DEEZER_GATEWAY_URL": "http://127.0.0.1:9"}
    result = command("run", "--log-format", "text")
    assert result.exit_code == 78, result.output
    assert "Playlist1.json: line 2 is not JSON" in result.output
    assert "Download the export again" in result.output
