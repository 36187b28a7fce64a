"""The predecessor's import paths for serializers and deserializers."""
