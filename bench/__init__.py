"""Benchmarks that anyone can run: ratios and tables, never timed tests."""
