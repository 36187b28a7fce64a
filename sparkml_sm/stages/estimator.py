"""The base of all estimators: rows are staged, a training job runs, a model comes back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pyspark.ml import Estimator
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from sparkml_sm.aws.config import AwsConfig, driver_config
from sparkml_sm.aws.names import NamePolicy, NamePolicyFactory
from sparkml_sm.aws.paths import S3DataPath, S3Resource
from sparkml_sm.aws.s3 import auto_bucket, check_bucket
from sparkml_sm.aws.training_jobs import (
    JobLog,
    create_training_job,
    stop_training_job,
    wait_for_training_job,
)
from sparkml_sm.errors import ConfigurationError, SparkMLSageMakerError, TrainingJobError
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.frames import output_schema
from sparkml_sm.inference.serializers import LibSVMRequestRowSerializer, RequestRowSerializer
from sparkml_sm.stages.checks import check_training
from sparkml_sm.stages.model import SageMakerModel
from sparkml_sm.stages.policies import EndpointCreationPolicy
from sparkml_sm.stages.progress import report
from sparkml_sm.stages.requests import TrainingPlan, training_request
from sparkml_sm.stages.roles import IAMRoleResource, role_arn
from sparkml_sm.stages.settings import HasSettings, setting
from sparkml_sm.staging.columns import RowColumns, column_type, row_columns
from sparkml_sm.staging.credentials import proven
from sparkml_sm.staging.staged import StagedDataset, stage

__all__ = ["STAGED_AS", "SageMakerEstimatorBase"]

_log = logging.getLogger(__name__)

# The predecessor's name of a format, and ours.
STAGED_AS = {"sagemaker": "recordio"}
# `numFeatures` and `vectorType` are options of Spark's LIBSVM reader, which programs pass along.
_OPTIONS = {
    "featuresColumnName",
    "labelColumnName",
    "numFeatures",
    "vectorType",
    "weightColumnName",
}


class SageMakerEstimatorBase(HasSettings, Estimator[SageMakerModel]):
    """The base of all estimators that train on SageMaker.

    Constructing one contacts nothing. `fit` checks everything first, then stages the rows in S3,
    runs a training job, and deletes the staged rows. Every constructor argument is a read-only
    property of the same name.
    """

    trainingInstanceType: str = setting()
    trainingInstanceCount: int = setting()
    endpointInstanceType: str | None = setting()
    endpointInitialInstanceCount: int | None = setting()
    requestRowSerializer: RequestRowSerializer | None = setting()
    responseRowDeserializer: ResponseRowDeserializer | None = setting()
    trainingInputS3DataPath: S3Resource = setting()
    trainingOutputS3DataPath: S3Resource = setting()
    trainingInstanceVolumeSizeInGB: int = setting()
    trainingProjectedColumns: list[str] | None = setting()
    trainingChannelName: str = setting()
    trainingContentType: str | None = setting()
    trainingS3DataDistribution: str = setting()
    trainingSparkDataFormat: str = setting()
    trainingSparkDataFormatOptions: Mapping[str, str] | None = setting()
    trainingInputMode: str = setting()
    trainingCompressionCodec: str | None = setting()
    trainingMaxRuntimeInSeconds: int = setting()
    trainingKmsKeyId: str | None = setting()
    modelEnvironmentVariables: Mapping[str, str] | None = setting()
    endpointCreationPolicy: EndpointCreationPolicy = setting()
    sagemakerClient: Any = setting()
    s3Client: Any = setting()
    stsClient: Any = setting()
    region: str | None = setting()
    sagemakerRole: IAMRoleResource = setting()
    modelPrependInputRowsToTransformationRows: bool = setting()
    deleteStagingDataAfterTraining: bool = setting()
    namePolicyFactory: NamePolicyFactory = setting()

    def __init__(self, uid: str | None = None) -> None:
        super().__init__()
        if uid is not None:
            self._resetUid(uid)
        self._latest_job: str | None = None

    @property
    def latestTrainingJob(self) -> str | None:
        """Name of the training job that the last `fit` started, None before."""
        return self._latest_job

    @property
    def trainingImage(self) -> str:
        """URI of the container image that trains."""
        raise NotImplementedError(f"{type(self).__name__} must define trainingImage")

    @property
    def modelImage(self) -> str:
        """URI of the container image that serves."""
        raise NotImplementedError(f"{type(self).__name__} must define modelImage")

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the schema of what the fitted model's `transform` returns; nothing is spent.

        Raises
        ------
        InvalidDataError
            If a column is missing or of the wrong type, or an output column would stand twice.
        ConfigurationError
            If a service value cannot work; all problems are named at once.
        """
        check_training(self._settings)
        self._columns(schema)
        serializer, deserializer = self._converters()
        if serializer is None or deserializer is None:
            return schema
        serializer.column(schema)
        return output_schema(
            schema, deserializer.schema, self.modelPrependInputRowsToTransformationRows
        )

    def _fit(self, dataset: DataFrame) -> SageMakerModel:
        self.transformSchema(dataset.schema)
        names = self.namePolicyFactory.createNamePolicy()
        names.check()
        config = proven(dataset.sparkSession, self._config())
        plan = self._plan(dataset, names, config)
        staged = self._stage(dataset, plan, config)
        try:
            trained = self._train(plan, staged, config)
        finally:
            if self.deleteStagingDataAfterTraining:
                _delete(staged)
        return self._model(trained, plan, names, config, staged)

    # What a kind of estimator decides

    def _hyperparameters(self) -> dict[str, str]:
        """Return the hyperparameters of the request, or raise `ConfigurationError`."""
        raise NotImplementedError(f"{type(self).__name__} must define _hyperparameters()")

    def _converters(self) -> tuple[RequestRowSerializer | None, ResponseRowDeserializer | None]:
        """Return the serializer and deserializer of the fitted model."""
        return self.requestRowSerializer, self.responseRowDeserializer

    def _content_type(self) -> str | None:
        """Return the channel's content type, None to send none."""
        return self.trainingContentType

    def _needs_label(self) -> bool:
        """Whether rows without a label cannot be trained on."""
        return False

    # The steps of a fit, in order

    def _columns(self, schema: StructType) -> RowColumns:
        options = self.trainingSparkDataFormatOptions or {}
        for name in options:
            if name not in _OPTIONS:
                known = ", ".join(sorted(_OPTIONS))
                raise ConfigurationError(
                    f"trainingSparkDataFormatOptions has no {name!r}: there are {known}"
                )
        if self.trainingProjectedColumns:
            for name in self.trainingProjectedColumns:
                column_type(schema, name)
            schema = StructType([schema[name] for name in self.trainingProjectedColumns])
        label = options.get("labelColumnName")
        if label is None and ("label" in schema.names or self._needs_label()):
            label = "label"
        features = options.get("featuresColumnName", "features")
        return row_columns(schema, label, features, options.get("weightColumnName"))

    def _config(self) -> AwsConfig:
        clients = (self.sagemakerClient, self.s3Client, self.stsClient)
        return driver_config(clients, self.region)

    def _plan(self, dataset: DataFrame, names: NamePolicy, config: AwsConfig) -> TrainingPlan:
        return TrainingPlan(
            job=names.trainingJobName,
            image=self.trainingImage,
            role=role_arn(self.sagemakerRole, dataset.sparkSession),
            hyperparameters=self._hyperparameters(),
            format=STAGED_AS.get(self.trainingSparkDataFormat, self.trainingSparkDataFormat),
            channel=self.trainingChannelName,
            content_type=self._content_type(),
            output=self._uri(self.trainingOutputS3DataPath, names.trainingJobName, config),
        )

    def _uri(self, place: S3Resource, job: str, config: AwsConfig) -> str:
        s3 = self.s3Client or config.client("s3")
        if isinstance(place, S3DataPath):
            check_bucket(s3, place.bucket)
            folder = place.objectPath.strip("/")
            return f"s3://{place.bucket}/{folder}/{job}" if folder else f"s3://{place.bucket}/{job}"
        bucket = auto_bucket(s3, self.stsClient or config.client("sts"), config.region)
        return f"s3://{bucket}/{job}"

    def _stage(self, dataset: DataFrame, plan: TrainingPlan, config: AwsConfig) -> StagedDataset:
        columns = self._columns(dataset.schema)
        uri = self._uri(self.trainingInputS3DataPath, plan.job, config)
        if self.trainingProjectedColumns:
            dataset = dataset.select(*self.trainingProjectedColumns)
        features = columns.features
        report(f"staging rows as {plan.format} below {uri}")
        staged = stage(
            dataset,
            uri,
            plan.format,
            labelCol=columns.label,
            featuresCol=features if isinstance(features, str) else list(features),
            weightCol=columns.weight,
            config=config,
        )
        objects = len(staged.objects)
        report(f"staged {staged.rows:,} rows, {staged.bytes:,} bytes, in {objects:,} objects")
        return staged

    def _train(
        self, plan: TrainingPlan, staged: StagedDataset, config: AwsConfig
    ) -> Mapping[str, Any]:
        self._check_shards(staged)
        client = self.sagemakerClient or config.client("sagemaker")
        log = JobLog(config.client("logs"), plan.job)
        request = training_request(plan, self._settings, staged)
        self._latest_job = plan.job
        try:
            create_training_job(client, request)
        except KeyboardInterrupt:  # the call that was cut off may have started the job
            stop_training_job(client, plan.job)
            raise
        try:
            return wait_for_training_job(client, log, plan.job, report)
        except TrainingJobError:
            raise
        except BaseException:  # Ctrl-C above all: the job is billed until it stops
            report(f"stopping training job {plan.job}")
            stop_training_job(client, plan.job)
            raise

    def _check_shards(self, staged: StagedDataset) -> None:
        sharded = self.trainingS3DataDistribution == "ShardedByS3Key"
        if sharded and self.trainingInstanceCount > len(staged.objects):
            raise ConfigurationError(
                f"{self.trainingInstanceCount} training instances share {len(staged.objects)} "
                "objects, so some would get none: repartition the DataFrame, or set "
                "trainingS3DataDistribution='FullyReplicated'"
            )

    def _model(
        self,
        trained: Mapping[str, Any],
        plan: TrainingPlan,
        names: NamePolicy,
        config: AwsConfig,
        staged: StagedDataset,
    ) -> SageMakerModel:
        artifact = trained["ModelArtifacts"]["S3ModelArtifacts"]
        serializer, deserializer = self._converters()
        if type(serializer) is LibSVMRequestRowSerializer and plan.format == "libsvm":
            serializer = serializer.limited(staged.used)
        client = self.sagemakerClient or config.client("sagemaker")
        model = SageMakerModel(
            endpointInstanceType=self.endpointInstanceType,
            endpointInitialInstanceCount=self.endpointInitialInstanceCount,
            requestRowSerializer=serializer,
            responseRowDeserializer=deserializer,
            modelImage=self.modelImage,
            modelPath=S3DataPath.fromS3URI(artifact),
            modelEnvironmentVariables=self.modelEnvironmentVariables,
            modelExecutionRoleARN=plan.role,
            endpointCreationPolicy=self.endpointCreationPolicy,
            sagemakerClient=client,
            prependResultRows=self.modelPrependInputRowsToTransformationRows,
            namePolicy=names,
            uid=self.uid,
        )
        output = S3DataPath.fromS3URI(plan.output)
        made = S3DataPath(output.bucket, f"{output.objectPath}/{plan.job}/")
        model._own((client, self.s3Client, self.stsClient), made)
        return model


def _delete(staged: StagedDataset) -> None:
    try:
        staged.delete()
    except SparkMLSageMakerError as error:
        # The job's own result or failure matters more to the caller than what is left to delete.
        _log.warning("staged rows at %s could not be deleted: %s", staged.uri, error)
