"""The branch with the state, over real HTTP and git's own server: what is kept, who wins, what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_server import REPOSITORY, TOKEN, Hub
from state_branch import MARK, Refused, StateBranch, is_kept

NAME = "default.json.gz"


class Run:
    """One run's folder and its view of the branch."""

    def __init__(self, hub: Hub, folder: Path, token: str = "", branch: str = "state") -> None:
        self.folder, scratch = folder / "state", folder / "git"
        self.folder.mkdir(parents=True)
        scratch.mkdir()
        # Over HTTP where that matters; the rest is the same by a path, and quicker.
        url = f"{hub.url}/{REPOSITORY}" if token else str(hub.bare)
        self.branch = StateBranch(url, branch, scratch, token)

    def load(self) -> dict[str, bytes]:
        self.branch.load(self.folder)
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def save(self, content: bytes, name: str = NAME) -> bool:
        (self.folder / name).write_bytes(content)
        return self.branch.save(self.folder)


def saved(hub: Hub, folder: Path, content: bytes) -> str:
    run = Run(hub, folder)
    run.load()
    assert run.save(content)
    return hub.tip()


def foreign(hub: Hub, *, message: str, parents: int) -> str:
    """A branch called ``state`` that holds somebody's work."""
    tree = hub.git("mktree", given="").strip()
    commit = hub.git("commit-tree", tree, "-m", message).strip()
    for _ in range(parents):
        commit = hub.git("commit-tree", tree, "-p", commit, "-m", message).strip()
    hub.git("update-ref", "refs/heads/state", commit)
    return commit


def test_what_one_run_saved_the_next_one_reads(hub: Hub, tmp_path: Path) -> None:
    first = Run(hub, tmp_path / "1", TOKEN)
    assert first.load() == {}
    assert first.save(b"\x1f\x8b\r\n one")
    second = Run(hub, tmp_path / "2", TOKEN)
    assert second.load() == {NAME: b"\x1f\x8b\r\n one"}
    assert second.save(b"two")
    assert hub.files() == {NAME: b"two"}


def test_the_branch_stays_one_commit(hub: Hub, tmp_path: Path) -> None:
    commits = [saved(hub, tmp_path / str(number), bytes([number])) for number in range(3)]
    assert len(set(commits)) == 3
    assert hub.git("log", "--format=%P|%s", "state") == f"|{MARK}\n"


def test_what_has_not_changed_is_not_pushed(hub: Hub, tmp_path: Path) -> None:
    commit = saved(hub, tmp_path / "1", b"same")
    run = Run(hub, tmp_path / "2")
    run.load()
    assert not run.save(b"same")
    assert hub.tip() == commit
    nothing = Run(hub, tmp_path / "3", branch="another")
    nothing.load()
    assert not nothing.branch.save(nothing.folder)
    assert hub.tip("another") == ""


def test_locks_and_half_written_files_stay_behind(hub: Hub, tmp_path: Path) -> None:
    run = Run(hub, tmp_path / "1")
    run.load()
    for name in (f"{NAME}.lock", f".{NAME}.x1.tmp"):
        (run.folder / name).touch()
        assert not is_kept(run.folder / name)
    (run.folder / "plays-default").mkdir()
    (run.folder / "plays-default" / "2026-11.jsonl").write_text("{}\n", encoding="utf-8")
    run.save(b"previous", f"{NAME}.prev")
    run.save(b"now")
    assert set(hub.files()) == {NAME, f"{NAME}.prev", "plays-default/2026-11.jsonl"}
    again = Run(hub, tmp_path / "2")
    again.load()
    assert (again.folder / "plays-default" / "2026-11.jsonl").read_text(encoding="utf-8") == "{}\n"


@pytest.mark.parametrize("before", [b"", b"old"], ids=["first runs", "later runs"])
def test_of_two_runs_the_first_to_save_wins(hub: Hub, tmp_path: Path, before: bytes) -> None:
    if before:
        saved(hub, tmp_path / "0", before)
    one, other = Run(hub, tmp_path / "1"), Run(hub, tmp_path / "2")
    one.load()
    other.load()
    assert other.save(b"other")
    with pytest.raises(Refused, match="nothing was overwritten") as refused:
        one.save(b"one")
    assert refused.value.code == 75
    assert hub.files() == {NAME: b"other"}


