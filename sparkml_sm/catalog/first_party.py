"""What SageMaker's own algorithms, all but XGBoost, have in common.

Source: the SageMaker Developer Guide, "Parameters for Built-in Algorithms"
(common-info-all-im-models) and "Common Data Formats" (cdf-training, cdf-inference). It and the
pages of single algorithms were read on 2026-11-21: whole in the guide's public archive, which ends
in 2023 (``awsdocs/amazon-sagemaker-developer-guide``), and in stored excerpts of today's pages. How
a metric is logged is in the ``MetricDefinitions`` that DescribeTrainingJob gives for their jobs.
"""

from __future__ import annotations

from typing import Any

from sparkml_sm.catalog.algorithm import Algorithm
from sparkml_sm.hyperparameters import Boolean, Float, Hyperparameter, Int, OneOf

__all__ = [
    "AT_LEAST_0",
    "BOOLEAN",
    "COUNT",
    "FEATURE_DIM",
    "POSITIVE",
    "first_party",
    "predictor_type",
]

COUNT = Int(1)
POSITIVE = Float(0, low_open=True)
AT_LEAST_0 = Float(0)
# The guide writes "true"; the predecessor sent "True".
BOOLEAN = Boolean(any_case=True)

FEATURE_DIM = Hyperparameter(
    "feature_dim",
    COUNT,
    "Number of features; that of the data by default",
    required=True,
    filled="features",
)


def predictor_type(predictor: str) -> Hyperparameter:
    """Return the row that tells an algorithm of several kinds of prediction which one."""
    return Hyperparameter(
        "predictor_type",
        OneOf((predictor,)),
        "The kind of prediction, which the estimator's class decides",
        required=True,
        default=predictor,
    )


def first_party(
    name: str,
    *hyperparameters: Hyperparameter,
    supervised: bool,
    channels: tuple[str, ...] = ("train", "test"),
    feature_dim: Hyperparameter = FEATURE_DIM,
    **more: Any,
) -> Algorithm:
    """Return the table of an algorithm that trains on RecordIO-protobuf, and on CSV.

    Parameters
    ----------
    name : str
        Of the algorithm and of its image repository.
    *hyperparameters : Hyperparameter
    supervised : bool
        Whether it learns labels; the first column of CSV is the label then.
    channels : tuple of str, default ("train", "test")
        The channels that it reads.
    feature_dim : Hyperparameter, default `FEATURE_DIM`
        The row of the number of features.
    **more
        What else differs, by the names of `Algorithm`.
    """
    facts: dict[str, Any] = {
        "name": name,
        "repository": name,
        "version": "1",
        "hyperparameters": (feature_dim, *hyperparameters),
        # RecordIO is what the images take data for that has no ContentType; the predecessor sent
        # none.
        "content_types": {
            "recordio": None,
            "csv": "text/csv" if supervised else "text/csv;label_size=0",
        },
        "training_format": "recordio",
        "request_format": "recordio",
        "allow_nan": False,
        "supervised": supervised,
        "channels": channels,
        "own_metrics": True,
        "checkpoints": False,
        "piped": {"recordio": "", "csv": ""},
        "metric_regex": r"#quality_metric: host=\S+, {channel} {metric} <\S+>=(\S+)",
    }
    return Algorithm(**facts | more)
