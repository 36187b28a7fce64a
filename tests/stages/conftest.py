"""Fits against the local SageMaker, and what a test looks at afterwards."""

from __future__ import annotations

import io
import tarfile
import uuid
from dataclasses import dataclass
from typing import Any

import boto3
import numpy as np
import pytest
import xgboost
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkml_sm import (
    IAMRole,
    RandomNamePolicyFactory,
    S3DataPath,
    XGBoostSageMakerEstimator,
)
from sparkml_sm.local import LocalSageMaker

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
INSTANCE = "ml.m5.large"
BUCKET = "stages"


@dataclass(frozen=True)
class Account:
    """What stands in the local SageMaker, seen through unmodified boto3."""

    sagemaker: Any
    s3: Any

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", ())]

    def uploads(self, prefix: str) -> list[str]:
        found = self.s3.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for each in found.get("Uploads", ())]

    def read(self, uri: str) -> bytes:
        place = S3DataPath.fromS3URI(uri)
        answer = self.s3.get_object(Bucket=place.bucket, Key=place.objectPath)
        body: bytes = answer["Body"].read()
        return body

    def booster(self, artifact: str) -> xgboost.Booster:
        """Load a model from its artifact, as anybody with xgboost would."""
        with tarfile.open(fileobj=io.BytesIO(self.read(artifact))) as archive:
            member = archive.extractfile("xgboost-model")
            assert member is not None
            return xgboost.Booster(model_file=bytearray(member.read()))

    def jobs(self, name: str) -> list[dict[str, Any]]:
        """Describe all training jobs whose name holds `name`."""
        found = self.sagemaker.list_training_jobs(NameContains=name)["TrainingJobSummaries"]
        return [
            self.sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"])
            for job in found
        ]

    def hosted(self, name: str) -> list[str]:
        """Name all models, endpoint configs and endpoints whose name holds `name`."""
        client = self.sagemaker
        return [
            *(each["ModelName"] for each in client.list_models(NameContains=name)["Models"]),
            *(
                each["EndpointConfigName"]
                for each in client.list_endpoint_configs(NameContains=name)["EndpointConfigs"]
            ),
            *(
                each["EndpointName"]
                for each in client.list_endpoints(NameContains=name)["Endpoints"]
            ),
        ]


@pytest.fixture(scope="module")
def account(inside: LocalSageMaker) -> Account:
    account = Account(boto3.client("sagemaker"), boto3.client("s3"))
    if BUCKET not in [each["Name"] for each in account.s3.list_buckets()["Buckets"]]:
        account.s3.create_bucket(Bucket=BUCKET)
    return account


@dataclass(frozen=True)
class Run:
    """A name that one test's resources begin with, and that its keys in the bucket lie below."""

    name: str

    @property
    def staging(self) -> S3DataPath:
        return S3DataPath(BUCKET, f"{self.name}/in")

    @property
    def output(self) -> S3DataPath:
        return S3DataPath(BUCKET, f"{self.name}/out")

    def settings(self, **changes: Any) -> dict[str, Any]:
        return {
            "trainingInstanceType": INSTANCE,
            "trainingInstanceCount": 1,
            "sagemakerRole": IAMRole(ROLE),
            "trainingInputS3DataPath": self.staging,
            "trainingOutputS3DataPath": self.output,
            "namePolicyFactory": RandomNamePolicyFactory(f"{self.name}-"),
            **changes,
        }

    def estimator(self, **changes: Any) -> XGBoostSageMakerEstimator:
        recipe = {"num_round": 4, "objective": "binary:logistic", "max_depth": 3}
        return XGBoostSageMakerEstimator(**self.settings(**{**recipe, **changes}))


def new_run() -> Run:
    return Run(f"r{uuid.uuid4().hex[:8]}")


@pytest.fixture
def run() -> Run:
    return new_run()


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    """200 rows of 4 features in 2 partitions; all numbers are exact in 32 bits."""
    number = F.col("id")
    parts = [((number * step) % modulus / 64.0) for step, modulus in ((7, 64), (5, 48), (3, 37))]
    frame = spark.range(0, 200, numPartitions=2).select(
        "id",
        F.array(*parts, (number % 2).cast("double")).alias("features"),
    )
    first = F.col("features")[0] + F.col("features")[1]
    return frame.withColumn("label", (first > 0.8).cast("double")).cache()


def matrix(rows: DataFrame) -> np.ndarray[Any, Any]:
    """Return the features in the order of `id`."""
    return np.array([row.features for row in rows.orderBy("id").collect()])


def predictions(scored: DataFrame) -> np.ndarray[Any, Any]:
    """Return the predictions in the order of `id`."""
    return np.array([row.prediction for row in scored.orderBy("id").collect()])
