"""The language: avals, primitives, jaxprs, traces and tracers."""
