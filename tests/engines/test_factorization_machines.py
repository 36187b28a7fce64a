"""The engine against the sum over all pairs of features."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from sparkml_sm.engines.artifacts import MODEL_FILE
from sparkml_sm.engines.factorization_machines import FactorizationMachinesEngine, load
from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, concat_rows, dense_rows
from tests.local.training.tables import sparse_of


def rows(count: int = 15) -> FeatureRows:
    random = np.random.default_rng(6)
    return dense_rows(random.normal(size=(count, 7)) * random.integers(0, 2, (count, 7)))


def engine_of(kind: str) -> FactorizationMachinesEngine:
    random = np.random.default_rng(7)
    return FactorizationMachinesEngine(
        random.normal(size=1), random.normal(size=7), random.normal(size=(7, 3)), kind
    )


def by_all_pairs(engine: FactorizationMachinesEngine, row: list[float]) -> float:
    terms = [float(engine.bias[0]), *(w * x for w, x in zip(engine.linear, row, strict=True))]
    for (i, x), (j, z) in itertools.combinations(enumerate(row), 2):
        terms.append(float(engine.factors[i] @ engine.factors[j]) * x * z)
    return math.fsum(terms)


@pytest.mark.parametrize("kind", ["regressor", "binary_classifier"])
def test_scores_are_those_of_all_pairs(kind: str) -> None:
    engine, batch = engine_of(kind), rows()
    expected = [by_all_pairs(engine, row) for row in batch.values.reshape(len(batch), 7).tolist()]
    np.testing.assert_allclose(engine.raw_scores(batch), expected, rtol=1e-12, atol=1e-12)
    answer = engine.predict(batch)
    if kind == "regressor":
        assert list(answer) == ["score"]
    else:
        assert answer["predicted_label"].tolist() == [int(each >= 0) for each in expected]
        expected = [1 / (1 + math.exp(-each)) for each in expected]
    np.testing.assert_allclose(answer["score"], np.float32(expected), rtol=1e-6)
    np.testing.assert_array_equal(answer["score"], answer["score"].astype(np.float32))


def test_sparse_and_mixed_rows_score_like_dense_ones() -> None:
    engine, dense, sparse = engine_of("regressor"), rows(), sparse_of(rows())
    expected = engine.raw_scores(dense)
    np.testing.assert_allclose(engine.raw_scores(sparse), expected)
    mixed = engine.raw_scores(concat_rows([sparse, dense]))
    np.testing.assert_allclose(mixed, np.concatenate([expected, expected]))


def test_a_feature_has_no_pair_with_itself() -> None:
    engine = engine_of("regressor")
    row = np.zeros((1, 7))
    row[0, 2] = 3.0
    assert engine.raw_scores(dense_rows(row))[0] == pytest.approx(
        engine.bias[0] + 3.0 * engine.linear[2]
    )


def test_an_artifact_is_read_as_it_was_written(tmp_path: Path) -> None:
    engine = engine_of("binary_classifier")
    (tmp_path / MODEL_FILE).write_bytes(engine.to_bytes())
    again = load(tmp_path)
    assert (again.features, again.predictor_type) == (7, "binary_classifier")
    np.testing.assert_array_equal(again.raw_scores(rows()), engine.raw_scores(rows()))


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="have 2 features, and the model was trained with 7"):
        engine_of("regressor").predict(dense_rows(np.zeros((1, 2))))
