"""Programs to copy from: `python -m examples.NAME` runs one, see README.md."""
