"""The evaluation metrics that SageMaker's XGBoost container adds to the library's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.errors import ConfigurationError

__all__ = ["CONTAINER_METRICS", "evaluate"]

Floats = npt.NDArray[np.float64]


def evaluate(
    names: Sequence[str], scores: npt.ArrayLike, label: npt.ArrayLike
) -> list[tuple[str, float]]:
    """Compute the named metrics.

    Parameters
    ----------
    names : sequence of str
        Keys of `CONTAINER_METRICS`.
    scores : array of shape (rows,) or (rows, classes)
        Predictions, as the objective transforms them.
    label : array of shape (rows,)

    Examples
    --------
    >>> evaluate(["accuracy", "f1"], [0.9, 0.2, 0.7], [1, 0, 0])
    [('accuracy', 0.6666666666666666), ('f1', 0.6666666666666666)]
    """
    predicted, truth = np.asarray(scores, dtype=np.float64), np.asarray(label, dtype=np.float64)
    return [(name, float(CONTAINER_METRICS[name](predicted, truth))) for name in names]


def _classes(scores: Floats) -> Floats:
    if scores.ndim > 1:
        return np.asarray(scores.argmax(axis=1), dtype=np.float64)
    # A probability is a class by its half; what softmax predicts is a class already.
    within = bool(((scores >= 0) & (scores <= 1)).all())
    return np.where(scores > 0.5, 1.0, 0.0) if within else scores


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)


def _counts(scores: Floats, label: Floats) -> tuple[Floats, Floats, Floats]:
    """Count, of each class, how often it is predicted rightly, predicted, and true."""
    predicted = _classes(scores)
    names = np.union1d(predicted, label)
    hit = np.array([((predicted == name) & (label == name)).sum() for name in names])
    said = np.array([(predicted == name).sum() for name in names])
    true = np.array([(label == name).sum() for name in names])
    return hit.astype(np.float64), said.astype(np.float64), true.astype(np.float64)


def _accuracy(scores: Floats, label: Floats) -> Any:
    return (_classes(scores) == label).mean()


def _balanced_accuracy(scores: Floats, label: Floats) -> Any:
    hit, _, true = _counts(scores, label)
    return _ratio(hit, true)[true > 0].mean()


def _precision(scores: Floats, label: Floats) -> Floats:
    hit, said, _ = _counts(scores, label)
    return _ratio(hit, said)


def _recall(scores: Floats, label: Floats) -> Floats:
    hit, _, true = _counts(scores, label)
    return _ratio(hit, true)


def _f1(scores: Floats, label: Floats) -> Floats:
    hit, said, true = _counts(scores, label)
    return _ratio(2 * hit, said + true)


def _of_positives(by_class: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats], Any]:
    def metric(scores: Floats, label: Floats) -> Any:
        names = np.union1d(_classes(scores), label)
        if len(names) > 2:
            raise ConfigurationError(
                "f1_binary, precision and recall are for two classes: use their _macro variants"
            )
        return by_class(scores, label)[names == 1].sum()

    return metric


def _macro(by_class: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats], Any]:
    return lambda scores, label: by_class(scores, label).mean()


def _mse(scores: Floats, label: Floats) -> Any:
    return ((scores - label) ** 2).mean()


def _r2(scores: Floats, label: Floats) -> Any:
    spread = ((label - label.mean()) ** 2).sum()
    return 1 - ((label - scores) ** 2).sum() / spread if spread else 0.0


#: The container's name -> the metric. Micro averages over all rows are the accuracy.
CONTAINER_METRICS: dict[str, Callable[[Floats, Floats], Any]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _macro(_f1),
    "f1_binary": _of_positives(_f1),
    "f1_macro": _macro(_f1),
    "mse": _mse,
    "precision": _of_positives(_precision),
    "precision_macro": _macro(_precision),
    "precision_micro": _accuracy,
    "r2": _r2,
    "recall": _of_positives(_recall),
    "recall_macro": _macro(_recall),
    "recall_micro": _accuracy,
}
