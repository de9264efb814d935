"""The backend: jaxpr to native code through Numba; it names no primitive."""
