"""The class of traced arrays."""

from funcgrad.core.tracer import ArrayTracer as ArrayBox

__all__ = ["ArrayBox"]
