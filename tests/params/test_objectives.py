"""XGBoost's objectives, by the setter that users call."""

from __future__ import annotations

from typing import Any

import pytest

from sparkml_sm import ConfigurationError, XGBoostSageMakerEstimator


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "objective",
    [
        "binary:logitraw",
        "binary:hinge",
        "reg:squarederror",
        "rank:ndcg",
        "survival:aft",
    ],
)
def test_objectives_that_the_predecessor_refused_are_sent_without_a_warning(
    objective: str,
) -> None:
    estimator: Any = XGBoostSageMakerEstimator("ml.m5.large", 1, num_round=1)
    estimator.setObjective(objective).check_hyperparameters()
    assert estimator.getObjective() == objective
    assert estimator.hyperparameter_request()["objective"] == objective


def test_the_misspelling_that_the_predecessor_took_is_no_objective_of_the_job() -> None:
    estimator: Any = XGBoostSageMakerEstimator("ml.m5.large", 1, num_round=1)
    with pytest.warns(FutureWarning, match="binary:logitraw"):
        estimator.setObjective("binary:logistraw")
    with pytest.raises(ConfigurationError, match="binary:logitraw"):
        estimator.check_hyperparameters()
