"""XGBoost's hyperparameters and facts.

Sources, read 2026-11: the container's own validation (``aws/sagemaker-xgboost-container``,
``algorithm_mode/hyperparameter_validation.py``), which images up to 3.2-0 run, and XGBoost 3.2
itself where the container passes a value on unseen. Where an older image is known to differ, the
row says so. What the predecessor accepted stays settable.
"""

from __future__ import annotations

from sparkml_sm.catalog.algorithm import Algorithm, Rule, VectorOutput, When
from sparkml_sm.hyperparameters import (
    Boolean,
    Flag,
    Float,
    Hyperparameter,
    Int,
    ListOf,
    Matching,
    NestedInts,
    OneOf,
    Retirement,
    TupleOf,
)

__all__ = ["XGBOOST"]

# Before this tag the image was another one, of XGBoost 0.72, which validated little.
_FIRST_OPEN = "0.90-1"

_RATIO = Float(0, 1, low_open=True)
_LOWER_CASE_BOOLEAN = Boolean("true", "false")

_METRICS = (
    "accuracy|auc|aucpr|balanced_accuracy|f1|f1_binary|f1_macro|map|ndcg|precision|precision_macro|precision_micro|r2"
    "|recall|recall_macro|recall_micro|aft-nloglik|cox-nloglik|error|gamma-deviance|gamma-nloglik"
    "|interval-regression-accuracy|logloss|mae|mape|merror|mlogloss|mphe|mse|poisson-nloglik|rmse|rmsle"
    "|tweedie-nloglik"
)
_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
_METRIC = Matching(
    rf"{_METRICS}|(error|ndcg|map)@{_NUMBER}",
    "a metric such as rmse, logloss, auc, mlogloss, error@0.4, ndcg@10 or map@10",
)
# The predecessor took the placeholders of XGBoost's manual literally.
_METRIC_OR_PLACEHOLDER = Matching(
    rf"{_METRIC.pattern}|error@t|(ndcg|map)(@n)?-?|(ndcg|map)@\d+-", _METRIC.words
)

_OBJECTIVES = (
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:logistic",
    "reg:pseudohubererror",
    "reg:gamma",
    "reg:tweedie",
    "reg:linear",
    "binary:logistic",
    "binary:logitraw",
    "binary:hinge",
    "count:poisson",
    "survival:cox",
    "survival:aft",
    "multi:softmax",
    "multi:softprob",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
)
_MISSPELT = "binary:logistraw"

_TREE_METHODS = ("auto", "exact", "approx", "hist")
_UPDATERS = (
    "grow_colmaker",
    "grow_histmaker",
    "sync",
    "refresh",
    "prune",
    "shotgun",
    "coord_descent",
)
_OLD_UPDATERS = ("distcol", "grow_local_histmaker", "grow_skmaker")
_LINEAR_UPDATERS = ("shotgun", "coord_descent")


def _without_effect(since: str, instead: str) -> Retirement:
    return Retirement(since, instead, refused=False)


_GENERAL = (
    Hyperparameter("num_round", Int(1), "Number of boosting rounds", required=True),
    Hyperparameter(
        "booster", OneOf(("gbtree", "gblinear", "dart")), "Kind of booster; gbtree by default"
    ),
    Hyperparameter(
        "silent",
        Flag(),
        "1 silences the training log",
        retirements=(Retirement("1.2-2", "use `verbosity` (0 is silent)"),),
    ),
    Hyperparameter(
        "verbosity",
        Int(0, 3),
        "How much is logged: 0 silent, 1 warnings (default), 2 information, 3 all",
        since=_FIRST_OPEN,
    ),
    Hyperparameter(
        "nthread",
        Int(1),
        "Number of threads; as many as there are cores by default",
        setter="NThread",
    ),
    Hyperparameter(
        "seed", Int(-(2**31) + 1, 2**31 - 2), "Seed of the random numbers; 0 by default"
    ),
    Hyperparameter(
        "csv_weights",
        Flag(),
        "1 reads the second column of CSV training data as the weight of the row",
    ),
    Hyperparameter(
        "early_stopping_rounds",
        Int(1),
        "Stop when the validation channel's last metric has not improved for this many rounds",
    ),
    Hyperparameter(
        "save_model_on_termination",
        _LOWER_CASE_BOOLEAN,
        "Whether the model so far is kept when the job is stopped",
        since="1.2-1",
    ),
    Hyperparameter(
        "_kfold",
        Int(2),
        "Number of folds: the job cross-validates and leaves a model a fold",
        setter="KFold",
        since="1.3-1",
    ),
    Hyperparameter(
        "_num_cv_round",
        Int(1),
        "How often the cross-validation is repeated; 1 by default",
        setter="NumCvRound",
        since="1.3-1",
    ),
    Hyperparameter(
        "_tuning_objective_metric",
        Matching(
            rf"validation:({_METRICS})", "a metric of the validation channel such as validation:auc"
        ),
        "The metric that a tuning job optimises; the tuning service sets it",
        setter="TuningObjectiveMetric",
        since=_FIRST_OPEN,
    ),
)

