"""Cluster digits with KMeans, and reach the same model in four ways.

As the notebook `pyspark_mnist_kmeans` of amazon-sagemaker-examples does: the model that `fit`
returns, its endpoint, its artifact in S3, and its training job.
"""

from __future__ import annotations

from examples.digits import INSTANCE, PIXELS, Digits, deleted_at_end, purity, run
from sparkml_sm import (
    EndpointCreationPolicy,
    IAMRole,
    RandomNamePolicy,
    RandomNamePolicyFactory,
    S3DataPath,
    SageMakerModel,
    classpath_jars,
)
from sparkml_sm.algorithms import KMeansSageMakerEstimator
from sparkml_sm.transformation.deserializers import KMeansProtobufResponseRowDeserializer
from sparkml_sm.transformation.serializers import ProtobufRequestRowSerializer


def main(role: str, digits: Digits) -> dict[str, float]:
    """Return how pure the clusters are, as each of the four models sees them."""
    print("jars on the class path:", classpath_jars())
    estimator = KMeansSageMakerEstimator(
        sagemakerRole=IAMRole(role),
        trainingInstanceType=INSTANCE,
        trainingInstanceCount=1,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        namePolicyFactory=RandomNamePolicyFactory("sparksm-1a-"),
    )
    estimator.setK(10)
    estimator.setFeatureDim(PIXELS)

    initial = estimator.fit(digits.train)
    with deleted_at_end(initial):
        print("endpoint:", initial.endpointName)
        initial.transform(digits.test).show(5)
        others = {
            "endpoint": from_endpoint(initial),
            "artifact": from_artifact(initial),
            "training job": from_training_job(initial, estimator.latestTrainingJob),
        }
        with deleted_at_end(*others.values()):
            found = {
                name: purity(model.transform(digits.test))
                for name, model in {"fit": initial, **others}.items()
            }
    print("purity of the clusters:", found)
    return found


def from_endpoint(initial: SageMakerModel) -> SageMakerModel:
    """Use the endpoint that stands; this model creates nothing."""
    return SageMakerModel(
        existingEndpointName=initial.endpointName,
        endpointCreationPolicy=EndpointCreationPolicy.DO_NOT_CREATE,
        endpointInstanceType=None,
        endpointInitialInstanceCount=None,
        requestRowSerializer=ProtobufRequestRowSerializer(),
        responseRowDeserializer=KMeansProtobufResponseRowDeserializer(
            distance_to_cluster_column_name="distance_to_cluster",
            closest_cluster_column_name="closest_cluster",
        ),
    )


def from_artifact(initial: SageMakerModel) -> SageMakerModel:
    """Deploy the artifact once more, when the first rows are scored."""
    return SageMakerModel(
        modelPath=S3DataPath(initial.modelPath.bucket, initial.modelPath.objectPath),
        modelExecutionRoleARN=initial.modelExecutionRoleARN,
        modelImage=initial.modelImage,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        requestRowSerializer=ProtobufRequestRowSerializer(),
        responseRowDeserializer=KMeansProtobufResponseRowDeserializer(),
        namePolicy=RandomNamePolicy("sparksm-1b-"),
        endpointCreationPolicy=EndpointCreationPolicy.CREATE_ON_TRANSFORM,
    )


def from_training_job(initial: SageMakerModel, job: str | None) -> SageMakerModel:
    """Deploy what a finished training job left."""
    return SageMakerModel.fromTrainingJob(
        trainingJobName=job,
        modelImage=initial.modelImage,
        modelExecutionRoleARN=initial.modelExecutionRoleARN,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        requestRowSerializer=ProtobufRequestRowSerializer(),
        responseRowDeserializer=KMeansProtobufResponseRowDeserializer(),
        namePolicy=RandomNamePolicy("sparksm-1c-"),
        endpointCreationPolicy=EndpointCreationPolicy.CREATE_ON_TRANSFORM,
    )


if __name__ == "__main__":
    run(main)
