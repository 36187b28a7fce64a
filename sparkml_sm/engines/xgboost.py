"""Predictions of an XGBoost model artifact, number for number as SageMaker's container makes them.

XGBoost is imported when a model is loaded, not before: a cluster that only trains on SageMaker does
not need it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.errors import ConfigurationError, InvalidDataError

if TYPE_CHECKING:
    from sparkml_sm.formats.rows import FeatureRows

__all__ = ["FeatureCountError", "XGBoostEngine", "import_xgboost", "load", "matrix"]

logger = logging.getLogger(__name__)

MODEL_FILE = "xgboost-model"

#: Objectives whose prediction is a class: the members of an ensemble vote, they are not averaged.
_VOTED = frozenset({"multi:softmax", "binary:hinge"})


class FeatureCountError(InvalidDataError):
    """Rows do not have the number of features that the model was trained with."""


def import_xgboost() -> Any:
    """Return the module `xgboost`.

    Raises
    ------
    ConfigurationError
        XGBoost is not installed.
    """
    try:
        import xgboost
    except ImportError as error:
        raise ConfigurationError(
            "scoring or training with XGBoost in this process needs the package xgboost: "
            "pip install 'sparkml-sm[local]'"
        ) from error
    return xgboost


def matrix(rows: FeatureRows, width: int | None = None, *, sparse: bool = False) -> Any:
    """Return the rows as XGBoost takes them: absent is missing, a zero that is written is a value.

    Parameters
    ----------
    rows : FeatureRows
        The batch; its label and weight are not looked at.
    width : int, optional
        Number of columns of the result, at least ``rows.width``, which is the default.
    sparse : bool, default False
        Make a sparse matrix also where every row is dense.

    Returns
    -------
    float64 array of shape (rows, width), or scipy.sparse.csr_matrix
        An array, without a copy, where every row is dense and `width` is theirs.

    Examples
    --------
    >>> from sparkml_sm.formats import csv, libsvm
    >>> matrix(csv.decode(b"0,1,2.5", label=True))
    array([[1. , 2.5]])
    >>> matrix(libsvm.decode(b"0 1:2 3:0")).nnz
    2
    """
    width = rows.width if width is None else width
    start, stop = int(rows.value_offsets[0]), int(rows.value_offsets[-1])
    values = rows.values[start:stop]
    if not sparse and width == rows.width and bool(rows.dense.all()):
        return values.reshape(len(rows), width)

    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    indices = rows.indices[int(rows.index_offsets[0]) : int(rows.index_offsets[-1])]
    if rows.dense.any():
        of_dense_row = np.repeat(rows.dense, np.diff(rows.value_offsets))
        merged = np.empty(len(values), dtype=np.int32)
        merged[~of_dense_row] = indices
        columns = np.arange(rows.width, dtype=np.int32)
        merged[of_dense_row] = np.tile(columns, int(rows.dense.sum()))
        indices = merged
    return csr_matrix((values, indices, rows.value_offsets - start), shape=(len(rows), width))


@dataclass(frozen=True, slots=True)
class XGBoostEngine:
    """One model, or an ensemble, in memory; safe to use from several threads.

    Attributes
    ----------
    boosters : tuple of xgboost.Booster
        The members, in the order of their file names.
    features : int
        Number of features that the model was trained with.
    objective : str
        XGBoost's name of the objective, such as ``"binary:logistic"``.
    classes : int
        Number of classes of a multi-class model, else 0.
    linear : bool, default False
        Whether the booster is ``gblinear``.
    """

    boosters: tuple[Any, ...]
    features: int
    objective: str
    classes: int
    linear: bool = False

    def predict(self, rows: FeatureRows, *, narrower: bool = False) -> npt.NDArray[np.float64]:
        """Predict.

        Parameters
        ----------
        rows : FeatureRows
            The batch. A feature that a sparse row leaves out, and NaN, is missing.
        narrower : bool, default False
            Accept rows with fewer features than the model; the others are missing. Of sparse rows,
            the features that they hold count, not their declared width: so the container takes
            LIBSVM text, which does not tell the width.

        Returns
        -------
        float64 array of shape (rows,), or (rows, classes) for ``multi:softprob``
            The container's numbers: each is a float32.

        Raises
        ------
        FeatureCountError
            The rows have another number of features than the model.
        """
        width = rows.width
        if narrower and not rows.dense.any():
            held = rows.indices[int(rows.index_offsets[0]) : int(rows.index_offsets[-1])]
            width = int(held.max(initial=-1)) + 1
        if width > self.features or (width < self.features and not narrower):
            raise FeatureCountError(
                f"the rows have {width} features, and the model was trained with "
                f"{self.features}: send the columns that it was trained on"
            )
        if not len(rows):
            # XGBoost would forget the number of classes.
            return np.empty((0, self.classes) if self.objective == "multi:softprob" else 0)
        data = matrix(rows, self.features)
        answers = [self._member(booster, data) for booster in self.boosters]
        if len(answers) == 1:
            return answers[0].astype(np.float64)
        if self.objective in _VOTED:
            return _vote(np.stack(answers))
        mean: npt.NDArray[np.float64] = np.mean(answers, axis=0).astype(np.float64)
        return mean

    def _member(self, booster: Any, data: Any) -> npt.NDArray[np.float32]:
        if self.linear:
            # Prediction in place does not know linear boosters.
            data = import_xgboost().DMatrix(data)
            return np.asarray(booster.predict(data, validate_features=False), dtype=np.float32)
        return np.asarray(booster.inplace_predict(data, validate_features=False), dtype=np.float32)


def load(model_dir: Path | str, threads: int = 1) -> XGBoostEngine:
    """Read a model artifact that was unpacked into a directory.

    Parameters
    ----------
    model_dir : Path or str
        Holds `xgboost-model`. Several files are an ensemble, as in SageMaker's container: it
        answers the mean of its members, or their vote where the prediction is a class.
    threads : int, default 1
        Threads of one prediction. A Spark task has one core; a server has its requests.

    Raises
    ------
    ConfigurationError
        XGBoost is not installed, or the directory holds no XGBoost model.
    """
    files = _model_files(Path(model_dir))
    boosters = tuple(_booster(path, threads) for path in files)
    logger.debug("loaded %d XGBoost model(s) from %s", len(boosters), model_dir)
    learner = json.loads(boosters[0].save_config())["learner"]
    classes = int(learner["learner_model_param"]["num_class"])
    linear = learner["gradient_booster"]["name"] == "gblinear"
    features = boosters[0].num_features()
    if any(booster.num_features() != features for booster in boosters):
        raise ConfigurationError(f"the models in {model_dir} do not have the same features")
    return XGBoostEngine(boosters, features, learner["objective"]["name"], classes, linear)


def _model_files(model_dir: Path) -> list[Path]:
    files = sorted(path for path in model_dir.glob("*") if path.is_file())
    named = [path for path in files if path.name.startswith(MODEL_FILE)]
    found = named or [path for path in files if not path.name.startswith((".", "_"))]
    if not found:
        raise ConfigurationError(
            f"{model_dir} holds no model: expected the file {MODEL_FILE} of a model.tar.gz"
        )
    return found


def _booster(path: Path, threads: int) -> Any:
    xgboost = import_xgboost()
    booster = xgboost.Booster({"nthread": threads})
    try:
        # As bytes: by name, XGBoost would guess the format from a suffix that this file has not.
        booster.load_model(bytearray(path.read_bytes()))
    except xgboost.core.XGBoostError as error:
        reason = str(error).partition("\nStack trace")[0].strip()
        raise ConfigurationError(
            f"{path} is no XGBoost model in a format that this version reads: {reason}. "
            "Pickled models (container 1.2 and older) must be saved again with Booster.save_model"
        ) from error
    booster.set_param({"nthread": threads})
    return booster


def _vote(answers: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the most frequent value down the first axis; of equals, the smallest."""
    candidates = np.unique(answers)
    votes = (answers[None, :, :] == candidates[:, None, None]).sum(axis=1)
    winners: npt.NDArray[np.float64] = candidates[votes.argmax(axis=0)].astype(np.float64)
    return winners
