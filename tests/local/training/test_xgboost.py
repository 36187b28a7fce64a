"""Training jobs as processes on a directory of their own."""

from __future__ import annotations

import io
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost

from sparkml_sm.formats import recordio
from sparkml_sm.formats.rows import FeatureRows
from tests.local.training.opt_ml import Job, libsvm_lines

BINARY = {"objective": "binary:logistic", "num_round": "6"}


def table(rows: int = 300, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Features with zeros and gaps, as float32 numbers so that each format carries the same."""
    random = np.random.default_rng(seed)
    data = random.normal(size=(rows, 5)).astype(np.float32).astype(np.float64)
    data[random.random((rows, 5)) < 0.3] = 0.0
    label = (data[:, 0] - data[:, 3] > 0).astype(np.float64)
    return data, label


def as_csv(data: np.ndarray, label: np.ndarray) -> bytes:
    columns = np.column_stack([label, data]).tolist()
    return "".join(",".join(map(repr, row)) + "\n" for row in columns).encode()


def as_parquet(data: np.ndarray, label: np.ndarray) -> bytes:
    columns = {"label": label} | {f"f{i}": column for i, column in enumerate(data.T)}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def as_recordio(data: np.ndarray, label: np.ndarray) -> bytes:
    count, width = data.shape
    rows = FeatureRows(
        width,
        data.reshape(-1),
        np.arange(count + 1, dtype=np.int64) * width,
        np.empty(0, dtype=np.int32),
        np.zeros(count + 1, dtype=np.int64),
        np.ones(count, dtype=np.bool_),
        label,
    )
    return b"".join(recordio.encode(rows).to_pylist())


FORMATS: dict[str, Callable[[np.ndarray, np.ndarray], bytes]] = {
    "text/libsvm": lambda data, label: libsvm_lines(data, label).encode(),
    "text/csv": as_csv,
    "application/x-parquet": as_parquet,
    "application/x-recordio-protobuf": as_recordio,
}


def witness(data: np.ndarray, label: np.ndarray, rounds: int = 6, **more: object) -> bytes:
    """The model that plain XGBoost makes of the table."""
    matrix = xgboost.DMatrix(data, label)
    booster = xgboost.train({"objective": "binary:logistic", **more}, matrix, rounds)
    return bytes(booster.save_raw("json"))


def trees(model: Path | bytes) -> str:
    """The trees of a model, without settings such as the number of threads."""
    booster = xgboost.Booster()
    booster.load_model(bytearray(model if isinstance(model, bytes) else model.read_bytes()))
    return "\n".join(booster.get_dump(dump_format="json", with_stats=True))


@pytest.mark.parametrize("content_type", FORMATS)
def test_every_format_gives_the_model_of_the_table(tmp_path: Path, content_type: str) -> None:
    data, label = table()
    job = Job(tmp_path, BINARY)
    content = FORMATS[content_type]
    # Two files: the channel is one table in the order of their names.
    job.write("train", "part-b", content(data[200:], label[200:]), content_type)
    job.write("train", "part-a", content(data[:200], label[:200]), content_type)
    assert job.run()[0] == 0
    assert trees(job.model) == trees(witness(data, label))


def test_the_log_holds_the_metrics_of_each_round(tmp_path: Path) -> None:
    data, label = table()
    job = Job(tmp_path, {**BINARY, "eval_metric": "logloss,auc,accuracy"})
    job.write("train", "a", libsvm_lines(data[:200], label[:200]))
    job.write("validation", "a", libsvm_lines(data[200:], label[200:]))
    code, log = job.run()
    assert code == 0
    assert "Train matrix has 200 rows and 5 columns" in log
    assert "Validation matrix has 100 rows" in log
    number = r"\d\.\d{5}"
    line = "".join(
        rf"\t{channel}-logloss:{number}\t{channel}-auc:{number}\t{channel}-accuracy:{number}"
        for channel in ("train", "validation")
    )
    rounds = re.findall(rf"^\[(\d+)\]{line}$", log, re.MULTILINE)
    assert rounds == [str(number) for number in range(6)]
    assert "WARNING" not in log


def test_the_metrics_are_the_library_s(tmp_path: Path) -> None:
    data, label = table()
    job = Job(tmp_path, {**BINARY, "eval_metric": "logloss"})
    job.write("train", "a", libsvm_lines(data, label))
    _, log = job.run()
    result: dict = {}
    matrix = xgboost.DMatrix(data, label)
    xgboost.train(
        {"objective": "binary:logistic"},
        matrix,
        6,
        evals=[(matrix, "train")],
        evals_result=result,
        verbose_eval=False,
    )
    logged = [float(number) for number in re.findall(r"train-logloss:(\S+)", log)]
    assert logged == [round(value, 5) for value in result["train"]["logloss"]]


def test_early_stopping_keeps_the_best_rounds(tmp_path: Path) -> None:
    data, label = table()
    noise = np.random.default_rng(0).integers(0, 2, 60)
    settings = {"num_round": "60", "early_stopping_rounds": "3", "eval_metric": "logloss"}
    job = Job(tmp_path, {**BINARY, **settings})
    job.write("train", "a", libsvm_lines(data, label))
    job.write("validation", "a", libsvm_lines(data[:60], noise))
    code, log = job.run()
    assert code == 0
    losses = [float(number) for number in re.findall(r"validation-logloss:(\S+)", log)]
    best = int(np.argmin(losses))
    assert len(losses) == best + 4 < 60
    booster = xgboost.Booster()
    booster.load_model(bytearray(job.model.read_bytes()))
    assert booster.num_boosted_rounds() == best + 1


def test_constraints_and_settings_reach_the_library(tmp_path: Path) -> None:
    data, label = table()
    settings = {
        "tree_method": "hist",
        "monotone_constraints": "(-1,0,0,0,0)",
        "interaction_constraints": "[[1,2],[3,4]]",
        "max_depth": "3",
        "eta": "0.7",
    }
    job = Job(tmp_path, {**BINARY, **settings})
    job.write("train", "a", libsvm_lines(data, label))
    assert job.run()[0] == 0
    numbers = {**settings, "max_depth": 3, "eta": 0.7}
    assert trees(job.model) == trees(witness(data, label, **numbers))
    assert trees(job.model) != trees(witness(data, label))


def test_multiclass_probabilities(tmp_path: Path) -> None:
    data, label = table()
    label = label + (data[:, 1] > 0.5)
    job = Job(tmp_path, {"objective": "multi:softprob", "num_class": "3", "num_round": "3"})
    job.write("train", "a", libsvm_lines(data, label))
    code, log = job.run()
    assert code == 0
    assert "[2]\ttrain-mlogloss:" in log
    booster = xgboost.Booster()
    booster.load_model(bytearray(job.model.read_bytes()))
    assert booster.predict(xgboost.DMatrix(data)).shape == (300, 3)


@pytest.mark.parametrize("content_type", ["text/libsvm", "text/csv"])
def test_weights_count(tmp_path: Path, content_type: str) -> None:
    data, label = table()
    weight = np.tile([0.25, 0.5, 1.0, 2.0], 75)
    job = Job(tmp_path, dict(BINARY))
    if content_type == "text/csv":
        job.hyperparameters["csv_weights"] = "1"
        content = as_csv(np.column_stack([weight, data]), label)
    else:
        content = libsvm_lines(data, label, weight).encode()
    job.write("train", "a", content, content_type)
    assert job.run()[0] == 0
    matrix = xgboost.DMatrix(data, label, weight=weight)
    booster = xgboost.train({"objective": "binary:logistic"}, matrix, 6)
    assert trees(job.model) == trees(bytes(booster.save_raw("json")))
    assert trees(job.model) != trees(witness(data, label))


def test_files_that_are_no_data_are_ignored(tmp_path: Path) -> None:
    data, label = table()
    job = Job(tmp_path, BINARY)
    job.write("train", "folder/part ;?#1.libsvm", libsvm_lines(data, label), None)
    for name in ("_SUCCESS", ".part-0.crc", "x.manifest", "_temporary/0/part-0", "a/b/c/deep", "e"):
        job.write("train", name, "" if name == "e" else "no data", None)
    code, log = job.run()
    assert code == 0, log
    assert trees(job.model) == trees(witness(data, label))
    assert "deep lies deeper than 3 folders" in log


@pytest.mark.parametrize(("cell", "features"), [("", 3), (" 5:nan", 5), (" 5:0", 5)])
def test_the_greatest_index_is_the_number_of_features(
    tmp_path: Path, cell: str, features: int
) -> None:
    job = Job(tmp_path, BINARY)
    job.write("train", "a", f"0 1:1.0 3:2.0{cell}\n1 2:1.0\n")
    assert job.run()[0] == 0
    booster = xgboost.Booster()
    booster.load_model(bytearray(job.model.read_bytes()))
    assert booster.num_features() == features


def failed(job: Job) -> str:
    code, log = job.run()
    assert code == 1, log
    assert not job.model.exists()
    assert job.failure is not None
    assert "\n" not in job.failure
    return job.failure


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_round": ""}, "ClientError: .*`num_round`"),
        ({"num_round": "0"}, r"ClientError: .*`num_round`.*must be an int in \[1, inf\), got '0'"),
        ({"eta": "1.5"}, r"ClientError: .*`eta`.*must be a float in \[0, 1\], got '1.5'"),
        ({"max_depht": "3"}, "ClientError: .*`max_depht`.*`max_depth`"),
        ({"objective": "multi:softmax"}, "ClientError: .*needs `num_class`"),
        ({"_kfold": "3"}, "ClientError: the local SageMaker does not do _kfold"),
    ],
)
def test_wrong_hyperparameters_are_the_client_s_fault(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    settings = {name: value for name, value in {**BINARY, **change}.items() if value}
    job = Job(tmp_path, settings)
    job.write("train", "a", "0 1:1\n1 1:2\n")
    assert re.match(message, failed(job))


@pytest.mark.parametrize(
    ("content", "content_type", "message"),
    [
        ("", "text/libsvm", "ClientError: No data in train channel path"),
        ("0 1:1\n1 0:2\n", "text/libsvm", "a line 2 has the index 0"),
        ("0 1:1\n1 two:2\n", "text/libsvm", "a line 2 is no LIBSVM"),
        ("0:1 1:1\n1 1:2\n", "text/libsvm", "some LIBSVM rows have a weight"),
        ("0,1\n1,two\n", "text/csv", "a is no CSV of numbers: .*'two'"),
        ("0,1,2\n1,2\n", "text/csv", "a is no CSV of numbers: .*3 columns, got 2"),
        ("0\n1\n", "text/csv", "the train channel has 1 columns"),
        ("0,1\n", "text/csv;label_size=0", "label_size must be 1"),
        ("x", "application/x-parquet", "a is no Parquet"),
        ("x", "application/json", "'application/json' is not accepted"),
        ("-1 1:1\n2 1:2\n", "text/libsvm", r"ClientError: label must be in .0, ?1. for logistic"),
    ],
)
def test_wrong_data_is_the_client_s_fault(
    tmp_path: Path, content: str, content_type: str, message: str
) -> None:
    job = Job(tmp_path, BINARY)
    job.write("train", "a", content, content_type)
    failure = failed(job)
    assert failure.startswith("ClientError: ")
    assert re.search(message, failure), failure


@pytest.mark.parametrize(
    ("channel", "message"),
    [("test", "does not know the channel 'test'"), ("validation", "'train'")],
)
def test_wrong_channels_are_refused(tmp_path: Path, channel: str, message: str) -> None:
    job = Job(tmp_path, BINARY)
    job.write(channel, "a", "0 1:1\n1 1:2\n")
    assert message in failed(job)


def test_what_nobody_foresaw_is_an_algorithm_error_with_its_trace_in_the_log(
    tmp_path: Path,
) -> None:
    job = Job(tmp_path, BINARY)
    job.write("train", "a", "0 1:1\n1 1:2\n")
    (tmp_path / "model").write_text("in the way")
    code, log = job.run()
    assert code == 1
    assert str(job.failure).startswith("AlgorithmError: ")
    assert "Traceback" in log


def running(job: Job) -> tuple:
    """Start a job of very many rounds and wait for the first."""
    data, label = table()
    job.write("train", "a", libsvm_lines(data, label))
    process = job.start()
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("[3]"):
            break
    return process, time.monotonic()


def test_a_stopped_job_leaves_no_model(tmp_path: Path) -> None:
    job = Job(tmp_path, {**BINARY, "num_round": "1000000"})
    process, start = running(job)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert time.monotonic() - start < 10
    assert not list((tmp_path / "model").iterdir())
    assert job.failure is None


def test_a_stopped_job_leaves_the_model_so_far_where_asked(tmp_path: Path) -> None:
    settings = {"num_round": "1000000", "save_model_on_termination": "true"}
    job = Job(tmp_path, {**BINARY, **settings})
    process, _ = running(job)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    booster = xgboost.Booster()
    booster.load_model(bytearray(job.model.read_bytes()))
    assert 4 <= booster.num_boosted_rounds() < 1000000
