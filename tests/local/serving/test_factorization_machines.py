"""The answers of factorization machines in each format, from a server in this process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sparkml_sm.engines.artifacts import MODEL_FILE
from sparkml_sm.engines.factorization_machines import FactorizationMachinesEngine
from sparkml_sm.formats import recordio
from sparkml_sm.formats.rows import dense_rows
from sparkml_sm.local.serving.factorization_machines import load
from sparkml_sm.local.serving.first_party import FirstPartyServer
from sparkml_sm.local.serving.http import HttpError

JSON, RECORDIO = "application/json", "application/x-recordio-protobuf"

#: Sparse and dense rows of the raw scores 1 + 2 + 3 * 0.5 = 4.5 and 1 - 4 = -3.
REQUEST = json.dumps(
    {
        "instances": [
            {"data": {"features": {"keys": [0, 2], "shape": [3], "values": [1.0, 1.0]}}},
            {"features": [0.0, 2.0, 0.0]},
        ]
    }
).encode()


def server(folder: Path, kind: str) -> FirstPartyServer:
    engine = FactorizationMachinesEngine(
        np.array([1.0]),
        np.array([2.0, -2.0, 0.0]),
        np.array([[3.0], [9.0], [0.5]]),
        kind,
    )
    (folder / MODEL_FILE).write_bytes(engine.to_bytes())
    return load(folder)


def test_a_regressors_answers(tmp_path: Path) -> None:
    body, kind = server(tmp_path, "regressor").predict(REQUEST, JSON, None)
    assert kind == JSON
    assert json.loads(body) == {"predictions": [{"score": 4.5}, {"score": -3.0}]}


def test_a_binary_classifiers_answers(tmp_path: Path) -> None:
    model = server(tmp_path, "binary_classifier")
    answers = json.loads(model.predict(REQUEST, JSON, JSON)[0])["predictions"]
    assert [answer["predicted_label"] for answer in answers] == [1, 0]
    scores = [answer["score"] for answer in answers]
    assert scores == pytest.approx([1 / (1 + np.exp(-4.5)), 1 / (1 + np.exp(3.0))])
    decoded = recordio.decode_labels(model.predict(REQUEST, JSON, RECORDIO)[0])
    assert list(decoded) == ["score", "predicted_label"]
    assert decoded["score"].values.tolist() == scores


def test_framed_records_are_read(tmp_path: Path) -> None:
    body = b"".join(recordio.encode(dense_rows(np.array([[1.0, 0.0, 1.0]]))).to_pylist())
    answer, _ = server(tmp_path, "regressor").predict(body, RECORDIO, JSON)
    assert json.loads(answer) == {"predictions": [{"score": 4.5}]}


def test_csv_is_neither_read_nor_made(tmp_path: Path) -> None:
    model = server(tmp_path, "regressor")
    for content_type, accept, status in (("text/csv", None, 415), (JSON, "text/csv", 406)):
        with pytest.raises(HttpError) as caught:
            model.predict(REQUEST, content_type, accept)
        assert caught.value.status == status
