"""Request serializers: a row of a DataFrame as the bytes that an endpoint takes."""

from __future__ import annotations

from sparkml_sm.inference.serializers.base import RequestRowSerializer
from sparkml_sm.inference.serializers.columns import (
    BinaryRequestRowSerializer,
    CSVColumnsRequestRowSerializer,
    JSONColumnsRequestRowSerializer,
    JSONLinesColumnsRequestRowSerializer,
    JSONTextRequestRowSerializer,
    TextRequestRowSerializer,
)
from sparkml_sm.inference.serializers.features import (
    FeatureRequestRowSerializer,
    JSONLinesRequestRowSerializer,
    JSONRequestRowSerializer,
    LibSVMRequestRowSerializer,
    ProtobufRequestRowSerializer,
    UnlabeledCSVRequestRowSerializer,
    UnlabeledLibSVMRequestRowSerializer,
)
from sparkml_sm.inference.serializers.tables import (
    NPYRequestRowSerializer,
    ParquetRequestRowSerializer,
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
