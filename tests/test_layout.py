"""Every module has its tests, or a reason why it needs none of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import musicdiff_job

PACKAGE = Path(musicdiff_job.__file__).parent
TESTS = Path(__file__).parent

WITHOUT = {
    "__init__": "the version alone",
    "__main__": "calls cli/root; test_process starts it",
    "ports": "protocols alone; their implementations share suites (target_suite, store_suite)",
    "core/model": "declares values without behaviour",
    "sandbox/http": "plain values between the server and its services",
    "cli/command": "the shared frame of all commands; every test of the command line goes through it",
    "cli/files": "what -o names; the tests of every command that has it go through it",
    "cli/session": "what commands share; every test of the command line goes through it",
    "report/silent": "an observer that does nothing",
}
"""Modules that need no tests of their own, and why."""

TOGETHER = {
    "cli/test_lists.py": (
        "cli/checkpoint",
        "cli/conflicts",
        "cli/history",
        "cli/playlists",
        "cli/standing",
        "cli/status",
        "cli/unmatched",
    ),
    "cli/test_cli_run.py": ("cli/telling",),
    "cli/test_edits.py": ("cli/match", "cli/pause", "cli/reset"),
    "cli/test_every.py": ("every_profile",),
    "core/test_versions.py": ("core/version_words",),
    "store/test_file_store.py": ("store/file",),
    "store/test_s3_store.py": ("store/s3", "store/s3_document", "store/s3_lease"),
    "test_job.py": ("conducting", "run_log", "survey"),
    "test_applying.py": ("core/pins", "planning"),
    "test_consulting.py": ("asking",),
    "test_mirroring.py": ("looking", "writing"),
    "test_flowing_back.py": ("contradicting", "editing_source", "searching_back"),
    "test_bootstrap.py": ("connecting",),
    "test_publishing.py": ("telling",),
    "test_undoing.py": ("recreating",),
    "test_dry_run.py": ("wrapped",),
    "sandbox/test_deezer_account.py": ("sandbox/deezer_library", "sandbox/deezer_verbs"),
    "sandbox/test_deezer_rest.py": (
        "sandbox/deezer_credentials",
        "sandbox/deezer_rest_reads",
        "sandbox/deezer_rest_writes",
        "sandbox/deezer_switches",
        "sandbox/deezer_wire",
    ),
    "sandbox/test_deezer_gateway.py": ("sandbox/deezer_gateway_wire", "sandbox/deezer_gateway_writes"),
    "sandbox/test_deezer_shapes.py": (
        "sandbox/deezer_gateway_shapes",
        "sandbox/deezer_pieces",
        "sandbox/deezer_render",
        "sandbox/deezer_track_shapes",
    ),
    "scaffold/test_scaffold_values.py": ("scaffold/kinds",),
    "sandbox/test_spotify.py": ("sandbox/spotify_objects", "sandbox/spotify_render"),
    "sandbox/test_world.py": ("sandbox/spotify_library",),
}
"""Modules that are one thing to their users are tested as one thing."""


def modules() -> list[str]:
    found = (path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(name for name in found if not name.endswith("/__init__"))


def candidates(module: str) -> list[Path]:
    """Where a module's tests may be: named for it, with its folder's name before it where another has that name."""
    folder, _, name = module.rpartition("/")
    name = name.strip("_")
    names = (name, f"{folder.rpartition('/')[2]}_{name}") if folder else (name,)
    return [TESTS / folder / f"test_{name}.py" for name in names]


@pytest.mark.parametrize("module", modules())
def test_every_module_has_its_test_file(module: str) -> None:
    elsewhere = {name for names in TOGETHER.values() for name in names}
    if module not in WITHOUT and module not in elsewhere:
        assert any(path.exists() for path in candidates(module)), f"expected {candidates(module)[0]}"


def test_the_exceptions_are_true() -> None:
    exceptions = [*WITHOUT, *(name for names in TOGETHER.values() for name in names)]
    assert len(set(exceptions)) == len(exceptions)
    for module in exceptions:
        assert (PACKAGE / f"{module}.py").exists(), module
        assert not any(path.exists() for path in candidates(module)), f"{module} has tests of its own now"
    for tests in TOGETHER:
        assert (TESTS / tests).exists(), tests


def test_no_two_test_modules_have_one_name() -> None:
    names = [path.name for path in TESTS.rglob("*.py") if path.name != "conftest.py"]
    assert sorted(set(names)) == sorted(names)
