"""What the documentation says is what the code does."""

from __future__ import annotations

import importlib.util
import re
import shlex
from itertools import takewhile
from pathlib import Path
from types import ModuleType

import click
import pytest

from musicdiff_job import settings
from musicdiff_job.cli.root import root
from musicdiff_job.core import override_file
from musicdiff_job.core.model import TargetId
from musicdiff_job.core.outcome import ExitCode
from musicdiff_job.core.terms import Preference, Terms
from musicdiff_job.settings import recipients

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generator()
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_page_is_what_the_settings_are() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == GENERATE.settings_page(), "run `make docs`"


def test_the_table_of_exit_codes_is_the_enums() -> None:
    assert GENERATE.replace_block(README, "exit codes", GENERATE.exit_code_table()) == README, "run `make docs`"


def test_the_weights_in_the_documentation_are_those_of_the_score() -> None:
    page = (ROOT / "docs" / "matching.md").read_text(encoding="utf-8")
    assert GENERATE.replace_block(page, "weights", GENERATE.weights_table()) == page, "run `make docs`"


def test_the_demo_in_the_readme_is_the_demo() -> None:
    def without_times(text: str) -> str:
        # Which look-ups are needed depends a little on which answer comes first.
        text = re.sub(r"Deezer \d{2,} \(\d+ look-ups", "Deezer N (N look-ups", text)
        text = re.sub(r"\d+ by ISRC, \d+ by album or artist, \d+ by search", "N by ISRC, album, artist or search", text)
        return re.sub(r"\d+(\.\d+)? s\b", "N s", text)

    shown = re.search(r"<!-- demo -->\n(.*?)\n<!-- /demo -->", README, re.DOTALL)
    assert shown is not None
    assert without_times(GENERATE.demo_output()) == without_times(shown[1]), "run `make docs`"


def test_every_exit_code_has_its_paragraph() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "docs" / "recovery.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = {int(number) for heading in headings for number in re.findall(r"\b\d+\b", heading)}
    text = (ROOT / "docs" / "recovery.md").read_text(encoding="utf-8")
    told |= {int(number) for number in re.findall(r"\((\d+)(?: with detailed codes)?\)", text)}
    assert told >= {int(code) for code in ExitCode}


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in re.findall(r"(?:^\$ |`|/)(musicdiff-job [^`\n]*)", text, re.MULTILINE):
            found.append((page.name, line.partition(" | ")[0].strip()))
    return found


@pytest.mark.parametrize(("page", "line"), commands())
def test_every_command_in_the_documentation_exists(page: str, line: str) -> None:
    words = list(takewhile(lambda word: word != "|", shlex.split(line)[1:]))
    command: click.Command = root
    context = click.Context(root, info_name="musicdiff-job")
    while words:
        options = command.get_params(context)
        known = {option for parameter in options for option in parameter.opts}
        word = words.pop(0)
        if word.startswith("-"):
            assert word in known, f"{page}: {line!r}: no option {word}"
            parameter = next(one for one in options if word in one.opts)
            takes_value = isinstance(parameter, click.Option) and not parameter.is_flag and not parameter.count
            if takes_value and words:
                words.pop(0)
        elif isinstance(command, click.Group):
            inner = command.get_command(context, word)
            assert inner is not None, f"{page}: {line!r}: no command {word}"
            command = inner
            context = click.Context(command, parent=context, info_name=word)


def test_the_readme_names_every_command() -> None:
    table = README[README.index("## Commands") : README.index("## Settings")]
    named = set(re.findall(r"`([a-z]+)[`; ]", table))
    assert set(root.list_commands(click.Context(root))) <= named


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", README, re.DOTALL))
def test_the_settings_shown_are_accepted(tmp_path: Path, block: str) -> None:
    file = tmp_path / "musicdiff.toml"
    file.write_text(block, encoding="utf-8")
    loaded = settings.load(config=file, env={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert loaded.settings.sync.exclude == ("Discover*", "re:(?i)^temp")


def test_the_settings_shown_for_an_export_are_accepted(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "export.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "spotify").mkdir()
    (tmp_path / "spotify" / "my_spotify_data.zip").touch()
    (tmp_path / "musicdiff.toml").write_text(block, encoding="utf-8")
    loaded = settings.load(env={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert loaded.settings.source.path == str(tmp_path / "spotify" / "my_spotify_data.zip")


def test_the_settings_shown_for_a_backup_are_accepted(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "backup.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "musicdiff.toml").write_text(block, encoding="utf-8")
    loaded = settings.load(env={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert loaded.settings.target.path == str(tmp_path / "music-backup")
    assert loaded.warnings == ()


@pytest.mark.parametrize("page", ["notifications.md", "metrics.md"])
def test_the_settings_shown_for_what_is_told_are_accepted(tmp_path: Path, page: str) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "musicdiff.toml").write_text("\n".join(blocks), encoding="utf-8")
    loaded = settings.load(env={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert loaded.settings.sync.stop_after_failures == 5 * (page == "notifications.md")
    assert loaded.warnings == ()


def test_the_addresses_shown_are_addresses() -> None:
    page = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    shown = re.findall(r"\| `([a-z]+://[^`]*)`", page)
    assert len(shown) >= 8
    assert all(re.search(recipients.PATTERN, address) for address in shown)


def test_the_overrides_shown_are_accepted_and_are_all_there_is() -> None:
    text = (ROOT / "docs" / "overrides.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    overrides = override_file.parse(block, "overrides.toml")
    assert overrides.tracks == {"5W3cjX2J3tjhG8zb6u0qHn": "3135556", "4uLU6hMCjMI75M1A2tKUQC": None}
    assert overrides.terms == {
        "7ouMYWpwJ422jRcDASZB7P": Terms((TargetId("781592622"), TargetId("781592623"))),
        "6habFhsOp2NvshLv26DqMb": Terms((), Preference("The Hits", explicit=False)),
        "0E9ZjEAyAwOXZ7wJC0PD33": Terms((), Preference(explicit=True)),
    }
    assert all(f"[{section}]" in block for section in override_file.SECTIONS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


def test_the_readme_begins_with_the_two_commands() -> None:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    assert blocks[0] == "$ make demo\n$ make test\n"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^demo:", makefile, re.MULTILINE)
    assert re.search(r"^test:", makefile, re.MULTILINE)
