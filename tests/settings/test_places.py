"""Places become absolute, and what must exist does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from musicdiff_job.settings.choices import SourceKind, TargetKind
from musicdiff_job.settings.findings import Findings, Given
from musicdiff_job.settings.places import settle


def settled(
    folder: Path, /, profile: str = "default", home: str = "/home/me", **values: object
) -> tuple[dict[str, object], Findings]:
    findings = Findings()
    named = {key.replace("__", "."): Given(value, "here", folder) for key, value in values.items()}
    result = settle(named, profile, home, folder, findings)
    return {key: given.value for key, given in result.items()}, findings


@pytest.mark.parametrize(
    ("raw", "absolute"),
    [
        ("~", "/home/me"),
        ("~/x", "/home/me/x"),
        ("~/{profile}/x", "/home/me/alice/x"),
        ("x/{profile}.json", "/etc/md/x/alice.json"),
        ("/x", "/x"),
        ("s3://b/{profile}.json", "s3://b/alice.json"),
    ],
)
def test_places_are_made_absolute(raw: str, absolute: str) -> None:
    values, findings = settled(Path("/etc/md"), "alice", checkpoint__url=raw)
    assert values["checkpoint.url"] == absolute
    assert not findings.problems and not findings.warnings


def test_defaults_are_made_absolute_too_and_empty_places_stay_empty(tmp_path: Path) -> None:
    values, findings = settled(tmp_path)
    assert values["checkpoint.url"] == "/home/me/.local/state/musicdiff/checkpoint.json.gz"
    assert values["matching.overrides"] == f"{tmp_path}/overrides.toml"
    assert values["log.file"] == values["report.html"] == ""
    assert not findings.problems


def test_a_folder_keeps_its_slash() -> None:
    values, _ = settled(Path("/x"), playback__enabled=True)
    assert values["playback.url"] == "/home/me/.local/state/musicdiff/plays/"


def test_without_a_home_only_what_is_used_needs_one() -> None:
    _, findings = settled(Path("/x"), home="", checkpoint__url="/c")
    assert not findings.problems
    _, findings = settled(Path("/x"), home="")
    assert findings.problems == [
        "default of checkpoint.url: checkpoint.url starts with ~, but HOME is not set; give an absolute path"
    ]
    _, findings = settled(Path("/x"), home="", checkpoint__url="/c", playback__enabled=True)
    assert len(findings.problems) == 1 and "playback.url" in findings.problems[0]


def test_files_that_must_exist(tmp_path: Path) -> None:
    _, findings = settled(
        tmp_path,
        matching__overrides="mine.toml",
        spotify__token_store="none/token",
        source__kind=SourceKind.EXPORT,
        source__path="export.zip",
    )
    assert findings.problems == [
        f"here: matching.overrides: the file {tmp_path}/mine.toml does not exist",
        f"here: spotify.token_store: the folder of {tmp_path}/none/token does not exist",
        f"here: source.path: the file or folder {tmp_path}/export.zip does not exist",
    ]
    for name in ("mine.toml", "export.zip"):
        (tmp_path / name).touch()
    (tmp_path / "none").mkdir()
    _, findings = settled(
        tmp_path, matching__overrides="mine.toml", spotify__token_store="none/token", source__path="export.zip"
    )
    assert not findings.problems


def test_the_default_overrides_are_optional_even_when_named(tmp_path: Path) -> None:
    for name in ("overrides.toml", ""):
        assert not settled(tmp_path, matching__overrides=name)[1].problems


@pytest.mark.parametrize(("section", "kind"), [("source", SourceKind.EXPORT), ("target", TargetKind.FILES)])
def test_kind_and_path_belong_together(tmp_path: Path, section: str, kind: str) -> None:
    (tmp_path / "x").mkdir()
    _, findings = settled(tmp_path, **{f"{section}__kind": kind})
    assert findings.problems == [f'here: with {section}.kind = "{kind}", {section}.path must be set']
    _, findings = settled(tmp_path, **{f"{section}__path": "x"})
    assert findings.warnings == [f'here: {section}.path is not used without {section}.kind = "{kind}"']
    _, findings = settled(tmp_path, **{f"{section}__path": "x", f"{section}__kind": kind})
    assert not findings.problems and not findings.warnings


def test_a_profile_on_the_default_checkpoint_is_worth_a_warning(tmp_path: Path) -> None:
    assert "put {profile} into checkpoint.url" in settled(tmp_path, "alice")[1].warnings[0]
    assert not settled(tmp_path, "default")[1].warnings


def test_the_place_of_plays_is_settled_for_who_reads_it_without_recording() -> None:
    assert settled(Path("/x"))[0]["playback.url"] == "/home/me/.local/state/musicdiff/plays/"
    values, _ = settled(Path("/x"), home="", checkpoint__url="/c")
    assert "playback.url" not in values


def test_profiles_that_may_share_a_history_are_worth_a_warning() -> None:
    options: dict[str, Any] = {"checkpoint__url": "/c/{profile}", "playback__enabled": True}
    assert "put {profile} into playback.url" in settled(Path("/x"), "alice", **options)[1].warnings[0]
    assert not settled(Path("/x"), "alice", playback__url="/p/{profile}", **options)[1].warnings
    assert not settled(Path("/x"), "alice", checkpoint__url="/c/{profile}")[1].warnings
