"""A directory that stands for /opt/ml, and the training process that is run on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = ["Job", "libsvm_lines"]


@dataclass
class Job:
    """One training job: `write` its channels, then `run`."""

    base: Path
    hyperparameters: dict[str, str]
    channels: dict[str, dict[str, str]] = field(default_factory=dict)

    def write(
        self, channel: str, name: str, content: bytes | str, contentType: str | None = "text/libsvm"
    ) -> Path:
        entry = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated"}
        self.channels[channel] = entry | ({"ContentType": contentType} if contentType else {})
        path = self.base / "input" / "data" / channel / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def start(self) -> subprocess.Popen[str]:
        config = self.base / "input" / "config"
        config.mkdir(parents=True, exist_ok=True)
        files = {
            "hyperparameters": self.hyperparameters,
            "inputdataconfig": self.channels,
            "resourceconfig": {"current_host": "algo-1", "hosts": ["algo-1"]},
        }
        for name, content in files.items():
            (config / f"{name}.json").write_text(json.dumps(content))
        return subprocess.Popen(
            [sys.executable, "-m", "sparkml_sm.local.training", "xgboost"],
            env={**os.environ, "SAGEMAKER_BASE_DIR": str(self.base)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> tuple[int, str]:
        """The exit status and the log."""
        process = self.start()
        log, _ = process.communicate(timeout=120)
        return process.returncode, log

    @property
    def failure(self) -> str | None:
        path = self.base / "output" / "failure"
        return path.read_text() if path.exists() else None

    @property
    def model(self) -> Path:
        return self.base / "model" / "xgboost-model"


def libsvm_lines(data: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> str:
    """Written a cell at a time, 1-based; NaN is left out, zero is written."""
    lines = []
    for number, row in enumerate(data.tolist()):
        head = repr(float(label[number]))
        if weight is not None:
            head += f":{float(weight[number])!r}"
        cells = [f"{i + 1}:{value!r}" for i, value in enumerate(row) if value == value]
        lines.append(" ".join([head, *cells]) + "\n")
    return "".join(lines)
