"""LinearLearner jobs, and their quality beside scikit-learn's on real data held out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparkml_sm.engines.linear_learner import load
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.rows import dense_rows, slice_rows
from sparkml_sm.local.training.linear_learner import fit, train
from tests.local.training.tables import (
    BINARY,
    DIGITS,
    REGRESSOR,
    accuracy,
    context_of,
    data_of,
    held_out,
    metrics_in,
    r2,
    sparse_of,
)


@pytest.mark.parametrize("batch", [1000, 50])
@pytest.mark.parametrize("seed", range(2))
def test_binary_classifier(seed: int, batch: int) -> None:
    train_rows, test = held_out(load_breast_cancer, seed)
    witness = make_pipeline(StandardScaler(), LogisticRegression()).fit(*data_of(train_rows))
    engine = fit(BINARY | {"mini_batch_size": batch}, train_rows)
    assert accuracy(engine, test) > witness.score(*data_of(test)) - 0.022


@pytest.mark.parametrize("seed", range(2))
def test_multiclass_classifier(seed: int) -> None:
    train_rows, test = held_out(load_digits, seed)
    cut = len(train_rows) * 4 // 5
    chosen = slice_rows(train_rows, 0, cut), slice_rows(train_rows, cut, len(train_rows))
    witness = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    witness.fit(*data_of(chosen[0]))
    engine = fit(DIGITS | {"mini_batch_size": 50}, *chosen)
    assert accuracy(engine, test) > witness.score(*data_of(test)) - 0.02


@pytest.mark.parametrize("seed", range(3))
def test_regressor(seed: int) -> None:
    train_rows, test = held_out(load_diabetes, seed)
    witness = LinearRegression().fit(*data_of(train_rows))
    engine = fit(REGRESSOR | {"mini_batch_size": 50}, train_rows)
    assert r2(engine, test) > witness.score(*data_of(test)) - 0.03


def test_sparse_rows_train_the_same_model() -> None:
    rows, _ = held_out(load_digits)
    dense, sparse = (fit({**DIGITS, "epochs": 3}, each) for each in (rows, sparse_of(rows)))
    np.testing.assert_allclose(sparse.weights, dense.weights, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", ["recordio", "csv"])
def test_a_job(tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    rows, other = held_out(load_breast_cancer)
    texts = {"predictor_type": "binary_classifier", "epochs": "4", "f_beta": "2"}
    caplog.set_level("INFO")
    context = context_of(tmp_path, texts, kind, train=rows, validation=other, test=other)
    train(context)
    engine = load(context.modelDir)
    said = engine.predict(other)["predicted_label"]
    found = metrics_in(caplog, "linear-learner")
    assert found["train:progress"] == [25.0, 50.0, 75.0, 100.0]
    assert len(found["train:objective_loss"]) == len(found["validation:objective_loss"]) == 4
    for name in ("binary_classification_accuracy", "precision", "recall", "roc_auc_score"):
        assert found[f"validation:{name}"] == found[f"test:{name}"]
    assert found["test:binary_classification_accuracy"] == [pytest.approx(accuracy(engine, other))]
    assert found["test:objective_loss"] == found["validation:objective_loss:final"]
    assert "binary_f_2.000" in caplog.text
    assert "train:recall" not in found
    assert said.mean() > 0.3


def test_metrics_without_validation_are_of_the_training_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows, _ = held_out(load_diabetes)
    caplog.set_level("INFO")
    context = context_of(tmp_path, {**REGRESSOR, "loss": "absolute_loss"}, train=rows)
    train(context)
    found = metrics_in(caplog, "linear-learner")
    assert rows.label is not None
    error = load(context.modelDir).predict(rows)["score"] - rows.label
    assert found["train:absolute_loss"] == [pytest.approx(np.abs(error).mean(), rel=1e-5)]
    assert found["train:mse"] == [pytest.approx((error**2).mean(), rel=1e-5)]
    assert found["train:objective_loss:final"] == found["train:absolute_loss"]


def test_metrics_of_many_classes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows, other = held_out(load_digits)
    texts = {name: str(value) for name, value in DIGITS.items()}
    caplog.set_level("INFO")
    context = context_of(
        tmp_path, {**texts, "accuracy_top_k": "2", "epochs": "2"}, train=rows, validation=other
    )
    train(context)
    found = metrics_in(caplog, "linear-learner")
    engine = load(context.modelDir)
    assert found["validation:multiclass_accuracy"] == [pytest.approx(accuracy(engine, other))]
    top = found["validation:multiclass_top_k_accuracy"][0]
    assert found["validation:multiclass_accuracy"][0] < top < 1.0
    assert "multiclass_top_k_accuracy_2" in caplog.text


def test_a_tuning_job_trains_one_model(tmp_path: Path) -> None:
    rows, _ = held_out(load_diabetes)
    texts = {**REGRESSOR, "epochs": "2", "num_models": "8"}
    tuned = context_of(
        tmp_path / "tuned", texts | {"_tuning_objective_metric": "train:mse"}, train=rows
    )
    single = context_of(tmp_path / "single", texts | {"num_models": "1"}, train=rows)
    many = context_of(tmp_path / "many", texts, train=rows)
    for context in (tuned, single, many):
        train(context)
    weights = [load(context.modelDir).weights for context in (tuned, single, many)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"predictor_type": "classifier"}, "`predictor_type` is classifier: set it to one of bin"),
        ({}, "`predictor_type` is not set"),
        ({**REGRESSOR, "loss": "logistic"}, "`loss` of a regressor must be one of auto, squared"),
        ({**REGRESSOR, "epoch": "3"}, "`epoch` is no hyperparameter of linear-learner.*`epochs`"),
        ({**REGRESSOR, "epochs": "0"}, "`epochs` of linear-learner must be an int in"),
        ({"predictor_type": "multiclass_classifier"}, "`num_classes` is required"),
        ({**REGRESSOR, "feature_dim": "3"}, "have 10 features, and feature_dim is 3"),
    ],
)
def test_wrong_hyperparameters_are_the_users(
    tmp_path: Path, texts: dict[str, str], reason: str
) -> None:
    rows, _ = held_out(load_diabetes)
    with pytest.raises((ConfigurationError, InvalidDataError), match=reason):
        train(context_of(tmp_path, texts, train=rows))


@pytest.mark.parametrize(
    ("values", "label", "reason"),
    [
        (BINARY, 2.0, "row 1 of channel test has the label 2: labels must be whole .* 0 to 1"),
        (DIGITS, 10.0, "row 1 of channel test has the label 10: labels must be whole .* 0 to 9"),
        (DIGITS, 0.5, "row 1 of channel test has the label 0.5"),
        (REGRESSOR, np.nan, "row 1 of channel test has the label nan: labels must be finite"),
    ],
)
def test_labels_that_cannot_be_learnt(
    tmp_path: Path, values: dict[str, Any], label: float, reason: str
) -> None:
    good = dense_rows(np.ones((2, 2)), label=np.array([0.0, 1.0]))
    bad = dense_rows(np.ones((2, 2)), label=np.array([0.0, label]))
    texts = {name: str(value) for name, value in values.items()}
    with pytest.raises(InvalidDataError, match=reason):
        train(context_of(tmp_path, texts, train=good, test=bad))
