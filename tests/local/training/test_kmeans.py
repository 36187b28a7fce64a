"""KMeans against scikit-learn on real data, and what each hyperparameter does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_wine

from sparkml_sm.engines.kmeans import KMeansEngine, load
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats import ndarray
from sparkml_sm.formats.rows import FeatureRows, dense_rows
from sparkml_sm.local.training.kmeans import train
from tests.local.training.tables import context_of, held_out, metrics_in, sparse_of

TRAIN, TEST = held_out(load_wine)
WINE = {"feature_dim": "13", "k": "3"}


def trained(base: Path, hyperparameters: dict[str, str], rows: FeatureRows = TRAIN) -> KMeansEngine:
    context = context_of(base, hyperparameters, train=rows)
    train(context)
    return load(context.modelDir)


def inertia(engine: KMeansEngine, rows: FeatureRows) -> float:
    return float((engine.predict(rows)["distance_to_cluster"] ** 2).sum())


@pytest.mark.parametrize(
    ("dataset", "k", "more"),
    [
        (load_digits, 10, {}),
        (load_digits, 10, {"mini_batch_size": "300", "init_method": "kmeans++"}),
        (load_wine, 3, {}),
        (load_wine, 3, {"mini_batch_size": "40", "epochs": "4", "half_life_time_size": "100"}),
    ],
)
def test_clusters_are_as_tight_as_the_best_of_scikit_learn(
    tmp_path: Path, dataset: Any, k: int, more: dict[str, str]
) -> None:
    data, _ = dataset(return_X_y=True)
    best = KMeans(k, n_init=10, random_state=0).fit(data).inertia_
    hyperparameters = {"feature_dim": str(data.shape[1]), "k": str(k), **more}
    engine = trained(tmp_path, hyperparameters, dense_rows(data))
    assert inertia(engine, dense_rows(data)) <= 1.05 * best


def test_the_artifact_is_aws_s(tmp_path: Path) -> None:
    context = context_of(tmp_path, WINE, train=TRAIN)
    train(context)
    assert [path.name for path in context.modelDir.iterdir()] == ["model_algo-1"]
    (centers,) = ndarray.decode((context.modelDir / "model_algo-1").read_bytes())
    assert (centers.shape, centers.dtype) == ((3, 13), np.float32)


def test_csv_and_sparse_rows_give_the_same_centers(tmp_path: Path) -> None:
    data, label = load_digits(return_X_y=True)
    rows = dense_rows(data[:400], label=label[:400].astype(np.float64))
    values = {"feature_dim": "64", "k": "5"}
    centers = []
    for kind, given in (("recordio", rows), ("recordio", sparse_of(rows)), ("csv", rows)):
        context = context_of(tmp_path / str(len(centers)), values, kind, train=given)
        train(context)
        centers.append(load(context.modelDir).centers)
    np.testing.assert_allclose(centers[1], centers[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(centers[2], centers[0])


def test_metrics_are_found_by_sagemaker_s_patterns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    context = context_of(
        tmp_path, {**WINE, "eval_metrics": '["msd","ssd"]', "epochs": "2"}, train=TRAIN, test=TEST
    )
    train(context)
    engine = load(context.modelDir)
    metrics = metrics_in(caplog, "kmeans")
    assert metrics["train:progress"] == [50, 100]
    assert metrics["train:msd"] == pytest.approx([inertia(engine, TRAIN) / len(TRAIN)], rel=1e-4)
    assert metrics["test:msd"] == pytest.approx([inertia(engine, TEST) / len(TEST)], rel=1e-4)
    assert metrics["test:ssd"] == pytest.approx([inertia(engine, TEST)], rel=1e-4)
    assert "#metrics {" in caplog.text
    assert "shrinking 30 centers into 3" in caplog.text


def test_the_mean_alone_is_logged_unless_more_is_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    train(context_of(tmp_path, WINE, train=TRAIN, test=TEST))
    assert {"test:msd", "test:ssd"} & metrics_in(caplog, "kmeans").keys() == {"test:msd"}


def test_hyperparameters_steer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    plain = trained(tmp_path / "plain", WINE).centers
    for name, value in {
        "extra_center_factor": "2",
        "init_method": "kmeans++",
        "mini_batch_size": "20",
        "local_lloyd_max_iter": "1",
        "local_lloyd_num_trials": "1",
        "local_lloyd_init_method": "random",
    }.items():
        other = trained(tmp_path / name, {**WINE, name: value}).centers
        assert other.shape == plain.shape
        if name != "local_lloyd_init_method":
            assert not np.array_equal(other, plain), name
    assert "shrinking 6 centers into 3" in caplog.text


def test_half_life_forgets_the_first_rows(tmp_path: Path) -> None:
    # One center a cluster and one epoch: what came late counts more where old rows fade.
    values = {"feature_dim": "13", "k": "2", "mini_batch_size": "10"}
    plain = trained(tmp_path / "plain", values).centers
    fading = trained(tmp_path / "fading", {**values, "half_life_time_size": "10"}).centers
    assert not np.allclose(fading, plain)


def test_two_jobs_give_one_model(tmp_path: Path) -> None:
    one, other = (trained(tmp_path / name, WINE).centers for name in "ab")
    np.testing.assert_array_equal(one, other)


def test_more_clusters_than_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="133 rows, too few for 200 clusters"):
        trained(tmp_path / "many", {**WINE, "k": "200"})
    same = dense_rows(np.ones((20, 2)))
    with pytest.raises(ConfigurationError, match="fewer than 3 different rows"):
        trained(tmp_path / "same", {"feature_dim": "2", "k": "3"}, same)


def test_infinity_in_a_row_is_refused(tmp_path: Path) -> None:
    data = np.ones((5, 2))
    data[3, 1] = np.inf
    with pytest.raises(InvalidDataError, match="row 3 of channel train"):
        trained(tmp_path, {"feature_dim": "2", "k": "2"}, dense_rows(data))
