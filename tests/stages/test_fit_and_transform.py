"""`fit` and `transform` from end to end, judged by xgboost itself and by boto3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import xgboost
from botocore.exceptions import ClientError
from pyspark.ml import Pipeline
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.linalg import DenseVector, Vectors
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkml_sm import (
    ConfigurationError,
    EndpointCreationPolicy,
    IAMRoleFromConfig,
    InvalidDataError,
    SageMakerEstimator,
    SageMakerModel,
)
from sparkml_sm.formats.registry import FORMATS
from sparkml_sm.formats.rows import dense_matrix
from sparkml_sm.inference.deserializers import XGBoostCSVRowDeserializer
from sparkml_sm.inference.serializers import (
    LibSVMRequestRowSerializer,
    ProtobufRequestRowSerializer,
    UnlabeledCSVRequestRowSerializer,
)
from tests.stages.conftest import (
    BUCKET,
    INSTANCE,
    ROLE,
    Account,
    Run,
    matrix,
    new_run,
    predictions,
)

ASSEMBLED = "assembled"


@dataclass(frozen=True)
class Fitted:
    """One model with its endpoint, and the run that made it."""

    run: Run
    model: SageMakerModel

    @property
    def artifact(self) -> str:
        assert self.model.modelPath is not None
        return self.model.modelPath.toS3UriString()


@pytest.fixture(scope="module")
def fitted(account: Account, rows: DataFrame) -> Iterator[Fitted]:
    run = new_run()
    estimator = run.estimator(endpointInstanceType=INSTANCE, uid="xgb-of-the-tests")
    model = estimator.fit(rows)
    yield Fitted(run, model)
    model.deleteResources()
    assert account.hosted(run.name) == []


def _hosting(fitted: Fitted, **changes: object) -> SageMakerModel:
    """Return another model of the same artifact."""
    settings = {
        "endpointInstanceType": INSTANCE,
        "requestRowSerializer": LibSVMRequestRowSerializer(),
        "responseRowDeserializer": XGBoostCSVRowDeserializer(),
        "modelImage": fitted.model.modelImage,
        "modelPath": fitted.model.modelPath,
        "modelExecutionRoleARN": ROLE,
        **changes,
    }
    return SageMakerModel(**settings)  # type: ignore[arg-type]


def _expected(account: Account, fitted: Fitted, rows: DataFrame) -> np.ndarray[object, object]:
    return account.booster(fitted.artifact).predict(xgboost.DMatrix(matrix(rows)))


def test_the_job_is_asked_for_exactly_what_was_set(account: Account, fitted: Fitted) -> None:
    [job] = account.jobs(fitted.run.name)
    assert job["TrainingJobStatus"] == "Completed"
    assert job["HyperParameters"] == {
        "max_depth": "3",
        "num_round": "4",
        "objective": "binary:logistic",
    }
    assert job["RoleArn"] == ROLE
    [channel] = job["InputDataConfig"]
    source = channel["DataSource"]["S3DataSource"]
    assert source.pop("S3Uri").startswith(f"s3://{BUCKET}/{fitted.run.name}/in/")
    assert channel == {
        "ChannelName": "train",
        "ContentType": "text/libsvm",
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "ManifestFile",
                "S3DataDistributionType": "ShardedByS3Key",
            }
        },
    }
    assert not {"VpcConfig", "Tags", "CheckpointConfig", "Environment"} & job.keys()
    assert job["ResourceConfig"] == {
        "InstanceType": INSTANCE,
        "InstanceCount": 1,
        "VolumeSizeInGB": 1024,
    }


def test_fit_leaves_the_artifact_and_no_staged_row(account: Account, fitted: Fitted) -> None:
    [job] = account.jobs(fitted.run.name)
    assert fitted.artifact == job["ModelArtifacts"]["S3ModelArtifacts"]
    assert fitted.artifact.startswith(f"s3://{BUCKET}/{fitted.run.name}/out/")
    assert account.keys(f"{fitted.run.name}/in") == []
    assert account.uploads(fitted.run.name) == []


def test_the_model_keeps_uid_and_estimators_defaults(fitted: Fitted) -> None:
    assert fitted.model.uid == "xgb-of-the-tests"
    created = fitted.model.getCreatedResources()
    assert created.endpoint_name == fitted.model.endpointName
    assert str(created.model_name).startswith(f"{fitted.run.name}-model-")


def test_predictions_are_xgboosts_own_beside_untouched_columns(
    account: Account, fitted: Fitted, rows: DataFrame
) -> None:
    scored = fitted.model.transform(rows)
    assert scored.schema.fields[:-1] == rows.schema.fields
    assert scored.schema["prediction"].dataType.simpleString() == "double"
    expected = _expected(account, fitted, rows)
    assert np.allclose(predictions(scored), expected, rtol=0, atol=1e-6)
    assert 0.1 < expected.std() < 1  # a model that learnt nothing would match as well
    assert fitted.model.transformSchema(rows.schema) == scored.schema


def test_a_filtered_frame_without_label_is_scored(fitted: Fitted, rows: DataFrame) -> None:
    whole = predictions(fitted.model.transform(rows))
    some = fitted.model.transform(rows.drop("label")).filter("id % 50 = 3")
    assert np.array_equal(predictions(some), whole[3::50])


def test_another_model_of_the_artifact_shares_the_endpoint_and_never_deletes_it(
    account: Account, fitted: Fitted, rows: DataFrame
) -> None:
    guest = SageMakerModel(
        existingEndpointName=fitted.model.endpointName,
        endpointCreationPolicy=EndpointCreationPolicy.DO_NOT_CREATE,
        requestRowSerializer=UnlabeledCSVRequestRowSerializer(),
        responseRowDeserializer=XGBoostCSVRowDeserializer("score"),
        prependResultRows=False,
    )
    scored = guest.transform(rows)
    assert scored.columns == ["score"]
    expected = sorted(_expected(account, fitted, rows))
    assert np.allclose(sorted(row.score for row in scored.collect()), expected, atol=1e-6)
    guest.deleteResources()
    status = account.sagemaker.describe_endpoint(EndpointName=fitted.model.endpointName)
    assert status["EndpointStatus"] == "InService"


def test_an_endpoint_may_wait_for_the_first_transform_and_is_deleted_with_all_of_its_own(
    account: Account, fitted: Fitted, rows: DataFrame
) -> None:
    model = _hosting(fitted, endpointCreationPolicy=EndpointCreationPolicy.CREATE_ON_TRANSFORM)
    assert model.endpointName is None
    assert str(model.getCreatedResources()) == "nothing"
    scored = model.transform(rows)
    created = model.getCreatedResources()
    names = [created.model_name, created.endpoint_config_name, created.endpoint_name]
    assert account.hosted(model.namePolicy.modelName.partition("-")[2]) == names
    assert np.array_equal(predictions(scored), predictions(fitted.model.transform(rows)))
    endpoint = model.endpointName
    assert model.transform(rows) is not None
    assert model.endpointName == endpoint

    model.copy().deleteResources(artifacts=True)
    assert account.hosted(model.namePolicy.modelName.partition("-")[2]) == []
    with pytest.raises(ClientError, match="Could not find"):
        account.sagemaker.describe_endpoint(EndpointName=endpoint)
    model.deleteResources()
    assert account.read(fitted.artifact), "this model did not make the artifact"


@pytest.mark.parametrize("format_", ["libsvm", "sagemaker", "csv", "parquet"])
def test_every_format_holds_exactly_the_rows_and_trains_the_same_model(
    account: Account, fitted: Fitted, rows: DataFrame, run: Run, format_: str
) -> None:
    model = run.estimator(
        trainingSparkDataFormat=format_, deleteStagingDataAfterTraining=False
    ).fit(rows)
    [job] = account.jobs(run.name)
    source = job["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    head, *names = json.loads(account.read(source["S3Uri"]))
    staged = FORMATS["recordio" if format_ == "sagemaker" else format_]
    parts = [staged.decode(account.read(head["prefix"] + name)) for name in names]
    assert np.array_equal(np.concatenate([dense_matrix(part) for part in parts]), matrix(rows))
    labels = [row.label for row in rows.orderBy("id").collect()]
    assert np.concatenate([part.label for part in parts]).tolist() == labels
    assert account.keys(head["prefix"].removeprefix(f"s3://{BUCKET}/")) == [
        (head["prefix"] + name).removeprefix(f"s3://{BUCKET}/") for name in names
    ]

    assert model.modelPath is not None
    booster = account.booster(model.modelPath.toS3UriString())
    expected = _expected(account, fitted, rows)
    assert np.allclose(booster.predict(xgboost.DMatrix(matrix(rows))), expected, atol=1e-6)

    assert account.hosted(run.name) == [], "no endpoint was asked for"
    with pytest.raises(ConfigurationError, match=r"no endpoint to score through.*billed"):
        model.transform(rows)
    model.deleteResources()
    assert account.keys(f"{run.name}/out")
    model.deleteResources(artifacts=True)
    assert account.keys(f"{run.name}/out") == []


def test_params_of_a_fit_reach_the_job_in_a_pipeline_and_leave_the_estimator_alone(
    account: Account, rows: DataFrame, run: Run
) -> None:
    frame = rows.select("label", *(rows.features[n].alias(f"f{n}") for n in range(4)))
    assemble = VectorAssembler(inputCols=[f"f{n}" for n in range(4)], outputCol=ASSEMBLED)
    estimator = run.estimator(trainingSparkDataFormatOptions={"featuresColumnName": ASSEMBLED})
    pipeline = Pipeline(stages=[assemble, estimator])
    [_, model] = pipeline.fit(frame, {estimator.num_round: 2}).stages
    [job] = account.jobs(run.name)
    assert job["HyperParameters"]["num_round"] == "2"
    assert estimator.getNumRound() == 4
    assert model.uid == estimator.uid
    assert account.booster(model.modelPath.toS3UriString()).num_boosted_rounds() == 2
    copied = estimator.copy({estimator.max_depth: 5})
    assert (copied.getMaxDepth(), estimator.getMaxDepth()) == (5, 3)
    assert copied.trainingInstanceType == INSTANCE
    assert estimator.latestTrainingJob, "a copy of it was fitted, and shares its record"


def test_class_probabilities_come_back_as_a_vector(
    account: Account, rows: DataFrame, run: Run
) -> None:
    classes = rows.withColumn("label", F.floor(F.col("features")[0] * 2.99).cast("double"))
    estimator = run.estimator(
        endpointInstanceType=INSTANCE, objective="multi:softprob", num_class=3
    )
    model = estimator.fit(classes)
    try:
        scored = model.transform(classes)
        assert scored.schema["prediction"].dataType.simpleString() == "vector"
        found = predictions(scored)
    finally:
        model.deleteResources()
    booster = account.booster(model.modelPath.toS3UriString())
    expected = booster.predict(xgboost.DMatrix(matrix(rows)))
    assert expected.shape == (200, 3)
    assert np.allclose(found, expected, atol=1e-6)


def test_features_that_no_training_row_had_are_scored_with_libsvm(
    spark: SparkSession, account: Account, run: Run
) -> None:
    def frame_of(last: int) -> DataFrame:
        rows = [
            (n, float(n % 2), Vectors.sparse(10, {n % 2: 1.0, (last if n % 3 else 4): 0.5}))
            for n in range(60)
        ]
        return spark.createDataFrame(rows, ["id", "label", "features"])

    model = run.estimator(endpointInstanceType=INSTANCE).fit(frame_of(6))
    try:
        found = predictions(model.transform(frame_of(9)))
    finally:
        model.deleteResources()
    booster = account.booster(model.modelPath.toS3UriString())
    assert booster.num_features() == 7
    known = np.array([row.features.toArray()[:7] for row in frame_of(9).orderBy("id").collect()])
    known[known == 0] = np.nan  # LIBSVM has no zeros: what is not written is missing
    assert np.allclose(found, booster.predict(xgboost.DMatrix(known)), atol=1e-6)
    assert found[1] > 0.5 > found[0]


def test_any_container_is_trained_and_hosted_by_the_generic_estimator(
    spark: SparkSession, account: Account, fitted: Fitted, rows: DataFrame, run: Run
) -> None:
    settings = run.settings(
        trainingImage=fitted.model.modelImage,
        modelImage=fitted.model.modelImage,
        hyperParameters={"num_round": 3, "objective": "reg:squarederror"},
        trainingContentType="application/x-recordio-protobuf",
        trainingProjectedColumns=["label", "features"],
        trainingInputMode="FastFile",
        sagemakerRole=IAMRoleFromConfig("tests.role"),
    )
    spark.conf.set("spark.tests.role", ROLE)
    try:
        silent = SageMakerEstimator(**settings).fit(rows)
        speaking = SageMakerEstimator(
            **settings,
            endpointInstanceType=INSTANCE,
            requestRowSerializer=ProtobufRequestRowSerializer(),
            responseRowDeserializer=XGBoostCSVRowDeserializer(),
        ).fit(rows)
    finally:
        spark.conf.unset("spark.tests.role")
    with pytest.raises(ConfigurationError, match="needs a requestRowSerializer"):
        silent.transform(rows)
    try:
        found = predictions(speaking.transform(rows))
    finally:
        speaking.deleteResources()
    assert speaking.modelPath is not None
    booster = account.booster(speaking.modelPath.toS3UriString())
    assert np.allclose(found, booster.predict(xgboost.DMatrix(matrix(rows))), atol=1e-5)
    job = account.jobs(run.name)[0]
    assert job["HyperParameters"] == {"num_round": "3", "objective": "reg:squarederror"}
    assert job["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3DataType"] == "S3Prefix"


def test_the_same_model_twice_in_a_pipeline_is_refused(fitted: Fitted, rows: DataFrame) -> None:
    pipeline = Pipeline(stages=[fitted.model, fitted.model]).fit(rows)
    with pytest.raises(InvalidDataError, match=r"already has a column 'prediction'.*rename"):
        pipeline.transform(rows)


def test_features_of_a_model_are_checked_before_rows_are_sent(
    fitted: Fitted, rows: DataFrame
) -> None:
    with pytest.raises(InvalidDataError, match="'features' does not exist: did you mean 'feature'"):
        fitted.model.transform(rows.withColumnRenamed("features", "feature"))


def test_a_vector_column_crosses_as_an_array_does(
    spark: SparkSession, fitted: Fitted, rows: DataFrame
) -> None:
    vectors = spark.createDataFrame(
        [(row.id, DenseVector(row.features)) for row in rows.collect()], ["id", "features"]
    )
    scored = fitted.model.transform(vectors)
    assert scored.schema["features"] == vectors.schema["features"]
    assert np.array_equal(predictions(scored), predictions(fitted.model.transform(rows)))
