"""LinearLearner's hyperparameters -> what training is done with; what ``auto`` stands for here."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.local.training.linear_models import Candidates, Descending
from sparkml_sm.local.training.optimizers import Adam, Descent, Optimizer, RmsProp

__all__ = ["candidates_of", "descending_of", "given", "loss_name", "start_of"]

Floats = npt.NDArray[np.float64]

#: Predictor type -> the loss that it has by default.
_LOSSES = {
    "binary_classifier": "logistic",
    "multiclass_classifier": "softmax_loss",
    "regressor": "squared_loss",
}

# What is tried where the user leaves the choice open, the likeliest first. AWS's own log names the
# first rate, the first decay and the first L1 penalty as the best of its models.
_RATES = {
    "adam": (0.1, 0.02, 0.005, 0.5),
    "rmsprop": (0.02, 0.005, 0.1, 0.001),
    "sgd": (0.1, 0.01, 0.5, 0.001),
}
_DECAYS = (1e-4, 1e-2, 0.0, 1e-1)
_L1 = (0.0, 1e-4, 1e-3, 1e-2)

#: Of a value that the user set: what is tried beside it where he asks for more models.
_NEAR = (1.0, 1 / 3, 3.0)

#: How far from the likeliest combination the models go whose number is ``auto``.
_STEPS_AWAY = 2

#: How many weights these models have at most, all together: wide data would take minutes.
_WEIGHTS = 400_000


def given(values: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a hyperparameter, or `default` where it is not set or is ``"auto"``."""
    value = values.get(name, "auto")
    return default if value == "auto" else value


def loss_name(values: Mapping[str, Any]) -> str:
    """Return the loss to train with."""
    name: str = given(values, "loss", _LOSSES[values["predictor_type"]])
    return name


def candidates_of(values: Mapping[str, Any], balanced: float, size: int = 1) -> Candidates:
    """Return the models to train: the one that is asked for, and near ones.

    Parameters
    ----------
    values : mapping of str to object
        Hyperparameters.
    balanced : float
        The weight of positive rows that makes up for their number.
    size : int, default 1
        Weights of a model; of large models fewer are trained where their number is ``auto``.
    """
    count = values.get("num_models", "auto")
    near = _NEAR if count != "auto" else (1.0,)
    optimizer = given(values, "optimizer", "adam")
    levels = [
        _levels(values, "learning_rate", _RATES[optimizer], near),
        _levels(values, "wd", _DECAYS, near),
        _levels(values, "l1", _L1, near),
        _positive_weights(values, balanced),
    ]
    ranked = sorted(itertools.product(*map(enumerate, levels)), key=_steps_away)
    if count == "auto":
        ranked = [each for each in ranked if _steps_away(each) <= _STEPS_AWAY]
        ranked = ranked[: max(1, _WEIGHTS // max(1, size))]
    else:
        ranked = ranked[:count]
    columns = np.array([[value for _, value in each] for each in ranked]).T
    return Candidates(*columns)


def descending_of(values: Mapping[str, Any]) -> Descending:
    """Return how the models are trained."""
    return Descending(
        batch=values.get("mini_batch_size", 1000),
        optimizer=lambda shape: _optimizer(values, shape),
        schedule=lambda rates, steps: _scheduled(values, rates, steps),
        use_bias=values.get("use_bias", True),
        bias_lr_mult=given(values, "bias_lr_mult", 1.0),
        bias_wd_mult=given(values, "bias_wd_mult", 0.0),
    )


def start_of(
    values: Mapping[str, Any], features: int, models: int, outputs: int
) -> tuple[Floats, Floats]:
    """Return the weights (features, models, outputs) and biases that training starts from.

    They are drawn from one seed, and all models start from the same.
    """
    random = np.random.default_rng(0)
    if values.get("init_method", "uniform") == "uniform":
        scale = values.get("init_scale", 0.07)
        drawn = random.uniform(-scale, scale, (features, 1, outputs))
    else:
        drawn = random.normal(0.0, values.get("init_sigma", 0.01), (features, 1, outputs))
    bias = values.get("init_bias", 0.0) if values.get("use_bias", True) else 0.0
    return np.repeat(drawn, models, axis=1), np.full((models, outputs), float(bias))


def _levels(
    values: Mapping[str, Any], name: str, tried: Sequence[float], near: Sequence[float]
) -> Sequence[float]:
    value = given(values, name, None)
    if value is None:
        return tried
    # Near 0 there is only 0.
    return [value * factor for factor in near] if value else [value]


def _positive_weights(values: Mapping[str, Any], balanced: float) -> Sequence[float]:
    weight = values.get("positive_example_weight_mult", 1.0)
    if weight == "auto":
        return [1.0, balanced, balanced**0.5]
    return [balanced if weight == "balanced" else weight]


def _steps_away(combination: Sequence[tuple[int, float]]) -> int:
    return sum(level for level, _ in combination)


def _optimizer(values: Mapping[str, Any], shape: tuple[int, ...]) -> Optimizer:
    name = given(values, "optimizer", "adam")
    if name == "sgd":
        return Descent(shape, given(values, "momentum", 0.0))
    if name == "rmsprop":
        return RmsProp(shape)
    return Adam(shape, given(values, "beta_1", 0.9), given(values, "beta_2", 0.999))


def _scheduled(values: Mapping[str, Any], rates: Floats, steps: int) -> Floats:
    if not values.get("use_lr_scheduler", True):
        return rates
    falls: int = steps // given(values, "lr_scheduler_step", 100)
    factor: float = given(values, "lr_scheduler_factor", 0.99)
    least: float = given(values, "lr_scheduler_minimum_lr", 1e-5)
    # A rate that starts below the floor stays where it is.
    return np.maximum(rates * factor**falls, np.minimum(rates, least))
