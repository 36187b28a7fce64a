"""Whether the Spark tasks find the driver's AWS credentials, asked before anything starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
from pyspark.sql import SparkSession

from sparkml_sm.aws.config import AwsConfig, credentials_digest
from sparkml_sm.errors import CredentialsError

__all__ = ["proven"]


def proven(spark: SparkSession, config: AwsConfig) -> AwsConfig:
    """Return `config` once a task has shown that it finds the same credentials as the driver.

    A profile, a shared credentials file and an instance role are found by tasks as well, and
    nothing is asked. Keys from environment variables or from a session made in the program may
    exist in the driver alone; they never travel to the tasks, so a task is asked what it finds, and
    answers with a digest.

    Parameters
    ----------
    spark : SparkSession
    config : AwsConfig

    Returns
    -------
    AwsConfig

    Raises
    ------
    CredentialsError
        If a task finds no credentials, or others.
    """
    if config.unproven is None:
        return config
    task_config = replace(config, unproven=None)

    def ask(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            yield pa.RecordBatch.from_pydict({"digest": [credentials_digest(task_config) or ""]})

    [answer] = spark.range(1).coalesce(1).mapInArrow(ask, "digest string").collect()
    if answer["digest"] != config.unproven:
        found = "none" if not answer["digest"] else "others"
        raise CredentialsError(
            f"the Spark tasks cannot find the driver's AWS credentials (they find {found}): keys "
            "are never sent to tasks, so put them where tasks look: an instance role, a profile "
            "in ~/.aws/credentials, or environment variables that are set before Spark starts"
        )
    return task_config
