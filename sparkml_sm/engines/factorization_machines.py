"""Predictions of a FactorizationMachines model that the local SageMaker trained.

The artifact is in a layout of our own (see `artifacts`): the arrays `bias` of shape (1,), `linear`
of shape (features,) and `factors` of shape (features, num_factors); the description has
`predictor_type`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines.artifacts import archive, read_archive
from sparkml_sm.engines.linear_learner import sigmoid
from sparkml_sm.engines.mxnet import singles
from sparkml_sm.engines.products import check_width, product
from sparkml_sm.formats.rows import FeatureRows

__all__ = ["FactorizationMachinesEngine", "load"]

ALGORITHM = "factorization-machines"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FactorizationMachinesEngine:
    """A factorization machine in memory; safe to use from several threads.

    Attributes
    ----------
    bias : float64 array of shape (1,)
    linear : float64 array of shape (features,)
    factors : float64 array of shape (features, num_factors)
        The product of two features has the dot product of their factors as its weight.
    predictor_type : str
        ``"binary_classifier"`` or ``"regressor"``.
    """

    bias: Floats
    linear: Floats
    factors: Floats
    predictor_type: str

    @property
    def features(self) -> int:
        """Number of features of a row."""
        return len(self.linear)

    def predict(self, rows: FeatureRows) -> dict[str, npt.NDArray[Any]]:
        """Predict.

        Parameters
        ----------
        rows : FeatureRows
            The batch; what a sparse row leaves out is 0.

        Returns
        -------
        dict of str to array
            ``score``: float64 of shape (rows,), each a float32; a classifier's is a probability.
            ``predicted_label``: int64 of shape (rows,), of classifiers only: 1 from a half on.

        Raises
        ------
        InvalidDataError
            The rows have another number of features than the model.
        """
        raw = self.raw_scores(rows)
        if self.predictor_type == "regressor":
            return {"score": singles(raw)}
        label = (raw >= 0).astype(np.int64)
        return {"score": singles(sigmoid(raw)), "predicted_label": label}

    def raw_scores(self, rows: FeatureRows) -> Floats:
        """Return bias, linear terms and the products of all pairs of features, summed up.

        The pairs cost no more than the features: the square of a sum holds each product twice and
        the squares once (Rendle, Factorization Machines, 2010, lemma 3.1).
        """
        check_width(rows, self.features)
        squares = replace(rows, values=rows.values**2)
        pairs = product(rows, self.factors) ** 2 - product(squares, self.factors**2)
        linear = product(rows, self.linear[:, None])[:, 0]
        raw: Floats = self.bias + linear + 0.5 * pairs.sum(axis=1)
        return raw

    def to_bytes(self) -> bytes:
        """Return the artifact."""
        return archive(
            ALGORITHM,
            {"bias": self.bias, "linear": self.linear, "factors": self.factors},
            {"predictor_type": self.predictor_type},
        )


def load(model_dir: Path | str) -> FactorizationMachinesEngine:
    """Read a model artifact that was unpacked into a directory.

    Raises
    ------
    ConfigurationError
        The directory holds no FactorizationMachines model that the local SageMaker made.
    """
    arrays, description = read_archive(model_dir, ALGORITHM)
    return FactorizationMachinesEngine(
        arrays["bias"], arrays["linear"], arrays["factors"], description["predictor_type"]
    )
