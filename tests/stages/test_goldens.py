"""The predecessor's own requests, against what this library sends for the same programs.

Every program of `PROGRAMS` makes the calls that the recording made, with a real boto3 client whose
requests end before the network. What may differ is listed in `EXCEPTIONS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyspark.sql import DataFrame, SparkSession

from sparkml_sm import (
    CustomNamePolicyFactory,
    EndpointCreationPolicy,
    EndpointError,
    FactorizationMachinesRegressor,
    IAMRole,
    KMeansSageMakerEstimator,
    LDASageMakerEstimator,
    LinearLearnerRegressor,
    PCASageMakerEstimator,
    S3DataPath,
    SageMakerEstimator,
    SageMakerModel,
    SageMakerResourceCleanup,
    TrainingJobError,
    XGBoostSageMakerEstimator,
)
from sparkml_sm.inference.deserializers import KMeansProtobufResponseRowDeserializer
from sparkml_sm.inference.serializers import ProtobufRequestRowSerializer
from sparkml_sm.local import LocalSageMaker
from tests.stages.recorded import RecordedSageMaker, Request

ROLE = "arn:aws:iam::123456789012:role/R"
ROLE_KEY = "com.amazonaws.services.sagemaker.sparksdk.sagemakerrole"
BUCKET = "mybkt"

_GOLDENS = [
    json.loads(line)
    for line in (Path(__file__).parent / "goldens" / "requests.jsonl").read_text().splitlines()
]


@dataclass(frozen=True)
class Rule:
    """Members of some requests, by patterns of fnmatch (a bracket is escaped there as [[])."""

    case: str
    member: str
    reason: str
    ours: Any = field(default=None)

    def concerns(self, case: str, member: str) -> bool:
        return fnmatchcase(case, self.case) and fnmatchcase(member, self.member)


# What the recording gave for an argument that SageMaker would have refused: this library checks
# it, so the programs give a value of the right form, and that value must come back.
PLACEHOLDERS = [
    Rule("[!kd]*", "RoleArn", "a role is an ARN of at least 20 characters, not 'R'", ROLE),
    Rule("*", "ExecutionRoleArn", "a role is an ARN, not 'R' or 'r'", ROLE),
    Rule("from*", "*.InstanceType", "no instance type is called 't'", "ml.m5.large"),
]
EXCEPTIONS = [
    Rule("[!S]*", "TrainingJobName", "names are random"),
    Rule("*", "ModelName", "names are random"),
    Rule("*", "EndpointConfigName", "names are random"),
    Rule("*", "EndpointName", "names are random"),
    Rule("*", "PrimaryContainer.ContainerHostname", "the model's name, which is random"),
    Rule("*", "ProductionVariants.0.ModelName", "names are random"),
    Rule("*", "InputDataConfig.0.DataSource.S3DataSource.S3Uri", "an S3 URI"),
    Rule("*", "OutputDataConfig.S3OutputPath", "an S3 URI"),
    Rule("*", "PrimaryContainer.ModelDataUrl", "an S3 URI; no bucket has the name 'b'"),
    Rule(
        "*",
        "InputDataConfig.0.DataSource.S3DataSource.S3DataType",
        "a manifest names exactly the rows; a prefix would match neighbours as well",
    ),
    Rule(
        "xgboost",
        "AlgorithmSpecification.TrainingImage",
        "xgboost:1 is of 2017 and gone from most regions",
    ),
    Rule(
        "xgboost",
        "InputDataConfig.0.ContentType",
        "Python sent none; newer images accept it and say so in their errors",
    ),
    Rule(
        "default role*",
        "RoleArn",
        "the predecessor sent the configuration's key instead of its value",
    ),
    Rule(
        "generic int hyperparameter",
        "HyperParameters.a",
        "the service takes text alone, and refused the predecessor's number",
        "1",
    ),
]

Program = Callable[["Bench"], object]


@dataclass
class Bench:
    """What a program works with; its requests are in `sagemaker`."""

    rows: DataFrame
    sagemaker: RecordedSageMaker

    def fit(self, kind: Any, **given: Any) -> SageMakerModel:
        """Fit as the recording did: without an endpoint unless its type is named."""
        settings = {
            "trainingInstanceType": "ml.m5.large",
            "trainingInstanceCount": 1,
            "sagemakerRole": IAMRole(ROLE),
            "sagemakerClient": self.sagemaker.client,
        }
        model: SageMakerModel = kind(**(settings | given)).fit(self.rows)
        return model


_KMEANS = {"k": 10, "feature_dim": 3}
_HOSTED = {"endpointInstanceType": "ml.m5.xlarge", "endpointInitialInstanceCount": 2}
_SCORED = {
    "endpointInstanceType": "ml.m5.large",
    "endpointInitialInstanceCount": 1,
    "requestRowSerializer": ProtobufRequestRowSerializer(),
    "responseRowDeserializer": KMeansProtobufResponseRowDeserializer(),
    "modelImage": "i",
    "modelExecutionRoleARN": ROLE,
}


def _kmeans(bench: Bench) -> None:
    bench.fit(KMeansSageMakerEstimator, **_KMEANS, **_HOSTED)


def _cleanup(bench: Bench) -> None:
    model = bench.fit(KMeansSageMakerEstimator, **_KMEANS, **_HOSTED)
    cleanup = SageMakerResourceCleanup(model.sagemakerClient)
    cleanup.deleteResources(model.getCreatedResources())


def _default_role(bench: Bench) -> None:
    conf = bench.rows.sparkSession.conf
    conf.set(ROLE_KEY, ROLE)
    try:
        KMeansSageMakerEstimator(
            "ml.m5.large", 1, sagemakerClient=bench.sagemaker.client, **_KMEANS
        ).fit(bench.rows)
    finally:
        conf.unset(ROLE_KEY)
    assert bench.sagemaker.last("CreateTrainingJob")["RoleArn"] == ROLE


def _named(bench: Bench) -> None:
    bench.fit(
        KMeansSageMakerEstimator,
        **_KMEANS,
        trainingInputS3DataPath=S3DataPath(BUCKET, "in"),
        trainingOutputS3DataPath=S3DataPath(BUCKET, "out/"),
        trainingContentType="application/x",
        trainingCompressionCodec="Gzip",
        trainingKmsKeyId="kms1",
        deleteStagingDataAfterTraining=False,
        namePolicyFactory=CustomNamePolicyFactory("job1", "model1", "config1", "endpoint1"),
    )


def _fails(bench: Bench) -> None:
    with suppress(TrainingJobError, EndpointError):
        bench.fit(KMeansSageMakerEstimator, **_KMEANS, **_HOSTED)
        raise AssertionError("this one must fail")


def _xgboost(bench: Bench) -> None:
    with pytest.warns(FutureWarning, match="reg:squarederror"):
        bench.fit(XGBoostSageMakerEstimator, objective="reg:linear", eta=0.3, num_round=5)


def _linear(bench: Bench) -> None:
    given = {"feature_dim": 3, "learning_rate": 0.01, "use_bias": "True", "l1": 1e-5}
    bench.fit(LinearLearnerRegressor, **given)


def _parameters(bench: Bench) -> None:
    given = {"extra_center_factor": "auto", "local_lloyd_tol": 1e-4, "eval_metrics": "msd,ssd"}
    bench.fit(KMeansSageMakerEstimator, **_KMEANS, **given)


def _generic(bench: Bench, hyperparameters: Mapping[str, Any]) -> None:
    bench.fit(
        SageMakerEstimator,
        trainingImage="img:1",
        modelImage="img:1",
        hyperParameters=hyperparameters,
        trainingSparkDataFormat="csv",
    )


def _artifact(bench: Bench, name: str) -> None:
    SageMakerModel.fromModelS3Path(
        f"s3://bucket/k/{name}.tar.gz", sagemakerClient=bench.sagemaker.client, **_SCORED
    )


def _job(bench: Bench) -> None:
    SageMakerModel.fromTrainingJob("tj", sagemakerClient=bench.sagemaker.client, **_SCORED)


PROGRAMS: Mapping[str, Program] = {
    "kmeans autocreate": _kmeans,
    "cleanup None": _cleanup,
    "default role (IAMRoleFromConfig)": _default_role,
    "S3DataPath+CustomName+keep": _named,
    "training failed": _fails,
    "training stopped": _fails,
    "endpoint failed": _fails,
    "xgboost": _xgboost,
    "LL": _linear,
    "FM": lambda bench: bench.fit(FactorizationMachinesRegressor, feature_dim=3, num_factors=2),
    "PCA": lambda bench: bench.fit(PCASageMakerEstimator, feature_dim=3, num_components=2),
    "LDA": lambda bench: bench.fit(
        LDASageMakerEstimator, feature_dim=3, num_topics=2, mini_batch_size=4
    ),
    "KM params": _parameters,
    "generic csv": lambda bench: _generic(bench, {"b": "x", "a": "1"}),
    "generic int hyperparameter": lambda bench: _generic(bench, {"a": 1}),
    "fromModelS3Path 1": lambda bench: _artifact(bench, "model"),
    "fromModelS3Path 2": lambda bench: _artifact(bench, "model2"),
    "fromTrainingJob": _job,
}
# How jobs and endpoints end where they do not end well.
_ENDINGS = {
    "training failed": {"job": "Failed"},
    "training stopped": {"job": "Stopped"},
    "endpoint failed": {"endpoint": "Failed"},
}


@pytest.fixture(scope="module")
def recorded(
    spark: SparkSession, inside: LocalSageMaker
) -> Iterator[Mapping[str, RecordedSageMaker]]:
    """All programs, run once."""
    assert inside.environment
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    rows = spark.createDataFrame(
        [(float(number), [number + 0.5, 1.0, -number * 0.25]) for number in range(4)],
        "label double, features array<double>",
    ).coalesce(1)
    found = {}
    for case, program in PROGRAMS.items():
        found[case] = RecordedSageMaker(**_ENDINGS.get(case, {}))
        program(Bench(rows, found[case]))
    return found


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        items: Any = value.items()
    elif isinstance(value, list) and value:
        items = enumerate(value)
    else:
        return {path: value}
    found = {}
    for name, member in items:
        found |= _flat(member, f"{path}.{name}" if path else str(name))
    return found


def _differences(case: str, golden: Request, ours: Request) -> dict[str, tuple[Any, Any]]:
    """Return what differs once the placeholders are filled in, by member."""
    theirs, mine = _flat(golden), _flat(ours)
    for member in theirs:
        for rule in PLACEHOLDERS:
            if rule.concerns(case, member):
                theirs[member] = rule.ours
    return {
        member: (theirs.get(member), mine.get(member))
        for member in theirs | mine
        if theirs.get(member) != mine.get(member)
    }


def _allowed(rule: Rule, case: str, member: str, ours: Any) -> bool:
    return rule.concerns(case, member) and (rule.ours is None or rule.ours == ours)


def _name(golden: Mapping[str, Any]) -> str:
    return re.sub(r"\W+", "-", f"{golden['case']} {golden['operation']}")


@pytest.mark.parametrize("golden", _GOLDENS, ids=_name)
def test_a_request_is_the_predecessors_but_for_the_exceptions(
    recorded: Mapping[str, RecordedSageMaker], golden: dict[str, Any]
) -> None:
    case = golden["case"]
    ours = recorded[case].last(golden["operation"])
    differences = _differences(case, golden["request"], ours)
    assert {
        member: both
        for member, both in differences.items()
        if not any(_allowed(rule, case, member, both[1]) for rule in EXCEPTIONS)
    } == {}


def test_no_exception_is_unused(recorded: Mapping[str, RecordedSageMaker]) -> None:
    unused = set(map(id, EXCEPTIONS))
    for golden in _GOLDENS:
        case = golden["case"]
        ours = recorded[case].last(golden["operation"])
        for member, both in _differences(case, golden["request"], ours).items():
            used = [id(rule) for rule in EXCEPTIONS if _allowed(rule, case, member, both[1])]
            unused -= set(used)
    assert [rule for rule in EXCEPTIONS if id(rule) in unused] == []


def test_no_placeholder_is_unused() -> None:
    for rule in PLACEHOLDERS:
        assert any(
            rule.concerns(golden["case"], member) and value != rule.ours
            for golden in _GOLDENS
            for member, value in _flat(golden["request"]).items()
        ), rule


def test_every_case_has_a_program() -> None:
    assert {golden["case"] for golden in _GOLDENS} == set(PROGRAMS)


def test_nothing_is_created_that_the_predecessor_did_not_create(
    recorded: Mapping[str, RecordedSageMaker],
) -> None:
    without_endpoint = recorded["KM params"].requests
    assert [name for name in without_endpoint if name.startswith("Create")] == ["CreateTrainingJob"]
    assert recorded["endpoint failed"].requests["DeleteModel"]  # and what failed is taken back


def test_hosting_carries_network_encryption_tags_and_overrides(inside: LocalSageMaker) -> None:
    assert inside.environment
    sagemaker = RecordedSageMaker()
    SageMakerModel(
        **_SCORED,
        modelPath=S3DataPath("bucket", "k/model.tar.gz"),
        sagemakerClient=sagemaker.client,
        endpointCreationPolicy=EndpointCreationPolicy.CREATE_ON_CONSTRUCT,
        subnets=["subnet-1"],
        securityGroupIds=["sg-1"],
        enableNetworkIsolation=True,
        endpointKmsKeyId="key",
        tags={"team": "spam"},
        endpointConfigOverrides={
            "ProductionVariants": [{"VariantName": "AllRequests", "VolumeSizeInGB": 8}],
            "DataCaptureConfig": {
                "InitialSamplingPercentage": 10,
                "DestinationS3Uri": "s3://bucket/captured",
                "CaptureOptions": [{"CaptureMode": "Input"}],
            },
        },
    )
    model, config = sagemaker.last("CreateModel"), sagemaker.last("CreateEndpointConfig")
    tags = [{"Key": "team", "Value": "spam"}]
    assert model["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert model["EnableNetworkIsolation"] is True
    assert config["KmsKeyId"] == "key"
    assert config["DataCaptureConfig"]["DestinationS3Uri"] == "s3://bucket/captured"
    [variant] = config["ProductionVariants"]
    assert (variant["InstanceType"], variant["VolumeSizeInGB"]) == ("ml.m5.large", 8)
    assert model["Tags"] == config["Tags"] == sagemaker.last("CreateEndpoint")["Tags"] == tags
