"""The predecessor itself, where `.ci/predecessor` has made its environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.side import Side
from sparkml_sm.local import LocalSageMaker


@pytest.fixture(scope="session")
def peer(sagemaker: LocalSageMaker) -> Iterator[Side]:
    """The predecessor's JVM, with the keys of the local SageMaker."""
    place = os.environ.get("SPARKML_SM_PEER")
    if place is None:
        pytest.skip("the predecessor has an environment of its own: run .ci/predecessor")
    python = Path(place) / "bin" / "python"
    keys = {
        name: sagemaker.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    with Side("predecessor", python, "tests.predecessor.peer", "2", variables=keys) as side:
        yield side
