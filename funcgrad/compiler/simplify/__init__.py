"""Jaxpr to smaller equal jaxpr."""
