"""The engine against the formula, cell by cell, and a file that MXNet wrote."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sparkml_sm.engines.pca import PCAEngine, load
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats import ndarray
from sparkml_sm.formats.rows import FeatureRows, concat_rows, dense_rows
from tests.formats.mxnet_files import DICT, LIST
from tests.local.training.tables import sparse_of


def rows(count: int = 30, seed: int = 5) -> FeatureRows:
    random = np.random.default_rng(seed)
    return dense_rows(random.normal(size=(count, 4)) * random.integers(0, 2, (count, 4)))


@pytest.mark.parametrize("kind", ["dense", "sparse", "mixed"])
def test_a_projection_is_the_row_less_the_mean_times_the_components(kind: str) -> None:
    random = np.random.default_rng(6)
    batch, components, mean = rows(), random.normal(size=(4, 3)), random.normal(size=4)
    given = {
        "dense": batch,
        "sparse": sparse_of(batch),
        "mixed": concat_rows([sparse_of(batch), batch]),
    }[kind]
    projected = PCAEngine(components, mean).predict(given)["projection"]
    expected = [
        [
            math.fsum((x - m) * v for x, m, v in zip(row, mean, column, strict=True))
            for column in components.T
        ]
        for row in batch.values.reshape(-1, 4).tolist()
    ] * (len(given) // len(batch))
    np.testing.assert_allclose(projected, expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(projected, projected.astype(np.float32))


def test_no_rows_have_no_answers() -> None:
    engine = PCAEngine(np.ones((4, 3)), np.zeros(4))
    assert engine.predict(dense_rows(np.empty((0, 4))))["projection"].shape == (0, 3)


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="4 features, and the model was trained with 2"):
        PCAEngine(np.ones((2, 1)), np.zeros(2)).predict(rows())


def test_a_file_of_mxnet_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "model_algo-1").write_bytes(DICT)
    engine = load(tmp_path)
    assert (engine.mean.tolist(), engine.components.tolist()) == ([1.0, 2.0], [[0.5], [0.75]])
    assert engine.predict(dense_rows(np.array([[3.0, 4.0]])))["projection"].tolist() == [[2.5]]


def test_a_model_without_a_mean_subtracts_nothing(tmp_path: Path) -> None:
    content = ndarray.encode({"v": np.array([[0.5], [0.75]]), "s": np.array([9.0])})
    (tmp_path / "model_algo-1").write_bytes(content)
    answers = load(tmp_path).predict(dense_rows(np.array([[3.0, 4.0]])))
    assert answers["projection"].tolist() == [[4.5]]


@pytest.mark.parametrize(
    "content",
    [
        LIST,
        ndarray.encode({"v": np.ones((3, 2)), "mean": np.ones((1, 2))}),
        ndarray.encode({"v": np.ones(3)}),
    ],
)
def test_another_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model_algo-1").write_bytes(content)
    with pytest.raises(ConfigurationError, match="holds no PCA model"):
        load(tmp_path)
