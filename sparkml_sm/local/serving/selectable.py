"""Selectable inference: answers with the contents that `SAGEMAKER_INFERENCE_OUTPUT` names."""

from __future__ import annotations

import json
import logging
import math
from http import HTTPStatus
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.local.serving.http import HttpError

__all__ = ["SelectableInference"]

logger = logging.getLogger(__name__)

_LABELS = ("predicted_label", "labels")
_PROBABILITIES = ("probability", "probabilities")
_RAW = ("raw_score", "raw_scores")

#: Objective -> the kinds of content that it has.
_KINDS = {
    **dict.fromkeys(
        ("reg:squarederror", "reg:logistic", "reg:gamma", "reg:tweedie"), ("predicted_score",)
    ),
    "binary:logistic": (*_LABELS, *_PROBABILITIES, *_RAW),
    "binary:logitraw": (*_LABELS, *_RAW),
    "binary:hinge": (*_LABELS, *_RAW),
    "multi:softmax": (*_LABELS, *_RAW),
    "multi:softprob": (*_LABELS, *_PROBABILITIES, *_RAW),
}


class SelectableInference:
    """Turns predictions into rows of named content.

    Parameters
    ----------
    objective : str
        The model's.
    classes : int
        Number of classes of a multi-class model.
    selected : str
        Comma-separated names; what the objective does not have is NaN, as in the container.
    """

    def __init__(self, objective: str, classes: int, selected: str) -> None:
        self._objective = objective
        self._classes = classes
        self._names = selected.replace(" ", "").lower().split(",")
        self._kinds = _KINDS.get(objective, ())
        if wrong := [name for name in self._names if name not in self._kinds]:
            logger.warning("%s does not have %s", objective, ", ".join(wrong))

    def encode(self, scores: npt.NDArray[np.float64], accept: str) -> bytes:
        """Answer in the accepted content type: CSV, JSON or JSON Lines."""
        if not self._kinds:
            raise HttpError(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                f"Objective {self._objective} has no selectable inference predictions",
            )
        rows = [{name: self._content(name, score) for name in self._names} for score in scores]
        if accept == "application/json":
            return json.dumps({"predictions": rows}).encode()
        if accept == "application/jsonlines":
            return "".join(json.dumps(row) + "\n" for row in rows).encode()
        lines = (",".join(_cell(row[name]) for name in self._names) for row in rows)
        return "\n".join(lines).encode()

    def _content(self, name: str, score: Any) -> Any:
        if name not in self._kinds:
            return math.nan
        one = score.tolist()
        if name == "predicted_label":
            return self._label(one)
        if name == "labels":
            return list(range(self._classes or 2))
        if name in {"probability", "raw_score", "predicted_score"}:
            return max(one) if isinstance(one, list) else one
        return one if isinstance(one, list) else [1.0 - one, one]

    def _label(self, score: Any) -> Any:
        if isinstance(score, list):
            return int(np.argmax(score))
        if self._objective == "binary:logistic":
            return int(score > 0.5)
        return int(score > 0) if self._objective == "binary:logitraw" else score


def _cell(value: Any) -> str:
    return f'"{value}"' if isinstance(value, list) else str(value)
