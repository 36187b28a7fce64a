"""The tables of SageMaker's own algorithms: against the predecessor's, and against the guide's."""

from __future__ import annotations

import math
import pickle
import re
from typing import Any

import pytest

from sparkml_sm.catalog.algorithm import Algorithm
from sparkml_sm.catalog.factorization_machines import FACTORIZATION_MACHINES
from sparkml_sm.catalog.kmeans import KMEANS
from sparkml_sm.catalog.lda import LDA
from sparkml_sm.catalog.linear_learner import LINEAR_LEARNER
from sparkml_sm.catalog.pca import PCA
from sparkml_sm.hyperparameters import Hyperparameter

ALGORITHMS = {
    "kmeans": KMEANS,
    "pca": PCA,
    "lda": LDA,
    **{f"linear {kind}": table for kind, table in LINEAR_LEARNER.items()},
    **{f"machines {kind}": table for kind, table in FACTORIZATION_MACHINES.items()},
}

# What the predecessor took and refused of a hyperparameter: its setter, values, values.
Row = tuple[str, list[Any], list[Any]]
COUNT: tuple[list[Any], list[Any]] = ([1, 1000], [0, -1])
COUNT_OR_AUTO: tuple[list[Any], list[Any]] = (["auto", 1, 5, "5"], [0, -1, "0", "-1", "some"])
POSITIVE: tuple[list[Any], list[Any]] = ([1e-9, 0.5, 7], [0, -0.1])
AT_LEAST_0: tuple[list[Any], list[Any]] = ([0, 0.5, 7], [-0.1])
ANY: tuple[list[Any], list[Any]] = ([-1.5, 0, 2], [math.nan, math.inf])
BOOLEAN: tuple[list[Any], list[Any]] = (["True", "False", True, False], ["some", 1])
DECAY: tuple[list[Any], list[Any]] = ([0, 0.999], [1, -0.1])
BETWEEN: tuple[list[Any], list[Any]] = ([0.001, 0.999], [0, 1])

PREDECESSOR: dict[str, dict[str, Row]] = {
    "kmeans": {
        "k": ("K", [2, 100], [1, 0]),
        "feature_dim": ("FeatureDim", *COUNT),
        "mini_batch_size": ("MiniBatchSize", *COUNT),
        "init_method": ("InitMethod", ["random", "kmeans++"], ["some", 1]),
        "local_lloyd_max_iter": ("MaxIter", *COUNT),
        "local_lloyd_tol": ("Tol", [0, 1e-4, 1], [-0.1, 1.2]),
        "local_lloyd_num_trials": ("TrialNum", *COUNT_OR_AUTO),
        "local_lloyd_init_method": ("LocalInitMethod", ["random", "kmeans++"], ["some", 1]),
        "half_life_time_size": ("HalflifeTime", [0, 10], [-1]),
        "epochs": ("Epochs", *COUNT),
        "extra_center_factor": ("CenterFactor", *COUNT_OR_AUTO),
        "eval_metrics": ("EvalMetrics", ["msd", "ssd", "msd,ssd", "ssd, msd"], ["some", "msd,x"]),
    },
    "pca": {
        "num_components": ("NumComponents", *COUNT),
        "feature_dim": ("FeatureDim", *COUNT),
        "mini_batch_size": ("MiniBatchSize", *COUNT),
        "algorithm_mode": ("AlgorithmMode", ["regular", "stable", "randomized"], ["random", 1]),
        "subtract_mean": ("SubtractMean", *BOOLEAN),
        "extra_components": ("ExtraComponents", [-1, 1, 10], [0, -2]),
    },
    "lda": {
        "num_topics": ("NumTopics", *COUNT),
        "feature_dim": ("FeatureDim", *COUNT),
        "mini_batch_size": ("MiniBatchSize", *COUNT),
        "alpha0": ("Alpha0", *POSITIVE),
        "max_restarts": ("MaxRestarts", *COUNT),
        "max_iterations": ("MaxIterations", *COUNT),
        "tol": ("Tol", *POSITIVE),
    },
}

