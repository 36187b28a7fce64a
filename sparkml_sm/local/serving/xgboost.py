"""Serves an XGBoost artifact as SageMaker's container does: formats, answers and refusals."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines import xgboost as engine
from sparkml_sm.formats import csv, libsvm, recordio
from sparkml_sm.formats.rows import FeatureRows
from sparkml_sm.local.serving.http import HttpError
from sparkml_sm.local.serving.selectable import SelectableInference

__all__ = ["XGBoostServer", "load"]

_CSV, _JSON = "text/csv", "application/json"
_LINES = "application/jsonlines"

_KINDS = {
    "csv": "csv",
    "text/csv": "csv",
    "libsvm": "libsvm",
    "text/libsvm": "libsvm",
    "text/x-libsvm": "libsvm",
    "recordio-protobuf": "recordio",
    "application/x-recordio-protobuf": "recordio",
}
_DECODERS: dict[str, Callable[[bytes], FeatureRows]] = {
    "csv": lambda body: csv.decode(body, label=False),
    "libsvm": libsvm.decode,
    "recordio": recordio.decode,
}


def load(model_dir: Path) -> XGBoostServer:
    """Load the artifact; the environment's variables choose the answers, as in the container."""
    return XGBoostServer(
        engine.load(model_dir),
        batch=bool(os.environ.get("SAGEMAKER_BATCH")),
        default_accept=os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", _CSV),
        selected=os.environ.get("SAGEMAKER_INFERENCE_OUTPUT"),
    )


class XGBoostServer:
    """A loaded model behind /invocations.

    Parameters
    ----------
    model : XGBoostEngine
    batch : bool
        Answers are for batch transform: a line a row, whatever is accepted.
    default_accept : str
        Content type of the answer where the request names none.
    selected : str, optional
        Comma-separated kinds of answer, such as ``"predicted_label,probability"``; see
        `SelectableInference`.
    """

    def __init__(
        self,
        model: engine.XGBoostEngine,
        *,
        batch: bool = False,
        default_accept: str = _CSV,
        selected: str | None = None,
    ) -> None:
        self._model = model
        self._batch = batch
        self._default_accept = default_accept
        self._selectable = (
            SelectableInference(model.objective, model.classes, selected) if selected else None
        )

    def predict(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[bytes, str]:
        """Answer one payload.

        Raises
        ------
        HttpError
            415 for a payload that cannot be read, 400 for rows that do not fit the model, 406 for
            an answer that is not made.
        """
        kind = self._kind(content_type)
        try:
            rows = _DECODERS[kind](body)
        except ValueError as error:
            raise HttpError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Loading {kind} data failed, please ensure data is in {kind} format: {error}",
            ) from error
        try:
            scores = self._model.predict(rows, narrower=kind == "libsvm")
        except ValueError as error:
            raise HttpError(
                HTTPStatus.BAD_REQUEST, f"Unable to evaluate payload provided: {error}"
            ) from error
        return self._encoded(scores, accept)

    @staticmethod
    def _kind(content_type: str | None) -> str:
        kind = (content_type or _CSV).partition(";")[0].strip().lower()
        if kind not in _KINDS:
            raise HttpError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-type {kind} is not supported; use one of {', '.join(_KINDS)}",
            )
        return _KINDS[kind]

    def _encoded(self, scores: npt.NDArray[np.float64], accept: str | None) -> tuple[bytes, str]:
        if self._batch and self._selectable is None:
            return "".join(f"{answer}\n" for answer in scores.tolist()).encode(), _CSV
        wanted = self._accepted(accept)
        if self._selectable is not None:
            return self._selectable.encode(scores, wanted), wanted
        if wanted == _JSON:
            answers = [{"score": score} for score in scores.tolist()]
            return json.dumps({"predictions": answers}).encode(), _JSON
        return _csv_lines(scores).encode(), _CSV

    def _accepted(self, accept: str | None) -> str:
        kind = (accept or "").partition(";")[0].strip().lower()
        if kind in {"", "*/*"}:
            kind = self._default_accept
        known = (_CSV, _JSON) if self._selectable is None else (_CSV, _JSON, _LINES)
        if kind not in known:
            raise HttpError(
                HTTPStatus.NOT_ACCEPTABLE,
                f"Accept type {kind} is not supported; use one of {', '.join(known)}",
            )
        return kind


def _csv_lines(scores: npt.NDArray[np.float64]) -> str:
    """Write a line a row: the shortest text of the double that equals the float32."""
    answers: list[Any] = scores.tolist()
    if scores.ndim == 1:
        return "\n".join(map(repr, answers))
    return "\n".join(",".join(map(repr, answer)) for answer in answers)
