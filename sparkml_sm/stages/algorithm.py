"""Estimators of SageMaker's own algorithms: a table of the catalog and five lines each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pyspark.sql.types import StructType

from sparkml_sm.aws.images import image_uri
from sparkml_sm.aws.names import NamePolicyFactory, RandomNamePolicyFactory
from sparkml_sm.aws.paths import S3AutoCreatePath, S3Resource
from sparkml_sm.catalog.data import decided
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.inference.deserializers import ResponseRowDeserializer
from sparkml_sm.inference.serializers import (
    FeatureRequestRowSerializer,
    LibSVMRequestRowSerializer,
    ProtobufRequestRowSerializer,
    RequestRowSerializer,
    UnlabeledCSVRequestRowSerializer,
)
from sparkml_sm.params.hyperparameters import HasHyperparameters
from sparkml_sm.stages.estimator import STAGED_AS, SageMakerEstimatorBase
from sparkml_sm.stages.inputs import weight_column
from sparkml_sm.stages.planning import check_algorithm_channels
from sparkml_sm.stages.policies import EndpointCreationPolicy
from sparkml_sm.stages.roles import IAMRoleFromConfig, IAMRoleResource
from sparkml_sm.stages.service import TRAINING, refuse, taken, with_service
from sparkml_sm.stages.settings import setting
from sparkml_sm.staging.columns import RowColumns
from sparkml_sm.staging.staged import StagedDataset

__all__ = ["SageMakerAlgorithmEstimator"]

# Source: "Managed Spot Training" in the SageMaker Developer Guide.
_SPOT_WAIT = 3600

# The format of requests, by the name in an algorithm's table.
_SERIALIZERS: Mapping[str, type[FeatureRequestRowSerializer]] = {
    "csv": UnlabeledCSVRequestRowSerializer,
    "libsvm": LibSVMRequestRowSerializer,
    "recordio": ProtobufRequestRowSerializer,
}


@with_service(*TRAINING)
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

    All other parameters are as in `SageMakerEstimator`, the keyword-only ones as well.

    Raises
    ------
    TypeError
        For a keyword that is neither an argument nor a hyperparameter; near matches are named.
    ValueError
        For a hyperparameter out of range.
    """

    imageVersion: str = setting()

    # How answers are read; where an answer is a vector, it is given the vector's length as `size`.
    default_deserializer: ClassVar[Callable[..., ResponseRowDeserializer]]

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
        trainingSparkDataFormat = trainingSparkDataFormat or _spark_format(
            self.algorithm.training_format
        )
        imageVersion = imageVersion or self.algorithm.version
        features = (trainingSparkDataFormatOptions or {}).get("featuresColumnName", "features")
        if requestRowSerializer is None:
            serializer = _SERIALIZERS[self.algorithm.request_format]
            requestRowSerializer = serializer(featuresColumnName=features)
        self._store(locals() | taken(TRAINING, hyperparameters))
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

    @property
    def hyperParameters(self) -> dict[str, Any]:
        """Hyperparameters by name: those set and the defaults."""
        return self.hyperparameter_values()

    def _hyperparameters(self) -> dict[str, str]:
        values = self._values()
        self.check_hyperparameters(values, staged=False)
        return self.hyperparameter_request(values)

    def _staged_hyperparameters(self, staged: StagedDataset | None) -> dict[str, str]:
        values = self._values()
        if staged is not None:
            label = (self.trainingSparkDataFormatOptions or {}).get("labelColumnName", "label")
            values = decided(self.algorithm, values, staged, label)
        self.check_hyperparameters(values)
        return self.hyperparameter_request(values)

    def _values(self) -> dict[str, Any]:
        values = self.hyperparameter_values()
        flag = self.algorithm.weighted.get(self._staged_as, "") if self._weight else ""
        return {**values, flag: 1} if flag else values

    def _columns(self, schema: StructType) -> RowColumns:
        columns = super()._columns(schema)
        # Only RecordIO keeps a label apart: in CSV it would be read as the first feature.
        keeps_label = self.algorithm.supervised or self._staged_as == "recordio"
        return columns if keeps_label else replace(columns, label=None)

    def _check_service(self) -> None:
        super()._check_service()
        algorithm, staged_as = self.algorithm, self._staged_as
        most = algorithm.max_instances
        if most is not None and self.trainingInstanceCount > most:
            raise ConfigurationError(
                f"trainingInstanceCount={self.trainingInstanceCount}: {algorithm.name} trains on "
                f"no more than {most}"
            )
        if staged_as not in algorithm.content_types:
            formats = " or ".join(map(repr, map(_spark_format, algorithm.content_types)))
            raise ConfigurationError(
                f"trainingSparkDataFormat={_spark_format(staged_as)!r}: {algorithm.name} trains on "
                f"{formats}"
            )
        if self._weight and staged_as not in algorithm.weighted:
            formats = " or ".join(map(_spark_format, algorithm.weighted))
            instead = f"set trainingSparkDataFormat to {formats}, or " if formats else ""
            raise ConfigurationError(
                f"{algorithm.name} reads no row weights from {staged_as}: {instead}leave out "
                "the weight column"
            )
        if self._settings["metricDefinitions"] is not None and algorithm.own_metrics:
            raise ConfigurationError(
                f"metricDefinitions: SageMaker defines the metrics of {algorithm.name} itself and "
                "takes no others: leave it out"
            )
        wait = self._settings["maxWaitTimeInSeconds"] or 0
        if self._settings["checkpointS3Uri"] is not None and not algorithm.checkpoints:
            raise ConfigurationError(
                f"checkpointS3Uri: {algorithm.name} writes no checkpoints: leave it out"
            )
        if wait > _SPOT_WAIT and not algorithm.checkpoints:
            raise ConfigurationError(
                f"maxWaitTimeInSeconds={wait}: {algorithm.name} writes no checkpoints, and a spot "
                f"job without them may take {_SPOT_WAIT} s at most"
            )
        check_algorithm_channels(algorithm, self.imageVersion, staged_as, self._settings)

    @property
    def _weight(self) -> str | None:
        return weight_column(self._settings)

    @property
    def _staged_as(self) -> str:
        return STAGED_AS.get(self.trainingSparkDataFormat, self.trainingSparkDataFormat)

    def _image_version(self) -> str:
        return (
            self._settings["imageVersion"] if hasattr(self, "_settings") else self.algorithm.version
        )

    def _converters(
        self, hyperparameters: Mapping[str, str] | None = None
    ) -> tuple[RequestRowSerializer | None, ResponseRowDeserializer | None]:
        if hyperparameters is None:
            values = self.hyperparameter_values()
        else:
            values = self.algorithm.read_request(hyperparameters)
        return self.requestRowSerializer, self.responseRowDeserializer or self._answers(values)

    def _answers(self, values: Mapping[str, Any]) -> ResponseRowDeserializer:
        """Return the deserializer of the answers of a model with these hyperparameters."""
        if not hasattr(self, "default_deserializer"):
            raise NotImplementedError(f"{type(self).__name__} must set default_deserializer")
        if self.algorithm.output(values) == "scalar":
            return self.default_deserializer()
        return self.default_deserializer(size=self.algorithm.output_size(values))

    def _content_type(self) -> str | None:
        return self.trainingContentType or self.algorithm.content_types.get(self._staged_as)

    def _allows_nan(self) -> bool:
        return self.algorithm.allow_nan

    def _needs_label(self) -> bool:
        return self.algorithm.supervised

    @classmethod
    def _check_names(cls, given: Mapping[str, Any]) -> None:
        known = {row.name for row in cls.algorithm.hyperparameters}
        unknown = {name: value for name, value in given.items() if name not in known}
        refuse(cls, unknown, "argument or hyperparameter", known)


def _spark_format(name: str) -> str:
    """Return the predecessor's name of a format."""
    return next((spark for spark, ours in STAGED_AS.items() if ours == name), name)
