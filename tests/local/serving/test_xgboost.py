"""The XGBoost server over HTTP, against `Booster.predict` of the same model."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import xgboost

from sparkml_sm.formats import recordio
from sparkml_sm.formats.rows import FeatureRows
from tests.local.serving.served import Server, serving

WIDTH = 5


def table(rows: int = 200, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Features with gaps and zeros; what is NaN is missing."""
    random = np.random.default_rng(seed)
    data = random.normal(size=(rows, WIDTH)).astype(np.float32).astype(np.float64)
    data[random.random((rows, WIDTH)) < 0.2] = 0.0
    data[random.random((rows, WIDTH)) < 0.2] = np.nan
    return data, np.nan_to_num(data[:, 0] - data[:, 1])


def booster_of(folder: Path, name: str = "xgboost-model", **parameters: object) -> xgboost.Booster:
    data, target = table()
    label = np.digitize(target, [-0.5, 0.5]) if parameters.get("num_class") else target > 0
    booster = xgboost.train(parameters, xgboost.DMatrix(data, label), 7)
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / name).write_bytes(booster.save_raw("ubj"))
    return booster


def csv_text(data: np.ndarray) -> str:
    return "".join(
        ",".join("" if value != value else repr(value) for value in row) + "\n"
        for row in data.tolist()
    )


def libsvm_text(data: np.ndarray) -> str:
    return "".join(
        "0 " + " ".join(f"{i + 1}:{v!r}" for i, v in enumerate(row) if v == v) + "\n"
        for row in data.tolist()
    )


def recordio_bytes(data: np.ndarray) -> bytes:
    there = ~np.isnan(data)
    offsets = np.concatenate([[0], there.sum(axis=1).cumsum()]).astype(np.int64)
    rows = FeatureRows(
        data.shape[1],
        data[there],
        offsets,
        np.nonzero(there)[1].astype(np.int32),
        offsets,
        np.zeros(len(data), dtype=np.bool_),
    )
    return b"".join(recordio.encode(rows).to_pylist())


BODIES = {
    "text/csv": csv_text,
    "text/csv; charset=utf-8": csv_text,
    "text/libsvm": libsvm_text,
    "text/x-libsvm": libsvm_text,
    "application/x-recordio-protobuf": recordio_bytes,
}


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, xgboost.Booster]]:
    folder = tmp_path_factory.mktemp("binary")
    booster = booster_of(folder, objective="binary:logistic")
    with serving(folder) as server:
        yield server, booster


@pytest.fixture(scope="module")
def softprob(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, xgboost.Booster]:
    folder = tmp_path_factory.mktemp("softprob")
    return folder, booster_of(folder, objective="multi:softprob", num_class=3)


@pytest.mark.parametrize("content_type", BODIES)
def test_answers_are_the_library_s_numbers(
    binary: tuple[Server, xgboost.Booster], content_type: str
) -> None:
    server, booster = binary
    data, _ = table(50, seed=8)
    answer = server.invoke(BODIES[content_type](data), content_type)
    assert (answer.status, answer.contentType) == (200, "text/csv")
    expected = booster.predict(xgboost.DMatrix(data))
    lines = answer.text.split("\n")
    # Both readings: as the double that a client parses, and rounded to the model's float32.
    assert [float(line) for line in lines] == expected.astype(np.float64).tolist()
    np.testing.assert_array_equal(np.array(lines, dtype=np.float32), expected)


def test_json_answers(binary: tuple[Server, xgboost.Booster]) -> None:
    server, booster = binary
    data, _ = table(3, seed=9)
    answer = server.invoke(csv_text(data), Accept="application/json")
    assert answer.contentType == "application/json"
    scores = [row["score"] for row in json.loads(answer.body)["predictions"]]
    assert scores == booster.predict(xgboost.DMatrix(data)).astype(np.float64).tolist()


