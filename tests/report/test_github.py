"""What GitHub Actions is told: commands that mean what they say, and Markdown that shows names as they are."""

from __future__ import annotations

import html
import re
from pathlib import Path

import msgspec
import pytest
from checkpoint_sample import GYM, HOSTILE, NOW, TOKYO, sample
from hypothesis import example, given, settings
from hypothesis import strategies as st

from musicdiff_job.core.outcome import TABLE, Outcome
from musicdiff_job.core.summary import CollectionResult, CollectionState, ConflictLine, ErrorLine, Summary, Totals
from musicdiff_job.report.github import (
    LEVELS,
    MOST_BYTES,
    Annotation,
    Level,
    annotated,
    github_sinks,
    outputs,
    step_summary,
)
from musicdiff_job.report.text import clean, shortened
from musicdiff_job.sinks import Ended

RUN = msgspec.structs.replace(sample().runs[-1], errors=(), new_playlists=())
TRICKS = (
    "@octocat #12 $x$ **b** <img src=x onerror=alert(1)> a|b `c` [l](http://evil.example) www.evil.example - &amp; \\|"
)


def of(outcome: Outcome, *errors: ErrorLine, conflicts: int = 0) -> Summary:
    lines = tuple(ConflictLine(f"id{at}", GYM, f"List {at}", "k", "removes much", "") for at in range(conflicts))
    return msgspec.structs.replace(RUN, outcome=outcome, errors=errors, conflicts=lines)


def read(command: str) -> tuple[str, str, str]:
    """Level, title and message, as GitHub's runner reads a command (actions/runner, ActionCommand.TryParseV2)."""
    found = re.fullmatch(r"::(\w+) title=([^,:\r\n]*)::([^\r\n]*)", command)
    assert found, command
    title = found[2].replace("%3A", ":").replace("%2C", ",")
    level, title, message = found[1], *(t.replace("%0A", "\n").replace("%25", "%") for t in (title, found[3]))
    return level, title, message


def test_every_outcome_has_its_level_and_what_needs_a_person_is_loud() -> None:
    assert set(LEVELS) == set(Outcome)
    for outcome, level in LEVELS.items():
        if not TABLE[outcome].healthy:
            assert level in {Level.WARNING, Level.ERROR}


@pytest.mark.parametrize(
    ("outcome", "levels"),
    [
        (Outcome.IN_SYNC, []),
        (Outcome.CHANGED, ["notice"]),
        (Outcome.RATE_LIMITED, ["warning"]),
        (Outcome.AUTH, ["error"]),
    ],
)
def test_an_outcome_is_told_as_loudly_as_it_matters(outcome: Outcome, levels: list[str]) -> None:
    told = [read(one.command()) for one in annotated(of(outcome))]
    assert [level for level, _, _ in told] == levels
    for _, title, message in told:
        assert title == f"musicdiff-job: {outcome.value.replace('_', ' ')}"
        assert message == TABLE[outcome].meaning


def test_errors_and_conflicts_have_one_each_the_worst_first() -> None:
    error = ErrorLine("Gym", "not found, 100 %", "Nothing to do")
    told = [read(one.command()) for one in annotated(of(Outcome.PARTIAL, error, conflicts=1))]
    assert told == [
        ("error", "conflict in List 0", "removes much (id0)"),
        ("warning", "musicdiff-job: partial", TABLE[Outcome.PARTIAL].meaning),
        ("warning", "Gym", "not found, 100 %. Nothing to do"),
    ]


def test_no_more_than_github_shows_and_the_rest_is_counted() -> None:
    errors = [ErrorLine(f"List {at}", "no", "") for at in range(30)]
    told = annotated(of(Outcome.PARTIAL, *errors, conflicts=12))
    for level, total in ((Level.ERROR, 12), (Level.WARNING, 31)):
        group = [one for one in told if one.level is level]
        assert len(group) == 10
        assert group[-1].message == f"and {total - 9} more; the summary has them"


@given(st.text(), st.text())
@example(HOSTILE, "a\r\n::error::b%0A,:")
def test_no_name_can_end_its_command_or_begin_another(title: str, message: str) -> None:
    level, shown_title, shown = read(Annotation(Level.NOTICE, title, message).command())
    assert level == "notice"
    assert (shown_title, shown) == (shortened(clean(title), 2000), shortened(clean(message), 2000))


