"""Serves an LDA artifact as SageMaker's container does."""

from __future__ import annotations

from pathlib import Path

from sparkml_sm.engines import lda as engine
from sparkml_sm.local.serving.first_party import FirstPartyServer

__all__ = ["load"]


def load(model_dir: Path) -> FirstPartyServer:
    """Load the artifact."""
    return FirstPartyServer(engine.load(model_dir))
