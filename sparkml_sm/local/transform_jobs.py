"""The operations on batch transform jobs."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

from functools import partial
from typing import Any

from sparkml_sm.local.faults import in_use, unsupported, validation
from sparkml_sm.local.models import Models
from sparkml_sm.local.site import Site, in_background
from sparkml_sm.local.store import Collection, Kind, arn, now, page, present
from sparkml_sm.local.tags import Tags
from sparkml_sm.local.transform_run import TransformJob, run_transform_job

__all__ = ["TransformJobs"]

#: Megabytes that may be on their way to a container at a time.
_IN_FLIGHT = 100

_KIND = Kind(
    "TransformJob",
    missing=lambda name: validation(f"Could not find requested job with name: {name}"),
    taken=lambda name: in_use(
        "Job name must be unique within an AWS account and region, and a job with this name "
        "already exists "
        f"({arn('transform-job', name)})"
    ),
)


class TransformJobs:
    """Batch transform jobs: create, describe, list, stop."""

    def __init__(self, site: Site, models: Models, tags: Tags) -> None:
        self._site = site
        self._models = models
        self._tags = tags
        self._jobs: Collection[TransformJob] = Collection(_KIND)

    def create_transform_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["TransformJobName"]
        _check(request)
        container = self._models.container(request["ModelName"])
        record = present(request, *(set(request) - {"Tags"})) | {
            "TransformJobArn": arn("transform-job", name),
            "CreationTime": now(),
        }
        job = TransformJob(record, container)
        self._jobs.add(name, job)
        self._tags.register(arn("transform-job", name), request)
        in_background(name, partial(run_transform_job, job, self._site))
        return {"TransformJobArn": arn("transform-job", name)}

    def describe_transform_job(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._jobs.get(request["TransformJobName"]).describe()

    def list_transform_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        jobs, token = page(_KIND, (job.describe() for job in self._jobs), request)
        shown = (
            "TransformJobName",
            "TransformJobArn",
            "CreationTime",
            "TransformEndTime",
            "TransformJobStatus",
            "FailureReason",
        )
        return {"TransformJobSummaries": [present(job, *shown) for job in jobs], **token}

    def stop_transform_job(self, request: dict[str, Any]) -> None:
        self._jobs.get(request["TransformJobName"]).stop()


def _check(request: dict[str, Any]) -> None:
    for member in ("DataProcessing", "DataCaptureConfig"):
        if member in request:
            raise unsupported(f"a transform job with {member}")
    split = request["TransformInput"].get("SplitType", "None")
    if split not in {"None", "Line"}:
        raise unsupported(f"a transform job with the SplitType {split}")
    if split == "None" and request.get("BatchStrategy") == "SingleRecord":
        raise validation("BatchStrategy SingleRecord needs a SplitType other than None.")
    if request.get("MaxPayloadInMB") == 0:
        raise unsupported("a transform job with MaxPayloadInMB 0")
    concurrent, megabytes = (
        request.get("MaxConcurrentTransforms") or 1,
        request.get("MaxPayloadInMB", 6),
    )
    if concurrent * megabytes > _IN_FLIGHT:
        raise validation(f"MaxConcurrentTransforms * MaxPayloadInMB must be at most {_IN_FLIGHT}.")
