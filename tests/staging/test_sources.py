"""Which files a path names, in which order, and their chunks: in a folder and in S3."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

import sparkml_sm.staging.sources as sources
from sparkml_sm.aws.config import driver_config
from sparkml_sm.errors import (
    ConfigurationError,
    InvalidDataError,
    ResourceNotFoundError,
    ServiceError,
)
from sparkml_sm.local import LocalSageMaker
from sparkml_sm.staging.sources import find_files, read_chunks

FILES = {
    "part-000001.pbr": b"11",
    "part-000000.pbr": b"0",
    "more/part-000000.pbr": b"222",
    "_SUCCESS": b"",
    "_attempt-1/part-000000.pbr": b"x",
    ".part-000000.pbr.crc": b"x",
    "abc.manifest": b"[]",
    "abc.manifest.txt": b"[]",
}
DATA = ["more/part-000000.pbr", "part-000000.pbr", "part-000001.pbr"]
SIZES = [3, 1, 2]

Put = Callable[[Mapping[str, bytes]], str]


@pytest.fixture
def folder(tmp_path: Path) -> Put:
    def put(files: Mapping[str, bytes]) -> str:
        for name, content in files.items():
            path = tmp_path / "run1" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (tmp_path / "run10").mkdir(exist_ok=True)
        (tmp_path / "run10" / "part-000000.pbr").write_bytes(b"a neighbour's")
        return (tmp_path / "run1").as_uri()

    return put


def test_a_folder_is_its_data_files_in_order(folder: Put) -> None:
    uri = folder(FILES)
    for written in (uri, uri + "/"):
        found = find_files(written, None)
        assert [each.uri for each in found] == [f"{uri}/{name}" for name in DATA]
        assert [each.size for each in found] == SIZES
    assert [b"".join(read_chunks(each, None)) for each in found] == [FILES[name] for name in DATA]


def test_a_file_is_itself_whatever_it_is_called(folder: Put) -> None:
    uri = folder(FILES) + "/.part-000000.pbr.crc"
    assert [each.uri for each in find_files(uri, None)] == [uri]


def test_a_manifest_is_its_files_in_its_order(folder: Put) -> None:
    names = ["part-000001.pbr", "more/part-000000.pbr"]
    uri = folder(FILES)
    for ending in (".manifest", ".manifest.txt"):
        folder({f"m{ending}": json.dumps([{"prefix": uri + "/"}, *names]).encode()})
        found = find_files(f"{uri}/m{ending}", None)
        assert [each.uri for each in found] == [f"{uri}/{name}" for name in names]


def test_a_file_of_the_manifest_that_is_missing_is_named(folder: Put) -> None:
    uri = folder(FILES)
    folder({"m.manifest": json.dumps([{"prefix": uri + "/"}, "gone.pbr"]).encode()})
    with pytest.raises(ResourceNotFoundError, match=r"run1/gone.pbr does not exist"):
        find_files(f"{uri}/m.manifest", None)


@pytest.mark.parametrize("content", ["", "{}", "[]", '["a"]', '[{"prefix": 1}]', '[{}, "a"]'])
def test_a_manifest_that_is_none_is_refused(folder: Put, content: str) -> None:
    uri = folder({"m.manifest": content.encode()}) + "/m.manifest"
    with pytest.raises(InvalidDataError, match=r"m.manifest is no manifest"):
        find_files(uri, None)


def test_a_manifest_that_names_no_file_has_no_data(folder: Put) -> None:
    uri = folder({"m.manifest": b'[{"prefix": "s3://bucket/run1/"}]'}) + "/m.manifest"
    with pytest.raises(ResourceNotFoundError, match=r"m.manifest is a manifest that names no file"):
        find_files(uri, None)


@pytest.mark.parametrize("size", [0, 2, 4])
def test_a_file_that_has_another_size_than_it_had_is_an_error(folder: Put, size: int) -> None:
    [found] = find_files(folder({"part": b"123"}), None)
    folder({"part": b"123"[:size].ljust(size)})
    with pytest.raises(InvalidDataError, match=rf"part has {size} bytes and had 3 .*: read again"):
        list(read_chunks(found, None))


def test_a_file_that_shrinks_while_it_is_read_is_an_error(
    folder: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_CHUNK_BYTES", 1 << 20)
    [found] = find_files(folder({"part": bytes(3 << 20)}), None)
    chunks = read_chunks(found, None)
    next(chunks)
    folder({"part": b""})
    with pytest.raises(InvalidDataError, match=r"part has 1048576 bytes and had 3145728"):
        list(chunks)


@pytest.mark.parametrize("name", ["gone", "gone/", "gone.manifest"])
def test_nothing_there_is_named(folder: Put, name: str) -> None:
    uri = f"{folder({'part': b'1'})}/{name}"
    with pytest.raises(ResourceNotFoundError, match=uri):
        find_files(uri, None)


def test_a_folder_without_data_is_named(folder: Put) -> None:
    with pytest.raises(ResourceNotFoundError, match="there is no data at"):
        find_files(folder({"_SUCCESS": b""}), None)


def test_a_path_that_is_neither_s3_nor_a_file_is_refused() -> None:
    for uri in ("/data/train", "hdfs:///train", "file://host/train"):
        with pytest.raises(ConfigurationError):
            find_files(uri, None)


BUCKET = "sources-tests"


@pytest.fixture(scope="module")
def s3(inside: LocalSageMaker) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def prefix(s3: Any) -> str:
    prefix = uuid.uuid4().hex[:8]
    for name, content in FILES.items():
        s3.put_object(Bucket=BUCKET, Key=f"{prefix}/run1/{name}", Body=content)
    s3.put_object(Bucket=BUCKET, Key=f"{prefix}/run1/console/", Body=b"")
    s3.put_object(Bucket=BUCKET, Key=f"{prefix}/run10/part-000000.pbr", Body=b"a neighbour's")
    return f"s3://{BUCKET}/{prefix}/run1"


def test_a_prefix_is_its_data_objects_in_order_and_not_its_neighbours(prefix: str) -> None:
    config = driver_config()
    for written in (prefix, prefix + "/", prefix.replace("s3://", "s3a://")):
        found = find_files(written, config)
        assert [each.uri for each in found] == [f"{prefix}/{name}" for name in DATA]
        assert [each.size for each in found] == SIZES
    contents = [b"".join(read_chunks(each, config)) for each in found]
    assert contents == [FILES[name] for name in DATA]


def test_an_object_and_a_manifest_of_objects(s3: Any, prefix: str) -> None:
    config = driver_config()
    one = f"{prefix}/part-000001.pbr"
    assert [each.uri for each in find_files(one, config)] == [one]
    body = json.dumps([{"prefix": prefix + "/"}, *DATA[1:]]).encode()
    key = prefix.removeprefix(f"s3://{BUCKET}/") + ".manifest"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    found = find_files(prefix + ".manifest", config)
    assert [(each.uri, each.size) for each in found] == [
        (f"{prefix}/{name}", size) for name, size in zip(DATA[1:], SIZES[1:], strict=True)
    ]


def test_what_is_missing_in_s3_is_named(prefix: str) -> None:
    config = driver_config()
    for uri in (f"{prefix}/gone", f"{prefix}/gone/", "s3://no-such-bucket/x"):
        with pytest.raises(ResourceNotFoundError, match=uri):
            find_files(uri, config)


def test_an_object_that_is_replaced_while_it_is_read_is_an_error(s3: Any, prefix: str) -> None:
    config = driver_config()
    [found] = find_files(f"{prefix}/part-000001.pbr", config)
    with pytest.raises(ServiceError, match=r"part-000001.pbr.*replaced"):
        list(read_chunks(replace(found, etag='"0123"'), config))


def test_large_objects_come_in_chunks(s3: Any, prefix: str) -> None:
    body = bytes(range(256)) * (5 << 12) * 4
    key = prefix.removeprefix(f"s3://{BUCKET}/") + "/large"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    config = driver_config()
    [found] = find_files(f"{prefix}/large", config)
    chunks = list(read_chunks(found, config))
    assert [len(each) for each in chunks] == [8 << 20, 8 << 20, 4 << 20]
    assert b"".join(chunks) == body
