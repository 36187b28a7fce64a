"""A DataFrame becomes objects in S3: exactly its rows, whole or not at all."""
