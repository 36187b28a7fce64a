"""Saving and loading: what a file holds, what it must not hold, and who can read it."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.util import DefaultParamsReader
from pyspark.sql import SparkSession
from pyspark.sql.types import DoubleType, StructField, StructType

import sparkml_sm
from sparkml_sm import (
    Channel,
    ConfigurationError,
    CreatedResources,
    EndpointCreationPolicy,
    IAMRole,
    IAMRoleFromConfig,
    NamePolicy,
    NamePolicyFactory,
    RandomNamePolicy,
    RandomNamePolicyFactory,
    S3DataPath,
    SageMakerEstimator,
    SageMakerEstimatorBase,
    SageMakerModel,
    XGBoostSageMakerEstimator,
)
from sparkml_sm.stages.persistence import FORMAT_VERSION, stage_from, text_of
from sparkml_sm.stages.values import from_json, to_json
from sparkml_sm.transformation.deserializers import (
    ResponseRowDeserializer,
    XGBoostCSVRowDeserializer,
)
from sparkml_sm.transformation.serializers import (
    LibSVMRequestRowSerializer,
    RequestRowSerializer,
    UnlabeledCSVRequestRowSerializer,
)

SAVED = Path(__file__).parent / "saved"
ROLE = IAMRole("arn:aws:iam::123456789012:role/sagemaker")
SECRET = "wJalrXUtnFEMI/K7MDENG"


class TeamNames(NamePolicyFactory):
    """A user's own class, with an argument that it keeps."""

    def __init__(self, team: str, numbers: list[int] | None = None) -> None:
        self.team = team
        self.numbers = numbers

    def createNamePolicy(self) -> NamePolicy:
        return RandomNamePolicy(self.team)


class Forgetful(NamePolicyFactory):
    def __init__(self, team: str) -> None:
        self.prefix = team


class Renamed(XGBoostSageMakerEstimator):
    """A user's own stage."""


class Demanding(XGBoostSageMakerEstimator):
    def __init__(self, rounds: int) -> None:
        super().__init__("ml.m5.large", 1, num_round=rounds)


class Thrifty(XGBoostSageMakerEstimator):
    """Keeps an argument of its own, which has a default, beside all others."""

    def __init__(
        self, trainingInstanceType: str, trainingInstanceCount: int, budget: int = 3, **more: Any
    ) -> None:
        super().__init__(trainingInstanceType, trainingInstanceCount, **more)
        self.budget = budget


def _xgboost(**changes: Any) -> XGBoostSageMakerEstimator:
    settings = {
        "trainingInstanceType": "ml.m5.large",
        "trainingInstanceCount": 2,
        "sagemakerRole": ROLE,
        "trainingOutputS3DataPath": S3DataPath("bucket", "out"),
        "trainingProjectedColumns": ["label", "features"],
        "trainingSparkDataFormatOptions": {"featuresColumnName": "features"},
        "endpointCreationPolicy": EndpointCreationPolicy.CREATE_ON_TRANSFORM,
        "requestRowSerializer": LibSVMRequestRowSerializer(featuresColumnName=["a", "b"]),
        "responseRowDeserializer": XGBoostCSVRowDeserializer("score", vector=True, size=3),
        "namePolicyFactory": RandomNamePolicyFactory("spam-"),
        "num_round": 7,
        "eta": 0.25,
        **changes,
    }
    return XGBoostSageMakerEstimator(**settings)


def _model(**changes: Any) -> SageMakerModel:
    settings = {
        "endpointInstanceType": "ml.m5.large",
        "endpointCreationPolicy": EndpointCreationPolicy.CREATE_ON_TRANSFORM,
        "modelImage": "image",
        "modelPath": S3DataPath("bucket", "out/model.tar.gz"),
        "modelExecutionRoleARN": ROLE.role,
        "requestRowSerializer": LibSVMRequestRowSerializer(),
        "responseRowDeserializer": XGBoostCSVRowDeserializer(),
        "namePolicy": RandomNamePolicy("spam-"),
        **changes,
    }
    return SageMakerModel(**settings)


def _again(stage: Any, kind: type[Any] | None = None) -> Any:
    return stage_from(text_of(stage, "4.0.0"), kind or type(stage), "there")


