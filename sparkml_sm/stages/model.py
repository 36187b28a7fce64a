"""The fitted model: an endpoint, and the rows that it scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyspark.ml import Model
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from sparkml_sm.aws.config import AwsConfig, driver_config
from sparkml_sm.aws.hosting import Deployment, deploy
from sparkml_sm.aws.names import NamePolicy, RandomNamePolicy
from sparkml_sm.aws.paths import S3DataPath
from sparkml_sm.aws.resources import CreatedResources, SageMakerResourceCleanup
from sparkml_sm.aws.s3 import delete_prefix
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.frames import output_schema, scored
from sparkml_sm.inference.realtime import RealTimeScorer
from sparkml_sm.inference.scoring import PartitionScorer
from sparkml_sm.inference.serializers import RequestRowSerializer
from sparkml_sm.stages.checks import check_hosting
from sparkml_sm.stages.policies import EndpointCreationPolicy
from sparkml_sm.stages.progress import report
from sparkml_sm.stages.settings import HasSettings, setting
from sparkml_sm.staging.credentials import proven

__all__ = ["SageMakerModel"]


class SageMakerModel(HasSettings, Model):
    """Scores rows through a SageMaker endpoint.

    `transform` keeps every column of its input and appends the deserializer's columns. It is lazy:
    rows are sent when an action runs, each row once an action, and every action sends them again.

    Parameters
    ----------
    endpointInstanceType : str, optional
        Such as ``"ml.m5.large"``. Naming one asks for an endpoint, which is billed by the hour.
    endpointInitialInstanceCount : int, optional
        Number of instances, 1 where only the type is named.
    requestRowSerializer : RequestRowSerializer
        Rows to request bodies.
    responseRowDeserializer : ResponseRowDeserializer
        Answers to columns.
    existingEndpointName : str, optional
        An endpoint to use, with the policy ``DO_NOT_CREATE``. It is never deleted by this object.
    modelImage : str, optional
        Image URI of the container that serves.
    modelPath : S3DataPath, optional
        The artifact, ``model.tar.gz``.
    modelEnvironmentVariables : dict of str to str, optional
    modelExecutionRoleARN : str, optional
        The role that the endpoint acts under.
    endpointCreationPolicy : EndpointCreationPolicy, default CREATE_ON_CONSTRUCT
    sagemakerClient : boto3 client, optional
        Made as boto3 does by default.
    prependResultRows : bool, default True
        Whether `transform` keeps the input's columns.
    namePolicy : NamePolicy, optional
        Random names by default.
    uid : str, optional

    Raises
    ------
    ConfigurationError
        If the arguments contradict each other.
    EndpointError
        If the endpoint fails to start; what was created for it is deleted again.
    """

    endpointInstanceType: str | None = setting()
    endpointInitialInstanceCount: int | None = setting()
    requestRowSerializer: RequestRowSerializer | None = setting()
    responseRowDeserializer: ResponseRowDeserializer | None = setting()
    existingEndpointName: str | None = setting()
    modelImage: str | None = setting()
    modelPath: S3DataPath | None = setting()
    modelEnvironmentVariables: Mapping[str, str] | None = setting()
    modelExecutionRoleARN: str | None = setting()
    endpointCreationPolicy: EndpointCreationPolicy = setting()
    prependResultRows: bool = setting()
    namePolicy: NamePolicy = setting()

    def __init__(
        self,
        *,
        endpointInstanceType: str | None = None,
        endpointInitialInstanceCount: int | None = None,
        requestRowSerializer: RequestRowSerializer | None = None,
        responseRowDeserializer: ResponseRowDeserializer | None = None,
        existingEndpointName: str | None = None,
        modelImage: str | None = None,
        modelPath: S3DataPath | None = None,
        modelEnvironmentVariables: Mapping[str, str] | None = None,
        modelExecutionRoleARN: str | None = None,
        endpointCreationPolicy: EndpointCreationPolicy = EndpointCreationPolicy.CREATE_ON_CONSTRUCT,
        sagemakerClient: Any = None,
        prependResultRows: bool = True,
        namePolicy: NamePolicy | None = None,
        uid: str | None = None,
    ) -> None:
        super().__init__()
        namePolicy = namePolicy or RandomNamePolicy()
        self._store(locals())
        if uid is not None:
            self._resetUid(uid)
        self._clients: tuple[Any, ...] = (sagemakerClient,)
        self._created = CreatedResources()
        self._artifacts: S3DataPath | None = None
        self._check()
        if endpointCreationPolicy is EndpointCreationPolicy.CREATE_ON_CONSTRUCT and self._can_host:
            self._deploy()

    @property
    def endpointName(self) -> str | None:
        """Name of the endpoint that scores, None where there is none."""
        return self.existingEndpointName or self._created.endpoint_name

    @property
    def sagemakerClient(self) -> Any:
        """The boto3 client that creates and deletes."""
        return self._clients[0] or self._config().client("sagemaker")

    @property
    def resourceCleanup(self) -> SageMakerResourceCleanup:
        """Deletes endpoints, endpoint configs and models."""
        return SageMakerResourceCleanup(self.sagemakerClient)

    def getCreatedResources(self) -> CreatedResources:
        """Return the names of what this object created and has not deleted."""
        return self._created

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the schema of what `transform` returns, sending nothing.

        Raises
        ------
        InvalidDataError
            If a column is missing or of the wrong type, or an output column would stand twice.
        ConfigurationError
            If the model has no serializer or deserializer.
        """
        serializer, deserializer = self._converters()
        serializer.column(schema)
        return output_schema(schema, deserializer.schema, self.prependResultRows)

    def deleteResources(self, artifacts: bool = False) -> None:
        """Delete the endpoint, its config and the model that this object created.

        It waits until they are gone.

        Parameters
        ----------
        artifacts : bool, default False
            Whether the training job's output in S3 is deleted as well. Artifacts that this
            library's `fit` did not produce are never touched.

        Raises
        ------
        SageMakerResourceCleanupException
            Naming what could not be deleted.
        """
        self.resourceCleanup.deleteResources(self._created)
        if artifacts and self._artifacts is not None:
            s3 = self._config().client("s3")
            delete_prefix(s3, self._artifacts.bucket, self._artifacts.objectPath)
            self._artifacts = None

    def _transform(self, dataset: DataFrame) -> DataFrame:
        serializer, deserializer = self._converters()
        self.transformSchema(dataset.schema)
        endpoint = self._endpoint()
        config = proven(dataset.sparkSession, self._config())
        scorer = RealTimeScorer(config, endpoint, serializer.contentType, deserializer.accept)
        score = PartitionScorer(serializer, deserializer, scorer)
        return scored(dataset, score, self.prependResultRows)

    def _own(self, clients: Iterable[Any], artifacts: S3DataPath) -> None:
        """Take over what a fit made: its clients, and the prefix that its training job wrote to."""
        self._clients = tuple(clients)
        self._artifacts = artifacts

    def _endpoint(self) -> str:
        name = self.endpointName
        if (
            name is None
            and self.endpointCreationPolicy is EndpointCreationPolicy.CREATE_ON_TRANSFORM
        ):
            self._deploy()
            name = self._created.endpoint_name
        if name is None:
            named = self.endpointInstanceType is not None
            raise ConfigurationError(
                "this model has no endpoint to score through: "
                + ("it was deleted, or is not to be created; " if named else "")
                + "make a model with an endpointInstanceType (it is billed by the hour until "
                "deleteResources()), or with an existingEndpointName"
            )
        return name

    def _deploy(self) -> None:
        if not self._can_host:
            raise ConfigurationError(
                "an endpoint needs endpointInstanceType, modelImage, modelPath and "
                "modelExecutionRoleARN"
            )
        check_hosting(self._settings)
        self.namePolicy.check()
        deployment = Deployment(
            image=str(self.modelImage),
            model_data=self.modelPath.toS3UriString() if self.modelPath else "",
            role=str(self.modelExecutionRoleARN),
            environment=self.modelEnvironmentVariables or {},
            instance_type=str(self.endpointInstanceType),
            instance_count=self.endpointInitialInstanceCount or 1,
            names=self.namePolicy,
        )
        deploy(self.sagemakerClient, deployment, self._created, report)

    @property
    def _can_host(self) -> bool:
        needed = (
            self.endpointInstanceType,
            self.modelImage,
            self.modelPath,
            self.modelExecutionRoleARN,
        )
        return all(value is not None for value in needed)

    def _check(self) -> None:
        given = self.existingEndpointName is not None
        if given and self.endpointCreationPolicy is not EndpointCreationPolicy.DO_NOT_CREATE:
            raise ConfigurationError(
                f"existingEndpointName={self.existingEndpointName!r} needs "
                "endpointCreationPolicy=EndpointCreationPolicy.DO_NOT_CREATE"
            )

    def _converters(self) -> tuple[RequestRowSerializer, ResponseRowDeserializer]:
        if self.requestRowSerializer is None or self.responseRowDeserializer is None:
            raise ConfigurationError(
                "this model cannot score: it needs a requestRowSerializer and a "
                "responseRowDeserializer"
            )
        return self.requestRowSerializer, self.responseRowDeserializer

    def _config(self) -> AwsConfig:
        return driver_config(self._clients)
