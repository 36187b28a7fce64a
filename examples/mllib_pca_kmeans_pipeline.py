"""A Pipeline of Spark's own PCA and SageMaker's KMeans.

As the notebook `pyspark_mnist_pca_mllib_kmeans` of amazon-sagemaker-examples does.
"""

from __future__ import annotations

from pyspark.ml import Pipeline
from pyspark.ml.feature import PCA

from examples.digits import INSTANCE, Digits, deleted_at_end, purity, run
from sparkml_sm import IAMRole, RandomNamePolicyFactory, SageMakerModel
from sparkml_sm.algorithms import KMeansSageMakerEstimator
from sparkml_sm.transformation.serializers import ProtobufRequestRowSerializer

COMPONENTS = 50


def main(role: str, digits: Digits) -> dict[str, float]:
    """Return how pure the clusters are."""
    pca = PCA(k=COMPONENTS, inputCol="features", outputCol="projection")

    kmeans = KMeansSageMakerEstimator(
        sagemakerRole=IAMRole(role),
        trainingInstanceType=INSTANCE,
        trainingInstanceCount=1,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        trainingSparkDataFormatOptions={"featuresColumnName": "projection"},
        requestRowSerializer=ProtobufRequestRowSerializer(featuresColumnName="projection"),
        namePolicyFactory=RandomNamePolicyFactory("sparksm-4-"),
    )
    kmeans.setK(10)
    kmeans.setFeatureDim(COMPONENTS)

    model = Pipeline(stages=[pca, kmeans]).fit(digits.train)
    with deleted_at_end(*(stage for stage in model.stages if isinstance(stage, SageMakerModel))):
        clustered = model.transform(digits.test).cache()
        clustered.select("label", "projection", "closest_cluster").show(5)
        found = purity(clustered)
        print(f"purity of the clusters: {found:.3f}")
        clustered.unpersist()
    return {"purity": found}


if __name__ == "__main__":
    run(main)
