"""Rows to Spark: the Params of a stage, with setters, getters and documentation."""
