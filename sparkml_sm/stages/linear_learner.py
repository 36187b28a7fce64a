"""Linear models on SageMaker."""

from __future__ import annotations

from sparkml_sm.catalog.linear_learner import LINEAR_LEARNER
from sparkml_sm.inference.deserializers import (
    LinearLearnerBinaryClassifierProtobufResponseRowDeserializer,
    LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer,
    LinearLearnerRegressorProtobufResponseRowDeserializer,
)
from sparkml_sm.stages.algorithm import SageMakerAlgorithmEstimator

__all__ = [
    "LinearLearnerBinaryClassifier",
    "LinearLearnerMultiClassClassifier",
    "LinearLearnerRegressor",
]


class LinearLearnerBinaryClassifier(SageMakerAlgorithmEstimator):
    """Trains SageMaker's linear learner on labels 0 and 1.

    The rows must not be in the order of their labels: shuffle them first, for example with
    ``orderBy(rand())``. Parameters are those of `SageMakerAlgorithmEstimator`. The model appends
    ``score``, a probability or a margin, and ``predicted_label``; both are doubles.

    Examples
    --------
    >>> estimator = LinearLearnerBinaryClassifier(
    ...     trainingInstanceType="ml.m5.large", trainingInstanceCount=1, epochs=5
    ... )
    >>> estimator.setPositiveExampleWeightMult("balanced").getEpochs()
    5
    """

    algorithm = LINEAR_LEARNER["binary_classifier"]
    default_deserializer = LinearLearnerBinaryClassifierProtobufResponseRowDeserializer


class LinearLearnerMultiClassClassifier(SageMakerAlgorithmEstimator):
    """Trains SageMaker's linear learner on labels 0, 1, 2 and up.

    The rows must not be in the order of their labels: shuffle them first, for example with
    ``orderBy(rand())``. Parameters are those of `SageMakerAlgorithmEstimator`; ``num_classes``
    follows from the labels where it is not set. The model appends ``score``, a vector of a number
    for each class, and ``predicted_label``, a double.

    Examples
    --------
    >>> estimator = LinearLearnerMultiClassClassifier(
    ...     trainingInstanceType="ml.m5.large", trainingInstanceCount=1, num_classes=10
    ... )
    >>> estimator.setBalanceMultiClassWeights(True).getNumClasses()
    10
    """

    algorithm = LINEAR_LEARNER["multiclass_classifier"]
    default_deserializer = LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer


class LinearLearnerRegressor(SageMakerAlgorithmEstimator):
    """Trains SageMaker's linear learner on any number as label.

    Parameters are those of `SageMakerAlgorithmEstimator`. The model appends ``score``, the
    predicted label, a double.

    Examples
    --------
    >>> estimator = LinearLearnerRegressor(
    ...     trainingInstanceType="ml.m5.large", trainingInstanceCount=1, loss="huber_loss"
    ... )
    >>> estimator.setHuberDelta(2).getLoss()
    'huber_loss'
    """

    algorithm = LINEAR_LEARNER["regressor"]
    default_deserializer = LinearLearnerRegressorProtobufResponseRowDeserializer
