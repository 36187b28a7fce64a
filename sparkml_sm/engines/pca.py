"""Projections of rows on the principal components of a PCA artifact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines.mxnet import read_arrays, singles
from sparkml_sm.engines.products import check_width, product
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats.rows import FeatureRows

__all__ = ["PCAEngine", "load"]


@dataclass(frozen=True, slots=True)
class PCAEngine:
    """One model in memory; safe to use from several threads.

    Attributes
    ----------
    components : float64 array of shape (features, components)
        A component a column, the least important first, as AWS keeps them.
    mean : float64 array of shape (features,)
        Subtracted from each row; zeros where the model was trained with ``subtract_mean`` false.
    """

    components: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]

    @property
    def features(self) -> int:
        """Number of features that the model was trained with."""
        return int(self.components.shape[0])

    def predict(self, rows: FeatureRows) -> dict[str, npt.NDArray[np.float64]]:
        """Project each row.

        Returns
        -------
        dict of str to float64 array of shape (rows, components)
            ``projection``: float32 numbers, that of the least important component first.

        Raises
        ------
        InvalidDataError
            The rows have another number of features than the model.
        """
        check_width(rows, self.features)
        # The mean is taken from the answers, not from the rows: sparse rows stay so.
        projected = product(rows, self.components) - self.mean @ self.components
        return {"projection": singles(projected)}


def load(model_dir: Path | str) -> PCAEngine:
    """Read a PCA artifact, of AWS or of the local SageMaker, that was unpacked to a directory.

    Parameters
    ----------
    model_dir : Path or str
        Holds `model_algo-1`: a file of MXNet arrays, of which ``v`` is the components and ``mean``,
        where it is there, the mean. (``s`` is the singular values; answers do not need them.)

    Raises
    ------
    ConfigurationError
        The directory holds no PCA model.
    """
    arrays = read_arrays(model_dir)
    components = arrays.get("v")
    if components is None or components.ndim != 2:
        raise ConfigurationError(f"{model_dir} holds no PCA model: expected a matrix named v")
    features = components.shape[0]
    mean = arrays.get("mean", np.zeros(features)).reshape(-1)
    if len(mean) != features:
        raise ConfigurationError(
            f"{model_dir} holds no PCA model: its mean has {len(mean)} features, and v {features}"
        )
    return PCAEngine(components.astype(np.float64), mean.astype(np.float64))
