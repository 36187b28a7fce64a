"""Whether a serializer and a deserializer can score, before anything is started."""

from __future__ import annotations

from pyspark.ml.linalg import VectorUDT
from pyspark.sql.types import ArrayType, DataType, MapType, StructType, UserDefinedType

from sparkml_sm.errors import ConfigurationError
from sparkml_sm.inference.deserializers.base import ResponseRowDeserializer, positive
from sparkml_sm.inference.kinds import arrow_type
from sparkml_sm.inference.serializers.base import RequestRowSerializer

__all__ = ["checked_answers", "checked_converters"]


def checked_converters(
    serializer: object, deserializer: object
) -> tuple[RequestRowSerializer | None, ResponseRowDeserializer | None]:
    """Return both as they are; None stays None.

    Raises
    ------
    ConfigurationError
        If one is not an object of the expected class, or the deserializer declares no columns or
        columns of types that cannot be answered.
    """
    if serializer is not None and not isinstance(serializer, RequestRowSerializer):
        raise _unlike("requestRowSerializer", "RequestRowSerializer", serializer)
    if deserializer is None:
        return serializer, None
    if not isinstance(deserializer, ResponseRowDeserializer):
        raise _unlike("responseRowDeserializer", "ResponseRowDeserializer", deserializer)
    checked_answers(getattr(deserializer, "schema", None))
    positive(deserializer.bytesPerRow, "bytesPerRow")
    return serializer, deserializer


def checked_answers(schema: object) -> StructType:
    """Return the schema of a deserializer, whose columns can cross to Spark.

    Raises
    ------
    ConfigurationError
        If it is no schema or has no columns, two columns have one name, or one is of a type that
        cannot be answered.
    """
    if not isinstance(schema, StructType) or not schema.fields:
        raise ConfigurationError(
            f"the schema of the response deserializer is {schema!r}: it must be a StructType of "
            "the columns that transform appends"
        )
    for place, field in enumerate(schema.fields):
        if field.name in schema.names[:place]:
            raise ConfigurationError(
                f"the response deserializer declares column {field.name!r} twice: rename one"
            )
        kind = field.dataType
        if not isinstance(kind, VectorUDT) and _holds_udt(kind):
            raise ConfigurationError(
                f"the response deserializer declares column {field.name!r} as "
                f"{kind.simpleString()}: only VectorUDT() as a whole column can be answered, else "
                "declare lists of numbers"
            )
        arrow_type(kind)
    return schema


def _unlike(argument: str, base: str, given: object) -> ConfigurationError:
    if isinstance(given, type):
        found = f"the class {given.__name__}: call it, {given.__name__}(...)"
    else:
        found = f"of type {type(given).__name__}: derive yours from {base}"
    return ConfigurationError(f"{argument} must be an object made of a {base}; it is {found}")


def _holds_udt(kind: DataType) -> bool:
    if isinstance(kind, ArrayType):
        return _holds_udt(kind.elementType)
    if isinstance(kind, MapType):
        return _holds_udt(kind.keyType) or _holds_udt(kind.valueType)
    if isinstance(kind, StructType):
        return any(_holds_udt(field.dataType) for field in kind.fields)
    return isinstance(kind, UserDefinedType)
