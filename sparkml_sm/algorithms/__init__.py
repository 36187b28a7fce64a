"""The predecessor's import path for the estimators of SageMaker's own algorithms."""

from sparkml_sm.stages.factorization_machines import (
    FactorizationMachinesBinaryClassifier,
    FactorizationMachinesRegressor,
)
from sparkml_sm.stages.kmeans import KMeansSageMakerEstimator
from sparkml_sm.stages.lda import LDASageMakerEstimator
from sparkml_sm.stages.linear_learner import (
    LinearLearnerBinaryClassifier,
    LinearLearnerMultiClassClassifier,
    LinearLearnerRegressor,
)
from sparkml_sm.stages.pca import PCASageMakerEstimator
from sparkml_sm.stages.xgboost import XGBoostSageMakerEstimator

__all__ = [
    "FactorizationMachinesBinaryClassifier",
    "FactorizationMachinesRegressor",
    "KMeansSageMakerEstimator",
    "LDASageMakerEstimator",
    "LinearLearnerBinaryClassifier",
    "LinearLearnerMultiClassClassifier",
    "LinearLearnerRegressor",
    "PCASageMakerEstimator",
    "XGBoostSageMakerEstimator",
]
