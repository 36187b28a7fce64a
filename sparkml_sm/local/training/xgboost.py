"""Trains as SageMaker's XGBoost container does: hyperparameters, log lines and artifact."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

import xgboost

from sparkml_sm.catalog.xgboost import XGBOOST
from sparkml_sm.engines.xgboost import MODEL_FILE
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.training.checkpoints import Checkpoints
from sparkml_sm.local.training.contract import TrainingContext
from sparkml_sm.local.training.dmatrix import content_type, read_channel
from sparkml_sm.local.training.metrics import CONTAINER_METRICS, evaluate

__all__ = ["train"]

logger = logging.getLogger(__name__)

_CHANNELS = ("train", "validation", "code")

#: Hyperparameters that the container keeps for itself.
_CONTAINERS_OWN = frozenset(
    {
        "num_round",
        "csv_weights",
        "early_stopping_rounds",
        "eval_metric",
        "save_model_on_termination",
        "_tuning_objective_metric",
    }
)
_NOT_HERE = ("_kfold", "_num_cv_round", "use_dask_gpu_training")

#: Metrics of which more is better; early stopping has to know.
_MAXIMISED = frozenset({"auc", "aucpr", "map", "ndcg"}) | CONTAINER_METRICS.keys() - {"mse"}

#: What in XGBoost's messages shows that labels or settings are at fault, not the program.
_USERS_FAULT = (
    "label must be",
    "base_score must be in",
    "should be greater equal to",
    "umber of columns",
    "feature_names mismatch",
    "only contains pos or neg samples",
    "Invalid Parameter format",
    "exceed bound",
    "Unknown objective function",
    "Unknown metric function",
    "Invalid Input",
)


def train(context: TrainingContext) -> None:
    """Read the channels, train, save ``xgboost-model``.

    Raises
    ------
    ConfigurationError
        A hyperparameter or a channel is wrong.
    InvalidDataError
        The data is wrong.
    """
    values = _validated(context.hyperparameters)
    kind = _checked_format(context)
    threads = int(values.get("nthread", os.cpu_count() or 1))
    evals = _matrices(context, kind, weights=bool(values.get("csv_weights")), threads=threads)
    metrics = _metrics(values)
    own = [name for name in metrics if name in CONTAINER_METRICS]
    parameters = _library_parameters(values, threads)
    if native := [name for name in metrics if name not in own]:
        parameters["eval_metric"] = native
    callbacks = _callbacks(values, validated=len(evals) > 1)
    saved = Checkpoints(context) if context.checkpointDir is not None else None
    try:
        booster = xgboost.train(
            parameters,
            evals[0][0],
            num_boost_round=max(0, values["num_round"] - (saved.rounds if saved else 0)),
            evals=evals,
            verbose_eval=False,
            custom_metric=_custom_metric(own) if own else None,
            callbacks=[*callbacks, saved] if saved else callbacks,
            xgb_model=saved.model if saved else None,
        )
    except xgboost.core.XGBoostError as error:
        raise _explained(error) from error
    _save(booster, context)


def _matrices(
    context: TrainingContext, kind: str, *, weights: bool, threads: int
) -> list[tuple[Any, str]]:
    evals = [
        (read_channel(context.channels[name], kind, weights=weights, threads=threads), name)
        for name in ("train", "validation")
        if name in context.channels
    ]
    rows = evals[0][0]
    logger.info("Train matrix has %d rows and %d columns", rows.num_row(), rows.num_col())
    if len(evals) > 1:
        logger.info("Validation matrix has %d rows", evals[1][0].num_row())
    return evals


def _custom_metric(names: list[str]) -> Callable[[Any, Any], list[tuple[str, float]]]:
    return lambda scores, data: evaluate(names, scores, data.get_label())


def _validated(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return canonical hyperparameters, or refuse them as the container does."""
    # Images differ in what they refuse; the local SageMaker says which one the job named.
    version = os.environ.get("SPARKML_SM_IMAGE_VERSION", XGBOOST.version)
    try:
        values = XGBOOST.read_request(texts)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    problems = XGBOOST.check_request(values, version)
    if problems:
        raise ConfigurationError("; ".join(problems))
    missing = [name for name in _NOT_HERE if name in values]
    if missing:
        raise ConfigurationError(
            f"the local SageMaker does not do {', '.join(missing)} yet; remove it"
        )
    return values


