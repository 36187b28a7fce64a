"""The predecessor's import path for the estimators of SageMaker's own algorithms."""

from sparkml_sm.stages.xgboost import XGBoostSageMakerEstimator

__all__ = ["XGBoostSageMakerEstimator"]
