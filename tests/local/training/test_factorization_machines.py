"""Factorization machines on real data and on data that only pairs of features explain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from sparkml_sm.engines.factorization_machines import load
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, dense_rows, slice_rows
from sparkml_sm.local.training.factorization_machines import fit, train
from tests.local.training.tables import (
    accuracy,
    context_of,
    data_of,
    held_out,
    metrics_in,
    r2,
    sparse_of,
)

BINARY: dict[str, Any] = {"predictor_type": "binary_classifier", "num_factors": 4}
REGRESSOR: dict[str, Any] = {"predictor_type": "regressor", "num_factors": 4}

#: What learns pairs in a few epochs.
QUICK: dict[str, Any] = {
    "epochs": 15,
    "mini_batch_size": 100,
    "factors_lr": 0.05,
    "factors_init_sigma": 0.1,
}


def either_but_not_both(count: int = 2000) -> FeatureRows:
    """Six yes-or-no questions, a feature an answer; the label says whether two answers differ."""
    answers = np.random.default_rng(9).integers(0, 2, (count, 6))
    data = np.hstack([answers, 1 - answers]).astype(np.float64)
    return dense_rows(data, label=(answers[:, 1] != answers[:, 4]).astype(np.float64))


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_pairs_are_learnt_that_no_linear_model_sees(sparse: bool) -> None:
    rows = either_but_not_both()
    linear = LogisticRegression().fit(*data_of(rows)).score(*data_of(rows))
    rows = sparse_of(rows) if sparse else rows
    learnt, test = slice_rows(rows, 0, 1500), slice_rows(rows, 1500, 2000)
    assert linear < 0.6
    assert accuracy(fit(BINARY | QUICK, learnt), test) > 0.99


def test_ratings_of_pairs_are_learnt() -> None:
    """Who and what are a feature each; the rating is how well their hidden tastes agree."""
    random = np.random.default_rng(10)
    who, what = random.integers(0, 30, 4000), random.integers(0, 20, 4000)
    tastes, kinds = random.normal(size=(30, 2)), random.normal(size=(20, 2))
    data = np.zeros((4000, 50))
    data[np.arange(4000), who] = data[np.arange(4000), 30 + what] = 1.0
    rows = sparse_of(dense_rows(data, label=(tastes[who] * kinds[what]).sum(axis=1)))
    learnt, test = slice_rows(rows, 0, 3000), slice_rows(rows, 3000, 4000)
    linear = Ridge().fit(data[:3000], learnt.label).score(data[3000:], test.label)
    engine = fit(REGRESSOR | QUICK | {"epochs": 60}, learnt)
    assert linear < 0.3
    assert r2(engine, test) > 0.95


def test_the_services_own_rates_learn_digits() -> None:
    rows, test = held_out(load_digits)
    data, label = zip(*map(data_of, (rows, test)), strict=True)
    label = [(each == 8).astype(np.float64) for each in label]
    witness = LogisticRegression(max_iter=200).fit(data[0] / 16, label[0])
    engine = fit(
        BINARY | {"epochs": 40, "mini_batch_size": 100}, dense_rows(data[0], label=label[0])
    )
    found = accuracy(engine, dense_rows(data[1], label=label[1]))
    assert found > witness.score(data[1] / 16, label[1]) - 0.02
    assert found > 1 - label[1].mean()


@pytest.mark.parametrize(
    ("load_data", "values"), [(load_breast_cancer, BINARY), (load_diabetes, REGRESSOR)]
)
def test_quality_on_real_data(load_data: Any, values: dict[str, Any]) -> None:
    rows, test = held_out(load_data)
    scaler = StandardScaler().fit(data_of(rows)[0])
    rows, test = (
        dense_rows(scaler.transform(data_of(each)[0]), label=each.label) for each in (rows, test)
    )
    how = {"epochs": 100, "mini_batch_size": 50, "bias_lr": 1.0, "linear_lr": 0.1}
    engine = fit(values | how | {"factors_lr": 0.001, "factors_wd": 0.1}, rows)
    if values is BINARY:
        witness = LogisticRegression().fit(*data_of(rows)).score(*data_of(test))
        assert accuracy(engine, test) > witness - 0.03
    else:
        assert r2(engine, test) > Ridge().fit(*data_of(rows)).score(*data_of(test)) - 0.05


@pytest.mark.parametrize(
    "change",
    [
        {"num_factors": 5},
        {"mini_batch_size": 50},
        {"epochs": 3},
        {"clip_gradient": 1e-4},
        {"eps": 0.1},
        {"rescale_grad": 0.5},
        *({f"{term}_lr": 0.5} for term in ("bias", "linear", "factors")),
        *({f"{term}_wd": 0.5} for term in ("bias", "linear", "factors")),
        *({f"{term}_init_sigma": 0.3} for term in ("bias", "linear", "factors")),
        *({f"{term}_init_method": "uniform"} for term in ("bias", "linear", "factors")),
        *({f"{term}_init_method": "constant"} for term in ("bias", "linear", "factors")),
        *(
            {f"{term}_init_method": "uniform", f"{term}_init_scale": 0.5}
            for term in ("bias", "linear", "factors")
        ),
        *(
            {f"{term}_init_method": "constant", f"{term}_init_value": 0.5}
            for term in ("bias", "linear", "factors")
        ),
    ],
    ids=lambda change: ",".join(f"{name}={value}" for name, value in change.items()),
)
def test_each_hyperparameter_changes_the_model(change: dict[str, Any]) -> None:
    rows = slice_rows(either_but_not_both(), 0, 200)
    common = {**BINARY, "epochs": 2, "mini_batch_size": 40, "clip_gradient": 0.05}
    plain, changed, again = (fit(each, rows) for each in (common, *[{**common, **change}] * 2))
    assert not np.array_equal(plain.raw_scores(rows), changed.raw_scores(rows))
    np.testing.assert_array_equal(changed.raw_scores(rows), again.raw_scores(rows))


def test_a_mean_gradient_is_a_sum_that_is_rescaled() -> None:
    rows = slice_rows(either_but_not_both(), 0, 200)
    common = {**BINARY, "epochs": 2, "mini_batch_size": 40}
    mean, rescaled = fit(common, rows), fit({**common, "rescale_grad": 1 / 40}, rows)
    np.testing.assert_allclose(mean.raw_scores(rows), rescaled.raw_scores(rows))


def test_features_that_no_row_has_stay_as_they_began() -> None:
    rows = sparse_of(either_but_not_both(200))
    wider = FeatureRows(
        1_000_000,
        rows.values,
        rows.value_offsets,
        rows.indices,
        rows.index_offsets,
        rows.dense,
        rows.label,
    )
    values = {**BINARY, "num_factors": 1, "linear_init_method": "constant", "linear_wd": 0.5}
    engine = fit({**values, "mini_batch_size": 50}, wider)
    assert (engine.linear[12:] == 0.0).all()
    assert (engine.linear[:12] != 0.0).all()


def test_where_weights_become_infinite_the_job_fails() -> None:
    rows, _ = held_out(load_diabetes)
    with pytest.raises(ConfigurationError, match=r"did not converge: .* scale the features"):
        fit({**REGRESSOR, "factors_lr": 1e200, "epochs": 5, "mini_batch_size": 50}, rows)


def test_a_job(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = sparse_of(either_but_not_both())
    learnt, test = slice_rows(rows, 0, 1500), slice_rows(rows, 1500, 2000)
    caplog.set_level("INFO")
    texts = {name: str(value) for name, value in (BINARY | QUICK).items()}
    context = context_of(tmp_path, {**texts, "feature_dim": "12"}, train=learnt, test=test)
    train(context)
    found = metrics_in(caplog, "factorization-machines")
    assert found["test:binary_classification_accuracy"] == [accuracy(load(context.modelDir), test)]
    assert found["test:binary_f_beta"][0] > 0.98
    assert 0 < found["test:binary_classification_cross_entropy"][0] < 0.1
    assert len(found["train:throughput"]) == 15
    assert found["train:progress"][-1] == 100.0
    assert "epoch=14, train binary_classification_cross_entropy <loss>=" in caplog.text


def test_a_job_of_a_regressor(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows, test = held_out(load_diabetes)
    caplog.set_level("INFO")
    texts = {name: str(value) for name, value in (REGRESSOR | QUICK).items()}
    context = context_of(tmp_path, {**texts, "feature_dim": "10"}, train=rows, test=test)
    train(context)
    error = load(context.modelDir).predict(test)["score"] - test.label
    rmse = metrics_in(caplog, "factorization-machines")["test:rmse"]
    assert rmse == [pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)]


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"predictor_type": "multiclass_classifier"}, "set it to one of binary_classifier, regr"),
        ({"predictor_type": "regressor", "feature_dim": "12"}, "`num_factors` is required"),
        (
            {"predictor_type": "regressor", "num_factors": "2", "feature_dim": "9"},
            "have 12 features, and feature_dim is 9",
        ),
    ],
)
def test_wrong_hyperparameters_are_the_users(
    tmp_path: Path, texts: dict[str, str], reason: str
) -> None:
    with pytest.raises((ConfigurationError, InvalidDataError), match=reason):
        train(context_of(tmp_path, texts, train=either_but_not_both(10)))


def test_csv_and_labels_of_three_classes_are_refused(tmp_path: Path) -> None:
    texts = {"predictor_type": "binary_classifier", "num_factors": "2", "feature_dim": "12"}
    rows = either_but_not_both(3)
    with pytest.raises(ConfigurationError, match="'text/csv' of channel train is not read"):
        train(context_of(tmp_path / "csv", texts, "csv", train=rows))
    three = dense_rows(data_of(rows)[0], label=np.array([0.0, 1.0, 2.0]))
    with pytest.raises(InvalidDataError, match="row 2 of channel train has the label 2"):
        train(context_of(tmp_path / "labels", texts, train=three))
