"""Interleaved comparisons with other libraries; run by ``python -m benchmarks``."""
