"""The table of ``make deploy-check``: what fails fails, and what cannot be told is skipped with its reason."""

from __future__ import annotations

from pathlib import Path

import check
import pytest
from checks.checking import Check, Failed, Skipped, ran, system_tool, wait_for


def failing(folder: Path) -> str:
    raise Failed("first line\nand more")


def skipping(folder: Path) -> str:
    raise Skipped("there is no moon")


def breaking(folder: Path) -> str:
    raise KeyError("oops")


@pytest.mark.parametrize(
    ("look", "word", "said"),
    [
        (lambda folder: f"saw {len(list(folder.iterdir()))} files", "ok", "saw 0 files"),
        (failing, "failed", "first line"),
        (skipping, "skipped", "there is no moon"),
        (breaking, "failed", "oops"),
    ],
)
def test_how_a_check_can_end(look: object, word: str, said: str) -> None:
    assert callable(look)
    ended, told = check.result_of(Check("a", "b", look))
    assert ended == word
    assert said in told


def test_a_failure_ends_with_1_and_a_skip_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [Check("one", "x", lambda folder: "fine"), Check("two", "y", skipping)]
    monkeypatch.setattr(check, "all_checks", lambda: rows)
    assert check.main([]) == 0
    assert "two       y     skipped: there is no moon" in capsys.readouterr().out
    rows.append(Check("three", "z", failing))
    assert check.main([]) == 1
    assert capsys.readouterr().out.endswith("three, z:\nfirst line\nand more\n")
    assert check.main(["two"]) == 0
    assert check.main(["nothing of that name"]) == 1


def test_every_module_has_its_rows() -> None:
    rows = {(one.artefact, one.tool) for one in check.all_checks()}
    assert len(rows) == len(check.all_checks())
    assert {("cron/crontab", "Debian's cron"), ("Dockerfile", "its steps, run"), ("k8s/overlays/*", "checkov")} <= rows


def test_a_tool_that_complains_fails() -> None:
    assert ran("sh", "-c", "echo fine; echo note >&2") == "fine\n"
    with pytest.raises(Failed, match="ended with 3: why"):
        ran("sh", "-c", "echo why; exit 3")
    with pytest.raises(Failed, match="note"):
        ran("sh", "-c", "echo note >&2", told=True)


def test_what_the_machine_lacks_is_no_failure() -> None:
    with pytest.raises(Skipped, match="no-such-program"):
        system_tool("no-such-program")


def test_what_never_comes_is_a_failure() -> None:
    wait_for(lambda: True, 1, "rain")
    with pytest.raises(Failed, match="still no rain"):
        wait_for(lambda: False, 0, "rain")
