"""The one public door: what stands in it, and that opening it is cheap."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys

import pytest

import sparkml_sm


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert sparkml_sm.__all__ == sorted(sparkml_sm.__all__)
    for name in sparkml_sm.__all__:
        assert getattr(sparkml_sm, name) is not None


def test_classes_are_at_home_in_the_door_and_pickle_by_it() -> None:
    role = sparkml_sm.IAMRole("arn:aws:iam::123456789012:role/r")
    assert type(role).__module__ == "sparkml_sm"
    assert pickle.loads(pickle.dumps(role)) == role


def test_importing_loads_no_heavy_module() -> None:
    heavy = "pyspark boto3 botocore pandas numpy pyarrow xgboost"
    program = (
        "import sys, sparkml_sm; "
        f"print([name for name in {heavy!r}.split() if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(sparkml_sm, "NoSuchEstimator")


@pytest.mark.parametrize("kind", ["serializers", "deserializers"])
def test_the_predecessors_path_leads_to_all_of_them(kind: str) -> None:
    door = importlib.import_module(f"sparkml_sm.transformation.{kind}")
    assert door.__all__ == importlib.import_module(f"sparkml_sm.inference.{kind}").__all__
