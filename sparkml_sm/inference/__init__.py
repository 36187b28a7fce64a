"""Rows to payloads, payloads to answers, answers beside their rows: one file a way of inference."""
