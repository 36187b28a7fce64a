"""What stages created in the account, and its deletion."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sparkml_sm.aws.paths import S3DataPath
from sparkml_sm.aws.resources import CreatedResources, SageMakerResourceCleanup
from sparkml_sm.aws.s3 import delete_prefix
from sparkml_sm.aws.training_jobs import stop_training_job
from sparkml_sm.errors import (
    EndpointError,
    SageMakerResourceCleanupException,
    SparkMLSageMakerError,
    TrainingJobError,
)

__all__ = ["FitRecord", "Owned"]

# Deleting an endpoint is waiting for it to be gone.
_AT_ONCE = 8


@dataclass(slots=True)
class Owned:
    """What a model created: one record for it, its copies and the estimator that made it.

    Attributes
    ----------
    created : CreatedResources
    artifacts : S3DataPath or None
        The prefix that its training job wrote to.
    lock : Lock
        Held while something is created or deleted.
    """

    created: CreatedResources = field(default_factory=CreatedResources)
    artifacts: S3DataPath | None = None
    lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def delete(self, sagemaker: Any, s3: Any = None) -> None:
        """Delete what stands, with `s3` the artifacts as well; deleting twice is no error."""
        with self.lock:
            SageMakerResourceCleanup(sagemaker).deleteResources(self.created)
            if s3 is not None and self.artifacts is not None:
                delete_prefix(s3, self.artifacts.bucket, self.artifacts.objectPath)
                self.artifacts = None

    def __deepcopy__(self, memo: Any) -> Owned:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Owned, (self.created, self.artifacts)


class FitRecord:
    """What the fits of an estimator and of its copies created, and the jobs that they wait for.

    Whoever drops a model, as `CrossValidator` drops its candidates, loses the names of what is
    billed; this record does not.

    Attributes
    ----------
    latest_job : str or None
        Name of the training job that was last to start, None before.
    """

    def __init__(self) -> None:
        self._owned: list[Owned] = []
        self._running: set[str] = set()
        self._stopped: set[str] = set()
        self._deletions = 0
        self._changed = threading.Condition()
        self.latest_job: str | None = None

    @property
    def deletions(self) -> int:
        """How often `delete` was called."""
        return self._deletions

    @contextmanager
    def running(self, job: str) -> Iterator[None]:
        """Mark the time from before a training job starts until its model is recorded."""
        with self._changed:
            self._running.add(job)
            self.latest_job = job
        try:
            yield
        except EndpointError as error:
            if error.createdResources is not None:
                self.add(Owned(error.createdResources))
            raise
        finally:
            with self._changed:
                self._running.discard(job)
                self._stopped.discard(job)
                self._changed.notify_all()

    def check(self, job: str) -> None:
        """Raise `TrainingJobError` if `job` was stopped by `delete`, so that nothing is hosted."""
        with self._changed:
            if job in self._stopped:
                raise TrainingJobError(f"training job {job} was stopped by deleteResources()")

    def check_since(self, deletions: int) -> None:
        """Raise `TrainingJobError` if `delete` was called since there were `deletions`.

        A thread pool that was interrupted goes on with what is in its queue.
        """
        if self._deletions != deletions:
            raise TrainingJobError("this fit was not started: deleteResources() ended its series")

    def add(self, owned: Owned) -> None:
        """Take up what a fit created."""
        with self._changed:
            self._owned.append(owned)

    def delete(self, sagemaker: Any, s3: Any = None, keep: Iterable[Owned] = ()) -> None:
        """Stop the jobs that fits wait for, wait for these fits, and delete what all have created.

        Parameters
        ----------
        sagemaker : boto3 SageMaker client
        s3 : boto3 S3 client, optional
            Deletes the artifacts as well.
        keep : iterable of Owned
            What is left alone.

        Raises
        ------
        SageMakerResourceCleanupException
            Naming all that could not be deleted.
        """
        with self._changed:
            self._deletions += 1
            self._stopped |= self._running
            running = sorted(self._running)
        for job in running:
            stop_training_job(sagemaker, job)
        kept = list(keep)
        with self._changed:
            self._changed.wait_for(lambda: self._running.isdisjoint(running))
            found = [each for each in self._owned if each not in kept]
        with ThreadPoolExecutor(_AT_ONCE, "sparkml_sm-delete") as pool:
            results = list(pool.map(lambda owned: _failure(owned, sagemaker, s3), found))
        failures = [failure for failure in results if failure is not None]
        if failures:
            raise SageMakerResourceCleanupException(
                "; ".join(map(str, failures)), getattr(failures[0], "createdResources", None)
            )

    def __deepcopy__(self, memo: Any) -> FitRecord:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # What is pickled starts a record of its own, in the process that fits.
        return FitRecord, ()


def _failure(owned: Owned, sagemaker: Any, s3: Any) -> SparkMLSageMakerError | None:
    try:
        owned.delete(sagemaker, s3)
    except SparkMLSageMakerError as error:
        return error
    return None
