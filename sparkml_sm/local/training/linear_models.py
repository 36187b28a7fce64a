"""Linear models that differ in their rates and penalties, trained side by side on one pass of data.

Their weights lie in one array, so that one matrix product serves all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.local.training.losses import Loss
from sparkml_sm.local.training.optimizers import Optimizer, shrink

__all__ = ["Candidates", "Descending", "LinearModels", "Scaler", "scaler_of"]

Floats = npt.NDArray[np.float64]

#: A dense array, or a scipy.sparse.csr_matrix, of shape (rows, features).
Matrix = Any


@dataclass(frozen=True, slots=True)
class Scaler:
    """What is taken from features and labels before training, and what they are divided by.

    Attributes
    ----------
    shift, scale : float64 array of shape (features,)
    label_shift, label_scale : float
    """

    shift: Floats
    scale: Floats
    label_shift: float = 0.0
    label_scale: float = 1.0

    def unscaled(self, weights: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Return the weights and biases that do for features and labels as they come."""
        spread = weights / self.scale.reshape(-1, *[1] * (weights.ndim - 1))
        moved = bias - np.tensordot(self.shift, spread, axes=1)
        return spread * self.label_scale, moved * self.label_scale + self.label_shift


def scaler_of(
    features: Matrix,
    label: Floats,
    *,
    shift: bool,
    scale: bool,
    label_shift: bool,
    label_scale: bool,
) -> Scaler:
    """Return a scaler of these rows that shifts to a mean of 0 and scales to a deviation of 1."""
    mean = np.asarray(features.mean(axis=0)).reshape(-1)
    if isinstance(features, np.ndarray):
        deviation = features.std(axis=0)
    else:
        square = np.asarray(features.multiply(features).mean(axis=0)).reshape(-1)
        deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
    spread = float(label.std()) if label_scale else 1.0
    return Scaler(
        mean if shift else np.zeros_like(mean),
        np.where(deviation > 0.0, deviation, 1.0) if scale else np.ones_like(mean),
        float(label.mean()) if label_shift else 0.0,
        spread or 1.0,
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the models differ in, each a float64 array of shape (models,).

    Attributes
    ----------
    learning_rate : array
    wd : array
        Weight decay: the penalty is half of it times the sum of squared weights.
    l1 : array
        The penalty is it times the sum of absolute weights.
    positive_weight : array
        How often a positive row counts, of binary classifiers.
    """

    learning_rate: Floats
    wd: Floats
    l1: Floats
    positive_weight: Floats

    def __len__(self) -> int:
        return len(self.learning_rate)


@dataclass(frozen=True, slots=True)
class Descending:
    """What the models have in common.

    Attributes
    ----------
    batch : int
        Rows of a step.
    optimizer : callable
        Makes the optimizer of an array of a shape.
    schedule : callable
        Given learning rates and the number of steps taken, returns the rates of the next.
    use_bias : bool
    bias_lr_mult, bias_wd_mult : float
        Of the bias: what its rate and its decay are multiplied by.
    """

    batch: int
    optimizer: Callable[[tuple[int, ...]], Optimizer]
    schedule: Callable[[Floats, int], Floats]
    use_bias: bool
    bias_lr_mult: float
    bias_wd_mult: float


class LinearModels:
    """The models, in training.

    Parameters
    ----------
    weights : float64 array of shape (features, models, outputs)
        To start from; of scaled features.
    bias : float64 array of shape (models, outputs)
    scaler : Scaler
    loss : Loss
        Of scaled labels.
    candidates : Candidates
    descending : Descending
    class_weights : float64 array of shape (classes, models), optional
        How much a row of a class counts; 1 where None.
    """

    def __init__(
        self,
        weights: Floats,
        bias: Floats,
        scaler: Scaler,
        loss: Loss,
        candidates: Candidates,
        descending: Descending,
        class_weights: Floats | None = None,
    ) -> None:
        self._weights, self._bias = weights, bias
        self._scaler, self._loss = scaler, loss
        self._candidates, self._how = candidates, descending
        self._class_weights = class_weights
        self._of_weights = descending.optimizer(weights.shape)
        self._of_bias = descending.optimizer(bias.shape)
        self._steps = 0

    def train(self, features: Matrix, label: Floats) -> Floats:
        """Go over the rows once, in their order; return each model's mean loss on the way."""
        total = np.zeros(len(self._candidates))
        for start in range(0, len(label), self._how.batch):
            stop = start + self._how.batch
            total += self._step(features[start:stop], label[start:stop]).sum(axis=0)
        mean: Floats = total / len(label)
        return mean

    def unscaled(self) -> tuple[Floats, Floats]:
        """Return weights (features, models, outputs) and biases for features as they come."""
        return self._scaler.unscaled(self._weights, self._bias)

    def objective(self, features: Matrix, label: Floats) -> Floats:
        """Return what each model minimises: its mean loss of scaled labels, and its penalties.

        It is divided by the mean weight of a row, so that models that weigh them differently can be
        compared.
        """
        models = self._candidates
        losses, _, counts = self._measured(features, label)
        penalties = models.wd[:, None] / 2.0 * self._weights**2
        penalties += models.l1[:, None] * np.abs(self._weights)
        total = losses.mean(axis=0) + penalties.sum(axis=(0, 2))
        result: Floats = total / counts.mean(axis=0)
        return result

    def _measured(self, features: Matrix, label: Floats) -> tuple[Floats, Floats, Floats]:
        """Return weighted losses, their slopes, and the weights of shape (rows, models)."""
        scaler, shape = self._scaler, self._weights.shape
        spread = (self._weights / scaler.scale[:, None, None]).reshape(shape[0], -1)
        raw = (features @ spread - scaler.shift @ spread).reshape(-1, *shape[1:]) + self._bias
        target = (label - scaler.label_shift) / scaler.label_scale
        losses, slopes = self._loss.measure(raw, target[:, None])
        if self._class_weights is None:
            return losses, slopes, np.ones_like(losses)
        counts = self._class_weights[label.astype(np.int64)]
        return losses * counts, slopes * counts[..., None], counts

    def _step(self, features: Matrix, label: Floats) -> Floats:
        scaler, shape = self._scaler, self._weights.shape
        losses, slopes, _ = self._measured(features, label)
        slopes = slopes / len(label)
        of_bias = slopes.sum(axis=0)
        of_spread = features.T @ slopes.reshape(len(label), -1) - np.outer(scaler.shift, of_bias)
        self._descend(of_spread.reshape(shape) / scaler.scale[:, None, None], of_bias)
        return losses

    def _descend(self, of_weights: Floats, of_bias: Floats) -> None:
        models, how = self._candidates, self._how
        rates = how.schedule(models.learning_rate, self._steps)[:, None]
        self._steps += 1
        decay = models.wd[:, None]
        direction, scale = self._of_weights.step(of_weights + decay * self._weights)
        self._weights = self._weights - rates * scale * direction
        if models.l1.any():
            self._weights = shrink(self._weights, rates * scale * models.l1[:, None])
        if how.use_bias:
            decayed = of_bias + how.bias_wd_mult * decay * self._bias
            direction, scale = self._of_bias.step(decayed)
            self._bias = self._bias - how.bias_lr_mult * rates * scale * direction
