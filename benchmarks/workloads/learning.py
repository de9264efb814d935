"""Learning: regression, networks of every size, convolutions, attention, training."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import Library
from benchmarks.workloads.workload import Call, Workload, jitted

Layers = list[tuple[Any, Any]]


def layers(rng: np.random.Generator, widths: tuple[int, ...]) -> Layers:
    """Weights and biases between layers of those widths."""
    return [
        (rng.normal(size=(m, n)) / np.sqrt(m), np.zeros(n))
        for m, n in itertools.pairwise(widths)
    ]


def logistic_regression(lib: Library, seed: int) -> Call:
    """Loss and gradient for 1000 examples of 30 features."""
    xp = lib.np
    rng = np.random.default_rng(seed)

    def loss(w: Any, x: Any, y: Any) -> Any:
        z = x @ w
        return xp.mean(
            xp.log(1.0 + xp.exp(-xp.abs(z))) + xp.where(z > 0, z, 0.0 * z) - y * z
        )

    x = rng.normal(size=(1000, 30))
    y = np.asarray(rng.uniform(size=1000) < 0.5, dtype=np.float64)
    return jitted(lib, lib.grad(loss), (0.1 * rng.normal(size=30), x, y))


def mlp_loss(xp: Any, params: Layers, x: Any, y: Any) -> Any:
    """Mean square error of a network of tanh layers."""
    h = x
    for w, b in params[:-1]:
        h = xp.tanh(h @ w + b)
    w, b = params[-1]
    error = h @ w + b - y
    return xp.mean(error * error)


def mlp(lib: Library, seed: int, *, widths: tuple[int, ...], batch: int) -> Call:
    """Value and gradient of a network, all its weights among the results."""
    rng = np.random.default_rng(seed)
    args = (
        layers(rng, widths),
        rng.normal(size=(batch, widths[0])),
        rng.normal(size=(batch, widths[-1])),
    )
    gradient = lib.grad(partial(mlp_loss, lib.np))
    call = jitted(lib, gradient, args)
    return lambda: call()[0][0]


def training(lib: Library, seed: int, *, steps: int) -> Call:
    """A whole loop of gradient descent with momentum in one compiled function."""
    api, xp = lib.api, lib.np
    rng = np.random.default_rng(seed)

    def train(params: Any, x: Any, y: Any) -> Any:
        def step(state: Any, _: Any) -> Any:
            params, velocity = state
            slope = api.grad(partial(mlp_loss, xp))(params, x, y)
            velocity = api.tree_util.tree_map(
                lambda v, g: 0.9 * v - 0.01 * g, velocity, slope
            )
            params = api.tree_util.tree_map(lambda p, v: p + v, params, velocity)
            return (params, velocity), None

        still = api.tree_util.tree_map(xp.zeros_like, params)
        return api.lax.scan(step, (params, still), None, steps)[0][0][0][0]

    args = (
        layers(rng, (8, 32, 32, 1)),
        rng.normal(size=(32, 8)),
        rng.normal(size=(32, 1)),
    )
    return jitted(lib, train, args)


def per_example(lib: Library, seed: int) -> Call:
    """A gradient for each of 128 examples of a network 32-64-10."""
    api = lib.api
    rng = np.random.default_rng(seed)
    args = (
        layers(rng, (32, 64, 10)),
        rng.normal(size=(128, 32)),
        rng.normal(size=(128, 10)),
    )
    gradients = api.vmap(api.grad(partial(mlp_loss, lib.np)), in_axes=(None, 0, 0))
    call = jitted(lib, gradients, args)
    return lambda: call()[1][0]


def convolutional(lib: Library, seed: int) -> Call:
    """Gradient of two convolutions, pooling and a dense layer, 16 images of 28 x 28."""
    api, xp = lib.api, lib.np
    rng = np.random.default_rng(seed)
    numbers = ("NHWC", "HWIO", "NHWC")

    def pool(h: Any) -> Any:
        n, rows, columns, c = h.shape
        return xp.max(h.reshape(n, rows // 2, 2, columns // 2, 2, c), axis=(2, 4))

    def loss(params: Any, x: Any, y: Any) -> Any:
        h = x
        for kernel in params[:2]:
            h = api.lax.conv_general_dilated(
                h, kernel, (1, 1), "SAME", dimension_numbers=numbers
            )
            h = pool(xp.maximum(h, 0.0))
        logits = h.reshape(h.shape[0], -1) @ params[2]
        return xp.mean((logits - y) ** 2)

    params = [
        0.3 * rng.normal(size=(3, 3, 1, 16)),
        0.1 * rng.normal(size=(3, 3, 16, 32)),
        0.05 * rng.normal(size=(7 * 7 * 32, 10)),
    ]
    args = (params, rng.normal(size=(16, 28, 28, 1)), rng.normal(size=(16, 10)))
    call = jitted(lib, api.grad(loss), args)
    return lambda: call()[1]


def attention(lib: Library, seed: int, *, gradient: bool) -> Call:
    """One layer of attention: batch 4, 128 positions, 4 heads of width 32."""
    xp = lib.np
    rng = np.random.default_rng(seed)

    def loss(weights: Any, x: Any) -> Any:
        q, k, v = ((x @ w).reshape(4, 128, 4, 32) for w in weights[:3])
        q, k, v = (xp.transpose(a, (0, 2, 1, 3)) for a in (q, k, v))
        scores = q @ xp.transpose(k, (0, 1, 3, 2)) / 32.0**0.5
        e = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
        p = e / xp.sum(e, axis=-1, keepdims=True)
        out = xp.transpose(p @ v, (0, 2, 1, 3)).reshape(4, 128, 128) @ weights[3]
        return xp.mean(out * out)

    weights = [rng.normal(size=(128, 128)) / 11.0 for _ in range(4)]
    f = lib.api.grad(loss) if gradient else loss
    call = jitted(lib, f, (weights, rng.normal(size=(4, 128, 128))))
    return (lambda: call()[0]) if gradient else call


SMALL, MIDDLE, LARGE = (8, 32, 32, 1), (32, 64, 64, 10), (784, 256, 128, 10)

WORKLOADS = [
    Workload(
        "logistic regression, gradient",
        logistic_regression,
        {"jax": 1.0},
        needs=("grad",),
    ),
    *(
        Workload(
            f"MLP {'-'.join(map(str, widths))}, batch {batch}, gradient",
            partial(mlp, widths=widths, batch=batch),
            {"jax": bar},
            needs=("grad",),
            tolerance=1e-6,
        )
        for widths, bar in ((SMALL, 5.0), (MIDDLE, 2.0), (LARGE, 1.3))
        for batch in (32, 128, 1024)
    ),
    Workload(
        "training loop of 1000 steps, MLP 8-32-32-1",
        partial(training, steps=1000),
        {"jax": 1.0},
        divisor=1000,
        tolerance=1e-5,
    ),
    Workload(
        "per-example gradients, 128 of an MLP 32-64-10", per_example, {"jax": 1.0}
    ),
    Workload(
        "convolutional net, gradient", convolutional, {"jax": 1.0}, tolerance=1e-6
    ),
    *(
        Workload(
            f"attention: {kind}",
            partial(attention, gradient=kind == "gradient"),
            {"jax": 1.0},
            tolerance=1e-6,
        )
        for kind in ("forward", "gradient")
    ),
]
