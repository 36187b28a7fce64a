"""A training job at work: channels in, a container, artifacts out."""

from __future__ import annotations

import json
import logging
import math
import re
import shutil
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.channels import download, find_objects, split_uri, under_prefix
from sparkml_sm.local.containers import (
    Container,
    algorithm_of,
    image_environment,
    training_command,
)
from sparkml_sm.local.site import Site
from sparkml_sm.local.training_job import StoppedError, TrainingJob

__all__ = ["run_training_job"]

logger = logging.getLogger(__name__)

#: A container that is told to stop has this long.
STOP_SECONDS = 120.0

_REASON_LENGTH = 1024
_DAY = 86_400


def run_training_job(job: TrainingJob, site: Site) -> None:
    """Do a job's work, to its end; whatever happens becomes its status."""
    directory = site.directory / "training" / f"{next(site.serial)}-{job.name}"
    try:
        _Run(job, site, directory).run()
    except StoppedError:
        job.move("Stopped")
    except ConfigurationError as error:
        _fail(job, f"ClientError: {error}")
    except _TrainingFailedError as error:
        _fail(job, str(error))
    except Exception:  # the edge of a thread: reported in the record and logged
        logger.exception("training job %s failed", job.name)
        _fail(job, "InternalServerError: We encountered an internal error. Please try again.")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _fail(job: TrainingJob, reason: str) -> None:
    job.move("Failed", FailureReason=reason[:_REASON_LENGTH])


class _TrainingFailedError(Exception):
    """The container said so."""


