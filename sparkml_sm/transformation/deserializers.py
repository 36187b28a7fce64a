"""Response deserializers, under the predecessor's import path."""

from sparkml_sm.inference.deserializers import ResponseRowDeserializer, XGBoostCSVRowDeserializer

__all__ = ["ResponseRowDeserializer", "XGBoostCSVRowDeserializer"]
