"""The env file and the documents that credentials are written to."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from foreign import foreign_link
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.cli.env_output import (
    EnvFile,
    Format,
    assignment,
    command_for,
    merged,
    overruling,
    own_names,
    printed,
)
from musicdiff_job.core.errors import ConfigError, UsageError
from musicdiff_job.core.model import Service
from musicdiff_job.settings.env_file import parse
from musicdiff_job.settings.findings import Findings

SPOTIFY = {"SPOTIFY_CLIENT_ID": "c1", "SPOTIFY_REFRESH_TOKEN": "r1", "SPOTIFY_AUTHORIZED_AT": "2026-11-21"}
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
"""What a credential may hold."""


@given(VALUES)
def test_every_credential_is_read_back_as_it_was(value: str) -> None:
    findings = Findings()
    read = parse(assignment("DEEZER_ARL", value), "f", Path(), findings)
    assert not findings.problems
    assert read["DEEZER_ARL"].text == value


@given(st.text(st.characters(codec="utf-8")), VALUES)
def test_other_lines_stay(before: str, value: str) -> None:
    text = "".join(f"# {line}\n" for line in before.split("\n"))
    changed, retired = merged(text, Service.DEEZER, {"DEEZER_ARL": value})
    assert changed == f"{text}{assignment('DEEZER_ARL', value)}\n"
    assert retired == ()


def test_lines_are_replaced_where_they_stand_and_rivals_are_commented_out() -> None:
    text = (
        "A=1\r\nSPOTIFY_CLIENT_SECRET=s\n export SPOTIFY_REFRESH_TOKEN = 'old' # why\nSPOTIFY_CLIENT_ID_FILE=/x\n"
        "#SPOTIFY_CLIENT_ID=no\n\nDEEZER_ARL=a\u2028b"
    )
    changed, retired = merged(text, Service.SPOTIFY, SPOTIFY)
    assert changed == (
        "A=1\r\n#SPOTIFY_CLIENT_SECRET=s\nexport SPOTIFY_REFRESH_TOKEN=r1\n#SPOTIFY_CLIENT_ID_FILE=/x\n"
        "#SPOTIFY_CLIENT_ID=no\n\nDEEZER_ARL=a\u2028b\nSPOTIFY_CLIENT_ID=c1\nSPOTIFY_AUTHORIZED_AT=2026-11-21\n"
    )
    assert retired == ("SPOTIFY_CLIENT_SECRET", "SPOTIFY_CLIENT_ID_FILE")
    assert merged(changed, Service.SPOTIFY, SPOTIFY) == (changed, ())


def test_the_names_of_both_services() -> None:
    assert own_names(Service.DEEZER) == ("DEEZER_ARL", "DEEZER_ACCESS_TOKEN")
    assert set(SPOTIFY) < set(own_names(Service.SPOTIFY))


@pytest.mark.parametrize("umask", [0, 0o777])
def test_the_file_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    file = EnvFile(tmp_path / "a.env")
    before = os.umask(umask)
    try:
        file.prove()
        assert file.write(Service.SPOTIFY, SPOTIFY) == ()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.env"]
    assert file.names() == set(SPOTIFY)


def test_no_instant_in_which_others_could_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append(stat.S_IMODE(self.stat().st_mode))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    before = os.umask(0)
    try:
        EnvFile(tmp_path / "a.env").write(Service.SPOTIFY, SPOTIFY)
    finally:
        os.umask(before)
    assert seen == [0o600]


def test_somebody_else_does_not_say_by_a_link_where_credentials_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs.env").write_text("A=1\n")
    file = EnvFile(tmp_path / "a.env")
    file.prove()
    foreign_link(tmp_path / "a.env", tmp_path / "theirs.env", monkeypatch)
    with pytest.raises(UsageError, match="somebody else"):
        file.prove()
    with pytest.raises(UsageError, match="somebody else"):
        file.write(Service.SPOTIFY, SPOTIFY)
    assert (tmp_path / "theirs.env").read_text() == "A=1\n"


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "a.env"
    link.symlink_to("real/b.env")
    EnvFile(link).write(Service.SPOTIFY, SPOTIFY)
    assert link.is_symlink()
    assert stat.S_IMODE((tmp_path / "real" / "b.env").stat().st_mode) == 0o600


def test_what_cannot_be_written_or_understood_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no" / "a.env", Path("/dev/null")):
        with pytest.raises(UsageError):
            EnvFile(place).prove()
    (tmp_path / "b.env").write_text("A=1\nA=2\n")
    with pytest.raises(ConfigError):
        EnvFile(tmp_path / "b.env").prove()
    with pytest.raises(ConfigError):
        EnvFile(tmp_path / "b.env").write(Service.SPOTIFY, SPOTIFY)


def test_names_that_are_set_by_a_file_or_empty(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("DEEZER_ARL_FILE=/run/arl\nSPOTIFY_CLIENT_ID=\n")
    assert EnvFile(tmp_path / "a.env").names() == {"DEEZER_ARL"}


@given(st.fixed_dictionaries({"SPOTIFY_CLIENT_ID": VALUES, "SPOTIFY_REFRESH_TOKEN": VALUES}))
def test_a_kubernetes_secret_holds_the_values_as_they_are(values: dict[str, str]) -> None:
    document = yaml.safe_load(printed(Format.K8S, Service.SPOTIFY, values))
    assert document["metadata"] == {"name": "musicdiff-spotify"}
    assert document["stringData"] == values


def test_a_date_is_text_in_a_kubernetes_secret() -> None:
    assert yaml.safe_load(printed(Format.K8S, Service.SPOTIFY, SPOTIFY))["stringData"] == SPOTIFY


def test_github_gets_the_values_by_stdin_only(tmp_path: Path) -> None:
    gh = tmp_path / "gh"
    gh.write_text('#!/bin/sh\necho "$@"\ncat\n')
    gh.chmod(0o755)
    values = {"DEEZER_ARL": "$(echo boom)`echo boom`\\x"}
    script = printed(Format.GITHUB, Service.DEEZER, values)
    path = {"PATH": f"{tmp_path}:{os.defpath}"}
    done = subprocess.run(["sh"], input=script, env=path, capture_output=True, text=True, check=True)
    assert done.stdout == "secret set --env-file -\nDEEZER_ARL='$(echo boom)`echo boom`\\x'\n"


def test_the_next_command_quotes_the_file() -> None:
    assert command_for(Format.ENV, Path("my file.env")) == "musicdiff-job run --env-file 'my file.env'"
    assert "'my file.env'" in command_for(Format.GITHUB, Path("my file.env"))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_makes_the_same_values_of_the_file(tmp_path: Path) -> None:
    file = EnvFile(tmp_path / "a.env")
    file.path.write_text("# mine\nDEEZER_ACCESS_TOKEN=old\n")
    file.write(Service.SPOTIFY, SPOTIFY)
    file.write(Service.DEEZER, {"DEEZER_ARL": "a" * 192})
    made = command_for(Format.K8S, file.path).partition(" | ")[0]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-c", made], capture_output=True, text=True, check=True, env=environment)
    assert set(yaml.safe_load(done.stdout)["data"]) == {*SPOTIFY, "DEEZER_ARL"}


def test_what_the_process_sets_otherwise() -> None:
    env = {
        "SPOTIFY_CLIENT_ID": "c1",
        "SPOTIFY_REFRESH_TOKEN_FILE": "/x",
        "SPOTIFY_CLIENT_SECRET": "s",
        "DEEZER_ARL": "a",
    }
    assert overruling(Service.SPOTIFY, SPOTIFY, env) == ("SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN_FILE")
    assert overruling(Service.SPOTIFY, SPOTIFY, {"SPOTIFY_CLIENT_ID": ""}) == ()
