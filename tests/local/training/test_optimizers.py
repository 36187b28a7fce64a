"""Optimizers against scikit-learn's, and against what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from sparkml_sm.local.training.optimizers import Adam, Descent, Optimizer, RmsProp, shrink


def descended(optimizer: Optimizer, start: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """Weights after some steps down the slope of a bowl that is steeper on one side."""
    weights = start.copy()
    for _ in range(steps):
        direction, scale = optimizer.step(weights * [1.0, 30.0])
        weights = weights - rate * scale * direction
    return weights


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_steps_are_scikit_learns(kind: str) -> None:
    start = np.array([3.0, -2.0])
    theirs = start.copy()
    ours: Optimizer
    if kind == "adam":
        witness = AdamOptimizer([theirs], 0.05, beta_1=0.8, beta_2=0.95, epsilon=1e-8)
        ours = Adam((2,), 0.8, 0.95)
    else:
        witness = SGDOptimizer([theirs], 0.01, momentum=0.5, nesterov=False)
        ours = Descent((2,), 0.5)
    for _ in range(25):
        witness.update_params([theirs], [theirs * [1.0, 30.0]])
    rate = 0.05 if kind == "adam" else 0.01
    # scikit-learn adds its epsilon before the correction of the bias.
    np.testing.assert_allclose(descended(ours, start, rate, 25), theirs, rtol=1e-5)


def test_rmsprop_steps_alike_on_steep_and_flat_slopes() -> None:
    moved = descended(RmsProp((2,)), np.array([3.0, 3.0]), 0.01, 1)
    np.testing.assert_allclose(moved, 3.0 - 0.01 / np.sqrt(0.1))
    assert np.abs(descended(RmsProp((2,)), np.array([3.0, 3.0]), 0.05, 300)).max() < 0.1


@pytest.mark.parametrize("make", [Adam, Descent, RmsProp])
def test_weights_without_a_gradient_are_forgotten_about(make: type) -> None:
    """Of a table of weights, only the rows that a gradient is of change what is remembered."""
    some, whole = make((3, 2)), make((1, 2))
    for number in range(3):
        gradient = np.array([[1.0, -2.0]]) * (number + 1)
        ours, theirs = some.step(gradient, np.array([1])), whole.step(gradient)
        np.testing.assert_array_equal(ours[0] * ours[1], theirs[0] * theirs[1])


def test_shrink_stops_at_0() -> None:
    np.testing.assert_array_equal(shrink(np.array([-3.0, -0.5, 0.5, 2.0]), 1.0), [-2, 0, 0, 1])
