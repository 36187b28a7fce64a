"""Compares linear models after each epoch, and keeps the best of all models and epochs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines.linear_learner import LinearLearnerEngine
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.training.first_party import log_metric
from sparkml_sm.local.training.linear_models import LinearModels, Matrix
from sparkml_sm.local.training.linear_scores import criterion_of
from sparkml_sm.local.training.linear_settings import given
from sparkml_sm.local.training.losses import Loss

__all__ = ["Judge"]

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

#: Rows by which the models are compared after each epoch.
_COMPARED = 20_000

_WORST = (-np.inf, -np.inf)


class Judge:
    """Holds the best model so far.

    A binary classifier is chosen by its criterion, at the threshold that serves it best, where rows
    are held out, and any other model by its loss; where none are, by the loss with its penalties,
    which is what training minimises. What decides when to stop is the loss, or the criterion where
    the user chose one (Developer Guide, "Linear learner hyperparameters": early_stopping_patience).

    Parameters
    ----------
    values : mapping of str to object
        Hyperparameters.
    loss : Loss
        Of labels as they come.
    features : matrix of shape (rows, features)
        What the models are judged by.
    label : float64 array of shape (rows,)
    held_out : bool
        Whether those rows are not the training rows.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        loss: Loss,
        features: Matrix,
        label: Floats,
        *,
        held_out: bool,
    ) -> None:
        self._values, self._loss = values, loss
        self._features, self._label = features, label
        self._held_out = held_out
        binary = held_out and values["predictor_type"] == "binary_classifier"
        criterion = criterion_of(values)
        self._criterion = criterion if binary and criterion.name != "loss_function" else None
        self._chosen = "binary_classifier_model_selection_criteria" in values
        self._verdict, self._watched = _WORST, -np.inf
        self._weights, self._bias = np.empty(0), np.empty(0)

    def look(self, models: LinearModels, epoch: int) -> bool:
        """Look at the models after an epoch; return whether there is progress."""
        weights, bias = models.unscaled()
        features, label = self._features[:_COMPARED], self._label[:_COMPARED]
        if self._held_out:
            raw = (features @ weights.reshape(len(weights), -1)).reshape(-1, *bias.shape) + bias
            losses = self._loss.measure(raw, label[:, None])[0].mean(axis=0)
            verdicts = self._judged(raw, label, losses)
        else:
            losses = models.objective(features, label)
            verdicts = _by_loss(losses)
        best = max(range(len(verdicts)), key=verdicts.__getitem__)
        if verdicts[best] > self._verdict:
            self._verdict = verdicts[best]
            self._weights, self._bias = weights[:, best].copy(), bias[best].copy()
        least = float(losses.min(where=np.isfinite(losses), initial=np.inf))
        return self._progress(epoch, least, verdicts[best][0])

    def engine(self, loss: str) -> LinearLearnerEngine:
        """Return the best model, the threshold of a binary classifier set.

        Raises
        ------
        ConfigurationError
            No model had a finite loss.
        """
        if self._verdict == _WORST:
            raise ConfigurationError(
                "the training did not converge: no model has a finite loss; lower learning_rate, "
                "or leave normalize_data on"
            )
        kind = self._values["predictor_type"]
        threshold = 0.0
        if kind == "binary_classifier":
            count = given(self._values, "num_calibration_samples", 10_000_000)
            raw = self._features[:count] @ self._weights[:, 0] + self._bias[0]
            threshold, _ = criterion_of(self._values).best(raw, self._label[:count])
        return LinearLearnerEngine(self._weights, self._bias, kind, loss, threshold)

    def _judged(self, raw: Floats, label: Floats, losses: Floats) -> list[tuple[float, float]]:
        """Return, of each model, what is to be great, and what decides between equals."""
        if self._criterion is None:
            return _by_loss(losses)
        return [
            (self._criterion.best(raw[:, number, 0], label)[1], -loss)
            if np.isfinite(loss)
            else _WORST
            for number, loss in enumerate(losses.tolist())
        ]

    def _progress(self, epoch: int, loss: float, verdict: float) -> bool:
        metric = f"{self._loss.metric}_objective"
        if self._held_out and np.isfinite(loss):
            log_metric(f"epoch={epoch}, validation", metric, loss)
        if self._criterion is not None and self._chosen:
            name, watched = self._criterion.name, verdict
        else:
            name, watched = metric, -loss
        logger.info(
            "#early_stopping_criteria_metric: host=algo-1, epoch=%d, criteria=%s, value=%s",
            epoch,
            name,
            abs(watched),
        )
        before, self._watched = self._watched, max(self._watched, watched)
        if not np.isfinite(before):
            return True
        least = self._values.get("early_stopping_tolerance", 0.001) * abs(before)
        return bool(watched - before > least)


def _by_loss(losses: Floats) -> list[tuple[float, float]]:
    return [(-loss, 0.0) if np.isfinite(loss) else _WORST for loss in losses.tolist()]
