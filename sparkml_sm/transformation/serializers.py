"""Request serializers, under the predecessor's import path."""

from sparkml_sm.inference.serializers import (
    LibSVMRequestRowSerializer,
    ProtobufRequestRowSerializer,
    RequestRowSerializer,
    UnlabeledCSVRequestRowSerializer,
)

__all__ = [
    "LibSVMRequestRowSerializer",
    "ProtobufRequestRowSerializer",
    "RequestRowSerializer",
    "UnlabeledCSVRequestRowSerializer",
]
