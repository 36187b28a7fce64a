"""Folders that staged files go to: late tasks, and what a failed staging leaves behind."""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

import sparkml_sm.staging.folders as folders
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.staging.destinations import check_uri, open_destination
from sparkml_sm.staging.folders import file_path
from sparkml_sm.staging.tickets import Destination

SHARED = pytest.mark.parametrize("shared", [True, False])


def opened(folder: Path, *, shared: bool) -> Destination:
    destination = open_destination(folder.as_uri(), None, shared=shared)
    destination.check()
    return destination


@pytest.mark.parametrize("name", ["a#b", "a?b", "a b", "50%", "100%25", "é", "a;b", "a\tb\n"])
def test_a_file_uri_is_all_of_a_path(name: str) -> None:
    assert file_path(f"file:///{name}").name == name.replace("%25", "%")
    assert file_path((Path("/") / name).as_uri()).name == name


@pytest.mark.parametrize("uri", ["file:/a/b", "file:///a/b", "file://localhost/a/b"])
def test_file_uris_may_name_this_host_or_none(uri: str) -> None:
    assert check_uri(uri)
    assert file_path(uri) == Path("/a/b")


@pytest.mark.parametrize("uri", ["file://host/a", "file:a", "file://", "file://localhost"])
def test_file_uris_are_absolute(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="write it as file:///folder"):
        check_uri(uri)


@pytest.mark.parametrize("uri", [None, 1, b"file:///a", Path("/a")])
def test_a_place_is_text(uri: Any) -> None:
    with pytest.raises(ConfigurationError, match="a place is text, s3://bucket/prefix or file:///"):
        check_uri(uri)


@SHARED
def test_tasks_that_outlive_a_failed_staging_leave_nothing(tmp_path: Path, shared: bool) -> None:
    destination = opened(tmp_path, shared=shared)
    early = destination.writer("part-000000.pbr")
    early.write(b"12")
    destination.abandon()
    early.write(b"34")
    early.finish()
    with pytest.raises(FileNotFoundError):
        destination.writer("part-000001.pbr")
    assert list(tmp_path.iterdir()) == []


@SHARED
def test_tasks_that_start_while_a_failed_staging_is_deleted_leave_nothing(
    tmp_path: Path, shared: bool
) -> None:
    for attempt in range(5):
        destination = opened(tmp_path / str(attempt), shared=shared)
        started = threading.Event()

        def write(destination: Destination = destination, started: Any = started) -> None:
            with contextlib.suppress(FileNotFoundError):
                for number in range(5_000):
                    destination.writer(f"part-{number:06d}.pbr").finish()
                    if number == 200:  # so many that tasks go on while these are deleted
                        started.set()

        task = threading.Thread(target=write)
        task.start()
        started.wait()
        destination.abandon()
        task.join()
    assert list(tmp_path.iterdir()) == []


@SHARED
def test_an_attempt_that_comes_after_the_publication_fails(tmp_path: Path, shared: bool) -> None:
    destination = opened(tmp_path, shared=shared)
    first, second = (destination.writer("part-000000.pbr") for _ in range(2))
    first.write(b"12")
    destination.publish([first.finish()], None)
    second.finish()
    with pytest.raises(FileNotFoundError):
        destination.writer("part-000000.pbr")
    [file] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert file.read_bytes() == b"12"
    assert file_path(destination.uri) == (tmp_path if shared else file.parent)


@SHARED
def test_folders_that_a_staging_made_go_with_it(tmp_path: Path, shared: bool) -> None:
    destination = opened(tmp_path / "a" / "b", shared=shared)
    destination.abandon()
    destination.abandon()
    assert list(tmp_path.iterdir()) == []


@SHARED
def test_folders_that_hold_what_others_wrote_stay(tmp_path: Path, shared: bool) -> None:
    destination = opened(tmp_path / "a" / "b", shared=shared)
    (tmp_path / "a" / "other").write_bytes(b"")
    destination.abandon()
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "other"]
    opened(tmp_path / "a", shared=shared).abandon()
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "other"]


def test_a_folder_that_cannot_be_removed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    destination = opened(tmp_path, shared=True)
    monkeypatch.setattr(folders, "_LAST_SECONDS", 0.0)
    monkeypatch.setattr(folders.shutil, "rmtree", lambda *_, **__: None)
    with caplog.at_level(logging.WARNING):
        destination.abandon()
    assert "could not be removed: delete it by hand" in caplog.text


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="cannot be made: Not a directory"):
        opened(tmp_path / "file" / "a", shared=True)