@pytest.mark.parametrize("accept", ["", "*/*", "text/csv; charset=utf-8", "TEXT/CSV"])
def test_csv_is_answered_where_nothing_else_is_asked_for(
    binary: tuple[Server, xgboost.Booster], accept: str
) -> None:
    server, _ = binary
    answer = server.invoke("1,2,3,4,5\n", Accept=accept)
    assert (answer.status, answer.contentType) == (200, "text/csv")
    assert 0 < float(answer.text) < 1


@pytest.mark.parametrize(
    "accept", ["application/jsonlines", "application/x-recordio-protobuf", "x/y"]
)
def test_answers_that_are_not_made(binary: tuple[Server, xgboost.Booster], accept: str) -> None:
    answer = binary[0].invoke("1,2,3,4,5\n", Accept=accept)
    assert answer.status == 406
    assert accept in answer.text


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        ("1,2,3\n", "text/csv", "the rows have 3 features, and the model was trained with 5"),
        ("1,2,3,4,5,6\n", "text/csv", "the rows have 6 features"),
        ("0 6:1\n", "text/libsvm", "the rows have 6 features"),
        (recordio_bytes(np.ones((2, 4))), "application/x-recordio-protobuf", "have 4 features"),
    ],
)
def test_rows_that_do_not_fit_the_model(
    binary: tuple[Server, xgboost.Booster], body: bytes | str, content_type: str, message: str
) -> None:
    answer = binary[0].invoke(body, content_type)
    assert answer.status == 400
    assert answer.text.startswith("Unable to evaluate payload provided: ")
    assert message in answer.text


def test_libsvm_may_be_narrower(binary: tuple[Server, xgboost.Booster]) -> None:
    server, booster = binary
    answer = server.invoke("0 1:0.5 2:0.25\n1\n", "text/libsvm")
    rows = np.full((2, WIDTH), np.nan)
    rows[0, :2] = 0.5, 0.25
    expected = booster.predict(xgboost.DMatrix(rows)).astype(np.float64).tolist()
    assert [float(line) for line in answer.text.split("\n")] == expected


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("1,2,three,4,5\n", "text/csv"),
        ("1,2,3,4,5\n1,2\n", "text/csv"),
        ("0 one:1\n", "text/libsvm"),
        ("0 0:1\n", "text/libsvm"),
        (b"not framed", "application/x-recordio-protobuf"),
        ("{}", "application/json"),
    ],
)
def test_payloads_that_cannot_be_read(
    binary: tuple[Server, xgboost.Booster], body: bytes | str, content_type: str
) -> None:
    answer = binary[0].invoke(body, content_type)
    assert answer.status == 415
    assert answer.text


def test_an_empty_body_has_no_content(binary: tuple[Server, xgboost.Booster]) -> None:
    answer = binary[0].invoke(b"")
    assert (answer.status, answer.body) == (204, b"")


def test_one_connection_carries_many_requests(binary: tuple[Server, xgboost.Booster]) -> None:
    server, _ = binary
    connection = server.connect()
    connection.connect()
    first = connection.sock
    for body, status in ((b"1,2,3,4,5", 200), (b"x", 415), (b"", 204), (b"1,2,3,4,5", 200)):
        answer = server.ask(
            "POST", "/invocations", body, connection=connection, Content_Type="text/csv"
        )
        assert answer.status == status
    assert connection.sock is first
    connection.close()


def test_threads_do_not_mix_their_answers(binary: tuple[Server, xgboost.Booster]) -> None:
    server, booster = binary

    def right(seed: int) -> bool:
        data, _ = table(40, seed=seed)
        lines = server.invoke(csv_text(data)).text.split("\n")
        expected = booster.predict(xgboost.DMatrix(data))
        return bool((np.array(lines, dtype=np.float32) == expected).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(right, range(40)))


def test_execution_parameters(binary: tuple[Server, xgboost.Booster]) -> None:
    answer = binary[0].ask("GET", "/execution-parameters")
    assert json.loads(answer.body) == {
        "MaxConcurrentTransforms": os.cpu_count(),
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": 6,
    }


@pytest.mark.parametrize(("method", "path"), [("GET", "/models"), ("POST", "/ping")])
def test_unknown_paths(binary: tuple[Server, xgboost.Booster], method: str, path: str) -> None:
    assert binary[0].ask(method, path, b"" if method == "POST" else None).status == 404


