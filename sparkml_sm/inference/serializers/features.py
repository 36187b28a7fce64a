"""Serializers of features: one vector or array column, or numeric columns."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import pyarrow as pa
import pyspark.sql.functions as F
from pyspark.ml.linalg import MatrixUDT
from pyspark.sql import Column
from pyspark.sql.types import StructType

from sparkml_sm.formats import csv, json, jsonlines, libsvm, recordio
from sparkml_sm.formats.arrow import Where, feature_rows
from sparkml_sm.formats.matrices import matrix_rows
from sparkml_sm.formats.rows import FeatureRows
from sparkml_sm.inference.serializers.base import RequestRowSerializer, named
from sparkml_sm.staging.columns import column_type, features_column

__all__ = [
    "FeatureRequestRowSerializer",
    "JSONLinesRequestRowSerializer",
    "JSONRequestRowSerializer",
    "LibSVMRequestRowSerializer",
    "ProtobufRequestRowSerializer",
    "UnlabeledCSVRequestRowSerializer",
    "UnlabeledLibSVMRequestRowSerializer",
]


class FeatureRequestRowSerializer(RequestRowSerializer):
    """The base of serializers that send features; a subclass defines `encodeRows`.

    Features are checked as staging checks them: a null, a row of another length, an infinite number
    is an error that names column and row.

    Parameters
    ----------
    schema : StructType, optional
        Taken for the predecessor's sake and not used: the DataFrame's own schema counts.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    def __init__(
        self,
        schema: StructType | None = None,
        featuresColumnName: str | Sequence[str] = "features",
    ) -> None:
        named = isinstance(featuresColumnName, str)
        self.schema = schema
        self.featuresColumnName = featuresColumnName if named else tuple(featuresColumnName)

    def column(self, schema: StructType) -> Column:
        """Return the features as one struct of size, indices and values."""
        return features_column(schema, self.featuresColumnName)

    def encode(self, batch: pa.Array, where: Where) -> pa.Array | Sequence[bytes]:
        """Return each row's features in the serializer's format."""
        return self.encodeRows(feature_rows(batch, None, None, where))

    def encodeRows(self, rows: FeatureRows) -> pa.Array | Sequence[bytes]:
        """Return each row of `rows` as bytes.

        Parameters
        ----------
        rows : FeatureRows
            Checked, without label. ``sparkml_sm.formats.dense_matrix(rows)`` is their matrix.
        """
        raise NotImplementedError(f"{type(self).__name__} must define encodeRows(rows)")


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
    width : int, optional
        Leave out the features from this position on, see `limited`.
    """

    contentType = "text/x-libsvm"

    def __init__(
        self,
        schema: StructType | None = None,
        labelColumnName: str = "label",
        featuresColumnName: str | Sequence[str] = "features",
        *,
        width: int | None = None,
    ) -> None:
        super().__init__(schema, featuresColumnName)
        self.labelColumnName = labelColumnName
        self.width = width

    def limited(self, width: int) -> Self:
        """Return a copy that leaves out the features from `width` on.

        A model that was trained on LIBSVM knows the features up to the last one that any row had,
        and XGBoost's container refuses rows that have more. Features that no training row had can
        change no prediction, so they are not sent.
        """
        limited = copy.copy(self)
        vars(limited)["width"] = width
        return limited

    def encodeRows(self, rows: FeatureRows) -> pa.Array:
        """Return each row as a line of LIBSVM."""
        return libsvm.encode(replace(rows, label=np.zeros(len(rows))), self.width)


class UnlabeledLibSVMRequestRowSerializer(LibSVMRequestRowSerializer):
    """Sends features as LIBSVM text, ``text/x-libsvm``, with the label 0.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    width : int, optional
        Leave out the features from this position on.
    """

    def __init__(
        self,
        schema: StructType | None = None,
        featuresColumnName: str | Sequence[str] = "features",
        *,
        width: int | None = None,
    ) -> None:
        super().__init__(schema, featuresColumnName=featuresColumnName, width=width)


class ProtobufRequestRowSerializer(FeatureRequestRowSerializer):
    """Sends features as RecordIO-protobuf, ``application/x-recordio-protobuf``.

    It holds 32-bit floats and is the fastest to write and to read.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, a column of dense matrices of one shape, or numeric
        columns.
    """

    contentType = "application/x-recordio-protobuf"

    def column(self, schema: StructType) -> Column:
        """Return the parts of the features' vector or matrix as one struct."""
        name = self.featuresColumnName
        if isinstance(name, str) and isinstance(column_type(schema, name), MatrixUDT):
            return F.unwrap_udt(named(name))
        return super().column(schema)

    def encode(self, batch: pa.Array, where: Where) -> pa.Array | Sequence[bytes]:
        """Return each row's features as a framed record."""
        if batch.type.get_field_index("numRows") < 0:
            return super().encode(batch, where)
        return recordio.encode(*matrix_rows(batch, where))

    def encodeRows(self, rows: FeatureRows) -> pa.Array:
        """Return each row as a framed record."""
        return recordio.encode(rows)


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

    def encodeRows(self, rows: FeatureRows) -> pa.Array:
        """Return each row as a line of numbers."""
        return csv.encode(rows)


class JSONRequestRowSerializer(FeatureRequestRowSerializer):
    """Sends features as JSON, ``{"instances":[{"features":[1.5,2]},...]}``, ``application/json``.

    Sparse rows stay sparse: ``{"data":{"features":{"keys":[1],"shape":[3],"values":[2.5]}}}``, as
    SageMaker's own algorithms take them. A feature that is NaN is ``null``.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    contentType = "application/json"
    prefix = b'{"instances":['
    separator = b","
    suffix = b"]}"

    def encodeRows(self, rows: FeatureRows) -> pa.Array:
        """Return each row as an object."""
        return json.encode(rows)


class JSONLinesRequestRowSerializer(FeatureRequestRowSerializer):
    """Sends features as JSON Lines, ``{"features":[1.5,2]}`` a line, ``application/jsonlines``.

    Sparse rows and NaN are written as `JSONRequestRowSerializer` writes them.

    Parameters
    ----------
    schema : StructType, optional
        Not used.
    featuresColumnName : str or list of str, default "features"
        A vector column, an array column, or numeric columns.
    """

    contentType = "application/jsonlines"

    def encodeRows(self, rows: FeatureRows) -> pa.Array:
        """Return each row as a line."""
        return jsonlines.encode(rows)
