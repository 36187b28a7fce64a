"""Train any container on a DataFrame, with every setting named.

As the notebook `pyspark_mnist_custom_estimator` of amazon-sagemaker-examples does, whose container
is that of KMeans.
"""

from __future__ import annotations

from examples.digits import INSTANCE, PIXELS, Digits, deleted_at_end, purity, run
from sparkml_sm import (
    EndpointCreationPolicy,
    IAMRole,
    RandomNamePolicyFactory,
    S3AutoCreatePath,
    SageMakerEstimator,
)
from sparkml_sm.algorithms import KMeansSageMakerEstimator
from sparkml_sm.transformation.deserializers import KMeansProtobufResponseRowDeserializer
from sparkml_sm.transformation.serializers import ProtobufRequestRowSerializer


def main(role: str, digits: Digits) -> dict[str, float]:
    """Return how pure the clusters are."""
    image = KMeansSageMakerEstimator(INSTANCE, 1).trainingImage
    print("image:", image)
    estimator = SageMakerEstimator(
        trainingImage=image,
        modelImage=image,
        trainingInstanceType=INSTANCE,
        trainingInstanceCount=1,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        requestRowSerializer=ProtobufRequestRowSerializer(),
        responseRowDeserializer=KMeansProtobufResponseRowDeserializer(),
        hyperParameters={"k": "10", "feature_dim": str(PIXELS)},
        trainingInputS3DataPath=S3AutoCreatePath(),
        trainingOutputS3DataPath=S3AutoCreatePath(),
        trainingInstanceVolumeSizeInGB=1,
        trainingSparkDataFormat="sagemaker",
        endpointCreationPolicy=EndpointCreationPolicy.CREATE_ON_TRANSFORM,
        sagemakerRole=IAMRole(role),
        namePolicyFactory=RandomNamePolicyFactory("sparksm-2-"),
    )
    model = estimator.fit(digits.train)
    with deleted_at_end(model):
        clustered = model.transform(digits.test).cache()
        clustered.show(5)
        found = purity(clustered)
        print(f"purity of the clusters: {found:.3f}")
        clustered.unpersist()
    return {"purity": found}


if __name__ == "__main__":
    run(main)
