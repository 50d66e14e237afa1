"""Mounted secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musicdiff_job.settings.findings import Findings, Variable
from musicdiff_job.settings.private_file import LARGEST, read_private, read_variable


def variables(tmp_path: Path, **texts: str) -> dict[str, Variable]:
    return {name: Variable(text, name, tmp_path) for name, text in texts.items()}


@pytest.mark.parametrize(
    ("content", "value"), [(b"hush", "hush"), (b"hush\n", "hush"), (b"hush\r\n", "hush"), (b"hush\n\n", "hush\n")]
)
def test_one_trailing_newline_is_not_part_of_the_value(tmp_path: Path, content: bytes, value: str) -> None:
    file = tmp_path / "arl"
    file.touch(mode=0o600)
    file.write_bytes(content)
    findings = Findings()
    found = read_variable("DEEZER_ARL", variables(tmp_path, DEEZER_ARL_FILE="arl"), findings)
    assert found and (found.text, found.origin) == (value, "DEEZER_ARL_FILE")
    assert not findings.problems and not findings.warnings


def test_a_variable_itself_and_none() -> None:
    findings = Findings()
    found = read_variable("A", variables(Path("/"), A="x"), findings)
    assert found and found.text == "x"
    assert read_variable("B", variables(Path("/"), A="x"), findings) is None
    assert not findings.problems


def test_both_forms_are_an_error(tmp_path: Path) -> None:
    findings = Findings()
    assert read_variable("A", variables(tmp_path, A="hush", A_FILE="x"), findings) is None
    assert findings.problems == ["A and A_FILE are both set; unset one of them"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "A_FILE: secret: cannot be read (No such file or directory)"),
        (b"", "A_FILE: secret is empty"),
        (b"\n", "A_FILE: secret is empty"),
        (b"hush\xff", "A_FILE: secret: not UTF-8 text"),
        (b"x" * (LARGEST + 1), f"A_FILE: secret: larger than {LARGEST} bytes"),
    ],
)
def test_files_that_cannot_be_meant(tmp_path: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    findings = Findings()
    assert read_variable("A", variables(tmp_path, A_FILE="secret"), findings) is None
    assert findings.problems == [problem]


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o620, True)]
)
def test_files_that_others_may_read(tmp_path: Path, mode: int, warned: bool) -> None:
    file = tmp_path / "secret"
    file.write_text("hush")
    file.chmod(mode)
    findings = Findings()
    assert read_private(file, tmp_path, "A_FILE: secret", findings) == "hush"
    expected = [f"A_FILE: secret: others may read or write it (mode {mode:04o}); chmod 600 it"]
    assert findings.warnings == (expected if warned else [])


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize(("mode", "warned"), [(0o440, False), (0o444, True), (0o460, True)])
def test_a_group_may_read_what_another_owner_mounted(tmp_path: Path, mode: int, warned: bool) -> None:
    file = tmp_path / "secret"
    file.write_text("hush")
    os.chown(file, 12345, -1)
    file.chmod(mode)
    findings = Findings()
    assert read_private(file, tmp_path, "x", findings) == "hush"
    assert bool(findings.warnings) is warned


def test_a_pipe_is_read_without_a_warning(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"hush\n")
    os.close(writing)
    findings = Findings()
    try:
        assert read_private(Path(f"/dev/fd/{reading}"), tmp_path, "x", findings) == "hush\n"
    finally:
        os.close(reading)
    assert not findings.warnings
