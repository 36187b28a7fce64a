"""What all tests share: one Spark session and one local SageMaker."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import hypothesis
import pyspark
import pytest
from pyspark.sql import SparkSession

from sparkml_sm.cli.java import java_environment
from sparkml_sm.local import LocalSageMaker

# A machine that does other work as well is no failure.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark session for all tests, older than any local SageMaker."""
    with java_environment(pyspark.__version__), pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        session = (
            SparkSession.builder.master("local[2,2]")
            .appName("sparkml_sm tests")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate()
        )
        yield session
        session.stop()


@pytest.fixture(scope="session")
def sagemaker() -> Iterator[LocalSageMaker]:
    """One local SageMaker for the tests of the client side; `inside` puts it into `os.environ`."""
    before = dict(os.environ)
    with LocalSageMaker() as running:
        for name in running.environment:
            os.environ.pop(name)
        os.environ.update(before)
        yield running


@pytest.fixture(scope="module")
def inside(sagemaker: LocalSageMaker) -> Iterator[LocalSageMaker]:
    """The local SageMaker, in the environment of one module's tests."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in sagemaker.environment.items():
            environment.setenv(name, value)
        yield sagemaker