LINEAR: dict[str, Row] = {
    "feature_dim": ("FeatureDim", *COUNT),
    "mini_batch_size": ("MiniBatchSize", *COUNT),
    "epochs": ("Epochs", *COUNT),
    "use_bias": ("UseBias", *BOOLEAN),
    "num_models": ("NumModels", *COUNT_OR_AUTO),
    "num_calibration_samples": ("NumCalibrationSamples", *COUNT),
    "init_method": ("InitMethod", ["uniform", "normal"], ["some", 1]),
    "init_scale": ("InitScale", *POSITIVE),
    "init_sigma": ("InitSigma", *POSITIVE),
    "init_bias": ("InitBias", *ANY),
    "optimizer": ("Optimizer", ["sgd", "adam", "rmsprop", "auto"], ["some", 1]),
    "loss": (
        "Loss",
        [
            "logistic",
            "squared_loss",
            "absolute_loss",
            "hinge_loss",
            "eps_insensitive_squared_loss",
            "eps_insensitive_absolute_loss",
            "quantile_loss",
            "huber_loss",
            "softmax_loss",
            "auto",
        ],
        ["some", 1],
    ),
    "wd": ("Wd", *AT_LEAST_0),
    "l1": ("L1", *AT_LEAST_0),
    "momentum": ("Momentum", *DECAY),
    "learning_rate": ("LearningRate", ["auto", 0.5, "0.1"], [0, -1, "0", "some"]),
    "beta_1": ("Beta1", *DECAY),
    "beta_2": ("Beta2", *DECAY),
    "bias_lr_mult": ("BiasLrMult", *POSITIVE),
    "bias_wd_mult": ("BiasWdMult", *AT_LEAST_0),
    "use_lr_scheduler": ("UseLrScheduler", *BOOLEAN),
    "lr_scheduler_step": ("LrSchedulerStep", *COUNT),
    "lr_scheduler_factor": ("LrSchedulerFactor", *BETWEEN),
    "lr_scheduler_minimum_lr": ("LrSchedulerMinimumLr", *POSITIVE),
    "normalize_data": ("NormalizeData", *BOOLEAN),
    "normalize_label": ("NormalizeLabel", *BOOLEAN),
    "unbias_data": ("UnbiasData", *BOOLEAN),
    "unbias_label": ("UnbiasLabel", *BOOLEAN),
    "num_point_for_scaler": ("NumPointForScaler", *COUNT),
    "early_stopping_patience": ("EarlyStoppingPatience", *COUNT),
    "early_stopping_tolerance": ("EarlyStoppingTolerance", *POSITIVE),
    "margin": ("Margin", *POSITIVE),
    "quantile": ("Quantile", *BETWEEN),
    "loss_insensitivity": ("LossInsensitivity", *POSITIVE),
    "huber_delta": ("HuberDelta", *POSITIVE),
    "f_beta": ("FBeta", *POSITIVE),
}
PREDECESSOR["linear binary_classifier"] = LINEAR | {
    "predictor_type": ("PredictorType", ["binary_classifier"], ["regressor"]),
    "binary_classifier_model_selection_criteria": (
        "BinaryClassifierModelSelectionCriteria",
        [
            "accuracy",
            "f1",
            "f_beta",
            "precision_at_target_recall",
            "recall_at_target_precision",
            "cross_entropy_loss",
            "loss_function",
        ],
        ["some"],
    ),
    "target_recall": ("TargetRecall", [0, 0.8, 1], [-0.1, 1.1]),
    "target_precision": ("TargetPrecision", [0, 0.8, 1], [-0.1, 1.1]),
    "positive_example_weight_mult": (
        "PositiveExampleWeightMult",
        ["auto", "balanced", 0.5, "2.5"],
        [0, -1, "0", "some"],
    ),
}
PREDECESSOR["linear multiclass_classifier"] = LINEAR | {
    "predictor_type": ("PredictorType", ["multiclass_classifier"], ["regressor"]),
    "num_classes": ("NumClasses", [3, 1_000_000], [2, 1_000_001]),
    "accuracy_top_k": ("AccuracyTopK", *COUNT),
    "balance_multiclass_weights": ("BalanceMultiClassWeights", *BOOLEAN),
}
PREDECESSOR["linear regressor"] = LINEAR | {
    "predictor_type": ("PredictorType", ["regressor"], ["binary_classifier"]),
}
for kind in FACTORIZATION_MACHINES:
    PREDECESSOR[f"machines {kind}"] = {
        "feature_dim": ("FeatureDim", *COUNT),
        "num_factors": ("NumFactors", *COUNT),
        "predictor_type": ("PredictorType", [kind], ["multiclass_classifier"]),
        "mini_batch_size": ("MiniBatchSize", *COUNT),
        "epochs": ("Epochs", *COUNT),
        "clip_gradient": ("ClipGradient", *ANY),
        "eps": ("Eps", *ANY),
        "rescale_grad": ("RescaleGrad", *ANY),
    }
    for term in ("bias", "linear", "factors"):
        name = term.capitalize()
        PREDECESSOR[f"machines {kind}"] |= {
            f"{term}_lr": (f"{name}Lr", *AT_LEAST_0),
            f"{term}_wd": (f"{name}Wd", *AT_LEAST_0),
            f"{term}_init_method": (
                f"{name}InitMethod",
                ["normal", "uniform", "constant"],
                ["some", 1],
            ),
            f"{term}_init_scale": (f"{name}InitScale", *AT_LEAST_0),
            f"{term}_init_sigma": (f"{name}InitSigma", *AT_LEAST_0),
            f"{term}_init_value": (f"{name}InitValue", *ANY),
        }