class _Run:
    def __init__(self, job: TrainingJob, site: Site, directory: Path) -> None:
        self.job = job
        self.site = site
        self.request = job.describe()
        self.directory = directory
        self.base = directory / "opt" / "ml"
        group, stream = "/aws/sagemaker/TrainingJobs", f"{job.name}/algo-1-{int(time.time())}"
        self.log = site.logs.open(group, stream)
        self.metrics = {
            metric["Name"]: re.compile(metric["Regex"])
            for metric in self.request["AlgorithmSpecification"].get("MetricDefinitions", ())
        }

    def run(self) -> None:
        """Read as a table of contents: check, download, train, upload."""
        algorithm = self._check()
        self._write_config()
        self.job.move("Downloading")
        for channel in self.request.get("InputDataConfig", ()):
            self._download(channel)
        self._restore_checkpoints()
        self.job.move("Training")
        try:
            end = self._train(algorithm)
        finally:
            self._upload_checkpoints()
        if end != "Stopped":
            self.job.move("Uploading")
        self._upload(whole=end == "Completed")
        self.job.move(end)

    def _check(self) -> str:
        algorithm = algorithm_of(self._image)
        resources = self.request["ResourceConfig"]
        if resources.get("InstanceCount", 1) > 1 or "InstanceGroups" in resources:
            raise ConfigurationError(
                "the local SageMaker trains on one instance: set InstanceCount to 1"
            )
        self._check_bucket("output", self.request["OutputDataConfig"]["S3OutputPath"])
        if "CheckpointConfig" in self.request:
            self._check_bucket("checkpoint", self.request["CheckpointConfig"]["S3Uri"])
        return algorithm

    def _check_bucket(self, what: str, uri: str) -> None:
        from botocore.exceptions import ClientError

        bucket, _ = split_uri(uri)
        try:
            self.site.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            raise ConfigurationError(
                f"the {what} bucket {bucket} cannot be used: {error}"
            ) from error

    def _write_config(self) -> None:
        for folder in ("input/config", "input/data", "model", "output/data"):
            (self.base / folder).mkdir(parents=True)
        default_mode = self.request["AlgorithmSpecification"]["TrainingInputMode"]
        channels = {
            channel["ChannelName"]: {
                "TrainingInputMode": channel.get("InputMode", default_mode),
                "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                    "S3DataDistributionType", "FullyReplicated"
                ),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            }
            for channel in self.request.get("InputDataConfig", ())
        }
        config: dict[str, Any] = {
            "hyperparameters": self.request.get("HyperParameters", {}),
            "inputdataconfig": channels,
            "resourceconfig": {
                "current_host": "algo-1",
                "hosts": ["algo-1"],
                "network_interface_name": "lo",
                "current_instance_type": self.request["ResourceConfig"].get(
                    "InstanceType", "local"
                ),
            },
        }
        if "CheckpointConfig" in self.request:
            # Wherever the job wants them: a job without Docker has no /opt/ml of its own.
            config["checkpointconfig"] = self.request["CheckpointConfig"] | {
                "LocalPath": str(self.base / "checkpoints")
            }
        for name, document in config.items():
            path = self.base / "input" / "config" / f"{name}.json"
            path.write_text(json.dumps(document), encoding="utf-8")

    def _download(self, channel: Mapping[str, Any]) -> None:
        specification = self.request["AlgorithmSpecification"]
        mode = channel.get("InputMode", specification["TrainingInputMode"])
        if mode == "Pipe":
            raise ConfigurationError(
                f"the channel {channel['ChannelName']} has the mode Pipe: set File or FastFile"
            )
        objects = find_objects(
            self.site.s3, channel["DataSource"]["S3DataSource"], self.request["RoleArn"]
        )
        target = self.base / "input" / "data" / channel["ChannelName"]
        download(self.site.s3, objects, target, self.job.stopping.is_set)

    def _restore_checkpoints(self) -> None:
        uri = self.request.get("CheckpointConfig", {}).get("S3Uri")
        if uri is not None:
            found = under_prefix(self.site.s3, uri.rstrip("/") + "/")
            download(self.site.s3, found, self.base / "checkpoints", self.job.stopping.is_set)

    def _upload_checkpoints(self) -> None:
        uri = self.request.get("CheckpointConfig", {}).get("S3Uri")
        if uri is None:
            return
        bucket, prefix = split_uri(uri.rstrip("/") + "/")
        source = self.base / "checkpoints"
        for path in _files(source):
            key = prefix + path.relative_to(source).as_posix()
            self.site.s3.upload_file(str(path), bucket, key)

    @property
    def _image(self) -> str:
        image: str = self.request["AlgorithmSpecification"]["TrainingImage"]
        return image

    def _train(self, algorithm: str) -> str:
        """Run the container; the state in which the job is to end."""
        environment = (
            image_environment(self._image)
            | self.request.get("Environment", {})
            | {
                "TRAINING_JOB_NAME": self.job.name,
                "TRAINING_JOB_ARN": self.request["TrainingJobArn"],
            }
        )
        limit = self.request["StoppingCondition"].get("MaxRuntimeInSeconds", _DAY)
        deadline = time.monotonic() + limit
        container = Container(
            self.site, training_command(algorithm), self.directory, environment, self._on_line
        )
        while (status := container.wait(0.2)) is None:
            if self.job.stopping.is_set():
                container.stop(STOP_SECONDS)
                return "Stopped"
            if time.monotonic() > deadline:
                container.stop(STOP_SECONDS)
                return "MaxRuntimeExceeded"
        if status:
            raise _TrainingFailedError(_failure(self.base / "output" / "failure", status))
        # A stop that came as the container ended: its end is what counts, and it was asked to stop.
        return "Stopped" if self.job.stopping.is_set() else "Completed"

    def _on_line(self, line: str) -> None:
        self.log.write(line)
        escaped = line.replace("\t", "#011")
        for name, pattern in self.metrics.items():
            match = pattern.search(escaped) or pattern.search(line)
            if match is not None and match.groups():
                value = _number(match[1].partition("#011")[0])  # `\S+` runs over a tab
                if value is not None:
                    self.job.metric(name, value)

    def _upload(self, *, whole: bool) -> None:
        model, data = self.base / "model", self.base / "output" / "data"
        output = self.request["OutputDataConfig"]
        bucket, prefix = split_uri(output["S3OutputPath"])
        folder = "/".join(filter(None, [prefix.strip("/"), self.job.name, "output"]))
        packed = output.get("CompressionType", "GZIP") == "GZIP"
        for source, name, wanted in ((model, "model", whole), (data, "output", False)):
            if not wanted and not any(source.iterdir()):
                continue
            if packed:
                archive = self.directory / f"{name}.tar.gz"
                _pack(source, archive)
                self.site.s3.upload_file(str(archive), bucket, f"{folder}/{name}.tar.gz")
            else:
                for path in _files(source):
                    key = f"{folder}/{name}/{path.relative_to(source).as_posix()}"
                    self.site.s3.upload_file(str(path), bucket, key)


def _failure(path: Path, status: int) -> str:
    """Return the reason that the container left, or SageMaker's words where it left none."""
    text = ""
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_REASON_LENGTH).strip()
    if not text:
        return f"AlgorithmError: Exit Code: {status}"
    return (
        text if text.startswith(("AlgorithmError:", "ClientError:")) else f"AlgorithmError: {text}"
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _files(directory: Path) -> Iterator[Path]:
    return (
        path for path in sorted(directory.rglob("*")) if path.is_file() and not path.is_symlink()
    )


def _pack(directory: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
        for path in sorted(directory.iterdir()):
            tar.add(path, arcname=path.name)
