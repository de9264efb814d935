"""Programs that use einops, written for JAX."""

import jax
import jax.numpy as jnp
import numpy as np
from einops import einsum, pack, parse_shape, rearrange, reduce, repeat, unpack

IMAGES = np.random.default_rng(0).normal(size=(2, 4, 3, 2))
WEIGHTS = np.random.default_rng(1).normal(size=(2, 3))


def under_jit(function):
    x = jnp.asarray(IMAGES)
    gradient = jax.grad(lambda x: jnp.sum(function(x) ** 2))
    return (
        function(x),
        jax.jit(function)(x),
        jax.jit(gradient)(x),
        jax.vmap(function)(x[None]),
    )


def packed(x):
    y, shapes = pack([x, x[..., 0]], "b h *")
    first, second = unpack(2 * y, shapes, "b h *")
    return first * second[..., None]


FUNCTIONS = {
    "flatten": lambda x: rearrange(x, "b h w c -> b (h w c)"),
    "transpose": lambda x: rearrange(x, "b h w c -> c w h b"),
    "patches": lambda x: rearrange(x, "b (h i) (w j) c -> b (h w) (i j c)", i=2, j=3),
    "max pool": lambda x: reduce(x, "b (h i) (w j) c -> b h w c", "max", i=2, j=3),
    "mean": lambda x: reduce(x, "b h w c -> b c", "mean"),
    "sum kept": lambda x: reduce(x, "b h w c -> b () () c", "sum"),
    "repeat": lambda x: repeat(x, "b h w c -> b (h 2) (w k) c", k=3),
    "new axis": lambda x: repeat(x, "b h w c -> b h n w c", n=2),
    "einsum": lambda x: einsum(x, jnp.asarray(WEIGHTS), "b h w c, c d -> b h d"),
    "pack": packed,
    "logsumexp": lambda x: reduce(x, "b h w c -> b h", jax.scipy.special.logsumexp),
    "stack": lambda x: rearrange([x, 2 * x], "n b h w c -> b (n c) h w"),
}

PROGRAMS = {
    **{k: (lambda v=v: under_jit(v)) for k, v in FUNCTIONS.items()},
    "shape": lambda: list(parse_shape(jnp.asarray(IMAGES), "b h w c").values()),
}
