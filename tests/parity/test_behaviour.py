"""What the predecessor's programs could not do, and needs neither Spark nor an account."""

from __future__ import annotations

import re
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

import boto3
import pytest

import sparkml_sm
from sparkml_sm import (
    CustomNamePolicyFactory,
    CustomNamePolicyWithTimeStampSuffixFactory,
    NamePolicy,
    NamePolicyFactory,
    RandomNamePolicyFactory,
    SageMakerModel,
    SageMakerResourceCleanup,
    XGBoostSageMakerEstimator,
    classpath_jars,
)

_PACKAGE = Path(sparkml_sm.__file__).parent


def test_no_jar_is_shipped_and_none_is_asked_for() -> None:
    assert list(_PACKAGE.rglob("*.jar")) == []
    assert classpath_jars() == []


def test_a_cluster_that_has_spark_needs_three_libraries() -> None:
    installed = requires("sparkml-sm") or []
    needed = [re.split(r"[^\w-]", each)[0] for each in installed if "extra ==" not in each]
    assert sorted(needed) == ["boto3", "numpy", "pyarrow"]
    [sparks] = {each.partition(";")[0] for each in installed if each.startswith("pyspark")}
    assert set(sparks.removeprefix("pyspark").split(",")) == {">=3.5", "<5"}


def test_one_module_alone_reaches_for_the_spark_context() -> None:
    """What Spark Connect has not is kept in one place, behind a way around it."""
    reaching = re.compile(r"\b(sparkContext|SparkContext|_jvm|_jsc|rdd)\b")
    found = [
        path.relative_to(_PACKAGE).as_posix()
        for path in sorted(_PACKAGE.rglob("*.py"))
        if reaching.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["staging/jobs.py"]


def test_no_module_hides_a_class_of_its_name() -> None:
    """The predecessor had such modules; `from package import Name` was the one or the other."""
    assert [each for each in sparkml_sm.__all__ if find_spec(f"sparkml_sm.{each}")] == []


@pytest.mark.parametrize(
    "factory",
    [
        RandomNamePolicyFactory("spam-"),
        CustomNamePolicyFactory("job", "model", "config", "endpoint"),
        CustomNamePolicyWithTimeStampSuffixFactory("job", "model", "config", "endpoint"),
    ],
    ids=lambda factory: type(factory).__name__,
)
def test_what_raised_gives_its_value(factory: NamePolicyFactory) -> None:
    assert isinstance(factory.createNamePolicy(), NamePolicy)
    options = {"featuresColumnName": "projection"}
    estimator = XGBoostSageMakerEstimator(
        "ml.m5.large", 1, trainingSparkDataFormatOptions=options, namePolicyFactory=factory
    )
    assert estimator.trainingSparkDataFormatOptions == options
    assert estimator.namePolicyFactory is factory
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    model = SageMakerModel(sagemakerClient=boto3.client("sagemaker", "eu-west-1", **keys))
    assert isinstance(model.resourceCleanup, SageMakerResourceCleanup)


@pytest.mark.parametrize("role", [sparkml_sm.IAMRole("some-role"), sparkml_sm.IAMRoleFromConfig()])
def test_service_values_are_kept_as_given(role: sparkml_sm.IAMRoleResource) -> None:
    """The predecessor's own tests construct with values that no service would take."""
    given = {
        "trainingInstanceType": "c4.8xlarge",
        "trainingInstanceCount": 2,
        "endpointInstanceType": "c4.8xlarge",
        "endpointInitialInstanceCount": 0,
        "sagemakerRole": role,
        "trainingS3DataDistribution": "by-key",
        "trainingKmsKeyId": "key-id",
        "trainingCompressionCodec": "gzip",
    }
    estimator = XGBoostSageMakerEstimator(**given)  # type: ignore[arg-type]
    assert {name: getattr(estimator, name) for name in given} == given
