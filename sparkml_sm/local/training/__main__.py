"""``python -m sparkml_sm.local.training ALGORITHM``: what ``docker run IMAGE train`` is on AWS."""

from __future__ import annotations

import sys
from importlib import import_module

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.local.training.contract import TrainingContext, run

__all__ = ["main"]

#: Algorithm -> the module with its `train(context)`, imported when it is asked for.
TRAINERS = {
    "factorization-machines": "sparkml_sm.local.training.factorization_machines",
    "kmeans": "sparkml_sm.local.training.kmeans",
    "lda": "sparkml_sm.local.training.lda",
    "linear-learner": "sparkml_sm.local.training.linear_learner",
    "pca": "sparkml_sm.local.training.pca",
    "xgboost": "sparkml_sm.local.training.xgboost",
}


def main(arguments: list[str]) -> int:
    """Train the named algorithm; the exit status is the container's."""
    if len(arguments) != 1 or arguments[0] not in TRAINERS:
        known = ",".join(sorted(TRAINERS))
        sys.stderr.write(f"usage: python -m sparkml_sm.local.training {{{known}}}\n")
        return 2

    def train(context: TrainingContext) -> None:
        try:
            trainer = import_module(TRAINERS[arguments[0]])
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"the package {error.name} is not installed: pip install 'sparkml-sm[local]'"
            ) from error
        trainer.train(context)

    return run(train)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
