"""The contract of SageMaker with a training container: what lies under /opt/ml, how a job fails.

`SAGEMAKER_BASE_DIR` names the directory that stands for /opt/ml, so that jobs need no Docker.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkml_sm.errors import ConfigurationError, SparkMLSageMakerError

__all__ = ["Channel", "TrainingContext", "read_context", "run"]

logger = logging.getLogger(__name__)

#: SageMaker shows the first 1024 characters of the failure file.
FAILURE_LENGTH = 1024

#: Files deeper than this below a channel are not read, as in SageMaker's container.
MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Channel:
    """One input channel, copied to a directory.

    Attributes
    ----------
    name : str
        Such as ``"train"``.
    path : Path
        Its directory.
    contentType : str or None
        As the job's request gave it.
    inputMode : str
        ``"File"``, ``"FastFile"`` or ``"Pipe"``.
    """

    name: str
    path: Path
    contentType: str | None
    inputMode: str

    def files(self) -> list[Path]:
        """Return the data files, sorted by path: no hidden, ``_``, manifest or empty ones."""
        found = []
        for path in sorted(self.path.rglob("*")):
            parts = path.relative_to(self.path).parts
            ignored = any(part.startswith((".", "_")) for part in parts) or "manifest" in path.name
            if ignored or not path.is_file() or path.stat().st_size == 0:
                continue
            if len(parts) > MAX_DEPTH:
                logger.warning("%s lies deeper than %d folders: not read", path, MAX_DEPTH)
                continue
            found.append(path)
        return found


@dataclass(frozen=True, slots=True)
class TrainingContext:
    """What a training container is given.

    Attributes
    ----------
    base : Path
        The directory that stands for /opt/ml.
    hyperparameters : mapping of str to str
        As the request gave them: all values are strings.
    channels : mapping of str to Channel
    hosts : tuple of str
        The names of the job's instances.
    checkpointDir : Path or None
        Holds what an earlier job left in the job's checkpoint location, and is copied there; None
        where the job keeps no checkpoints.
    """

    base: Path
    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Channel]
    hosts: tuple[str, ...] = ("algo-1",)
    checkpointDir: Path | None = None

    @property
    def modelDir(self) -> Path:
        """Becomes model.tar.gz."""
        return self.base / "model"

    @property
    def outputDataDir(self) -> Path:
        """Becomes output.tar.gz."""
        return self.base / "output" / "data"

    @property
    def scratchDir(self) -> Path:
        """Never uploaded: a file is written here and moved to its place when it is whole."""
        return self.base / "tmp"


def read_context(base: Path) -> TrainingContext:
    """Read input/config below `base`.

    Raises
    ------
    ConfigurationError
        A file is not what the contract says.
    """
    config = base / "input" / "config"
    hyperparameters = _read_json(config / "hyperparameters.json")
    wrong = [name for name, value in hyperparameters.items() if not isinstance(value, str)]
    if wrong:
        raise ConfigurationError(
            f"hyperparameters must be strings; these are not: {', '.join(wrong)}"
        )
    channels = {
        name: Channel(
            name=name,
            path=base / "input" / "data" / name,
            contentType=entry.get("ContentType"),
            inputMode=entry.get("TrainingInputMode", "File"),
        )
        for name, entry in _read_json(config / "inputdataconfig.json").items()
    }
    hosts = _read_json(config / "resourceconfig.json").get("hosts", ["algo-1"])
    checkpoints = _read_json(config / "checkpointconfig.json").get("LocalPath")
    directory = Path(checkpoints) if checkpoints else None
    return TrainingContext(base, hyperparameters, channels, tuple(hosts), directory)


def run(train: Callable[[TrainingContext], None]) -> int:
    """Train, and report as a container does: exit status and output/failure.

    Returns
    -------
    int
        0 when trained, 1 when not. The failure file then starts with ``ClientError:`` where the
        user can put it right, and with ``AlgorithmError:`` where not; the trace is in the log.
    """
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    _log_to_stdout()
    signal.signal(signal.SIGTERM, _stop)
    try:
        context = read_context(base)
        for directory in (context.modelDir, context.outputDataDir, context.scratchDir):
            directory.mkdir(parents=True, exist_ok=True)
        train(context)
    except SparkMLSageMakerError as error:
        logger.error("%s", error)
        return _fail(base, f"ClientError: {error}")
    except Exception as error:
        logger.exception("training failed")
        return _fail(base, f"AlgorithmError: {error or type(error).__name__}")
    return 0


def _fail(base: Path, message: str) -> int:
    failure = base / "output" / "failure"
    failure.parent.mkdir(parents=True, exist_ok=True)
    failure.write_text(message[:FAILURE_LENGTH], encoding="utf-8")
    return 1


def _stop(_signal: int, _frame: Any) -> None:
    """SageMaker stops a job by SIGTERM; what is not whole is not saved, and that is no failure."""
    raise SystemExit(0)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError(f"{path.name} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path.name} must hold a JSON object")
    return content


def _log_to_stdout() -> None:
    """Log a message a line, so that metrics can be found by a pattern."""
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="[%(asctime)s:%(levelname)s] %(message)s",
        datefmt="%Y-%m-%d:%H:%M:%S",
        force=True,
    )

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        logger.warning("%s", " ".join(str(message).split()))

    warnings.showwarning = show