def _changed(stage: Any, **members: Any) -> str:
    return json.dumps({**json.loads(text_of(stage, "4.0.0")), **members})


def _same(one: Any, other: Any) -> bool:
    """Whether two values are alike, by type and constructor arguments where they have no `==`."""
    return type(one) is type(other) and to_json(one, "one") == to_json(other, "other")


# What a file holds


def test_an_estimator_comes_back_with_uid_settings_and_hyperparameters() -> None:
    estimator = _xgboost(uid="spam-filter")
    loaded = _again(estimator)
    assert type(loaded) is XGBoostSageMakerEstimator
    assert loaded.uid == "spam-filter"
    assert loaded.hyperparameter_values() == {"num_round": 7, "eta": 0.25}
    assert all(param.parent == "spam-filter" for param in loaded.params)
    assert loaded._settings.keys() == estimator._settings.keys()
    for name, value in estimator._settings.items():
        assert _same(loaded._settings[name], value), name
    assert loaded.setEta(0.5).getEta() == 0.5
    with pytest.raises(ValueError, match="`eta` of XGBoostSageMakerEstimator must be"):
        loaded.setEta(2)


@pytest.mark.parametrize(
    "kind",
    [
        getattr(sparkml_sm, name)
        for name in sparkml_sm.__all__
        if name.endswith("SageMakerEstimator")
        or name.startswith(("LinearLearner", "Factorization"))
    ],
)
def test_every_estimator_can_be_saved_as_it_is_made(kind: type) -> None:
    needed = {"trainingInstanceType": "ml.m5.large", "trainingInstanceCount": 1}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            needed.setdefault(name, name)
    estimator = kind(**needed)
    loaded = _again(estimator)
    assert type(loaded) is kind
    assert to_json(dict(loaded._settings), "it") == to_json(dict(estimator._settings), "it")
    assert loaded.explainParams() == estimator.explainParams()


def test_the_generic_estimator_keeps_its_own_dict_of_hyperparameters() -> None:
    estimator = SageMakerEstimator(
        trainingImage="train",
        modelImage="serve",
        trainingInstanceType="ml.m5.large",
        trainingInstanceCount=1,
        hyperParameters={"k": 3, "tol": 1e-3, "verbose": True, "note": None, "class": "a"},
    )
    loaded = _again(estimator, SageMakerEstimatorBase)
    assert loaded.hyperParameters == estimator.hyperParameters
    assert isinstance(loaded.sagemakerRole, IAMRoleFromConfig)


def test_values_of_an_awkward_kind_are_kept_and_lists_stay_lists() -> None:
    estimator = _xgboost(monotone_constraints=(1, 0, -1), **{"lambda": 0.5})
    loaded = _again(estimator)
    assert loaded.getOrDefault("monotone_constraints") == (1, 0, -1)
    assert loaded.getLambda() == 0.5
    assert "(1, 0, -1)" in loaded.explainParams()


@pytest.mark.parametrize(
    "value",
    [
        None,
        -3,
        0.1,
        "{text}",
        [1, [2, "three"]],
        (1, (2.5, None)),
        {"class": "no class", "dict": {"enum": 1}},
        EndpointCreationPolicy.DO_NOT_CREATE,
        CreatedResources("m", None, "e"),
        StructType([StructField("score", DoubleType(), nullable=False)]),
        Channel("s3://bucket/validation/", contentType="text/csv"),
    ],
)
def test_values_come_back_equal_and_of_the_same_type(value: Any) -> None:
    found = from_json(json.loads(json.dumps(to_json(value, "it"))), "it")
    assert found == value
    assert type(found) is type(value)


def _public(base: type) -> Iterator[type]:
    for door in ("sparkml_sm", *(f"sparkml_sm.transformation.{n}s" for n in _CONVERTERS)):
        module = importlib.import_module(door)
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isclass(found) and issubclass(found, base) and found is not base:
                yield found


_CONVERTERS = ("serializer", "deserializer")
# An argument for each parameter without a default, by the name of the parameter.
_ARGUMENTS: dict[str, Any] = {
    "schema": StructType([StructField("score", DoubleType())]),
    "dim": 3,
    "labelColumnName": "class",
    "featuresColumnName": "words",
    "columnNames": ("a", "b"),
    "role": ROLE.role,
    "bucket": "bucket",
}


