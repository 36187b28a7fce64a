"""Serves the artifacts of SageMaker's own algorithms: request and answer formats, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sparkml_sm.formats import csv, jsonlines, recordio
from sparkml_sm.formats import json as json_format
from sparkml_sm.formats.rows import FeatureRows, offsets_of
from sparkml_sm.local.serving.http import HttpError

__all__ = ["Answers", "Engine", "FirstPartyServer"]

#: Name of an output -> a number or a vector for each row: shape (rows,) or (rows, k).
Answers = Mapping[str, npt.NDArray[Any]]

_CSV, _JSON = "text/csv", "application/json"
_LINES, _RECORDIO = "application/jsonlines", "application/x-recordio-protobuf"

_SYNONYMS = {"application/jsonl": _LINES, "application/x-jsonlines": _LINES}


class Engine(Protocol):
    """A model in memory; safe to use from several threads."""

    @property
    def features(self) -> int:
        """Number of features of a row."""
        ...

    def predict(self, rows: FeatureRows) -> Answers:
        """Answer each row; raise `ValueError` where rows do not fit the model."""
        ...


class FirstPartyServer:
    """A loaded model behind /invocations.

    Parameters
    ----------
    engine : Engine
    envelope : str, default "predictions"
        Name of the list of answers in a JSON answer.
    csv : bool, default False
        Whether answers are also made as CSV: all outputs of a row on a line.
    reads_csv : bool, default True
        Whether requests may be CSV.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        envelope: str = "predictions",
        csv: bool = False,
        reads_csv: bool = True,
    ) -> None:
        self._engine = engine
        self._envelope = envelope
        self._reads_csv = reads_csv
        self._accepted = (_JSON, _LINES, _RECORDIO, *([_CSV] if csv else []))

    def predict(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[bytes, str]:
        """Answer one payload.

        Raises
        ------
        HttpError
            415 for a content type that is not read, 406 for one that is not made, 400 for a payload
            that cannot be read or does not fit the model.
        """
        decode = self._decoder(content_type)
        wanted = self._wanted(accept)
        try:
            answers = self._engine.predict(decode(body))
        except ValueError as error:
            raise HttpError(
                HTTPStatus.BAD_REQUEST, f"unable to evaluate payload provided: {error}"
            ) from error
        return self._encoded(answers, wanted), wanted

    def _decoder(self, content_type: str | None) -> Callable[[bytes], FeatureRows]:
        decoders: dict[str, Callable[[bytes], FeatureRows]] = {
            _CSV: lambda body: csv.decode(body, label=False),
            _JSON: lambda body: json_format.decode(body, self._engine.features),
            _LINES: lambda body: jsonlines.decode(body, self._engine.features),
            _RECORDIO: recordio.decode,
        }
        if not self._reads_csv:
            del decoders[_CSV]
        kind = _media_type(content_type)
        if kind not in decoders:
            raise HttpError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"content-type {kind or 'none'} is not supported; use one of {', '.join(decoders)}",
            )
        return decoders[kind]

    def _wanted(self, accept: str | None) -> str:
        kind = _media_type(accept)
        if kind in {"", "*/*"}:
            return _JSON
        if kind not in self._accepted:
            raise HttpError(
                HTTPStatus.NOT_ACCEPTABLE,
                f"accept type {kind} is not supported; use one of {', '.join(self._accepted)}",
            )
        return kind

    def _encoded(self, answers: Answers, kind: str) -> bytes:
        if kind == _RECORDIO:
            return recordio.encode_labels({name: _column(each) for name, each in answers.items()})
        if kind == _CSV:
            return _csv_lines(answers)
        lists = [each.tolist() for each in answers.values()]
        rows = [dict(zip(answers, row, strict=True)) for row in zip(*lists, strict=True)]
        if kind == _LINES:
            return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
        return json.dumps({self._envelope: rows}).encode()


def _media_type(header: str | None) -> str:
    kind = (header or "").partition(";")[0].strip().lower()
    return _SYNONYMS.get(kind, kind)


def _column(answers: npt.NDArray[Any]) -> pa.Array:
    numbers = pa.array(answers.astype(np.float32).reshape(-1))
    if answers.ndim == 1:
        return numbers
    offsets = offsets_of(np.full(len(answers), answers.shape[1], dtype=np.int64))
    return pa.LargeListArray.from_arrays(pa.array(offsets), numbers)


def _csv_lines(answers: Answers) -> bytes:
    table = np.column_stack(list(answers.values())).tolist()
    return "".join(f"{','.join(map(repr, row))}\n" for row in table).encode()
