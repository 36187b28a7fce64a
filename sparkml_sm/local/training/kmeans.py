"""Trains as SageMaker's KMeans container does: in one pass for many centers, then reduced to k.

Source: "How K-Means Clustering Works" in the SageMaker Developer Guide. Mini-batches move more
centers than are asked for; Lloyd's algorithm (scikit-learn's) then clusters those centers, each
weighted by its rows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.catalog.kmeans import KMEANS
from sparkml_sm.engines.kmeans import KMeansEngine
from sparkml_sm.engines.xgboost import matrix
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats import ndarray
from sparkml_sm.formats.rows import FeatureRows
from sparkml_sm.local.training.contract import TrainingContext
from sparkml_sm.local.training.first_party import (
    log_metric,
    log_metrics,
    log_progress,
    log_throughput,
    read_channels,
    read_hyperparameters,
    save_model,
)

__all__ = ["train"]

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

#: What the container takes for `extra_center_factor` and `local_lloyd_num_trials`, as it logs.
_AUTO = 10
_SEED = 0


def train(context: TrainingContext) -> None:
    """Read the channels, train, save the centers as AWS does, score the test channel.

    Raises
    ------
    ConfigurationError
        A hyperparameter or a channel is wrong.
    InvalidDataError
        The data is wrong.
    """
    values = read_hyperparameters(context, KMEANS)
    channels = read_channels(context, feature_dim=values["feature_dim"])
    rows = channels["train"]
    if len(rows) < values["k"]:
        raise ConfigurationError(
            f"the train channel has {len(rows)} rows, too few for {values['k']} clusters: set a "
            "smaller k"
        )
    data = matrix(rows)
    centers, weights = _many_centers(data, values)
    engine = KMeansEngine(_reduced(centers, weights, values))
    save_model(context, ndarray.encode([engine.centers.astype(np.float32)]))
    log_metric("train", "msd", _squares(engine, rows) / len(rows))
    log_metrics("AWS/KMeansWebscale", "training", {"Total Records Seen": len(rows)})
    if "test" in channels:
        _score(engine, channels["test"], values)


def _many_centers(data: Any, values: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Move the many centers by one mini-batch after the other; give them and their weights."""
    from sklearn.metrics import pairwise_distances_argmin

    size = values.get("mini_batch_size", 5000)
    factor = values.get("extra_center_factor", "auto")
    many = values["k"] * (_AUTO if factor == "auto" else factor)
    half_life = values.get("half_life_time_size", 0)
    random = np.random.default_rng(_SEED)
    first = random.permutation(data.shape[0])[: max(size, many)]
    centers = _first_centers(data[first], many, values)
    weights = np.zeros(len(centers))
    epochs = values.get("epochs", 1)
    for epoch in range(epochs):
        began = time.monotonic()
        order = random.permutation(data.shape[0])
        for start in range(0, len(order), size):
            batch = data[order[start : start + size]]
            nearest = pairwise_distances_argmin(batch, centers)
            if half_life:
                weights *= 0.5 ** (batch.shape[0] / half_life)
            _move(centers, weights, batch, nearest)
        log_progress(100 * (epoch + 1) / epochs)
        log_throughput(len(order), time.monotonic() - began)
    return centers[weights > 0], weights[weights > 0]


def _first_centers(data: Any, many: int, values: Mapping[str, Any]) -> Floats:
    """Choose some of the first rows, at random or by kmeans++."""
    many = min(many, data.shape[0])
    if values.get("init_method", "random") == "kmeans++":
        from sklearn.cluster import kmeans_plusplus

        chosen = kmeans_plusplus(data, many, random_state=_SEED)[1]
    else:
        chosen = np.random.default_rng(_SEED).choice(data.shape[0], many, replace=False)
    rows = data[chosen]
    return np.array(rows if isinstance(rows, np.ndarray) else rows.toarray(), dtype=np.float64)


def _move(centers: Floats, weights: Floats, batch: Any, nearest: npt.NDArray[np.intp]) -> None:
    """Make each center the mean of the rows that it had and those that it is given."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    count = len(nearest)
    chosen = csr_matrix((np.ones(count), (nearest, np.arange(count))), (len(centers), count))
    sums = chosen @ batch
    sums = sums if isinstance(sums, np.ndarray) else sums.toarray()
    counts = np.bincount(nearest, minlength=len(centers))
    moved = counts > 0
    total = weights[moved] + counts[moved]
    centers[moved] = (centers[moved] * weights[moved, None] + sums[moved]) / total[:, None]
    weights += counts


def _reduced(centers: Floats, weights: Floats, values: Mapping[str, Any]) -> Floats:
    """Cluster the centers themselves, each as heavy as its rows, to k."""
    from sklearn.cluster import KMeans

    k = values["k"]
    if len(centers) < k:
        raise ConfigurationError(
            f"the train channel has fewer than {k} different rows: set a smaller k"
        )
    logger.info("shrinking %d centers into %d", len(centers), k)
    trials = values.get("local_lloyd_num_trials", "auto")
    method = values.get("local_lloyd_init_method", "kmeans++")
    lloyd = KMeans(
        k,
        init="k-means++" if method == "kmeans++" else "random",
        n_init=_AUTO if trials == "auto" else trials,
        max_iter=values.get("local_lloyd_max_iter", 300),
        tol=values.get("local_lloyd_tol", 0.0001),
        random_state=_SEED,
    )
    reduced: Floats = lloyd.fit(centers, sample_weight=weights).cluster_centers_
    return reduced


def _squares(engine: KMeansEngine, rows: FeatureRows) -> float:
    return float((engine.predict(rows)["distance_to_cluster"] ** 2).sum())


def _score(engine: KMeansEngine, rows: FeatureRows, values: Mapping[str, Any]) -> None:
    """Log the metrics of the test channel: mean and sum of squared distances."""
    total = _squares(engine, rows)
    scores = {"msd": total / len(rows), "ssd": total}
    for name in str(values.get("eval_metrics", "msd")).split(","):
        log_metric("test", name, scores[name])
