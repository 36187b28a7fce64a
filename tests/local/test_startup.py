from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from sparkml_sm.errors import SparkMLSageMakerError
from sparkml_sm.local import LocalSageMaker
from sparkml_sm.local.s3 import Keys, ObjectStore

EXPORTS = [
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_SAGEMAKER",
    "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME",
    "AWS_ENDPOINT_URL_LOGS",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
]


def processes_with(text: str) -> list[str]:
    """The command lines and environments, of any process but this one, that hold a text."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name != str(os.getpid()):
            try:
                content = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if text.encode() in content:
                found.append(content.decode(errors="replace"))
    return found


def gone(directory: Path) -> bool:
    deadline = time.monotonic() + 15
    while directory.exists() or processes_with(str(directory)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def closed(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port)) != 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_exports_and_ends_by_signal(number: signal.Signals) -> None:
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "sparkml_sm.local"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"AWS_PROFILE": "does-not-exist"},
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in EXPORTS]
        assert time.monotonic() - started < 5
        exports = dict(line.strip().removeprefix("export ").split("=", 1) for line in lines)
        assert all(line.startswith("export ") for line in lines)
        assert list(exports) == EXPORTS
        urls = [value for name, value in exports.items() if name.startswith("AWS_ENDPOINT")]
        assert {urlsplit(url).hostname for url in urls} == {"127.0.0.1"}
        assert not any(closed(url) for url in urls)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=20)
        assert (rest, process.returncode) == ("", 0), errors
        assert exports["AWS_SECRET_ACCESS_KEY"] not in errors
        assert all(closed(url) for url in urls)
    finally:
        process.kill()
        process.wait()


def test_it_ends_without_a_word_where_nobody_reads_its_exports() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sparkml_sm.local"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        errors = process.stderr.read()
    assert process.wait(20) == 1
    assert "BrokenPipeError" not in errors


def test_the_last_words_of_an_s3_server_that_does_not_start_are_quoted(tmp_path: Path) -> None:
    program = tmp_path / "weed"
    program.write_text("#!/bin/sh\necho one\necho disk full\nexit 1\n")
    program.chmod(0o755)
    store = ObjectStore(tmp_path / "s3", Keys("AKIA", "secret"))
    store._binary = program
    store.start()
    with pytest.raises(SparkMLSageMakerError, match=r"log: one \| disk full$"):
        store.wait()
    store.stop()


@pytest.mark.parametrize(
    ("listed", "expected"),
    [("", "127.0.0.1,localhost"), ("a.example", "a.example,127.0.0.1,localhost"), ("*", "*")],
)
def test_a_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch, listed: str, expected: str) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", listed)
    monkeypatch.delenv("no_proxy", raising=False)
    with LocalSageMaker():
        assert (os.environ["NO_PROXY"], os.environ["no_proxy"]) == (expected, expected)
        session = boto3.session.Session()
        assert session.client("s3").list_buckets()["Buckets"] == []
        assert session.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert os.environ["NO_PROXY"] == listed
    assert "no_proxy" not in os.environ


def test_it_sets_the_environment_and_restores_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    before = dict(os.environ)
    with LocalSageMaker() as local:
        assert "AWS_PROFILE" not in os.environ
        assert {name: os.environ[name] for name in local.environment} == local.environment
        assert set(local.environment) >= {*EXPORTS, "AWS_SHARED_CREDENTIALS_FILE"}
        assert set(local.endpoints) >= {"s3", "sts", "sagemaker", "sagemaker-runtime", "logs"}
        assert stat.S_IMODE(local.credentials_file.stat().st_mode) == 0o600
        boto3.client("s3").create_bucket(Bucket="mine")
        assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
        assert boto3.client("logs").describe_log_groups()["logGroups"] == []
        # Where only the file is known, as in a Spark task.
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        session = boto3.session.Session()
        assert session.get_credentials().method == "shared-credentials-file"
        assert session.client("s3").list_buckets()["Buckets"][0]["Name"] == "mine"
    assert dict(os.environ) == before
    assert gone(local.state_dir)


def test_nothing_stays_behind_when_the_parent_is_killed() -> None:
    program = (
        "import time\n"
        "from sparkml_sm.local import LocalSageMaker\n"
        "with LocalSageMaker() as local:\n"
        "    print(local.state_dir, local.endpoints['s3'], flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    directory, url = process.stdout.readline().split()
    assert processes_with(directory)
    process.kill()
    process.wait()
    process.stdout.close()
    assert gone(Path(directory))
    assert closed(url)
    port = urlsplit(url).port
    assert port is not None
    assert not list(Path("/tmp").glob(f"seaweedfs-*-{port + 10_000}.sock"))


def test_nothing_stays_behind_when_the_server_is_killed() -> None:
    local = LocalSageMaker()
    with local:
        process = local._process
        assert process is not None
        process.kill()
        assert gone(local.state_dir)
