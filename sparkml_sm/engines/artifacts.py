"""The artifact of an algorithm whose own layout on AWS needs MXNet: arrays and a description.

This layout is ours. It is one file, `model_algo-1`, a NumPy ``.npz`` archive: the arrays of the
model, and the array `description`, a JSON text that names the algorithm and what its engine must
know. It is read without pickle, so an artifact runs no code.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from sparkml_sm.errors import ConfigurationError

__all__ = ["MODEL_FILE", "archive", "read_archive"]

#: As SageMaker names it, after the host that wrote it.
MODEL_FILE = "model_algo-1"

_DESCRIPTION = "description"


def archive(
    algorithm: str, arrays: Mapping[str, npt.NDArray[Any]], description: Mapping[str, Any]
) -> bytes:
    """Return the bytes of an artifact.

    Parameters
    ----------
    algorithm : str
        Such as ``"linear-learner"``.
    arrays : mapping of str to array
        Numbers only.
    description : mapping of str to object
        What JSON can say.
    """
    text = json.dumps({"algorithm": algorithm, **description})
    contents: dict[str, Any] = {_DESCRIPTION: np.array(text), **arrays}
    file = io.BytesIO()
    np.savez(file, **contents)
    return file.getvalue()


def read_archive(
    model_dir: Path | str, algorithm: str
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read the arrays and the description of an artifact that was unpacked into a directory.

    Raises
    ------
    ConfigurationError
        The directory holds no artifact of that algorithm in this layout.
    """
    path = Path(model_dir) / MODEL_FILE
    if not path.is_file():
        raise ConfigurationError(
            f"{model_dir} holds no model: expected the file {MODEL_FILE} of a model.tar.gz"
        )
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        description = json.loads(arrays.pop(_DESCRIPTION).item())
    except (ValueError, KeyError, AttributeError, TypeError, EOFError, BadZipFile) as error:
        raise ConfigurationError(
            f"{path} is no {algorithm} model that the local SageMaker made; one that was trained "
            "on AWS is in MXNet's format: deploy it there"
        ) from error
    if description.get("algorithm") != algorithm:
        raise ConfigurationError(
            f"{path} is a model of {description.get('algorithm')}, not of {algorithm}"
        )
    return arrays, description
