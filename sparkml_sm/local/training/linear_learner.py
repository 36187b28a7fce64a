"""Trains LinearLearner: many models at once by mini-batch descent, and the best of them is kept.

The rows are taken in the order in which they lie, as on AWS: shuffle them before.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.catalog.linear_learner import LINEAR_LEARNER
from sparkml_sm.engines.linear_learner import LinearLearnerEngine
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
from sparkml_sm.local.training.linear_judge import Judge
from sparkml_sm.local.training.linear_models import LinearModels, Matrix, Scaler, scaler_of
from sparkml_sm.local.training.linear_scores import binary_scores, multiclass_scores
from sparkml_sm.local.training.linear_settings import (
    candidates_of,
    descending_of,
    given,
    loss_name,
    start_of,
)
from sparkml_sm.local.training.losses import loss_of

__all__ = ["fit", "train"]

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

_BINARY, _MULTICLASS, _REGRESSOR = "binary_classifier", "multiclass_classifier", "regressor"


def train(context: TrainingContext) -> None:
    """Read the channels, train, log the metrics, save the model.

    Raises
    ------
    ConfigurationError
        A hyperparameter or a channel is wrong, or the training did not converge.
    InvalidDataError
        The data is wrong.
    """
    values = _hyperparameters(context)
    rows = read_channels(
        context,
        feature_dim=values.get("feature_dim"),
        known=("train", "validation", "test"),
        labelled=True,
    )
    kind = values["predictor_type"]
    classes = {_BINARY: 2, _REGRESSOR: None}.get(kind, values.get("num_classes"))
    for name, each in rows.items():
        checked_label(each, name, classes)
    # A tuning job tries hyperparameters itself.
    tuned = "_tuning_objective_metric" in context.hyperparameters
    engine = fit(
        {**values, "num_models": 1} if tuned else values, rows["train"], rows.get("validation")
    )
    # As on AWS: the training rows are scored where no others are there to choose the model by.
    first = "validation" if "validation" in rows else "train"
    for name in (first, "test") if "test" in rows else (first,):
        _log_scores(values, engine, rows[name], name)
    save_model(context, engine.to_bytes())


def fit(
    values: Mapping[str, Any], rows: FeatureRows, validation: FeatureRows | None = None
) -> LinearLearnerEngine:
    """Train, and return the best model of all candidates and epochs.

    Parameters
    ----------
    values : mapping of str to object
        Canonical hyperparameters; what is not set has the service's default.
    rows : FeatureRows
        With labels, shuffled.
    validation : FeatureRows, optional
        With labels; the model and its threshold are chosen by them, else by training rows.

    Raises
    ------
    ConfigurationError
        No model has a finite loss.
    """
    name, features, label = loss_name(values), matrix(rows), label_of(rows)
    scaler = _scaler(values, features, label)
    positive = float((label == 1.0).mean())
    balanced = (1.0 - positive) / positive if 0.0 < positive < 1.0 else 1.0
    outputs = values["num_classes"] if values["predictor_type"] == _MULTICLASS else 1
    candidates = candidates_of(values, balanced, size=rows.width * outputs)
    models = LinearModels(
        *start_of(values, rows.width, len(candidates), outputs),
        scaler,
        loss_of(name, values, scaler.label_scale),
        candidates,
        descending_of(values),
        _class_weights(values, label, candidates.positive_weight),
    )
    seen = (features, label) if validation is None else (matrix(validation), label_of(validation))
    judge = Judge(values, loss_of(name, values), *seen, held_out=validation is not None)
    # A model that diverges is no error while others do not.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        _descend(values, models, features, label, judge)
    return judge.engine(name)


def _descend(
    values: Mapping[str, Any], models: LinearModels, features: Matrix, label: Floats, judge: Judge
) -> None:
    """Train epoch by epoch, until there has been no progress for a while."""
    epochs = values.get("epochs", 15)
    metric = loss_of(loss_name(values), values).metric
    waited = 0
    for epoch in range(epochs):
        began = time.monotonic()
        losses = models.train(features, label)
        log_throughput(len(label), time.monotonic() - began)
        finite = losses[np.isfinite(losses)]
        if len(finite):
            log_metric(f"epoch={epoch}, train", f"{metric}_objective", finite.min())
        waited = 0 if judge.look(models, epoch) else waited + 1
        log_progress(100 * (epoch + 1) / epochs)
        if waited >= values.get("early_stopping_patience", 3):
            logger.info("no progress for %d epochs: training ends early", waited)
            return


def _hyperparameters(context: TrainingContext) -> dict[str, Any]:
    """Return the canonical hyperparameters, `feature_dim` only where it is a number."""
    texts = context.hyperparameters
    kind = texts.get("predictor_type", "")
    if kind not in LINEAR_LEARNER:
        raise ConfigurationError(
            f"`predictor_type` is {kind or 'not set'}: set it to one of {', '.join(LINEAR_LEARNER)}"
        )
    values = read_hyperparameters(context, LINEAR_LEARNER[kind])
    return {
        name: value for name, value in values.items() if (name, value) != ("feature_dim", "auto")
    }


def _scaler(values: Mapping[str, Any], features: Matrix, label: Floats) -> Scaler:
    sample = values.get("num_point_for_scaler", 10_000)
    bias = values.get("use_bias", True)
    regressor = values["predictor_type"] == _REGRESSOR
    return scaler_of(
        features[:sample],
        label[:sample],
        shift=bias and given(values, "unbias_data", True),
        scale=given(values, "normalize_data", True),
        label_shift=regressor and bias and given(values, "unbias_label", True),
        label_scale=regressor and given(values, "normalize_label", True),
    )


def _class_weights(values: Mapping[str, Any], label: Floats, positive: Floats) -> Floats | None:
    """Return how much a row of a class counts, of shape (classes, models)."""
    if values["predictor_type"] == _BINARY:
        return np.stack([np.ones_like(positive), positive])
    if values["predictor_type"] == _REGRESSOR or not values.get("balance_multiclass_weights"):
        return None
    counts = np.bincount(label.astype(np.int64), minlength=values["num_classes"])
    weights = len(label) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.repeat(weights[:, None], len(positive), axis=1)


def _log_scores(
    values: Mapping[str, Any], engine: LinearLearnerEngine, rows: FeatureRows, channel: str
) -> None:
    """Log what the final model scores, each metric as SageMaker's pattern for it finds it."""
    label, beta = label_of(rows), values.get("f_beta", 1.0)
    raw = matrix(rows) @ engine.weights + engine.bias
    loss = loss_of(engine.loss, values)
    log_metric(channel, f"{loss.metric}_objective", float(loss.measure(raw, label)[0].mean()))
    if engine.predictor_type == _REGRESSOR:
        error = raw[:, 0] - label
        log_metric(channel, "mse", float((error**2).mean()))
        log_metric(channel, "absolute_loss", float(np.abs(error).mean()))
        return
    if engine.predictor_type == _BINARY:
        scores = binary_scores(raw[:, 0], label, engine.threshold, beta)
    else:
        scores = multiclass_scores(raw, label, values.get("accuracy_top_k", 3), beta)
    for name, score in scores.items():
        # Labels of one class have no ROC curve.
        if np.isfinite(score):
            log_metric(channel, name, score, "score")
