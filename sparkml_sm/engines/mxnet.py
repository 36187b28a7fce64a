"""The artifact of an algorithm whose own layout on AWS is a file of MXNet's arrays alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkml_sm.engines.artifacts import MODEL_FILE
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats import ndarray

__all__ = ["read_arrays", "singles"]


def read_arrays(model_dir: Path | str) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of an artifact that was unpacked into a directory.

    Arrays without names are called by their number.

    Raises
    ------
    ConfigurationError
        There is no such file, or it holds something else.
    """
    path = Path(model_dir) / MODEL_FILE
    if not path.is_file():
        raise ConfigurationError(
            f"{model_dir} holds no model: expected the file {MODEL_FILE} of a model.tar.gz"
        )
    try:
        arrays = ndarray.decode(path.read_bytes())
    except ValueError as error:
        raise ConfigurationError(f"{path} is no model that can be read: {error}") from error
    if isinstance(arrays, dict):
        return arrays
    return {str(number): array for number, array in enumerate(arrays)}


def singles(numbers: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Round to 32-bit floats, so that an answer is the same number in every format."""
    return numbers.astype(np.float32).astype(np.float64)
