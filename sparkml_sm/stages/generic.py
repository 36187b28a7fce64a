"""The estimator of any container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparkml_sm.aws.names import NamePolicyFactory, RandomNamePolicyFactory
from sparkml_sm.aws.paths import S3AutoCreatePath, S3Resource
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.serializers import RequestRowSerializer
from sparkml_sm.stages.estimator import SageMakerEstimatorBase
from sparkml_sm.stages.policies import EndpointCreationPolicy
from sparkml_sm.stages.roles import IAMRoleFromConfig, IAMRoleResource
from sparkml_sm.stages.service import TRAINING, refuse, taken, with_service
from sparkml_sm.stages.settings import setting

__all__ = ["SageMakerEstimator"]


@with_service(*TRAINING)
class SageMakerEstimator(SageMakerEstimatorBase):
    """Trains any container on SageMaker.

    Parameters
    ----------
    trainingImage, modelImage : str
        Image URIs of the containers that train and serve.
    trainingInstanceType : str
        Such as ``"ml.m5.large"``.
    trainingInstanceCount : int
    endpointInstanceType : str, optional
        Naming one asks for an endpoint, which is billed by the hour until
        `SageMakerModel.deleteResources`.
    endpointInitialInstanceCount : int, optional
        1 where only the type is named.
    requestRowSerializer : RequestRowSerializer, optional
        Rows to request bodies; without it the model does not score.
    responseRowDeserializer : ResponseRowDeserializer, optional
        Answers to columns.
    hyperParameters : dict, optional
        Sent as text.
    trainingInputS3DataPath, trainingOutputS3DataPath : S3DataPath or S3AutoCreatePath
        Where rows are staged and the artifact goes; by default the account's own bucket.
    trainingInstanceVolumeSizeInGB : int, default 1024
    trainingProjectedColumns : list of str, optional
        Columns to which the DataFrame is reduced before it is staged.
    trainingChannelName : str, default "train"
    trainingContentType : str, optional
        Not sent by default.
    trainingS3DataDistribution : {"ShardedByS3Key", "FullyReplicated"}
    trainingSparkDataFormat : {"sagemaker", "libsvm", "csv", "parquet"}, default "sagemaker"
        ``"sagemaker"`` is RecordIO-protobuf.
    trainingSparkDataFormatOptions : dict, optional
        ``labelColumnName``, ``featuresColumnName``, ``weightColumnName``.
    trainingInputMode : {"File", "FastFile", "Pipe"}, default "File"
    trainingCompressionCodec : str, optional
        Declared to SageMaker; the staged rows are not compressed.
    trainingMaxRuntimeInSeconds : int, default 86400
    trainingKmsKeyId : str, optional
        Encrypts the artifact.
    modelEnvironmentVariables : dict of str to str, optional
    endpointCreationPolicy : EndpointCreationPolicy, default CREATE_ON_CONSTRUCT
    sagemakerClient, s3Client, stsClient : boto3 clients, optional
        Made as boto3 does by default.
    sagemakerRole : IAMRole, optional
        By default the role in Spark's configuration, see `IAMRoleFromConfig`.
    modelPrependInputRowsToTransformationRows : bool, default True
        Whether `transform` keeps the input's columns.
    deleteStagingDataAfterTraining : bool, default True
    namePolicyFactory : NamePolicyFactory, default RandomNamePolicyFactory()
    uid : str, optional
    **service
        Keyword-only parameters for what a training job and an endpoint need besides: validation
        rows and other channels, network, encryption, tags, spot instances, and overrides of whole
        requests. Each is a property with its own documentation.

    Raises
    ------
    TypeError
        For a keyword that is no argument; near matches are named.
    """

    trainingImage: str = setting()
    modelImage: str = setting()
    hyperParameters: Mapping[str, Any] | None = setting()

    def __init__(
        self,
        trainingImage: str,
        modelImage: str,
        trainingInstanceType: str,
        trainingInstanceCount: int,
        endpointInstanceType: str | None = None,
        endpointInitialInstanceCount: int | None = None,
        requestRowSerializer: RequestRowSerializer | None = None,
        responseRowDeserializer: ResponseRowDeserializer | None = None,
        hyperParameters: Mapping[str, Any] | None = None,
        trainingInputS3DataPath: S3Resource = S3AutoCreatePath(),  # noqa: B008 (immutable)
        trainingOutputS3DataPath: S3Resource = S3AutoCreatePath(),  # noqa: B008
        trainingInstanceVolumeSizeInGB: int = 1024,
        trainingProjectedColumns: list[str] | None = None,
        trainingChannelName: str = "train",
        trainingContentType: str | None = None,
        trainingS3DataDistribution: str = "ShardedByS3Key",
        trainingSparkDataFormat: str = "sagemaker",
        trainingSparkDataFormatOptions: Mapping[str, str] | None = None,
        trainingInputMode: str = "File",
        trainingCompressionCodec: str | None = None,
        trainingMaxRuntimeInSeconds: int = 24 * 3600,
        trainingKmsKeyId: str | None = None,
        modelEnvironmentVariables: Mapping[str, str] | None = None,
        endpointCreationPolicy: EndpointCreationPolicy = EndpointCreationPolicy.CREATE_ON_CONSTRUCT,
        sagemakerClient: Any = None,
        sagemakerRole: IAMRoleResource = IAMRoleFromConfig(),  # noqa: B008
        s3Client: Any = None,
        stsClient: Any = None,
        modelPrependInputRowsToTransformationRows: bool = True,
        deleteStagingDataAfterTraining: bool = True,
        namePolicyFactory: NamePolicyFactory = RandomNamePolicyFactory(),  # noqa: B008
        uid: str | None = None,
        **service: Any,
    ) -> None:
        super().__init__(uid)
        region = None  # the clients' own
        self._store(locals() | taken(TRAINING, service))
        refuse(type(self), service)

    def _hyperparameters(self) -> dict[str, str]:
        # SageMaker takes text alone; the predecessor sent numbers as they were and was refused.
        return {name: str(value) for name, value in (self.hyperParameters or {}).items()}
