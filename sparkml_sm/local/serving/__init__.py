"""Serving containers of the local SageMaker: one process a model, bound by the HTTP contract."""
