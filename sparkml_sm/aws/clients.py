"""boto3 clients, by the predecessor's names."""

from __future__ import annotations

from typing import Any

from sparkml_sm.aws.config import driver_config

__all__ = ["SageMakerClients"]


class SageMakerClients:
    """Gives the boto3 clients that stages use where none is passed.

    Region, credentials and endpoint URLs are found as boto3 finds them. A client of your own, from
    ``boto3.client`` or a session, does as well.

    Examples
    --------
    >>> client = SageMakerClients.create_sagemaker_client()  # doctest: +SKIP
    >>> SageMakerModel.fromEndpoint(  # doctest: +SKIP
    ...     "my-endpoint", serializer, deserializer, sagemakerClient=client
    ... )
    """

    @classmethod
    def create_s3_default_client(cls) -> Any:
        """Return the S3 client; `ConfigurationError` where there is no region or no credentials."""
        return driver_config().client("s3")

    @classmethod
    def create_sts_default_client(cls) -> Any:
        """Return the STS client; `ConfigurationError` as with the others."""
        return driver_config().client("sts")

    @classmethod
    def create_sagemaker_client(cls) -> Any:
        """Return the SageMaker client; `ConfigurationError` as with the others."""
        return driver_config().client("sagemaker")
