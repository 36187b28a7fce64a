"""PCA against the singular value decomposition, on real data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine

from sparkml_sm.engines.pca import load
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats import ndarray
from sparkml_sm.formats.rows import FeatureRows, dense_rows
from sparkml_sm.local.training import pca
from sparkml_sm.local.training.contract import TrainingContext
from sparkml_sm.local.training.pca import train
from tests.local.training.tables import context_of, held_out, metrics_in, sparse_of

TRAIN, TEST = held_out(load_digits)
DIGITS = {"feature_dim": "64", "num_components": "8", "mini_batch_size": "500"}
RANDOMIZED = {**DIGITS, "algorithm_mode": "randomized"}


def matrix(rows: FeatureRows) -> np.ndarray:
    return rows.values.reshape(len(rows), rows.width)


def arrays_of(context: TrainingContext) -> dict[str, np.ndarray]:
    arrays = ndarray.decode((context.modelDir / "model_algo-1").read_bytes())
    assert isinstance(arrays, dict)
    return arrays


def trained(base: Path, values: dict[str, str], rows: FeatureRows = TRAIN) -> dict[str, np.ndarray]:
    context = context_of(base, values, train=rows)
    train(context)
    return arrays_of(context)


@pytest.mark.parametrize("values", [DIGITS, RANDOMIZED], ids=["regular", "randomized"])
@pytest.mark.parametrize("centered", ["True", "False"])
@pytest.mark.parametrize("sparse", [False, True])
def test_the_components_are_the_singular_vectors(
    tmp_path: Path, values: dict[str, str], centered: str, sparse: bool
) -> None:
    rows = sparse_of(TRAIN) if sparse else TRAIN
    arrays = trained(tmp_path, {**values, "subtract_mean": centered}, rows)
    data = matrix(TRAIN)
    if centered == "True":
        data = data - data.mean(axis=0)
    _, singular, right = np.linalg.svd(data, full_matrices=False)
    # The least important first.
    np.testing.assert_allclose(arrays["s"], singular[:8][::-1], rtol=1e-5)
    aligned = np.abs((arrays["v"] * right[:8][::-1].T).sum(axis=0))
    np.testing.assert_allclose(aligned, 1, atol=1e-4)


def test_the_artifact_is_aws_s(tmp_path: Path) -> None:
    arrays = trained(tmp_path, DIGITS)
    assert {name: array.shape for name, array in arrays.items()} == {
        "mean": (1, 64),
        "v": (64, 8),
        "s": (8,),
    }
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(arrays["mean"][0], matrix(TRAIN).mean(axis=0), rtol=1e-6)


def test_without_the_mean_the_artifact_has_none(tmp_path: Path) -> None:
    assert trained(tmp_path, {**DIGITS, "subtract_mean": "false"}).keys() == {"v", "s"}


def test_the_engine_projects_on_what_was_trained(tmp_path: Path) -> None:
    context = context_of(tmp_path, DIGITS, train=TRAIN)
    train(context)
    projected = load(context.modelDir).predict(TRAIN)["projection"]
    centered = matrix(TRAIN) - matrix(TRAIN).mean(axis=0)
    left, singular, _ = np.linalg.svd(centered, full_matrices=False)
    expected = np.abs(left[:, :8] * singular[:8])[:, ::-1]
    np.testing.assert_allclose(np.abs(projected), expected, atol=1e-2)


def test_both_modes_turn_a_component_the_same_way(tmp_path: Path) -> None:
    regular, randomized = trained(tmp_path / "a", DIGITS), trained(tmp_path / "b", RANDOMIZED)
    np.testing.assert_allclose(regular["v"], randomized["v"], atol=1e-3)


def test_many_features_are_sketched_and_said_to_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    randomized = trained(tmp_path / "randomized", RANDOMIZED)
    assert "too large" not in caplog.text
    monkeypatch.setattr(pca, "_MOST_FEATURES", 63)
    np.testing.assert_array_equal(trained(tmp_path / "wide", DIGITS)["v"], randomized["v"])
    assert "the covariance of 64 features is too large" in caplog.text


def test_extra_components_make_a_sketch_better(tmp_path: Path) -> None:
    exact = trained(tmp_path / "exact", DIGITS)["s"]
    errors = [
        np.abs(trained(tmp_path / extra, {**RANDOMIZED, "extra_components": extra})["s"] - exact)
        for extra in ("1", "30")
    ]
    assert errors[1].sum() <= errors[0].sum()
    assert trained(tmp_path / "all", {**RANDOMIZED, "extra_components": "500"})["s"].shape == (8,)


def test_the_test_channel_is_scored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    train(context_of(tmp_path, DIGITS, train=TRAIN, test=sparse_of(TEST)))
    data = matrix(TEST) - matrix(TRAIN).mean(axis=0)
    vectors = np.linalg.svd(matrix(TRAIN) - matrix(TRAIN).mean(axis=0))[2][:8]
    share = ((data @ vectors.T) ** 2).sum() / (data**2).sum()
    assert f"hold {share:.3f}" in caplog.text
    assert metrics_in(caplog, "pca")["train:progress"] == [100]


@pytest.mark.parametrize("values", [DIGITS, RANDOMIZED], ids=["regular", "randomized"])
def test_more_components_than_there_are_is_refused(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="`num_components` is 65, more than the 64"):
        trained(tmp_path / "wide", {**values, "num_components": "65"})
    few = dense_rows(matrix(TRAIN)[:5])
    with pytest.raises(ConfigurationError, match="more than the 5"):
        trained(tmp_path / "few", values, few)


def test_large_means_do_not_swallow_small_variances(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    # What a 32-bit float can tell apart, far from zero.
    data = 2.0**20 + random.integers(-4, 5, (200, 3)) * np.array([1.0, 4.0, 0.25])
    values = {"feature_dim": "3", "num_components": "3", "mini_batch_size": "10"}
    singular = np.linalg.svd(data - data.mean(axis=0))[1]
    for mode in ("regular", "randomized"):
        arrays = trained(tmp_path / mode, {**values, "algorithm_mode": mode}, dense_rows(data))
        np.testing.assert_allclose(arrays["s"], singular[::-1], rtol=1e-5)


def test_all_components_span_the_data(tmp_path: Path) -> None:
    data, _ = load_wine(return_X_y=True)
    values = {"feature_dim": "13", "num_components": "13", "mini_batch_size": "10"}
    vectors = trained(tmp_path, values, dense_rows(data))["v"].astype(np.float64)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(13), atol=1e-5)
