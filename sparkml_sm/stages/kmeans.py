"""K-Means on SageMaker."""

from __future__ import annotations

from sparkml_sm.catalog.kmeans import KMEANS
from sparkml_sm.inference.deserializers import KMeansProtobufResponseRowDeserializer
from sparkml_sm.stages.algorithm import SageMakerAlgorithmEstimator

__all__ = ["KMeansSageMakerEstimator"]


class KMeansSageMakerEstimator(SageMakerAlgorithmEstimator):
    """Trains SageMaker's K-Means: clusters of rows around centers.

    Parameters are those of `SageMakerAlgorithmEstimator`. The model appends ``closest_cluster``,
    the number of the nearest center, and ``distance_to_cluster``, how far it is; both are doubles.

    Examples
    --------
    >>> estimator = KMeansSageMakerEstimator(
    ...     trainingInstanceType="ml.m5.large", trainingInstanceCount=1, k=10
    ... )
    >>> estimator.setInitMethod("kmeans++").getK()
    10
    """

    algorithm = KMEANS
    default_deserializer = KMeansProtobufResponseRowDeserializer
