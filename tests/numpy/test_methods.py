"""The ndarray methods of traced values against those of arrays."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.errors import InPlaceUpdateError

rng = np.random.default_rng(7)
A = rng.normal(size=(3, 4))
N = rng.integers(-4, 5, size=(3, 4))
Z = A + 1j * A[::-1]
S = rng.normal(size=(3, 1, 3))

CALLS = {
    "sum": lambda x: x.sum(),
    "sum axis": lambda x: x.sum(axis=1, keepdims=True),
    "sum dtype": lambda x: x.sum(0, np.float32),
    "prod": lambda x: x.prod(-1),
    "mean": lambda x: x.mean(axis=(0, 1)),
    "var": lambda x: x.var(0, ddof=1),
    "std": lambda x: x.std(),
    "max": lambda x: x.max(axis=0),
    "min": lambda x: x.min(),
    "ptp": lambda x: np.ptp(x, axis=0),
    "any": lambda x: (x > 0).any(axis=0),
    "all": lambda x: (x > -9).all(),
    "argmax": lambda x: x.argmax(axis=1),
    "argmin": lambda x: x.argmin(),
    "argsort": lambda x: x.argsort(axis=0),
    "cumsum": lambda x: x.cumsum(axis=1),
    "cumprod": lambda x: x.cumprod(),
    "reshape": lambda x: x.reshape(2, 6),
    "reshape tuple": lambda x: x.reshape((4, -1)),
    "reshape one": lambda x: x.reshape(-1),
    "reshape order": lambda x: x.reshape(2, 6, order="F"),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(order="F"),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "transpose": lambda x: x.transpose(),
    "transpose axes": lambda x: x.transpose(1, 0),
    "transpose tuple": lambda x: x.transpose((1, 0)),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "squeeze": lambda x: x[:, None].squeeze(),
    "astype": lambda x: x.astype(np.float32),
    "astype int": lambda x: x.astype(int),
    "clip": lambda x: x.clip(-0.5, 0.5),
    "round": lambda x: x.round(1),
    "dot": lambda x: x.dot(x.T),
    "take": lambda x: x.take([0, 2], axis=1),
    "repeat": lambda x: x.repeat(2, axis=0),
    "diagonal": lambda x: x.diagonal(1),
    "trace": lambda x: x.trace(),
    "copy": lambda x: x.copy(),
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
    "conj": lambda x: x.conj(),
    "searchsorted": lambda x: np.sort(x[0]).searchsorted(x),
    "divmod": lambda x: divmod(x, 2)[1],
    "round builtin": lambda x: round(x[0, 0], 2) if np.ndim(x) else x,
    "iteration": lambda x: sum(row.sum() for row in x),
    "len": lambda x: x * len(x) * x.ndim * x.size,
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("x", [A, N, A.astype(np.float32)], ids=lambda x: x.dtype.name)
def test_as_ndarray(name, x):
    function = CALLS[name]
    want = function(x)
    for run in (fg.jit, lambda f: fg.make_jaxpr(f)(x)):
        got = run(function)(x)
        got = np.asarray(got[0] if isinstance(got, list) else got)
        assert got.dtype == want.dtype
        assert got.shape == np.shape(want)
        single = want.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=1e-5 if single else 1e-12)


@pytest.mark.parametrize("name", ["real", "imag", "conj", "T", "sum", "mean", "var"])
def test_complex(name):
    want = CALLS[name](Z)
    np.testing.assert_allclose(fg.jit(CALLS[name])(Z), want, rtol=1e-12)


def test_array_namespace():
    def f(x):
        xp = x.__array_namespace__(api_version="2024.12")
        assert xp is fnp
        return xp.sum(x)

    np.testing.assert_allclose(fg.jit(f)(A), A.sum())


def test_fill_is_refused():
    with pytest.raises(InPlaceUpdateError, match="full_like"):
        fg.jit(lambda x: x.fill(0.0))(A)


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="no attribute 'wibble'"):
        fg.jit(lambda x: x.wibble)(A)


def test_sort_method_returns_the_sorted_array():
    np.testing.assert_array_equal(fg.jit(lambda x: x.sort())(A), np.sort(A))
    np.testing.assert_array_equal(fg.jit(fnp.sort)(S), np.sort(S))
