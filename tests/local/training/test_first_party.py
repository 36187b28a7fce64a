"""What the trainers of SageMaker's own algorithms share, on files in a directory."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sparkml_sm.catalog.kmeans import KMEANS
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, dense_rows
from sparkml_sm.local.training.contract import Channel, TrainingContext
from sparkml_sm.local.training.first_party import (
    log_metrics,
    read_channels,
    read_hyperparameters,
    save_model,
)
from tests.local.training.tables import context_of

ROWS = dense_rows(np.arange(12.0).reshape(4, 3), label=np.array([1.0, 0.0, 1.0, 1.0]))


def written(
    base: Path, contentType: str | None, mode: str = "File", **files: str
) -> TrainingContext:
    """A job with a train channel of these files."""
    folder = base / "input" / "data" / "train"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    return TrainingContext(base, {}, {"train": Channel("train", folder, contentType, mode)})


def matrix(rows: FeatureRows) -> list[list[float]]:
    return rows.values.reshape(len(rows), rows.width).tolist()


def test_hyperparameters_are_read_by_the_table(tmp_path: Path) -> None:
    given = {"feature_dim": "3", "k": "2", "_tuning_objective_metric": "test:msd"}
    values = read_hyperparameters(TrainingContext(tmp_path, given, {}), KMEANS)
    assert values == {"feature_dim": 3, "k": 2}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"k": "2"}, "`feature_dim` is required"),
        ({"k": "1", "feature_dim": "3"}, "`k` of kmeans must be an int in"),
        ({"k": "2", "feature_dim": "3", "epoch": "1"}, "did you mean `epochs`"),
    ],
)
def test_hyperparameters_that_the_container_refuses(
    tmp_path: Path, given: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        read_hyperparameters(TrainingContext(tmp_path, given, {}), KMEANS)


@pytest.mark.parametrize("kind", ["recordio", "csv"])
def test_channels_are_read_in_either_format(tmp_path: Path, kind: str) -> None:
    channels = read_channels(context_of(tmp_path, {}, kind, test=ROWS, train=ROWS), feature_dim=3)
    assert list(channels) == ["train", "test"]
    for rows in channels.values():
        assert matrix(rows) == matrix(ROWS)
        assert rows.label is not None
        assert rows.label.tolist() == [1.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("mode", ["File", "FastFile"])
@pytest.mark.parametrize(
    ("contentType", "label"),
    [
        ("text/csv", [1.0, 0.0]),
        ("text/csv; label_size=1", [1.0, 0.0]),
        ("Text/CSV;label_size = 0", None),
    ],
)
def test_the_first_column_of_csv_is_the_label_unless_said(
    tmp_path: Path, contentType: str, label: list[float] | None, mode: str
) -> None:
    context = written(tmp_path, contentType, mode, b="0,4,5\n", a="1,2,3\n")
    rows = read_channels(context, feature_dim=None)["train"]
    assert rows.label is None if label is None else rows.label.tolist() == label
    assert matrix(rows) == ([[1, 2, 3], [0, 4, 5]] if label is None else [[2, 3], [4, 5]])


def test_an_unlabelled_channel_cannot_train_labels(tmp_path: Path) -> None:
    context = written(tmp_path, "text/csv;label_size=0", a="1,2\n")
    with pytest.raises(InvalidDataError, match="channel train have no label"):
        read_channels(context, feature_dim=2, labelled=True)


@pytest.mark.parametrize(
    ("contentType", "message"),
    [
        ("text/libsvm", "ContentType 'text/libsvm' of channel train is not read; use"),
        ("text/csv;label_size=2", "label_size must be 0 or 1"),
    ],
)
def test_other_content_types_are_refused(tmp_path: Path, contentType: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_channels(written(tmp_path, contentType, a="1,2\n"), feature_dim=1)


def test_a_format_that_the_algorithm_does_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"use application/x-recordio-protobuf$"):
        read_channels(
            written(tmp_path, "text/csv", a="1,2\n"), feature_dim=1, formats=("recordio",)
        )


def test_channels_that_the_container_refuses(tmp_path: Path) -> None:
    context = written(tmp_path, "text/csv", a="1,2\n")
    train = context.channels["train"]
    for channels, message in (
        ({}, "needs a channel named 'train'"),
        ({"train": train, "valid": train}, "'valid' is not known; the algorithm reads train, test"),
        ({"train": replace(train, inputMode="Pipe")}, "mode Pipe: set File or FastFile"),
        ({"train": replace(train, path=tmp_path / "none")}, "the channel train holds no data"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            read_channels(replace(context, channels=channels), feature_dim=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2,3\n", "have 2 features, and feature_dim is 3: .* text/csv;label_size=0"),
        ("1,2,3,4\n1,,3,4\n", "row 1 of channel train holds NaN"),
        ("1,2,x,4\n", "a of channel train: "),
        ("\n", "holds no rows"),
    ],
)
def test_data_that_cannot_be_trained_on(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        read_channels(written(tmp_path, "text/csv", a=content), feature_dim=3)


def test_counts_are_logged_as_json(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    log_metrics("AWS/PCA", "training", {"Total Records Seen": 12})
    content = json.loads(caplog.messages[0].removeprefix("#metrics "))
    assert content["Dimensions"]["Algorithm"] == "AWS/PCA"
    assert content["Metrics"]["Total Records Seen"]["sum"] == 12


def test_a_model_is_moved_to_its_place(tmp_path: Path) -> None:
    context = context_of(tmp_path, {})
    save_model(context, b"model")
    assert (context.modelDir / "model_algo-1").read_bytes() == b"model"
    assert list(context.scratchDir.iterdir()) == []
