"""The table of functions that take traced values is complete, and says what is true."""

import copy
import importlib
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad.core.undispatched import undispatched
from funcgrad.errors import FuncgradError
from tests.numpy.functions import CALLS

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "_ext"))
from numpy_coverage import rows

X = np.array([0.3, 0.6, 0.9])
M = np.array([[2.0, 0.3], [0.3, 1.0]])

# Functions that the table of calls does not name, which mostly ask for no numbers.
EXAMPLES = {
    "numpy.apply_along_axis": lambda x: np.apply_along_axis(np.cumsum, 0, x),
    "numpy.apply_over_axes": lambda x: np.apply_over_axes(np.sum, x, 0),
    "numpy.argpartition": lambda x: np.argpartition(x, 1),
    "numpy.can_cast": lambda x: np.can_cast(x, np.complex128),
    "numpy.common_type": np.common_type,
    "numpy.diag_indices_from": lambda x: np.diag_indices_from(x[:, None] * x),
    "numpy.fft.fftfreq": lambda x: np.fft.fftfreq(8, x[0]),
    "numpy.fft.rfftfreq": lambda x: np.fft.rfftfreq(8, x[0]),
    **{
        f"numpy.fft.{name}": lambda x, name=name: getattr(np.fft, name)(x)
        for name in "fft hfft ifft ihfft irfft rfft fftshift ifftshift".split()
    },
    **{
        f"numpy.fft.{name}": lambda x, name=name: getattr(np.fft, name)(x[:, None] * x)
        for name in "fft2 fftn ifft2 ifftn irfft2 irfftn rfft2 rfftn".split()
    },
    "numpy.einsum_path": lambda x: np.einsum_path("i,i", x, x),
    "numpy.empty_like": lambda x: np.empty_like(x) * 0,
    "numpy.iscomplexobj": np.iscomplexobj,
    "numpy.isrealobj": np.isrealobj,
    "numpy.linalg.eig": lambda x: np.linalg.eig(x[0] * M + 0j),
    "numpy.linalg.eigvals": lambda x: np.linalg.eigvals(x[0] * M + 0j),
    "numpy.linalg.eigh": lambda x: np.linalg.eigh(x[0] * M),
    "numpy.linalg.eigvalsh": lambda x: np.linalg.eigvalsh(x[0] * M),
    "numpy.linalg.qr": lambda x: np.linalg.qr(x[0] * M),
    "numpy.linalg.cholesky": lambda x: np.linalg.cholesky(x[0] * M),
    "numpy.min_scalar_type": lambda x: np.min_scalar_type(x + 0.3),
    "numpy.ndim": np.ndim,
    "numpy.result_type": lambda x: np.result_type(x, np.complex64),
    "numpy.row_stack": lambda x: np.row_stack([x, x]),  # noqa: NPY201
    "numpy.shape": np.shape,
    "numpy.size": np.size,
    "numpy.tril_indices_from": lambda x: np.tril_indices_from(x[:, None] * x),
    "numpy.triu_indices_from": lambda x: np.triu_indices_from(x[:, None] * x),
}
LIKE = {
    "numpy.arange": lambda x: np.arange(3, like=x),
    "numpy.array": lambda x: np.array([x, x], like=x),
    "numpy.eye": lambda x: np.eye(3, like=x),
    "numpy.empty": lambda x: np.empty(3, like=x) * 0,
    "numpy.full": lambda x: np.full(3, 2.0, like=x),
    "numpy.identity": lambda x: np.identity(3, like=x),
    "numpy.ones": lambda x: np.ones(3, like=x),
    "numpy.tri": lambda x: np.tri(3, like=x),
    "numpy.zeros": lambda x: np.zeros(3, like=x),
}


PACKAGES = ("numpy", "numpy.linalg", "numpy.fft", "scipy.special")
ROWS = {f"{p}.{row.name}": row for p in PACKAGES for row in rows(p)}
TAKEN = [name for name, row in ROWS.items() if row.dispatched == "yes"]


def member(name):
    package, _, last = name.rpartition(".")
    return getattr(importlib.import_module(package), last)


def arguments(function):
    """Numbers that the functions of scipy.special are defined for."""
    rank = function.nin if isinstance(function, np.ufunc) else 2
    if function.__name__.startswith("bdtr"):
        return [1.0, 2]
    return [1] * (rank - 1) if rank < 3 else [2.0, 3.0, 1.5][: rank - 1]


