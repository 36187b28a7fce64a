"""LinearLearner from boto3: a training job with its metrics, and an endpoint of its model."""

from __future__ import annotations

import json
from dataclasses import replace

from sklearn.datasets import load_breast_cancer

from sparkml_sm.formats import csv, recordio
from sparkml_sm.formats.rows import FeatureRows
from tests.local.conftest import (
    Aws,
    channel,
    create_endpoint,
    create_model,
    training_request,
    until,
)
from tests.local.training.tables import data_of, held_out

IMAGE = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"


def test_trained_and_served(aws: Aws, bucket: str, name: str) -> None:
    rows, other = held_out(load_breast_cancer)

    def staged(channel_name: str, batch: FeatureRows) -> str:
        body = b"".join(recordio.encode(batch).to_pylist())
        aws.s3.put_object(Bucket=bucket, Key=f"{name}/{channel_name}/part-0", Body=body)
        return f"s3://{bucket}/{name}/{channel_name}/"

    channels = [
        channel(each, staged(each, batch)) | {"ContentType": "application/x-recordio-protobuf"}
        for each, batch in (("train", rows), ("validation", other))
    ]
    aws.sagemaker.create_training_job(
        **training_request(
            name,
            "",
            bucket,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            HyperParameters={"predictor_type": "binary_classifier", "mini_batch_size": "50"},
            InputDataConfig=channels,
        )
    )
    job = until(
        lambda: aws.sagemaker.describe_training_job(TrainingJobName=name),
        "TrainingJobStatus",
        "InProgress",
    )
    assert job["TrainingJobStatus"] == "Completed", job
    metrics = {each["MetricName"]: each["Value"] for each in job["FinalMetricDataList"]}
    assert metrics["validation:binary_classification_accuracy"] > 0.95
    assert metrics["train:progress"] > 0

    create_model(aws, name, job["ModelArtifacts"]["S3ModelArtifacts"], Image=IMAGE)
    create_endpoint(aws, name)
    answer = aws.runtime.invoke_endpoint(
        EndpointName=name,
        ContentType="text/csv",
        Body=b"".join(csv.encode(replace(other, label=None)).to_pylist()),
    )
    said = json.loads(answer["Body"].read())["predictions"]
    label = data_of(other)[1]
    right = sum(row["predicted_label"] == true for row, true in zip(said, label, strict=True))
    assert right == round(metrics["validation:binary_classification_accuracy"] * len(label))
    aws.sagemaker.delete_endpoint(EndpointName=name)
