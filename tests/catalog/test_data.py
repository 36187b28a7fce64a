"""What the data decides: filled where it is needed, compared where it was set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkml_sm.catalog.algorithm import Algorithm
from sparkml_sm.catalog.data import LabelStats, decided
from sparkml_sm.catalog.factorization_machines import FACTORIZATION_MACHINES
from sparkml_sm.catalog.kmeans import KMEANS
from sparkml_sm.catalog.lda import LDA
from sparkml_sm.catalog.linear_learner import LINEAR_LEARNER
from sparkml_sm.catalog.pca import PCA
from sparkml_sm.catalog.xgboost import XGBOOST
from sparkml_sm.errors import ConfigurationError, InvalidDataError

MULTICLASS = LINEAR_LEARNER["multiclass_classifier"]
SOFTMAX = {"objective": "multi:softmax", "num_round": 1}


@dataclass
class Data:
    rows: int = 100
    features: int = 7
    labels: LabelStats | None = None


def labels(*values: float) -> LabelStats:
    return LabelStats.of(np.array(values, dtype=float))


@pytest.mark.parametrize(
    ("values", "stats", "classes"),
    [
        ([3.0], LabelStats(3.0, 3.0, True), 4),
        ([0.0, 1.0, 0.0], LabelStats(0.0, 1.0, True), 2),
        ([0.0, -0.0], LabelStats(0.0, 0.0, True), 1),
        ([-1.0, 1.0], LabelStats(-1.0, 1.0, True), None),
        ([0.5, 2.0], LabelStats(0.5, 2.0, False), None),
        ([1e300], LabelStats(1e300, 1e300, True), int(1e300) + 1),
    ],
)
def test_label_stats(values: list[float], stats: LabelStats, classes: int | None) -> None:
    assert LabelStats.of(np.array(values)) == stats
    assert stats.classes == classes


@given(st.lists(st.floats(-1e9, 1e9), min_size=2), st.data())
def test_parts_tell_what_the_whole_tells(values: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(values) - 1))
    parts = labels(*values[:cut]).merged(labels(*values[cut:]))
    assert parts == labels(*values)
    assert parts.merged(None) == parts


@pytest.mark.parametrize(
    ("algorithm", "values", "data", "filled"),
    [
        (KMEANS, {"k": 3}, Data(), {"k": 3, "feature_dim": 7}),
        (KMEANS, {"feature_dim": 7}, Data(labels=labels(-0.5)), {"feature_dim": 7}),
        (PCA, {}, Data(), {"feature_dim": 7}),
        (LDA, {}, Data(), {"feature_dim": 7, "mini_batch_size": 100}),
        (LDA, {"mini_batch_size": 50}, Data(), {"feature_dim": 7, "mini_batch_size": 50}),
        (
            MULTICLASS,
            {},
            Data(labels=labels(0, 4, 1)),
            {"feature_dim": 7, "num_classes": 5},
        ),
        (
            MULTICLASS,
            {"num_classes": 9},
            Data(labels=labels(0, 4, 1)),
            {"feature_dim": 7, "num_classes": 9},
        ),
        (MULTICLASS, {}, Data(), {"feature_dim": 7}),
        (LINEAR_LEARNER["regressor"], {}, Data(labels=labels(-0.5)), {"feature_dim": 7}),
        (LINEAR_LEARNER["binary_classifier"], {}, Data(labels=labels(0, 1)), {"feature_dim": 7}),
        (FACTORIZATION_MACHINES["regressor"], {}, Data(labels=labels(9)), {"feature_dim": 7}),
        (XGBOOST, SOFTMAX, Data(labels=labels(0, 1, 2)), {**SOFTMAX, "num_class": 3}),
        (LINEAR_LEARNER["regressor"], {"feature_dim": "auto"}, Data(), {"feature_dim": "auto"}),
        # What is not asked for is neither filled nor compared.
        (XGBOOST, {"num_round": 1}, Data(labels=labels(0, 1, 2)), {"num_round": 1}),
        (
            XGBOOST,
            {"objective": "reg:gamma", "num_class": 2},
            Data(labels=labels(0.5)),
            {"objective": "reg:gamma", "num_class": 2},
        ),
    ],
)
def test_fills_what_is_needed_and_not_set(
    algorithm: Algorithm, values: dict[str, Any], data: Data, filled: dict[str, Any]
) -> None:
    assert decided(algorithm, values, data) == filled


def test_the_order_is_the_table_s() -> None:
    values = {"num_topics": 2, "tol": 0.1}
    assert list(decided(LDA, values, Data())) == [
        "feature_dim",
        "num_topics",
        "mini_batch_size",
        "tol",
    ]


@pytest.mark.parametrize(
    ("algorithm", "values", "data", "error", "words"),
    [
        (KMEANS, {"feature_dim": 8}, Data(), ConfigurationError, "is 8 and the rows have 7 feat"),
        (MULTICLASS, {}, Data(labels=labels(0, 1)), InvalidDataError, "whole numbers from 0 to 1"),
        (
            MULTICLASS,
            {},
            Data(labels=labels(0, 2.5)),
            InvalidDataError,
            "column 'y' holds numbers from 0 to 2.5, not all whole; classes are numbered",
        ),
        (
            MULTICLASS,
            {"num_classes": 5},
            Data(labels=labels(-1, 3)),
            InvalidDataError,
            "column 'y' holds whole numbers from -1 to 3; classes are numbered",
        ),
        (
            MULTICLASS,
            {"num_classes": 3},
            Data(labels=labels(0, 3)),
            ConfigurationError,
            "`num_classes` is 3 and column 'y' holds whole numbers from 0 to 3: it must be at least"
            " 4",
        ),
        (
            MULTICLASS,
            {},
            Data(labels=labels(0, 2_000_000)),
            InvalidDataError,
            "must be an int in [3, 1000000]",
        ),
        (XGBOOST, SOFTMAX, Data(labels=labels(0.5)), InvalidDataError, "column 'y' holds numbers"),
        *[
            (
                table["binary_classifier"],
                {},
                Data(labels=labels(0, wrong)),
                InvalidDataError,
                "learns the labels 0 and 1",
            )
            for table in (LINEAR_LEARNER, FACTORIZATION_MACHINES)
            for wrong in (2, -1, 0.5)
        ],
    ],
)
def test_refuses_what_contradicts_the_data(
    algorithm: Algorithm,
    values: dict[str, Any],
    data: Data,
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        decided(algorithm, values, data, "y")
