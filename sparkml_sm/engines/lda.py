"""Topic mixtures of documents by an LDA artifact.

AWS does not say how its container infers a mixture. Here it is the mean of the variational
posterior (Blei, Ng and Jordan 2003, section 5.2), iterated until it stands still.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines.mxnet import read_arrays, singles
from sparkml_sm.engines.products import check_width
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.formats.rows import FeatureRows, Floats, positions, slice_rows

__all__ = ["LDAEngine", "load"]

#: Numbers (words of documents times topics) that are worked on at once: 32 MB.
_BLOCK = 1 << 22
_MOST_STEPS = 200
#: Mean change of a document's topics at which it stands still, as a part of all its words.
_TOLERANCE = 1e-5
_TINY = 1e-100


@dataclass(frozen=True, slots=True)
class LDAEngine:
    """One model in memory; safe to use from several threads.

    Attributes
    ----------
    alpha : float64 array of shape (topics,)
        The Dirichlet prior of a document's mixture.
    beta : float64 array of shape (topics, features)
        For each topic the probabilities of the words.
    """

    alpha: Floats
    beta: Floats

    @property
    def features(self) -> int:
        """Size of the vocabulary that the model was trained with."""
        return int(self.beta.shape[1])

    def predict(self, rows: FeatureRows) -> dict[str, Floats]:
        """Infer the topics of each document.

        Parameters
        ----------
        rows : FeatureRows
            The counts of words.

        Returns
        -------
        dict of str to float64 array of shape (rows, topics)
            ``topic_mixture``: float32 numbers, of which each row's sum is 1.

        Raises
        ------
        InvalidDataError
            The rows have another number of features than the model, or a count is negative.
        """
        check_width(rows, self.features)
        if (rows.values < 0).any():
            raise InvalidDataError("a count of words is negative: LDA takes counts of 0 or more")
        mixtures = np.empty((len(rows), len(self.alpha)))
        most = max(1, _BLOCK // len(self.alpha))
        start = 0
        while start < len(rows):
            end = int(rows.value_offsets[start]) + most
            stop = int(np.searchsorted(rows.value_offsets, end, side="right")) - 1
            stop = min(max(stop, start + 1), len(rows))
            mixtures[start:stop] = self._mixtures(slice_rows(rows, start, stop))
            start = stop
        return {"topic_mixture": singles(mixtures)}

    def _mixtures(self, rows: FeatureRows) -> Floats:
        """Work on the words that are there: a dense row's zeros are left out."""
        there = rows.values > 0
        counts = rows.values[there]
        owners = np.repeat(np.arange(len(rows)), np.diff(rows.value_offsets))[there]
        words = self.beta.T[positions(rows)[there]] + _TINY
        filled, firsts = np.unique(owners, return_index=True)
        owners = np.searchsorted(filled, owners)
        gamma = np.tile(self.alpha, (len(rows), 1))
        if len(filled):
            gamma[filled] = self._posterior(counts, owners, words, firsts)
        mixtures: Floats = gamma / gamma.sum(axis=1, keepdims=True)
        return mixtures

    def _posterior(
        self,
        counts: Floats,
        owners: npt.NDArray[np.int64],
        words: Floats,
        firsts: npt.NDArray[np.int64],
    ) -> Floats:
        """Iterate the posterior of documents that have words; `firsts` is where each begins."""
        gamma = self.alpha + np.add.reduceat(counts, firsts)[:, None] / len(self.alpha)
        still = np.zeros((len(gamma), 1), dtype=np.bool_)
        for _ in range(_MOST_STEPS):
            weights = np.exp(_digamma(gamma) - _digamma(gamma.sum(axis=1, keepdims=True)))
            shares = weights[owners] * words
            shares *= (counts / shares.sum(axis=1))[:, None]
            moved = self.alpha + np.add.reduceat(shares, firsts, axis=0)
            # A document that stands still is left so, whatever others are in the batch.
            moved = np.where(still, gamma, moved)
            change = np.abs(moved - gamma).mean(axis=1, keepdims=True)
            gamma, still = moved, change < _TOLERANCE * moved.sum(axis=1, keepdims=True)
            if still.all():
                break
        return gamma


def load(model_dir: Path | str) -> LDAEngine:
    """Read an LDA artifact, of AWS or of the local SageMaker, that was unpacked to a directory.

    Parameters
    ----------
    model_dir : Path or str
        Holds `model_algo-1`: a file of two MXNet arrays, alpha and beta.

    Raises
    ------
    ConfigurationError
        The directory holds no LDA model.
    """
    arrays = list(read_arrays(model_dir).values())
    if len(arrays) != 2 or arrays[1].ndim != 2 or arrays[0].size != len(arrays[1]):
        raise ConfigurationError(
            f"{model_dir} holds no LDA model: expected alpha, a vector of topics, and beta, a "
            "matrix of topics and words"
        )
    alpha, beta = (array.astype(np.float64) for array in arrays)
    return LDAEngine(np.maximum(alpha.reshape(-1), _TINY), np.maximum(beta, 0.0))


def _digamma(numbers: Floats) -> Floats:
    """Give the derivative of the log of the gamma function, of positive numbers.

    By its recurrence up to 6 and its asymptotic series from there: exact to 10 digits.
    """
    result = np.zeros_like(numbers)
    for step in range(6):
        result -= 1.0 / (numbers + step)
    large = numbers + 6.0
    square = 1.0 / (large * large)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
    tail: Floats = result + np.log(large) - 0.5 / large - series
    return tail
