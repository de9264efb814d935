"""Programs that every composition of transforms is checked on: R -> R, smooth there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import funcgrad as fg
from funcgrad import lax

XS = np.array([0.3, 0.5, 0.7])


def arithmetic(x):
    return x * x * x - 2.0 * x / (1.0 + x * x)


def elementary(x):
    return np.sin(x) * np.exp(-x) + np.tanh(x * x)


def arrays(x):
    v = x * XS
    return np.sum(np.sin(v) * v) + np.dot(v, XS * x)


def matrices(x):
    a = np.outer(XS, XS) * x + np.eye(3)
    return np.sum(np.tanh(a @ a) @ (XS * x))


def indexing(x):
    v = x * XS
    w = np.concatenate([v[:1], np.sin(v[1:2]), v[2:]])
    return np.sum(w * w * v[::-1]) + v[2] * x


def branches(x):
    return lax.cond(x > 0.5, lambda x: np.sin(x) * x, lambda x: x * x * x, x)


def switched(x):
    return lax.switch(2, [lambda x: x, np.sin, lambda x: np.sin(x) * x * x], x)


def scanned(x):
    carry, ys = lax.scan(lambda c, a: (np.sin(c) * a + x * x, c * x), x, XS)
    return carry + np.sum(ys * ys)


def scanned_backwards(x):
    carry, ys = lax.scan(lambda c, a: (c * a + np.sin(x), c), x, XS, reverse=True)
    return carry * ys[0]


def looped(x):
    return lax.fori_loop(0, 4, lambda i, c: c * np.sin(c + i), x)


def until(x):
    return lax.while_loop(lambda c: c < 10.0, lambda c: c * c + x + 1.0, x)


def until_with_counter(x):
    def body(state):
        i, c = state
        return i + 1, np.sin(c) * x + c

    return lax.while_loop(lambda s: s[0] < 5, body, (0, x))[1]


def dynamic_loop(x):
    count = np.asarray(3)
    traced = lax.cond(x > -100.0, lambda: count, lambda: count + 1)
    return lax.fori_loop(0, traced, lambda i, c: c * np.cos(c) + x, x)


def nested_loops(x):
    def inner(c):
        return lax.while_loop(lambda d: d < c + 2.0, lambda d: d * 1.3 + 0.3 * x, c)

    def outer(c, a):
        c = lax.cond(c < 4.0, inner, np.sin, c)
        return c, c * a

    return np.sum(lax.scan(outer, x + 0.2, XS)[1])


def jitted_inside(x):
    inner = fg.jit(lambda x, y: np.sin(x) * y)
    return inner(x, x * x) + inner(inner(x, 2.0), x)


def differentiated_inside(x):
    return fg.grad(lambda y: np.sin(y * x) * y)(x) + fg.jvp(np.exp, (x,), (x,))[1]


def mapped_inside(x):
    return np.sum(fg.vmap(lambda a: np.sin(a * x) * a)(XS))


def rematerialised(x):
    return fg.checkpoint(lambda x: np.sin(np.sin(x) * x))(x) * x


@fg.custom_jvp
def _own_tangent(x, y):
    return np.sin(x) * y


_own_tangent.defjvps(
    lambda t, _, x, y: np.cos(x) * y * t, lambda t, _, x, y: np.sin(x) * t
)


def custom_tangent(x):
    return _own_tangent(x, x * x) * x


@fg.custom_vjp
def _own_cotangent(x, y):
    return np.sin(x) * y


_own_cotangent.defvjp(
    lambda x, y: (_own_cotangent(x, y), (x, y)),
    lambda res, ct: (np.cos(res[0]) * res[1] * ct, np.sin(res[0]) * ct),
)


def custom_cotangent(x):
    return _own_cotangent(x, x * x) * x


def custom_in_scan(x):
    return lax.scan(lambda c, a: (_own_cotangent(c, a + x), None), x, XS)[0]


def implicit_root(x):
    def newton(f, y):
        return lax.while_loop(
            lambda y: np.abs(f(y)) > 1e-13, lambda y: y - f(y) / (3.0 * y * y), y
        )

    a = x * x + 1.0
    return lax.custom_root(
        lambda y: y * y * y - a, 1.0, newton, lambda g, z: z / g(1.0)
    )


def implicit_solve(x):
    a = np.outer(XS, XS) + np.eye(3) * (1.0 + x * x)
    b = XS * x

    def richardson(matvec, b):
        return lax.fori_loop(0, 40, lambda _, y: y + (b - matvec(y)) / 2.0, np.zeros(3))

    y = lax.custom_linear_solve(lambda v: a @ v, b, richardson, symmetric=True)
    return np.sum(y * y)


def prefix(x):
    return np.sum(lax.associative_scan(lambda a, b: a * b + a, XS * x))


def over_axis(x):
    return np.sum(
        fg.vmap(lambda a: np.sin(a * x) / lax.psum(a * a * x, "i"), axis_name="i")(XS)
    )


PROGRAMS: list[Callable] = [
    arithmetic,
    elementary,
    arrays,
    matrices,
    indexing,
    branches,
    switched,
    scanned,
    scanned_backwards,
    looped,
    until,
    until_with_counter,
    dynamic_loop,
    nested_loops,
    jitted_inside,
    differentiated_inside,
    mapped_inside,
    rematerialised,
    custom_tangent,
    custom_cotangent,
    custom_in_scan,
    implicit_root,
    implicit_solve,
    prefix,
    over_axis,
]
POINT = 0.8
