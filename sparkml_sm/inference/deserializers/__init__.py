"""Response deserializers: an endpoint's answer as columns, one value a row that was sent."""

from __future__ import annotations

from sparkml_sm.inference.deserializers.base import ResponseRowDeserializer
from sparkml_sm.inference.deserializers.documents import (
    JSONLinesResponseRowDeserializer,
    JSONResponseRowDeserializer,
)
from sparkml_sm.inference.deserializers.protobuf import (
    FactorizationMachinesBinaryClassifierDeserializer,
    FactorizationMachinesRegressorDeserializer,
    KMeansProtobufResponseRowDeserializer,
    LDAProtobufResponseRowDeserializer,
    LinearLearnerBinaryClassifierProtobufResponseRowDeserializer,
    LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer,
    LinearLearnerRegressorProtobufResponseRowDeserializer,
    PCAProtobufResponseRowDeserializer,
    ProtobufResponseRowDeserializer,
)
from sparkml_sm.inference.deserializers.text import (
    CSVResponseRowDeserializer,
    LibSVMResponseRowDeserializer,
    XGBoostCSVRowDeserializer,
)
from sparkml_sm.inference.deserializers.whole import (
    BinaryResponseRowDeserializer,
    NPYResponseRowDeserializer,
    ParquetResponseRowDeserializer,
    TextResponseRowDeserializer,
)

__all__ = [
    "BinaryResponseRowDeserializer",
    "CSVResponseRowDeserializer",
    "FactorizationMachinesBinaryClassifierDeserializer",
    "FactorizationMachinesRegressorDeserializer",
    "JSONLinesResponseRowDeserializer",
    "JSONResponseRowDeserializer",
    "KMeansProtobufResponseRowDeserializer",
    "LDAProtobufResponseRowDeserializer",
    "LibSVMResponseRowDeserializer",
    "LinearLearnerBinaryClassifierProtobufResponseRowDeserializer",
    "LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer",
    "LinearLearnerRegressorProtobufResponseRowDeserializer",
    "NPYResponseRowDeserializer",
    "PCAProtobufResponseRowDeserializer",
    "ParquetResponseRowDeserializer",
    "ProtobufResponseRowDeserializer",
    "ResponseRowDeserializer",
    "TextResponseRowDeserializer",
    "XGBoostCSVRowDeserializer",
]
