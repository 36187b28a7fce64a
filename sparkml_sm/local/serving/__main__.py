"""``python -m sparkml_sm.local.serving ALGORITHM``: what ``docker run IMAGE serve`` is on AWS."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from pathlib import Path

from sparkml_sm.errors import SparkMLSageMakerError
from sparkml_sm.local.serving.http import serve

__all__ = ["main"]

logger = logging.getLogger(__name__)

#: Algorithm -> the module with its `load(model_dir)`, imported when it is asked for.
SERVERS = {
    "factorization-machines": "sparkml_sm.local.serving.factorization_machines",
    "kmeans": "sparkml_sm.local.serving.kmeans",
    "lda": "sparkml_sm.local.serving.lda",
    "linear-learner": "sparkml_sm.local.serving.linear_learner",
    "pca": "sparkml_sm.local.serving.pca",
    "xgboost": "sparkml_sm.local.serving.xgboost",
}


def main(arguments: list[str]) -> int:
    """Serve the model below `SAGEMAKER_BASE_DIR` until SIGTERM; 1 when it cannot be loaded."""
    if len(arguments) != 1 or arguments[0] not in SERVERS:
        known = ",".join(sorted(SERVERS))
        sys.stderr.write(f"usage: python -m sparkml_sm.local.serving {{{known}}}\n")
        return 2
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="[%(asctime)s:%(levelname)s] %(message)s",
        datefmt="%Y-%m-%d:%H:%M:%S",
    )
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    try:
        model = import_module(SERVERS[arguments[0]]).load(base / "model")
    except SparkMLSageMakerError as error:
        logger.error("%s", error)
        return 1
    serve(model)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
