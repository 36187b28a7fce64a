"""Metrics against scikit-learn's; thresholds against all thresholds there are."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from sparkml_sm.local.training.linear_scores import (
    Criterion,
    auc,
    binary_scores,
    criterion_of,
    multiclass_scores,
)


def table(rows: int = 30, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Raw scores with ties, and labels that they tell something of."""
    random = np.random.default_rng(seed)
    label = random.integers(0, 2, rows) * 1.0
    return np.round(random.normal(size=rows) + label, 1), label


def test_binary_scores_are_scikit_learns() -> None:
    raw, label = table()
    said = raw >= 0.3
    assert binary_scores(raw, label, 0.3, beta=2.0) == pytest.approx(
        {
            "binary_classification_accuracy": metrics.accuracy_score(label, said),
            "binary_f_2.000": metrics.fbeta_score(label, said, beta=2.0),
            "precision": metrics.precision_score(label, said),
            "recall": metrics.recall_score(label, said),
            "roc_auc_score": metrics.roc_auc_score(label, raw),
        }
    )


def test_the_area_under_the_curve_of_one_class_is_no_number() -> None:
    assert np.isnan(auc(np.array([1.0, 2.0]), np.ones(2)))


def test_multiclass_scores_are_scikit_learns() -> None:
    random = np.random.default_rng(5)
    label = random.integers(0, 4, 80)
    raw = random.normal(size=(80, 5))
    raw[np.arange(80), label] += 1.0
    said = raw.argmax(axis=1)
    ours = multiclass_scores(raw, label.astype(float), top=2, beta=0.5)
    precision, recall, f_beta, _ = metrics.precision_recall_fscore_support(
        label, said, beta=0.5, average="macro", zero_division=0
    )
    rank = (raw > raw[np.arange(80), label][:, None]).sum(axis=1)
    assert ours == pytest.approx(
        {
            "multiclass_accuracy": metrics.accuracy_score(label, said),
            "multiclass_top_k_accuracy_2": metrics.top_k_accuracy_score(
                label, raw, k=2, labels=range(5)
            ),
            "dcg": np.mean(1 / np.log2(rank + 2)),
            "macro_recall": recall,
            "macro_precision": precision,
            "macro_f_0.500": f_beta,
        }
    )


def scored(name: str, label: np.ndarray, said: np.ndarray) -> float:
    """What a criterion makes of answers, by scikit-learn; a missed target is worse than any."""
    precision = metrics.precision_score(label, said, zero_division=0)
    recall = metrics.recall_score(label, said)
    return {
        "accuracy": metrics.accuracy_score(label, said),
        "f_beta": metrics.fbeta_score(label, said, beta=0.5),
        "precision_at_target_recall": precision if recall >= 0.9 else recall - 2,
        "recall_at_target_precision": recall if precision >= 0.9 else precision - 2,
    }[name]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "name", ["accuracy", "f_beta", "precision_at_target_recall", "recall_at_target_precision"]
)
def test_no_threshold_is_better(name: str, seed: int) -> None:
    raw, label = table(seed=seed)
    threshold, score = Criterion(name, target=0.9, beta=0.5).best(raw, label)
    assert scored(name, label, raw >= threshold) == pytest.approx(score)
    every = [scored(name, label, raw >= each) for each in [*np.unique(raw), np.inf]]
    assert score == pytest.approx(max(every))


def test_of_equal_thresholds_the_one_nearest_the_border_is_taken() -> None:
    raw = np.array([-3.0, -1.0, 5.0, 7.0])
    assert Criterion("accuracy").best(raw, np.array([0.0, 0.0, 1.0, 1.0])) == (2.0, 1.0)
    assert Criterion("accuracy").best(raw, np.ones(4))[0] < -3.0
    assert Criterion("accuracy").best(raw, np.zeros(4))[0] > 7.0


def test_criteria_of_hyperparameters() -> None:
    def criterion(name: str, **values: float) -> Criterion:
        return criterion_of({"binary_classifier_model_selection_criteria": name, **values})

    assert criterion_of({}) == Criterion("accuracy")
    assert criterion("f_beta", f_beta=2.0) == Criterion("f_beta", beta=2.0)
    assert criterion("f1", f_beta=2.0) == Criterion("f_beta", beta=1.0)
    assert criterion("cross_entropy_loss").name == "loss_function"
    assert criterion("precision_at_target_recall", target_recall=0.6).target == 0.6
    assert criterion("recall_at_target_precision", target_precision=0.7).target == 0.7