def call_of(name):
    """A call of the function with one array, or None."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    function = member(name)
    if name.startswith("scipy.special."):
        if name.endswith((".sinc", ".softplus")):
            return function
        return lambda x: function(*arguments(function), x)
    names = {name.removeprefix("numpy."), name.rpartition(".")[2]}
    names.add(getattr(function, "__name__", ""))
    for call in CALLS:
        if call.name in names and call.batchable:
            return call
    for call in CALLS:
        if call.name in names:
            return call
    return None


def test_every_function_is_dispatched_or_has_a_reason():
    assert [
        n for n, row in ROWS.items() if row.dispatched == "no" and not row.why
    ] == []


def test_every_dispatched_function_has_an_example():
    assert [name for name in TAKEN if call_of(name) is None] == []


@pytest.mark.parametrize(
    "name", [n for n in TAKEN if n.startswith("scipy.special.") or n in EXAMPLES]
)
def test_dispatched_functions_take_traced_values(name):
    """The others stand in the table of calls, and are run by its tests."""
    call = call_of(name)

    def traced(x):
        got.append(call(x))
        return x

    got = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = call(X)
        fg.vmap(traced)(X[None])
    assert len(got) == 1
    got, want = (fg.tree.leaves(x) for x in (got[0], want))
    assert [np.shape(x) for x in got] == [np.shape(x) for x in want]


@pytest.mark.parametrize("name", LIKE)
def test_makers_of_arrays_are_dispatched_by_like(name):
    assert ROWS[name].dispatched == "with like="
    np.testing.assert_array_equal(fg.jit(LIKE[name])(X), LIKE[name](X))


def refused():
    """Calls of functions that are said to take no traced values."""
    for name, row in ROWS.items():
        if row.dispatched == "no" and isinstance(member(name), np.ufunc):
            yield name


@pytest.mark.parametrize("name", list(refused()))
def test_refused_functions_say_why(name):
    function = member(name)

    def f(x):
        return function(*[x] * function.nin)

    with pytest.raises(FuncgradError) as caught:
        fg.make_jaxpr(f)(X)
    reason = undispatched()[name]
    assert name in str(caught.value)
    assert reason.why in str(caught.value)
    assert reason.fix_for(name) in str(caught.value)
    assert "test_coverage.py" in str(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.array([x[0], x[1]]), "funcgrad.numpy.stack"),
        (lambda x: np.array([[x[0], 1.0], [2.0, 3.0]]), "funcgrad.numpy.stack"),
        (lambda x: np.asarray(x), "funcgrad.numpy.asarray"),
        (lambda x: np.ascontiguousarray(x), "funcgrad.numpy.asarray"),
        (lambda x: np.r_[x, x], "funcgrad.numpy.stack"),
        (lambda x: np.float64(x[0]), "funcgrad.numpy.float64"),
        (lambda x: np.vectorize(lambda y: y)(x), "funcgrad.numpy.vectorize"),
        (lambda x: np.arange(x[0]), "static_argnames"),
        (lambda x: np.hanning(x[0]), "static_argnames"),
        (lambda x: np.arange(3)[x[0].astype(int)], "funcgrad.numpy.asarray(a)[i]"),
        (lambda x: np.random.beta(x, x), "funcgrad.random"),  # noqa: NPY002
        (lambda x: np.emath.sqrt(x), "np.sqrt(x.astype(complex))"),
        (lambda x: np.put(x, 0, 1.0), "x.at[index].set"),
        (lambda x: np.fill_diagonal(x[:, None], 0.0), "inplace=False"),
        (lambda x: np.putmask(x, x > 0, 1.0), "x.at[index].set"),
        (lambda x: np.save("file", x), "pure_callback"),
        (lambda x: np.array_repr(x), "funcgrad.debug.print"),
        (lambda x: np.roots(x), "funcgrad.numpy.linalg.eigvals"),
    ],
)
def test_the_replacement_is_named(call, words):
    with pytest.raises(FuncgradError) as caught:
        fg.jit(call)(X)
    text = str(caught.value)
    assert words in text.partition("fix:")[2], text
    assert "test_coverage.py" in text


@pytest.mark.parametrize("name", ["put", "data", "tobytes", "view", "strides"])
def test_absent_attributes_name_the_replacement(name):
    with pytest.raises(AttributeError, match="fix:"):
        fg.jit(lambda x: getattr(x, name))(X)


def test_copies_and_pickles_of_traced_values():
    def f(x):
        assert copy.copy(x) is x
        assert copy.deepcopy(x) is x
        with pytest.raises(FuncgradError, match="pickle"):
            pickle.dumps(x)
        return x

    fg.jit(f)(X)


def test_zeta_names_ours():
    with pytest.raises(FuncgradError, match=r"funcgrad\.scipy\.special\.zeta"):
        fg.jit(lambda x: scipy.special.zeta(x))(X)