@pytest.mark.parametrize(
    "kind",
    sorted(
        {*_public(RequestRowSerializer), *_public(ResponseRowDeserializer)},
        key=lambda kind: kind.__name__,
    ),
)
def test_every_public_serializer_and_deserializer_can_be_saved(kind: type) -> None:
    needed = {
        name: _ARGUMENTS.get(name, name)
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.default is parameter.empty
    }
    value = kind(**needed)
    found = from_json(json.loads(json.dumps(to_json(value, "it"))), "it")
    assert type(found) is kind
    assert _same(found, value)
    for name, argument in needed.items():
        assert getattr(found, name) == argument


def test_a_serializer_made_for_a_trained_model_keeps_its_width() -> None:
    serializer = LibSVMRequestRowSerializer(featuresColumnName="words").limited(5)
    found = _again(_model(requestRowSerializer=serializer)).requestRowSerializer
    assert vars(found) == vars(serializer)


def test_names_with_a_time_stamp_do_not_get_a_second_one() -> None:
    names = sparkml_sm.CustomNamePolicyWithTimeStampSuffix("job", "model", "config", "endpoint")
    found = _again(_model(namePolicy=names)).namePolicy
    assert vars(found) == vars(names)


def test_random_names_are_made_anew_so_that_two_loaded_models_can_deploy() -> None:
    model = _model()
    first, second = _again(model).namePolicy, _again(model).namePolicy
    assert first.prefix == second.prefix == "spam-"
    assert len({first.modelName, second.modelName, model.namePolicy.modelName}) == 3


def test_a_model_comes_back_with_what_it_created_and_creates_nothing() -> None:
    model = _model(endpointCreationPolicy=EndpointCreationPolicy.CREATE_ON_TRANSFORM)
    model.getCreatedResources().endpoint_name = "standing"
    model._own((), S3DataPath("bucket", "out/job/"))
    text = text_of(model, "4.0.0")
    # The policy that creates with the model creates nothing when the model is loaded.
    text = text.replace("CREATE_ON_TRANSFORM", "CREATE_ON_CONSTRUCT")
    loaded = stage_from(text, SageMakerModel, "there")
    assert loaded.endpointName == "standing"
    assert loaded.endpointCreationPolicy is EndpointCreationPolicy.CREATE_ON_CONSTRUCT
    assert loaded._state() == model._state()
    assert loaded.getCreatedResources() is not model.getCreatedResources()
    assert loaded.modelPath == model.modelPath


def test_a_users_own_classes_are_found_by_module_and_name() -> None:
    estimator = _xgboost(namePolicyFactory=TeamNames("spam-", [1, 2]))
    loaded = _again(estimator)
    assert isinstance(loaded.namePolicyFactory, TeamNames)
    assert vars(loaded.namePolicyFactory) == {"team": "spam-", "numbers": [1, 2]}
    renamed = Renamed("ml.m5.large", 1, num_round=3)
    assert json.loads(text_of(renamed, "4.0.0"))["class"] == f"{__name__}.Renamed"
    assert type(_again(renamed, XGBoostSageMakerEstimator)) is Renamed


# What a file must not hold


def test_clients_are_saved_as_their_region_and_no_credential_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = boto3.client(
        "sagemaker",
        region_name="eu-central-1",
        endpoint_url="http://127.0.0.1:9/",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key=SECRET,
    )
    estimator, model = _xgboost(sagemakerClient=client), _model(sagemakerClient=client)
    for stage in (estimator, model):
        text = text_of(stage, "4.0.0")
        assert "eu-central-1" in text
        assert not [word for word in ("AKIA", SECRET, "127.0.0.1") if word in text]
    loaded = _again(estimator)
    assert (loaded.region, loaded.sagemakerClient) == ("eu-central-1", None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    assert _again(model).sagemakerClient.meta.region_name == "eu-central-1"


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (Forgetful("a"), "does not keep its argument 'team'; set self.team"),
        (TeamNames("a", [object()]), r"argument 'numbers' of TeamNames, .*holds a builtins.object"),
        (TeamNames("a", {1: 2}), "its key 1 is not a str"),
        (lambda: None, "it holds a builtins.function"),
    ],
)
def test_what_cannot_be_saved_is_named_when_it_is_saved(factory: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"(?s)namePolicyFactory of spam.*{message}"):
        text_of(_xgboost(namePolicyFactory=factory, uid="spam"), "4.0.0")


