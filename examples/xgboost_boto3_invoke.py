"""Score digits through an endpoint with boto3 alone, without Spark.

As the notebook `MNIST-xgboost-boto3-invoke` of sagemaker-spark does. The endpoint is trained first.
"""

from __future__ import annotations

import boto3
from pyspark.ml.linalg import SparseVector

from examples.digits import INSTANCE, Digits, deleted_at_end, run
from sparkml_sm import IAMRole
from sparkml_sm.algorithms import XGBoostSageMakerEstimator


def main(role: str, digits: Digits) -> dict[str, float]:
    """Return the accuracy on some of the images that were held out."""
    estimator = XGBoostSageMakerEstimator(
        trainingInstanceType=INSTANCE,
        trainingInstanceCount=1,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        sagemakerRole=IAMRole(role),
        num_round=15,
        num_class=10,
        objective="multi:softmax",
    )
    model = estimator.fit(digits.train)
    with deleted_at_end(model):
        rows = digits.test.limit(100).collect()
        answers = invoke(model.endpointName, [row.features for row in rows])
    right = sum(answer == row.label for answer, row in zip(answers, rows, strict=True))
    print(f"{right} of {len(rows)} images are recognised")
    return {"accuracy": right / len(rows)}


def invoke(endpoint: str, images: list[SparseVector]) -> list[float]:
    """Send images as LIBSVM text: all an application needs is boto3."""
    runtime = boto3.client("sagemaker-runtime")
    response = runtime.invoke_endpoint(
        EndpointName=endpoint,
        ContentType="text/x-libsvm",
        Body="\n".join(line(image) for image in images),
    )
    answer = response["Body"].read().decode()
    return [float(each) for each in answer.replace("\n", ",").split(",")]


def line(image: SparseVector) -> str:
    """Return an image as a line of LIBSVM: a label, which an endpoint leaves aside, and pixels."""
    pixels = zip(image.indices + 1, image.values, strict=True)  # LIBSVM counts from 1
    return " ".join(["0", *(f"{index}:{value:g}" for index, value in pixels)])


if __name__ == "__main__":
    run(main)
