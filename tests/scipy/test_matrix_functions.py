"""Functions of matrices and their Schur forms against SciPy's, with derivatives."""

import numpy as np
import pytest
import scipy.linalg

import funcgrad as fg
from funcgrad.errors import DifferentiationError, ShapeError
from funcgrad.scipy import linalg
from funcgrad.test_util import check_grads

RNG = np.random.default_rng(0)


def draw(*shape, kind="real"):
    a = RNG.normal(size=shape) + 1j * RNG.normal(size=shape)
    return a if kind == "complex" else a.real


KINDS = pytest.mark.parametrize("kind", ["real", "complex"])
SIZES = pytest.mark.parametrize("n", [1, 2, 5])
RUNS = pytest.mark.parametrize("run", [lambda f: f, fg.jit], ids=["plain", "jit"])


@KINDS
@RUNS
@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 30.0])
def test_expm(scale, kind, run):
    a = np.stack([scale * draw(4, 4, kind=kind), draw(4, 4, kind=kind)])
    want = scipy.linalg.expm(a)
    got = run(linalg.expm)(a)
    assert got.dtype == want.dtype
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9 * np.abs(other).max())
    single = run(linalg.expm)((a / (1 + scale)).astype(np.complex64))
    np.testing.assert_allclose(single, scipy.linalg.expm(a / (1 + scale)), rtol=1e-3)


def test_expm_of_triangles_large_and_not_finite():
    a = np.triu(draw(4, 4))
    got = linalg.expm(a, upper_triangular=True)
    np.testing.assert_allclose(got, scipy.linalg.expm(a), rtol=1e-9, atol=1e-12)
    assert np.isnan(linalg.expm(1e3 * np.eye(2), max_squarings=3)).all()
    assert np.isnan(fg.jit(linalg.expm)(np.full((2, 2), np.nan))).all()
    assert linalg.expm(np.zeros((0, 0))).shape == (0, 0)


def test_derivatives_of_expm():
    a, e = draw(3, 3), draw(3, 3)
    check_grads(linalg.expm, (a,), order=2, rtol=1e-4, atol=1e-5)
    check_grads(fg.jit(linalg.expm), (5 * a,), order=1, rtol=1e-4, atol=1e-4)
    want = scipy.linalg.expm_frechet(4 * a, e)
    for got, other in zip(linalg.expm_frechet(4 * a, e), want, strict=True):
        np.testing.assert_allclose(got, other, rtol=1e-8)
    # Where all eigenvalues are equal too.
    got = linalg.expm_frechet(np.eye(3), e, compute_expm=False)
    np.testing.assert_allclose(got, np.e * e, rtol=1e-12)
    got = fg.vmap(linalg.expm)(np.stack([a, e]))
    np.testing.assert_allclose(got, scipy.linalg.expm(np.stack([a, e])), rtol=1e-9)


@KINDS
@SIZES
@RUNS
def test_schur_and_hessenberg(n, kind, run):
    a = draw(n, n, kind=kind)
    for output in ("real", "complex"):
        t, z = run(lambda a, o=output: linalg.schur(a, o))(a)
        want = scipy.linalg.schur(a, output=output)
        np.testing.assert_allclose(t, want[0], atol=1e-9)
        np.testing.assert_allclose(z, want[1], atol=1e-9)
    h, q = run(lambda a: linalg.hessenberg(a, calc_q=True))(a)
    want = scipy.linalg.hessenberg(a, calc_q=True)
    np.testing.assert_allclose(h, want[0], atol=1e-9)
    np.testing.assert_allclose(q, want[1], atol=1e-9)
    if kind == "real":
        t, z = run(linalg.rsf2csf)(*linalg.schur(a))
        np.testing.assert_allclose(z @ t @ z.conj().T, a, atol=1e-10)
        np.testing.assert_allclose(z @ z.conj().T, np.eye(n), atol=1e-12)
        np.testing.assert_allclose(np.tril(t, -1), 0, atol=1e-10)


@pytest.mark.parametrize("f", [linalg.schur, linalg.hessenberg])
def test_forms_without_derivatives(f):
    with pytest.raises(DifferentiationError, match="has no derivative"):
        fg.jvp(f, (draw(3, 3),), (draw(3, 3),))
    bad = np.stack([draw(3, 3), np.full((3, 3), np.nan)])
    found = fg.jit(linalg.schur)(bad)
    assert all(np.isnan(x[1]).all() and np.isfinite(x[0]).all() for x in found)


@KINDS
@SIZES
@RUNS
def test_solutions_roots_and_functions(n, kind, run):
    a, b, c = draw(n, n, kind=kind), draw(3, 3, kind=kind), draw(n, 3, kind=kind)
    x = run(linalg.solve_sylvester)(a, b, c)
    assert x.dtype == a.dtype
    np.testing.assert_allclose(a @ x + x @ b, c, atol=1e-8)
    want = scipy.linalg.sqrtm(a.astype(complex))
    np.testing.assert_allclose(run(linalg.sqrtm)(a), want, atol=1e-8)
    got = run(lambda a: linalg.funm(a, np.exp))(a)
    np.testing.assert_allclose(got, scipy.linalg.expm(a), atol=1e-8)


def test_derivatives_of_solutions_and_roots():
    a, z = draw(3, 3), draw(3, 3, kind="complex")
    limits = {"order": 2, "rtol": 1e-4, "atol": 1e-4}
    systems = (a, 4 * np.eye(2) + draw(2, 2), draw(3, 2))
    check_grads(linalg.solve_sylvester, systems, **limits)
    check_grads(linalg.sqrtm, (z,), **limits)
    check_grads(lambda a: np.real(linalg.funm(a, np.sin)), (a,), **limits)


def test_derivatives_at_equal_eigenvalues():
    t, i = draw(3, 3), np.eye(3)
    for f, want in [
        (lambda a: linalg.funm(a, np.exp), np.e * t),
        (linalg.sqrtm, t / 2),
        (lambda a: linalg.polar(a)[1], (t + t.T) / 2),
    ]:
        got = fg.jvp(f, (i,), (t,))[1]
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


def test_what_does_not_fit():
    with pytest.raises(ShapeError, match="solve_sylvester"):
        linalg.solve_sylvester(np.eye(2), np.eye(2), np.eye(3))
    with pytest.raises(ShapeError):
        linalg.expm(np.ones((2, 3)))
    with pytest.raises(ValueError, match="output is"):
        linalg.schur(np.eye(2), output="none")
