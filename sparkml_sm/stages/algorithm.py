"""Estimators of SageMaker's own algorithms: a table of the catalog and five lines each."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from pyspark.sql.types import StructType

from sparkml_sm.aws.images import image_uri
from sparkml_sm.aws.names import NamePolicyFactory, RandomNamePolicyFactory
from sparkml_sm.aws.paths import S3AutoCreatePath, S3Resource
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.hyperparameters import near_matches
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.serializers import FeatureRequestRowSerializer, RequestRowSerializer
from sparkml_sm.params.hyperparameters import HasHyperparameters
from sparkml_sm.stages.estimator import STAGED_AS, SageMakerEstimatorBase
from sparkml_sm.stages.policies import EndpointCreationPolicy
from sparkml_sm.stages.roles import IAMRoleFromConfig, IAMRoleResource
from sparkml_sm.stages.settings import setting
from sparkml_sm.staging.columns import RowColumns

__all__ = ["SageMakerAlgorithmEstimator"]


class SageMakerAlgorithmEstimator(HasHyperparameters, SageMakerEstimatorBase):
    """The base of the estimators of SageMaker's own algorithms.

    Hyperparameters are Params, with setters and getters, and keywords of the constructor.

    Parameters
    ----------
    trainingInstanceType : str
        Such as ``"ml.m5.large"``.
    trainingInstanceCount : int
    endpointInstanceType : str, optional
        Naming one asks for an endpoint, which is billed by the hour until
        `SageMakerModel.deleteResources`.
    endpointInitialInstanceCount : int, optional
        1 where only the type is named.
    sagemakerRole : IAMRole, optional
        By default the role in Spark's configuration, see `IAMRoleFromConfig`.
    requestRowSerializer, responseRowDeserializer : optional
        By default the algorithm's own.
    trainingSparkDataFormat : {"sagemaker", "libsvm", "csv", "parquet"}, optional
        By default the algorithm's own; ``"sagemaker"`` is RecordIO-protobuf.
    trainingContentType : str, optional
        By default the one of the format.
    region : str, optional
        By default the clients' or boto3's own.
    imageVersion : str, optional
        Version of the algorithm's container image, by default the newest that this library knows.
    **hyperparameters
        By their names in SageMaker.

    All other parameters are as in `SageMakerEstimator`.

    Raises
    ------
    TypeError
        For a keyword that is neither an argument nor a hyperparameter; near matches are named.
    ValueError
        For a hyperparameter out of range.
    """

    imageVersion: str = setting()

    # How rows are sent to the algorithm's endpoint; a subclass names it.
    default_serializer: ClassVar[type[FeatureRequestRowSerializer]]

    def __init__(
        self,
        trainingInstanceType: str,
        trainingInstanceCount: int,
        endpointInstanceType: str | None = None,
        endpointInitialInstanceCount: int | None = None,
        sagemakerRole: IAMRoleResource = IAMRoleFromConfig(),  # noqa: B008 (immutable)
        requestRowSerializer: RequestRowSerializer | None = None,
        responseRowDeserializer: ResponseRowDeserializer | None = None,
        trainingInputS3DataPath: S3Resource = S3AutoCreatePath(),  # noqa: B008
        trainingOutputS3DataPath: S3Resource = S3AutoCreatePath(),  # noqa: B008
        trainingInstanceVolumeSizeInGB: int = 1024,
        trainingProjectedColumns: list[str] | None = None,
        trainingChannelName: str = "train",
        trainingContentType: str | None = None,
        trainingS3DataDistribution: str = "ShardedByS3Key",
        trainingSparkDataFormat: str | None = None,
        trainingSparkDataFormatOptions: Mapping[str, str] | None = None,
        trainingInputMode: str = "File",
        trainingCompressionCodec: str | None = None,
        trainingMaxRuntimeInSeconds: int = 24 * 3600,
        trainingKmsKeyId: str | None = None,
        modelEnvironmentVariables: Mapping[str, str] | None = None,
        endpointCreationPolicy: EndpointCreationPolicy = EndpointCreationPolicy.CREATE_ON_CONSTRUCT,
        sagemakerClient: Any = None,
        region: str | None = None,
        s3Client: Any = None,
        stsClient: Any = None,
        modelPrependInputRowsToTransformationRows: bool = True,
        deleteStagingDataAfterTraining: bool = True,
        namePolicyFactory: NamePolicyFactory = RandomNamePolicyFactory(),  # noqa: B008
        uid: str | None = None,
        imageVersion: str | None = None,
        **hyperparameters: Any,
    ) -> None:
        super().__init__()
        if uid is not None:
            self._resetUid(uid)
        trainingSparkDataFormat = trainingSparkDataFormat or self.algorithm.training_format
        imageVersion = imageVersion or self.algorithm.version
        features = (trainingSparkDataFormatOptions or {}).get("featuresColumnName", "features")
        if requestRowSerializer is None:
            requestRowSerializer = self.default_serializer(featuresColumnName=features)
        self._store(locals())
        self._check_names(hyperparameters)
        self._set(**hyperparameters)

    @property
    def trainingImage(self) -> str:
        """URI of the algorithm's image, in the region that would be used now."""
        region = self.region or self._config().region
        return image_uri(self.algorithm.repository, self.imageVersion, region)

    @property
    def modelImage(self) -> str:
        """URI of the image that serves: the one that trains."""
        return self.trainingImage

    def _hyperparameters(self) -> dict[str, str]:
        values = self.hyperparameter_values()
        flag = self.algorithm.weighted.get(self._staged_as, "") if self._weight else ""
        if flag:
            values[flag] = 1
        self.check_hyperparameters(values)
        return self.hyperparameter_request(values)

    def _columns(self, schema: StructType) -> RowColumns:
        if self._weight and self._staged_as not in self.algorithm.weighted:
            formats = " or ".join(self.algorithm.weighted)
            raise ConfigurationError(
                f"{self.algorithm.name} reads no row weights from {self._staged_as}: set "
                f"trainingSparkDataFormat to {formats}, or leave out weightColumnName"
            )
        return super()._columns(schema)

    @property
    def _weight(self) -> str | None:
        return (self.trainingSparkDataFormatOptions or {}).get("weightColumnName")

    @property
    def _staged_as(self) -> str:
        return STAGED_AS.get(self.trainingSparkDataFormat, self.trainingSparkDataFormat)

    def _image_version(self) -> str:
        return (
            self._settings["imageVersion"] if hasattr(self, "_settings") else self.algorithm.version
        )

    def _converters(self) -> tuple[RequestRowSerializer | None, ResponseRowDeserializer | None]:
        return self.requestRowSerializer, self.responseRowDeserializer or self._answers()

    def _answers(self) -> ResponseRowDeserializer:
        """Return the deserializer of the algorithm's own answers."""
        raise NotImplementedError(f"{type(self).__name__} must define _answers()")

    def _content_type(self) -> str | None:
        return self.trainingContentType or self.algorithm.content_types.get(self._staged_as)

    def _needs_label(self) -> bool:
        return self.algorithm.supervised

    @classmethod
    def _check_names(cls, given: Mapping[str, Any]) -> None:
        known = [row.name for row in cls.algorithm.hyperparameters]
        for name in given:
            if name not in known:
                arguments = inspect.signature(cls).parameters
                near = near_matches(name, [*known, *arguments])
                raise TypeError(f"{cls.__name__} has no argument or hyperparameter {name!r}{near}")
