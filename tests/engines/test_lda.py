"""The engine against the same posterior, computed a document and a word at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import digamma

from sparkml_sm.engines import lda
from sparkml_sm.engines.lda import LDAEngine, load
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats import ndarray
from sparkml_sm.formats.rows import FeatureRows, concat_rows, dense_rows
from tests.formats.mxnet_files import LIST, TWO
from tests.local.training.tables import sparse_of

TOPICS, WORDS = 3, 12


def model(seed: int = 1) -> LDAEngine:
    random = np.random.default_rng(seed)
    return LDAEngine(random.uniform(0.1, 0.9, TOPICS), random.dirichlet([0.3] * WORDS, TOPICS))


def documents(engine: LDAEngine, count: int = 40, length: int = 60, seed: int = 2) -> np.ndarray:
    random = np.random.default_rng(seed)
    mixtures = random.dirichlet(engine.alpha, count)
    return np.array([random.multinomial(length, mixture @ engine.beta) for mixture in mixtures])


def posterior(engine: LDAEngine, counts: np.ndarray) -> np.ndarray:
    """Coordinate ascent on one document, each word's shares in turn, until it stands still."""
    gamma = engine.alpha + counts.sum() / TOPICS
    for _ in range(3000):
        shares = np.zeros(TOPICS)
        for word in np.flatnonzero(counts):
            part = engine.beta[:, word] * np.exp(digamma(gamma))
            shares += counts[word] * part / part.sum()
        gamma = engine.alpha + shares
    return gamma / gamma.sum()


def rows(counts: np.ndarray) -> FeatureRows:
    return dense_rows(counts.astype(np.float64))


def test_a_mixture_is_the_mean_of_the_posterior() -> None:
    engine = model()
    counts = documents(engine, 6)
    expected = [posterior(engine, each) for each in counts]
    mixtures = engine.predict(rows(counts))["topic_mixture"]
    np.testing.assert_allclose(mixtures, expected, atol=2e-3)
    np.testing.assert_allclose(mixtures.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(mixtures, mixtures.astype(np.float32))


def test_long_documents_show_the_mixture_that_they_were_drawn_from() -> None:
    engine = model()
    random = np.random.default_rng(5)
    drawn = random.dirichlet(engine.alpha, 30)
    counts = np.array([random.multinomial(20_000, mixture @ engine.beta) for mixture in drawn])
    mixtures = engine.predict(rows(counts))["topic_mixture"]
    assert np.abs(mixtures - drawn).sum(axis=1).mean() < 0.05


def test_sparse_rows_are_answered_as_dense_ones() -> None:
    engine = model()
    batch = rows(documents(engine))
    whole = engine.predict(batch)["topic_mixture"]
    mixed = engine.predict(concat_rows([sparse_of(batch), batch]))["topic_mixture"]
    np.testing.assert_allclose(mixed, np.concatenate([whole, whole]), atol=1e-7)


def test_blocks_do_not_change_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = model()
    batch = concat_rows([rows(documents(engine, 9)), sparse_of(rows(documents(engine, 9, seed=4)))])
    whole = engine.predict(batch)["topic_mixture"]
    for block in (1, TOPICS * WORDS * 2):
        monkeypatch.setattr(lda, "_BLOCK", block)
        np.testing.assert_allclose(engine.predict(batch)["topic_mixture"], whole, atol=1e-7)


def test_a_document_without_words_has_the_prior_s_mixture() -> None:
    engine = model()
    counts = documents(engine, 3)
    counts[1] = 0
    for batch in (rows(counts), sparse_of(rows(counts)), rows(counts[1:2])):
        mixtures = engine.predict(batch)["topic_mixture"]
        at = 1 if len(mixtures) > 1 else 0
        np.testing.assert_allclose(mixtures[at], engine.alpha / engine.alpha.sum(), rtol=1e-6)


def test_a_word_that_no_topic_has_changes_nothing_but_is_borne() -> None:
    engine = LDAEngine(np.array([0.5, 0.5]), np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    mixture = engine.predict(rows(np.array([[8, 0, 1]])))["topic_mixture"][0]
    assert mixture[0] > 0.85
    assert np.isfinite(mixture).all()


def test_no_rows_have_no_answers() -> None:
    assert model().predict(rows(np.empty((0, WORDS))))["topic_mixture"].shape == (0, TOPICS)


def test_what_are_no_counts_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="5 features"):
        model().predict(rows(np.ones((2, 5))))
    with pytest.raises(InvalidDataError, match="negative"):
        model().predict(rows(-np.ones((2, WORDS))))


def test_a_file_of_mxnet_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "model_algo-1").write_bytes(TWO)
    engine = load(tmp_path)
    assert engine.alpha.tolist() == [0.5, 0.25]
    assert engine.beta.tolist() == [[0.5, 0.25, 0.25], [0.0, 0.75, 0.25]]


@pytest.mark.parametrize("content", [LIST, ndarray.encode([np.ones(3), np.ones((2, 4))])])
def test_another_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model_algo-1").write_bytes(content)
    with pytest.raises(ConfigurationError, match="holds no LDA model"):
        load(tmp_path)
