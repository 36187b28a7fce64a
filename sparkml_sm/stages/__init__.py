"""The Spark ML classes: estimators and the model."""
