"""Each hyperparameter of LinearLearner has its effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats.rows import FeatureRows, dense_rows
from sparkml_sm.local.training.linear_learner import fit
from sparkml_sm.local.training.linear_settings import candidates_of
from tests.local.training.tables import (
    BINARY,
    DIGITS,
    REGRESSOR,
    data_of,
    held_out,
    metrics_in,
    r2,
)


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 2},
        {"mini_batch_size": 100},
        {"learning_rate": 0.01},
        {"momentum": 0.9, "optimizer": "sgd", "learning_rate": 0.01},
        {"optimizer": "sgd", "learning_rate": 0.01},
        {"optimizer": "rmsprop"},
        {"beta_1": 0.5},
        {"beta_2": 0.9},
        {"bias_lr_mult": 3.0},
        {"bias_wd_mult": 1.0},
        {"use_lr_scheduler": False},
        {"lr_scheduler_step": 1},
        {"lr_scheduler_factor": 0.5},
        {"lr_scheduler_minimum_lr": 0.095},
        {"init_method": "normal"},
        {"init_method": "normal", "init_sigma": 1.0},
        {"init_scale": 1.0},
        {"init_bias": 2.0},
        {"use_bias": False},
        {"wd": 0.0},
        {"l1": 0.1},
        {"normalize_data": False},
        {"normalize_label": False},
        {"unbias_data": False},
        {"unbias_label": False},
        {"num_point_for_scaler": 20},
        {"num_models": 5},
        {"loss": "huber_loss"},
    ],
    ids=lambda change: ",".join(f"{name}={value}" for name, value in change.items()),
)
def test_each_changes_the_model(change: dict[str, Any]) -> None:
    rows, _ = held_out(load_diabetes)
    common = {
        "num_models": 1,
        "epochs": 5,
        "mini_batch_size": 50,
        "wd": 0.1,
        "lr_scheduler_step": 10,
        "lr_scheduler_factor": 0.9,
    }
    plain = fit({**REGRESSOR, **common}, rows)
    changed = fit({**REGRESSOR, **common, **change}, rows)
    assert not np.array_equal(plain.weights, changed.weights)
    again = fit({**REGRESSOR, **common, **change}, rows)
    np.testing.assert_array_equal(changed.weights, again.weights)


@pytest.mark.parametrize(
    "values", [{}, {"unbias_data": True, "unbias_label": True}], ids=["auto", "unbiased"]
)
def test_without_bias_the_origin_scores_0(values: dict[str, Any]) -> None:
    rows, _ = held_out(load_diabetes)
    assert fit({**REGRESSOR, "use_bias": False, "epochs": 3, **values}, rows).bias[0] == 0.0


def test_more_models_do_no_worse_on_held_out_rows() -> None:
    rows, test = held_out(load_diabetes)
    losses = []
    for count in (1, 4, 32, "auto"):
        engine = fit({**REGRESSOR, "num_models": count, "epochs": 3}, rows, test)
        losses.append(-r2(engine, test))
    assert losses[0] > losses[1] >= losses[2]
    assert losses[0] > losses[3]


def test_a_model_that_diverges_does_not_spoil_the_others() -> None:
    rows, test = held_out(load_diabetes)
    engine = fit({**REGRESSOR, "optimizer": "sgd", "epochs": 200, "mini_batch_size": 20}, rows)
    assert r2(engine, test) > 0.3


def test_where_all_diverge_the_job_fails() -> None:
    rows, _ = held_out(load_diabetes)
    values = {**REGRESSOR, "optimizer": "sgd", "learning_rate": 1e80, "epochs": 20}
    with pytest.raises(ConfigurationError, match=r"did not converge.*lower learning_rate"):
        fit(values | {"early_stopping_patience": 99, "mini_batch_size": 1}, rows)


def test_early_stopping(caplog: pytest.LogCaptureFixture) -> None:
    rows, test = held_out(load_breast_cancer)
    caplog.set_level("INFO")

    def epochs(*channels: FeatureRows, **values: Any) -> int:
        caplog.clear()
        fit({**BINARY, "epochs": 60, **values}, *channels)
        return len(metrics_in(caplog, "linear-learner")["train:progress"])

    assert epochs(rows) > epochs(rows, early_stopping_tolerance=0.5) >= 4
    patient = epochs(rows, early_stopping_tolerance=0.5, early_stopping_patience=10)
    assert patient >= 11
    assert epochs(rows, early_stopping_patience=61) == 60
    chosen = {"binary_classifier_model_selection_criteria": "accuracy"}
    assert epochs(rows, test, **chosen) < epochs(rows, test)


def test_weights_of_positive_rows() -> None:
    rows, _ = held_out(load_breast_cancer)
    assert rows.label is not None
    few = np.flatnonzero((rows.label == 0) | (np.arange(len(rows)) % 12 == 0))
    data, label = data_of(rows)
    rare = dense_rows(data[few], label=label[few])
    common = {**BINARY, "num_models": 1, "epochs": 60, "early_stopping_patience": 60, "wd": 1.0}
    common["binary_classifier_model_selection_criteria"] = "loss_function"

    def positives(**values: Any) -> int:
        return int(fit({**common, **values}, rare).predict(rare)["predicted_label"].sum())

    plain = positives()
    assert plain < positives(positive_example_weight_mult=3.0)
    assert plain < positives(positive_example_weight_mult="balanced")
    assert plain > positives(positive_example_weight_mult=0.1)


def test_labels_of_one_class_are_learnt() -> None:
    rows = dense_rows(np.eye(3), label=np.ones(3))
    for weight in (1.0, "balanced", "auto"):
        engine = fit({**BINARY, "positive_example_weight_mult": weight}, rows)
        assert engine.predict(rows)["predicted_label"].tolist() == [1, 1, 1]


def test_balanced_classes() -> None:
    rows, test = held_out(load_digits)
    data, label = data_of(rows)
    kept = (label != 8) | (np.arange(len(label)) % 15 == 0)
    rare = dense_rows(data[kept], label=label[kept])
    recalls = []
    for balanced in (False, True):
        values = {"balance_multiclass_weights": balanced, "num_models": 1, "wd": 0.3}
        said = fit({**DIGITS, **values}, rare).predict(test)["predicted_label"]
        recalls.append((said[test.label == 8] == 8).mean())
    assert recalls[1] > recalls[0] + 0.1


@pytest.mark.parametrize("target", [0.7, 0.99])
def test_the_threshold_serves_the_criterion(target: float) -> None:
    rows, other = held_out(load_breast_cancer)
    criterion = "binary_classifier_model_selection_criteria"
    said = fit(
        {**BINARY, criterion: "precision_at_target_recall", "target_recall": target},
        rows,
        other,
    ).predict(other)["predicted_label"]
    assert other.label is not None
    recall = said[other.label == 1].mean()
    assert recall >= target
    assert other.label[said == 1].mean() == 1.0 or recall < target + 0.02
    said = fit(
        {**BINARY, criterion: "recall_at_target_precision", "target_precision": target},
        rows,
        other,
    ).predict(other)["predicted_label"]
    assert other.label[said == 1].mean() >= target


def test_the_threshold_is_of_so_many_rows() -> None:
    rows, other = held_out(load_breast_cancer)
    engines = [
        fit({**BINARY, "num_calibration_samples": count, "epochs": 2}, rows, other)
        for count in (5, "auto")
    ]
    assert engines[0].threshold != engines[1].threshold
    plain = {"binary_classifier_model_selection_criteria": "loss_function"}
    assert fit(BINARY | plain, rows, other).threshold == 0.0


def test_margin() -> None:
    cancer, _ = held_out(load_breast_cancer)
    common = {**BINARY, "loss": "hinge_loss", "num_models": 1}
    near, far = (fit({**common, "margin": margin}, cancer) for margin in (0.1, 5.0))
    assert np.abs(far.weights).sum() > 2 * np.abs(near.weights).sum()


def test_the_models_are_what_is_asked_for_and_near_ones() -> None:
    def models(**values: Any) -> list[tuple[float, ...]]:
        each = candidates_of(values, balanced=4.0)
        columns = each.learning_rate, each.wd, each.l1, each.positive_weight
        return list(zip(*map(np.ndarray.tolist, columns), strict=True))

    first = (0.1, 1e-4, 0.0, 1.0)
    assert models(num_models=1) == [first]
    auto = models()
    assert auto[0] == first
    assert len(set(auto)) == len(auto) == 10
    wide = candidates_of({}, balanced=4.0, size=100_000)
    assert list(wide.learning_rate) == [rate for rate, *_ in auto[:4]]
    assert len(candidates_of({"num_models": 6}, balanced=4.0, size=10**9)) == 6
    assert len(candidates_of({}, balanced=4.0, size=10**9)) == 1
    given = {"learning_rate": 0.03, "wd": 0.2, "l1": 0.0}
    assert models(**given) == [(0.03, 0.2, 0.0, 1.0)]
    near = models(**given, num_models=5)
    assert near[0] == (0.03, 0.2, 0.0, 1.0)
    assert len(set(near)) == 5
    assert {l1 for _, _, l1, _ in near} == {0.0}
    assert all(0.009 < rate < 0.1 for rate, _, _, _ in near)
    assert models(num_models=1, positive_example_weight_mult="balanced")[0][3] == 4.0
    weights = [weight for *_, weight in models(**given, positive_example_weight_mult="auto")]
    assert weights == [1.0, 4.0, 2.0]
