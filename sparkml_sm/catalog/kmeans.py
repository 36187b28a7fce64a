"""K-Means' hyperparameters and facts.

Source: the SageMaker Developer Guide, "K-Means Hyperparameters" (k-means-api-config), as
`first_party` tells. What the predecessor accepted stays settable, and what it sent unasked (`k`,
`mini_batch_size`) is sent.
"""

from __future__ import annotations

from sparkml_sm.catalog.first_party import COUNT, first_party
from sparkml_sm.hyperparameters import Float, Hyperparameter, Int, ListOf, OneOf, OrWord

__all__ = ["KMEANS"]

_INIT = OneOf(("random", "kmeans++"))
_COUNT_OR_AUTO = OrWord(COUNT, as_text=True)

KMEANS = first_party(
    "kmeans",
    Hyperparameter("k", Int(2), "Number of clusters; 2 by default", required=True, default=2),
    Hyperparameter(
        "mini_batch_size",
        COUNT,
        "Number of rows in a mini-batch; 5000 by default",
        default=5000,
        argument="size",
    ),
    Hyperparameter("epochs", COUNT, "Number of passes over the training data; 1 by default"),
    Hyperparameter(
        "init_method", _INIT, "How the first cluster centers are chosen; random by default"
    ),
    Hyperparameter(
        "extra_center_factor",
        _COUNT_OR_AUTO,
        "How many times `k` centers there are while training, before they are reduced to `k`; auto "
        "by default",
        setter="CenterFactor",
    ),
    Hyperparameter(
        "half_life_time_size",
        Int(0),
        "Number of rows after which the weight of a row is halved, 0 for never; 0 by default",
        setter="HalflifeTime",
    ),
    Hyperparameter(
        "local_lloyd_init_method",
        _INIT,
        "How the reduction, which is Lloyd's algorithm, chooses its first centers; kmeans++ by "
        "default",
        setter="LocalInitMethod",
    ),
    Hyperparameter(
        "local_lloyd_max_iter",
        COUNT,
        "Greatest number of iterations of the reduction; 300 by default",
        setter="MaxIter",
    ),
    Hyperparameter(
        "local_lloyd_num_trials",
        _COUNT_OR_AUTO,
        "How often the reduction is tried, of which the best is kept; auto by default",
        setter="TrialNum",
    ),
    Hyperparameter(
        "local_lloyd_tol",
        Float(0, 1),
        "Change of the loss below which the reduction stops; 0.0001 by default",
        setter="Tol",
    ),
    Hyperparameter(
        "eval_metrics",
        ListOf(OneOf(("msd", "ssd")), brackets=True),
        "Metrics of the test channel, the mean (msd) or sum (ssd) of squared distances; msd by "
        "default",
    ),
    supervised=False,
)
