"""Files of an export, in every wrapping, and none of the tricks that an archive can play."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path

import pytest
from export_files import write_folder, write_zip, zipped

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.export import archive
from musicdiff_job.export.archive import Archive, last_name

FILES = {"Playlist1.json": b"one", "YourLibrary.json": b"two", "Userdata.json": b"three"}
ONE = re.compile(r"Playlist\d+\.json")


def test_a_zip_is_read_one_folder_deep(tmp_path: Path) -> None:
    found = Archive(write_zip(tmp_path / "my_spotify_data.zip", FILES, "Spotify Account Data/"))
    assert found.matching(ONE) == {"Playlist1.json": "Spotify Account Data/Playlist1.json"}
    assert found.read("Spotify Account Data/Playlist1.json") == b"one"


def test_a_zip_need_not_be_called_one(tmp_path: Path) -> None:
    assert Archive(write_zip(tmp_path / "download", FILES)).read("Playlist1.json") == b"one"


@pytest.mark.parametrize("below", ["", "Spotify Account Data", "downloads/Spotify Account Data"])
def test_a_folder_is_read_two_folders_deep(tmp_path: Path, below: str) -> None:
    write_folder(tmp_path / below, FILES)
    assert Archive(tmp_path).matching(ONE) == {"Playlist1.json": str(Path(below) / "Playlist1.json")}


def test_no_deeper(tmp_path: Path) -> None:
    write_folder(tmp_path / "a/b/c", FILES)
    assert Archive(tmp_path).matching(ONE) == {}


def test_one_file_alone(tmp_path: Path) -> None:
    write_folder(tmp_path, FILES)
    found = Archive(tmp_path / "Playlist1.json")
    assert found.matching(ONE) == {"Playlist1.json": "Playlist1.json"}
    assert found.text("Playlist1.json") == "one"


def test_shadows_of_macos_are_not_files(tmp_path: Path) -> None:
    shadows = {"__MACOSX/._Playlist1.json": b"\0\5\26\7", "._Playlist2.json": b"\0", ".DS_Store": b"\0", **FILES}
    for found in (
        Archive(write_zip(tmp_path / "mac.zip", shadows)),
        Archive(write_folder(tmp_path / "mac", shadows)),
    ):
        assert list(found.matching(ONE)) == ["Playlist1.json"]


def test_names_of_other_systems(tmp_path: Path) -> None:
    assert last_name("Spotify Account Data\\Playlist1.json") == "Playlist1.json"
    path = tmp_path / "e.zip"
    # As macOS writes it: UTF-8 without saying so.
    path.write_bytes(zipped({"xxxxx.csv": b""}).replace(b"xxxxx.csv", "Été.csv".encode()))
    assert Archive(path).every(".csv") == ("Été.csv",)


def test_names_lead_nowhere(tmp_path: Path) -> None:
    tricks = {"../../escaped/Playlist1.json": b"x", "/etc/Playlist2.json": b"y"}
    found = Archive(write_zip(tmp_path / "zip.zip", tricks))
    assert {name: found.read(place) for name, place in found.matching(ONE).items()} == {
        "Playlist1.json": b"x", "Playlist2.json": b"y",
    }  # fmt: skip
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["zip.zip"]
    assert not (tmp_path.parent.parent / "escaped").exists()


def refused(path: Path, place: str = "Playlist1.json") -> str:
    with pytest.raises(ConfigError) as caught:
        Archive(path).read(place)
    assert path.name in str(caught.value)
    return str(caught.value)


def test_what_unpacks_to_more_than_it_should_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = write_zip(tmp_path / "bomb.zip", {"Playlist1.json": bytes(3_000_000)})
    assert bomb.stat().st_size < 10_000
    monkeypatch.setattr(archive, "LARGEST", 1_000_000)
    asked: list[int | None] = []
    read = zipfile.ZipExtFile.read

    def watched(file: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        asked.append(n)
        return read(file, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", watched)
    assert "larger than any export" in refused(bomb)
    assert asked == [1_000_001]


def test_a_zip_that_lies_about_sizes_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"Playlist1.json": bytes(100_000)}))
    at = content.index(b"PK\1\2")
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path = tmp_path / "lie.zip"
    path.write_bytes(content)
    assert "cannot be read" in refused(path)


def test_many_files_may_not_add_up_to_more_than_one_run_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST", 10)
    found = Archive(write_zip(tmp_path / "zip.zip", {"a.csv": b"123456", "b.csv": b"123456"}))
    found.read("a.csv")
    with pytest.raises(ConfigError, match="larger than any export"):
        found.read("b.csv")


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    for path in (write_zip(tmp_path / "zip.zip", FILES), write_folder(tmp_path / "folder", FILES)):
        with pytest.raises(ConfigError, match="more than 2 files"):
            Archive(path)


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_half_a_download_is_refused(tmp_path: Path, keep: float) -> None:
    whole = zipped({name: os.urandom(3000) for name in FILES})
    path = tmp_path / "my_spotify_data.zip"
    path.write_bytes(whole[: int(len(whole) * keep)])
    assert "Download it again" in refused(path)


def test_a_damaged_member_is_refused_by_its_name(tmp_path: Path) -> None:
    content = bytearray(zipped({"Playlist1.json": os.urandom(3000)}, compression=zipfile.ZIP_STORED))
    content[1000] ^= 255
    path = tmp_path / "zip.zip"
    path.write_bytes(content)
    assert "zip.zip: Playlist1.json: cannot be read" in refused(path)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"Playlist1.json": b"x"}))
    for mark in (b"PK\1\2", b"PK\3\4"):
        at = content.index(mark) + (8 if mark == b"PK\1\2" else 6)
        content[at] |= 1
    path = tmp_path / "zip.zip"
    path.write_bytes(content)
    assert "encrypted" in refused(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as new:
        new.writestr("Playlist1.json", b"{}")
        new.writestr("Playlist1.json", b"[]")
    path = tmp_path / "twice.zip"
    path.write_bytes(twice.getvalue())
    with pytest.raises(ConfigError, match=r"holds Playlist1\.json twice"):
        Archive(path)
    folder = write_folder(tmp_path / "old and new", {"Playlist1.json": b"", "old/Playlist1.json": b""})
    with pytest.raises(ConfigError, match=r"twice, as Playlist1\.json and old/Playlist1\.json"):
        Archive(folder).matching(ONE)


def test_text_is_utf8_with_or_without_a_mark(tmp_path: Path) -> None:
    files = {"a": b"\xef\xbb\xbfx", "b": "Été".encode(), "c": b"1\n2\nx\xff"}
    found = Archive(write_folder(tmp_path, files))
    assert (found.text("a"), found.text("b")) == ("x", "Été")
    with pytest.raises(ConfigError, match="c: line 3 is not UTF-8"):
        found.text("c")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="neither a file nor a folder"):
        Archive(tmp_path / "pipe")
    os.mkfifo(tmp_path / "Playlist1.json")
    assert "cannot be read" in refused(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        Archive(tmp_path / "nowhere")
