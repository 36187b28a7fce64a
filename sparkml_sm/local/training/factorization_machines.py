"""Trains factorization machines: mini-batch Adam on dense or sparse rows.

What SageMaker's container minimises is documented, its optimizer is not: the learning rates of
bias, linear weights and factors are Adam's here. A step moves the weights of the features that its
rows have, and leaves the others alone. The rows are taken in the order in which they lie.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.catalog.factorization_machines import FACTORIZATION_MACHINES
from sparkml_sm.engines.factorization_machines import FactorizationMachinesEngine
from sparkml_sm.engines.xgboost import matrix
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats.rows import FeatureRows
from sparkml_sm.local.training.contract import TrainingContext
from sparkml_sm.local.training.first_party import (
    log_metric,
    log_progress,
    log_throughput,
    read_channels,
    read_hyperparameters,
    save_model,
)
from sparkml_sm.local.training.labels import checked_label, label_of
from sparkml_sm.local.training.linear_models import Matrix
from sparkml_sm.local.training.linear_scores import binary_scores
from sparkml_sm.local.training.losses import loss_of
from sparkml_sm.local.training.optimizers import Adam

__all__ = ["fit", "train"]

Floats = npt.NDArray[np.float64]

#: Term of the model -> the service's defaults: learning rate, weight decay, deviation at the start.
_DEFAULTS = {
    "bias": (0.1, 0.01, 0.01),
    "linear": (0.001, 0.001, 0.01),
    "factors": (0.0001, 0.00001, 0.001),
}


def train(context: TrainingContext) -> None:
    """Read the channels, train, score the test channel, save the model.

    Raises
    ------
    ConfigurationError
        A hyperparameter or a channel is wrong, or the training did not converge.
    InvalidDataError
        The data is wrong.
    """
    kind = context.hyperparameters.get("predictor_type", "")
    if kind not in FACTORIZATION_MACHINES:
        raise ConfigurationError(
            f"`predictor_type` is {kind or 'not set'}: set it to one of "
            f"{', '.join(FACTORIZATION_MACHINES)}"
        )
    values = read_hyperparameters(context, FACTORIZATION_MACHINES[kind])
    rows = read_channels(
        context, feature_dim=values["feature_dim"], labelled=True, formats=("recordio",)
    )
    for name, each in rows.items():
        checked_label(each, name, 2 if kind == "binary_classifier" else None)
    engine = fit(values, rows["train"])
    save_model(context, engine.to_bytes())
    if "test" in rows:
        test = rows["test"]
        _log_scores(kind, engine.raw_scores(test), label_of(test), "test")


def fit(values: Mapping[str, Any], rows: FeatureRows) -> FactorizationMachinesEngine:
    """Train.

    Parameters
    ----------
    values : mapping of str to object
        Canonical hyperparameters; what is not set has the service's default.
    rows : FeatureRows
        With labels, shuffled.

    Raises
    ------
    ConfigurationError
        The weights have become infinite.
    """
    kind, features, label = values["predictor_type"], matrix(rows), label_of(rows)
    machine = _Machine(values, rows.width)
    epochs = values.get("epochs", 1)
    # Weights that become infinite are told once, at the end.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for epoch in range(epochs):
            began = time.monotonic()
            raw = machine.train(features, label, values.get("mini_batch_size", 1000))
            log_throughput(len(label), time.monotonic() - began)
            _log_scores(kind, raw, label, f"epoch={epoch}, train")
            log_progress(100 * (epoch + 1) / epochs)
    if not all(np.isfinite(term).all() for term in machine.terms.values()):
        raise ConfigurationError(
            "the training did not converge: weights became infinite; lower bias_lr, linear_lr and "
            "factors_lr, set clip_gradient, or scale the features"
        )
    terms = machine.terms
    return FactorizationMachinesEngine(
        terms["bias"], terms["linear"][:, 0], terms["factors"], predictor_type=kind
    )


class _Machine:
    """A factorization machine in training; its terms are arrays of shape (features, width)."""

    def __init__(self, values: Mapping[str, Any], features: int) -> None:
        random = np.random.default_rng(0)
        shapes = {
            "bias": (1,),
            "linear": (features, 1),
            "factors": (features, values["num_factors"]),
        }
        eps = {"eps": values["eps"]} if "eps" in values else {}
        self.terms = {name: _start(values, name, shapes[name], random) for name in shapes}
        self._optimizers = {name: Adam(shape, **eps) for name, shape in shapes.items()}
        self._values = values
        is_binary = values["predictor_type"] == "binary_classifier"
        self._loss = loss_of("logistic" if is_binary else "squared_loss", values)

    def train(self, features: Matrix, label: Floats, size: int) -> Floats:
        """Go over the rows once; return the raw score that each had on the way."""
        raw = np.empty(len(label))
        for start in range(0, len(label), size):
            stop = start + size
            raw[start:stop] = self._step(features[start:stop], label[start:stop])
        return raw

    def _step(self, features: Matrix, label: Floats) -> Floats:
        columns, features = _present(features)
        linear, factors = self.terms["linear"][columns], self.terms["factors"][columns]
        squares = features**2 if isinstance(features, np.ndarray) else features.power(2)
        sums = features @ factors
        pairs = 0.5 * (sums**2 - squares @ factors**2).sum(axis=1)
        raw: Floats = self.terms["bias"] + (features @ linear)[:, 0] + pairs
        slopes = self._loss.measure(raw[:, None], label)[1]
        gradients = {
            "bias": (slopes.sum(axis=0), slice(None)),
            "linear": (features.T @ slopes, columns),
            "factors": (features.T @ (slopes * sums) - (squares.T @ slopes) * factors, columns),
        }
        for name, (gradient, index) in gradients.items():
            self._descend(name, gradient, index, len(label))
        return raw

    def _descend(self, name: str, gradient: Floats, index: Any, rows: int) -> None:
        rate, decay, _ = _DEFAULTS[name]
        term = self.terms[name]
        gradient = gradient * self._values.get("rescale_grad", 1.0 / rows)
        if "clip_gradient" in self._values:
            limit = abs(self._values["clip_gradient"])
            gradient = np.clip(gradient, -limit, limit)
        gradient = gradient + self._values.get(f"{name}_wd", decay) * term[index]
        direction, scale = self._optimizers[name].step(gradient, index)
        term[index] -= self._values.get(f"{name}_lr", rate) * scale * direction


def _present(features: Matrix) -> tuple[Any, Matrix]:
    """Return the numbers of the features that rows have, and the rows with these alone."""
    if isinstance(features, np.ndarray):
        return slice(None), features
    columns, places = np.unique(features.indices, return_inverse=True)
    shape = (features.shape[0], len(columns))
    return columns, type(features)((features.data, places, features.indptr), shape=shape)


def _start(
    values: Mapping[str, Any], name: str, shape: tuple[int, ...], random: np.random.Generator
) -> Floats:
    """Return what a term begins with."""
    sigma = _DEFAULTS[name][2]
    method = values.get(f"{name}_init_method", "normal")
    if method == "constant":
        return np.full(shape, float(values.get(f"{name}_init_value", 0.0)))
    if method == "uniform":
        # The service tells no default: the deviation's is used.
        scale = values.get(f"{name}_init_scale", sigma)
        return random.uniform(-scale, scale, shape)
    return random.normal(0.0, values.get(f"{name}_init_sigma", sigma), shape)


def _log_scores(kind: str, raw: Floats, label: Floats, channel: str) -> None:
    """Log what raw scores are worth, each metric as SageMaker's pattern for it finds it."""
    if kind == "regressor":
        log_metric(channel, "rmse", float(np.sqrt(((raw - label) ** 2).mean())))
        return
    losses, _ = loss_of("logistic", {}).measure(raw[:, None], label)
    log_metric(channel, "binary_classification_cross_entropy", float(losses.mean()))
    scores = binary_scores(raw, label, threshold=0.0)
    for name in ("binary_classification_accuracy", "binary_f_1.000"):
        log_metric(channel, name, scores[name], "score")
