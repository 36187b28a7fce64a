"""Factorization machines on SageMaker."""

from __future__ import annotations

from sparkml_sm.catalog.factorization_machines import FACTORIZATION_MACHINES
from sparkml_sm.inference.deserializers import (
    FactorizationMachinesBinaryClassifierDeserializer,
    FactorizationMachinesRegressorDeserializer,
)
from sparkml_sm.stages.algorithm import SageMakerAlgorithmEstimator

__all__ = ["FactorizationMachinesBinaryClassifier", "FactorizationMachinesRegressor"]


class FactorizationMachinesBinaryClassifier(SageMakerAlgorithmEstimator):
    """Trains SageMaker's factorization machines on labels 0 and 1.

    Parameters are those of `SageMakerAlgorithmEstimator`; ``num_factors`` is required when `fit`
    starts. Rows are staged as RecordIO only. The model appends ``score``, a probability, and
    ``predicted_label``; both are doubles.

    Examples
    --------
    >>> estimator = FactorizationMachinesBinaryClassifier(
    ...     trainingInstanceType="ml.c5.xlarge", trainingInstanceCount=1, num_factors=64
    ... )
    >>> estimator.setEpochs(10).getNumFactors()
    64
    """

    algorithm = FACTORIZATION_MACHINES["binary_classifier"]
    default_deserializer = FactorizationMachinesBinaryClassifierDeserializer


class FactorizationMachinesRegressor(SageMakerAlgorithmEstimator):
    """Trains SageMaker's factorization machines on any number as label.

    Parameters are those of `SageMakerAlgorithmEstimator`; ``num_factors`` is required when `fit`
    starts. Rows are staged as RecordIO only. The model appends ``score``, the predicted label, a
    double.

    Examples
    --------
    >>> estimator = FactorizationMachinesRegressor(
    ...     trainingInstanceType="ml.c5.xlarge", trainingInstanceCount=1, num_factors=64
    ... )
    >>> estimator.setFactorsLr(0.001).getNumFactors()
    64
    """

    algorithm = FACTORIZATION_MACHINES["regressor"]
    default_deserializer = FactorizationMachinesRegressorDeserializer