def test_of_two_pushes_at_once_the_server_takes_one(hub: Hub, tmp_path: Path) -> None:
    """The other run's push lands after ours has been prepared and before it is carried out."""
    saved(hub, tmp_path / "0", b"old")
    one, other = Run(hub, tmp_path / "1", TOKEN), Run(hub, tmp_path / "2", TOKEN)
    one.load()
    other.load()
    hub.before_push.append(lambda: other.save(b"other"))
    with pytest.raises(Refused) as refused:
        one.save(b"one")
    assert refused.value.code == 75
    assert hub.files() == {NAME: b"other"}


def test_a_removed_branch_is_not_brought_back(hub: Hub, tmp_path: Path) -> None:
    saved(hub, tmp_path / "0", b"old")
    run = Run(hub, tmp_path / "1")
    run.load()
    hub.git("update-ref", "-d", "refs/heads/state")
    with pytest.raises(Refused) as refused:
        run.save(b"new")
    assert refused.value.code == 75
    assert hub.tip() == ""


def test_a_push_whose_answer_is_lost_is_ours(hub: Hub, tmp_path: Path) -> None:
    run = Run(hub, tmp_path / "1", TOKEN)
    run.load()
    hub.lose_answers = 1
    assert run.save(b"one")
    assert hub.files() == {NAME: b"one"}
    assert run.save(b"two"), "and what it read is what it wrote"


@pytest.mark.parametrize(("message", "parents"), [("my work", 0), (MARK, 1), ("my work", 2)])
def test_somebody_elses_branch_is_left_alone(hub: Hub, tmp_path: Path, message: str, parents: int) -> None:
    commit = foreign(hub, message=message, parents=parents)
    with pytest.raises(Refused, match="left alone") as refused:
        Run(hub, tmp_path / "1").load()
    assert refused.value.code == 78
    assert hub.tip() == commit


def test_what_cannot_be_read_is_not_taken_for_nothing(hub: Hub, tmp_path: Path) -> None:
    saved(hub, tmp_path / "0", b"old")
    with pytest.raises(Refused, match="cannot be read") as refused:
        Run(hub, tmp_path / "1", token="wrong").load()
    assert refused.value.code == 74


@pytest.mark.parametrize("before", [b"", b"old"], ids=["first run", "later run"])
def test_that_it_may_not_write_is_found_out_before_the_work(hub: Hub, tmp_path: Path, before: bytes) -> None:
    if before:
        saved(hub, tmp_path / "0", before)
    hub.may_write = False
    with pytest.raises(Refused, match="cannot be written") as refused:
        Run(hub, tmp_path / "1", TOKEN).load()
    assert refused.value.code == 74
    assert "contents: write" in refused.value.hint


def test_the_proof_pushes_nothing(hub: Hub, tmp_path: Path) -> None:
    Run(hub, tmp_path / "1").load()
    assert hub.tip() == ""


def test_the_token_is_in_no_file(hub: Hub, tmp_path: Path) -> None:
    run = Run(hub, tmp_path / "run", TOKEN)
    run.load()
    run.save(b"x")
    for path in (tmp_path / "run").rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "a:b", "../x", "refs\n"])
def test_a_branch_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused) as refused:
        StateBranch("", name, tmp_path)
    assert refused.value.code == 78


def test_a_machine_without_git_is_said(hub: Hub, tmp_path: Path) -> None:
    run = Run(hub, tmp_path / "1")
    run.branch.env = {"PATH": str(tmp_path)}
    with pytest.raises(Refused, match="FileNotFoundError") as refused:
        run.load()
    assert refused.value.code == 74


def test_what_cannot_be_saved_is_said(hub: Hub, tmp_path: Path) -> None:
    """The state is written, the network or the permission goes away, and comes back."""
    run = Run(hub, tmp_path / "1", TOKEN)
    run.load()
    hub.may_write = False
    with pytest.raises(Refused, match="cannot be saved") as refused:
        run.save(b"one")
    assert refused.value.code == 74
    hub.may_write = True
    assert run.save(b"one")
    (run.branch.scratch / "HEAD").unlink()
    with pytest.raises(Refused, match="cannot be saved"):
        run.save(b"two")
    assert hub.files() == {NAME: b"one"}
