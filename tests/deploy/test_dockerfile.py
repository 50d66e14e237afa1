"""The Dockerfile, as far as it need not be run; ``make deploy-check`` carries its steps out."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from checks.checking import Failed
from checks.containerfile import Instruction, instructions, substituted
from shipped import ROOT

STEPS = instructions(ROOT / "Dockerfile")


def of(word: str) -> list[str]:
    return [step.rest for step in STEPS if step.word == word]


def pinned(lock: str) -> dict[str, str]:
    """The versions that a lock holds."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))


def test_both_stages_have_one_base_and_it_is_named_by_its_digest() -> None:
    assert len(of("FROM")) == 2
    assert {rest.split()[0] for rest in of("FROM")} == {"${PYTHON}"}
    base = of("ARG")[0]
    assert re.fullmatch(r"PYTHON=docker\.io/library/python:3\.\d+-slim@sha256:[0-9a-f]{64}", base)


def test_it_runs_as_nobody_and_gets_its_signals() -> None:
    assert of("USER") == ["65532:65532"]
    assert of("ENTRYPOINT") == ['["/opt/musicdiff/bin/musicdiff-job"]']
    assert of("CMD") == ['["run"]']
    assert of("HEALTHCHECK") == ["NONE"]
    words = [step.word for step in STEPS]
    assert words.index("USER") < words.index("ENTRYPOINT")


def test_what_is_installed_is_locked() -> None:
    installing = next(rest for rest in of("RUN") if "requirements-all.lock" in rest)
    assert "--require-hashes" in installing
    assert "--only-binary=:all:" in installing
    locked, tested = pinned("requirements-all.lock"), pinned("requirements-dev.lock")
    assert locked.items() <= tested.items(), "the image must hold what the tests have seen; run `make lock`"
    assert {"boto3", "apprise", "prometheus-client", "spotipy"} <= locked.keys()


def test_what_built_it_is_taken_out_again() -> None:
    removed = re.search(r"pip uninstall --yes ([a-z -]+)", " ".join(of("RUN")))
    assert removed is not None
    for name in {*removed[1].split()} - {"pip"}:
        assert name in pinned("requirements-all.lock"), name
    tools = [line.split(">")[0] for line in (ROOT / "requirements-build.in").read_text(encoding="utf-8").split()]
    assert {*tools, "pip"} <= {*removed[1].split()}


def test_the_builder_gets_what_is_copied_and_nothing_else() -> None:
    rules = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    assert rules[0] == "*"
    let_through = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {word for rest in of("COPY") if "--from" not in rest for word in rest.split()[:-1]}
    assert let_through == copied
    assert all((ROOT / name).exists() for name in copied)
    for secret in ("musicdiff.env", ".venv", "checkpoint.json.gz", ".git"):
        assert not any(fnmatch(secret, rule) for rule in let_through)


def test_an_instruction_that_is_new_here_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nADD https://example.org/x /x\n", encoding="utf-8")
    with pytest.raises(Failed, match="ADD"):
        instructions(tmp_path / "Dockerfile")


def test_how_instructions_are_read(tmp_path: Path) -> None:
    text = '# a comment\nARG A=1\nRUN one \\\n# in between\n && two\nENV B=${A} C="x y"\n'
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    argument, run, env = instructions(tmp_path / "Dockerfile")
    assert argument == Instruction("ARG", "A=1")
    assert run.rest.split() == ["one", "&&", "two"]
    assert env.pairs({"A": "1"}) == {"B": "1", "C": "x y"}
    with pytest.raises(Failed, match="has no value"):
        substituted("$D", {})
    with pytest.raises(Failed, match="list"):
        Instruction("CMD", "run").listed()
