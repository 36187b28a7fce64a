"""Trains topics for SageMaker's LDA, by another method than its container.

AWS decomposes a tensor of moments; here it is scikit-learn's online variational Bayes (Hoffman,
Blei and Bach 2010), so topics agree as two good estimates do. `max_restarts` is the number of its
starts and `max_iterations` bounds its passes; `tol` has no effect.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.catalog.lda import LDA
from sparkml_sm.engines.lda import LDAEngine
from sparkml_sm.engines.xgboost import matrix
from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import ndarray
from sparkml_sm.formats.rows import FeatureRows, positions
from sparkml_sm.local.training.contract import TrainingContext
from sparkml_sm.local.training.first_party import (
    log_metric,
    log_metrics,
    log_progress,
    read_channels,
    read_hyperparameters,
    save_model,
)

__all__ = ["train"]

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

#: Documents and passes by which one start is told from another.
_FEW, _FIRST_PASSES = 500, 3
#: More passes do not change topics to speak of; `max_iterations`, a 1000 by default, are AWS's own.
_MOST_PASSES = 10
#: Documents that are looked at, over all passes: many documents need few passes.
_ENOUGH = 20_000


def train(context: TrainingContext) -> None:
    """Read the channels, train, save ``alpha`` and ``beta`` as AWS does, score the test channel.

    Raises
    ------
    ConfigurationError
        A hyperparameter or a channel is wrong.
    InvalidDataError
        The data is wrong.
    """
    values = read_hyperparameters(context, LDA)
    channels = read_channels(context, feature_dim=values["feature_dim"])
    for name, rows in channels.items():
        if (rows.values < 0).any() or not rows.values.any():
            raise InvalidDataError(
                f"the rows of channel {name} are no counts of words: they must be 0 or more, and "
                "not all 0"
            )
    rows = channels["train"]
    engine = _topics(matrix(rows), values)
    arrays = [engine.alpha.astype(np.float32), engine.beta.astype(np.float32)]
    save_model(context, ndarray.encode(arrays))
    log_metrics("AWS/LDA", "training", {"Total Records Seen": len(rows)})
    if "test" in channels:
        log_metric("test", "pwll", _likelihood(engine, channels["test"]), "score")


def _topics(counts: Any, values: Mapping[str, Any]) -> LDAEngine:
    """Start several times on some documents, go on with what fits them best."""
    from sklearn.decomposition import LatentDirichletAllocation

    topics, alpha0, documents = values["num_topics"], values.get("alpha0", 1.0), counts.shape[0]
    random = np.random.default_rng(0)
    some = counts[random.permutation(documents)[:_FEW]]
    starts = [
        LatentDirichletAllocation(
            topics,
            doc_topic_prior=alpha0 / topics,
            total_samples=documents,
            # At least ten updates a pass, however few documents there are.
            batch_size=min(64, max(1, documents // 10)),
            random_state=seed,
        )
        for seed in range(values.get("max_restarts", 10))
    ]
    for number, start in enumerate(starts):
        for _ in range(_FIRST_PASSES):
            start.partial_fit(some)
        log_progress(100 * (number + 1) / len(starts), "starts")
    model = min(starts, key=lambda start: start.perplexity(some)) if starts[1:] else starts[0]
    passes = min(values.get("max_iterations", 1000), _MOST_PASSES, 1 + _ENOUGH // documents)
    for number in range(passes):
        model.partial_fit(counts[random.permutation(documents)])
        log_progress(100 * (number + 1) / passes)
    beta = model.components_ / model.components_.sum(axis=1, keepdims=True)
    # Of the prior, alpha0 is the sum; its parts are as large as the topics.
    shares = model.transform(counts).mean(axis=0)
    return LDAEngine(alpha0 * shares, beta)


def _likelihood(engine: LDAEngine, rows: FeatureRows) -> float:
    """Give the mean log likelihood of a word, with each document's inferred mixture."""
    mixtures = engine.predict(rows)["topic_mixture"]
    there = rows.values > 0
    owners = np.repeat(np.arange(len(rows)), np.diff(rows.value_offsets))[there]
    words = positions(rows)[there]
    chances = np.zeros(len(owners))
    for mixture, beta in zip(mixtures.T, engine.beta, strict=True):
        chances += mixture[owners] * beta[words]
    counts = rows.values[there]
    return float((counts * np.log(np.maximum(chances, 1e-300))).sum() / counts.sum())
