"""XGBoost on SageMaker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparkml_sm.catalog.xgboost import XGBOOST
from sparkml_sm.inference.deserializers import ResponseRowDeserializer, XGBoostCSVRowDeserializer
from sparkml_sm.stages.algorithm import SageMakerAlgorithmEstimator

__all__ = ["XGBoostSageMakerEstimator"]


class XGBoostSageMakerEstimator(SageMakerAlgorithmEstimator):
    """Trains SageMaker's XGBoost: gradient-boosted trees.

    Parameters are those of `SageMakerAlgorithmEstimator`; ``num_round`` is required when `fit`
    starts. The model appends ``prediction``: the container's number, a probability for
    ``binary:logistic``; a vector of class probabilities for ``multi:softprob``.

    Examples
    --------
    >>> estimator = XGBoostSageMakerEstimator(
    ...     trainingInstanceType="ml.m5.large", trainingInstanceCount=1, num_round=100
    ... )
    >>> estimator.setObjective("binary:logistic").getNumRound()
    100
    """

    algorithm = XGBOOST

    def _answers(self, values: Mapping[str, Any]) -> ResponseRowDeserializer:
        size = self.algorithm.output_size(values) or 1
        return XGBoostCSVRowDeserializer(
            vector=self.algorithm.output(values) == "vector", size=size
        )