_TREES = (
    Hyperparameter(
        "eta",
        Float(0, 1),
        "Step size: what a new tree's leaves are scaled by; 0.3 by default",
        synonyms=("learning_rate",),
    ),
    Hyperparameter(
        "gamma",
        Float(0),
        "Least loss reduction that justifies a split; 0 by default",
        synonyms=("min_split_loss",),
    ),
    Hyperparameter("max_depth", Int(0), "Greatest depth of a tree, 0 for no limit; 6 by default"),
    Hyperparameter(
        "min_child_weight",
        Float(0),
        "Least sum of instance weights (hessian) in a child; 1 by default",
    ),
    Hyperparameter(
        "max_delta_step", Float(0), "Greatest step of a leaf's weight, 0 for no limit; 0 by default"
    ),
    Hyperparameter(
        "subsample", _RATIO, "Share of the rows that a tree is grown from; 1 by default"
    ),
    Hyperparameter(
        "sampling_method",
        OneOf(("uniform", "gradient_based")),
        "How `subsample` draws rows; uniform by default",
        since="1.2-1",
    ),
    Hyperparameter(
        "colsample_bytree",
        _RATIO,
        "Share of the features that a tree uses; 1 by default",
        setter="ColSampleByTree",
    ),
    Hyperparameter(
        "colsample_bylevel",
        _RATIO,
        "Share of the tree's features that a level uses; 1 by default",
        setter="ColSampleByLevel",
    ),
    Hyperparameter(
        "colsample_bynode",
        _RATIO,
        "Share of the level's features that a split uses; 1 by default",
        setter="ColSampleByNode",
        since=_FIRST_OPEN,
    ),
    Hyperparameter(
        "lambda",
        Float(),
        "L2 regularisation of weights; 1 by default",
        alias="lambda_weights",
        synonyms=("reg_lambda",),
        retirements=(Retirement(_FIRST_OPEN, "use a number of at least 0", Float(0)),),
    ),
    Hyperparameter(
        "alpha",
        Float(),
        "L1 regularisation of weights; 0 by default",
        synonyms=("reg_alpha",),
        retirements=(Retirement(_FIRST_OPEN, "use a number of at least 0", Float(0)),),
    ),
    Hyperparameter(
        "tree_method",
        OneOf(_TREE_METHODS, hidden=("gpu_hist",)),
        "How splits are searched; auto by default",
        retirements=(Retirement("3.2-0", "use 'hist'", OneOf(_TREE_METHODS)),),
    ),
    Hyperparameter(
        "sketch_eps",
        Float(0, 1, low_open=True, high_open=True),
        "Fineness of the sketch of tree_method approx",
        retirements=(_without_effect("1.7-1", "use `max_bin`"),),
    ),
    Hyperparameter(
        "scale_pos_weight",
        Float(),
        "Weight of the positive class against the negative; 1 by default",
        retirements=(Retirement(_FIRST_OPEN, "use a number above 0", Float(0, low_open=True)),),
    ),
    Hyperparameter(
        "updater",
        ListOf(OneOf(_UPDATERS, hidden=_OLD_UPDATERS)),
        "Tree or linear updaters in order; follows from tree_method or booster by default",
        retirements=(
            Retirement(
                "1.7-1",
                "use `tree_method`, or one of grow_colmaker, grow_histmaker",
                ListOf(OneOf(_UPDATERS)),
            ),
        ),
    ),
    Hyperparameter(
        "dsplit",
        OneOf(("row", "col")),
        "How distributed training splits the data",
        since=_FIRST_OPEN,
        retirements=(_without_effect("1.7-1", "drop it: rows are split"),),
    ),
    Hyperparameter(
        "refresh_leaf",
        Flag(),
        "1 lets the updater refresh change leaves as well as statistics; 1 by default",
    ),
    Hyperparameter(
        "process_type",
        OneOf(("default", "update")),
        "Grow new trees, or update those of a model; default by default",
    ),
    Hyperparameter(
        "grow_policy",
        OneOf(("depthwise", "lossguide")),
        "Split nearest the root first, or where the loss falls most; depthwise by default",
    ),
    Hyperparameter("max_leaves", Int(0), "Greatest number of leaves, 0 for no limit; 0 by default"),
    Hyperparameter(
        "max_bin",
        Int(1),
        "Number of bins that hist and approx sort a feature into; 256 by default",
        retirements=(Retirement(_FIRST_OPEN, "use an int of at least 2", Int(2)),),
    ),
    Hyperparameter(
        "num_parallel_tree",
        Int(1),
        "Number of trees grown in a round; 1 by default",
        since=_FIRST_OPEN,
    ),
    Hyperparameter(
        "monotone_constraints",
        TupleOf(Int(-1, 1)),
        "For each feature 1 (rising), -1 (falling) or 0 (free)",
        since=_FIRST_OPEN,
    ),
    Hyperparameter(
        "interaction_constraints",
        NestedInts(Int(1)),
        "Groups of feature indices that may meet in a branch; the container takes 1 and up",
        since=_FIRST_OPEN,
    ),
    Hyperparameter(
        "predictor",
        OneOf(("auto", "cpu_predictor", "gpu_predictor")),
        "Which predictor scores",
        since=_FIRST_OPEN,
        retirements=(_without_effect("3.0-5", "drop it: the predictor follows the data"),),
    ),
    Hyperparameter(
        "single_precision_histogram",
        _LOWER_CASE_BOOLEAN,
        "Whether histograms use single precision",
        since="1.2-1",
        retirements=(_without_effect("1.7-1", "drop it: the precision is fixed"),),
    ),
    Hyperparameter(
        "deterministic_histogram",
        _LOWER_CASE_BOOLEAN,
        "Whether gpu_hist builds histograms deterministically",
        since="1.2-1",
        retirements=(_without_effect("3.0-5", "drop it: histograms are deterministic"),),
    ),
    Hyperparameter(
        "prob_buffer_row",
        Int(2),
        "Size of the row buffer of the updater grow_skmaker",
        since="1.2-1",
        retirements=(_without_effect("1.7-1", "drop it: the updater is gone"),),
    ),
)

