"""``report``: to a file or to stdout, as HTML, Markdown or JSON."""

from __future__ import annotations

import stat
import unicodedata

import pytest
from checkpoint_sample import sample
from command_line import CommandLine


def test_the_page_is_written_whole_and_for_its_owner(command: CommandLine) -> None:
    command.keep(sample())
    result = command("report", "-o", "index.html")
    assert (result.exit_code, result.stdout) == (0, "written to index.html\n")
    file = command.home / "index.html"
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "checkpoint generation 1" in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert command("report", "-o", "index.html", "-q").output == ""


@pytest.mark.parametrize("arguments", [(), ("-o", "-"), ("--format", "html", "-o", "-")])
def test_without_a_file_it_goes_to_stdout(arguments: tuple[str, ...], command: CommandLine) -> None:
    command.keep(sample())
    result = command("report", *arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith("<!doctype html>")
    assert result.stdout.endswith("</html>\n")
    assert not (command.home / "-").exists()


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
def test_no_form_holds_what_could_act_on_a_terminal(form: str, command: CommandLine) -> None:
    command.keep(sample())
    result = command("report", "--format", form)
    assert result.exit_code == 0, result.output
    for char in result.stdout:
        assert char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"}, ascii(char)


def test_json_is_the_status_and_its_lists(command: CommandLine) -> None:
    command.keep(sample())
    told, status = command.json("report", "--format", "json"), command.json("status", "--json")
    assert list(told)[: len(status)] == list(status)
    assert told["checkpoint"] == status["checkpoint"]
    assert len(told["runs"]) == 4
    assert len(told["unmatched"]) == 1


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
def test_without_a_checkpoint_it_says_so(form: str, command: CommandLine) -> None:
    result = command("report", "--format", form)
    assert result.exit_code == 0, result.output
    assert "no run has been made yet" in result.stdout.casefold()


def test_a_file_that_cannot_be_written_is_64(command: CommandLine) -> None:
    result = command("report", "-o", "absent/index.html")
    assert result.exit_code == 64
    assert "absent/index.html" in result.stderr
    assert "Name another file" in result.stderr
