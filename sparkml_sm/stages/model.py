"""The fitted model: an endpoint, and the rows that it scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from pyspark.ml import Model
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from sparkml_sm.aws.config import AwsConfig, driver_config
from sparkml_sm.aws.hosting import Deployment, deploy
from sparkml_sm.aws.names import NamePolicy, RandomNamePolicy
from sparkml_sm.aws.paths import S3DataPath
from sparkml_sm.aws.resources import CreatedResources, SageMakerResourceCleanup
from sparkml_sm.aws.waiting import FOR_EVER, Patience
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.inference.checks import checked_converters
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.frames import output_schema, scored
from sparkml_sm.inference.realtime import RealTimeScorer
from sparkml_sm.inference.scoring import PartitionScorer
from sparkml_sm.inference.serializers import RequestRowSerializer
from sparkml_sm.stages.checks import check_hosting
from sparkml_sm.stages.existing import FromExisting
from sparkml_sm.stages.owned import Owned
from sparkml_sm.stages.persistence import Persistent
from sparkml_sm.stages.policies import EndpointCreationPolicy
from sparkml_sm.stages.progress import report
from sparkml_sm.stages.service import (
    HOSTING,
    OVERRIDES,
    refuse,
    service_changes,
    taken,
    with_service,
)
from sparkml_sm.stages.settings import Clients, setting
from sparkml_sm.staging.credentials import proven

__all__ = ["SageMakerModel"]

_NEEDED = ("endpointInstanceType", "modelImage", "modelPath", "modelExecutionRoleARN")


@with_service(*HOSTING)
class SageMakerModel(FromExisting, Persistent, Model):
    """Scores rows through a SageMaker endpoint.

    `transform` keeps every column of its input and appends the deserializer's columns. It is lazy:
    rows are sent when an action runs, each row once an action, and every action sends them again.

    Arguments are stored as given; an endpoint's are checked, all at once, before it is created. A
    copy shares the endpoint with the model it was copied from: whichever of them creates it, all
    score through it, and the first `deleteResources` deletes it for all.

    A saved model is its arguments and the names of what it created. Loaded, it scores through the
    endpoint as long as that stands, and its `deleteResources` deletes the endpoint, for the model
    that was saved as well; deleting twice is no error. Random names of an endpoint that is still to
    be created are made anew, so that programs which load one file do not stand in each other's way.

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
    **service
        Keyword-only parameters for network, encryption and tags of the endpoint, and overrides of
        its requests, as in `SageMakerEstimator`.

    Attributes
    ----------
    EndpointCreationTimeout : float, default 1800
        Seconds for which an endpoint may take to come into service. Set it on the class for all
        models that are made afterwards.
    EndpointPollInterval : float, default 5
        The longest pause between two looks at an endpoint that starts, in seconds.

    Raises
    ------
    ConfigurationError
        If the arguments contradict each other, or cannot make the endpoint that is asked for.
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

    EndpointCreationTimeout: ClassVar[float] = 30 * 60.0
    EndpointPollInterval: ClassVar[float] = FOR_EVER.interval

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
        **service: Any,
    ) -> None:
        super().__init__()
        namePolicy = namePolicy or RandomNamePolicy()
        self._store(locals() | taken(HOSTING, service))
        refuse(type(self), service)
        if uid is not None:
            self._resetUid(uid)
        self._clients = Clients((sagemakerClient,))
        self._owned = Owned()
        self._check()
        at_once = endpointCreationPolicy is EndpointCreationPolicy.CREATE_ON_CONSTRUCT
        if at_once and endpointInstanceType is not None:
            self._deploy()

    @property
    def endpointName(self) -> str | None:
        """Name of the endpoint that scores, None where there is none."""
        return self.existingEndpointName or self._owned.created.endpoint_name

    @property
    def sagemakerClient(self) -> Any:
        """The boto3 client that creates and deletes."""
        return self._clients.given[0] or self._config().client("sagemaker")

    @property
    def resourceCleanup(self) -> SageMakerResourceCleanup:
        """Deletes endpoints, endpoint configs and models."""
        return SageMakerResourceCleanup(self.sagemakerClient)

    def getCreatedResources(self) -> CreatedResources:
        """Return the names of what this object and its copies created and have not deleted."""
        return self._owned.created

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
        """Delete the endpoint, its config and the model that this object or a copy created.

        It waits until they are gone. What was there before is never deleted.

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
        s3 = self._config().client("s3") if artifacts else None
        self._owned.delete(self.sagemakerClient, s3)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        serializer, deserializer = self._converters()
        self.transformSchema(dataset.schema)
        endpoint = self._endpoint()
        config = proven(dataset.sparkSession, self._config())
        scorer = RealTimeScorer(config, endpoint, serializer.contentType, deserializer.accept)
        score = PartitionScorer(serializer, deserializer, scorer)
        return scored(dataset, score, self.prependResultRows)

    def _own(self, clients: Iterable[Any], artifacts: S3DataPath) -> Owned:
        """Take over what a fit made: its clients, and the prefix that its training job wrote to."""
        self._clients = Clients(tuple(clients))
        self._owned.artifacts = artifacts
        return self._owned

    @classmethod
    def _made_from(cls, settings: Mapping[str, Any]) -> Self:
        return super()._made_from(
            {**settings, "endpointCreationPolicy": EndpointCreationPolicy.DO_NOT_CREATE}
        )

    def _state(self) -> dict[str, Any]:
        owned = self._owned
        return {
            "created": owned.created,
            "artifacts": owned.artifacts,
            "region": self._clients.region,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._owned = Owned(state["created"], state["artifacts"])
        self._clients = Clients((None,), state["region"])

    def _endpoint(self) -> str:
        late = self.endpointCreationPolicy is EndpointCreationPolicy.CREATE_ON_TRANSFORM
        with self._owned.lock:
            if late and self.endpointName is None:
                self._deploy()
            name = self.endpointName
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
        missing = [name for name in _NEEDED if self._settings[name] is None]
        if missing:
            raise ConfigurationError(f"an endpoint needs {' and '.join(missing)} as well")
        checked_converters(self.requestRowSerializer, self.responseRowDeserializer)
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
            changes={name: service_changes(name, self._settings) for name in OVERRIDES},
        )
        patience = Patience(self.EndpointCreationTimeout, self.EndpointPollInterval)
        deploy(self.sagemakerClient, deployment, self._owned.created, report, patience)

    def _check(self) -> None:
        given = self.existingEndpointName is not None
        if given and self.endpointCreationPolicy is not EndpointCreationPolicy.DO_NOT_CREATE:
            raise ConfigurationError(
                f"existingEndpointName={self.existingEndpointName!r} needs "
                "endpointCreationPolicy=EndpointCreationPolicy.DO_NOT_CREATE"
            )

    def _converters(self) -> tuple[RequestRowSerializer, ResponseRowDeserializer]:
        given = self.requestRowSerializer, self.responseRowDeserializer
        serializer, deserializer = checked_converters(*given)
        if serializer is None or deserializer is None:
            raise ConfigurationError(
                "this model cannot score: it needs a requestRowSerializer and a "
                "responseRowDeserializer"
            )
        return serializer, deserializer

    def _config(self) -> AwsConfig:
        return driver_config(self._clients.given, self._clients.region)