_DART_AND_LINEAR = (
    Hyperparameter(
        "sample_type",
        OneOf(("uniform", "weighted")),
        "How dart chooses trees to drop; uniform by default",
    ),
    Hyperparameter(
        "normalize_type", OneOf(("tree", "forest")), "How dart weighs new trees; tree by default"
    ),
    Hyperparameter(
        "rate_drop", Float(0, 1), "Share of the trees that dart drops in a round; 0 by default"
    ),
    Hyperparameter("one_drop", Flag(), "1 makes dart drop at least one tree; 0 by default"),
    Hyperparameter(
        "skip_drop", Float(0, 1), "Chance that dart drops nothing in a round; 0 by default"
    ),
    Hyperparameter(
        "lambda_bias",
        Float(0, 1),
        "L2 regularisation of gblinear's bias",
        retirements=(_without_effect("1.0-1", "drop it: the bias is not regularised"),),
    ),
)

_TASK = (
    Hyperparameter(
        "objective",
        OneOf(_OBJECTIVES, hidden=(_MISSPELT,)),
        "What is learnt and minimised; reg:squarederror by default",
        retirements=(
            # No XGBoost ever knew the predecessor's spelling.
            Retirement("1", "use 'binary:logitraw'", OneOf(_OBJECTIVES)),
            Retirement(
                _FIRST_OPEN,
                "use 'reg:squarederror'",
                OneOf(tuple(o for o in _OBJECTIVES if o != "reg:linear"), hidden=(_MISSPELT,)),
                refused=False,
            ),
        ),
    ),
    Hyperparameter(
        "num_class",
        Int(1),
        "Number of classes, for multi:softmax and multi:softprob",
        setter="NumClasses",
        filled="classes",
        retirements=(
            Retirement(_FIRST_OPEN, "use an int of at least 2, or leave it unset", Int(2)),
        ),
    ),
    Hyperparameter(
        "base_score",
        Float(),
        "Prediction before the first tree; estimated from the labels by default",
        retirements=(Retirement(_FIRST_OPEN, "use a number of at least 0", Float(0)),),
    ),
    Hyperparameter(
        "eval_metric",
        ListOf(_METRIC_OR_PLACEHOLDER),
        "Metrics of the train and validation channels; follows from the objective by default",
        retirements=(
            Retirement(
                _FIRST_OPEN,
                "use a metric with a number, such as 'error@0.4' or 'ndcg@10'",
                ListOf(_METRIC),
            ),
        ),
    ),
    Hyperparameter(
        "tweedie_variance_power",
        Float(1, 2, low_open=True, high_open=True),
        "Variance power of reg:tweedie, near 2 like gamma and near 1 like Poisson; 1.5 by default",
    ),
    Hyperparameter(
        "aft_loss_distribution",
        OneOf(("normal", "logistic", "extreme")),
        "Distribution that survival:aft assumes; normal by default",
        since="1.2-1",
    ),
    Hyperparameter(
        "aft_loss_distribution_scale",
        Float(0),
        "Scale of that distribution; 1 by default",
        since="1.2-1",
    ),
)

