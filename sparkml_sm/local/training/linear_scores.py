"""How good a linear model is: LinearLearner's metrics, and the threshold of a binary classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Criterion", "auc", "binary_scores", "criterion_of", "multiclass_scores"]

Floats = npt.NDArray[np.float64]

#: Criteria that the predecessor took, and what they are called now.
_OLD_NAMES = {"f1": "f_beta", "cross_entropy_loss": "loss_function"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """What the threshold and the model of a binary classifier are chosen by.

    Attributes
    ----------
    name : str
        ``"accuracy"``, ``"f_beta"``, ``"precision_at_target_recall"``,
        ``"recall_at_target_precision"`` or ``"loss_function"``.
    target : float, default 0.8
        The recall or precision that must be reached.
    beta : float, default 1.0
        How many times as much recall counts as precision in the F score.
    """

    name: str
    target: float = 0.8
    beta: float = 1.0

    def best(self, raw: Floats, label: Floats) -> tuple[float, float]:
        """Return the threshold that does best, and its score.

        Parameters
        ----------
        raw : array of shape (rows,)
            Raw scores; 0 is the border before calibration, and after it under ``loss_function``.
        label : array of shape (rows,)
            0 or 1.

        Examples
        --------
        >>> Criterion("accuracy").best(np.array([3.0, 1.0, 2.0]), np.array([1.0, 0.0, 1.0]))
        (1.5, 1.0)
        """
        if self.name == "loss_function":
            return 0.0, float(((raw >= 0.0) == label).mean())
        order = np.argsort(-raw, kind="stable")
        ranked, positives = raw[order], np.append(0.0, np.cumsum(label[order]))
        # The first `said` rows are answered positive; rows of one score are not told apart.
        said = np.flatnonzero(np.append(np.append(True, np.diff(ranked) < 0.0), True))
        scores = self._scores(positives[said], said.astype(np.float64), label)
        borders = _borders(ranked, said)
        equal = np.flatnonzero(scores >= scores.max() - 1e-12)
        chosen = equal[np.abs(borders[equal]).argmin()]
        return float(borders[chosen]), float(scores[chosen])

    def _scores(self, hits: Floats, said: Floats, label: Floats) -> Floats:
        positive = label.sum()
        precision = hits / np.maximum(said, 1.0)
        recall = hits / max(positive, 1.0)
        if self.name == "accuracy":
            result: Floats = (len(label) - positive - said + 2.0 * hits) / len(label)
            return result
        if self.name == "f_beta":
            return _f_beta(hits, said, positive, self.beta)
        aim, held = (
            (precision, recall)
            if self.name == "precision_at_target_recall"
            else (recall, precision)
        )
        # Where no threshold reaches the target, the one that comes nearest.
        reached = held >= self.target
        return np.where(reached, aim, held - 2.0)


def criterion_of(values: Mapping[str, Any]) -> Criterion:
    """Return the criterion that hyperparameters ask for."""
    asked = values.get("binary_classifier_model_selection_criteria", "accuracy")
    name = _OLD_NAMES.get(asked, asked)
    held = "target_recall" if name == "precision_at_target_recall" else "target_precision"
    beta = 1.0 if asked == "f1" else values.get("f_beta", 1.0)
    return Criterion(name, values.get(held, 0.8), beta)


def _borders(ranked: Floats, said: npt.NDArray[np.int64]) -> Floats:
    """Return, for each number of positive answers, a threshold that gives it."""
    ends = np.concatenate([[ranked[0] + 2.0], ranked, [ranked[-1] - 2.0]])
    above, below = ends[said], ends[said + 1]
    middle = (above + below) / 2.0
    return np.where(middle > below, middle, above)


def _f_beta(hits: Any, said: Any, positive: Any, beta: float) -> Floats:
    result: Floats = (1 + beta**2) * hits / np.maximum(beta**2 * positive + said, 1e-300)
    return result


def auc(raw: Floats, label: Floats) -> float:
    """Return the area under the ROC curve: how often a positive row scores above a negative one.

    A tie counts half. NaN where all labels are equal.
    """
    _, inverse, counts = np.unique(raw, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    positive = label.sum()
    negative = len(label) - positive
    if not positive or not negative:
        return float("nan")
    wins = ranks[label == 1.0].sum() - positive * (positive + 1.0) / 2.0
    return float(wins / (positive * negative))


def binary_scores(
    raw: Floats, label: Floats, threshold: float, beta: float = 1.0
) -> dict[str, float]:
    """Return the metrics of a binary classifier, under the names that its log has."""
    said = raw >= threshold
    hits, count = float((said * label).sum()), float(said.sum())
    positive = float(label.sum())
    return {
        "binary_classification_accuracy": float((said == label).mean()),
        f"binary_f_{beta:.3f}": float(_f_beta(hits, count, positive, beta)),
        "precision": hits / max(count, 1.0),
        "recall": hits / max(positive, 1.0),
        "roc_auc_score": auc(raw, label),
    }


def multiclass_scores(raw: Floats, label: Floats, top: int, beta: float = 1.0) -> dict[str, float]:
    """Return the metrics of a multiclass classifier, under the names that its log has.

    Parameters
    ----------
    raw : array of shape (rows, classes)
    label : array of shape (rows,)
        The number of the class.
    top : int
        The hyperparameter `accuracy_top_k`.
    beta : float, default 1.0
    """
    classes = raw.shape[1]
    true = label.astype(np.int64)
    # Of classes with one score the first is the answer.
    own = raw[np.arange(len(true)), true][:, None]
    before = (raw == own) & (np.arange(classes) < true[:, None])
    rank = (raw > own).sum(axis=1) + before.sum(axis=1)
    said = raw.argmax(axis=1)
    hits = np.bincount(true[said == true], minlength=classes)
    positive = np.bincount(true, minlength=classes)
    count = np.bincount(said, minlength=classes)
    seen = (positive + count) > 0
    return {
        "multiclass_accuracy": float((rank == 0).mean()),
        f"multiclass_top_k_accuracy_{top}": float((rank < top).mean()),
        "dcg": float((1.0 / np.log2(rank + 2.0)).mean()),
        "macro_recall": float((hits / np.maximum(positive, 1))[seen].mean()),
        "macro_precision": float((hits / np.maximum(count, 1))[seen].mean()),
        f"macro_f_{beta:.3f}": float(_f_beta(hits, count, positive, beta)[seen].mean()),
    }
