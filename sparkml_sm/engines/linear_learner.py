"""Predictions of a LinearLearner model that the local SageMaker trained.

The artifact is in a layout of our own (see `artifacts`): the arrays `weights` of shape
(features, outputs) and `bias` of shape (outputs,), for features as they come; the description has
`predictor_type`, `loss`, and `threshold`, the least raw score of a positive answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines.artifacts import archive, read_archive
from sparkml_sm.engines.mxnet import singles
from sparkml_sm.engines.products import check_width, product
from sparkml_sm.formats.rows import FeatureRows

__all__ = ["LinearLearnerEngine", "load"]

ALGORITHM = "linear-learner"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearLearnerEngine:
    """A linear model in memory; safe to use from several threads.

    Attributes
    ----------
    weights : float64 array of shape (features, outputs)
        One output, or one a class of a multiclass classifier.
    bias : float64 array of shape (outputs,)
    predictor_type : str
        ``"binary_classifier"``, ``"multiclass_classifier"`` or ``"regressor"``.
    loss : str
        The loss it was trained with, such as ``"logistic"``.
    threshold : float, default 0.0
        Of a binary classifier: the raw score (before it is made a probability) from which on a row
        is positive.
    """

    weights: Floats
    bias: Floats
    predictor_type: str
    loss: str
    threshold: float = 0.0

    @property
    def features(self) -> int:
        """Number of features of a row."""
        return len(self.weights)

    def predict(self, rows: FeatureRows) -> dict[str, npt.NDArray[Any]]:
        """Predict.

        Parameters
        ----------
        rows : FeatureRows
            The batch; what a sparse row leaves out is 0.

        Returns
        -------
        dict of str to array
            ``score``: float64 of shape (rows,), or (rows, classes) of a multiclass classifier; each
            is a float32. It is a probability where the loss is logistic or softmax_loss.
            ``predicted_label``: int64 of shape (rows,), of classifiers only.

        Raises
        ------
        InvalidDataError
            The rows have another number of features than the model.
        """
        check_width(rows, self.features)
        raw = product(rows, self.weights) + self.bias
        if self.predictor_type == "regressor":
            return {"score": singles(raw[:, 0])}
        if self.predictor_type == "binary_classifier":
            label = (raw[:, 0] >= self.threshold).astype(np.int64)
            score = sigmoid(raw[:, 0]) if self.loss == "logistic" else raw[:, 0]
            return {"score": singles(score), "predicted_label": label}
        return {"score": singles(softmax(raw)), "predicted_label": raw.argmax(axis=1)}

    def to_bytes(self) -> bytes:
        """Return the artifact."""
        return archive(
            ALGORITHM,
            {"weights": self.weights, "bias": self.bias},
            {
                "predictor_type": self.predictor_type,
                "loss": self.loss,
                "threshold": self.threshold,
            },
        )


def load(model_dir: Path | str) -> LinearLearnerEngine:
    """Read a model artifact that was unpacked into a directory.

    Raises
    ------
    ConfigurationError
        The directory holds no LinearLearner model that the local SageMaker made.
    """
    arrays, description = read_archive(model_dir, ALGORITHM)
    return LinearLearnerEngine(
        arrays["weights"],
        arrays["bias"],
        description["predictor_type"],
        description["loss"],
        description["threshold"],
    )


def sigmoid(raw: Floats) -> Floats:
    """Return the probability of each raw score."""
    result: Floats = 0.5 * (1.0 + np.tanh(0.5 * raw))
    return result


def softmax(raw: Floats) -> Floats:
    """Return the probabilities of raw scores, whose last axis is the classes."""
    powers = np.exp(raw - raw.max(axis=-1, keepdims=True))
    result: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return result
