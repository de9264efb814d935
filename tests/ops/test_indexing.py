"""Gather and scatters against their definition, entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, ops
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.indexing import gather
from funcgrad.ops.scattering import ScatterDimensionNumbers
from funcgrad.ops.windows import GatherDimensionNumbers, window_sizes
from funcgrad.transforms.linearize import linearize
from funcgrad.transforms.stage import stage, stage_flat
from funcgrad.transforms.transpose import backward_pass

# (operand, indices, numbers, slice sizes)
FORMS: list[Any] = [
    ((5, 3), (4, 1), GatherDimensionNumbers((1,), (0,), (0,)), (1, 3)),
    ((5, 20), (2, 3, 1), GatherDimensionNumbers((2,), (0,), (0,)), (1, 20)),
    ((5, 4), (3, 1), GatherDimensionNumbers((0,), (1,), (1,)), (5, 1)),
    ((5, 6), (4, 2), GatherDimensionNumbers((0, 2), (), (1, 0)), (2, 3)),
    ((5, 6, 2), (4, 2), GatherDimensionNumbers((1,), (0, 1), (0, 1)), (1, 1, 2)),
    ((6,), (1,), GatherDimensionNumbers((0,), (), (0,)), (4,)),
    (
        (3, 5, 4),
        (3, 2, 1),
        GatherDimensionNumbers((2,), (1,), (1,), (0,), (0,)),
        (1, 1, 4),
    ),
    ((4, 3), (5, 3, 1), GatherDimensionNumbers((), (0,), (0,), (1,), (1,)), (1, 1)),
]
MODES = ["clip", "fill", "promise_in_bounds"]


def native(function: Any, *args: Any) -> Any:
    jaxpr = stage_flat(lambda *xs: [function(*xs)], [typeof(a) for a in args])
    return compile_jaxpr(jaxpr)(*[np.asarray(a) for a in args])[0]


def evaluated(function: Any, *args: Any) -> Any:
    return function(*args)


RUNS = pytest.mark.parametrize("run", [native, evaluated])


def places(shape: Any, indices: Any, d: Any, sizes: Any, mode: str) -> Any:
    """For every entry of the windows, where it stands in the operand (or None)."""
    rank = indices.ndim - 1 + len(d.offset_dims)
    batch = [k for k in range(rank) if k not in d.offset_dims]
    kept = [k for k in range(len(shape)) if k not in d.gone()]
    out = [0] * rank
    for k, n in zip(batch, indices.shape[:-1], strict=True):
        out[k] = n
    for k, axis in zip(d.offset_dims, kept, strict=True):
        out[k] = sizes[axis]
    order = [*batch, *d.offset_dims]
    for ordered in np.ndindex(*[out[k] for k in order]):
        entry = tuple(ordered[order.index(k)] for k in range(rank))
        lead = ordered[: len(batch)]
        start = [0] * len(shape)
        inside = True
        for k, axis in enumerate(d.start_index_map):
            last = shape[axis] - sizes[axis]
            inside &= 0 <= indices[lead][k] <= last
            start[axis] = min(max(indices[lead][k], 0), last)
        pairs = zip(d.operand_batching_dims, d.start_indices_batching_dims, strict=True)
        for axis, at in pairs:
            start[axis] = lead[at]
        for k, axis in zip(d.offset_dims, kept, strict=True):
            start[axis] += entry[k]
        yield tuple(out), entry, tuple(start) if inside or mode != "fill" else None


def draw(form: Any) -> Any:
    shape, index_shape = form[:2]
    rng = np.random.default_rng(sum(shape))
    return rng.normal(size=shape), rng.integers(-1, max(shape) + 1, index_shape)


@RUNS
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", FORMS, ids=lambda f: str(f[2]))
def test_gather(form: Any, mode: str, run: Any) -> None:
    x, indices = draw(form)
    got = run(
        lambda x, i: gather(x, i, form[2], form[3], mode=mode, fill_value=5.0),
        x,
        indices,
    )
    for shape, entry, place in places(x.shape, indices, form[2], form[3], mode):
        assert got.shape == shape
        assert got[entry] == (5.0 if place is None else x[place])


@RUNS
@pytest.mark.parametrize("mode", ["clip", "fill"])
@pytest.mark.parametrize(
    "name", ["scatter", "scatter_add", "scatter_mul", "scatter_max"]
)
@pytest.mark.parametrize("form", FORMS, ids=lambda f: str(f[2]))
def test_scatters(form: Any, name: str, mode: str, run: Any) -> None:
    x, indices = draw(form)
    d, sizes = form[2:]
    shape = next(places(x.shape, indices, d, sizes, mode))[0]
    updates = np.random.default_rng(1).normal(size=shape)
    numbers = ScatterDimensionNumbers(*d)
    scatter = getattr(ops, name)
    got = run(lambda *xs: scatter(*xs, numbers, mode=mode), x, indices, updates)
    want = x.copy()
    combine = {
        "scatter": lambda old, new: new,
        "scatter_add": np.add,
        "scatter_mul": np.multiply,
        "scatter_max": np.maximum,
    }[name]
    for _, entry, place in places(x.shape, indices, d, sizes, mode):
        if place is not None:
            want[place] = combine(want[place], updates[entry])
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert window_sizes(x.ndim, shape, d) == sizes


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.int8, -128), (np.uint16, 65535), (bool, True), (np.float32, np.nan)],
)
def test_what_is_read_outside(dtype: Any, expected: Any) -> None:
    entries = GatherDimensionNumbers((), (0,), (0,))
    for run in (native, evaluated):
        got = run(
            lambda x, i: gather(x, i, entries, (1,)),
            np.zeros(2, dtype),
            np.array([[9]]),
        )
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, [expected])


def test_products_of_repeated_updates_have_derivatives_at_zeros() -> None:
    i = np.array([[0], [0], [1], [1], [2]])
    u = np.array([0.0, 3.0, 0.0, 0.0, 2.0])
    numbers = ScatterDimensionNumbers((), (0,), (0,))
    x = np.array([2.0, 5.0, 7.0])
    _, linear, _ = linearize(lambda x, u: [ops.scatter_mul(x, i, u, numbers)], [x, u])
    ct_x, ct_u = backward_pass(linear.jaxpr, linear.consts, [np.ones(3)])
    np.testing.assert_array_equal(ct_x, [0, 0, 2])
    np.testing.assert_array_equal(ct_u, [6, 0, 0, 0, 7])


def test_take_along_axis() -> None:
    x = np.random.default_rng(0).normal(size=(3, 4, 5))
    for axis in range(3):
        order = np.argsort(x, axis)
        for run in (native, evaluated):
            got = run(lambda x, i, a=axis: ops.take_along_axis(x, i, a), x, order)
            np.testing.assert_array_equal(got, np.sort(x, axis))


def test_what_does_not_fit() -> None:
    x, i = typeof(np.zeros((3, 4))), typeof(np.zeros((2, 1), int))
    rows = GatherDimensionNumbers((1,), (0,), (0,))
    with pytest.raises(errors.ShapeError, match="do not fit into"):
        stage(lambda x, i: [gather(x, i, rows, (1, 5))], [x, i])
    with pytest.raises(errors.ShapeError, match="longer than 1"):
        stage(lambda x, i: [gather(x, i, rows, (2, 4))], [x, i])
    with pytest.raises(errors.ShapeError, match="every axis"):
        stage(lambda x, i: [gather(x, i, rows, (1,))], [x, i])
    both = GatherDimensionNumbers((), (0, 1), (0, 1))
    none = GatherDimensionNumbers((), (0,), (0,))
    paired = GatherDimensionNumbers((), (1,), (1,), (0,), (0,))
    with pytest.raises(errors.ShapeError, match="along 2 axes"):
        stage(lambda x, i: [gather(x, i, both, (1, 1))], [x, i])
    with pytest.raises(errors.ShapeError, match="1 offset axes"):
        stage(lambda x, i: [gather(x, i, none, (1, 4))], [x, i])
    with pytest.raises(errors.ShapeError, match="batching axes"):
        stage(lambda x, i: [gather(x, i, paired, (1, 1))], [x, i])
    with pytest.raises(errors.ConfigError, match="mode"):
        stage(lambda x, i: [gather(x, i, rows, (1, 4), mode="wrap")], [x, i])
    with pytest.raises(errors.DTypeError, match="integer"):
        stage(lambda x: [gather(x, x, rows, (1, 4))], [x])
    with pytest.raises(errors.ShapeError, match="another shape"):
        stage(lambda x, i: [ops.scatter_add(x, i, np.zeros((3, 4)), rows)], [x, i])
    with pytest.raises(errors.ShapeError, match="another rank"):
        stage(lambda x, i: [ops.scatter_add(x, i, np.zeros(3), rows)], [x, i])


@pytest.mark.parametrize("width", [1, 17, 64, 100])
@pytest.mark.parametrize("mode", ["clip", "fill", "promise_in_bounds"])
def test_rows_are_read_as_they_lie(width, mode):
    """Neighbours of one row share a position: no entry is looked up for itself."""
    x = np.random.default_rng(0).normal(size=(30, width))
    i = np.array(
        [[3, 1, 29], [0, 7, 3]] if mode == "promise_in_bounds" else [3, 40, -90]
    )
    rows = GatherDimensionNumbers((i.ndim,), (0,), (0,))
    f = lambda x, i: gather(x, i, rows, (1, width), mode=mode)
    i = i[..., None]
    np.testing.assert_array_equal(fg.jit(f)(x, i), f(x, i))
    i = i[..., 0]
    np.testing.assert_array_equal(fg.jit(lambda x, i: x[i])(x, i % 30), x[i % 30])


def test_positions_computed_from_what_is_updated():
    def f(x):
        i = (x * 0.0).astype(int) + 39 - fg.numpy.arange(40)
        return x.at[i].add(x[::-1] * 2.0)

    def step(x, _):
        return f(x), None

    x = np.linspace(-1, 1, 40)
    expected = 3.0 * x
    np.testing.assert_allclose(fg.jit(f)(x), expected, rtol=1e-15)
    g = fg.jit(lambda x: fg.lax.scan(step, x, None, length=2)[0])
    np.testing.assert_allclose(g(x), 9.0 * x, rtol=1e-15)
