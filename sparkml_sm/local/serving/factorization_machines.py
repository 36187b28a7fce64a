"""Serves a FactorizationMachines artifact as SageMaker's container does."""

from __future__ import annotations

from pathlib import Path

from sparkml_sm.engines import factorization_machines as engine
from sparkml_sm.local.serving.first_party import FirstPartyServer

__all__ = ["load"]


def load(model_dir: Path) -> FirstPartyServer:
    """Load the artifact; CSV is neither read nor made."""
    return FirstPartyServer(engine.load(model_dir), reads_csv=False)
