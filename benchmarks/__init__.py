"""Benchmarks of staging, scoring, memory and fit, where possible against the predecessor."""
