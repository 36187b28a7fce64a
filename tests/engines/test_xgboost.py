"""The engine against `Booster.predict` on a DMatrix that is built by other means."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import xgboost
from scipy.sparse import csr_matrix

from sparkml_sm.engines.xgboost import FeatureCountError, XGBoostEngine, load, matrix
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats.rows import FeatureRows

WIDTH = 6


def feature_rows(rows: list[list[float] | dict[int, float]], width: int = WIDTH) -> FeatureRows:
    """A list is a dense row, a dict a sparse one."""
    values, indices, value_counts, index_counts = [], [], [], []
    for row in rows:
        numbers = list(row.values()) if isinstance(row, dict) else row
        positions = list(row) if isinstance(row, dict) else []
        values.extend(numbers)
        indices.extend(positions)
        value_counts.append(len(numbers))
        index_counts.append(len(positions))
    return FeatureRows(
        width=width,
        values=np.array(values, dtype=np.float64),
        value_offsets=np.concatenate([[0], np.cumsum(value_counts)]).astype(np.int64),
        indices=np.array(indices, dtype=np.int32),
        index_offsets=np.concatenate([[0], np.cumsum(index_counts)]).astype(np.int64),
        dense=np.array([not isinstance(row, dict) for row in rows]),
    )


def witness(rows: list[list[float] | dict[int, float]], width: int = WIDTH) -> np.ndarray:
    """The rows with NaN for what is absent, cell by cell."""
    full = np.full((len(rows), width), np.nan)
    for number, row in enumerate(rows):
        for position, value in row.items() if isinstance(row, dict) else enumerate(row):
            full[number, position] = value
    return full


@pytest.fixture(scope="module")
def random_rows() -> list[list[float] | dict[int, float]]:
    random = np.random.default_rng(7)
    dense = random.normal(size=(400, WIDTH)) * random.integers(0, 2, (400, WIDTH))
    dense[random.random((400, WIDTH)) < 0.1] = np.nan
    kept = random.random((400, WIDTH)) < 0.5
    return [
        [*row] if number % 3 else {i: v for i, v in enumerate(row) if kept[number, i]}
        for number, row in enumerate(dense)
    ]


def train(
    rows: list[list[float] | dict[int, float]], seed: int = 0, **parameters: object
) -> xgboost.Booster:
    data = witness(rows)
    label = (np.nan_to_num(data[:, 0], nan=-0.5) > 0).astype(float) + np.isnan(data[:, 1])
    label = label if parameters.get("num_class") else np.minimum(label, 1)
    if parameters.get("booster") != "gblinear":
        parameters = {"subsample": 0.7, **parameters}
    parameters = {"objective": "binary:logistic", "seed": seed, **parameters}
    return xgboost.train(parameters, xgboost.DMatrix(data, label), num_boost_round=8)


def saved(folder: Path, *boosters: xgboost.Booster) -> XGBoostEngine:
    for number, booster in enumerate(boosters):
        name = "xgboost-model" if len(boosters) == 1 else f"xgboost-model-{number}"
        (folder / name).write_bytes(booster.save_raw("ubj"))
    return load(folder)


@pytest.mark.parametrize("kinds", ["dense", "sparse", "mixed"])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"objective": "reg:squarederror"},
        {"objective": "multi:softprob", "num_class": 3},
        {"objective": "multi:softmax", "num_class": 3},
        {"booster": "dart", "rate_drop": 0.3},
        {"booster": "gblinear", "updater": "coord_descent"},
    ],
    ids=lambda parameters: "-".join(map(str, parameters.values())) or "binary:logistic",
)
def test_predicts_what_the_library_predicts(
    tmp_path: Path, random_rows: list, parameters: dict, kinds: str
) -> None:
    chosen = {
        "dense": [row for row in random_rows if isinstance(row, list)],
        "sparse": [row for row in random_rows if isinstance(row, dict)],
        "mixed": random_rows,
    }[kinds]
    booster = train(random_rows, **parameters)
    answers = saved(tmp_path, booster).predict(feature_rows(chosen))
    expected = booster.predict(xgboost.DMatrix(witness(chosen)))
    assert answers.dtype == np.float64
    assert answers.shape == expected.shape
    np.testing.assert_array_equal(answers, expected.astype(np.float64))


def test_a_written_zero_is_a_value_and_an_absent_one_is_missing(tmp_path: Path) -> None:
    label = np.array([0.0, 1.0] * 50)
    data = np.where(label[:, None] == 1, 0.0, np.nan)
    booster = xgboost.train(
        {"objective": "binary:logistic", "min_child_weight": 0}, xgboost.DMatrix(data, label), 5
    )
    zero, absent, nan, dense = saved(tmp_path, booster).predict(
        feature_rows([{0: 0.0}, {}, {0: np.nan}, [0.0]], width=1)
    )
    assert zero == dense > 0.7
    assert absent == nan < 0.3


def test_the_matrix_of_mixed_rows_keeps_each_value_in_its_place() -> None:
    rows: list[list[float] | dict[int, float]] = [{1: 5.0}, [1.0, 0.0, 2.0], {}, {0: 0.0, 2: 3.0}]
    got = matrix(feature_rows(rows, width=3))
    assert isinstance(got, csr_matrix)
    full = np.full(got.shape, np.nan)
    coo = got.tocoo()
    full[coo.row, coo.col] = coo.data
    np.testing.assert_array_equal(full, witness(rows, 3))


def test_dense_rows_are_not_copied() -> None:
    rows = feature_rows([[1.0, 2.0], [3.0, 4.0]], width=2)
    assert np.shares_memory(matrix(rows), rows.values)


def test_rows_of_a_slice_are_taken_from_its_offsets(tmp_path: Path, random_rows: list) -> None:
    engine = saved(tmp_path, train(random_rows))
    rows = feature_rows(random_rows)
    part = FeatureRows(
        rows.width,
        rows.values,
        rows.value_offsets[100:201],
        rows.indices,
        rows.index_offsets[100:201],
        rows.dense[100:200],
    )
    np.testing.assert_array_equal(engine.predict(part), engine.predict(rows)[100:200])


@pytest.mark.parametrize("parameters", [{}, {"objective": "multi:softprob", "num_class": 3}])
def test_no_rows_give_no_answers(tmp_path: Path, random_rows: list, parameters: dict) -> None:
    answers = saved(tmp_path, train(random_rows, **parameters)).predict(feature_rows([]))
    assert answers.shape == ((0, 3) if parameters else (0,))


@pytest.mark.parametrize("narrower", [False, True])
def test_more_features_than_the_model_are_refused(
    tmp_path: Path, random_rows: list, narrower: bool
) -> None:
    engine = saved(tmp_path, train(random_rows))
    with pytest.raises(FeatureCountError, match=r"have 7 features, and the model .* with 6"):
        engine.predict(feature_rows([{0: 1.0, 6: 1.0}], width=7), narrower=narrower)


def test_fewer_features_are_missing_ones_where_that_is_allowed(
    tmp_path: Path, random_rows: list
) -> None:
    engine = saved(tmp_path, train(random_rows))
    short = feature_rows([{0: 1.0}, {1: 2.0}, [0.5, 0.0]], width=2)
    with pytest.raises(FeatureCountError, match="have 2 features"):
        engine.predict(short)
    full = feature_rows([{0: 1.0}, {1: 2.0}, {0: 0.5, 1: 0.0}])
    np.testing.assert_array_equal(engine.predict(short, narrower=True), engine.predict(full))


def test_sparse_rows_may_declare_more_features_than_they_hold(
    tmp_path: Path, random_rows: list
) -> None:
    engine = saved(tmp_path, train(random_rows))
    rows = [{0: 1.0, 5: 2.0}, {}]
    with pytest.raises(FeatureCountError, match="have 9 features"):
        engine.predict(feature_rows(rows, width=9))
    np.testing.assert_array_equal(
        engine.predict(feature_rows(rows, width=9), narrower=True),
        engine.predict(feature_rows(rows)),
    )


def test_an_ensemble_answers_the_mean(tmp_path: Path, random_rows: list) -> None:
    boosters = [train(random_rows, seed=seed) for seed in range(3)]
    answers = saved(tmp_path, *boosters).predict(feature_rows(random_rows))
    data = xgboost.DMatrix(witness(random_rows))
    members = [booster.predict(data) for booster in boosters]
    np.testing.assert_array_equal(answers, np.mean(members, axis=0))
    assert not np.array_equal(members[0], members[1])


def test_an_ensemble_of_classes_votes(tmp_path: Path, random_rows: list) -> None:
    parameters = {"objective": "multi:softmax", "num_class": 3, "subsample": 0.1}
    boosters = [train(random_rows, seed=seed, **parameters) for seed in range(3)]
    answers = saved(tmp_path, *boosters).predict(feature_rows(random_rows))
    data = xgboost.DMatrix(witness(random_rows))
    votes = np.stack([booster.predict(data) for booster in boosters]).astype(int)
    expected = [np.bincount(votes[:, row]).argmax() for row in range(votes.shape[1])]
    np.testing.assert_array_equal(answers, expected)
    assert (votes != votes[0]).any()


def test_members_of_different_widths_are_refused(tmp_path: Path, random_rows: list) -> None:
    narrow = xgboost.train({}, xgboost.DMatrix(np.zeros((4, 2)), np.arange(4)), 1)
    with pytest.raises(ConfigurationError, match="do not have the same features"):
        saved(tmp_path, train(random_rows), narrow)


def test_threads_may_share_an_engine(tmp_path: Path, random_rows: list) -> None:
    engine = saved(tmp_path, train(random_rows))
    rows = feature_rows(random_rows)
    expected = engine.predict(rows)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: engine.predict(rows), range(100)))
    assert all(np.array_equal(answer, expected) for answer in answers)


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no model: expected the file xgboost-model"):
        load(tmp_path)


def test_what_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "xgboost-model").write_bytes(b"\x80\x04pickled")
    with pytest.raises(ConfigurationError, match=r"xgboost-model is no XGBoost model") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_module_needs_neither_xgboost_nor_spark() -> None:
    program = (
        "import sys\n"
        "sys.modules['xgboost'] = None\n"
        "from sparkml_sm.engines.xgboost import import_xgboost\n"
        "assert not {'pyspark', 'boto3', 'scipy'} & set(sys.modules)\n"
        "try: import_xgboost()\n"
        "except ValueError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert "pip install 'sparkml-sm[local]'" in done.stdout
