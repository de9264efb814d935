"""Factorisations, systems and special matrices against SciPy's, with derivatives."""

import numpy as np
import pytest
import scipy.linalg

import funcgrad as fg
from funcgrad.scipy import linalg
from funcgrad.test_util import check_grads

RNG = np.random.default_rng(1)
A = RNG.normal(size=(4, 4))
Z = A + 1j * RNG.normal(size=(4, 4))
B = RNG.normal(size=(4, 2))
POSITIVE = A @ A.T + np.eye(4)
V = RNG.normal(size=4)
# Called with the same arguments, in both libraries.
CALLS = [
    ("det", (A,), {}),
    ("inv", (Z,), {}),
    ("solve", (A, B), {}),
    ("solve", (A, V), {"assume_a": "sym"}),
    ("solve", (Z, B), {"assume_a": "her", "lower": True}),
    ("solve", (POSITIVE, B), {"assume_a": "pos"}),
    ("lu_factor", (A,), {}),
    ("lu", (Z,), {}),
    ("lu", (B,), {"permute_l": True}),
    ("lu", (B.T,), {}),
    ("qr", (B,), {}),
    ("qr", (Z,), {"mode": "economic"}),
    ("qr", (B,), {"mode": "r"}),
    ("qr_multiply", (A, B.T), {}),
    ("qr_multiply", (Z, B), {"mode": "left", "conjugate": True}),
    ("svd", (B,), {"compute_uv": False}),
    ("polar", (A,), {}),
    ("polar", (Z,), {"side": "left"}),
    ("polar", (B,), {}),
    ("polar", (B.T,), {"side": "left"}),
    *[("eigh", (A, POSITIVE), {"type": k, "eigvals_only": True}) for k in (1, 2, 3)],
    ("eigh", (Z,), {"lower": False, "eigvals_only": True}),
    ("eigh_tridiagonal", (V, V[1:]), {"eigvals_only": True}),
    (
        "eigh_tridiagonal",
        (V, V[1:]),
        {"eigvals_only": True, "select": "i", "select_range": (1, 2)},
    ),
    ("block_diag", (B, V, np.eye(2)), {}),
    ("toeplitz", (V,), {}),
    ("toeplitz", (V, V[:3]), {}),
    ("toeplitz", (1j * V,), {}),
    ("hankel", (V,), {}),
    ("hankel", (V, V[1:]), {}),
    ("circulant", (V,), {}),
    ("companion", (V,), {}),
    ("fiedler", (V,), {}),
    *[("fiedler_companion", (V[:k],), {}) for k in (2, 3, 4)],
    ("fiedler_companion", (np.concatenate([V, V]),), {}),
    ("leslie", (V, V[1:]), {}),
]
CONSTANTS = [
    ("hadamard", (4,), {}),
    ("helmert", (3,), {"full": True}),
    ("hilbert", (3,), {}),
    ("invhilbert", (3,), {}),
    ("pascal", (4,), {"kind": "lower"}),
    ("invpascal", (4,), {}),
    ("dft", (5, "sqrtn"), {}),
    ("dft", (3,), {}),
]


def same(got, want):
    got, want = (x if isinstance(x, tuple) else (x,) for x in (got, want))
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("name", "args", "options"), CALLS)
def test_calls(name, args, options):
    want = getattr(scipy.linalg, name)(*args, **options)

    def call(*args):
        return getattr(linalg, name)(*args, **options)

    same(call(*args), want)
    if name in ("lu", "polar", "toeplitz", "eigh_tridiagonal", "qr_multiply", "solve"):
        same(fg.jit(call)(*args), want)


@pytest.mark.parametrize(("name", "args", "options"), CONSTANTS)
def test_constants(name, args, options):
    want = getattr(scipy.linalg, name)(*args, **options)
    same(getattr(linalg, name)(*args, **options), want)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("n", [1, 3, 4, 7])
def test_convolution_matrix(mode, n):
    want = scipy.linalg.convolution_matrix(V, n, mode)
    same(linalg.convolution_matrix(V, n, mode), want)
    same(fg.jit(lambda v: linalg.convolution_matrix(v, n, mode))(V), want)


@pytest.mark.parametrize("trans", [0, 1, 2])
@pytest.mark.parametrize("b", [B, V], ids=["matrix", "vector"])
def test_lu_solve(trans, b):
    want = scipy.linalg.lu_solve(scipy.linalg.lu_factor(Z), b, trans)
    same(linalg.lu_solve(linalg.lu_factor(Z), b, trans), want)
    solve = fg.jit(lambda a, b: linalg.lu_solve(linalg.lu_factor(a), b, trans))
    same(solve(Z, b), want)


@pytest.mark.parametrize("type", [1, 2, 3])
def test_vectors_of_pairs(type):
    w, v = linalg.eigh(A, POSITIVE, type=type)
    full = np.tril(A) + np.tril(A, -1).T
    sides = {
        1: (full @ v, POSITIVE @ v * w),
        2: (full @ POSITIVE @ v, v * w),
        3: (POSITIVE @ full @ v, v * w),
    }
    np.testing.assert_allclose(*sides[type], rtol=1e-8, atol=1e-9)
    w, v = linalg.eigh_tridiagonal(V, V[1:])
    np.testing.assert_allclose(np.linalg.norm(v, axis=0), 1)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda a, b: linalg.solve(a, b, assume_a="her"), (A, B)),
        (lambda a, b: linalg.lu_solve(linalg.lu_factor(a), b, 1), (A, V)),
        (lambda a: linalg.lu(a, permute_l=True), (A,)),
        (linalg.polar, (A,)),
        (lambda a, b: linalg.eigh(a, b, eigvals_only=True), (A, POSITIVE)),
        (linalg.toeplitz, (V, V[1:])),
        (linalg.block_diag, (B, V)),
        (linalg.companion, (V,)),
        (linalg.fiedler_companion, (V,)),
    ],
)
def test_derivatives(f, args):
    check_grads(f, args, order=1, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: linalg.polar(A, "middle"),
        lambda: linalg.qr(A, pivoting=True),
        lambda: linalg.eigh(A, type=4),
        lambda: linalg.eigh_tridiagonal(V, V[1:], select="v", select_range=(0, 1)),
        lambda: linalg.solve(A, B, assume_a="none"),
        lambda: linalg.companion(V[:1]),
        lambda: linalg.convolution_matrix(V, 2, "none"),
        lambda: linalg.dft(2, "none"),
    ],
)
def test_arguments_that_are_none_of_these(call):
    with pytest.raises(ValueError, match=r"is |takes|permutes"):
        call()
