"""Titles, descriptions and who may edit, through real runs; what the tables say is in ``core/test_decide``."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig import Credential, open_rig

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import Summary
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.world import SpotifyAccount

BOTH: list[Credential] = ["arl", "token"]


def notes(summary: Summary) -> tuple[str, ...]:
    return tuple(note for line in summary.collections for note in line.notes)


@pytest.mark.parametrize("credential", BOTH)
def test_what_is_too_long_is_cut_and_said_once(tmp_path: Path, credential: Credential) -> None:
    account = SpotifyAccount(load_catalogue())
    tracks = [track.id for track in account.catalogue.spotify.values() if track.deezer_id]
    made = account.add_playlist(
        "All the songs that I have ever liked, and some more", tracks[:2], description="&" * 300
    )
    with open_rig(tmp_path, account, credential=credential) as rig:
        title = "All the songs that I have ever liked, and some mo…"
        assert notes(rig.run()) == (
            "title cut to the 50 characters that Deezer takes",
            "description cut to the 200 characters that Deezer takes",
        )
        assert list(rig.playlists()) == [title]
        assert rig.sandbox.deezer.playlist(title).description == "&" * 199 + "…"
        account.add_track(made, tracks[5])
        changed = rig.run()
        assert (changed.outcome, notes(changed)) == (Outcome.CHANGED, ())
        last = rig.run()
        assert (last.writes, notes(last)) == (0, ())


@pytest.mark.parametrize("credential", BOTH)
def test_a_collaborative_playlist_has_a_mirror_that_is_not(tmp_path: Path, credential: Credential) -> None:
    account = SpotifyAccount(load_catalogue())
    tracks = [track.id for track in account.catalogue.spotify.values() if track.deezer_id]
    account.add_playlist("Ours", tracks[:2], collaborative=True)
    overwrite = {"MUSICDIFF_SYNC_HAND_EDITS": "overwrite"}
    with open_rig(tmp_path, account, credential=credential) as rig:
        rig.run()
        assert not rig.sandbox.deezer.playlist("Ours").collaborative
        rig.sandbox.deezer.share_by_hand("Ours")
        told = notes(rig.run(force=True))
        assert "made collaborative by hand on Deezer" in told
        assert rig.sandbox.deezer.playlist("Ours").collaborative
        rig.run(force=True, env=overwrite)
        shown = rig.sandbox.deezer.playlist("Ours")
        assert (shown.collaborative, shown.public) == (False, False)
        assert rig.run(force=True, env=overwrite).writes == 0
