"""Answers in RecordIO-protobuf: of any schema, and those of SageMaker's own algorithms."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.ml.linalg import VectorUDT
from pyspark.sql.types import DataType, DoubleType, StructField, StructType

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.formats import recordio
from sparkml_sm.formats.rows import Floats, dense_matrix
from sparkml_sm.inference.deserializers.arrays import holds_many
from sparkml_sm.inference.deserializers.base import ResponseRowDeserializer, answered, room

__all__ = [
    "FactorizationMachinesBinaryClassifierDeserializer",
    "FactorizationMachinesRegressorDeserializer",
    "KMeansProtobufResponseRowDeserializer",
    "LDAProtobufResponseRowDeserializer",
    "LinearLearnerBinaryClassifierProtobufResponseRowDeserializer",
    "LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer",
    "LinearLearnerRegressorProtobufResponseRowDeserializer",
    "PCAProtobufResponseRowDeserializer",
    "ProtobufResponseRowDeserializer",
]

_NUMBER, _VECTOR = DoubleType(), VectorUDT()
# Frame and padding of a record; tags, lengths and float of an entry.
_RECORD_BYTES, _ENTRY_BYTES = 16, 32
# The length that a vector is given room for where it is not told.
_SIZE = 256


class ProtobufResponseRowDeserializer(ResponseRowDeserializer):
    """Reads answers in RecordIO-protobuf: the numbers in each record's `label` map, by key.

    A tensor may be dense or sparse, of 32-bit or 64-bit floats or of integers. Sparse ones come
    back dense.

    Parameters
    ----------
    schema : StructType
        The columns that `transform` appends: doubles, vectors, or other numbers and lists of them.
        The declared type counts: a vector may have one number.
    protobufKeys : list of str, optional
        The key of each column, in the order of `schema`. Default: the columns' names.
    size : int, optional
        How long the vectors are, where it is known: it decides how many rows fit in a request.
    bytesPerRow : int, optional
        How long the answer to one row may be, see `ResponseRowDeserializer`. Default: by `size`.

    Raises
    ------
    ConfigurationError
        If there is another number of keys than of columns.
    """

    accept = "application/x-recordio-protobuf"

    def __init__(
        self,
        schema: StructType,
        protobufKeys: Sequence[str] | None = None,
        *,
        size: int | None = None,
        bytesPerRow: int | None = None,
    ) -> None:
        if protobufKeys is not None and len(protobufKeys) != len(schema.names):
            raise ConfigurationError(
                f"protobufKeys names {len(protobufKeys)} keys and the schema has "
                f"{len(schema.names)} columns: name one for each"
            )
        self.schema = schema
        self.protobufKeys = None if protobufKeys is None else tuple(protobufKeys)
        self.size = size
        self.bytesPerRow = room(bytesPerRow) or _RECORD_BYTES + sum(
            _ENTRY_BYTES + len(key) + (4 * (size or _SIZE) if holds_many(field.dataType) else 0)
            for key, field in zip(self._keys, schema.fields, strict=True)
        )

    @property
    def _keys(self) -> Sequence[str]:
        return self.schema.names if self.protobufKeys is None else self.protobufKeys

    def decode(self, body: bytes, rows: int) -> list[Floats]:  # noqa: ARG002 (records count)
        """Return a matrix a column, a row a record."""
        with answered():
            answers = recordio.decode_labels(body, self._keys)
        return [dense_matrix(answers[key]) for key in self._keys]


class KMeansProtobufResponseRowDeserializer(ProtobufResponseRowDeserializer):
    """Reads the answers of KMeans.

    Parameters
    ----------
    distance_to_cluster_column_name : str, default "distance_to_cluster"
        A column of doubles.
    closest_cluster_column_name : str, default "closest_cluster"
        A column of doubles.
    """

    def __init__(
        self,
        distance_to_cluster_column_name: str = "distance_to_cluster",
        closest_cluster_column_name: str = "closest_cluster",
    ) -> None:
        self.distance_to_cluster_column_name = distance_to_cluster_column_name
        self.closest_cluster_column_name = closest_cluster_column_name
        super().__init__(
            _schema(
                (distance_to_cluster_column_name, _NUMBER), (closest_cluster_column_name, _NUMBER)
            ),
            ["distance_to_cluster", "closest_cluster"],
        )


class PCAProtobufResponseRowDeserializer(ProtobufResponseRowDeserializer):
    """Reads the answers of PCA.

    Parameters
    ----------
    projection_column_name : str, default "projection"
        A column of vectors. The service gives the components the least important first.
    size : int, optional
        The number of components, where it is known.
    """

    def __init__(
        self, projection_column_name: str = "projection", *, size: int | None = None
    ) -> None:
        self.projection_column_name = projection_column_name
        super().__init__(_schema((projection_column_name, _VECTOR)), ["projection"], size=size)


class LDAProtobufResponseRowDeserializer(ProtobufResponseRowDeserializer):
    """Reads the answers of LDA.

    Parameters
    ----------
    projection_column_name : str, default "topic_mixture"
        A column of vectors, the share of each topic.
    size : int, optional
        The number of topics, where it is known.
    """

    def __init__(
        self, projection_column_name: str = "topic_mixture", *, size: int | None = None
    ) -> None:
        self.projection_column_name = projection_column_name
        super().__init__(_schema((projection_column_name, _VECTOR)), ["topic_mixture"], size=size)


class _ScoreAndLabel(ProtobufResponseRowDeserializer):
    """Reads a score and a predicted label."""

    _score: DataType = _NUMBER

    def __init__(
        self,
        score_column_name: str = "score",
        predicted_label_column_name: str = "predicted_label",
        *,
        size: int | None = None,
    ) -> None:
        self.score_column_name = score_column_name
        self.predicted_label_column_name = predicted_label_column_name
        super().__init__(
            _schema((score_column_name, self._score), (predicted_label_column_name, _NUMBER)),
            ["score", "predicted_label"],
            size=size,
        )


class LinearLearnerBinaryClassifierProtobufResponseRowDeserializer(_ScoreAndLabel):
    """Reads the answers of Linear Learner with two classes.

    Parameters
    ----------
    score_column_name : str, default "score"
        A column of doubles.
    predicted_label_column_name : str, default "predicted_label"
        A column of doubles.
    """

    def __init__(
        self, score_column_name: str = "score", predicted_label_column_name: str = "predicted_label"
    ) -> None:
        super().__init__(score_column_name, predicted_label_column_name)


class LinearLearnerMultiClassClassifierProtobufResponseRowDeserializer(_ScoreAndLabel):
    """Reads the answers of Linear Learner with several classes.

    Parameters
    ----------
    score_column_name : str, default "score"
        A column of vectors, a score a class.
    predicted_label_column_name : str, default "predicted_label"
        A column of doubles.
    size : int, optional
        The number of classes, where it is known.
    """

    _score = _VECTOR


class FactorizationMachinesBinaryClassifierDeserializer(
    LinearLearnerBinaryClassifierProtobufResponseRowDeserializer
):
    """Reads the answers of Factorization Machines with two classes.

    Parameters
    ----------
    score_column_name : str, default "score"
        A column of doubles.
    predicted_label_column_name : str, default "predicted_label"
        A column of doubles.
    """


class LinearLearnerRegressorProtobufResponseRowDeserializer(ProtobufResponseRowDeserializer):
    """Reads the answers of Linear Learner for regression.

    Parameters
    ----------
    score_column_name : str, default "score"
        A column of doubles.
    """

    def __init__(self, score_column_name: str = "score") -> None:
        self.score_column_name = score_column_name
        super().__init__(_schema((score_column_name, _NUMBER)), ["score"])


class FactorizationMachinesRegressorDeserializer(
    LinearLearnerRegressorProtobufResponseRowDeserializer
):
    """Reads the answers of Factorization Machines for regression.

    Parameters
    ----------
    score_column_name : str, default "score"
        A column of doubles.
    """


def _schema(*columns: tuple[str, DataType]) -> StructType:
    return StructType([StructField(name, kind) for name, kind in columns])
