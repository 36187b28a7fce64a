"""Training containers of the local SageMaker: one process a job, bound by the /opt/ml contract."""
