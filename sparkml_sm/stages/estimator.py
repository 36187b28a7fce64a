"""The base of all estimators: rows are staged, a training job runs, a model comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pyspark.ml import Estimator
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkml_sm.aws.config import AwsConfig, driver_config
from sparkml_sm.aws.names import NamePolicy, NamePolicyFactory
from sparkml_sm.aws.paths import S3DataPath, S3Resource
from sparkml_sm.aws.training_jobs import run_training_job
from sparkml_sm.aws.waiting import FOR_EVER, Patience
from sparkml_sm.errors import EndpointError
from sparkml_sm.inference.checks import checked_converters
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.frames import output_schema
from sparkml_sm.inference.serializers import LibSVMRequestRowSerializer, RequestRowSerializer
from sparkml_sm.stages.channels import JobChannels
from sparkml_sm.stages.checks import check_training
from sparkml_sm.stages.fitting import ManyFits
from sparkml_sm.stages.inputs import input_columns, place_uri, read_once, stage_rows
from sparkml_sm.stages.model import SageMakerModel
from sparkml_sm.stages.owned import FitRecord
from sparkml_sm.stages.persistence import Persistent
from sparkml_sm.stages.planning import check_channels, plan_channels
from sparkml_sm.stages.policies import EndpointCreationPolicy
from sparkml_sm.stages.progress import report
from sparkml_sm.stages.requests import TrainingPlan, training_request
from sparkml_sm.stages.roles import IAMRoleResource, role_arn
from sparkml_sm.stages.service import HOSTING, TRAINING, with_service
from sparkml_sm.stages.settings import setting
from sparkml_sm.staging.columns import RowColumns
from sparkml_sm.staging.credentials import proven
from sparkml_sm.staging.staged import StagedDataset

__all__ = ["STAGED_AS", "SageMakerEstimatorBase"]

# The predecessor's name of a format, and ours.
STAGED_AS = {"sagemaker": "recordio"}


@with_service(*TRAINING)
class SageMakerEstimatorBase(ManyFits, Persistent, Estimator[SageMakerModel]):
    """The base of all estimators that train on SageMaker.

    Constructing one contacts nothing. `fit` checks everything first, then stages the rows in S3,
    runs a training job, and deletes the staged rows. Every constructor argument is a read-only
    property of the same name.

    Attributes
    ----------
    TrainingJobPollInterval : float, default 5
        The longest pause between two looks at a training job, in seconds. Set it on this class for
        all estimators.
    """

    TrainingJobPollInterval: ClassVar[float] = FOR_EVER.interval

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
        self._record = FitRecord()

    @property
    def latestTrainingJob(self) -> str | None:
        """Name of the training job that the last `fit` of this object or a copy started."""
        return self._record.latest_job

    @property
    def trainingImage(self) -> str:
        """URI of the container image that trains."""
        raise NotImplementedError(f"{type(self).__name__} must define trainingImage")

    @property
    def modelImage(self) -> str:
        """URI of the container image that serves."""
        raise NotImplementedError(f"{type(self).__name__} must define modelImage")

    @property
    def hyperParameters(self) -> Mapping[str, Any] | None:
        """Hyperparameters by name, as they were set."""
        raise NotImplementedError(f"{type(self).__name__} must define hyperParameters")

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the schema of what the fitted model's `transform` returns; nothing is spent.

        Raises
        ------
        InvalidDataError
            If a column is missing or of the wrong type, or an output column would stand twice.
        ConfigurationError
            If a service value or hyperparameter cannot work, or one is missing that the data will
            not tell.
        """
        self._check_service()
        self._hyperparameters()
        if check_channels(self._settings, schema, self._columns):
            self._columns(schema)
        serializer, deserializer = checked_converters(*self._converters())
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
        plan, config = self._prepared(dataset.sparkSession, names)
        channels = self._staged(dataset, plan, config)
        return self._fitted(plan, names, config, channels, self._unstaging())

    def _prepared(self, spark: SparkSession, names: NamePolicy) -> tuple[TrainingPlan, AwsConfig]:
        config = proven(spark, self._config())
        return self._plan(spark, names, config), config

    def _staged(self, dataset: DataFrame, plan: TrainingPlan, config: AwsConfig) -> JobChannels:
        def stage(rows: DataFrame, uri: str) -> StagedDataset:
            columns, nan = self._columns(rows.schema), self._allows_nan()
            return stage_rows(
                rows, columns, uri, plan.format, self._settings, config, allow_nan=nan
            )

        with read_once(dataset, wanted=self._settings["validationIndicatorCol"] is not None):
            return self._channels(dataset, plan, config).staged(stage)

    def _fitted(
        self,
        plan: TrainingPlan,
        names: NamePolicy,
        config: AwsConfig,
        channels: JobChannels,
        unstage: Callable[[JobChannels], None] | None = None,
    ) -> SageMakerModel:
        with self._record.running(plan.job):
            try:
                decided = self._staged_hyperparameters(channels.data)
                plan = replace(plan, hyperparameters=decided)
                trained = self._train(plan, channels, config)
            finally:
                if unstage is not None:
                    unstage(channels)
            self._record.check(plan.job)
            return self._model(trained, plan, names, config, channels)

    # What a kind of estimator decides

    def _hyperparameters(self) -> dict[str, str]:
        """Return the hyperparameters of the request, or raise `ConfigurationError`."""
        raise NotImplementedError(f"{type(self).__name__} must define _hyperparameters()")

    def _check_service(self) -> None:
        """Raise `ConfigurationError` for service values that cannot work."""
        check_training(self._settings)

    def _staged_hyperparameters(
        self,
        staged: StagedDataset | None,  # noqa: ARG002 (for subclasses)
    ) -> dict[str, str]:
        """Return them once the training rows are staged: with all that these decide.

        None where no rows were staged: the training data is in S3 already.
        """
        return self._hyperparameters()

    def _allows_nan(self) -> bool:
        """Whether a feature may be NaN."""
        return True

    def _converters(
        self,
        hyperparameters: Mapping[str, str] | None = None,  # noqa: ARG002 (for subclasses)
    ) -> tuple[RequestRowSerializer | None, ResponseRowDeserializer | None]:
        """Return the serializer and deserializer of the fitted model.

        `hyperparameters` are those of its training job, None before there is one.
        """
        return self.requestRowSerializer, self.responseRowDeserializer

    def _content_type(self) -> str | None:
        """Return the channel's content type, None to send none."""
        return self.trainingContentType

    def _needs_label(self) -> bool:
        """Whether rows without a label cannot be trained on."""
        return False

    # The steps of a fit, in order

    def _columns(self, schema: StructType) -> RowColumns:
        return input_columns(self._settings, schema, needs_label=self._needs_label())

    def _config(self) -> AwsConfig:
        clients = (self.sagemakerClient, self.s3Client, self.stsClient)
        return driver_config(clients, self.region)

    def _plan(self, spark: SparkSession, names: NamePolicy, config: AwsConfig) -> TrainingPlan:
        return TrainingPlan(
            job=names.trainingJobName,
            image=self.trainingImage,
            role=role_arn(self.sagemakerRole, spark),
            hyperparameters=self._hyperparameters(),
            format=STAGED_AS.get(self.trainingSparkDataFormat, self.trainingSparkDataFormat),
            output=self._uri(self.trainingOutputS3DataPath, names.trainingJobName, config, spark),
        )

    def _uri(self, place: S3Resource, job: str, config: AwsConfig, spark: SparkSession) -> str:
        clients = self.s3Client or config.client("s3"), self.stsClient or config.client("sts")
        return place_uri(place, job, clients, config.region, spark)

    def _channels(self, dataset: DataFrame, plan: TrainingPlan, config: AwsConfig) -> JobChannels:
        uri = self._uri(self.trainingInputS3DataPath, plan.job, config, dataset.sparkSession)
        channels = plan_channels(self._settings, dataset, uri, self._content_type())
        if channels.train.rows is None:
            self._staged_hyperparameters(None)  # no rows will decide what is missing
        # What SageMaker would refuse is known before anything is staged.
        training_request(plan, self._settings, channels)
        return channels

    def _train(
        self, plan: TrainingPlan, channels: JobChannels, config: AwsConfig
    ) -> Mapping[str, Any]:
        channels.check_shards(self.trainingInstanceCount)
        request = training_request(plan, self._settings, channels)
        clients = self.sagemakerClient or config.client("sagemaker"), config.client("logs")
        patience = Patience(interval=self.TrainingJobPollInterval)
        return run_training_job(clients, request, report, patience)

    def _model(
        self,
        trained: Mapping[str, Any],
        plan: TrainingPlan,
        names: NamePolicy,
        config: AwsConfig,
        channels: JobChannels,
    ) -> SageMakerModel:
        artifact = trained["ModelArtifacts"]["S3ModelArtifacts"]
        serializer, deserializer = self._converters(plan.hyperparameters)
        staged = channels.train.staged
        if (
            isinstance(serializer, LibSVMRequestRowSerializer)
            and plan.format == "libsvm"
            and staged
        ):
            serializer = serializer.limited(staged.used)
        client = self.sagemakerClient or config.client("sagemaker")
        try:
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
                **{row.name: self._settings[row.name] for row in HOSTING},
            )
        except EndpointError as error:
            raise EndpointError(
                f"{error}; the model is trained: SageMakerModel.fromTrainingJob({plan.job!r}, ...)",
                error.createdResources,
                plan.job,
            ) from error
        placed = trained.get("OutputDataConfig", {}).get("S3OutputPath", plan.output)
        output = S3DataPath.fromS3URI(placed)
        made = S3DataPath(output.bucket, f"{output.objectPath}/{plan.job}/")
        self._record.add(model._own((client, self.s3Client, self.stsClient), made))
        return model
