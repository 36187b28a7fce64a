"""The losses that LinearLearner minimises, each with its slope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines.linear_learner import sigmoid, softmax

__all__ = ["LOSSES", "Loss", "loss_of"]

Floats = npt.NDArray[np.float64]

#: Raw scores of shape (..., outputs) and labels that broadcast against their rows -> the loss of
#: each, of shape (...), and its slope by each score.
Measure = Callable[[Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss.

    Attributes
    ----------
    metric : str
        Its name in metrics, before ``_objective``.
    measure : callable
        Given raw scores of shape (rows, models, outputs) and labels of shape (rows, 1), returns the
        losses of shape (rows, models), and their slopes in the shape of the scores.
    """

    metric: str
    measure: Measure


def loss_of(name: str, values: Mapping[str, Any], unit: float = 1.0) -> Loss:
    """Return a loss by its hyperparameter's name.

    Parameters
    ----------
    name : str
        A key of `LOSSES`.
    values : mapping of str to object
        Hyperparameters: `margin`, `quantile`, `huber_delta`, `loss_insensitivity`, or their
        defaults.
    unit : float, default 1.0
        What one stands for in scores and labels: those of the hyperparameters that are distances
        between labels are divided by it.
    """
    metric, make = LOSSES[name]
    return Loss(metric, make(values, unit))


def _logistic(_values: Mapping[str, Any], _unit: float) -> Measure:
    def measure(scores: Floats, label: Floats) -> tuple[Floats, Floats]:
        raw = scores[..., 0]
        return np.logaddexp(0.0, raw) - label * raw, (sigmoid(raw) - label)[..., None]

    return measure


def _hinge(values: Mapping[str, Any], _unit: float) -> Measure:
    margin = values.get("margin", 1.0)

    def measure(scores: Floats, label: Floats) -> tuple[Floats, Floats]:
        side = 2.0 * label - 1.0
        short = margin - side * scores[..., 0]
        return np.maximum(short, 0.0), np.where(short > 0.0, -side, 0.0)[..., None]

    return measure


def _softmax(_values: Mapping[str, Any], _unit: float) -> Measure:
    def measure(scores: Floats, label: Floats) -> tuple[Floats, Floats]:
        true = np.broadcast_to(label.astype(np.int64)[..., None], (*scores.shape[:-1], 1))
        slopes = softmax(scores)
        at_true = np.take_along_axis(slopes, true, axis=-1)
        np.put_along_axis(slopes, true, at_true - 1.0, axis=-1)
        peak = scores.max(axis=-1, keepdims=True)
        total = peak + np.log(np.exp(scores - peak).sum(axis=-1, keepdims=True))
        return (total - np.take_along_axis(scores, true, axis=-1))[..., 0], slopes

    return measure


def _of_error(by_error: Callable[[Floats], tuple[Floats, Floats]]) -> Measure:
    """Return the loss that looks at the difference of score and label alone."""

    def measure(scores: Floats, label: Floats) -> tuple[Floats, Floats]:
        losses, slopes = by_error(scores[..., 0] - label)
        return losses, slopes[..., None]

    return measure


def _squared(_values: Mapping[str, Any], _unit: float) -> Measure:
    return _of_error(lambda error: (error**2, 2.0 * error))


def _absolute(_values: Mapping[str, Any], _unit: float) -> Measure:
    return _of_error(lambda error: (np.abs(error), np.sign(error)))


def _quantile(values: Mapping[str, Any], _unit: float) -> Measure:
    quantile = values.get("quantile", 0.5)

    def by_error(error: Floats) -> tuple[Floats, Floats]:
        slope = np.where(error > 0.0, 1.0 - quantile, -quantile)
        return error * slope, slope

    return _of_error(by_error)


def _huber(values: Mapping[str, Any], unit: float) -> Measure:
    delta = values.get("huber_delta", 1.0) / unit

    def by_error(error: Floats) -> tuple[Floats, Floats]:
        near = np.clip(error, -delta, delta)
        return near * (error - 0.5 * near), near

    return _of_error(by_error)


def _insensitive(power: int) -> Callable[[Mapping[str, Any], float], Measure]:
    def make(values: Mapping[str, Any], unit: float) -> Measure:
        width = values.get("loss_insensitivity", 0.01) / unit

        def by_error(error: Floats) -> tuple[Floats, Floats]:
            beyond = np.maximum(np.abs(error) - width, 0.0)
            slope = 2.0 * beyond if power == 2 else (beyond > 0.0).astype(np.float64)
            return beyond**power, np.sign(error) * slope

        return _of_error(by_error)

    return make


#: Value of the hyperparameter `loss` -> name of the metric, and what makes the measure.
LOSSES: Mapping[str, tuple[str, Callable[[Mapping[str, Any], float], Measure]]] = {
    "logistic": ("binary_classification_cross_entropy", _logistic),
    "hinge_loss": ("hinge_loss", _hinge),
    "softmax_loss": ("multiclass_cross_entropy", _softmax),
    "squared_loss": ("mse", _squared),
    "absolute_loss": ("absolute_loss", _absolute),
    "quantile_loss": ("quantile_loss", _quantile),
    "huber_loss": ("huber_loss", _huber),
    "eps_insensitive_squared_loss": ("eps_insensitive_squared_loss", _insensitive(2)),
    "eps_insensitive_absolute_loss": ("eps_insensitive_absolute_loss", _insensitive(1)),
}
