"""Where descent comes to rest, against solvers of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    QuantileRegressor,
    Ridge,
)
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sparkml_sm.engines.linear_learner import LinearLearnerEngine
from sparkml_sm.formats.rows import FeatureRows, dense_rows
from sparkml_sm.local.training.linear_learner import fit
from sparkml_sm.local.training.losses import loss_of
from tests.local.training.tables import (
    BINARY,
    DIGITS,
    REGRESSOR,
    data_of,
)

#: One model, by full-batch descent that comes to rest.
TO_THE_END: dict[str, Any] = {
    "num_models": 1,
    "epochs": 900,
    "mini_batch_size": 100_000,
    "early_stopping_patience": 900,
    "lr_scheduler_step": 10,
    "lr_scheduler_factor": 0.95,
    "lr_scheduler_minimum_lr": 1e-6,
    "wd": 0.0,
    "l1": 0.0,
}


@pytest.fixture(scope="module")
def diabetes() -> FeatureRows:
    """Features and labels of mean 0 and deviation 1, so that penalties are scikit-learn's too."""
    data, label = load_diabetes(return_X_y=True)
    scaled = StandardScaler().fit_transform(np.column_stack([data, label]))
    return dense_rows(scaled[:, :-1], label=scaled[:, -1])


@pytest.fixture(scope="module")
def cancer() -> FeatureRows:
    data, label = load_breast_cancer(return_X_y=True)
    return dense_rows(StandardScaler().fit_transform(data), label=label.astype(float))


def objective(
    engine: Any, rows: FeatureRows, loss: str, wd: float = 0.0, l1: float = 0.0, **how: Any
) -> float:
    data, label = data_of(rows)
    raw = data @ engine.weights + engine.bias
    losses, _ = loss_of(loss, how).measure(raw, label)
    penalty = wd / 2 * (engine.weights**2).sum() + l1 * np.abs(engine.weights).sum()
    return float(losses.mean() + penalty)


def theirs(witness: Any) -> LinearLearnerEngine:
    weights, bias = np.atleast_2d(witness.coef_).T, np.atleast_1d(witness.intercept_)
    return LinearLearnerEngine(weights, bias, "", "")


@pytest.mark.parametrize(
    ("penalty", "witness"),
    [
        ({"wd": 0.2}, Ridge(alpha=0.1 * 442)),
        ({"l1": 0.2}, Lasso(alpha=0.1)),
        ({"wd": 1e-12}, LinearRegression()),
    ],
    ids=["wd", "l1", "none"],
)
def test_squared_loss(diabetes: FeatureRows, penalty: dict, witness: Any) -> None:
    engine = fit({**REGRESSOR, **TO_THE_END, **penalty}, diabetes)
    witness.fit(*data_of(diabetes))
    least = objective(theirs(witness), diabetes, "squared_loss", **penalty)
    assert objective(engine, diabetes, "squared_loss", **penalty) < least * 1.0001
    if "l1" in penalty:
        np.testing.assert_array_equal(engine.weights[:, 0] == 0, witness.coef_ == 0)


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_quantile_loss(diabetes: FeatureRows, quantile: float) -> None:
    how = {"quantile": quantile}
    engine = fit({**REGRESSOR, **TO_THE_END, "loss": "quantile_loss", **how}, diabetes)
    witness = QuantileRegressor(quantile=quantile, alpha=0).fit(*data_of(diabetes))
    least = objective(theirs(witness), diabetes, "quantile_loss", **how)
    assert objective(engine, diabetes, "quantile_loss", **how) < least * 1.01
    below = (engine.predict(diabetes)["score"] > diabetes.label).mean()
    assert below == pytest.approx(quantile, abs=0.03)


def test_logistic_loss(cancer: FeatureRows) -> None:
    wd = 0.05
    engine = fit({**BINARY, **TO_THE_END, "wd": wd}, cancer)
    witness = LogisticRegression(C=1 / (wd * len(cancer)), tol=1e-8).fit(*data_of(cancer))
    least = objective(theirs(witness), cancer, "logistic", wd)
    assert objective(engine, cancer, "logistic", wd) < least * 1.0001


def test_hinge_loss(cancer: FeatureRows) -> None:
    wd = 0.05
    engine = fit({**BINARY, **TO_THE_END, "loss": "hinge_loss", "wd": wd}, cancer)
    witness = LinearSVC(
        loss="hinge", C=1 / (wd * len(cancer)), intercept_scaling=100, max_iter=200_000
    ).fit(*data_of(cancer))
    least = objective(theirs(witness), cancer, "hinge_loss", wd)
    assert objective(engine, cancer, "hinge_loss", wd) < least * 1.002


def test_softmax_loss() -> None:
    data, label = load_digits(n_class=4, return_X_y=True)
    rows = dense_rows(StandardScaler().fit_transform(data), label=label.astype(float))
    wd = 0.05
    engine = fit({**DIGITS, "num_classes": 4, **TO_THE_END, "epochs": 300, "wd": wd}, rows)
    witness = LogisticRegression(C=1 / (wd * len(rows)), tol=1e-8, max_iter=1000)
    witness.fit(*data_of(rows))
    least = objective(theirs(witness), rows, "softmax_loss", wd)
    assert objective(engine, rows, "softmax_loss", wd) < least * 1.001


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_other_optimizers(diabetes: FeatureRows, optimizer: str) -> None:
    how = {"optimizer": optimizer, "momentum": 0.5, "learning_rate": 0.02, "wd": 0.2}
    engine = fit({**REGRESSOR, **TO_THE_END, **how}, diabetes)
    witness = Ridge(alpha=0.1 * 442).fit(*data_of(diabetes))
    least = objective(theirs(witness), diabetes, "squared_loss", 0.2)
    assert objective(engine, diabetes, "squared_loss", 0.2) < least * 1.001


@pytest.mark.parametrize(
    "loss", ["eps_insensitive_squared_loss", "eps_insensitive_absolute_loss", "huber_loss"]
)
def test_the_unit_of_the_label_does_not_matter(diabetes: FeatureRows, loss: str) -> None:
    """Distances are between labels as they come, whatever training scales them to."""
    how = {"loss": loss, "huber_delta": 30.0, "loss_insensitivity": 30.0}
    data, label = data_of(diabetes)
    rows = dense_rows(data, label=label * 77.0 + 150.0)
    own = fit({**REGRESSOR, **TO_THE_END, **how}, rows)
    how |= {"huber_delta": 30.0 / 77.0, "loss_insensitivity": 30.0 / 77.0}
    plain = fit({**REGRESSOR, **TO_THE_END, **how}, diabetes)
    expected = plain.predict(diabetes)["score"] * 77.0 + 150.0
    np.testing.assert_allclose(own.predict(rows)["score"], expected, rtol=1e-4, atol=0.05)
    wider = fit({**REGRESSOR, **TO_THE_END, "loss": loss}, rows).predict(rows)["score"]
    assert np.abs(wider - expected).max() > 0.5
