"""Principal component analysis on SageMaker."""

from __future__ import annotations

from sparkml_sm.catalog.pca import PCA
from sparkml_sm.inference.deserializers import PCAProtobufResponseRowDeserializer
from sparkml_sm.stages.algorithm import SageMakerAlgorithmEstimator

__all__ = ["PCASageMakerEstimator"]


class PCASageMakerEstimator(SageMakerAlgorithmEstimator):
    """Trains SageMaker's PCA: fewer features that keep most of the variance.

    Parameters are those of `SageMakerAlgorithmEstimator`; ``num_components`` is required when `fit`
    starts. The model appends ``projection``, a vector of that length; its most important component
    is the last.

    Examples
    --------
    >>> estimator = PCASageMakerEstimator(
    ...     trainingInstanceType="ml.m5.large", trainingInstanceCount=1, num_components=50
    ... )
    >>> estimator.setSubtractMean("False").getSubtractMean()
    False
    """

    algorithm = PCA
    default_deserializer = PCAProtobufResponseRowDeserializer
