"""The operations on training jobs."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

import re
from functools import partial
from typing import Any

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.containers import algorithm_of, default_metrics
from sparkml_sm.local.faults import in_use, validation
from sparkml_sm.local.site import Site, in_background
from sparkml_sm.local.store import Collection, Kind, arn, now, page, present
from sparkml_sm.local.tags import Tags
from sparkml_sm.local.training_job import TrainingJob
from sparkml_sm.local.training_run import run_training_job

__all__ = ["TrainingJobs"]

#: AWS's limit of MetricDefinitions.
_METRICS = 40
#: AWS's default of MaxRuntimeInSeconds.
_MAX_RUNTIME = 86_400

_KIND = Kind(
    "TrainingJob",
    missing=lambda _name: validation("Requested resource not found."),
    taken=lambda name: in_use(
        "Job name must be unique within an AWS account and region, and a job with this name "
        "already exists "
        f"({arn('training-job', name)})"
    ),
    ascending=True,
)


class TrainingJobs:
    """Training jobs: create, describe, list, stop, delete."""

    def __init__(self, site: Site, tags: Tags) -> None:
        self._site = site
        self._tags = tags
        self._jobs: Collection[TrainingJob] = Collection(_KIND)

    def create_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["TrainingJobName"]
        job = TrainingJob(_record(request))
        self._jobs.add(name, job)
        self._tags.register(arn("training-job", name), request)
        in_background(name, partial(run_training_job, job, self._site))
        return {"TrainingJobArn": arn("training-job", name)}

    def describe_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._jobs.get(request["TrainingJobName"]).describe()

    def list_training_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        jobs, token = page(_KIND, (job.describe() for job in self._jobs), request)
        shown = (
            "TrainingJobName",
            "TrainingJobArn",
            "CreationTime",
            "TrainingEndTime",
            "LastModifiedTime",
            "TrainingJobStatus",
            "SecondaryStatus",
        )
        return {"TrainingJobSummaries": [present(job, *shown) for job in jobs], **token}

    def stop_training_job(self, request: dict[str, Any]) -> None:
        self._jobs.get(request["TrainingJobName"]).stop()

    def delete_training_job(self, request: dict[str, Any]) -> None:
        name = request["TrainingJobName"]
        status = self._jobs.get(name).describe()["TrainingJobStatus"]
        if status in {"InProgress", "Stopping"}:
            raise in_use(f"The training job {name} is in status {status}: stop it first.")
        self._jobs.remove(name)
        self._tags.forget(arn("training-job", name))


def _record(request: dict[str, Any]) -> dict[str, Any]:
    # The model has these as optional, for serverless jobs alone.
    for member in ("AlgorithmSpecification", "ResourceConfig", "StoppingCondition"):
        if member not in request:
            path = member[0].lower() + member[1:]
            raise validation(
                f"1 validation error detected: Value null at '{path}' failed to satisfy "
                "constraint: Member must not be null"
            )
    algorithm = request["AlgorithmSpecification"]
    if ("TrainingImage" in algorithm) == ("AlgorithmName" in algorithm):
        raise validation("You must specify exactly one of TrainingImage and AlgorithmName.")
    if "AlgorithmName" in algorithm:
        raise validation(
            "The local SageMaker does not support AlgorithmName: name a TrainingImage."
        )
    _check_spot(request)
    for channel in request.get("InputDataConfig", ()):
        if "S3DataSource" not in channel["DataSource"]:
            raise validation("The local SageMaker supports S3DataSource alone as a DataSource.")
    name, created = request["TrainingJobName"], now()
    output = request["OutputDataConfig"]
    artifact = "model" if output.get("CompressionType") == "NONE" else "model.tar.gz"
    uri = f"{output['S3OutputPath'].rstrip('/')}/{name}/output/{artifact}"
    return {
        **present(request, *(set(request) - {"Tags"})),
        "TrainingJobArn": arn("training-job", name),
        "AlgorithmSpecification": present(algorithm, *algorithm)
        | _metrics(algorithm)
        | {
            "EnableSageMakerMetricsTimeSeries": algorithm.get(
                "EnableSageMakerMetricsTimeSeries", False
            )
        },
        "ModelArtifacts": {"S3ModelArtifacts": uri},
        "CreationTime": created,
        "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
        "EnableInterContainerTrafficEncryption": request.get(
            "EnableInterContainerTrafficEncryption", False
        ),
        "EnableManagedSpotTraining": request.get("EnableManagedSpotTraining", False),
    }


def _check_spot(request: dict[str, Any]) -> None:
    stopping = request["StoppingCondition"]
    wait = stopping.get("MaxWaitTimeInSeconds")
    if not request.get("EnableManagedSpotTraining"):
        if wait is not None:
            raise validation("MaxWaitTimeInSeconds needs EnableManagedSpotTraining.")
        return
    if wait is None or wait < stopping.get("MaxRuntimeInSeconds", _MAX_RUNTIME):
        raise validation(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )
    if request["ResourceConfig"].get("KeepAlivePeriodInSeconds"):
        raise validation("KeepAlivePeriodInSeconds is not supported with managed spot training.")


def _metrics(specification: dict[str, Any]) -> dict[str, Any]:
    """Return the request's definitions, then the algorithm's own, as many as a job may have."""
    definitions = {
        metric["Name"]: metric["Regex"] for metric in specification.get("MetricDefinitions", ())
    }
    for name, regex in definitions.items():
        try:
            re.compile(regex)
        except re.error as error:
            raise validation(
                f"The regular expression of the metric {name} is wrong: {error}"
            ) from error
    try:
        own = default_metrics(algorithm_of(specification["TrainingImage"]))
    except ConfigurationError:
        own = {}  # the job will fail, with the reason
    merged = definitions | {name: own[name] for name in own if name not in definitions}
    listed = [{"Name": name, "Regex": regex} for name, regex in list(merged.items())[:_METRICS]]
    return {"MetricDefinitions": listed} if listed else {}
