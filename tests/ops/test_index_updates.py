"""``x.at[index]`` agrees with NumPy's in-place updates, traced or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from funcgrad import errors, ops
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.array import Array, as_array
from funcgrad.core.trace import typeof
from funcgrad.ops.index_updates import at
from funcgrad.transforms.batch import batch
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.linearize import linearize
from funcgrad.transforms.stage import stage, stage_flat
from funcgrad.transforms.transpose import backward_pass

X = np.arange(1.0, 61.0).reshape(3, 4, 5)
I = np.array([2, 0])
MASK = np.arange(12).reshape(3, 4) % 5 == 0
INDICES: list[Any] = [
    1,
    slice(None),
    (slice(0, 2), 1, slice(1, 4)),
    (slice(None, None, 2), slice(None), slice(4, 0, -3)),
    (..., -1),
    (None, 1, 2, None),
    (),
    (slice(2, 2),),
    I,
    (slice(None), I),
    (I, 1),
    (I, slice(1, 3), I),
    (I, slice(None, None, -1)),
    (slice(1, 3), I[:, None], I),
    MASK,
    (MASK, slice(1, 4)),
    (slice(0, 3, 2), slice(None), [1, 3]),
]
UPDATES: dict[str, Any] = {
    "set": lambda a, i, v: a.__setitem__(i, v),
    "add": lambda a, i, v: a.__setitem__(i, a[i] + v),
    "subtract": lambda a, i, v: a.__setitem__(i, a[i] - v),
    "multiply": lambda a, i, v: a.__setitem__(i, a[i] * v),
    "divide": lambda a, i, v: a.__setitem__(i, a[i] / v),
    "power": lambda a, i, v: a.__setitem__(i, a[i] ** v),
    "min": lambda a, i, v: a.__setitem__(i, np.minimum(a[i], v)),
    "max": lambda a, i, v: a.__setitem__(i, np.maximum(a[i], v)),
}


def native(function: Any, *args: Any) -> Any:
    jaxpr = stage_flat(lambda *xs: [function(*xs)], [typeof(a) for a in args])
    return compile_jaxpr(jaxpr)(*[np.asarray(a) for a in args])[0]


def update(name: str, index: Any, **options: Any) -> Any:
    return lambda x, v: getattr(at(x)[index], name)(v, **options)


@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_updates_as_numpy(index: Any, name: str) -> None:
    function = update(name, index)
    value = np.linspace(1.5, 2.5, X[index].size).reshape(X[index].shape)
    for v in (value, 2.0):
        want = X.copy()
        UPDATES[name](want, index, v)
        np.testing.assert_allclose(function(X, v), want, rtol=1e-14)
    np.testing.assert_array_equal(X, np.arange(1.0, 61.0).reshape(3, 4, 5))
    want = X.copy()
    UPDATES[name](want, index, value)
    np.testing.assert_allclose(native(function, X, value), want, rtol=1e-13)


@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize("index", [1, (slice(None, None, 2), 1), I, MASK], ids=repr)
def test_derivatives_and_batches(index: Any, name: str) -> None:
    function = update(name, index)
    rng = np.random.default_rng(0)
    v = rng.uniform(30.3, 31.7, X[index].shape) if name in ("min", "max") else None
    v = rng.uniform(1.2, 1.8, X[index].shape) if v is None else v
    t, s = rng.normal(size=X.shape), rng.normal(size=v.shape)
    (_,), (tangent,) = jvp(lambda *a: [function(*a)], [X, v], [t, s])
    h = 1e-6
    slope = (function(X + h * t, v + h * s) - function(X - h * t, v - h * s)) / (2 * h)
    np.testing.assert_allclose(tangent, slope, rtol=1e-6, atol=1e-6)
    _, linear, _ = linearize(lambda *a: [function(*a)], [X, v])
    ct = rng.normal(size=X.shape)
    cts = backward_pass(linear.jaxpr, linear.consts, [ct])
    paired = np.sum(cts[0] * t) + np.sum(np.asarray(cts[1]) * s)
    np.testing.assert_allclose(paired, np.sum(ct * tangent))
    values = np.stack([v, v + 0.1])
    (out,), (dim,) = batch(lambda v: [function(X, v)], 2, [values], [0])
    want = np.stack([function(X, values[0]), function(X, values[1])])
    np.testing.assert_allclose(np.moveaxis(out, dim, 0), want)


def test_repeated_indices() -> None:
    x, i = np.ones(3), np.array([0, 0, 2, 0])
    v = np.array([2.0, 3.0, 5.0, 0.5])
    for run in (native, lambda f, *a: f(*a)):
        for name, want in {
            "set": [0.5, 1, 5],
            "add": [6.5, 1, 6],
            "subtract": [-4.5, 1, -4],
            "multiply": [3, 1, 5],
            "divide": [1 / 3, 1, 0.2],
            "min": [0.5, 1, 1],
            "max": [3, 1, 5],
        }.items():
            got = run(lambda x, i, v, name=name: getattr(at(x)[i], name)(v), x, i, v)
            np.testing.assert_allclose(got, want)


def test_the_last_of_repeated_values_gets_the_cotangent() -> None:
    i = np.array([1, 1])
    _, linear, _ = linearize(lambda x, v: [at(x)[i].set(v)], [np.zeros(3), np.ones(2)])
    ct = np.array([1.0, 2.0, 3.0])
    ct_x, ct_v = backward_pass(linear.jaxpr, linear.consts, [ct])
    np.testing.assert_array_equal(ct_x, [1, 0, 3])
    np.testing.assert_array_equal(ct_v, [0, 2])


def test_traced_places_out_of_range_are_dropped_or_clipped() -> None:
    x = np.zeros(3)
    for i in (np.array([5, -7, 1]), np.int64(9)):
        for mode, clipped in ((None, False), ("drop", False), ("clip", True)):
            want = x.copy()
            inside = np.clip(i, -3, 2) if clipped else i[(i < 3) & (i >= -3)]
            want[inside] = 7
            got = native(lambda x, i, m=mode: at(x)[i].set(7.0, mode=m), x, i)
            np.testing.assert_array_equal(got, want)
    row = native(lambda x, i: at(x)[i, 1:3].add(1.0), np.zeros((2, 4)), np.int64(1))
    np.testing.assert_array_equal(row, [[0, 0, 0, 0], [0, 1, 1, 0]])
    np.testing.assert_array_equal(at(x)[5].set(1.0, mode="drop"), x)
    with pytest.raises(IndexError):
        at(x)[5].set(1.0)


def test_traced_masks_update_in_place_of_where() -> None:
    x = np.array([1.0, -2.0, 3.0])
    got = native(lambda x: at(x)[ops.gt(x, 0.0)].multiply(10.0), x)
    np.testing.assert_array_equal(got, [10, -2, 30])
    y = np.arange(6.0).reshape(3, 2)
    got = native(lambda x, y: at(y)[ops.gt(x, 0.0)].set(np.array([7.0, 8.0])), x, y)
    np.testing.assert_array_equal(got, [[7, 8], [2, 3], [7, 8]])
    with pytest.raises(errors.ShapeError):
        stage(lambda x: [at(x)[ops.gt(x, 0.0)].set(np.ones(2))], [typeof(x)])


def test_get_and_apply() -> None:
    x = np.arange(4.0)
    np.testing.assert_array_equal(at(x)[[1, 9]].get(mode="fill"), [1, np.nan])
    np.testing.assert_array_equal(at(x)[[1, 9]].get(mode="clip"), [1, 3])
    np.testing.assert_array_equal(at(x)[1:3].apply(np.sqrt), [0, 1, 2**0.5, 3])


def test_dtype_and_type_of_the_array_are_kept() -> None:
    x = as_array(np.arange(3, dtype=np.int32))
    y = x.at[0].set(2.7).at[1:].add(1)
    assert isinstance(y, Array)
    assert y.dtype == np.int32
    np.testing.assert_array_equal(y, [2, 2, 3])
    assert at(x)[np.array([0])].divide(2).dtype == np.int32
    assert repr(x.at[0]).startswith("Array([0, 1, 2]")


def test_values_that_do_not_fit() -> None:
    with pytest.raises(errors.ShapeError):
        at(X)[0].set(np.ones((3, 5)))
    with pytest.raises(errors.ShapeError):
        at(X)[I].add(np.ones(7))


@pytest.mark.parametrize("name", UPDATES)
def test_one_entry_of_a_small_array(name: str) -> None:
    x = np.arange(1.0, 7.0).reshape(2, 3)
    for i in (-3, -2, 0, 1, 2):
        want = x.copy()
        if -2 <= i < 2:
            UPDATES[name](want, (i, 1), 2.5)
        got = native(
            lambda x, i, v: getattr(at(x)[i, 1], name)(v),
            x,
            np.int64(i),
            np.float64(2.5),
        )
        np.testing.assert_allclose(got, want)
        want = x.copy()
        UPDATES[name](want, (1, slice(0, 2)), 2.5)
        got = native(lambda x, v: getattr(at(x)[1, :2], name)(v), x, np.float64(2.5))
        np.testing.assert_allclose(got, want)
