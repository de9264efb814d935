"""Functions with batching rules of their own, under JAX's name."""

from funcgrad.ops.control.custom_vmap import custom_vmap as custom_vmap