def test_a_class_that_no_other_program_finds_is_refused_when_it_is_saved() -> None:
    class Inner(RandomNamePolicyFactory):
        pass

    class Scripted(RandomNamePolicyFactory):
        pass

    Scripted.__module__ = "__main__"
    for kind, message in ((Inner, "at the top of its module"), (Scripted, "notebook or script")):
        with pytest.raises(ConfigurationError, match=f"class .*{kind.__name__} .*{message}"):
            text_of(_xgboost(namePolicyFactory=kind()), "4.0.0")
    with pytest.raises(ConfigurationError, match="does not keep its argument 'rounds'"):
        text_of(Demanding(3), "4.0.0")


# Who can read it


def test_an_argument_of_a_users_subclass_comes_back() -> None:
    saved = text_of(Thrifty("ml.m5.large", 2, budget=9, num_round=5), "4.0.0")
    loaded = stage_from(saved, Thrifty, "/there")
    assert (loaded.budget, loaded.trainingInstanceCount, loaded.getNumRound()) == (9, 2, 5)


@pytest.mark.parametrize("member", ["class", "settings", "uid", "paramMap", "state"])
def test_a_damaged_file_is_told_by_what_is_missing(member: str) -> None:
    saved = json.loads(text_of(_xgboost(), "4.0.0"))
    del saved[member]
    with pytest.raises(ConfigurationError, match=f"damaged stage: {member} is missing"):
        stage_from(json.dumps(saved), XGBoostSageMakerEstimator, "/there")


def test_a_file_of_a_newer_format_is_an_error_that_says_so() -> None:
    text = _changed(_xgboost(), formatVersion=FORMAT_VERSION + 1)
    with pytest.raises(ConfigurationError, match="there was saved in format 2 by a newer"):
        stage_from(text, XGBoostSageMakerEstimator, "there")


