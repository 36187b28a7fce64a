"""Slopes against differences of the losses, and losses against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from sparkml_sm.local.training.losses import LOSSES, loss_of

VALUES: dict[str, Any] = {
    "margin": 1.5,
    "quantile": 0.8,
    "huber_delta": 0.7,
    "loss_insensitivity": 0.3,
}
CLASSES = {"logistic": 2, "hinge_loss": 2, "softmax_loss": 3}


def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Scores of shape (rows, models, outputs), and labels."""
    random = np.random.default_rng(3)
    classes = CLASSES.get(name)
    label = random.normal(size=40) if classes is None else random.integers(0, classes, 40) * 1.0
    return random.normal(size=(40, 2, 3 if name == "softmax_loss" else 1)) * 2, label[:, None]


@pytest.mark.parametrize("name", LOSSES)
def test_the_slope_is_that_of_the_loss(name: str) -> None:
    measure = loss_of(name, VALUES).measure
    scores, label = table(name)
    losses, slopes = measure(scores, label)
    assert losses.shape == scores.shape[:2]
    assert slopes.shape == scores.shape
    for output in range(scores.shape[2]):
        step = np.zeros_like(scores)
        step[..., output] = 1e-6
        difference = (measure(scores + step, label)[0] - measure(scores - step, label)[0]) / 2e-6
        np.testing.assert_allclose(slopes[..., output], difference, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("logistic", lambda y, s: metrics.log_loss(y, 1 / (1 + np.exp(-s)))),
        ("squared_loss", metrics.mean_squared_error),
        ("absolute_loss", metrics.mean_absolute_error),
        ("quantile_loss", lambda y, s: metrics.mean_pinball_loss(y, s, alpha=0.8)),
        ("hinge_loss", lambda y, s: 1.5 * metrics.hinge_loss(y, s / 1.5)),
    ],
)
def test_the_loss_is_scikit_learns(name: str, expected: Any) -> None:
    scores, label = table(name)
    losses, _ = loss_of(name, VALUES).measure(scores, label)
    assert losses[:, 1].mean() == pytest.approx(expected(label[:, 0], scores[:, 1, 0]))


def test_softmax_is_the_log_loss_of_many_classes() -> None:
    scores, label = table("softmax_loss")
    powers = np.exp(scores[:, 0])
    expected = metrics.log_loss(label[:, 0], powers / powers.sum(axis=1, keepdims=True))
    assert loss_of("softmax_loss", {}).measure(scores, label)[0][:, 0].mean() == pytest.approx(
        expected
    )


def test_large_scores_do_not_overflow() -> None:
    scores = np.array([[[800.0, -800.0, 0.0]]])
    losses, slopes = loss_of("softmax_loss", {}).measure(scores, np.array([[1.0]]))
    assert losses[0, 0] == 1600.0
    np.testing.assert_array_equal(slopes[0, 0], [1.0, -1.0, 0.0])
    losses, slopes = loss_of("logistic", {}).measure(scores[..., :1], np.array([[0.0]]))
    assert (losses[0, 0], slopes[0, 0, 0]) == (800.0, 1.0)


@pytest.mark.parametrize(
    ("name", "power"),
    [("huber_loss", 2), ("eps_insensitive_squared_loss", 2), ("eps_insensitive_absolute_loss", 1)],
)
def test_distances_are_in_units_of_the_label(name: str, power: int) -> None:
    """A loss of scaled labels has its least where that of the labels has it."""
    scores, label = table(name)
    plain, _ = loss_of(name, VALUES).measure(scores, label)
    scaled, _ = loss_of(name, VALUES, 4.0).measure(scores / 4.0, label / 4.0)
    np.testing.assert_allclose(scaled * 4.0**power, plain)
