"""Checkpoints of XGBoost, so that a job that was interrupted goes on where it was."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import xgboost

from sparkml_sm.local.training.contract import TrainingContext

__all__ = ["Checkpoints"]

logger = logging.getLogger(__name__)

_NAME = "xgboost-checkpoint"
_KEPT = 5


class Checkpoints(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Saves the model of every round as ``xgboost-checkpoint.N`` and keeps the last five.

    Parameters
    ----------
    context : TrainingContext
        With a ``checkpointDir``.

    Attributes
    ----------
    model : xgboost.Booster or None
        What an earlier job left.
    rounds : int
        The number of rounds that it has.
    """

    def __init__(self, context: TrainingContext) -> None:
        super().__init__()
        assert context.checkpointDir is not None  # noqa: S101
        self._directory = context.checkpointDir
        self._directory.mkdir(parents=True, exist_ok=True)
        self._scratch = context.scratchDir / _NAME
        found = self._found()
        self.rounds = max(found, default=-1) + 1
        self.model: Any = None
        if found:
            self.model = xgboost.Booster(model_file=str(self._path(self.rounds - 1)))
            logger.info("Checkpoint loaded, of %d rounds", self.rounds)

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        """Save the model, whole or not at all."""
        done = self.rounds + epoch
        self._scratch.write_bytes(model.save_raw(raw_format="ubj"))
        self._scratch.replace(self._path(done))
        self._path(done - _KEPT).unlink(missing_ok=True)
        return False

    def _path(self, number: int) -> Path:
        return self._directory / f"{_NAME}.{number}"

    def _found(self) -> list[int]:
        numbers = (path.name.removeprefix(f"{_NAME}.") for path in self._directory.iterdir())
        return [int(number) for number in numbers if number.isdigit()]
