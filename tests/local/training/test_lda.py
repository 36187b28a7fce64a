"""LDA against topics that documents were drawn from, and against scikit-learn on real data."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import LatentDirichletAllocation

from sparkml_sm.engines.lda import LDAEngine, load
from sparkml_sm.errors import InvalidDataError
from sparkml_sm.formats import ndarray
from sparkml_sm.formats.rows import FeatureRows, dense_rows, slice_rows
from sparkml_sm.local.training.lda import train
from tests.local.training.tables import context_of, metrics_in, sparse_of

TOPICS, SIDE = 5, 5
BARS = {
    "num_topics": "5",
    "feature_dim": "25",
    "mini_batch_size": "600",
    "alpha0": "1.0",
    "max_restarts": "4",
}


def bars(count: int = 600, seed: int = 0) -> tuple[np.ndarray, FeatureRows]:
    """Topics that are the rows of a square of words, and documents that mix them."""
    random = np.random.default_rng(seed)
    topics = np.repeat(np.eye(TOPICS), SIDE, axis=1) / SIDE
    mixtures = random.dirichlet([0.2] * TOPICS, count)
    counts = [random.multinomial(80, mixture @ topics) for mixture in mixtures]
    return topics, dense_rows(np.array(counts, dtype=np.float64))


def trained(base: Path, values: dict[str, str], rows: FeatureRows) -> LDAEngine:
    context = context_of(base, values, train=rows)
    train(context)
    return load(context.modelDir)


@pytest.mark.parametrize("sparse", [False, True])
def test_the_topics_of_the_documents_are_found(tmp_path: Path, sparse: bool) -> None:
    topics, rows = bars()
    engine = trained(tmp_path, BARS, sparse_of(rows) if sparse else rows)
    apart = np.abs(topics[:, None] - engine.beta[None]).sum(axis=2)
    best = min(permutations(range(TOPICS)), key=lambda order: apart[range(TOPICS), order].sum())
    assert apart[range(TOPICS), best].max() < 0.1
    np.testing.assert_allclose(engine.beta.sum(axis=1), 1, rtol=1e-5)
    assert engine.alpha.sum() == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_allclose(engine.alpha, 0.2, atol=0.04)


def test_real_data_is_explained_as_well_as_by_scikit_learn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    data, _ = load_digits(return_X_y=True)
    data = data[:150]
    rows = dense_rows(data)
    context = context_of(
        tmp_path,
        {"num_topics": "4", "feature_dim": "64", "mini_batch_size": "150", "max_restarts": "2"},
        train=rows,
        test=rows,
    )
    train(context)
    (ours,) = metrics_in(caplog, "lda")["test:pwll"]
    other = LatentDirichletAllocation(4, doc_topic_prior=1 / 4, max_iter=20, random_state=0)
    mixtures = other.fit_transform(data)
    beta = other.components_ / other.components_.sum(axis=1, keepdims=True)
    theirs = (data * np.log(mixtures @ beta)).sum() / data.sum()
    assert ours > theirs - 0.03


def test_the_artifact_is_aws_s(tmp_path: Path) -> None:
    context = context_of(tmp_path, {**BARS, "max_iterations": "1"}, train=bars(50)[1])
    train(context)
    alpha, beta = ndarray.decode((context.modelDir / "model_algo-1").read_bytes())
    assert (alpha.shape, beta.shape) == ((5,), (5, 25))
    assert alpha.dtype == beta.dtype == np.float32


def test_the_metric_is_the_likelihood_of_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    topics, rows = bars(700)
    test = slice_rows(rows, 600, 700)
    context = context_of(tmp_path, BARS, train=slice_rows(rows, 0, 600), test=test)
    train(context)
    metrics = metrics_in(caplog, "lda")
    counts = test.values.reshape(100, 25)
    shares = counts.reshape(100, TOPICS, SIDE).sum(axis=2) / 80  # each word has one topic
    known = (counts * np.log(np.maximum(shares @ topics, 1e-9))).sum() / counts.sum()
    assert metrics["test:pwll"] == pytest.approx([known], abs=0.1)
    assert metrics["train:progress"][-1] == 100


def test_alpha0_is_the_sum_of_alpha(tmp_path: Path) -> None:
    engine = trained(tmp_path, {**BARS, "alpha0": "0.3", "max_iterations": "2"}, bars(100)[1])
    assert engine.alpha.sum() == pytest.approx(0.3, rel=1e-5)


def test_fewer_documents_than_an_update_takes_are_enough(tmp_path: Path) -> None:
    engine = trained(tmp_path, BARS, bars(3)[1])
    assert np.isfinite(engine.beta).all()


@pytest.mark.parametrize("value", [-1.0, 0.0])
def test_what_are_no_counts_is_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(InvalidDataError, match="no counts of words"):
        trained(tmp_path, BARS, dense_rows(np.full((20, 25), value)))
