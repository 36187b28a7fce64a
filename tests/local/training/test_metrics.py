"""The container's metrics against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.training.metrics import evaluate

#: Predicted 1, 1, 1, 0, 0 where 1, 0, 1, 1, 0 is true: 2 of 3 right among those said, 2 of 3 found.
SCORES, LABEL = [0.9, 0.8, 0.7, 0.2, 0.5], [1, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 3 / 5),
        ("balanced_accuracy", (2 / 3 + 1 / 2) / 2),
        ("precision", 2 / 3),
        ("recall", 2 / 3),
        ("f1_binary", 2 / 3),
        ("f1", (2 / 3 + 1 / 2) / 2),
        ("f1_macro", (2 / 3 + 1 / 2) / 2),
        ("precision_macro", (2 / 3 + 1 / 2) / 2),
        ("recall_macro", (2 / 3 + 1 / 2) / 2),
        ("precision_micro", 3 / 5),
        ("mse", (0.1**2 + 0.8**2 + 0.3**2 + 0.8**2 + 0.5**2) / 5),
    ],
)
def test_two_classes(name: str, expected: float) -> None:
    assert evaluate([name], SCORES, LABEL) == [(name, pytest.approx(expected))]


def test_probabilities_of_several_classes_are_counted_by_the_greatest() -> None:
    scores = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.2, 0.5, 0.3], [0.4, 0.3, 0.3]])
    assert evaluate(["accuracy", "recall_macro"], scores, [0, 2, 1, 1]) == [
        ("accuracy", 0.75),
        ("recall_macro", pytest.approx((1 + 1 + 0.5) / 3)),
    ]


def test_r2() -> None:
    assert evaluate(["r2"], [1.0, 2.0, 4.0], [1.0, 2.0, 3.0]) == [("r2", 0.5)]


def test_a_class_that_is_never_predicted_has_precision_zero() -> None:
    assert evaluate(["precision"], [0.1, 0.2], [1, 0]) == [("precision", 0.0)]


@pytest.mark.parametrize("name", ["precision", "recall", "f1_binary"])
def test_metrics_of_two_classes_refuse_three(name: str) -> None:
    with pytest.raises(ConfigurationError, match="_macro"):
        evaluate([name], [2.0, 1.0, 0.0], [2, 1, 0])
