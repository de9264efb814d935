"""Loops whose small arrays have a register for each entry."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad import lax


def lorenz(s, _):
    x, y, z = s[0], s[1], s[2]
    slope = fnp.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 2.5 * z])
    return s + 0.01 * slope, fnp.sum(slope)


def kepler(s, _):
    q, v = s[:2], s[2:]
    r2 = fnp.sum(q * q)
    return s + 0.01 * fnp.concatenate([v, -q / (r2 * fnp.sqrt(r2))]), s[::-1]


def turned(m, x):
    rows = fnp.stack([m[1], m[0] * x]).T
    return fnp.where(rows > 0, rows, -rows) + fnp.exp(-rows * rows), rows.reshape(4)


def integers(n, i):
    return fnp.concatenate([n[1:], n[:1] + i]), n // 2


def complex_numbers(c, x):
    return fnp.stack([c[1] * x, fnp.conj(c[0]) + 1j]), abs(c)


BODIES = {
    "lorenz": (lorenz, np.array([1.0, 0.5, 2.0]), np.zeros(7)),
    "kepler": (kepler, np.array([1.0, 0.0, 0.1, 1.1]), np.zeros(7)),
    "turned": (turned, np.array([[0.3, -0.2], [1.0, 0.5]]), np.linspace(0.5, 1, 7)),
    "integers": (integers, np.array([5, 6, 7]), np.arange(7)),
    "complex": (complex_numbers, np.array([1 + 2j, 0.5j]), np.linspace(0.5, 1, 7)),
    "float32": (lorenz, np.ones(3, np.float32), np.zeros(7)),
}


@pytest.mark.parametrize("name", BODIES)
def test_equal_to_python(name):
    body, carry, xs = BODIES[name]
    got, got_ys = fg.jit(lambda c, xs: lax.scan(body, c, xs))(carry, xs)
    ys = []
    for x in xs:
        carry, y = body(carry, x)
        ys.append(y)
    assert got.dtype == carry.dtype
    np.testing.assert_allclose(got, carry, rtol=1e-6 if carry.itemsize == 4 else 1e-14)
    np.testing.assert_allclose(got_ys, ys, rtol=2e-5 if carry.itemsize == 4 else 1e-14)


@pytest.mark.parametrize("name", ["lorenz", "kepler", "turned"])
def test_derivatives(name):
    body, carry, xs = BODIES[name]

    def end(carry):
        total, ys = lax.scan(body, carry, xs)
        return fnp.sum(total**2) + fnp.sum(ys)

    fg.test_util.check_grads(fg.jit(end), (carry,), order=2, modes=("fwd", "rev"))


def test_loops_of_unknown_length():
    def steps(s):
        def inside(s):
            return s[0] * s[0] + s[1] * s[1] < 50.0

        return lax.while_loop(inside, lambda s: lorenz(s, None)[0], s)

    start = np.array([1.0, 0.5, 2.0])
    want = start
    while want[0] ** 2 + want[1] ** 2 < 50.0:
        want = lorenz(want, None)[0]
    np.testing.assert_allclose(fg.jit(steps)(start), want, rtol=1e-13)


def test_stages_do_not_wait_for_each_other():
    f = fg.jit(lambda s: lax.scan(kepler, s, None, length=50)[0])
    program = f.lower(np.ones(4)).as_text("llvm")
    assert "fmul double" in program
    assert "fmul <" not in program