def test_a_payload_over_the_limit_is_refused_before_it_is_read(
    binary: tuple[Server, xgboost.Booster],
) -> None:
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", binary[0].port), timeout=30) as raw:
        raw.sendall(head % (6 * 1024 * 1024 + 1))
        assert raw.recv(64).startswith(b"HTTP/1.1 413 ")


def test_the_limit_can_be_set(softprob: tuple[Path, xgboost.Booster]) -> None:
    with serving(softprob[0], MAX_CONTENT_LENGTH="10") as server:
        assert server.invoke("1,2,3,4,5").status == 200
        assert server.invoke("1,2,3,4,5.0").status == 413


def test_several_classes_are_a_line_a_row(softprob: tuple[Path, xgboost.Booster]) -> None:
    folder, booster = softprob
    data, _ = table(20, seed=3)
    with serving(folder) as server:
        lines = server.invoke(csv_text(data)).text.split("\n")
        answers = [[float(number) for number in line.split(",")] for line in lines]
        expected = booster.predict(xgboost.DMatrix(data)).astype(np.float64).tolist()
        assert answers == expected
        body = json.loads(server.invoke(csv_text(data), Accept="application/json").body)
        assert [row["score"] for row in body["predictions"]] == expected


@pytest.mark.parametrize("accept", ["text/csv", "application/json"])
def test_batch_answers_ignore_accept(softprob: tuple[Path, xgboost.Booster], accept: str) -> None:
    folder, booster = softprob
    data, _ = table(4, seed=3)
    with serving(folder, SAGEMAKER_BATCH="true") as server:
        answer = server.invoke(csv_text(data), Accept=accept)
    expected = booster.predict(xgboost.DMatrix(data)).astype(np.float64).tolist()
    assert answer.text == "".join(f"{row}\n" for row in expected)
    assert answer.text.startswith("[0.")


def test_selectable_inference(softprob: tuple[Path, xgboost.Booster]) -> None:
    folder, booster = softprob
    data, _ = table(4, seed=3)
    expected = booster.predict(xgboost.DMatrix(data)).astype(np.float64)
    selected = "predicted_label, probability,probabilities,labels"
    with serving(folder, SAGEMAKER_INFERENCE_OUTPUT=selected) as server:
        rows = [
            {
                "predicted_label": int(row.argmax()),
                "probability": row.max(),
                "probabilities": row.tolist(),
                "labels": [0, 1, 2],
            }
            for row in expected
        ]
        answer = server.invoke(csv_text(data), Accept="application/json")
        assert json.loads(answer.body) == {"predictions": rows}
        lines = server.invoke(csv_text(data), Accept="application/jsonlines").text.splitlines()
        assert [json.loads(line) for line in lines] == rows
        first = server.invoke(csv_text(data)).text.splitlines()[0]
        assert first == (
            f'{rows[0]["predicted_label"]},{rows[0]["probability"]},"{rows[0]["probabilities"]}"'
            ',"[0, 1, 2]"'
        )
        assert server.invoke(csv_text(data), Accept="x/y").status == 406


def test_a_default_for_accept(softprob: tuple[Path, xgboost.Booster]) -> None:
    with serving(softprob[0], SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="application/json") as server:
        assert server.invoke("1,2,3,4,5").contentType == "application/json"


def test_the_server_ends_on_sigterm(softprob: tuple[Path, xgboost.Booster]) -> None:
    with serving(softprob[0]) as server:
        idle = server.connect()
        idle.connect()
        server.process.terminate()
        assert server.process.wait(timeout=10) == 0
        idle.close()


def test_without_a_model_the_server_does_not_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sparkml_sm.local.serving", "xgboost"],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "holds no model: expected the file xgboost-model" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("program", ["training", "serving"])
def test_an_unknown_algorithm_is_named(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"sparkml_sm.local.{program}", "kmenas"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "kmeans,lda,linear-learner,pca,xgboost}" in done.stderr
