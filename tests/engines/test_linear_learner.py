"""The engine against the formula, cell by cell, and the artifact against what is not one."""

from __future__ import annotations

import math
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sparkml_sm.engines.artifacts import MODEL_FILE
from sparkml_sm.engines.factorization_machines import FactorizationMachinesEngine
from sparkml_sm.engines.linear_learner import LinearLearnerEngine, load
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, concat_rows, dense_rows
from tests.local.training.tables import sparse_of


def rows(count: int = 20, seed: int = 1) -> FeatureRows:
    random = np.random.default_rng(seed)
    return dense_rows(random.normal(size=(count, 4)) * random.integers(0, 2, (count, 4)))


def engine_of(
    kind: str, loss: str, outputs: int = 1, threshold: float = 0.0
) -> LinearLearnerEngine:
    random = np.random.default_rng(2)
    weights, bias = random.normal(size=(4, outputs)), random.normal(size=outputs)
    return LinearLearnerEngine(weights, bias, kind, loss, threshold)


def raw_scores(engine: LinearLearnerEngine, batch: FeatureRows) -> list[list[float]]:
    weights = engine.weights.tolist()
    return [
        [
            math.fsum([*(x * weights[i][k] for i, x in enumerate(row)), engine.bias[k]])
            for k in range(len(engine.bias))
        ]
        for row in batch.values.reshape(len(batch), 4).tolist()
    ]


def test_a_regressor_answers_a_float32(tmp_path: Path) -> None:
    engine = engine_of("regressor", "squared_loss")
    answer = engine.predict(rows())
    assert list(answer) == ["score"]
    assert answer["score"].dtype == np.float64
    expected = np.float32([row[0] for row in raw_scores(engine, rows())])
    np.testing.assert_allclose(answer["score"], expected, rtol=1e-6)
    np.testing.assert_array_equal(answer["score"], answer["score"].astype(np.float32))


@pytest.mark.parametrize("loss", ["logistic", "hinge_loss"])
def test_a_binary_classifier_answers_by_its_threshold(loss: str) -> None:
    engine = engine_of("binary_classifier", loss, threshold=0.7)
    answer = engine.predict(rows())
    raw = [row[0] for row in raw_scores(engine, rows())]
    expected = [1 / (1 + math.exp(-each)) if loss == "logistic" else each for each in raw]
    np.testing.assert_allclose(answer["score"], expected, rtol=1e-6)
    assert answer["predicted_label"].tolist() == [int(each >= 0.7) for each in raw]
    assert 0 < sum(answer["predicted_label"]) < len(rows())


def test_a_multiclass_classifier_answers_probabilities() -> None:
    engine = engine_of("multiclass_classifier", "softmax_loss", outputs=3)
    answer = engine.predict(rows())
    for score, label, raw in zip(
        answer["score"], answer["predicted_label"], raw_scores(engine, rows()), strict=True
    ):
        powers = [math.exp(each) for each in raw]
        np.testing.assert_allclose(score, np.array(powers) / sum(powers), rtol=1e-5)
        assert label == max(range(3), key=raw.__getitem__)


@pytest.mark.parametrize("outputs", [1, 3])
def test_sparse_and_mixed_rows_score_like_dense_ones(outputs: int) -> None:
    kind = "regressor" if outputs == 1 else "multiclass_classifier"
    engine = engine_of(kind, "squared_loss", outputs)
    dense, sparse = rows(), sparse_of(rows())
    expected = engine.predict(dense)["score"]
    np.testing.assert_allclose(engine.predict(sparse)["score"], expected, rtol=1e-6)
    mixed = engine.predict(concat_rows([dense, sparse]))["score"]
    np.testing.assert_allclose(mixed, np.concatenate([expected, expected]), rtol=1e-6)


@pytest.mark.parametrize(("kind", "outputs"), [("regressor", 1), ("multiclass_classifier", 3)])
def test_no_rows_give_no_answers(kind: str, outputs: int) -> None:
    answer = engine_of(kind, "squared_loss", outputs).predict(rows(0))
    assert answer["score"].shape == ((0,) if outputs == 1 else (0, 3))


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="have 5 features, and the model was trained with 4"):
        engine_of("regressor", "squared_loss").predict(dense_rows(np.zeros((1, 5))))


def test_extreme_scores_do_not_overflow() -> None:
    engine = engine_of("binary_classifier", "logistic")
    answer = engine.predict(dense_rows(engine.weights.T * [[1e4], [-1e4]]))
    assert answer["score"].tolist() == [1.0, 0.0]
    many = engine_of("multiclass_classifier", "softmax_loss", outputs=3)
    score = many.predict(dense_rows(many.weights.T * 1e4))["score"]
    np.testing.assert_array_equal(np.sort(score), [[0.0, 0.0, 1.0]] * 3)


def test_an_artifact_is_read_as_it_was_written(tmp_path: Path) -> None:
    engine = engine_of("binary_classifier", "hinge_loss", threshold=-0.25)
    (tmp_path / MODEL_FILE).write_bytes(engine.to_bytes())
    again = load(tmp_path)
    np.testing.assert_array_equal(again.weights, engine.weights)
    np.testing.assert_array_equal(again.bias, engine.bias)
    assert again.features == 4
    assert (again.predictor_type, again.loss, again.threshold) == (
        "binary_classifier",
        "hinge_loss",
        -0.25,
    )


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return print, ("run",)


def as_aws_writes_it(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mx-mod-symbol.json", "{}")


def pickled(path: Path) -> None:
    np.savez(path.with_suffix(".npz"), description=np.array([Evil()], dtype=object))
    path.with_suffix(".npz").rename(path)


def an_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


@pytest.mark.parametrize(
    "write",
    [
        as_aws_writes_it,
        pickled,
        lambda path: path.write_bytes(b"no archive"),
        lambda path: path.write_bytes(pickle.dumps(Evil())),
        lambda path: path.write_bytes(b""),
        an_array,
    ],
    ids=["of AWS", "objects", "text", "pickle", "empty", "an array"],
)
def test_what_is_no_artifact_of_ours_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], write: object
) -> None:
    assert callable(write)
    write(tmp_path / MODEL_FILE)
    with pytest.raises(ConfigurationError, match="no linear-learner model that the local"):
        load(tmp_path)
    assert "run" not in capsys.readouterr().out


def test_the_artifact_of_another_algorithm_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"expected the file {MODEL_FILE}"):
        load(tmp_path)
    other = FactorizationMachinesEngine(np.zeros(1), np.zeros(2), np.zeros((2, 1)), "regressor")
    (tmp_path / MODEL_FILE).write_bytes(other.to_bytes())
    with pytest.raises(ConfigurationError, match="model of factorization-machines, not of linear"):
        load(tmp_path)
