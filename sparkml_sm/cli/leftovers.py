"""What a run left behind in the account, as the account itself lists it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Leftovers", "find_leftovers"]


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What stands of one run.

    Parameters
    ----------
    resources : tuple of str
        What costs money or holds data, each as its kind and name: endpoints, endpoint configs,
        models, training jobs that still run, S3 objects and open multipart uploads.
    records : tuple of str
        What stays by design and costs nothing: the records of training jobs that have ended.
    """

    resources: tuple[str, ...]
    records: tuple[str, ...]


def find_leftovers(sagemaker: Any, s3: Any, *, bucket: str, name: str) -> Leftovers:
    """List what one run left behind.

    Parameters
    ----------
    sagemaker, s3 : boto3 clients
        Of the account and region that the run used.
    bucket : str
        Where the run kept its objects.
    name : str
        What the names of the run's resources and objects begin with, and no others.

    Returns
    -------
    Leftovers
        Whatever AWS lists for this run, whether this library knows of it or not.
    """
    jobs = dict(_named(sagemaker, "list_training_jobs", "TrainingJob", name))
    running = {job for job, status in jobs.items() if status in {"InProgress", "Stopping"}}
    return Leftovers(
        resources=(
            *(
                f"endpoint {found}"
                for found, _ in _named(sagemaker, "list_endpoints", "Endpoint", name)
            ),
            *(
                f"endpoint config {found}"
                for found, _ in _named(sagemaker, "list_endpoint_configs", "EndpointConfig", name)
            ),
            *(f"model {found}" for found, _ in _named(sagemaker, "list_models", "Model", name)),
            *(f"training job {job} ({jobs[job]})" for job in sorted(running)),
            *_objects(s3, bucket, name),
            *_uploads(s3, bucket, name),
        ),
        records=tuple(f"training job {job} ({jobs[job]})" for job in sorted(jobs.keys() - running)),
    )


def _named(client: Any, operation: str, kind: str, name: str) -> Iterator[tuple[str, str]]:
    members = {"list_training_jobs": "TrainingJobSummaries"}.get(operation, f"{kind}s")
    for page in client.get_paginator(operation).paginate(NameContains=name):
        for summary in page[members]:
            # NameContains finds the text anywhere in a name.
            if (found := summary[f"{kind}Name"]).startswith(name):
                yield found, summary.get(f"{kind}Status", "")


def _objects(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (f"object {_uri(bucket, item)}" for item in page.get("Contents", ()))


def _uploads(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        yield from (f"open upload {_uri(bucket, item)}" for item in page.get("Uploads", ()))


def _uri(bucket: str, item: Mapping[str, Any]) -> str:
    return f"s3://{bucket}/{item['Key']}"
