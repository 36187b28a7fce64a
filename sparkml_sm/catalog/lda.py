"""The hyperparameters and facts of latent Dirichlet allocation.

Source: the SageMaker Developer Guide, "LDA Hyperparameters" (lda_hyperparameters) and "Latent
Dirichlet Allocation (LDA) Algorithm" (lda), as `first_party` tells. What the predecessor accepted
stays settable; it sent nothing unasked.
"""

from __future__ import annotations

from sparkml_sm.catalog.algorithm import VectorOutput
from sparkml_sm.catalog.first_party import COUNT, POSITIVE, first_party
from sparkml_sm.hyperparameters import Hyperparameter

__all__ = ["LDA"]

LDA = first_party(
    "lda",
    Hyperparameter("num_topics", COUNT, "Number of topics", required=True),
    Hyperparameter(
        "mini_batch_size",
        COUNT,
        "Number of documents in the training data; the number of rows by default",
        required=True,
        filled="rows",
        argument="size",
    ),
    Hyperparameter(
        "alpha0",
        POSITIVE,
        "First guess of the concentration of topics: small makes mixtures sparse, above 1 even; 1 "
        "by default",
    ),
    Hyperparameter(
        "max_restarts", COUNT, "How often the decomposition is restarted; 10 by default"
    ),
    Hyperparameter(
        "max_iterations",
        COUNT,
        "Greatest number of iterations of the decomposition; 1000 by default",
    ),
    Hyperparameter("tol", POSITIVE, "Error below which the decomposition stops; 1e-8 by default"),
    supervised=False,
    max_instances=1,
    piped={"recordio": ""},
    vector_output=VectorOutput(None, "num_topics"),
)
