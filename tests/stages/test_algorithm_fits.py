"""Fits whose job gets what the data decides; one is of an algorithm that the test makes up."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkml_sm import (
    ConfigurationError,
    InvalidDataError,
    KMeansSageMakerEstimator,
    SageMakerAlgorithmEstimator,
)
from sparkml_sm.catalog.algorithm import Algorithm, Rule, When
from sparkml_sm.hyperparameters import Hyperparameter, Int, OneOf
from sparkml_sm.inference.deserializers import XGBoostCSVRowDeserializer
from tests.stages.conftest import Account, Run

DIGITS = Algorithm(
    name="digits",
    repository="123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost",
    version="3.2-0",
    hyperparameters=(
        Hyperparameter("num_round", Int(1), "Number of rounds", required=True),
        Hyperparameter("objective", OneOf(("multi:softmax",)), "Aim", default="multi:softmax"),
        Hyperparameter("num_class", Int(2), "Number of digits", filled="classes"),
    ),
    content_types={"libsvm": "text/libsvm"},
    training_format="libsvm",
    request_format="libsvm",
    allow_nan=False,
    supervised=True,
    rules=(Rule((When("objective"),), When("num_class"), "`num_class` is missing"),),
)


class DigitsEstimator(SageMakerAlgorithmEstimator):
    """Made up: one table and these lines."""

    algorithm = DIGITS
    default_deserializer = XGBoostCSVRowDeserializer


def sent(account: Account, run: Run) -> dict[str, Any]:
    [job] = account.jobs(run.name)
    found: dict[str, Any] = job["HyperParameters"]
    return found


def test_a_made_up_algorithm_trains(account: Account, run: Run, rows: DataFrame) -> None:
    digits = rows.withColumn("label", F.col("id") % 4)
    model = DigitsEstimator(**run.settings(num_round=2)).fit(digits)
    assert sent(account, run) == {
        "num_round": "2",
        "objective": "multi:softmax",
        "num_class": "4",
    }
    assert model.responseRowDeserializer.schema.names == ["prediction"]


def test_kmeans_is_told_the_width(account: Account, run: Run, rows: DataFrame) -> None:
    model = KMeansSageMakerEstimator(**run.settings(k=3)).fit(rows.drop("label"))
    assert sent(account, run) == {"k": "3", "mini_batch_size": "5000", "feature_dim": "4"}
    assert model.modelImage.endswith("/kmeans:1")


@pytest.mark.parametrize(
    ("label", "settings", "error", "words"),
    [
        ("id / 2", {}, InvalidDataError, "column 'label' holds numbers from 0 to 99.5, not all"),
        ("id % 4", {"num_class": 3}, ConfigurationError, "`num_class` is 3 and column 'label'"),
    ],
)
def test_what_contradicts_the_data_costs_no_job(
    account: Account,
    run: Run,
    rows: DataFrame,
    label: str,
    settings: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    estimator = DigitsEstimator(**run.settings(num_round=2, **settings))
    with pytest.raises(error, match=words):
        estimator.fit(rows.withColumn("label", F.expr(label)))
    assert account.jobs(run.name) == []
    assert account.keys(run.name) == []
