"""The settings file: where it is found, and what can be wrong with it as a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.settings.findings import Findings
from musicdiff_job.settings.toml_file import find, read_file, read_text


def test_the_order_in_which_files_are_looked_for(tmp_path: Path) -> None:
    home, cwd = tmp_path / "home", tmp_path / "cwd"
    usual = home / ".config" / "musicdiff" / "config.toml"
    xdg = tmp_path / "xdg" / "musicdiff" / "config.toml"
    local = cwd / "musicdiff.toml"
    env = {"HOME": str(home)}
    cwd.mkdir()
    assert find(None, env, cwd) is None
    for path, variables in ((usual, env), (xdg, env | {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}), (local, env)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        assert find(None, variables, cwd) == path
    assert find(None, env | {"MUSICDIFF_CONFIG": "x.toml"}, cwd) == Path("x.toml")
    assert find(Path("y.toml"), env | {"MUSICDIFF_CONFIG": "x.toml"}, cwd) == Path("y.toml")
    local.unlink()
    assert find(None, env | {"XDG_CONFIG_HOME": "relative"}, cwd) == usual
    assert find(None, {}, cwd) is None


def test_paths_in_a_file_start_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "a.toml").write_text("[log]\nfile = 'x'")
    assert read_file(Path("etc/a.toml"), tmp_path, Findings()).values["log.file"].folder == folder


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[sync]\ninclude = [\xff]", "a.toml: byte 18 is not UTF-8 text"),
        (b"a = 1\nb = x", "a.toml, line 2, column 5: not valid TOML: "),
        (b"a = 1\nb = ", "a.toml, line 2: not valid TOML: "),
        (b"[sync]\ninclude = [", "a.toml, line 2: not valid TOML: "),
        (b"a = " + b"1" * 5000, "a.toml: not valid TOML: "),
        (b"a = " + b"[" * 5000, "a.toml: not valid TOML here: it is nested too deeply"),
        (b"[log]\nlevel = 1", 'a.toml, line 2: log.level is 1; it must be "debug", "info", "warning" or "error"'),
        (b"[log]\nlevel = 0x" + b"f" * 5000, "a.toml, line 2: log.level is a value of type int; it must be"),
    ],
)
def test_what_can_be_wrong(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    findings = Findings()
    read_file(Path("a.toml"), tmp_path, findings)
    assert len(findings.problems) == 1 and findings.problems[0].startswith(problem)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    findings = Findings()
    for path in ("none.toml", ".", "a\x00b", "/dev/zero"):
        read_file(Path(path), tmp_path, findings)
    assert findings.problems == [
        "none.toml: cannot be read (No such file or directory)",
        ".: cannot be read (Is a directory)",
        "a\\x00b: cannot be read (not a possible file name)",
        "/dev/zero: larger than 1048576 bytes",
    ]


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf[budget]\ncalls = 1")
    findings = Findings()
    assert read_file(Path("a.toml"), tmp_path, findings).values["budget.calls"].value == 1
    assert not findings.problems


WORDS = [
    "sync",
    "log",
    "budget",
    "playlist",
    "profiles",
    "arl",
    "file",
    "=",
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    ".",
    ",",
    "\n",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from([*WORDS, "1", "1h", " ", "#"])).map("".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    read_text(text, "a.toml", Path("/"), Findings())
