"""Wrong shapes, axes and indices, for each family of operations, under each transform."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad import lax
from funcgrad.errors import (
    AxisError,
    DTypeError,
    IndexOutOfBoundsError,
    ShapeError,
)
from funcgrad.numpy.linalg.operands import MatrixShapeError
from funcgrad.ops.index_parsing import IndexTypeError
from tests.errors.mistakes import reports


def ones(*shapes):
    return [np.ones(shape) for shape in shapes]


MISTAKES = {
    "add": (lambda x, y: x + y, ones(3, 4), ShapeError),
    "ufunc": (lambda x, y: np.arctan2(x, y), ones((2, 3), 4), ShapeError),
    "where": (lambda x, y: fnp.where(x > 0, x, y), ones(3, 4), ShapeError),
    "lax.add": (lambda x, y: lax.add(x, y), ones(3, 4), ShapeError),
    "matmul": (lambda x, y: x @ y, ones((2, 3), (4, 2)), ShapeError),
    "matmul 0-d": (lambda x, y: fnp.matmul(x, y), ones((2, 3), ()), ShapeError),
    "dot": (lambda x, y: fnp.dot(x, y), ones((2, 3), (4, 2)), ShapeError),
    "einsum": (lambda x, y: np.einsum("ij,jk", x, y), ones((2, 3), (4, 2)), ShapeError),
    "tensordot": (lambda x, y: np.tensordot(x, y, 1), ones((2, 3), (4, 2)), ShapeError),
    "reshape": (lambda x: x.reshape(4), ones((2, 3)), ShapeError),
    "reshape rest": (lambda x: x.reshape(-1, 4), ones((2, 3)), ShapeError),
    "transpose": (lambda x: fnp.transpose(x, (0,)), ones((2, 3)), ShapeError),
    "transpose axis": (lambda x: fnp.transpose(x, (0, 2)), ones((2, 3)), AxisError),
    "broadcast": (lambda x: fnp.broadcast_to(x, (4,)), ones(3), ShapeError),
    "squeeze": (lambda x: fnp.squeeze(x, 0), ones(3), ShapeError),
    "concatenate": (
        lambda x, y: np.concatenate([x, y]),
        ones((2, 3), (2, 4)),
        ShapeError,
    ),
    "concatenate axis": (
        lambda x, y: np.concatenate([x, y], axis=2),
        ones((2, 3), (2, 3)),
        AxisError,
    ),
    "stack": (lambda x, y: np.stack([x, y]), ones((2, 3), (2, 4)), ShapeError),
    "split": (lambda x: np.split(x, 2)[0], ones(3), ShapeError),
    "repeat": (lambda x: np.repeat(x, [1, 2]), ones(3), ShapeError),
    "sum": (lambda x: x.sum(axis=2), ones((2, 3)), AxisError),
    "mean twice": (lambda x: x.mean(axis=(0, 0)), ones((2, 3)), AxisError),
    "max": (lambda x: np.max(x, axis=-3), ones((2, 3)), AxisError),
    "max of none": (lambda x: np.max(x), ones(0), ShapeError),
    "argmax of none": (lambda x: np.argmax(x) * 1.0, ones(0), ShapeError),
    "cumsum": (lambda x: np.cumsum(x, axis=5), ones((2, 3)), AxisError),
    "sort": (lambda x: np.sort(x, axis=5), ones((2, 3)), AxisError),
    "index": (lambda x: x[5], ones((2, 3)), IndexOutOfBoundsError),
    "index array": (lambda x: x[np.array([0, 4])], ones(3), IndexOutOfBoundsError),
    "indices": (lambda x: x[0, 0, 0], ones((2, 3)), IndexOutOfBoundsError),
    "index pair": (
        lambda x: x[np.array([0, 1]), np.array([0, 1, 2])],
        ones((2, 3)),
        IndexOutOfBoundsError,
    ),
    "mask": (lambda x: x[np.ones(3, bool)], ones((2, 3)), IndexOutOfBoundsError),
    "index of floats": (lambda x: x[1.5], ones((2, 3)), IndexTypeError),
    "index of text": (lambda x: x["a"], ones((2, 3)), IndexTypeError),
    "at": (lambda x: x.at[0].set(np.ones(5)), ones((2, 3)), ShapeError),
    "solve": (lambda x, y: np.linalg.solve(x, y), ones((2, 3), 2), MatrixShapeError),
    "solve rows": (
        lambda x, y: np.linalg.solve(x, y),
        [np.eye(3), np.ones(2)],
        MatrixShapeError,
    ),
    "inv": (lambda x: np.linalg.inv(x), ones((2, 3)), MatrixShapeError),
    "inv of vector": (lambda x: np.linalg.inv(x), ones(2), MatrixShapeError),
    "cholesky": (lambda x: np.linalg.cholesky(x), ones((2, 3)), MatrixShapeError),
    "det": (lambda x: np.linalg.det(x), ones((2, 3)), MatrixShapeError),
    "eigh": (lambda x: np.linalg.eigh(x)[0], ones((2, 3)), MatrixShapeError),
    "bits of floats": (lambda x, y: x & y, ones(3, 3), DTypeError),
}


def sum_of(function):
    return lambda *args: fnp.sum(function(*args))


TRANSFORMS = {
    "jit": lambda f: fg.jit(f),
    "grad": lambda f: fg.grad(sum_of(f)),
    "jit of grad": lambda f: fg.jit(fg.grad(sum_of(f))),
    "vmap": lambda f: lambda *args: fg.vmap(f)(*[np.stack([a, a]) for a in args]),
    "make_jaxpr": fg.make_jaxpr,
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_reported(transform, mistake):
    function, args, cls = MISTAKES[mistake]
    with reports(cls, "got:  ", function="<lambda>"):
        TRANSFORMS[transform](function)(*args)


def test_shapes_and_cures_are_shown():
    with reports(
        ShapeError, "(3,) and (4,)", "aligned from the last axis", "x[:, None]"
    ):
        fg.jit(lambda x, y: x + y)(*ones(3, 4))
    with reports(AxisError, "got:       axis=2", "expected:  -2 to 1"):
        fg.jit(lambda x: x.sum(axis=2))(np.ones((2, 3)))
    with reports(MatrixShapeError, "shape (2, 3)", "expected:  a shape (..., n, n)"):
        fg.grad(lambda x: np.linalg.det(x))(np.ones((2, 3)))
    with reports(IndexOutOfBoundsError, "got:       5", "expected:  -2 to 1", "clip"):
        fg.grad(lambda x: x[5, 0])(np.ones((2, 3)))


def test_handlers_for_numpys_errors_work():
    with pytest.raises(np.linalg.LinAlgError):
        fg.jit(np.linalg.inv)(np.ones((2, 3)))
    with pytest.raises(np.exceptions.AxisError):
        fg.jit(lambda x: x.sum(axis=2))(np.ones(3))
    with pytest.raises(IndexError):
        fg.jit(lambda x: x[5])(np.ones(3))


SHAPES = [(), (0,), (2, 0, 3)]
EVERYWHERE = {
    "elementwise": lambda x: np.tanh(x) * 2.0 + x,
    "sum": lambda x: x.sum(),
    "sum of rows": lambda x: x.sum(axis=-1) if x.ndim else x,
    "mean of squares": lambda x: fnp.sum(x * x),
    "cumsum": lambda x: np.cumsum(x),
    "sort": lambda x: np.sort(x.ravel()),
    "reshape": lambda x: x.reshape(-1) if x.size else x.reshape(0),
    "transpose": lambda x: x.T + 1.0,
    "where": lambda x: fnp.where(x > 0, x, -x),
    "stack": lambda x: np.stack([x, x]),
    "concatenate": lambda x: np.concatenate([x.ravel(), x.ravel()]),
    "matmul": lambda x: x.reshape(1, x.size) @ x.reshape(x.size, 1),
    "outer": lambda x: np.outer(x, x),
    "index": lambda x: x[...],
    "slice": lambda x: x.ravel()[:0],
    "gather": lambda x: x.ravel()[np.zeros(0, int)],
    "update": lambda x: fnp.asarray(x).at[...].add(1.0),
    "scan": lambda x: lax.scan(lambda c, v: (c + v, c), 0.0, x.ravel())[1],
    "loop": lambda x: lax.fori_loop(0, 3, lambda i, c: c * 2.0, x),
    "cond": lambda x: lax.cond(x.size == 1, lambda y: y * 2.0, lambda y: y * 3.0, x),
    "broadcast": lambda x: x + np.ones((4, *x.shape)),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", EVERYWHERE)
def test_empty_and_0d_arrays_work(name, shape):
    f, x = EVERYWHERE[name], np.full(shape, 1.5)
    expected = np.asarray(f(x))
    np.testing.assert_allclose(fg.jit(f)(x), expected, rtol=1e-13)
    assert np.shape(fg.jit(f)(x)) == expected.shape
    gradient = fg.grad(lambda x: fnp.sum(f(x)))(x)
    assert np.shape(gradient) == shape
    np.testing.assert_allclose(
        fg.jit(fg.grad(lambda x: fnp.sum(f(x))))(x), gradient, rtol=1e-12
    )
    batch = fg.vmap(f)(np.stack([x, x]))
    np.testing.assert_allclose(batch, np.stack([expected, expected]), rtol=1e-13)
    assert fg.jacrev(f)(x).shape == expected.shape + shape


def test_vmap_over_no_rows():
    assert fg.vmap(lambda x: x.sum())(np.ones((0, 3))).shape == (0,)
    assert fg.jit(fg.vmap(lambda x: np.tanh(x)))(np.ones((0, 3))).shape == (0, 3)


def reads(x, i):
    return x[i]


ROWS = np.arange(12.0).reshape(3, 4)
TABLE = fnp.asarray(ROWS)


def reads_table(i):
    return TABLE[i]


CHECKED = {
    "entry": lambda: fg.jit(reads)(ROWS, 3),
    "negative": lambda: fg.jit(reads)(ROWS, -4),
    "int8": lambda: fg.jit(reads)(ROWS, np.int8(3)),
    "uint8": lambda: fg.jit(reads)(ROWS, np.array([0, 200], np.uint8)),
    "uint64": lambda: fg.jit(reads)(ROWS, np.array([0, 2**64 - 1], np.uint64)),
    "far": lambda: fg.jit(reads)(ROWS, 2**60),
    "array": lambda: fg.jit(reads)(ROWS, np.array([0, 1, 7])),
    "large": lambda: fg.jit(reads)(ROWS, np.array([[0, 1, 2]] * 40 + [[0, -9, 1]])),
    "get": lambda: fg.jit(lambda x, i: x.at[i].get())(ROWS, 3),
    "set": lambda: fg.jit(lambda x, i: x.at[i].set(1.0))(ROWS, 3),
    "add": lambda: fg.jit(lambda x, i: x.at[i].add(1.0))(ROWS, np.array([0, 5])),
    "take": lambda: fg.jit(lambda x, i: np.take(x, i, axis=1))(ROWS, 4),
    "take_along_axis": lambda: fg.jit(lambda x, i: np.take_along_axis(x, i, axis=1))(
        ROWS, np.array([[0], [4], [0]])
    ),
    "loop": lambda: fg.jit(
        lambda x: lax.fori_loop(0, 5, lambda i, s: s + x[i].sum(), 0.0)
    )(ROWS),
    "while": lambda: fg.jit(
        lambda x: lax.while_loop(
            lambda i: (x[i, 0] < 100) & (i < 10), lambda i: i + 1, 0
        )
    )(ROWS),
    "un-jitted loop": lambda: lax.scan(lambda c, i: (c, TABLE[i]), 0, np.arange(4)),
    "cond": lambda: fg.jit(
        lambda x, i: lax.cond(i > 0, lambda: x[i].sum(), lambda: 0.0)
    )(ROWS, 5),
    "grad": lambda: fg.jit(fg.grad(lambda x, i: (x[i] ** 2).sum()))(ROWS, 3),
    "grad of jit": lambda: fg.grad(fg.jit(lambda x, i: (x[i] ** 2).sum()))(ROWS, 3),
    "grad of loop": lambda: fg.grad(
        lambda x: lax.fori_loop(0, 5, lambda i, s: s + x[i].sum() ** 2, 0.0)
    )(ROWS),
    "vmap": lambda: fg.vmap(reads_table)(np.array([0, 3])),
    "jit of vmap": lambda: fg.jit(fg.vmap(reads_table))(np.array([0, 3])),
    "vmap of jit": lambda: fg.vmap(fg.jit(reads_table))(np.array([0, 3])),
    "jit in jit": lambda: fg.jit(lambda x, i: fg.jit(reads)(x, i) * 2.0)(ROWS, 3),
}


@pytest.mark.parametrize("name", CHECKED)
def test_compiled_code_checks_indices_where_asked(name):
    with fg.check_index(True), reports(IndexOutOfBoundsError, "out of bounds", "clip"):
        CHECKED[name]()
    CHECKED[name]()  # and does not, and reads nothing outside, where not


def test_the_index_and_its_line_are_shown():
    with (
        fg.check_index(True),
        reports(
            IndexOutOfBoundsError,
            "index -4 is out of bounds for axis 0 with size 3",
            "return x[i]",
            "expected:  -3 to 2",
            function="reads",
        ),
    ):
        fg.jit(reads)(ROWS, np.array([1, -4]))


def test_what_is_checked_computes_the_same():
    f = fg.jit(lambda x, i: x[i] * 2.0 + x.at[i].add(1.0)[i])
    inside = np.array([-3, 1, 2])
    with fg.check_index(True):
        np.testing.assert_array_equal(f(ROWS, inside), ROWS[inside] * 3.0 + 1.0)
        nothing = f(ROWS, np.zeros(0, int))
    assert nothing.shape == (0, 4)
    np.testing.assert_array_equal(f(ROWS, inside), ROWS[inside] * 3.0 + 1.0)


def test_branches_that_are_not_taken_are_not_checked():
    f = fg.jit(lambda x, i: lax.cond(i < 3, lambda: x[i].sum(), lambda: -1.0))
    with fg.check_index(True):
        assert f(ROWS, 7) == -1.0
        assert f(ROWS, 0) == ROWS[0].sum()


def test_modes_say_what_is_meant_outside():
    with fg.check_index(True):
        clip = fg.jit(lambda x, i: x.at[i].get(mode="clip"))(ROWS, 9)
        fill = fg.jit(lambda x, i: x.at[i].get(mode="fill", fill_value=0.0))(ROWS, 9)
        drop = fg.jit(lambda x, i: x.at[i].set(1.0, mode="drop"))(ROWS, 9)
        wrap = fg.jit(lambda x, i: np.take(x, i, axis=0, mode="wrap"))(ROWS, 4)
    assert clip.tolist() == ROWS[2].tolist()
    assert fill.tolist() == [0.0] * 4
    assert drop.tolist() == ROWS.tolist()
    assert wrap.tolist() == ROWS[1].tolist()


def test_without_the_check_reads_are_clipped_and_writes_dropped():
    assert fg.jit(reads)(ROWS, 9).tolist() == ROWS[2].tolist()
    assert fg.jit(reads)(ROWS, -9).tolist() == ROWS[0].tolist()
    assert fg.jit(lambda x, i: x.at[i].set(1.0))(ROWS, 9).tolist() == ROWS.tolist()


def test_arrays_raise_as_numpys_do():
    with pytest.raises(IndexError):
        TABLE[3]
    with reports(IndexOutOfBoundsError):
        TABLE.at[3].set(1.0)
    with reports(IndexOutOfBoundsError):
        fg.grad(lambda x, i: x[i].sum())(ROWS, 3)
