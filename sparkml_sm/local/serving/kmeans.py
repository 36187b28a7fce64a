"""Serves a KMeans artifact as SageMaker's container does."""

from __future__ import annotations

from pathlib import Path

from sparkml_sm.engines import kmeans as engine
from sparkml_sm.local.serving.first_party import FirstPartyServer

__all__ = ["load"]


def load(model_dir: Path) -> FirstPartyServer:
    """Load the artifact; answers are also made as CSV."""
    return FirstPartyServer(engine.load(model_dir), csv=True)
