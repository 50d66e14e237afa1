"""A value stays one value in every kind of file."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml as pyyaml

from musicdiff_job.scaffold.quoting import FILTERS, cron, systemd, xml, yaml

AWKWARD = [
    "plain",
    "/My Music/50% off",
    "a'b",
    'a"b',
    "a\\b",
    "$HOME",
    "`id`",
    "#x",
    "; rm -rf /",
    "é ü",
    "~/x",
    "<&>",
    "- a: b",
]


@pytest.mark.parametrize("value", AWKWARD)
def test_a_word_in_a_crontab(value: str) -> None:
    written = cron(value)
    unescaped = written.replace("\\%", "%")  # what Debian's cron does; busybox gives the line to the shell as it is
    assert "%" not in written.replace("\\%", "")
    for line in (written, unescaped):
        done = subprocess.run(
            ["sh", "-c", f"printf %s {line}"], capture_output=True, text=True, check=True, env={"HOME": "/h"}
        )
        assert done.stdout == value.replace("~", "/h")


@pytest.mark.parametrize("value", AWKWARD)
def test_a_word_in_a_unit(value: str) -> None:
    # Alone, the one begins a specifier and the other a variable.
    assert systemd(value).count("%%") == value.count("%")
    assert systemd(value).count("$$") == value.count("$")
    undoubled = systemd(value).replace("%%", "%").replace("$$", "$")
    assert shlex.split(undoubled, comments=False) == [value]


def test_systemd_takes_them_all(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    unit = tmp_path / "x.service"
    lines = "".join(f"ExecStart=/bin/echo {systemd(value)}\n" for value in AWKWARD)
    unit.write_text(f"[Service]\nType=oneshot\n{lines}", encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("value", [*AWKWARD, ["a", "b: c"], "0123", "yes"])
def test_a_scalar_in_yaml(value: object) -> None:
    assert pyyaml.safe_load(f"key: {yaml(value)}") == {"key": value}
    assert json.loads(yaml(value)) == value


@pytest.mark.parametrize("value", AWKWARD)
def test_text_in_xml(value: str) -> None:
    assert ElementTree.fromstring(f"<a>{xml(value)}</a>").text == value


def test_the_filters_are_these() -> None:
    assert set(FILTERS) == {"cron", "systemd", "yaml", "xml"}
