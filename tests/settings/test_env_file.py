"""The --env-file: a strict grammar, nothing executed, nothing of a secret in a problem."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.settings.env_file import parse, read_env_file
from musicdiff_job.settings.findings import Findings


def values(text: str) -> dict[str, str]:
    findings = Findings()
    variables = parse(text, "job.env", Path("/folder"), findings)
    assert not findings.problems
    return {name: variable.text for name, variable in variables.items()}


def problems(text: str) -> list[str]:
    findings = Findings()
    parse(text, "job.env", Path("/folder"), findings)
    return findings.problems


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  A = b  ", "b"),
        ("export A=b", "b"),
        ("export\tA=b", "b"),
        ("A=", ""),
        ("A= # comment", ""),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A=#c", "#c"),
        ("A=b=c", "b=c"),
        ("A='b c' # d", "b c"),
        ("A='$B \\n \"'", '$B \\n "'),
        ('A="b c"', "b c"),
        ('A="\\"\\\\\\$\\n\\x"', '"\\$\n\\x'),
        ("A='$(touch x)$B`c`'", "$(touch x)$B`c`"),
        ("A=$(x)$B`c`", "$(x)$B`c`"),
        ("A=b\r", "b"),
        ("A=é東", "é東"),
    ],
)
def test_lines(line: str, value: str) -> None:
    assert values(f"# head\n\n{line}\n") == {"A": value}


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert values("\ufeffA=b") == {"A": "b"}


def test_a_shells_variables_are_not_replaced() -> None:
    assert values('A=1\nB=$A\nC="${A}"') == {"A": "1", "B": "$A", "C": "${A}"}


@pytest.mark.parametrize(
    "line",
    [
        "hushhush",
        "=hushhush",
        "1A=hushhush",
        "A B=hushhush",
        "A=hush hush",
        "A='hushhush",
        'A="hush" hush',
        "A=hush'hush'",
        "A=hush\x00hush",
        "A='hush'hush",
        'A="hushhush\\"',
        "export=hushhush x",
    ],
)
def test_a_problem_names_the_line_and_not_its_content(line: str) -> None:
    (problem,) = problems(f"X=1\n{line}")
    assert problem.startswith("job.env, line 2: ") and "hush" not in problem


def test_a_name_is_given_once() -> None:
    assert problems("A=1\n\nA=2") == ["job.env, line 3: A is given already in line 1"]


def test_a_variable_knows_where_it_was_set() -> None:
    variable = parse("\nA=1", "job.env", Path("/folder"), Findings())["A"]
    assert (variable.origin, variable.folder) == ("A (job.env, line 2)", Path("/folder"))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    parse(text, "job.env", Path("/"), Findings())


@given(st.text(alphabet=st.characters(exclude_characters="\n'", exclude_categories=["Cc", "Cs"])))
def test_single_quotes_keep_everything(text: str) -> None:
    assert values(f"A='{text}'") == {"A": text}


def test_files_that_are_missing_binary_or_open_to_others(tmp_path: Path) -> None:
    findings = Findings()
    assert read_env_file(Path("none.env"), tmp_path, findings) == {}
    (tmp_path / "binary.env").write_bytes(b"A=\xff")
    read_env_file(Path("binary.env"), tmp_path, findings)
    assert findings.problems == ["none.env: cannot be read (No such file or directory)", "binary.env: not UTF-8 text"]
    good = tmp_path / "good.env"
    good.write_text("A=1\n")
    good.chmod(0o644)
    assert read_env_file(Path("good.env"), tmp_path, findings)["A"].text == "1"
    assert findings.warnings == ["good.env: others may read or write it (mode 0644); chmod 600 it"]
