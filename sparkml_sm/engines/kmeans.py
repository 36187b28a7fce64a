"""Clusters of rows by a KMeans artifact: the nearest of its centers, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines.mxnet import read_arrays, singles
from sparkml_sm.engines.products import check_width, product
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats.rows import FeatureRows

__all__ = ["KMeansEngine", "load"]


@dataclass(frozen=True, slots=True)
class KMeansEngine:
    """One model in memory; safe to use from several threads.

    Attributes
    ----------
    centers : float64 array of shape (k, features)
        A cluster's number is its row.
    """

    centers: npt.NDArray[np.float64]

    @property
    def features(self) -> int:
        """Number of features that the model was trained with."""
        return int(self.centers.shape[1])

    def predict(self, rows: FeatureRows) -> dict[str, npt.NDArray[np.float64]]:
        """Find the nearest center of each row.

        Returns
        -------
        dict of str to float64 array of shape (rows,)
            ``closest_cluster``, the number of the center, of equals the lowest; and
            ``distance_to_cluster``, the Euclidean distance to it, a float32.

        Raises
        ------
        InvalidDataError
            The rows have another number of features than the model.
        """
        check_width(rows, self.features)
        # The square of a distance, less the square of the row, which is the same for all centers.
        squares = (self.centers**2).sum(axis=1) - 2 * product(rows, self.centers.T)
        owners = np.repeat(np.arange(len(rows)), np.diff(rows.value_offsets))
        own = np.bincount(owners, rows.values**2, len(rows))
        return {
            "closest_cluster": squares.argmin(axis=1).astype(np.float64),
            "distance_to_cluster": singles(np.sqrt(np.maximum(squares.min(axis=1) + own, 0))),
        }


def load(model_dir: Path | str) -> KMeansEngine:
    """Read a KMeans artifact, of AWS or of the local SageMaker, that was unpacked to a directory.

    Parameters
    ----------
    model_dir : Path or str
        Holds `model_algo-1`: a file of MXNet arrays, of which the first is the centers.

    Raises
    ------
    ConfigurationError
        The directory holds no KMeans model.
    """
    arrays = list(read_arrays(model_dir).values())
    if not arrays or arrays[0].ndim != 2:
        raise ConfigurationError(f"{model_dir} holds no KMeans model: expected a matrix of centers")
    return KMeansEngine(arrays[0].astype(np.float64))
