"""Real data as rows to train on and rows held out, and jobs that are run in this process."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparkml_sm.formats import csv, recordio
from sparkml_sm.formats.rows import FeatureRows, dense_rows, offsets_of, slice_rows
from sparkml_sm.local.containers import default_metrics
from sparkml_sm.local.serving.first_party import Engine
from sparkml_sm.local.training.contract import Channel, TrainingContext

__all__ = [
    "BINARY",
    "DIGITS",
    "REGRESSOR",
    "accuracy",
    "context_of",
    "data_of",
    "held_out",
    "metrics_in",
    "r2",
    "sparse_of",
]

BINARY: dict[str, Any] = {"predictor_type": "binary_classifier"}
DIGITS: dict[str, Any] = {"predictor_type": "multiclass_classifier", "num_classes": 10}
REGRESSOR: dict[str, Any] = {"predictor_type": "regressor"}


def held_out(load: Callable[..., Any], seed: int = 0) -> tuple[FeatureRows, FeatureRows]:
    """Three quarters of a data set of scikit-learn, shuffled, and the rest."""
    data, label = load(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(label))
    rows = dense_rows(data[order], label=label[order].astype(np.float64))
    cut = 3 * len(label) // 4
    return slice_rows(rows, 0, cut), slice_rows(rows, cut, len(label))


def sparse_of(rows: FeatureRows) -> FeatureRows:
    """The same rows, zeros left out."""
    data = rows.values.reshape(len(rows), rows.width)
    row, column = np.nonzero(data)
    offsets = offsets_of(np.bincount(row, minlength=len(rows)))
    none_is_dense = np.zeros(len(rows), dtype=np.bool_)
    return FeatureRows(
        rows.width,
        data[row, column],
        offsets,
        column.astype(np.int32),
        offsets,
        none_is_dense,
        rows.label,
    )


def context_of(
    base: Path, hyperparameters: dict[str, str], kind: str = "recordio", **channels: FeatureRows
) -> TrainingContext:
    """A job whose channels hold these rows, as RecordIO without ContentType or as CSV."""
    encode = {"recordio": recordio.encode, "csv": csv.encode}[kind]
    given = {}
    for name, rows in channels.items():
        folder = base / "input" / "data" / name
        folder.mkdir(parents=True)
        (folder / "part-0").write_bytes(b"".join(encode(rows).to_pylist()))
        given[name] = Channel(name, folder, "text/csv" if kind == "csv" else None, "File")
    context = TrainingContext(base, hyperparameters, given)
    for folder in (context.modelDir, context.scratchDir):
        folder.mkdir(parents=True)
    return context


def metrics_in(caplog: pytest.LogCaptureFixture, algorithm: str) -> dict[str, list[float]]:
    """What SageMaker's own patterns find in the log, by name."""
    # `caplog.text` is formatted, and once Spark's own logger has been made, as JSON.
    text = "\n".join(record.getMessage() for record in caplog.records)
    return {
        name: [float(number) for number in re.findall(pattern, text)]
        for name, pattern in default_metrics(algorithm).items()
        if re.search(pattern, text)
    }


def data_of(rows: FeatureRows) -> tuple[np.ndarray, np.ndarray]:
    assert rows.label is not None
    return rows.values.reshape(len(rows), rows.width), rows.label


def accuracy(engine: Engine, rows: FeatureRows) -> float:
    return float((engine.predict(rows)["predicted_label"] == rows.label).mean())


def r2(engine: Engine, rows: FeatureRows) -> float:
    assert rows.label is not None
    error = engine.predict(rows)["score"] - rows.label
    return float(1 - (error**2).sum() / ((rows.label - rows.label.mean()) ** 2).sum())
