"""The patterns of metrics on lines as AWS's containers write them."""

from __future__ import annotations

import re

import pytest

from sparkml_sm.local.containers import default_metrics

PREFIX = "[11/24/2020 18:54:29 INFO 140513285547840] "


@pytest.mark.parametrize(
    ("algorithm", "line", "found"),
    [
        (
            "linear-learner",
            "#quality_metric: host=algo-1, validation binary_f_1.000 <score>=0.994832041344",
            {"validation:binary_f_beta": 0.994832041344},
        ),
        (
            "linear-learner",
            "#quality_metric: host=algo-1, epoch=0, validation mse_objective <loss>=88.1902204241",
            {"validation:objective_loss": 88.1902204241},
        ),
        (
            "linear-learner",
            "#quality_metric: host=algo-1, validation multiclass_cross_entropy_objective "
            "<loss>=0.177802592028485",
            {"validation:objective_loss:final": 0.177802592028485},
        ),
        (
            "linear-learner",
            "#quality_metric: host=algo-1, test multiclass_top_k_accuracy_3 <score>=1.0",
            {"test:multiclass_top_k_accuracy": 1.0},
        ),
        (
            "linear-learner",
            "#quality_metric: host=algo-1, validation absolute_loss <loss>=2.86944983987",
            {"validation:absolute_loss": 2.86944983987},
        ),
        (
            "linear-learner",
            "#progress_metric: host=algo-1, completed 6 % of epochs",
            {"train:progress": 6.0},
        ),
        (
            "factorization-machines",
            "#throughput_metric: host=algo-1, train throughput=22743.7031111 records/second",
            {"train:throughput": 22743.7031111},
        ),
        (
            "factorization-machines",
            "#quality_metric: host=algo-1, test rmse <loss>=0.19088356774389661",
            {"test:rmse": 0.19088356774389661},
        ),
        ("xgboost", "[5]#011train-rmse:1.5", {"train:rmse": 1.5}),
    ],
)
def test_a_line_tells_these_metrics(algorithm: str, line: str, found: dict[str, float]) -> None:
    matches = {
        name: re.search(pattern, PREFIX + line)
        for name, pattern in default_metrics(algorithm).items()
    }
    assert {name: float(match[1]) for name, match in matches.items() if match} == found


def test_no_more_are_defined_than_a_job_can_tell() -> None:
    """DescribeTrainingJob has at most 40 definitions; the one more is a tuning job's objective."""
    for algorithm in ("linear-learner", "factorization-machines", "xgboost"):
        assert 0 < len(default_metrics(algorithm)) < 40
