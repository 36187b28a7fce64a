"""Request serializers, under the predecessor's import path."""

from sparkml_sm.inference.serializers import (
    BinaryRequestRowSerializer,
    CSVColumnsRequestRowSerializer,
    FeatureRequestRowSerializer,
    JSONColumnsRequestRowSerializer,
    JSONLinesColumnsRequestRowSerializer,
    JSONLinesRequestRowSerializer,
    JSONRequestRowSerializer,
    JSONTextRequestRowSerializer,
    LibSVMRequestRowSerializer,
    NPYRequestRowSerializer,
    ParquetRequestRowSerializer,
    ProtobufRequestRowSerializer,
    RequestRowSerializer,
    TextRequestRowSerializer,
    UnlabeledCSVRequestRowSerializer,
    UnlabeledLibSVMRequestRowSerializer,
)

__all__ = [
    "BinaryRequestRowSerializer",
    "CSVColumnsRequestRowSerializer",
    "FeatureRequestRowSerializer",
    "JSONColumnsRequestRowSerializer",
    "JSONLinesColumnsRequestRowSerializer",
    "JSONLinesRequestRowSerializer",
    "JSONRequestRowSerializer",
    "JSONTextRequestRowSerializer",
    "LibSVMRequestRowSerializer",
    "NPYRequestRowSerializer",
    "ParquetRequestRowSerializer",
    "ProtobufRequestRowSerializer",
    "RequestRowSerializer",
    "TextRequestRowSerializer",
    "UnlabeledCSVRequestRowSerializer",
    "UnlabeledLibSVMRequestRowSerializer",
]
