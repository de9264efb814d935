"""jacfwd, jacrev, jacobian, hessian, hvp: values, trees, chunks, modes, errors."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax

X = np.array([1.0, 2.0, 3.0])
MODES = [fg.jacfwd, fg.jacrev, fg.jacobian]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("chunk_size", [None, 1, 2, 3, 100])
@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_trees(mode, chunk_size, jit):
    def f(x, y):
        return {"sum": np.sum(x * y), "outer": np.sin(x)[:, None] * x * y}

    got = jit(mode(f, (0, 1), chunk_size=chunk_size))(X, 2.0)
    np.testing.assert_allclose(got["sum"][0], np.full(3, 2.0))
    np.testing.assert_allclose(got["sum"][1], 6.0)
    eye = np.eye(3)
    want = np.einsum("i,ik,j->ijk", np.cos(X), eye, X) + np.einsum(
        "i,jk->ijk", np.sin(X), eye
    )
    np.testing.assert_allclose(got["outer"][0], 2 * want)
    np.testing.assert_allclose(got["outer"][1], np.outer(np.sin(X), X))


@pytest.mark.parametrize("mode", MODES)
def test_nested_argument(mode):
    got = mode(lambda p: p["a"] * p["b"][0])({"a": X, "b": [2.0]})
    np.testing.assert_allclose(got["a"], 2 * np.eye(3))
    np.testing.assert_allclose(got["b"][0], X)


@pytest.mark.parametrize("mode", MODES)
def test_aux_and_names(mode):
    jac, aux = mode(lambda x, k: (x * k, "note"), has_aux=True, argnames="k")(X, k=2.0)
    np.testing.assert_allclose(jac, X)
    assert aux == "note"


@pytest.mark.parametrize("mode", MODES)
def test_constant_results(mode):
    np.testing.assert_array_equal(mode(lambda x: np.ones(2))(X), np.zeros((2, 3)))


def test_mode_follows_from_the_shapes():
    def passes(f, x):
        closed = fg.make_jaxpr(fg.jacobian(f))(x)
        return max(
            v.aval.shape[0]
            for eqn in closed.eqns
            for v in eqn.outvars
            if v.aval.shape and eqn.primitive.name in ("strong_mul", "mul")
        )

    assert passes(lambda x: np.sin(x[0]) * np.sin(x) * np.ones((4, 1)), np.ones(2)) >= 2
    wide = fg.jacobian(lambda x: np.sum(np.sin(x)))(np.ones(50))
    np.testing.assert_allclose(wide, np.cos(np.ones(50)))


def test_holomorphic():
    z = np.array([1 + 2j, 0.5j])
    want = np.diag(2 * z)
    for mode in MODES:
        np.testing.assert_allclose(mode(lambda z: z * z, holomorphic=True)(z), want)


def test_complex_results_of_real_arguments():
    got = fg.jacfwd(lambda x: np.exp(1j * x))(0.3)
    np.testing.assert_allclose(got, 1j * np.exp(0.3j))
    with pytest.raises(errors.GradientTypeError, match="reverse mode"):
        fg.jacrev(lambda x: np.exp(1j * x))(0.3)


def test_hessian():
    def f(x):
        return np.sum(x**3) * x[0]

    h = fg.hessian(f)(X)
    eps = 1e-5
    want = np.stack(
        [
            (fg.grad(f)(X + eps * e) - fg.grad(f)(X - eps * e)) / (2 * eps)
            for e in np.eye(3)
        ]
    )
    np.testing.assert_allclose(h, want, rtol=1e-6)
    np.testing.assert_allclose(fg.jit(fg.hessian(f, chunk_size=2))(X), h)


def test_hessian_of_trees():
    h = fg.hessian(lambda p: p["a"] * p["b"] ** 2)({"a": 2.0, "b": 3.0})
    assert (h["a"]["a"], h["a"]["b"], h["b"]["b"]) == (0.0, 6.0, 4.0)


def test_hvp():
    def f(p, y):
        return np.sum(p["w"] ** 3) * y

    v = {"w": np.array([1.0, 0.0, 2.0])}
    dw, dy = fg.hvp(f, ({"w": X}, 2.0), (v, 1.0))
    np.testing.assert_allclose(dw["w"], 12 * X * v["w"] + 3 * X**2)
    np.testing.assert_allclose(dy, np.sum(3 * X**2 * v["w"]))
    single = fg.hvp(lambda x: np.sum(x**3), (X,), (np.ones(3),))
    np.testing.assert_allclose(single, 6 * X)


def test_integer_argument():
    with pytest.raises(errors.GradientTypeError):
        fg.jacfwd(lambda n: n * 1.0)(3)


@pytest.mark.parametrize("chunk_size", [None, 1])
def test_aux_beside_loops_by_forward_mode(chunk_size):
    """What does not depend on the direction comes out without a batch axis."""

    def f(x):
        last, kept = lax.scan(lambda c, _: (c * x, c), x, None, length=2)
        return fg.jit(np.sin)(last), (kept, fg.jit(np.cos)(x))

    x = np.array([0.5, 1.5])
    jacobian, (kept, cosine) = fg.jacfwd(f, has_aux=True, chunk_size=chunk_size)(x)
    np.testing.assert_allclose(jacobian, np.diag(np.cos(x**3) * 3 * x**2), rtol=1e-14)
    np.testing.assert_allclose(kept, [x, x * x], rtol=1e-14)
    np.testing.assert_allclose(cosine, np.cos(x), rtol=1e-14)


def test_jacobian_with_respect_to_nothing():
    jacobian, aux = fg.jacfwd(lambda x: (np.sum(x) * np.ones(2), x), has_aux=True)(
        np.zeros(0)
    )
    assert (jacobian.shape, aux.shape) == ((2, 0), (0,))