# What is sent where nothing is set, and what must be set.
SENT: dict[str, dict[str, str]] = {
    "kmeans": {"k": "2", "mini_batch_size": "5000"},
    "pca": {"mini_batch_size": "1000", "subtract_mean": "True"},
    "lda": {},
    **{
        f"linear {kind}": {"mini_batch_size": "1000", "predictor_type": kind}
        for kind in LINEAR_LEARNER
    },
    **{f"machines {kind}": {"predictor_type": kind} for kind in FACTORIZATION_MACHINES},
}
NEEDED = {"pca": ["num_components"], "lda": ["num_topics"]} | {
    f"machines {kind}": ["num_factors"] for kind in FACTORIZATION_MACHINES
}

CASES = [
    pytest.param(ALGORITHMS[key].hyperparameter(name), row, id=f"{key} {name}")
    for key, rows in PREDECESSOR.items()
    for name, row in rows.items()
]


@pytest.mark.parametrize(("row", "expected"), CASES)
def test_takes_and_refuses_what_the_predecessor_did(row: Hyperparameter, expected: Row) -> None:
    suffix, accepted, refused = expected
    assert row.suffix == suffix
    for value in accepted:
        canonical = row.convert(value, "E")
        assert str(canonical).replace(".0", "") == str(value).replace(".0", "")
        read = row.from_request(row.to_request(canonical), "E")
        assert str(read).replace(".0", "") == str(value).replace(".0", "").replace(", ", ",")
    for value in refused:
        with pytest.raises(ValueError, match=f"`{row.name}` of E must be "):
            row.convert(value, "E")


@pytest.mark.parametrize(("row", "expected"), CASES)
def test_refuses_wrong_types(row: Hyperparameter, expected: Row) -> None:
    del expected
    for value in (None, object()):
        with pytest.raises(TypeError, match=f"`{row.name}` of E must be "):
            row.convert(value, "E")


@pytest.mark.parametrize("key", ALGORITHMS)
def test_the_table_is_complete_and_reads_well(key: str) -> None:
    rows = ALGORITHMS[key].hyperparameters
    assert sorted(row.name for row in rows) == sorted(PREDECESSOR[key])
    assert len({row.suffix for row in rows}) == len(rows)
    for row in rows:
        assert row.doc[0].isupper()
        assert not row.doc.endswith(".")


@pytest.mark.parametrize("key", ALGORITHMS)
def test_a_table_is_a_value(key: str) -> None:
    assert pickle.loads(pickle.dumps(ALGORITHMS[key])) == ALGORITHMS[key]


@pytest.mark.parametrize("key", ALGORITHMS)
def test_sends_what_the_predecessor_sent_and_asks_for_what_only_the_user_knows(key: str) -> None:
    algorithm = ALGORITHMS[key]
    sent = {row.name: row.default for row in algorithm.hyperparameters if row.default is not None}
    texts = {name: algorithm.hyperparameter(name).to_request(sent[name]) for name in sent}
    assert texts == SENT[key]
    problems = algorithm.check_request(sent, "1", staged=False)
    assert problems == [
        f"`{name}` is required: call set{algorithm.hyperparameter(name).suffix}"
        for name in NEEDED.get(key, [])
    ]
    asked = "`feature_dim` is required: call setFeatureDim" in algorithm.check_request(sent, "1")
    assert asked == (algorithm.name != "linear-learner")


AUTO = [
    "feature_dim",
    *("num_calibration_samples", "wd", "l1", "momentum", "beta_1", "beta_2", "bias_lr_mult"),
    *("bias_wd_mult", "lr_scheduler_step", "lr_scheduler_factor", "lr_scheduler_minimum_lr"),
    *("normalize_data", "normalize_label", "unbias_data", "unbias_label"),
]


@pytest.mark.parametrize("name", AUTO)
def test_linear_learner_takes_the_auto_that_came_later(name: str) -> None:
    row = LINEAR_LEARNER["regressor"].hyperparameter(name)
    assert row.to_request(row.convert("auto", "E")) == "auto"


@pytest.mark.parametrize(
    ("algorithm", "name", "value", "text"),
    [
        (PCA, "subtract_mean", False, "False"),
        (KMEANS, "eval_metrics", ["msd", "ssd"], "[msd,ssd]"),
        (KMEANS, "local_lloyd_tol", 1e-4, "1.0E-4"),
        # The predecessor held it as text, so it is Python's and not Java's.
        (LINEAR_LEARNER["regressor"], "learning_rate", 1e-4, "0.0001"),
    ],
)
def test_the_request_s_text(algorithm: Algorithm, name: str, value: Any, text: str) -> None:
    row = algorithm.hyperparameter(name)
    assert row.to_request(row.convert(value, "E")) == text


