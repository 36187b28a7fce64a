"""Requests and answers of the servers of SageMaker's own algorithms, as the guide prints them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparkml_sm.formats import ndarray, recordio
from sparkml_sm.formats.rows import FeatureRows, dense_rows
from sparkml_sm.local.serving import kmeans, lda, pca
from sparkml_sm.local.serving.__main__ import SERVERS
from sparkml_sm.local.serving.first_party import Answers, FirstPartyServer
from sparkml_sm.local.serving.http import HttpError
from sparkml_sm.local.training.__main__ import TRAINERS
from tests.local.training.tables import sparse_of

JSON, LINES = "application/json", "application/jsonlines"
CSV, RECORDIO = "text/csv", "application/x-recordio-protobuf"

ROWS = dense_rows(np.array([[0.0, 3.0], [4.0, 0.0]]))


class Echo:
    """Answers the sum of a row, its number and the row itself."""

    features = 2

    def predict(self, rows: FeatureRows) -> Answers:
        if rows.width != self.features:
            raise ValueError(f"the rows have {rows.width} features")
        table = np.zeros((len(rows), 2))
        for row in range(len(rows)):
            own = slice(rows.value_offsets[row], rows.value_offsets[row + 1])
            keys = slice(rows.index_offsets[row], rows.index_offsets[row + 1])
            at = slice(None) if rows.dense[row] else rows.indices[keys]
            table[row, at] = rows.values[own]
        return {"sum": table.sum(axis=1), "number": np.arange(len(rows)), "row": table}


SERVER = FirstPartyServer(Echo(), csv=True)


def instances(*features: object) -> bytes:
    return json.dumps({"instances": list(features)}).encode()


SPARSE = [
    {"data": {"features": {"keys": [1], "shape": [2], "values": [3]}}},
    {"data": {"features": {"keys": [0], "shape": [2], "values": [4]}}},
]
LONG = [{"data": {"features": {"values": values}}} for values in ([0, 3], [4.0, 0])]

BODIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "short": (JSON, lambda: instances({"features": [0.0, 3.0]}, {"features": [4, 0]})),
    "long": (JSON, lambda: instances(*LONG)),
    "sparse": (JSON + "; charset=utf-8", lambda: instances(*SPARSE)),
    "lines": (LINES, lambda: b'{"features":[0,3]}\n{"features":[4,0]}\n'),
    "sparse lines": (LINES, lambda: "\n".join(map(json.dumps, SPARSE)).encode()),
    "csv": (CSV, lambda: b"0,3\n4,0"),
    "csv as in training": ("Text/CSV;label_size=0", lambda: b"0,3\n4,0\n"),
    "recordio": (RECORDIO, lambda: b"".join(recordio.encode(ROWS).to_pylist())),
    "sparse recordio": (RECORDIO, lambda: b"".join(recordio.encode(sparse_of(ROWS)).to_pylist())),
}


@pytest.mark.parametrize("kind", BODIES)
def test_every_form_of_a_request_is_read(kind: str) -> None:
    content_type, body = BODIES[kind]
    answer, answered_type = SERVER.predict(body(), content_type, JSON)
    assert answered_type == JSON
    assert json.loads(answer) == {
        "predictions": [
            {"sum": 3.0, "number": 0, "row": [0.0, 3.0]},
            {"sum": 4.0, "number": 1, "row": [4.0, 0.0]},
        ]
    }


@pytest.mark.parametrize("accept", [None, "", "*/*", "application/json; charset=utf-8"])
def test_json_is_answered_where_nothing_else_is_asked_for(accept: str | None) -> None:
    assert SERVER.predict(b"1,2", CSV, accept)[1] == JSON


def test_answers_as_json_lines() -> None:
    answer, content_type = SERVER.predict(b"0,3\n4,0\n", CSV, LINES)
    assert content_type == LINES
    assert answer == (
        b'{"sum": 3.0, "number": 0, "row": [0.0, 3.0]}\n'
        b'{"sum": 4.0, "number": 1, "row": [4.0, 0.0]}\n'
    )


def test_answers_as_csv() -> None:
    answer, content_type = SERVER.predict(b"0,3\n4,0\n", CSV, CSV)
    assert (answer, content_type) == (b"3.0,0.0,0.0,3.0\n4.0,1.0,4.0,0.0\n", CSV)


def test_answers_as_recordio() -> None:
    answer, content_type = SERVER.predict(b"0,3\n4,0\n", CSV, RECORDIO)
    assert content_type == RECORDIO
    labels = recordio.decode_labels(answer)
    assert {name: rows.width for name, rows in labels.items()} == {"sum": 1, "number": 1, "row": 2}
    assert labels["sum"].values.tolist() == [3.0, 4.0]
    assert labels["row"].values.tolist() == [0.0, 3.0, 4.0, 0.0]
    assert len(recordio.split(answer)) == 2


def refusal(server: FirstPartyServer, *request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        server.predict(*request)
    return caught.value.status, str(caught.value)


@pytest.mark.parametrize("content_type", [None, "text/libsvm", "image/png"])
def test_other_requests_are_415(content_type: str | None) -> None:
    status, message = refusal(SERVER, b"1,2", content_type, None)
    assert status == 415
    assert (content_type or "none") in message


def test_an_algorithm_may_not_read_csv() -> None:
    server = FirstPartyServer(Echo(), reads_csv=False)
    assert refusal(server, b"1,2", CSV, None)[0] == 415
    assert json.loads(server.predict(instances({"features": [1, 2]}), JSON, None)[0])


def test_other_answers_are_406() -> None:
    assert refusal(SERVER, b"1,2", CSV, "text/html")[0] == 406
    assert refusal(FirstPartyServer(Echo()), b"1,2", CSV, CSV)[0] == 406


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"1,2,3", CSV),
        (b"1,x", CSV),
        (b"{}", JSON),
        (b"not json", JSON),
        (instances({"features": [1, 2, 3]}), JSON),
        (b'{"features":["a",1]}', LINES),
        (b"\x00" * 20, RECORDIO),
    ],
)
def test_a_payload_that_does_not_fit_is_400(body: bytes, content_type: str) -> None:
    status, message = refusal(SERVER, body, content_type, None)
    assert status == 400
    assert message.startswith("unable to evaluate payload provided: ")


def saved(folder: Path, arrays: Any) -> Path:
    (folder / "model_algo-1").write_bytes(ndarray.encode(arrays))
    return folder


def test_kmeans_answers_as_the_guide_says(tmp_path: Path) -> None:
    server = kmeans.load(saved(tmp_path, [np.array([[9.0, 9.0], [0.0, 0.0]], np.float32)]))
    assert json.loads(server.predict(b"0,3\n", CSV, None)[0]) == {
        "predictions": [{"closest_cluster": 1.0, "distance_to_cluster": 3.0}]
    }
    assert server.predict(b"0,3\n", CSV, CSV) == (b"1.0,3.0\n", CSV)
    labels = recordio.decode_labels(server.predict(b"0,3\n", CSV, RECORDIO)[0])
    assert list(labels) == ["closest_cluster", "distance_to_cluster"]


def test_pca_answers_as_the_guide_says(tmp_path: Path) -> None:
    server = pca.load(saved(tmp_path, {"v": np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)}))
    assert json.loads(server.predict(b"1,3\n", CSV, None)[0]) == {
        "projections": [{"projection": [1.0, 6.0]}]
    }
    assert server.predict(b"1,3\n", CSV, LINES)[0] == b'{"projection": [1.0, 6.0]}\n'
    assert refusal(server, b"1,3\n", CSV, CSV)[0] == 406


def test_lda_answers_as_the_guide_says(tmp_path: Path) -> None:
    arrays = [np.array([0.5, 0.5], np.float32), np.eye(2, dtype=np.float32)]
    server = lda.load(saved(tmp_path, arrays))
    (answer,) = json.loads(server.predict(b"0,9\n", CSV, None)[0])["predictions"]
    assert list(answer) == ["topic_mixture"]
    assert answer["topic_mixture"] == pytest.approx([0.05, 0.95], abs=1e-4)


def test_what_can_be_trained_can_be_served() -> None:
    assert TRAINERS.keys() == SERVERS.keys()
