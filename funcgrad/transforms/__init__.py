"""The engine: staging, jvp, linearize, transpose and batch; it names no primitive."""
