"""XGBoost's table: against the predecessor, against itself, and against XGBoost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sparkml_sm.catalog.xgboost import XGBOOST
from sparkml_sm.hyperparameters import Boolean, Flag, Float, Int, OneOf

TREE = {"num_round": 1}
RATIO = ([0.5, 1], [0, -0.1, 1.1])
SHARE = ([0, 0.5, 1], [-0.1, 1.1])
FLAG = ([0, 1], [2, -1])
ANY = ([-1.5, 0, 2.5], [math.nan, math.inf])

# The predecessor's hyperparameters: accessor, values it took, values it refused.
PREDECESSOR: dict[str, tuple[str, list[Any], list[Any]]] = {
    "num_round": ("NumRound", [1, 100], [0, -1]),
    "booster": ("Booster", ["gbtree", "gblinear", "dart"], ["tree"]),
    "silent": ("Silent", *FLAG),
    "nthread": ("NThread", [1, 16], [0]),
    "eta": ("Eta", *SHARE),
    "gamma": ("Gamma", [0, 3.5], [-0.1]),
    "max_depth": ("MaxDepth", [0, 6], [-1]),
    "min_child_weight": ("MinChildWeight", [0, 1.5], [-1]),
    "max_delta_step": ("MaxDeltaStep", [0, 1.5], [-1]),
    "subsample": ("Subsample", *RATIO),
    "colsample_bytree": ("ColSampleByTree", *RATIO),
    "colsample_bylevel": ("ColSampleByLevel", *RATIO),
    "lambda": ("Lambda", *ANY),
    "alpha": ("Alpha", *ANY),
    "tree_method": ("TreeMethod", ["auto", "exact", "approx", "hist"], ["fast"]),
    "sketch_eps": ("SketchEps", [0.03], [0, 1]),
    "scale_pos_weight": ("ScalePosWeight", *ANY),
    "updater": (
        "Updater",
        [
            "grow_colmaker",
            "distcol",
            "grow_histmaker",
            "grow_local_histmaker",
            "grow_skmaker",
            "sync",
            "refresh",
            "prune",
            "grow_colmaker,prune",
        ],
        ["grow", "grow_colmaker,grow"],
    ),
    "refresh_leaf": ("RefreshLeaf", *FLAG),
    "process_type": ("ProcessType", ["default", "update"], ["new"]),
    "grow_policy": ("GrowPolicy", ["depthwise", "lossguide"], ["deep"]),
    "max_leaves": ("MaxLeaves", [0, 31], [-1]),
    "max_bin": ("MaxBin", [1, 256], [0]),
    "sample_type": ("SampleType", ["uniform", "weighted"], ["none"]),
    "normalize_type": ("NormalizeType", ["tree", "forest"], ["none"]),
    "rate_drop": ("RateDrop", *SHARE),
    "one_drop": ("OneDrop", *FLAG),
    "skip_drop": ("SkipDrop", *SHARE),
    "lambda_bias": ("LambdaBias", *SHARE),
    "tweedie_variance_power": ("TweedieVariancePower", [1.5], [1, 2]),
    "objective": (
        "Objective",
        [
            "reg:linear",
            "reg:logistic",
            "binary:logistic",
            "binary:logistraw",
            "count:poisson",
            "multi:softmax",
            "multi:softprob",
            "rank:pairwise",
            "reg:gamma",
            "reg:tweedie",
        ],
        ["linear", "reg:quantileerror"],
    ),
    "num_class": ("NumClasses", [1, 2, 10], [0]),
    "base_score": ("BaseScore", *ANY),
    "eval_metric": (
        "EvalMetric",
        [
            "rmse",
            "mae",
            "logloss",
            "error",
            "error@t",
            "merror",
            "mlogloss",
            "auc",
            "ndcg",
            "map",
            "ndcg@n",
            "ndcg-",
            "ndcg@n-",
            "map-",
            "map@n-",
        ],
        ["rms", "error@", "rmse@3"],
    ),
    "seed": ("Seed", [-5, 0, 12345], []),
}


@pytest.mark.parametrize("name", PREDECESSOR)
def test_takes_and_refuses_what_the_predecessor_did(name: str) -> None:
    suffix, accepted, refused = PREDECESSOR[name]
    row = XGBOOST.hyperparameter(name)
    assert row.suffix == suffix
    for value in accepted:
        assert row.convert(value, "E") == value
    for value in refused:
        with pytest.raises(ValueError, match=f"`{name}` of E must be "):
            row.convert(value, "E")


@pytest.mark.parametrize("name", PREDECESSOR)
def test_refuses_wrong_types(name: str) -> None:
    row = XGBOOST.hyperparameter(name)
    wrong = 1 if isinstance(row.convert(PREDECESSOR[name][1][0], "E"), str) else "1"
    for value in (wrong, None, object()):
        with pytest.raises(TypeError, match=f"`{name}` of E must be "):
            row.convert(value, "E")


# What the container's validation lists and the predecessor did not have.
NEWER: list[tuple[str, str, Any, str]] = [
    ("verbosity", "Verbosity", 3, "3"),
    ("csv_weights", "CsvWeights", 1, "1"),
    ("early_stopping_rounds", "EarlyStoppingRounds", 10, "10"),
    ("save_model_on_termination", "SaveModelOnTermination", True, "true"),
    ("_kfold", "KFold", 5, "5"),
    ("_num_cv_round", "NumCvRound", 2, "2"),
    ("_tuning_objective_metric", "TuningObjectiveMetric", "validation:auc", "validation:auc"),
    ("sampling_method", "SamplingMethod", "gradient_based", "gradient_based"),
    ("colsample_bynode", "ColSampleByNode", 0.5, "0.5"),
    ("dsplit", "Dsplit", "row", "row"),
    ("num_parallel_tree", "NumParallelTree", 2, "2"),
    ("monotone_constraints", "MonotoneConstraints", [1, 0, -1], "(1,0,-1)"),
    ("interaction_constraints", "InteractionConstraints", [[1, 2], [3]], "[[1,2],[3]]"),
    ("predictor", "Predictor", "cpu_predictor", "cpu_predictor"),
    ("single_precision_histogram", "SinglePrecisionHistogram", False, "false"),
    ("deterministic_histogram", "DeterministicHistogram", "True", "true"),
    ("prob_buffer_row", "ProbBufferRow", 2, "2"),
    ("aft_loss_distribution", "AftLossDistribution", "extreme", "extreme"),
    ("aft_loss_distribution_scale", "AftLossDistributionScale", 1.2, "1.2"),
]


@pytest.mark.parametrize(("name", "suffix", "value", "text"), NEWER)
def test_takes_what_came_later(name: str, suffix: str, value: Any, text: str) -> None:
    row = XGBOOST.hyperparameter(name)
    assert row.suffix == suffix
    assert row.to_request(row.convert(value, "E")) == text


def test_the_table_is_complete_and_each_name_is_there_once() -> None:
    names = [row.name for row in XGBOOST.hyperparameters]
    assert sorted(names) == sorted({*PREDECESSOR, *(name for name, *_ in NEWER)})
    suffixes = [row.suffix for row in XGBOOST.hyperparameters]
    assert len(set(suffixes)) == len(suffixes)
    assert all(row.doc and not row.doc.endswith(".") for row in XGBOOST.hyperparameters)


def test_only_the_rounds_are_required_and_nothing_is_sent_unasked() -> None:
    assert [row.name for row in XGBOOST.hyperparameters if row.required] == ["num_round"]
    assert all(row.default is None for row in XGBOOST.hyperparameters)


REFUSED_BY_3_2: list[tuple[str, Any, str]] = [
    ("silent", 1, "verbosity"),
    ("tree_method", "gpu_hist", "hist"),
    ("updater", "distcol", "tree_method"),
    ("updater", "grow_local_histmaker", "tree_method"),
    ("updater", "grow_colmaker,grow_skmaker", "tree_method"),
    ("objective", "binary:logistraw", "binary:logitraw"),
    ("num_class", 1, "at least 2"),
    ("max_bin", 1, "at least 2"),
    ("lambda", -1.0, "at least 0"),
    ("alpha", -1.0, "at least 0"),
    ("scale_pos_weight", 0.0, "above 0"),
    ("base_score", -1.0, "at least 0"),
    ("eval_metric", "error@t", "error@0.4"),
    ("eval_metric", "ndcg@n", "ndcg@10"),
    ("eval_metric", "ndcg-", "ndcg@10"),
    ("eval_metric", "map@n-", "ndcg@10"),
]


@pytest.mark.parametrize(("name", "value", "successor"), REFUSED_BY_3_2)
def test_what_3_2_refuses_is_a_problem_that_names_the_successor(
    name: str, value: Any, successor: str
) -> None:
    values = {**TREE, "objective": "rank:ndcg", name: value}
    (problem,) = XGBOOST.check_request(values, "3.2-0")
    assert problem.startswith(f"`{name}`")
    assert "refused by image version 3.2-0" in problem
    assert successor in problem
    assert XGBOOST.check_request(values, "a-tag-of-my-own") == []


OBSOLETE: list[tuple[str, Any]] = [
    ("objective", "reg:linear"),
    ("sketch_eps", 0.03),
    ("lambda_bias", 0.5),
    ("predictor", "auto"),
    ("dsplit", "row"),
    ("single_precision_histogram", True),
    ("deterministic_histogram", True),
    ("prob_buffer_row", 2),
]


@pytest.mark.parametrize(("name", "value"), OBSOLETE)
def test_what_3_2_takes_without_effect_is_no_problem_but_known(name: str, value: Any) -> None:
    retirement = XGBOOST.hyperparameter(name).retirement(value, "3.2-0")
    assert retirement is not None
    assert not retirement.refused
    assert XGBOOST.check_request({**TREE, name: value}, "3.2-0") == []


def test_the_first_image_knows_the_predecessor_s_and_not_the_newer() -> None:
    assert XGBOOST.check_request({**TREE, "silent": 1, "max_bin": 1}, "1") == []
    (problem,) = XGBOOST.check_request({**TREE, "verbosity": 1}, "1")
    assert "0.90-1" in problem


@pytest.mark.parametrize(
    ("values", "lacking"),
    [
        ({"objective": "multi:softmax"}, {"num_class": 3}),
        ({"objective": "multi:softprob"}, {"num_class": 3}),
        ({"eval_metric": "rmse"}, {"objective": "reg:tweedie"}),
        ({"eval_metric": "rmse,auc", "objective": "reg:gamma"}, {"objective": "binary:hinge"}),
        ({"eval_metric": "auc", "objective": "survival:cox"}, {"objective": "rank:map"}),
        ({"eval_metric": "aft-nloglik", "objective": "reg:gamma"}, {"objective": "survival:aft"}),
        ({"monotone_constraints": (1, 0)}, {"tree_method": "hist"}),
        ({"monotone_constraints": (1,), "tree_method": "approx"}, {"tree_method": "exact"}),
        ({"interaction_constraints": [[1, 2]]}, {"tree_method": "approx"}),
        ({"updater": "grow_colmaker,grow_histmaker"}, {"updater": "grow_colmaker,prune"}),
        ({"updater": "shotgun"}, {"booster": "gblinear"}),
        ({"updater": "prune", "booster": "gblinear"}, {"booster": "dart"}),
        ({"updater": "sync", "process_type": "update"}, {"updater": "refresh,prune"}),
    ],
)
def test_what_goes_together(values: dict[str, Any], lacking: dict[str, Any]) -> None:
    assert len(XGBOOST.check_request({**TREE, **values}, "3.2-0")) == 1
    assert XGBOOST.check_request({**TREE, **values, **lacking}, "3.2-0") == []


def test_the_classes_are_asked_of_the_data_where_the_objective_needs_them() -> None:
    (row,) = XGBOOST.missing({**TREE, "objective": "multi:softprob"})
    assert (row.name, row.filled) == ("num_class", "classes")
    assert XGBOOST.missing({**TREE, "objective": "binary:logistic"}) == []


@pytest.mark.parametrize(
    ("objective", "output", "size"),
    [("multi:softprob", "vector", 3), ("multi:softmax", "scalar", 1), ("reg:linear", "scalar", 1)],
)
def test_output(objective: str, output: str, size: int) -> None:
    values = {"objective": objective, "num_class": 3}
    assert (XGBOOST.output(values), XGBOOST.output_size(values)) == (output, size)
    assert XGBOOST.output({}) == "scalar"


def test_formats() -> None:
    assert set(XGBOOST.content_types) == {"libsvm", "csv", "recordio", "parquet"}
    assert XGBOOST.training_format in XGBOOST.content_types
    assert XGBOOST.request_format in XGBOOST.content_types


def test_reads_the_container_s_synonyms() -> None:
    texts = {
        "num_round": "5",
        "learning_rate": "0.1",
        "min_split_loss": "1",
        "reg_lambda": "2",
        "reg_alpha": "3.0E-4",
    }
    values = {"num_round": 5, "eta": 0.1, "gamma": 1.0, "lambda": 2.0, "alpha": 3e-4}
    assert XGBOOST.read_request(texts) == values


# These need a model to update, labels of their own kind, or another booster's parameters.
NOT_ALONE = {"process_type", "objective"}


def _samples() -> list[tuple[str, Any]]:
    """Every value of the closed sets, and one of each range, that image 3.2-0 takes."""
    samples: list[tuple[str, Any]] = []
    for row in XGBOOST.hyperparameters:
        values: tuple[Any, ...] = ()
        match row.check:
            case OneOf(words):
                values = words
            case Flag() | Boolean():
                values = (True, False)
            case Int(low):
                values = (max(low or 0, 2),)
            case Float():
                values = (1.5,) if row.name == "tweedie_variance_power" else (0.5,)
        if row.name not in NOT_ALONE:
            samples.extend((row.name, one) for one in values if not row.retirement(one, "3.2-0"))
    return samples


@pytest.mark.parametrize(("name", "value"), _samples())
def test_xgboost_itself_takes_what_the_table_says_3_2_takes(name: str, value: Any) -> None:
    xgboost = pytest.importorskip("xgboost", minversion="3.1")
    random = np.random.default_rng(5)
    data = xgboost.DMatrix(random.random((30, 3)), random.integers(0, 2, 30).astype(float))
    row = XGBOOST.hyperparameter(name)
    text = row.to_request(row.convert(value, "E"))
    booster = xgboost.train({"verbosity": 0, "nthread": 1, name: text}, data, 1)
    assert booster.num_boosted_rounds() == 1


OBJECTIVES = XGBOOST.hyperparameter("objective").check
assert isinstance(OBJECTIVES, OneOf)


@pytest.mark.parametrize("objective", OBJECTIVES.values + OBJECTIVES.hidden)
def test_xgboost_itself_knows_the_objectives_that_are_not_refused(objective: str) -> None:
    xgboost = pytest.importorskip("xgboost", minversion="3.1")
    data = xgboost.DMatrix(np.arange(8.0).reshape(8, 1), np.ones(8))
    data.set_info(label_lower_bound=np.ones(8), label_upper_bound=np.ones(8))
    parameters = {"objective": objective, "verbosity": 0, "nthread": 1}
    if objective.startswith("multi:"):
        parameters["num_class"] = 2
    retirement = XGBOOST.hyperparameter("objective").retirement(objective, "3.2-0")
    if retirement is not None and retirement.refused:
        with pytest.raises(xgboost.core.XGBoostError, match="Unknown objective"):
            xgboost.train(parameters, data, 1)
    else:
        assert xgboost.train(parameters, data, 1).num_boosted_rounds() == 1