def test_outputs_are_a_line_each() -> None:
    run = msgspec.structs.replace(
        RUN, outcome=Outcome.MORE_TO_DO, retry_at="2026-11-21T18:00:00Z", totals=Totals(changed=2, added=3, conflicts=1)
    )
    assert outputs(run).splitlines() == [
        "outcome=more_to_do", "exit_code=0", "changed=2", "added=3", "removed=0", "unmatched=0", "conflicts=1",
        "retry_at=2026-11-21T18:00:00Z", "more_to_do=true",
    ]  # fmt: skip
    assert "retry_at=\n" in outputs(RUN)


@pytest.mark.parametrize(
    ("outcome", "pending", "more"),
    [(Outcome.RATE_LIMITED, 3, "true"), (Outcome.MORE_TO_DO, 0, "true"), (Outcome.CHANGED, 0, "false")],
)
def test_whether_there_is_more_to_do(outcome: Outcome, pending: int, more: str) -> None:
    run = msgspec.structs.replace(RUN, outcome=outcome, totals=Totals(pending=pending))
    assert f"more_to_do={more}\n" in outputs(run)


def line(name: str, reason: str = "snapshot changed") -> CollectionResult:
    return CollectionResult(GYM, "playlist", name, CollectionState.CHANGED, reason, added=3, matched=98)


def table_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def test_the_step_summary_tells_the_run_and_its_collections() -> None:
    text = step_summary(msgspec.structs.replace(RUN, collections=(line(TOKYO),)), NOW)
    assert text.startswith("\n### musicdiff&#45;job&#58; changed\n\n- ")
    shown = html.unescape(text)
    assert "- done: 3 tracks added, 2 entries removed\n" in shown
    assert "| Collection | State | Added | Removed |" in shown
    assert f"| {TOKYO} | changed | 3 | - | 98 | - | snapshot changed |" in shown


MARKUP = re.compile(r"[!#&*+\-.:<=>@\[\\\]^_`{|}~$]")


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=80), st.text(max_size=80))
@example(TRICKS, TRICKS)
@example(HOSTILE, "\n\n# x\n\n| a |\n")
def test_a_name_is_no_markup(name: str, reason: str) -> None:
    text = step_summary(msgspec.structs.replace(RUN, collections=(line(name, reason),)), NOW)
    assert len(table_of(text)) == 3
    row = table_of(text)[2]
    cells = [part.strip(" ") for part in row.strip("|").split("|")]
    assert len(cells) == 7
    for cell, meant in ((cells[0], name), (cells[6], reason)):
        assert not MARKUP.search(re.sub(r"&#\d+;|<span>\$</span>", "", cell))
        assert not re.search(r"&#(?:64|35);\w", cell), "a mention or an issue"
        assert html.unescape(re.sub(r"</?span>|\u200b", "", cell)) == clean(meant).strip().replace("\u200b", "")


def test_a_step_summary_that_does_not_fit_is_cut_between_lines() -> None:
    many = tuple(line(f"{at} {TRICKS * 3}") for at in range(60))
    run = msgspec.structs.replace(RUN, collections=many)
    whole = step_summary(run, NOW)
    assert len(whole.encode()) <= MOST_BYTES
    for room in (0, 50, 3000, 20_000):
        text = step_summary(run, NOW, room)
        assert len(text.encode()) <= room
        if room > 50:
            body, _, last = text.rstrip("\n").rpartition("\n")
            assert "cut" in last
            assert whole.startswith(body.rstrip("\n"))


def env(folder: Path) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_OUTPUT": str(folder / "output"),
    }


def test_files_are_appended_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "summary.md").write_text("before")
    (tmp_path / "output").write_text("mine=1\n")
    for sink in github_sinks(env(tmp_path)):
        sink.begin("r")
        sink.end(Ended(RUN, NOW, lambda: None))
    assert (tmp_path / "summary.md").read_text().startswith("before\n### musicdiff")
    assert (tmp_path / "output").read_text().startswith("mine=1\noutcome=changed\n")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("::notice title=musicdiff-job%3A changed::")


def test_what_others_have_written_leaves_less_room(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * (MOST_BYTES - 400))
    for sink in github_sinks(env(tmp_path)):
        sink.end(Ended(RUN, NOW, lambda: None))
    assert MOST_BYTES - 400 < path.stat().st_size <= MOST_BYTES


def test_elsewhere_nobody_is_told(tmp_path: Path) -> None:
    assert github_sinks(env(tmp_path) | {"GITHUB_ACTIONS": "false"}) == ()
    assert [sink.name for sink in github_sinks({"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": ""})] == ["GITHUB_ACTIONS"]
