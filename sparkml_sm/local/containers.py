"""What stands for an image: a program in a process of its own, with a container's environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.guard import guarded, kill
from sparkml_sm.local.metrics import METRICS
from sparkml_sm.local.s3 import REGION
from sparkml_sm.local.site import Site

__all__ = [
    "Container",
    "algorithm_of",
    "default_metrics",
    "image_environment",
    "serving_command",
    "training_command",
]

#: Repository of an image -> the algorithm that does its work here.
IMAGES: Mapping[str, str] = MappingProxyType(
    {
        "factorization-machines": "factorization-machines",
        "kmeans": "kmeans",
        "lda": "lda",
        "linear-learner": "linear-learner",
        "pca": "pca",
        "sagemaker-xgboost": "xgboost",
        "xgboost": "xgboost",
    }
)

_IMAGE = re.compile(
    r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.[a-z0-9.-]+/(?P<repository>[^:@\s]+)"
    r"(?::(?P<tag>[^@\s]+))?(?:@\S+)?"
)

_LINE_BYTES = 262_144


def algorithm_of(image: str) -> str:
    """Return the algorithm that an image's URI stands for.

    Raises
    ------
    ConfigurationError
        There is none; the message lists the repositories that there are.

    Examples
    --------
    >>> algorithm_of("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0")
    'xgboost'
    """
    match = _IMAGE.fullmatch(image)
    if match is None or match["repository"] not in IMAGES:
        raise ConfigurationError(
            f"the local SageMaker has no program for the image {image}; it has one for "
            + ", ".join(sorted(IMAGES))
        )
    return IMAGES[match["repository"]]


def image_environment(image: str) -> dict[str, str]:
    """Return what an image has in its own environment: which version of the algorithm it is.

    Examples
    --------
    >>> image_environment("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1")
    {'SPARKML_SM_IMAGE_VERSION': '1.7-1'}
    """
    match = _IMAGE.fullmatch(image)
    return {"SPARKML_SM_IMAGE_VERSION": match["tag"]} if match and match["tag"] else {}


def default_metrics(algorithm: str) -> Mapping[str, str]:
    """Return name and pattern of the metrics that SageMaker itself defines for an algorithm."""
    return METRICS.get(algorithm, {})


def training_command(algorithm: str) -> list[str]:
    """Return what stands for ``docker run IMAGE train``."""
    return [sys.executable, "-m", "sparkml_sm.local.training", algorithm]


def serving_command(algorithm: str) -> list[str]:
    """Return what stands for ``docker run IMAGE serve``."""
    return [sys.executable, "-m", "sparkml_sm.local.serving", algorithm]


class Container:
    """A guarded process with a directory that stands for ``/opt/ml``, and no credentials of ours.

    Parameters
    ----------
    site : Site
    command : sequence of str
    directory : Path
        Its home; ``opt/ml`` and ``tmp`` lie below.
    environment : mapping of str to str
        Added to what every container has.
    on_line : callable
        Given each line that it prints, without the newline.
    """

    def __init__(
        self,
        site: Site,
        command: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> None:
        (directory / "tmp").mkdir(parents=True, exist_ok=True)
        self._site = site
        self._on_line = on_line
        self._guard = guarded(
            command,
            env={
                **_environment(directory),
                **environment,
                "SAGEMAKER_BASE_DIR": str(directory / "opt" / "ml"),
            },
            cwd=directory,
            stdout=subprocess.PIPE,
        )
        site.containers.add(self)
        self._reader = threading.Thread(target=self._read, name="container-log", daemon=True)
        self._reader.start()

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self._guard.poll()

    def wait(self, timeout: float) -> int | None:
        """Wait up to `timeout` seconds; return the exit status, with all lines read, or None."""
        try:
            status = self._guard.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        self._ended()
        return status

    def stop(self, grace: float) -> int:
        """Send SIGTERM, and SIGKILL after `grace` seconds; return the exit status."""
        self._guard.terminate()
        status = self.wait(grace)
        if status is None:
            self.kill()
            status = self._guard.wait()
        return status

    def kill(self) -> None:
        """End it at once."""
        kill(self._guard)
        self._ended()

    def _ended(self) -> None:
        self._reader.join(timeout=10)
        self._site.containers.discard(self)

    def _read(self) -> None:
        pipe = self._guard.stdout
        assert pipe is not None  # noqa: S101
        while line := pipe.readline(_LINE_BYTES):
            self._on_line(line.decode("utf-8", "replace").rstrip("\r\n"))
        pipe.close()


def _environment(directory: Path) -> dict[str, str]:
    source = str(Path(__file__).parents[2])  # where `sparkml_sm` lies, installed or not
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(directory),
        "TMPDIR": str(directory / "tmp"),
        "PYTHONPATH": source,
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
