"""Score with what is already on SageMaker: an endpoint, an artifact in S3, a training job.

As the README of sagemaker-spark does, with the deletion of what each model creates.
"""

from __future__ import annotations

from examples.digits import INSTANCE, Digits, accuracy, deleted_at_end, run
from sparkml_sm import IAMRole, SageMakerModel, SageMakerResourceCleanup
from sparkml_sm.algorithms import XGBoostSageMakerEstimator
from sparkml_sm.transformation.deserializers import XGBoostCSVRowDeserializer
from sparkml_sm.transformation.serializers import LibSVMRequestRowSerializer


def main(role: str, digits: Digits) -> dict[str, float]:
    """Return the accuracy of each model on images that were held out."""
    estimator = XGBoostSageMakerEstimator(
        trainingInstanceType=INSTANCE,
        trainingInstanceCount=1,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        sagemakerRole=IAMRole(role),
    )
    estimator.setNumRound(10).setNumClasses(10).setObjective("multi:softmax")
    trained = estimator.fit(digits.train)
    with deleted_at_end(trained):
        found = {"endpoint": from_endpoint(trained, digits)}
        found["artifact"] = from_artifact(trained, digits)
        found["training job"] = from_training_job(trained, estimator.latestTrainingJob, digits)
    print("accuracy on held-out images:", found)
    return found


def from_endpoint(trained: SageMakerModel, digits: Digits) -> float:
    """Score through an endpoint that stands. It is not this model's to delete."""
    model = SageMakerModel.fromEndpoint(
        endpointName=trained.endpointName,
        requestRowSerializer=LibSVMRequestRowSerializer(),
        responseRowDeserializer=XGBoostCSVRowDeserializer(),
    )
    return accuracy(model.transform(digits.test))


def from_artifact(trained: SageMakerModel, digits: Digits) -> float:
    """Deploy an artifact, score, and delete what was created."""
    model = SageMakerModel.fromModelS3Path(
        modelPath=trained.modelPath.toS3UriString(),
        modelImage=trained.modelImage,
        modelExecutionRoleARN=trained.modelExecutionRoleARN,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        requestRowSerializer=LibSVMRequestRowSerializer(),
        responseRowDeserializer=XGBoostCSVRowDeserializer(),
    )
    try:
        return accuracy(model.transform(digits.test))
    finally:
        cleanup = SageMakerResourceCleanup(model.sagemakerClient)
        cleanup.deleteResources(model.getCreatedResources())


def from_training_job(trained: SageMakerModel, job: str | None, digits: Digits) -> float:
    """Deploy what a finished training job left, score, and delete what was created."""
    model = SageMakerModel.fromTrainingJob(
        trainingJobName=job,
        modelImage=trained.modelImage,
        modelExecutionRoleARN=trained.modelExecutionRoleARN,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        requestRowSerializer=LibSVMRequestRowSerializer(),
        responseRowDeserializer=XGBoostCSVRowDeserializer(),
    )
    try:
        return accuracy(model.transform(digits.test))
    finally:
        cleanup = SageMakerResourceCleanup(model.sagemakerClient)
        cleanup.deleteResources(model.getCreatedResources())


if __name__ == "__main__":
    run(main)
