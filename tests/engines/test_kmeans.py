"""The engine against distances that scipy computes, and a file that MXNet wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sparkml_sm.engines.kmeans import KMeansEngine, load
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, concat_rows, dense_rows
from tests.formats.mxnet_files import LIST, TWO
from tests.local.training.tables import sparse_of


def rows(count: int = 60, width: int = 5, seed: int = 3) -> FeatureRows:
    random = np.random.default_rng(seed)
    return dense_rows(random.normal(size=(count, width)) * random.integers(0, 2, (count, width)))


def matrix(batch: FeatureRows) -> np.ndarray:
    return batch.values.reshape(len(batch), batch.width)


@pytest.mark.parametrize("kind", ["dense", "sparse", "mixed"])
def test_the_nearest_center_and_its_distance(kind: str) -> None:
    batch, centers = rows(), matrix(rows(7, seed=4))
    apart = cdist(matrix(batch), centers)
    given = {
        "dense": batch,
        "sparse": sparse_of(batch),
        "mixed": concat_rows([batch, sparse_of(batch)]),
    }[kind]
    answers = KMeansEngine(centers).predict(given)
    assert list(answers) == ["closest_cluster", "distance_to_cluster"]
    times = len(given) // len(batch)
    assert answers["closest_cluster"].tolist() == apart.argmin(axis=1).tolist() * times
    np.testing.assert_allclose(
        answers["distance_to_cluster"], np.tile(apart.min(axis=1), times), rtol=1e-6, atol=1e-7
    )


def test_answers_are_32_bit_floats() -> None:
    distances = KMeansEngine(matrix(rows(3, seed=4))).predict(rows())["distance_to_cluster"]
    np.testing.assert_array_equal(distances, distances.astype(np.float32))


def test_of_equally_near_centers_the_first_is_meant() -> None:
    engine = KMeansEngine(np.array([[2.0], [1.0], [-1.0], [1.0]]))
    answers = engine.predict(dense_rows(np.array([[0.0], [1.0]])))
    assert answers["closest_cluster"].tolist() == [1.0, 1.0]
    assert answers["distance_to_cluster"].tolist() == [1.0, 0.0]


def test_no_rows_have_no_answers() -> None:
    answers = KMeansEngine(np.ones((2, 3))).predict(dense_rows(np.empty((0, 3))))
    assert [each.shape for each in answers.values()] == [(0,), (0,)]


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="5 features, and the model was trained with 3"):
        KMeansEngine(np.ones((2, 3))).predict(rows())


def test_a_file_of_mxnet_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "model_algo-1").write_bytes(LIST)
    engine = load(tmp_path)
    assert engine.centers.tolist() == [[1.5, -2.0, 0.25], [3.0, 4.0, 5.0]]
    assert engine.features == 3


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected the file model_algo-1"):
        load(tmp_path)
    (tmp_path / "model_algo-1").write_bytes(b"PK\x03\x04")
    with pytest.raises(ConfigurationError, match="no model that can be read"):
        load(tmp_path)
    (tmp_path / "model_algo-1").write_bytes(TWO)
    with pytest.raises(ConfigurationError, match="holds no KMeans model"):
        load(tmp_path)