@pytest.mark.parametrize(
    ("algorithm", "name", "text", "value"),
    [
        (PCA, "subtract_mean", "true", True),
        (KMEANS, "eval_metrics", '["msd","ssd"]', "msd,ssd"),
        (LINEAR_LEARNER["regressor"], "normalize_data", "false", False),
    ],
)
def test_reads_what_the_guide_writes(
    algorithm: Algorithm, name: str, text: str, value: Any
) -> None:
    assert algorithm.read_request({name: text}) == {name: value}


@pytest.mark.parametrize(
    ("algorithm", "name", "value", "instead"),
    [
        (PCA, "algorithm_mode", "stable", "regular"),
        *[
            (
                LINEAR_LEARNER["binary_classifier"],
                "binary_classifier_model_selection_criteria",
                value,
                instead,
            )
            for value, instead in (("f1", "f_beta"), ("cross_entropy_loss", "loss_function"))
        ],
    ],
)
def test_what_the_guide_dropped_is_obsolete_and_still_sent(
    algorithm: Algorithm, name: str, value: str, instead: str
) -> None:
    retirement = algorithm.hyperparameter(name).retirement(value, "1")
    assert retirement is not None
    assert not retirement.refused
    assert instead in retirement.instead
    assert not [
        problem for problem in algorithm.check_request({name: value}, "1") if name in problem
    ]


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("binary_classifier", "hinge_loss", "squared_loss"),
        ("multiclass_classifier", "softmax_loss", "logistic"),
        ("regressor", "quantile_loss", "softmax_loss"),
    ],
)
def test_a_loss_belongs_to_a_kind_of_prediction(kind: str, right: str, wrong: str) -> None:
    table = LINEAR_LEARNER[kind]
    given = {"predictor_type": kind}
    for loss in (right, "auto"):
        assert table.check_request({**given, "loss": loss}, "1", staged=False) == []
    (problem,) = table.check_request({**given, "loss": wrong}, "1", staged=False)
    assert problem.startswith(f"`loss` of a {kind} must be one of auto, ")
    assert right in problem


@pytest.mark.parametrize(
    ("key", "formats"),
    [
        ("kmeans", {"recordio": None, "csv": "text/csv;label_size=0"}),
        ("pca", {"recordio": None, "csv": "text/csv;label_size=0"}),
        ("lda", {"recordio": None, "csv": "text/csv;label_size=0"}),
        *[(f"linear {k}", {"recordio": None, "csv": "text/csv"}) for k in LINEAR_LEARNER],
        *[(f"machines {k}", {"recordio": None}) for k in FACTORIZATION_MACHINES],
    ],
)
def test_formats(key: str, formats: dict[str, str | None]) -> None:
    algorithm = ALGORITHMS[key]
    assert dict(algorithm.content_types) == formats
    assert algorithm.training_format in formats
    assert not algorithm.allow_nan


@pytest.mark.parametrize(
    ("key", "values", "size"),
    [
        ("kmeans", {}, 1),
        ("pca", {"num_components": 1}, 1),
        ("pca", {"num_components": 30}, 30),
        ("lda", {"num_topics": 5}, 5),
        ("linear multiclass_classifier", {"num_classes": 4}, 4),
        ("linear multiclass_classifier", {}, None),
        ("linear binary_classifier", {}, 1),
    ],
)
def test_the_answers_size(key: str, values: dict[str, Any], size: int | None) -> None:
    assert ALGORITHMS[key].output_size(values) == size


def test_lda_trains_on_one_instance() -> None:
    limits = {key: algorithm.max_instances for key, algorithm in ALGORITHMS.items()}
    assert {key for key, limit in limits.items() if limit is not None} == {"lda"}
    assert limits["lda"] == 1


@pytest.mark.parametrize(
    ("channel", "metric", "line"),
    [
        ("test", "msd", "#quality_metric: host=algo-1, test msd <loss>=0.25"),
        (
            "validation",
            "accuracy",
            "#quality_metric: host=algo-2, validation accuracy <score>=0.25",
        ),
    ],
)
def test_metrics_are_found_in_the_log(channel: str, metric: str, line: str) -> None:
    pattern = KMEANS.metric_regex.format(channel=channel, metric=metric)
    found = re.search(pattern, f"[10/31/2024 23:19:04 INFO 140186099169088] {line}")
    assert found is not None
    assert found[1] == "0.25"
