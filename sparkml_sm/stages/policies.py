"""When an endpoint is created."""

from __future__ import annotations

from enum import Enum

__all__ = ["EndpointCreationPolicy"]


class EndpointCreationPolicy(Enum):
    """When a `SageMakerModel` creates its endpoint, which is billed by the hour.

    Attributes
    ----------
    CREATE_ON_CONSTRUCT
        With the model: at the end of `fit`. Nothing is created unless an ``endpointInstanceType``
        is named.
    CREATE_ON_TRANSFORM
        When `transform` is first called.
    DO_NOT_CREATE
        Never: an existing endpoint is used, or none.
    """

    CREATE_ON_CONSTRUCT = "CREATE_ON_CONSTRUCT"
    CREATE_ON_TRANSFORM = "CREATE_ON_TRANSFORM"
    DO_NOT_CREATE = "DO_NOT_CREATE"
