"""Programs that are exported, with arguments of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import funcgrad as fg
from funcgrad import lax

rng = np.random.default_rng(0)


class Program(NamedTuple):
    function: Callable[..., Any]
    args: tuple[Any, ...]


def mlp(params: Any, x: Any, y: Any) -> Any:
    for w, b in params[:-1]:
        x = np.tanh(x @ w + b)
    w, b = params[-1]
    return np.mean((x @ w + b - y) ** 2)


def logistic_loss(w: Any, x: Any, y: Any) -> Any:
    return np.sum(np.logaddexp(0, -y * (x @ w)))


def log_sum_exp(x: Any) -> Any:
    top = x.max(axis=1, keepdims=True)
    return np.sum(np.log(np.sum(np.exp(x - top), axis=1)) * np.arange(5.0))


def softmax(x: Any) -> Any:
    return np.sum(fg.nn.softmax(x, axis=0) ** 2)


def lorenz(state: Any) -> Any:
    def slope(s: Any) -> Any:
        x, y, z = s
        return np.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8 / 3 * z])

    def step(s: Any, _: Any) -> Any:
        k1 = slope(s)
        k2 = slope(s + 0.005 * k1)
        k3 = slope(s + 0.005 * k2)
        k4 = slope(s + 0.01 * k3)
        s = s + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return s, s

    return np.sum(lax.scan(step, state, None, length=20)[1] ** 2)


def kalman(a: Any, q: Any, ys: Any) -> Any:
    def step(carry: Any, y: Any) -> Any:
        m, p, total = carry
        m, p = a @ m, a @ p @ a.T + q * np.eye(2)
        s = p[0, 0] + 0.1
        gain = p[:, 0] / s
        error = y - m[0]
        total = total + 0.5 * (np.log(s) + error**2 / s)
        return (m + gain * error, p - np.outer(gain, p[0]), total), m[0]

    start = (np.zeros(2), np.eye(2), 0.0)
    (_, _, total), means = lax.scan(step, start, ys)
    return total + np.sum(means) * 1e-3


def newton(a: Any) -> Any:
    return lax.while_loop(
        lambda x: np.abs(x * x - a) > 1e-13 * a, lambda x: (x + a / x) / 2, a
    )


def indexed(x: Any, k: Any) -> Any:
    y = x[np.array([0, 2, 2, 1])] * x[1:, None, 0, None]
    y = fg.numpy.asarray(y).at[1:, k].add(x[k, 0])
    return np.sum(y * y) + np.sum(lax.dynamic_slice(x, (k, 0), (2, 1)))


def chosen(x: Any) -> Any:
    return lax.cond(x[0] > 0.0, lambda v: np.sum(np.sin(v)), lambda v: v @ v, x)


def switched(k: Any, x: Any) -> Any:
    return lax.switch(k, [np.sin, np.cos, lambda v: v**-3], x)


def solved(a: Any, b: Any) -> Any:
    return np.sum(np.linalg.solve(a, b) ** 2)


def factored(a: Any) -> Any:
    return np.sum(np.log(np.diag(np.linalg.cholesky(a @ a.T + np.eye(3)))))


def joined(x: Any, y: Any) -> Any:
    z = np.concatenate([np.cumsum(x[::-1]), np.pad(y[::2], (1, 2)) ** 3])
    z = np.where(z > 0, np.sqrt(z), 0.0)
    w = z[None, :, None] * np.ones((2, 1, 3))
    return np.sum(w.transpose(2, 0, 1).reshape(6, -1).max(axis=1)) + np.prod(y)


def single(x: Any) -> Any:
    return np.exp(x) / (1 + x**4) * np.float32(0.3) + fg.nn.sigmoid(x)


def batched_product(a: Any, b: Any) -> Any:
    return np.einsum("bij,bkj->ik", a, b)


A = rng.normal(size=(3, 3)) + 3 * np.eye(3)
PARAMS = [
    (rng.normal(size=(3, 4)), rng.normal(size=4)),
    (rng.normal(size=(4, 1)), np.zeros(1)),
]
X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 1))
KALMAN = (np.array([[1.0, 0.1], [0.0, 0.9]]), 0.3, rng.normal(size=12))
WEIGHTS = rng.normal(size=(300, 5))

PROGRAMS: dict[str, Program] = {
    "mlp": Program(fg.jit(fg.value_and_grad(mlp)), (PARAMS, X, Y)),
    "logistic": Program(fg.value_and_grad(logistic_loss), (X[0], X, np.sign(Y[:, 0]))),
    "log_sum_exp": Program(fg.grad(log_sum_exp), (X,)),
    "lorenz_grad": Program(fg.grad(lorenz), (np.ones(3),)),
    "kalman_grad": Program(fg.grad(kalman, (0, 1, 2)), KALMAN),
    "kalman_vmap": Program(
        fg.vmap(fg.grad(kalman, 1), (None, 0, None)),
        (KALMAN[0], np.array([0.1, 0.2, 0.3]), KALMAN[2]),
    ),
    "newton_vmap": Program(fg.vmap(newton), (np.array([2.0, 3.0, 1e4]),)),
    "indexed": Program(fg.value_and_grad(indexed), (rng.normal(size=(4, 2)), 1)),
    "switched": Program(fg.value_and_grad(switched, 1), (2, 0.7)),
    "solved_vmap": Program(
        fg.vmap(fg.grad(solved), (0, None)), (np.stack([A, A.T]), X[0])
    ),
    "factored": Program(fg.grad(factored), (A,)),
    "joined": Program(
        fg.value_and_grad(joined, (0, 1)), (np.arange(4.0), rng.normal(size=5))
    ),
    "single": Program(
        fg.vmap(fg.value_and_grad(single)), (np.linspace(-1, 1, 5, dtype=np.float32),)
    ),
    "integers": Program(batched_product, (np.arange(24).reshape(2, 3, 4),) * 2),
    "constants": Program(lambda x: WEIGHTS @ x + np.arange(300.0), (np.ones(5),)),
}
