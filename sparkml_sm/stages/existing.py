"""Models of what already stands in the account: a training job, an artifact, an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from sparkml_sm.aws.config import driver_config
from sparkml_sm.aws.hosting import check_endpoint
from sparkml_sm.aws.names import NamePolicy
from sparkml_sm.aws.paths import S3DataPath
from sparkml_sm.aws.training_jobs import model_artifact
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.serializers import RequestRowSerializer
from sparkml_sm.stages.policies import EndpointCreationPolicy

__all__ = ["FromExisting"]


class FromExisting:
    """The constructors of a model that was trained, or is hosted, by somebody else."""

    @classmethod
    def fromTrainingJob(
        cls,
        trainingJobName: str,
        modelImage: str,
        modelExecutionRoleARN: str,
        endpointInstanceType: str | None,
        endpointInitialInstanceCount: int | None,
        requestRowSerializer: RequestRowSerializer,
        responseRowDeserializer: ResponseRowDeserializer,
        modelEnvironmentVariables: Mapping[str, str] | None = None,
        endpointCreationPolicy: EndpointCreationPolicy = EndpointCreationPolicy.CREATE_ON_CONSTRUCT,
        sagemakerClient: Any = None,
        prependResultRows: bool = True,
        namePolicy: NamePolicy | None = None,
        uid: str | None = None,
        **service: Any,
    ) -> Self:
        """Return a model of what a training job left.

        The job may be of any library. It and its artifact are never deleted by the model.

        Parameters
        ----------
        trainingJobName : str
            A job that has completed, or was stopped after it had left a model.
        modelImage, modelExecutionRoleARN : str
        endpointInstanceType : str or None
            Naming one asks for an endpoint, which is billed by the hour.
        endpointInitialInstanceCount : int or None
        requestRowSerializer : RequestRowSerializer
        responseRowDeserializer : ResponseRowDeserializer
        modelEnvironmentVariables, endpointCreationPolicy, sagemakerClient, prependResultRows, \
        namePolicy, uid : optional
            As in `SageMakerModel`. Names and uid are new with each call.
        **service
            Further keywords of `SageMakerModel`, which are sent to SageMaker.

        Raises
        ------
        TrainingJobError
            If the job left no model, or still runs.
        ResourceNotFoundError
            If there is no such job.
        EndpointError
            If the endpoint fails to start.

        Examples
        --------
        >>> model = SageMakerModel.fromTrainingJob(  # doctest: +SKIP
        ...     "my-job",
        ...     modelImage=image,
        ...     modelExecutionRoleARN="arn:aws:iam::123456789012:role/SageMakerRole",
        ...     endpointInstanceType="ml.m5.large",
        ...     endpointInitialInstanceCount=1,
        ...     requestRowSerializer=LibSVMRequestRowSerializer(),
        ...     responseRowDeserializer=XGBoostCSVRowDeserializer(),
        ... )
        """
        client = sagemakerClient or driver_config().client("sagemaker")
        return cls.fromModelS3Path(
            model_artifact(client, trainingJobName),
            modelImage,
            modelExecutionRoleARN,
            endpointInstanceType,
            endpointInitialInstanceCount,
            requestRowSerializer,
            responseRowDeserializer,
            modelEnvironmentVariables,
            endpointCreationPolicy,
            client,
            prependResultRows,
            namePolicy,
            uid,
            **service,
        )

    @classmethod
    def fromModelS3Path(
        cls,
        modelPath: str,
        modelImage: str,
        modelExecutionRoleARN: str,
        endpointInstanceType: str | None,
        endpointInitialInstanceCount: int | None,
        requestRowSerializer: RequestRowSerializer,
        responseRowDeserializer: ResponseRowDeserializer,
        modelEnvironmentVariables: Mapping[str, str] | None = None,
        endpointCreationPolicy: EndpointCreationPolicy = EndpointCreationPolicy.CREATE_ON_CONSTRUCT,
        sagemakerClient: Any = None,
        prependResultRows: bool = True,
        namePolicy: NamePolicy | None = None,
        uid: str | None = None,
        **service: Any,
    ) -> Self:
        """Return a model of an artifact in S3, which the model never deletes.

        Parameters
        ----------
        modelPath : str
            URI of the artifact, such as ``"s3://bucket/job/output/model.tar.gz"``. It is read by
            SageMaker when an endpoint starts.

        All other parameters are as in `fromTrainingJob`.

        Raises
        ------
        ConfigurationError
            If `modelPath` is no S3 URI.
        EndpointError
            If the endpoint fails to start.
        """
        make: Any = cls
        model: Self = make(
            endpointInstanceType=endpointInstanceType,
            endpointInitialInstanceCount=endpointInitialInstanceCount,
            requestRowSerializer=requestRowSerializer,
            responseRowDeserializer=responseRowDeserializer,
            modelImage=modelImage,
            modelPath=S3DataPath.fromS3URI(modelPath),
            modelEnvironmentVariables=modelEnvironmentVariables,
            modelExecutionRoleARN=modelExecutionRoleARN,
            endpointCreationPolicy=endpointCreationPolicy,
            sagemakerClient=sagemakerClient,
            prependResultRows=prependResultRows,
            namePolicy=namePolicy,
            uid=uid,
            **service,
        )
        return model

    @classmethod
    def fromEndpoint(
        cls,
        endpointName: str,
        requestRowSerializer: RequestRowSerializer,
        responseRowDeserializer: ResponseRowDeserializer,
        modelEnvironmentVariables: Mapping[str, str] | None = None,
        sagemakerClient: Any = None,
        prependResultRows: bool = True,
        namePolicy: NamePolicy | None = None,
        uid: str | None = None,
    ) -> Self:
        """Return a model that scores through an endpoint which serves, and never deletes it.

        Parameters
        ----------
        endpointName : str
            An endpoint that is in service; it serves while it is updated as well.
        requestRowSerializer : RequestRowSerializer
        responseRowDeserializer : ResponseRowDeserializer
        modelEnvironmentVariables, namePolicy : optional
            Taken for the predecessor's sake: nothing is created.
        sagemakerClient, prependResultRows, uid : optional
            As in `SageMakerModel`.

        Raises
        ------
        EndpointError
            If the endpoint does not serve.
        ResourceNotFoundError
            If there is no such endpoint.
        """
        client = sagemakerClient or driver_config().client("sagemaker")
        check_endpoint(client, endpointName)
        make: Any = cls
        model: Self = make(
            requestRowSerializer=requestRowSerializer,
            responseRowDeserializer=responseRowDeserializer,
            existingEndpointName=endpointName,
            modelEnvironmentVariables=modelEnvironmentVariables,
            endpointCreationPolicy=EndpointCreationPolicy.DO_NOT_CREATE,
            sagemakerClient=client,
            prependResultRows=prependResultRows,
            namePolicy=namePolicy,
            uid=uid,
        )
        return model