def _checked_format(context: TrainingContext) -> str:
    unknown = [name for name in context.channels if name not in _CHANNELS]
    if unknown:
        raise ConfigurationError(
            f"xgboost does not know the channel {unknown[0]!r}; it reads train and validation"
        )
    if "train" not in context.channels:
        raise ConfigurationError("xgboost needs a channel named 'train'")
    if any(channel.inputMode == "Pipe" for channel in context.channels.values()):
        raise ConfigurationError("xgboost no longer reads Pipe mode: use File or FastFile")
    if len(context.hosts) > 1:
        logger.warning(
            "the local SageMaker trains on one host; %d were asked for", len(context.hosts)
        )
    # The container reads validation data as it reads the training data.
    return content_type(context.channels["train"].contentType)


def _metrics(values: Mapping[str, Any]) -> list[str]:
    asked = [name for name in str(values.get("eval_metric", "")).split(",") if name]
    tuned = str(values.get("_tuning_objective_metric", "")).partition(":")[2]
    return sorted({*asked, tuned}) if tuned else asked


def _library_parameters(values: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """Return what the library itself is given: texts, which it parses as in the container."""
    parameters: dict[str, Any] = {"nthread": threads}
    for name, value in values.items():
        row = XGBOOST.hyperparameter(name)
        retirement = row.retirement(value, XGBOOST.version)
        if retirement is not None and retirement.kept is None:
            logger.warning("`%s` has no effect: %s", name, retirement.instead)
        elif name not in _CONTAINERS_OWN:
            parameters[name] = row.to_request(value)
    return parameters


def _callbacks(values: Mapping[str, Any], *, validated: bool) -> list[Any]:
    monitor = xgboost.callback.EvaluationMonitor(logger=_write_line)
    callbacks = [monitor]
    rounds = values.get("early_stopping_rounds")
    metric = (_metrics(values) or [""])[-1]
    if rounds and validated and metric:
        callbacks.append(
            xgboost.callback.EarlyStopping(
                rounds=rounds,
                data_name="validation",
                metric_name=metric,
                maximize=metric.partition("@")[0] in _MAXIMISED,
                save_best=True,
            )
        )
    elif rounds:
        # So the container: without both it trains all rounds and does not say so.
        logger.warning("early_stopping_rounds needs a validation channel and eval_metric: ignored")
    if values.get("save_model_on_termination"):
        callbacks.append(_KeepModelOnStop())
    return callbacks


class _KeepModelOnStop(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """On SIGTERM, ends the training after the round under way, so that the model is saved."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped = False

    def before_training(self, model: Any) -> Any:
        signal.signal(signal.SIGTERM, self._stop)
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        return self._stopped

    def _stop(self, _signal: int, _frame: Any) -> None:
        self._stopped = True


def _write_line(line: str) -> None:
    """Write a metric line, bare and at once: SageMaker finds metrics in the log by a pattern."""
    sys.stdout.write(line)
    sys.stdout.flush()


def _explained(error: Exception) -> Exception:
    """XGBoost's message without its native trace, and whose fault it is."""
    logger.error("%s", error)
    message = " ".join(str(error).partition("\nStack trace")[0].split())
    message = re.sub(r"^\[[\d:]+\] \S+: ", "", message)
    if any(sign in message for sign in _USERS_FAULT):
        return ConfigurationError(message)
    return RuntimeError(f"XGBoost could not train: {message}")


def _save(booster: Any, context: TrainingContext) -> None:
    """Write the model aside and move it: whoever stops the job finds a whole model or none."""
    # The bytes of Booster.save_model for a name without suffix, which is the container's.
    part = context.scratchDir / MODEL_FILE
    part.write_bytes(booster.save_raw(raw_format="ubj"))
    part.replace(context.modelDir / MODEL_FILE)
    logger.info("Stored trained model of %d rounds", booster.num_boosted_rounds())
