"""Train and score on Amazon SageMaker from `pyspark.ml` Pipelines.

Everything public is imported from here. Names are loaded when they are first used, so `import
sparkml_sm` alone loads neither Spark nor boto3.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparkml_sm.aws.clients import SageMakerClients
    from sparkml_sm.aws.config import AwsConfig
    from sparkml_sm.aws.names import (
        CustomNamePolicy,
        CustomNamePolicyFactory,
        CustomNamePolicyWithTimeStampSuffix,
        CustomNamePolicyWithTimeStampSuffixFactory,
        NamePolicy,
        NamePolicyFactory,
        RandomNamePolicy,
        RandomNamePolicyFactory,
    )
    from sparkml_sm.aws.paths import S3AutoCreatePath, S3DataPath, S3PathFromConfig, S3Resource
    from sparkml_sm.aws.resources import CreatedResources, SageMakerResourceCleanup
    from sparkml_sm.errors import (
        AccessDeniedError,
        ConfigurationError,
        CredentialsError,
        EndpointError,
        InferenceError,
        InvalidDataError,
        ResourceNotFoundError,
        SageMakerResourceCleanupException,
        SageMakerSparkSDKException,
        ServiceError,
        SparkMLSageMakerError,
        TrainingJobError,
    )
    from sparkml_sm.jars import classpath_jars
    from sparkml_sm.stages.algorithm import SageMakerAlgorithmEstimator
    from sparkml_sm.stages.channels import Channel
    from sparkml_sm.stages.estimator import SageMakerEstimatorBase
    from sparkml_sm.stages.factorization_machines import (
        FactorizationMachinesBinaryClassifier,
        FactorizationMachinesRegressor,
    )
    from sparkml_sm.stages.generic import SageMakerEstimator
    from sparkml_sm.stages.kmeans import KMeansSageMakerEstimator
    from sparkml_sm.stages.lda import LDASageMakerEstimator
    from sparkml_sm.stages.linear_learner import (
        LinearLearnerBinaryClassifier,
        LinearLearnerMultiClassClassifier,
        LinearLearnerRegressor,
    )
    from sparkml_sm.stages.model import SageMakerModel
    from sparkml_sm.stages.pca import PCASageMakerEstimator
    from sparkml_sm.stages.policies import EndpointCreationPolicy
    from sparkml_sm.stages.progress import showProgress
    from sparkml_sm.stages.roles import IAMRole, IAMRoleFromConfig, IAMRoleResource
    from sparkml_sm.stages.xgboost import XGBoostSageMakerEstimator
    from sparkml_sm.staging.reading import read_recordio
    from sparkml_sm.staging.registration import register
    from sparkml_sm.staging.staged import StagedDataset, stage

# Where each public name lives. Users never see these modules: `__module__` is re-homed below, so a
# saved pipeline or a pickled model still loads after a file has moved.
_HOMES = {
    "AccessDeniedError": "errors",
    "AwsConfig": "aws.config",
    "Channel": "stages.channels",
    "ConfigurationError": "errors",
    "CreatedResources": "aws.resources",
    "CredentialsError": "errors",
    "CustomNamePolicy": "aws.names",
    "CustomNamePolicyFactory": "aws.names",
    "CustomNamePolicyWithTimeStampSuffix": "aws.names",
    "CustomNamePolicyWithTimeStampSuffixFactory": "aws.names",
    "EndpointCreationPolicy": "stages.policies",
    "EndpointError": "errors",
    "FactorizationMachinesBinaryClassifier": "stages.factorization_machines",
    "FactorizationMachinesRegressor": "stages.factorization_machines",
    "IAMRole": "stages.roles",
    "IAMRoleFromConfig": "stages.roles",
    "IAMRoleResource": "stages.roles",
    "InferenceError": "errors",
    "InvalidDataError": "errors",
    "KMeansSageMakerEstimator": "stages.kmeans",
    "LDASageMakerEstimator": "stages.lda",
    "LinearLearnerBinaryClassifier": "stages.linear_learner",
    "LinearLearnerMultiClassClassifier": "stages.linear_learner",
    "LinearLearnerRegressor": "stages.linear_learner",
    "NamePolicy": "aws.names",
    "NamePolicyFactory": "aws.names",
    "PCASageMakerEstimator": "stages.pca",
    "RandomNamePolicy": "aws.names",
    "RandomNamePolicyFactory": "aws.names",
    "ResourceNotFoundError": "errors",
    "S3AutoCreatePath": "aws.paths",
    "S3DataPath": "aws.paths",
    "S3PathFromConfig": "aws.paths",
    "S3Resource": "aws.paths",
    "SageMakerAlgorithmEstimator": "stages.algorithm",
    "SageMakerClients": "aws.clients",
    "SageMakerEstimator": "stages.generic",
    "SageMakerEstimatorBase": "stages.estimator",
    "SageMakerModel": "stages.model",
    "SageMakerResourceCleanup": "aws.resources",
    "SageMakerResourceCleanupException": "errors",
    "SageMakerSparkSDKException": "errors",
    "ServiceError": "errors",
    "SparkMLSageMakerError": "errors",
    "StagedDataset": "staging.staged",
    "TrainingJobError": "errors",
    "XGBoostSageMakerEstimator": "stages.xgboost",
    "classpath_jars": "jars",
    "read_recordio": "staging.reading",
    "register": "staging.registration",
    "showProgress": "stages.progress",
    "stage": "staging.staged",
}

__all__ = [
    "AccessDeniedError",
    "AwsConfig",
    "Channel",
    "ConfigurationError",
    "CreatedResources",
    "CredentialsError",
    "CustomNamePolicy",
    "CustomNamePolicyFactory",
    "CustomNamePolicyWithTimeStampSuffix",
    "CustomNamePolicyWithTimeStampSuffixFactory",
    "EndpointCreationPolicy",
    "EndpointError",
    "FactorizationMachinesBinaryClassifier",
    "FactorizationMachinesRegressor",
    "IAMRole",
    "IAMRoleFromConfig",
    "IAMRoleResource",
    "InferenceError",
    "InvalidDataError",
    "KMeansSageMakerEstimator",
    "LDASageMakerEstimator",
    "LinearLearnerBinaryClassifier",
    "LinearLearnerMultiClassClassifier",
    "LinearLearnerRegressor",
    "NamePolicy",
    "NamePolicyFactory",
    "PCASageMakerEstimator",
    "RandomNamePolicy",
    "RandomNamePolicyFactory",
    "ResourceNotFoundError",
    "S3AutoCreatePath",
    "S3DataPath",
    "S3PathFromConfig",
    "S3Resource",
    "SageMakerAlgorithmEstimator",
    "SageMakerClients",
    "SageMakerEstimator",
    "SageMakerEstimatorBase",
    "SageMakerModel",
    "SageMakerResourceCleanup",
    "SageMakerResourceCleanupException",
    "SageMakerSparkSDKException",
    "ServiceError",
    "SparkMLSageMakerError",
    "StagedDataset",
    "TrainingJobError",
    "XGBoostSageMakerEstimator",
    "__version__",
    "classpath_jars",
    "read_recordio",
    "register",
    "showProgress",
    "stage",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("sparkml-sm")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    value.__module__ = __name__
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
