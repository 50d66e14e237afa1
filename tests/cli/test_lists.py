"""The commands that only read the checkpoint: status, playlists, history, unmatched, conflicts, checkpoint."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import click
import msgspec
import pytest
from checkpoint_sample import CJK, GYM, HOSTILE, LOST, NOW, TOKYO, sample
from command_line import CommandLine

from musicdiff_job.cli.status import Age
from musicdiff_job.core import packs
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.document import Claim, with_lease
from musicdiff_job.core.match import Reason, Unmatched
from musicdiff_job.core.model import SourceId, Track
from musicdiff_job.core.outcome import Outcome

LISTS = [
    ("status", "-v"), ("status", "--json"), ("playlists",), ("playlists", "--json"), ("history",),
    ("history", "--json"), ("unmatched",), ("unmatched", "--json"),
    ("matches",), ("matches", "--json"), ("matches", "--csv"), ("matches", "--doubtful"),
    ("conflicts",), ("conflicts", "--settled"), ("conflicts", "--json"),
    ("plays",), ("plays", "--json"), ("plays", "--csv"),
    ("checkpoint", "show"), ("checkpoint", "show", "--json"), ("checkpoint", "verify"),
    ("explain", "7ouMYWpwJ422jRcDASZB7P", "--offline"),
]  # fmt: skip


@pytest.mark.parametrize("arguments", LISTS, ids=" ".join)
def test_no_output_holds_what_could_act_on_a_terminal(arguments: tuple[str, ...], command: CommandLine) -> None:
    command.keep(sample())
    result = command(*arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout
    for char in result.output:
        assert char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"}, ascii(char)


@pytest.mark.parametrize("arguments", LISTS[:-2], ids=" ".join)
def test_without_a_checkpoint_they_say_so(arguments: tuple[str, ...], command: CommandLine) -> None:
    result = command(*arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout
    assert not command.path.exists()


def test_json_keeps_the_names_as_they_are(command: CommandLine) -> None:
    command.keep(sample())
    names = {one["id"]: one["name"] for one in command.json("playlists", "--json")["collections"]}
    assert names[CJK] == TOKYO
    assert HOSTILE in names.values()


def test_status_in_json_is_the_promised_object(command: CommandLine) -> None:
    command.keep(sample())
    command.env["SPOTIFY_AUTHORIZED_AT"] = "2026-08-31"
    told = command.json("status", "--json", "--profile", "default")
    assert list(told)[:5] == ["schema", "profile", "paused", "healthy", "phase"]
    assert told["checkpoint"]["generation"] == 1
    assert told["last_run"]["outcome"] == "changed"
    assert told["ledger"]["spotify"]["limit"] == 1000
    expiry = told["credentials"]["spotify"]
    assert (expiry["authorized_at"], expiry["expires_at"]) == ("2026-08-31T00:00:00Z", "2027-02-28T00:00:00Z")


@pytest.mark.parametrize(
    ("outcome", "age", "status"),
    [(Outcome.CHANGED, "99999w", 0), (Outcome.PARTIAL, "99999w", 20), (Outcome.CHANGED, "0", 20)],
)
def test_check(outcome: Outcome, age: str, status: int, command: CommandLine) -> None:
    # Whatever the machine's clock says, these runs are over.
    text = msgspec.json.encode(sample(last=outcome)).replace(b"2026-11-", b"2019-11-")
    command.keep(msgspec.json.decode(text, type=Checkpoint))
    result = command("status", "--check", "--max-age", age)
    assert (result.exit_code, result.stdout) == (status, "")
    assert bool(result.stderr) == bool(status)
    assert command("status", "--check", "--max-age", age, "-q").output == ""
    assert command("status", "--check", "--max-age", age, "--json").exit_code == status
    assert command("status", "--max-age", age).exit_code == 0


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("26h", timedelta(hours=26)),
        ("90m", timedelta(minutes=90)),
        ("1d12h", timedelta(hours=36)),
        ("5", timedelta(seconds=5)),
    ],
)
def test_ages(text: str, age: timedelta) -> None:
    assert Age().convert(text, None, None) == age
    assert Age().convert(age, None, None) == age


@pytest.mark.parametrize("text", ["", "h", "26 h", "-1h", "1y", "1.5h", "99999w" * 9_000])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Age().convert(text, None, None)


def test_history_is_limited(command: CommandLine) -> None:
    command.keep(sample())
    assert [run["run_id"] for run in command.json("history", "-n", "2", "--json")["runs"]] == ["run-20-3", "run-21-3"]


def test_unmatched_names_links(command: CommandLine) -> None:
    command.keep(sample())
    text = command("unmatched").stdout
    assert "https://www.deezer.com/track/3135556" in text
    assert "  only other versions; next try 2026-11-23 03:00 UTC (" in text
    assert "1 track without a counterpart. `musicdiff-job match set SPOTIFY DEEZER` names one." in text
    assert [one["id"] for one in command.json("unmatched", "--json")["unmatched"]] == [LOST]


def test_unmatched_counts_what_they_are(command: CommandLine) -> None:
    album = Track(id="album:4aawyAB9vmqN3uQ7FjRGTy", title="Global Warming", artists=("Pitbull",))
    command.keep(sample().with_matches({SourceId(album.id): MatchRecord(album, Unmatched(Reason.NOT_FOUND))}))
    assert "\n2 entries without a counterpart. " in command("unmatched").stdout


def test_checkpoint_show(command: CommandLine) -> None:
    command.keep(sample())
    text = command("checkpoint", "show").stdout
    assert "holds: 4 collections, 4 placed entries, 3 matches, 1 conflict, 4 runs" in text
    assert "spotify account: ada" in text
    assert "previous: none" in text
    assert GYM in command.json("checkpoint", "show", "--json")["body"]["mirrors"]


def test_checkpoint_show_and_verify_include_the_pack(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "WHOLE_UP_TO", 0)
    command.path = command.path.with_name("checkpoint.json.gz")
    command.env["MUSICDIFF_CHECKPOINT_URL"] = str(command.path)
    command.keep(sample())
    pack = next(entry for entry in command.path.parent.iterdir() if ".pack-" in entry.name)
    text = command("checkpoint", "show").stdout
    assert "holds: 4 collections, 4 placed entries, 3 matches" in text
    assert f"pack: 3 matches in {pack} ({pack.stat().st_size:,} bytes)" in text
    shown = command.json("checkpoint", "show", "--json")
    assert (shown["header"]["pack"]["matches"], len(shown["body"]["matches"])) == (3, 3)
    assert command("checkpoint", "verify").exit_code == 0
    pack.unlink()
    for verb in ("verify", "show"):
        result = command("checkpoint", verb)
        assert result.exit_code == 65
        assert f"pack, which holds most of it, is missing: {pack}" in result.stderr


def test_checkpoint_show_names_who_holds_it(command: CommandLine) -> None:
    command.keep(sample())
    claim = Claim("a \x1brun", "host", "2026-11-21T12:10:00Z", "1f2e")
    command.path.write_bytes(with_lease(command.path.read_bytes(), claim, compress=False)[1])
    assert "held by: run a \ufffdrun on host, until 2026-11-21T12:10:00Z" in command("checkpoint", "show").stdout


def test_init_creates_and_never_overwrites(command: CommandLine) -> None:
    result = command("checkpoint", "init")
    assert (result.exit_code, result.stdout) == (0, f"created: {command.path}\n")
    assert command.kept() == Checkpoint()
    command.keep(sample())
    result = command("checkpoint", "init")
    assert (result.exit_code, result.stdout) == (
        0, f"There is a checkpoint already at {command.path}; nothing was changed.\n",
    )  # fmt: skip
    assert command("checkpoint", "init", "-q").output == ""
    assert command.kept() == sample()
    command.path.write_bytes(b"damaged")
    assert command("checkpoint", "init").exit_code == 0
    assert command.path.read_bytes() == b"damaged"


def test_init_during_a_run_is_12(command: CommandLine) -> None:
    with command.store.lease("a run", NOW + timedelta(hours=1)):
        assert command("checkpoint", "init").exit_code == 12
    assert not command.path.exists()


def test_verify_and_restore(command: CommandLine) -> None:
    assert command("checkpoint", "verify").exit_code == 65
    command.keep(sample())
    command.keep(Checkpoint())
    assert "generation 2" in command("checkpoint", "verify").stdout
    assert command("checkpoint", "verify", "-q").output == ""
    assert "restored: generation 1" in command("checkpoint", "restore-previous").stdout
    assert command.kept() == sample()
    command.path.write_bytes(command.path.read_bytes()[:-40])
    assert command("checkpoint", "verify").exit_code == 65
