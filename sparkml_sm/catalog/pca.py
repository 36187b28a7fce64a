"""The hyperparameters and facts of principal component analysis.

Source: the SageMaker Developer Guide, "PCA Hyperparameters" (PCA-reference), as `first_party`
tells. What the predecessor accepted stays settable, and what it sent unasked (`mini_batch_size`,
`subtract_mean`) is sent.
"""

from __future__ import annotations

from sparkml_sm.catalog.algorithm import VectorOutput
from sparkml_sm.catalog.first_party import BOOLEAN, COUNT, first_party
from sparkml_sm.hyperparameters import Hyperparameter, Int, OneOf, Retirement

__all__ = ["PCA"]

_MODES = ("regular", "randomized")

PCA = first_party(
    "pca",
    Hyperparameter("num_components", COUNT, "Number of principal components", required=True),
    Hyperparameter(
        "mini_batch_size",
        COUNT,
        "Number of rows in a mini-batch; 1000 by default",
        required=True,
        default=1000,
        argument="size",
    ),
    Hyperparameter(
        "algorithm_mode",
        OneOf(_MODES, hidden=("stable",)),
        "Exact (regular) or approximate for many rows and features (randomized); regular by "
        "default",
        # The guide no longer names it; whether the image still takes it is not known.
        retirements=(
            Retirement("1", "use 'regular' or 'randomized'", OneOf(_MODES), refused=False),
        ),
    ),
    Hyperparameter(
        "subtract_mean",
        BOOLEAN,
        "Whether the mean is subtracted in training and scoring; True by default",
        default=True,
    ),
    Hyperparameter(
        "extra_components",
        Int(1, also=(-1,)),
        "How many more components randomized computes for accuracy, -1 for the greater of 10 and "
        "`num_components`; -1 by default",
    ),
    supervised=False,
    vector_output=VectorOutput(None, "num_components"),
)
