"""Trains as SageMaker's PCA container does: components least important first, in MXNet's file."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.catalog.pca import PCA
from sparkml_sm.engines.pca import PCAEngine
from sparkml_sm.engines.xgboost import matrix
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats import ndarray
from sparkml_sm.formats.rows import FeatureRows
from sparkml_sm.local.training.contract import TrainingContext
from sparkml_sm.local.training.first_party import (
    log_metrics,
    log_progress,
    read_channels,
    read_hyperparameters,
    save_model,
)

__all__ = ["train"]

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

_SEED = 0
#: Times that a sketch is sharpened; scikit-learn takes 4 to 7.
_POWERS = 7
#: Features whose covariance takes half a gigabyte.
_MOST_FEATURES = 8192


def train(context: TrainingContext) -> None:
    """Read the channels, train, save ``mean``, ``v`` and ``s`` as AWS does.

    Raises
    ------
    ConfigurationError
        A hyperparameter or a channel is wrong.
    InvalidDataError
        The data is wrong.
    """
    values = read_hyperparameters(context, PCA)
    channels = read_channels(context, feature_dim=values["feature_dim"])
    data = matrix(channels["train"])
    wanted = values["num_components"]
    if wanted > min(data.shape):
        raise ConfigurationError(
            f"`num_components` is {wanted}, more than the {min(data.shape)} that "
            f"{data.shape[0]} rows of {data.shape[1]} features have"
        )
    centered = values.get("subtract_mean", True)
    mean = np.asarray(data.mean(axis=0)).reshape(-1) if centered else np.zeros(data.shape[1])
    # Sparse rows less their mean would be dense: there, it is taken from each product instead.
    rest, shift = (data - mean, 0 * mean) if isinstance(data, np.ndarray) else (data, mean)
    if _sketched(values.get("algorithm_mode", "regular"), data.shape[1]):
        extra = values.get("extra_components", -1)
        extra = max(10, wanted) if extra == -1 else extra
        components, singular = _randomized(rest, shift, wanted, extra)
    else:
        components, singular = _regular(rest, shift, wanted)
    log_progress(100)
    arrays = {"v": _signed(components), "s": singular}
    if centered:
        arrays = {"mean": mean.reshape(1, -1), **arrays}
    single = {name: array.astype(np.float32) for name, array in arrays.items()}
    save_model(context, ndarray.encode(single))
    log_metrics("AWS/PCA", "training", {"Total Records Seen": data.shape[0]})
    if "test" in channels:
        _score(PCAEngine(arrays["v"], mean), channels["test"])


def _sketched(mode: str, features: int) -> bool:
    if mode != "randomized" and features > _MOST_FEATURES:
        logger.warning(
            "the covariance of %d features is too large for the local SageMaker, which takes "
            "algorithm_mode randomized instead of %s",
            features,
            mode,
        )
        return True
    return mode == "randomized"


def _regular(data: Any, mean: Floats, wanted: int) -> tuple[Floats, Floats]:
    """Take the components from the covariance, which fits in memory whatever the rows' number."""
    products = data.T @ data
    products = products if isinstance(products, np.ndarray) else products.toarray()
    products = products - data.shape[0] * np.outer(mean, mean)
    squares, components = np.linalg.eigh(products)  # ascending: the least important first
    return components[:, -wanted:], np.sqrt(np.maximum(squares[-wanted:], 0))


def _randomized(data: Any, mean: Floats, wanted: int, extra: int) -> tuple[Floats, Floats]:
    """Take the components from a random sketch with extra columns (Halko et al. 2011, 4.4, 5.1)."""
    random = np.random.default_rng(_SEED)
    columns = min(wanted + extra, *data.shape)
    sketch = random.normal(size=(data.shape[1], columns))
    for _ in range(_POWERS):
        left = np.linalg.qr(data @ sketch - mean @ sketch)[0]
        sketch = np.linalg.qr(data.T @ left - np.outer(mean, left.sum(axis=0)))[0]
    _, singular, turned = np.linalg.svd(data @ sketch - mean @ sketch, full_matrices=False)
    components = sketch @ turned[:wanted].T
    return components[:, ::-1], singular[:wanted][::-1]


def _signed(components: Floats) -> Floats:
    """Turn each component so that its largest number is positive: else chance decides."""
    largest = np.abs(components).argmax(axis=0)
    signs: Floats = np.sign(components[largest, np.arange(components.shape[1])])
    return components * signs


def _score(engine: PCAEngine, rows: FeatureRows) -> None:
    """Log how much of the test rows' variance the components hold; the container has no metric."""
    data = matrix(rows)
    spread = data.multiply(data).sum() if hasattr(data, "multiply") else (data**2).sum()
    shift = np.asarray(data.sum(axis=0)).reshape(-1)
    whole = spread - 2 * shift @ engine.mean + len(rows) * engine.mean @ engine.mean
    held = (engine.predict(rows)["projection"] ** 2).sum()
    logger.info("the components hold %.6f of the variance of the test channel", held / whole)
