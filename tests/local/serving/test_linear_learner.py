"""LinearLearner's answers in each format, from a server in this process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sparkml_sm.engines.artifacts import MODEL_FILE
from sparkml_sm.engines.linear_learner import LinearLearnerEngine
from sparkml_sm.formats import recordio
from sparkml_sm.formats.rows import dense_matrix, dense_rows
from sparkml_sm.local.serving.first_party import FirstPartyServer
from sparkml_sm.local.serving.http import HttpError
from sparkml_sm.local.serving.linear_learner import load

JSON, LINES, RECORDIO = (
    "application/json",
    "application/jsonlines",
    "application/x-recordio-protobuf",
)

#: Rows of the raw scores 2 and 1.
DATA = [[1.0, 0.5], [-1.0, 1.0]]


def server(folder: Path, kind: str, loss: str, threshold: float = 0.0) -> FirstPartyServer:
    weights, bias = np.array([[1.0], [2.0]]), np.array([0.0])
    if kind == "multiclass_classifier":
        weights, bias = np.array([[0.0, 1.0, -1.0], [0.0, 2.0, -2.0]]), np.array([0.0, 0.0, 0.5])
    if kind == "regressor":
        bias = np.array([0.25])
    engine = LinearLearnerEngine(weights, bias, kind, loss, threshold)
    (folder / MODEL_FILE).write_bytes(engine.to_bytes())
    return load(folder)


BODIES = {
    "text/csv": b"1,0.5\n-1,1\n",
    JSON: json.dumps({"instances": [{"features": row} for row in DATA]}).encode(),
    LINES: b'{"features":[1,0.5]}\n'
    b'{"data":{"features":{"keys":[0,1],"shape":[2],"values":[-1,1]}}}',
    RECORDIO: b"".join(recordio.encode(dense_rows(np.array(DATA))).to_pylist()),
}


@pytest.mark.parametrize("content_type", BODIES)
def test_every_format_of_a_request_is_read(tmp_path: Path, content_type: str) -> None:
    model = server(tmp_path, "regressor", "squared_loss")
    body, kind = model.predict(BODIES[content_type], content_type, None)
    assert kind == JSON
    assert json.loads(body) == {"predictions": [{"score": 2.25}, {"score": 1.25}]}


def test_a_binary_classifiers_answers(tmp_path: Path) -> None:
    model = server(tmp_path, "binary_classifier", "logistic", threshold=1.5)
    scores = [float(np.float32(1 / (1 + np.exp(-raw)))) for raw in (2.0, 1.0)]
    expected = [
        {"score": pytest.approx(score, abs=1e-7), "predicted_label": label}
        for score, label in zip(scores, (1, 0), strict=True)
    ]
    body, _ = model.predict(BODIES[JSON], JSON, JSON)
    assert json.loads(body) == {"predictions": expected}
    assert b'"predicted_label": 1}' in body
    body, kind = model.predict(BODIES[JSON], JSON, LINES)
    assert kind == LINES
    assert [json.loads(line) for line in body.splitlines()] == expected
    body, kind = model.predict(BODIES[JSON], JSON, RECORDIO)
    assert kind == RECORDIO
    answers = recordio.decode_labels(body)
    assert list(answers) == ["score", "predicted_label"]
    assert answers["predicted_label"].values.tolist() == [1.0, 0.0]
    assert answers["score"].values.tolist() == pytest.approx(scores)


def test_a_multiclass_classifiers_answers(tmp_path: Path) -> None:
    model = server(tmp_path, "multiclass_classifier", "softmax_loss")
    answers = json.loads(model.predict(BODIES[JSON], JSON, JSON)[0])["predictions"]
    assert [answer["predicted_label"] for answer in answers] == [1, 1]
    assert [len(answer["score"]) for answer in answers] == [3, 3]
    for answer in answers:
        assert sum(answer["score"]) == pytest.approx(1.0)
        assert answer["score"][1] == max(answer["score"])
    body, _ = model.predict(BODIES[JSON], JSON, RECORDIO)
    decoded = dense_matrix(recordio.decode_labels(body)["score"])
    assert decoded.tolist() == [answer["score"] for answer in answers]


def test_hinge_loss_answers_raw_scores(tmp_path: Path) -> None:
    model = server(tmp_path, "binary_classifier", "hinge_loss", threshold=1.5)
    assert json.loads(model.predict(BODIES[JSON], JSON, JSON)[0])["predictions"] == [
        {"score": 2.0, "predicted_label": 1},
        {"score": 1.0, "predicted_label": 0},
    ]


def test_no_answer_is_csv(tmp_path: Path) -> None:
    with pytest.raises(HttpError) as caught:
        server(tmp_path, "regressor", "squared_loss").predict(BODIES[JSON], JSON, "text/csv")
    assert caught.value.status == 406


def test_rows_of_another_width_are_the_clients_fault(tmp_path: Path) -> None:
    with pytest.raises(HttpError, match="trained with 2") as caught:
        server(tmp_path, "regressor", "squared_loss").predict(b"1,2,3\n", "text/csv", None)
    assert caught.value.status == 400
