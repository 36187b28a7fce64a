from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import boto3
import pytest

from sparkml_sm.cli import demo as command
from sparkml_sm.cli.corpus import bundled_corpus, read_messages
from sparkml_sm.local import LocalSageMaker

ROLE = "arn:aws:iam::123456789012:role/demo"


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sparkml_sm.cli", "demo", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_headline_job_prints_one_line_of_json() -> None:
    ended = demo("--json")

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("\n") == 1
    result = json.loads(ended.stdout)
    assert result["rows"] == 977
    assert result["resources_left"] == 0
    assert result["accuracy"] > 0.97
    assert result["baseline"] == pytest.approx(850 / 977, abs=1e-6)
    assert min(result["precision"], result["recall"], result["seconds"]) > 0.8
    assert "train-logloss" in ended.stderr
    assert not any(
        message.text in ended.stderr
        for message in read_messages([bundled_corpus()])
        if len(message.text) > 20
    )


@pytest.fixture
def own_files(tmp_path: Path) -> list[str]:
    """Ham and spam of our own, told apart by their words."""
    texts = {"ham": "see you at the {} on day {}", "spam": "WIN {} prizes, call 0{}"}
    paths = []
    for kind, text in texts.items():
        path = tmp_path / f"{kind}.txt"
        lines = [text.format(f"place{'abcdefghij'[i % 10]}", i) for i in range(60)]
        path.write_text("\n".join(lines))
        paths.append(str(path))
    return paths


def test_the_same_code_runs_on_the_aws_of_the_environment(own_files: list[str]) -> None:
    with LocalSageMaker():
        ended = demo("--aws", "--role", ROLE, "--book", "--data", *own_files)
        s3, sagemaker = boto3.client("s3"), boto3.client("sagemaker")
        [bucket] = [found["Name"] for found in s3.list_buckets()["Buckets"]]
        objects = s3.list_objects_v2(Bucket=bucket)["KeyCount"]
        endpoints = sagemaker.list_endpoints()["Endpoints"]
        [job] = sagemaker.list_training_jobs()["TrainingJobSummaries"]

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[0].split() == ["taken", "for", "ham", "taken", "for", "spam"]
    assert ended.stdout.splitlines()[-1].startswith("accuracy 1.000 on ")
    assert ended.stdout.endswith("; 0 resources left\n")
    assert (objects, endpoints) == (0, [])
    assert f"not counted: training job {job['TrainingJobName']} (Completed)" in ended.stderr


def test_without_credentials_nothing_starts_and_one_line_says_why() -> None:
    ended = demo(
        "--json",
        "--aws",
        "--role",
        ROLE,
        "--region",
        "eu-west-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    assert line.startswith("sparkml-sm: error: no AWS credentials found")


@pytest.mark.parametrize("interrupts", [0, 1, 2])
def test_a_deletion_that_is_interrupted_once_is_done_all_the_same(interrupts: int) -> None:
    class Model:
        calls = deleted = 0

        def deleteResources(self, artifacts: bool) -> None:
            assert artifacts
            self.calls += 1
            if self.calls <= interrupts:
                raise KeyboardInterrupt
            self.deleted += 1

    model = Model()
    with pytest.raises(KeyboardInterrupt) if interrupts else nullcontext():
        command._delete(model)  # type: ignore[arg-type]

    assert (model.calls, model.deleted) == [(1, 1), (2, 1), (2, 0)][interrupts]
