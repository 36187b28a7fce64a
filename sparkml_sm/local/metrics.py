"""The metrics that SageMaker itself defines for its algorithms: a name, and its pattern in the log.

Sources: the Developer Guide's tuning pages, and the ``MetricDefinitions`` that AWS answers for jobs
of linear-learner.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["METRICS"]

_EACH = {
    "train:progress": r"#progress_metric: host=\S+, completed (\S+) %",
    "train:throughput": r"#throughput_metric: host=\S+, train throughput=(\S+) records/second",
}


def _quality(channel: str, metric: str, kind: str = "score") -> str:
    return rf"#quality_metric: host=\S+, {channel} {metric} <{kind}>=(\S+)"


_XGBOOST = (
    "rmse",
    "mae",
    "logloss",
    "error",
    "merror",
    "mlogloss",
    "auc",
    "aucpr",
    "map",
    "ndcg",
    "rmsle",
    "accuracy",
    "f1",
)

_BINARY = {
    "binary_classification_accuracy": "binary_classification_accuracy",
    "binary_f_beta": r"binary_f_\S+",
    "precision": "precision",
    "recall": "recall",
}
_HELD_OUT = _BINARY | {
    "dcg": "dcg",
    "macro_f_beta": r"macro_f_\S+",
    "macro_precision": "macro_precision",
    "macro_recall": "macro_recall",
    "multiclass_accuracy": "multiclass_accuracy",
    "multiclass_top_k_accuracy": r"multiclass_top_k_accuracy_\S+",
    "roc_auc_score": "roc_auc_score",
}

_LINEAR_LEARNER = {
    **_EACH,
    **{
        f"{channel}:objective_loss": _quality(rf"epoch=\S+, {channel}", r"\S+_objective", "loss")
        for channel in ("train", "validation")
    },
    **{
        f"{channel}:objective_loss:final": _quality(channel, r"\S+_objective", "loss")
        for channel in ("train", "validation")
    },
    "test:objective_loss": _quality("test", r"\S+_objective", "loss"),
    **{
        f"{channel}:{metric}": _quality(channel, metric, "loss")
        for channel in ("train", "validation", "test")
        for metric in ("mse", "absolute_loss")
    },
    **{f"train:{metric}": _quality("train", pattern) for metric, pattern in _BINARY.items()},
    **{
        f"{channel}:{metric}": _quality(channel, pattern)
        for channel in ("validation", "test")
        for metric, pattern in _HELD_OUT.items()
    },
}

_FACTORIZATION_MACHINES = {
    **_EACH,
    "test:rmse": _quality("test", "rmse", "loss"),
    "test:binary_classification_cross_entropy": _quality(
        "test", "binary_classification_cross_entropy", "loss"
    ),
    "test:binary_classification_accuracy": _quality("test", "binary_classification_accuracy"),
    "test:binary_f_beta": _quality("test", r"binary_f_\S+"),
}

#: Algorithm -> name and pattern of its metrics. A tab is #011 in the log.
METRICS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "factorization-machines": _FACTORIZATION_MACHINES,
        "kmeans": {
            **_EACH,
            **{
                f"{channel}:{metric}": _quality(channel, metric, "loss")
                for channel, metric in (("train", "msd"), ("test", "msd"), ("test", "ssd"))
            },
        },
        "lda": {**_EACH, "test:pwll": _quality("test", "pwll")},
        "linear-learner": _LINEAR_LEARNER,
        "pca": _EACH,
        "xgboost": {
            f"{channel}:{metric}": rf".*\[[0-9]+\].*#011{channel}-{metric}:(\S+)"
            for channel in ("train", "validation")
            for metric in _XGBOOST
        },
    }
)
