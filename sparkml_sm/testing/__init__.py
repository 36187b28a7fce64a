"""Contract suites that a new format, algorithm or way of inference inherits; they need pytest."""