@pytest.mark.parametrize("members", ["paramMap", "defaultParamMap"])
def test_an_unknown_hyperparameter_is_named(members: str) -> None:
    text = _changed(_xgboost(), **{members: {"num_rounds": 3}})
    with pytest.raises(ConfigurationError, match="Estimator has no hyperparameter 'num_rounds'"):
        stage_from(text, XGBoostSageMakerEstimator, "there")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"settings": {"colour": "red"}}, "has no argument colour"),
        ({"settings": {"region": {"what": 1}}}, r"region cannot be loaded: .*\['what'\]"),
        ({"settings": {"region": {"class": "os.PathLike", "arguments": {}}}}, "may hold"),
        ({"settings": {"region": {"class": "sparkml_sm.Gone", "arguments": {}}}}, "no class"),
        (
            {"settings": {"region": {"class": "sparkml_sm.IAMRole", "arguments": {"rol": "a"}}}},
            "takes other arguments.*'role'",
        ),
        ({"settings": {"region": {"enum": "sparkml_sm.IAMRole", "member": "A"}}}, "no member A"),
        ({"class": "sparkml_sm.no_such.Stage"}, "there is no class sparkml_sm.no_such.Stage"),
        ({"class": "os.sep"}, "os.sep is no class"),
    ],
)
def test_a_file_that_does_not_fit_is_told_by_what_is_wrong(
    members: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        stage_from(_changed(_xgboost(), **members), XGBoostSageMakerEstimator, "there")


def test_a_stage_of_another_class_is_not_loaded() -> None:
    with pytest.raises(ConfigurationError, match=r"holds a XGBoost\w+, which is no SageMakerModel"):
        _again(_xgboost(), SageMakerModel)
    for text in ("{", "[]", "{}", '{"class":"pyspark.ml.feature.Bucketizer"}'):
        with pytest.raises(ConfigurationError, match="there holds no s"):
            stage_from(text, SageMakerModel, "there")


# Copies and pickles


def test_copies_share_clients_and_pickles_leave_them_behind() -> None:
    client = boto3.client(
        "sagemaker", region_name="eu-west-3", aws_access_key_id="a", aws_secret_access_key="b"
    )
    estimator, model = _xgboost(sagemakerClient=client), _model(sagemakerClient=client)
    for copied in (copy.deepcopy(estimator), estimator.copy()):
        assert copied.sagemakerClient is client
        copied.setEta(0.75)
    assert estimator.getEta() == 0.25
    assert copy.deepcopy(model).sagemakerClient is client
    pickled = pickle.loads(pickle.dumps(estimator))
    assert pickled.sagemakerClient is None
    assert pickled.region == "eu-west-3"
    assert pickled.uid == estimator.uid
    assert pickled.hyperparameter_values() == estimator.hyperparameter_values()
    assert pickle.loads(pickle.dumps(model))._clients.region == "eu-west-3"


# With Spark


def test_save_load_and_overwrite_as_sparks_own_stages(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "stage")
    estimator = _xgboost()
    estimator.save(path)
    assert XGBoostSageMakerEstimator.load(path).uid == estimator.uid
    with pytest.raises(ConfigurationError, match=r"a saved stage already: use write\(\).overwrite"):
        estimator.save(path)
    estimator.setEta(0.5).write().overwrite().session(spark).save(path)
    loaded = XGBoostSageMakerEstimator.read().session(spark).load(path)
    assert loaded.getEta() == 0.5
    # Spark's own readers find the class by this.
    by_spark: Any = DefaultParamsReader.loadParamsInstance(path, spark.sparkContext)
    assert type(by_spark) is XGBoostSageMakerEstimator


def test_pipelines_take_the_stages_with_them(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "pipeline")
    assemble = VectorAssembler(inputCols=["a", "b"], outputCol="features")
    estimator = _xgboost()
    pipeline = Pipeline(stages=[assemble, estimator])
    pipeline.write().overwrite().save(path)
    loaded = Pipeline.load(path)
    assert [stage.uid for stage in loaded.getStages()] == [assemble.uid, estimator.uid]
    assert loaded.getStages()[1].hyperparameter_values() == estimator.hyperparameter_values()

    model = _model()
    model.getCreatedResources().endpoint_name = "standing"
    PipelineModel([assemble, model]).write().overwrite().save(path)
    [_, back] = PipelineModel.load(path).stages
    assert type(back) is SageMakerModel
    assert back.endpointName == "standing"


def test_files_of_format_1_load(spark: SparkSession) -> None:
    """Version 0.1.0 wrote them on Spark 3.5; they stay as they are."""
    pipeline = Pipeline.load(str(SAVED / "pipeline-1"))
    [assemble, estimator] = pipeline.getStages()
    assert assemble.getInputCols() == ["a", "b"]
    assert (pipeline.uid, estimator.uid) == ("spam-pipeline", "spam-filter")
    assert estimator.hyperparameter_values() == {"num_round": 7, "eta": 0.25}
    assert estimator.sagemakerRole == ROLE
    assert estimator.trainingOutputS3DataPath == S3DataPath("bucket", "out")
    assert (estimator.region, estimator.imageVersion) == ("eu-central-1", "3.2-0")
    assert estimator.endpointCreationPolicy is EndpointCreationPolicy.CREATE_ON_TRANSFORM
    assert estimator.namePolicyFactory == RandomNamePolicyFactory("spam-")
    assert estimator.channels == {
        "validation": Channel("s3://bucket/validation/", contentType="text/csv")
    }
    assert tuple(estimator.requestRowSerializer.featuresColumnName) == ("a", "b")
    assert estimator.responseRowDeserializer.schema.names == ["score"]

    model = SageMakerModel.load(str(SAVED / "model-1"))
    assert (model.uid, model.endpointName) == ("spam-model", "standing")
    assert model.getCreatedResources() == CreatedResources(
        "standing-model", "standing-config", "standing"
    )
    assert model.modelPath == S3DataPath("bucket", "out/model.tar.gz")
    assert model._state()["artifacts"] == S3DataPath("bucket", "out/job/")
    assert model._state()["region"] == "eu-central-1"
    assert isinstance(model.requestRowSerializer, UnlabeledCSVRequestRowSerializer)
