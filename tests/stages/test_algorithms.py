"""The estimators of SageMaker's own algorithms: what a table and five lines make of them."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from pyspark.ml.linalg import VectorUDT
from pyspark.sql.types import DoubleType, StructField, StructType

import sparkml_sm
from sparkml_sm import SageMakerAlgorithmEstimator, StagedDataset, algorithms
from sparkml_sm.catalog.algorithm import Algorithm, Rule, VectorOutput, When
from sparkml_sm.catalog.data import LabelStats
from sparkml_sm.errors import ConfigurationError, InvalidDataError
from sparkml_sm.hyperparameters import Float, Hyperparameter, Int, OneOf
from sparkml_sm.inference.deserializers import ProtobufResponseRowDeserializer
from sparkml_sm.staging.folders import FileDestination

ALL = [getattr(algorithms, name) for name in algorithms.__all__]
BY_NAME = {estimator.__name__: estimator for estimator in ALL}
SCHEMA = StructType(
    [StructField("label", DoubleType()), StructField("features", VectorUDT())],
)


def make(name: str, **settings: Any) -> Any:
    return BY_NAME[name](
        **{"trainingInstanceType": "ml.m5.large", "trainingInstanceCount": 1} | settings
    )


def staged(features: int = 4, rows: int = 10, labels: LabelStats | None = None) -> StagedDataset:
    return StagedDataset(
        uri="s3://b/in/",
        manifest="s3://b/in.manifest",
        objects=(),
        rows=rows,
        features=features,
        used=features,
        bytes=1,
        labels=labels,
        _destination=FileDestination("/nowhere"),
    )


def test_the_nine_stand_in_both_doors() -> None:
    assert len(ALL) == 9
    for estimator in ALL:
        assert getattr(sparkml_sm, estimator.__name__) is estimator
        assert issubclass(estimator, sparkml_sm.SageMakerEstimatorBase)


@pytest.mark.parametrize("name", BY_NAME)
def test_constructing_needs_no_region_and_no_account(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    # What the predecessor's own examples pass: only a fit judges service values.
    estimator = make(name, trainingInstanceType="c4.8xlarge", trainingS3DataDistribution="by-key")
    assert estimator.trainingInstanceType == "c4.8xlarge"
    expected = "libsvm" if name == "XGBoostSageMakerEstimator" else "sagemaker"
    assert estimator.trainingSparkDataFormat == expected
    assert estimator.latestTrainingJob is None


@pytest.mark.parametrize("name", BY_NAME)
def test_every_param_is_explained(name: str) -> None:
    estimator = make(name)
    rows = {row.name: row for row in estimator.algorithm.hyperparameters}
    assert {param.name for param in estimator.params} == set(rows)
    for param in estimator.params:
        assert len(rows[param.name].doc) > 10
        assert param.doc == f"{rows[param.name].doc}; {rows[param.name].check.expected}"
        assert f"{param.name}: {param.doc} (" in estimator.explainParams()


NUMBER, VECTOR = "double", "vector"


@pytest.mark.parametrize(
    ("name", "given", "columns"),
    [
        (
            "KMeansSageMakerEstimator",
            {},
            {"distance_to_cluster": NUMBER, "closest_cluster": NUMBER},
        ),
        ("PCASageMakerEstimator", {"num_components": 1}, {"projection": VECTOR}),
        ("LDASageMakerEstimator", {}, {"topic_mixture": VECTOR}),
        ("LinearLearnerBinaryClassifier", {}, {"score": NUMBER, "predicted_label": NUMBER}),
        ("LinearLearnerMultiClassClassifier", {}, {"score": VECTOR, "predicted_label": NUMBER}),
        ("LinearLearnerRegressor", {}, {"score": NUMBER}),
        ("FactorizationMachinesBinaryClassifier", {}, {"score": NUMBER, "predicted_label": NUMBER}),
        ("FactorizationMachinesRegressor", {}, {"score": NUMBER}),
        ("XGBoostSageMakerEstimator", {}, {"prediction": NUMBER}),
        ("XGBoostSageMakerEstimator", {"objective": "multi:softprob"}, {"prediction": VECTOR}),
    ],
)
def test_the_model_appends_the_predecessor_s_columns(
    name: str, given: dict[str, Any], columns: dict[str, str]
) -> None:
    _, deserializer = make(name, **given)._converters()
    found = {field.name: field.dataType.simpleString() for field in deserializer.schema.fields}
    assert found == columns


@pytest.mark.parametrize(
    ("name", "hyperparameters"),
    [
        ("PCASageMakerEstimator", {"num_components": "700"}),
        ("LDASageMakerEstimator", {"num_topics": "700"}),
        ("LinearLearnerMultiClassClassifier", {"num_classes": "700"}),
        ("XGBoostSageMakerEstimator", {"objective": "multi:softprob", "num_class": "700"}),
    ],
)
def test_long_answers_are_given_room(name: str, hyperparameters: dict[str, str]) -> None:
    # The number of classes may come from the data, so it is the job's own that counts.
    _, deserializer = make(name)._converters(hyperparameters)
    assert deserializer.size == 700
    assert deserializer.bytesPerRow > 700 * 4


@pytest.mark.parametrize(
    ("name", "region", "image"),
    [
        (
            "KMeansSageMakerEstimator",
            "us-east-1",
            "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1",
        ),
        (
            "PCASageMakerEstimator",
            "cn-north-1",
            "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/pca:1",
        ),
        (
            "LDASageMakerEstimator",
            "us-east-1",
            "766337827248.dkr.ecr.us-east-1.amazonaws.com/lda:1",
        ),
        (
            "LinearLearnerRegressor",
            "us-gov-west-1",
            "226302683700.dkr.ecr.us-gov-west-1.amazonaws.com/linear-learner:1",
        ),
        (
            "FactorizationMachinesRegressor",
            "eu-west-1",
            "438346466558.dkr.ecr.eu-west-1.amazonaws.com/factorization-machines:1",
        ),
    ],
)
def test_images(name: str, region: str, image: str) -> None:
    estimator = make(name, region=region)
    assert (estimator.trainingImage, estimator.modelImage) == (image, image)


def test_the_predecessor_s_request() -> None:
    estimator = make("KMeansSageMakerEstimator").setK(10).setFeatureDim(3)
    golden = {"feature_dim": "3", "mini_batch_size": "5000", "k": "10"}
    assert estimator._staged_hyperparameters(staged(features=3)) == golden
    assert make("KMeansSageMakerEstimator").getK() == 2


@pytest.mark.parametrize(
    ("name", "given", "data", "sent"),
    [
        ("KMeansSageMakerEstimator", {}, staged(), {"feature_dim": "4"}),
        ("PCASageMakerEstimator", {"num_components": 2}, staged(), {"feature_dim": "4"}),
        (
            "LDASageMakerEstimator",
            {"num_topics": 2},
            staged(),
            {"feature_dim": "4", "mini_batch_size": "10"},
        ),
        (
            "LinearLearnerMultiClassClassifier",
            {},
            staged(labels=LabelStats(0, 6, True)),
            {"feature_dim": "4", "num_classes": "7", "predictor_type": "multiclass_classifier"},
        ),
        (
            "XGBoostSageMakerEstimator",
            {"num_round": 1, "objective": "multi:softmax"},
            staged(labels=LabelStats(0, 6, True)),
            {"num_class": "7"},
        ),
    ],
)
def test_what_the_data_decides_is_asked_for_only_once_it_is_staged(
    name: str, given: dict[str, Any], data: StagedDataset, sent: dict[str, str]
) -> None:
    estimator = make(name, **given)
    assert not set(sent) & set(estimator._hyperparameters()) - {"predictor_type"}
    assert sent.items() <= estimator._staged_hyperparameters(data).items()
    # Where the data lies in S3 already, nobody but the user knows it.
    with pytest.raises(ConfigurationError, match=r"feature_dim|num_class"):
        estimator._staged_hyperparameters(None)


@pytest.mark.parametrize("name", ["PCASageMakerEstimator", "FactorizationMachinesRegressor"])
def test_what_only_the_user_knows_is_asked_for_before_anything_is_staged(name: str) -> None:
    with pytest.raises(ConfigurationError, match="is required: call setNum") as caught:
        make(name)._hyperparameters()
    assert "feature_dim" not in str(caught.value)


def test_an_error_names_the_label_s_column() -> None:
    options = {"labelColumnName": "digit"}
    estimator = make("LinearLearnerBinaryClassifier", trainingSparkDataFormatOptions=options)
    with pytest.raises(InvalidDataError, match="column 'digit' holds whole numbers from 0 to 9"):
        estimator._staged_hyperparameters(staged(labels=LabelStats(0, 9, True)))
    with pytest.raises(ConfigurationError, match="`feature_dim` is 5 and the rows have 4 features"):
        estimator.setFeatureDim(5)._staged_hyperparameters(staged())


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("LDASageMakerEstimator", {"trainingInstanceCount": 2}, "lda trains on no more than 1"),
        (
            "FactorizationMachinesRegressor",
            {"trainingSparkDataFormat": "csv"},
            "'csv': factorization-machines trains on 'sagemaker'",
        ),
        (
            "KMeansSageMakerEstimator",
            {"trainingSparkDataFormat": "libsvm"},
            "'libsvm': kmeans trains on 'sagemaker' or 'csv'",
        ),
        (
            "LinearLearnerRegressor",
            {"trainingSparkDataFormatOptions": {"weightColumnName": "w"}},
            "linear-learner reads no row weights from recordio: leave out",
        ),
        (
            "LDASageMakerEstimator",
            {"trainingSparkDataFormat": "csv", "trainingInputMode": "Pipe"},
            "lda 1 reads channels of recordio alone in Pipe mode",
        ),
        ("KMeansSageMakerEstimator", {"trainingChannelName": "rows"}, "reads no channel 'rows'"),
    ],
)
def test_what_the_algorithm_cannot_work_with_is_an_error(
    name: str, settings: dict[str, Any], words: str
) -> None:
    estimator = make(name, **settings)
    with pytest.raises(ConfigurationError, match=words):
        estimator._check_service()


@pytest.mark.parametrize(
    ("name", "form", "label", "content_type"),
    [
        ("KMeansSageMakerEstimator", "csv", None, "text/csv;label_size=0"),
        ("KMeansSageMakerEstimator", "sagemaker", "label", None),
        ("LinearLearnerRegressor", "csv", "label", "text/csv"),
        ("LinearLearnerRegressor", "recordio", "label", None),
        ("XGBoostSageMakerEstimator", "libsvm", "label", "text/libsvm"),
    ],
)
def test_labels_and_content_types(
    name: str, form: str, label: str | None, content_type: str | None
) -> None:
    estimator = make(name, trainingSparkDataFormat=form)
    assert estimator._columns(SCHEMA).label == label
    assert estimator._content_type() == content_type
    assert make(name, trainingContentType="a/b")._content_type() == "a/b"


def test_the_supervised_need_a_label_and_the_others_do_not() -> None:
    bare = StructType([StructField("features", VectorUDT())])
    assert make("PCASageMakerEstimator")._columns(bare).label is None
    with pytest.raises(InvalidDataError, match="'label' does not exist"):
        make("LinearLearnerRegressor")._columns(bare)


def test_missing_values_are_xgboosts_alone() -> None:
    assert {name for name in BY_NAME if make(name)._allows_nan()} == {"XGBoostSageMakerEstimator"}


@pytest.mark.parametrize(
    ("name", "setting", "values"),
    [
        ("KMeansSageMakerEstimator", "TrialNum", [("auto", "auto"), (5, "5"), ("5", "5")]),
        ("KMeansSageMakerEstimator", "CenterFactor", [(2, "2")]),
        ("KMeansSageMakerEstimator", "EvalMetrics", [("ssd, msd", "ssd, msd")]),
        ("XGBoostSageMakerEstimator", "Updater", [("sync, refresh", "sync, refresh")]),
        ("LinearLearnerRegressor", "LearningRate", [(0.5, "0.5"), ("auto", "auto")]),
        ("LinearLearnerRegressor", "UseBias", [("True", True), (False, False)]),
        ("LinearLearnerRegressor", "NormalizeData", [("True", True), ("auto", "auto")]),
        ("LinearLearnerBinaryClassifier", "PositiveExampleWeightMult", [(2, "2")]),
        ("PCASageMakerEstimator", "SubtractMean", [("False", False), (True, True)]),
        ("LinearLearnerMultiClassClassifier", "BalanceMultiClassWeights", [("True", True)]),
    ],
)
def test_getters_give_what_the_predecessor_gave(
    name: str, setting: str, values: list[tuple[Any, Any]]
) -> None:
    estimator = make(name)
    for value, got in values:
        assert getattr(estimator, f"set{setting}")(value) is estimator
        assert getattr(estimator, f"get{setting}")() == got


def test_an_obsolete_value_warns_and_is_sent() -> None:
    with pytest.warns(FutureWarning, match=r"'stable' is obsolete in image version 1: use 'reg"):
        estimator = make("PCASageMakerEstimator", num_components=1).setAlgorithmMode("stable")
    assert estimator._hyperparameters()["algorithm_mode"] == "stable"


def test_a_setters_argument_is_called_as_the_predecessor_called_it() -> None:
    estimator = algorithms.KMeansSageMakerEstimator("ml.m5.large", 1)
    assert estimator.setMiniBatchSize(size=7).setK(value=3).getMiniBatchSize() == 7
    with pytest.raises(TypeError, match="'size'"):
        estimator.setMiniBatchSize()


# An algorithm that nobody has heard of: one table ...
RANKER = Algorithm(
    name="ranker",
    repository="123456789012.dkr.ecr.eu-west-1.amazonaws.com/ranker",
    version="2.0-1",
    hyperparameters=(
        Hyperparameter("depth", Int(1), "Depth", required=True),
        Hyperparameter("width", Int(1), "Width of the rows", required=True, filled="features"),
        Hyperparameter("mode", OneOf(("one", "many")), "What is ranked", default="many"),
        Hyperparameter("groups", Int(1), "Number of groups", filled="classes"),
        Hyperparameter("rate", Float(0, 1), "Rate"),
    ),
    content_types={"recordio": None, "csv": "text/csv"},
    training_format="csv",
    request_format="libsvm",
    allow_nan=False,
    supervised=True,
    vector_output=VectorOutput(When("mode", ("many",)), "groups"),
    rules=(Rule((When("mode", ("many",)),), When("groups"), "`mode` many needs `groups`"),),
)


class RankDeserializer(ProtobufResponseRowDeserializer):
    def __init__(self, *, size: int | None = None) -> None:
        super().__init__(StructType([StructField("ranks", VectorUDT())]), size=size)


# ... and a class of five lines.
class RankerEstimator(SageMakerAlgorithmEstimator):
    """Trains the ranker."""

    algorithm = RANKER
    default_deserializer = RankDeserializer


def test_an_algorithm_costs_a_table_and_a_class() -> None:
    estimator = RankerEstimator("ml.m5.large", 2, rate=0.5, region="eu-west-1").setDepth(3)
    assert estimator.getRate() == 0.5
    assert "width: Width of the rows; an int in [1, inf) (undefined)" in estimator.explainParams()
    with pytest.raises(ValueError, match=r"`rate` of RankerEstimator must be a float in \[0, 1\]"):
        estimator.setRate(2)
    with pytest.raises(TypeError, match="depht"):
        RankerEstimator("ml.m5.large", 2, depht=1)

    estimator._check_service()
    assert estimator._hyperparameters() == {"depth": "3", "mode": "many", "rate": "0.5"}
    request = estimator._staged_hyperparameters(staged(labels=LabelStats(0, 4, True)))
    assert request == {"depth": "3", "width": "4", "mode": "many", "groups": "5", "rate": "0.5"}
    assert estimator.trainingSparkDataFormat == "csv"
    assert estimator._content_type() == "text/csv"
    assert estimator._columns(SCHEMA).label == "label"

    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ranker:2.0-1"
    assert (estimator.trainingImage, estimator.modelImage) == (image, image)

    serializer, deserializer = estimator._converters(request)
    assert serializer.contentType == "text/x-libsvm"
    assert (deserializer.size, deserializer.schema.names) == (5, ["ranks"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert estimator.copy().hyperparameter_request() == estimator.hyperparameter_request()
