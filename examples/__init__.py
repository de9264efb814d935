"""Runnable examples; the tests run each of them."""
