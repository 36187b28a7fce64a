"""The hyperparameters and facts of factorization machines, one table a kind of prediction.

Source: the SageMaker Developer Guide, "Factorization Machines Hyperparameters"
(fact-machines-hyperparameters) and "Factorization Machines Algorithm" (fact-machines), as
`first_party` tells. What the predecessor accepted stays settable; it sent `predictor_type` unasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from sparkml_sm.catalog.algorithm import Algorithm
from sparkml_sm.catalog.first_party import AT_LEAST_0, COUNT, first_party, predictor_type
from sparkml_sm.hyperparameters import Float, Hyperparameter, OneOf

__all__ = ["FACTORIZATION_MACHINES"]

_INIT = OneOf(("normal", "uniform", "constant"))


def _term(name: str, words: str, rate: str, decay: str, sigma: str) -> tuple[Hyperparameter, ...]:
    """Return the rows of one term of the model; the last three are its defaults."""
    init = f"{name}_init_method"
    return (
        Hyperparameter(f"{name}_lr", AT_LEAST_0, f"Learning rate of {words}; {rate} by default"),
        Hyperparameter(f"{name}_wd", AT_LEAST_0, f"Weight decay of {words}; {decay} by default"),
        Hyperparameter(init, _INIT, f"How {words} begin; normal by default"),
        Hyperparameter(
            f"{name}_init_scale", AT_LEAST_0, f"With `{init}` uniform, {words} begin within +- this"
        ),
        Hyperparameter(
            f"{name}_init_sigma",
            AT_LEAST_0,
            f"With `{init}` normal, standard deviation of {words} at the start; {sigma} by default",
        ),
        Hyperparameter(
            f"{name}_init_value", Float(), f"With `{init}` constant, {words} begin at this value"
        ),
    )


_COMMON = (
    Hyperparameter("num_factors", COUNT, "Number of factors of a feature", required=True),
    Hyperparameter("mini_batch_size", COUNT, "Number of rows in a mini-batch; 1000 by default"),
    Hyperparameter("epochs", COUNT, "Number of passes over the training data; 1 by default"),
    Hyperparameter(
        "clip_gradient", Float(), "Greatest absolute value of a gradient; no limit by default"
    ),
    Hyperparameter("eps", Float(), "Small number that keeps the optimizer from dividing by 0"),
    Hyperparameter("rescale_grad", Float(), "What gradients are multiplied by before an update"),
    *_term("bias", "the bias", "0.1", "0.01", "0.01"),
    *_term("linear", "the linear weights", "0.001", "0.001", "0.01"),
    *_term("factors", "the factors", "0.0001", "0.00001", "0.001"),
)


def _machines(predictor: str, labels: Literal["any", "binary"]) -> Algorithm:
    return first_party(
        "factorization-machines",
        predictor_type(predictor),
        *_COMMON,
        supervised=True,
        labels=labels,
        # CSV is not read: the algorithm is made for wide sparse rows.
        content_types={"recordio": None},
        piped={"recordio": ""},
    )


#: By `predictor_type`.
FACTORIZATION_MACHINES: Mapping[str, Algorithm] = MappingProxyType(
    {
        "binary_classifier": _machines("binary_classifier", "binary"),
        "regressor": _machines("regressor", "any"),
    }
)
