"""Linear learner's hyperparameters and facts, one table a kind of prediction.

Source: the SageMaker Developer Guide, "Linear learner hyperparameters" (ll_hyperparameters) and
"Linear Learner Algorithm" (linear-learner), as `first_party` tells. What the predecessor accepted
stays settable, and what it sent unasked (`predictor_type`, `mini_batch_size`) is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sparkml_sm.catalog.algorithm import Algorithm, Rule, VectorOutput, When
from sparkml_sm.catalog.first_party import (
    AT_LEAST_0,
    BOOLEAN,
    COUNT,
    FEATURE_DIM,
    POSITIVE,
    first_party,
    predictor_type,
)
from sparkml_sm.hyperparameters import Float, Hyperparameter, Int, OneOf, OrWord, Retirement

__all__ = ["LINEAR_LEARNER"]

_DECAY_RATE = OrWord(Float(0, 1, high_open=True))
_BETWEEN_0_AND_1 = Float(0, 1, low_open=True, high_open=True)
_BOOLEAN_OR_AUTO = OrWord(BOOLEAN)

_LOSSES = {
    "binary_classifier": ("auto", "logistic", "hinge_loss"),
    "multiclass_classifier": ("auto", "softmax_loss"),
    "regressor": (
        "auto",
        "squared_loss",
        "absolute_loss",
        "eps_insensitive_squared_loss",
        "eps_insensitive_absolute_loss",
        "quantile_loss",
        "huber_loss",
    ),
}
_CRITERIA = (
    "accuracy",
    "f_beta",
    "precision_at_target_recall",
    "recall_at_target_precision",
    "loss_function",
)

_TRAINING = (
    Hyperparameter(
        "mini_batch_size",
        COUNT,
        "Number of rows in a mini-batch; 1000 by default",
        default=1000,
        argument="size",
    ),
    Hyperparameter(
        "epochs", COUNT, "Greatest number of passes over the training data; 15 by default"
    ),
    Hyperparameter(
        "num_models",
        OrWord(COUNT, as_text=True),
        "Number of models that are trained side by side, of which the best is kept; auto by "
        "default",
    ),
    Hyperparameter(
        "num_calibration_samples",
        OrWord(COUNT),
        "Number of rows of the validation channel that set the threshold; auto by default",
    ),
    Hyperparameter(
        "early_stopping_patience",
        COUNT,
        "Stop after this many passes without improvement; 3 by default",
    ),
    Hyperparameter(
        "early_stopping_tolerance",
        POSITIVE,
        "Relative change of the loss that counts as improvement; 0.001 by default",
    ),
)

_WEIGHTS = (
    Hyperparameter("use_bias", BOOLEAN, "Whether there is a bias (intercept); True by default"),
    Hyperparameter(
        "init_method",
        OneOf(("uniform", "normal")),
        "Distribution that weights are drawn from at the start; uniform by default",
    ),
    Hyperparameter(
        "init_scale",
        POSITIVE,
        "With `init_method` uniform, weights begin within +- this; 0.07 by default",
    ),
    Hyperparameter(
        "init_sigma",
        POSITIVE,
        "With `init_method` normal, standard deviation of weights at the start; 0.01 by default",
    ),
    Hyperparameter("init_bias", Float(), "The bias at the start; 0 by default"),
    Hyperparameter("wd", OrWord(AT_LEAST_0), "L2 regularisation of weights; auto by default"),
    Hyperparameter("l1", OrWord(AT_LEAST_0), "L1 regularisation of weights; auto by default"),
    Hyperparameter(
        "bias_wd_mult",
        OrWord(AT_LEAST_0),
        "What `wd` is multiplied by for the bias; auto by default",
    ),
)

_OPTIMIZER = (
    Hyperparameter(
        "optimizer",
        OneOf(("auto", "sgd", "adam", "rmsprop")),
        "The optimizer; auto by default, which is adam",
    ),
    Hyperparameter(
        "learning_rate",
        OrWord(POSITIVE, as_text=True),
        "Step size of the optimizer; auto by default",
    ),
    Hyperparameter(
        "bias_lr_mult",
        OrWord(POSITIVE),
        "What `learning_rate` is multiplied by for the bias; auto by default",
    ),
    Hyperparameter("momentum", _DECAY_RATE, "Momentum of sgd; auto by default"),
    Hyperparameter(
        "beta_1", _DECAY_RATE, "Decay of adam's estimate of the first moment; auto by default"
    ),
    Hyperparameter(
        "beta_2", _DECAY_RATE, "Decay of adam's estimate of the second moment; auto by default"
    ),
    Hyperparameter(
        "use_lr_scheduler", BOOLEAN, "Whether the learning rate falls with time; True by default"
    ),
    Hyperparameter(
        "lr_scheduler_step",
        OrWord(COUNT),
        "Number of steps between falls of the learning rate; auto by default",
    ),
    Hyperparameter(
        "lr_scheduler_factor",
        OrWord(_BETWEEN_0_AND_1),
        "What the learning rate is multiplied by at each fall; auto by default",
    ),
    Hyperparameter(
        "lr_scheduler_minimum_lr",
        OrWord(POSITIVE),
        "What the learning rate does not fall below; auto by default",
    ),
)

_SCALING = (
    Hyperparameter(
        "normalize_data",
        _BOOLEAN_OR_AUTO,
        "Whether features are brought to mean 0 and standard deviation 1; True by default",
    ),
    Hyperparameter(
        "normalize_label",
        _BOOLEAN_OR_AUTO,
        "Whether labels of a regression are brought to mean 0 and standard deviation 1; auto by "
        "default",
    ),
    Hyperparameter(
        "unbias_data",
        _BOOLEAN_OR_AUTO,
        "Whether features are brought to mean 0; auto by default, which is `use_bias`",
    ),
    Hyperparameter(
        "unbias_label",
        _BOOLEAN_OR_AUTO,
        "Whether labels of a regression are brought to mean 0; auto by default",
    ),
    Hyperparameter(
        "num_point_for_scaler",
        COUNT,
        "Number of rows that mean and standard deviation are taken of; 10000 by default",
    ),
)

_LOSS = (
    Hyperparameter(
        "loss",
        OneOf(tuple(dict.fromkeys(loss for losses in _LOSSES.values() for loss in losses))),
        "The loss that is minimised; auto by default",
    ),
    Hyperparameter("margin", POSITIVE, "Margin of hinge_loss; 1 by default"),
    Hyperparameter("quantile", _BETWEEN_0_AND_1, "Quantile of quantile_loss; 0.5 by default"),
    Hyperparameter(
        "loss_insensitivity",
        POSITIVE,
        "Error below which the eps_insensitive losses are 0; 0.01 by default",
    ),
    Hyperparameter(
        "huber_delta",
        POSITIVE,
        "Error from which huber_loss grows linearly; 1 by default",
    ),
    Hyperparameter("f_beta", POSITIVE, "The beta of F scores; 1 by default"),
)

_BINARY = (
    Hyperparameter(
        "binary_classifier_model_selection_criteria",
        OneOf(_CRITERIA, hidden=("f1", "cross_entropy_loss")),
        "By what the best model is chosen; accuracy by default",
        # The guide no longer names them; whether the image still takes them is not known.
        retirements=(
            Retirement(
                "1",
                "use 'f_beta' for f1, and 'loss_function' for cross_entropy_loss",
                OneOf(_CRITERIA),
                refused=False,
            ),
        ),
    ),
    Hyperparameter(
        "target_recall",
        Float(0, 1),
        "Recall that precision_at_target_recall holds; 0.8 by default",
    ),
    Hyperparameter(
        "target_precision",
        Float(0, 1),
        "Precision that recall_at_target_precision holds; 0.8 by default",
    ),
    Hyperparameter(
        "positive_example_weight_mult",
        OrWord(POSITIVE, ("auto", "balanced"), as_text=True),
        "Weight of a positive row against a negative one; 1 by default",
    ),
)

_MULTICLASS = (
    Hyperparameter(
        "num_classes",
        Int(3, 1_000_000),
        "Number of classes 0, 1, ...; the largest label and one by default",
        required=True,
        filled="classes",
    ),
    Hyperparameter(
        "accuracy_top_k",
        COUNT,
        "A row counts as right where its label is among this many best classes; 3 by default",
    ),
    Hyperparameter(
        "balance_multiclass_weights",
        BOOLEAN,
        "Whether each class weighs the same in the loss; False by default",
        setter="BalanceMultiClassWeights",
    ),
)


def _learner(predictor: str, *own: Hyperparameter, **more: Any) -> Algorithm:
    losses = _LOSSES[predictor]
    return first_party(
        "linear-learner",
        predictor_type(predictor),
        *(*_TRAINING, *_LOSS, *_OPTIMIZER, *_WEIGHTS, *_SCALING, *own),
        supervised=True,
        channels=("train", "validation", "test"),
        feature_dim=replace(FEATURE_DIM, check=OrWord(COUNT), required=False),
        rules=(
            Rule(
                (When("loss"),),
                When("loss", losses),
                f"`loss` of a {predictor} must be one of {', '.join(losses)}",
            ),
        ),
        **more,
    )


#: By `predictor_type`.
LINEAR_LEARNER: Mapping[str, Algorithm] = MappingProxyType(
    {
        "binary_classifier": _learner("binary_classifier", *_BINARY, labels="binary"),
        "multiclass_classifier": _learner(
            "multiclass_classifier", *_MULTICLASS, vector_output=VectorOutput(None, "num_classes")
        ),
        "regressor": _learner("regressor"),
    }
)
