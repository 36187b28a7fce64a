"""Request serializers: a row of a DataFrame as the bytes that an endpoint takes.

A serializer names the one column that crosses to Python and encodes it batch by batch. It is
immutable, so one object may serve any number of models and DataFrames.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql.types import StructType

from sparkml_sm.formats import libsvm
from sparkml_sm.formats.arrow import Where, feature_rows
from sparkml_sm.formats.registry import FORMATS
from sparkml_sm.staging.columns import features_column

__all__ = [
    "FeatureRequestRowSerializer",
    "LibSVMRequestRowSerializer",
    "ProtobufRequestRowSerializer",
    "RequestRowSerializer",
    "UnlabeledCSVRequestRowSerializer",
]


class RequestRowSerializer:
    """The base of all request serializers.

    A subclass defines `column` and `encode`, and sets `contentType`. Objects are pickled into Spark
    tasks.

    Attributes
    ----------
    contentType : str
        The media type of a payload, sent as ``Content-Type``.
    """

    contentType: str = "application/octet-stream"

    def column(self, schema: StructType) -> Column:
        """Return the one column that crosses to Python.

        Parameters
        ----------
        schema : StructType
            Of the DataFrame that is scored.

        Raises
        ------
        InvalidDataError
            If the DataFrame has no such column, or not of a type that can be sent.
        """
        raise NotImplementedError(f"{type(self).__name__} must define column(schema)")

    def encode(self, batch: pa.Array, where: Where) -> pa.LargeBinaryArray:
        """Return each row of `batch` as bytes; rows are concatenated to payloads.

        Parameters
        ----------
        batch : pyarrow.Array
            Values of `column`.
        where : Where
            The partition and its first row in this batch, for messages.

        Returns
        -------
        pyarrow.LargeBinaryArray
            As long as `batch`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define encode(batch, where)")


class FeatureRequestRowSerializer(RequestRowSerializer):
    """The base of serializers that send features in one of this library's formats.

    Parameters
    ----------
    schema : StructType, optional
        Taken for the predecessor's sake and not used: the DataFrame's own schema counts.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    _format: str

    def __init__(
        self,
        schema: StructType | None = None,  # noqa: ARG002 (the predecessor's signature)
        featuresColumnName: str | list[str] = "features",
    ) -> None:
        self.featuresColumnName = featuresColumnName

    def __repr__(self) -> str:
        return f"{type(self).__name__}(featuresColumnName={self.featuresColumnName!r})"

    def column(self, schema: StructType) -> Column:
        """Return the features as one struct of size, indices and values."""
        return features_column(schema, self.featuresColumnName)

    def encode(self, batch: pa.Array, where: Where) -> pa.LargeBinaryArray:
        """Return each row's features in the serializer's format."""
        encode = FORMATS[self._format].encode
        assert encode is not None, "requests are made of rows"  # noqa: S101 (a fact of the table)
        return encode(feature_rows(batch, None, None, where))


class LibSVMRequestRowSerializer(FeatureRequestRowSerializer):
    """Sends features as LIBSVM text, ``text/x-libsvm``, 1-based.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    labelColumnName : str, default "label"
        Taken for the predecessor's sake. An endpoint does not read labels: 0 is sent, and the
        DataFrame needs no label.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    contentType = "text/x-libsvm"
    _format = "libsvm"

    def __init__(
        self,
        schema: StructType | None = None,
        labelColumnName: str = "label",
        featuresColumnName: str | list[str] = "features",
    ) -> None:
        super().__init__(schema, featuresColumnName)
        self.labelColumnName = labelColumnName
        self._width: int | None = None

    def limited(self, width: int) -> LibSVMRequestRowSerializer:
        """Return a copy that leaves out the features from `width` on.

        A model that was trained on LIBSVM knows the features up to the last one that any row had,
        and XGBoost's container refuses rows that have more. Features that no training row had can
        change no prediction, so they are not sent.
        """
        copy = LibSVMRequestRowSerializer(None, self.labelColumnName, self.featuresColumnName)
        copy._width = width
        return copy

    def encode(self, batch: pa.Array, where: Where) -> pa.LargeBinaryArray:
        """Return each row's features as a line of LIBSVM."""
        rows = feature_rows(batch, None, None, where)
        return libsvm.encode(replace(rows, label=np.zeros(len(rows))), self._width)


class ProtobufRequestRowSerializer(FeatureRequestRowSerializer):
    """Sends features as RecordIO-protobuf, ``application/x-recordio-protobuf``.

    It holds 32-bit floats and is the fastest to write and to read.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    contentType = "application/x-recordio-protobuf"
    _format = "recordio"


class UnlabeledCSVRequestRowSerializer(FeatureRequestRowSerializer):
    """Sends features as CSV, ``text/csv``, without a label.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    contentType = "text/csv"
    _format = "csv"
