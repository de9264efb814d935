"""Every call of the table: values, dtypes, derivatives, batches and compiled code."""

import warnings

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.core.vspace import Zero
from funcgrad.testing.check_grads import check_grads
from funcgrad.transforms.jvp import jvp
from tests.numpy.functions import CALLS

NAMED = [pytest.param(c, id=f"{i}-{c.id}") for i, c in enumerate(CALLS)]
BATCHABLE = [p for p in NAMED if p.values[0].batchable]


@pytest.fixture(autouse=True)
def _quiet():
    """NaN and infinity are among the arguments; NumPy warns of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def leaves(x):
    """The arrays of a result, in order."""
    if isinstance(x, list | tuple):
        return [leaf for item in x for leaf in leaves(item)]
    return [x]


def is_operand(x):
    return isinstance(x, np.ndarray | np.generic | float)


def split(args):
    """The arrays and floats among the arguments, and how to put others in their place."""
    operands = []

    def place(x):
        if isinstance(x, list):
            return [place(item) for item in x]
        if not is_operand(x):
            return lambda values: x
        index = len(operands)
        operands.append(x)
        return lambda values: values[index]

    def build(spec, values):
        if isinstance(spec, list):
            return [build(item, values) for item in spec]
        return spec(values)

    spec = [place(x) for x in args]
    return operands, lambda values: build(spec, values)


def flat_function(call, namespace):
    """The call as a function of its arrays and floats alone."""
    operands, rebuild = split(call.args)

    def function(*values):
        return leaves(call.function(namespace, *rebuild(values)))

    return function, operands


def assert_same(got, want, tolerance):
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        g, w = np.asarray(g), np.asarray(w)
        assert g.dtype == w.dtype
        assert g.shape == w.shape
        single = w.dtype.kind in "fc" and np.finfo(w.dtype).bits <= 32
        rtol = max(tolerance, 1e-5) if single else tolerance
        rtol = max(rtol, 2e-3) if w.dtype == np.float16 else rtol
        np.testing.assert_allclose(g, w, rtol=rtol, atol=1e-12)


def expected(call):
    return leaves(call.function(np, *call.args))


@pytest.mark.parametrize("namespace", [np, fnp], ids=["numpy", "funcgrad"])
@pytest.mark.parametrize("call", NAMED)
def test_values_and_dtypes_on_traced_values(call, namespace):
    """Where values may decide shapes they are known, under ``jvp``; elsewhere not."""
    function, operands = flat_function(call, namespace)
    if call.batchable:
        got = fg.make_jaxpr(function)(*operands)(*operands)
    else:
        tangents = [
            np.ones_like(x) if np.asarray(x).dtype.kind in "fc"
            else Zero(fg.typeof(x).tangent())
            for x in operands
        ]  # fmt: skip
        got, _ = jvp(function, operands, tangents)
    assert_same(got, expected(call), call.tolerance)


@pytest.mark.parametrize("call", NAMED)
def test_values_on_arrays(call):
    got = leaves(call.function(fnp, *call.args))
    assert_same(got, expected(call), call.tolerance)


@pytest.mark.parametrize("call", BATCHABLE)
def test_compiled(call):
    function, operands = flat_function(call, np)
    assert_same(fg.jit(function)(*operands), expected(call), max(call.tolerance, 1e-11))


@pytest.mark.parametrize("call", BATCHABLE)
def test_batched(call):
    function, operands = flat_function(call, np)
    # Python's floats stay what they are: as entries of an array they would be strong.
    every = tuple(None if isinstance(x, float) else 0 for x in operands)
    if 0 not in every:
        pytest.skip("nothing to batch")
    first = every.index(0)
    one = tuple(0 if i == first else None for i in range(len(every)))
    stacked = [np.stack([x, x]) for x in operands]
    for in_axes in {every, one}:
        values = [
            s if axis == 0 else x
            for s, x, axis in zip(stacked, operands, in_axes, strict=True)
        ]
        got = fg.vmap(function, in_axes=in_axes)(*values)
        want = [np.stack([w, w]) for w in expected(call)]
        assert_same(got, want, max(call.tolerance, 1e-11))


@pytest.mark.parametrize(
    "call",
    [p for p in NAMED if p.values[0].differentiable and not p.values[0].is_discrete()],
)
def test_derivatives(call):
    function, operands = flat_function(call, np)
    floats = [i for i, x in enumerate(operands) if np.asarray(x).dtype.kind in "fc"]
    if not floats:
        pytest.skip("nothing to differentiate")

    def of_floats(*values):
        filled = list(operands)
        for i, value in zip(floats, values, strict=True):
            filled[i] = value
        results = function(*filled)
        return [y for y in results if fg.typeof(y).dtype.kind in "fc"]

    check_grads(of_floats, tuple(operands[i] for i in floats), order=1)