_RULES = (
    Rule(
        (When("objective", ("multi:*",)),),
        When("num_class"),
        "`objective` multi:softmax or multi:softprob needs `num_class`",
    ),
    # The container looks the objective up for every metric, and fails where there is none.
    Rule(
        (When("eval_metric"),),
        When("objective"),
        "`eval_metric` needs `objective` to be set as well",
    ),
    Rule(
        (When("eval_metric", ("auc",)), When("objective")),
        When("objective", ("binary:*", "rank:*")),
        "`eval_metric` auc needs an `objective` of binary:* or rank:*",
    ),
    Rule(
        (When("eval_metric", ("aft-nloglik",)), When("objective")),
        When("objective", ("survival:aft",)),
        "`eval_metric` aft-nloglik needs the `objective` survival:aft",
    ),
    Rule(
        (When("monotone_constraints"),),
        When("tree_method", ("exact", "hist")),
        "`monotone_constraints` needs `tree_method` to be set to exact or hist",
    ),
    Rule(
        (When("interaction_constraints"),),
        When("tree_method", ("exact", "hist", "approx")),
        "`interaction_constraints` needs `tree_method` to be set to exact, hist or approx",
    ),
    Rule(
        (When("updater", ("grow_colmaker",)), When("updater", ("grow_histmaker",))),
        None,
        "`updater` takes only one of grow_colmaker and grow_histmaker",
    ),
    Rule(
        (When("updater", _LINEAR_UPDATERS),),
        When("booster", ("gblinear",)),
        "`updater` shotgun or coord_descent needs the `booster` gblinear",
    ),
    Rule(
        (When("updater"), When("booster", ("gblinear",))),
        When("updater", _LINEAR_UPDATERS, every=True),
        "`booster` gblinear takes no `updater` but shotgun or coord_descent",
    ),
    Rule(
        (When("updater"), When("process_type", ("update",))),
        When("updater", ("refresh", "prune"), every=True),
        "`process_type` update takes no `updater` but refresh and prune",
    ),
)

XGBOOST = Algorithm(
    name="xgboost",
    repository="sagemaker-xgboost",
    version="3.2-0",
    hyperparameters=(*_GENERAL, *_TASK, *_TREES, *_DART_AND_LINEAR),
    content_types={
        "libsvm": "text/libsvm",
        "csv": "text/csv",
        "recordio": "application/x-recordio-protobuf",
        "parquet": "application/x-parquet",
    },
    training_format="libsvm",
    request_format="libsvm",
    allow_nan=True,
    supervised=True,
    channels=("train", "validation", "code"),
    piped={"csv": "3.2-0", "parquet": "3.2-0", "recordio": "3.2-0"},
    # A weight in Parquet would be read as a feature, and RecordIO has no place for one.
    weighted={"libsvm": "", "csv": "csv_weights"},
    vector_output=VectorOutput(When("objective", ("multi:softprob",)), "num_class"),
    rules=_RULES,
    metric_regex=r".*\[[0-9]+\].*#011{channel}-{metric}:(\S+)",
)
