"""NumPy's own functions meet traced values: what dispatches, and what is refused."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.errors import (
    AxisError,
    ConcretizationTypeError,
    IndexOutOfBoundsError,
    InPlaceUpdateError,
    ShapeError,
    TracerArrayConversionError,
)

X = np.arange(6.0).reshape(2, 3)


def test_table_names_the_functions():
    table = fnp.dispatch_table()
    assert table["numpy.sin"] == "numpy.sin"
    assert table["numpy.sum"] == "funcgrad.numpy.reductions.sum"
    assert table["numpy.linalg.solve"] == "funcgrad.numpy.linalg.systems.solve"
    assert "scipy.special.expit" in table
    assert len(table) > 330


def test_every_numpy_ufunc_but_dates_dispatches():
    ufuncs = {f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc)}
    dispatched = {n.removeprefix("numpy.") for n in fnp.dispatch_table()}
    assert ufuncs - dispatched == {"isnat"}


def test_every_public_function_has_a_docstring():
    for name in dir(fnp):
        value = getattr(fnp, name)
        if callable(value) and not name.startswith("_"):
            assert value.__doc__, name


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.add(x, x, out=np.empty((2, 3))),
        lambda x: np.sum(x, out=np.empty(())),
        lambda x: fnp.sum(x, out=np.empty(())),
        lambda x: np.add.at(x, 0, 1.0),
        lambda x: np.fill_diagonal(x, 0.0),
    ],
)
def test_writing_in_place_is_refused(call):
    with pytest.raises(InPlaceUpdateError):
        fg.jit(call)(X)


def test_out_of_plain_arrays_is_allowed():
    out = np.empty(3)
    fnp.sum(X, axis=0, out=out)
    np.testing.assert_array_equal(out, [3, 5, 7])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: np.sum(x, axis=2), AxisError),
        (lambda x: np.sum(x, axis=(0, 0)), AxisError),
        (lambda x: np.transpose(x, (0, 0)), AxisError),
        (lambda x: np.reshape(x, (4, -1)), ShapeError),
        (lambda x: np.reshape(x, (4, 2)), ShapeError),
        (lambda x: np.squeeze(x, axis=0), ShapeError),
        (lambda x: np.broadcast_to(x, (3, 3)), ShapeError),
        (lambda x: np.dot(x, x), ShapeError),
        (lambda x: np.matmul(x, x), ShapeError),
        (lambda x: np.einsum("ij,jk", x, x), ShapeError),
        (lambda x: np.einsum("ij,jk", x), ShapeError),
        (lambda x: np.einsum("ij->ii", x), ShapeError),
        (lambda x: x + np.ones(2), ShapeError),
        (lambda x: np.max(x[:0]), ShapeError),
        (lambda x: np.nonzero(x), ConcretizationTypeError),
        (lambda x: np.unique(x), ConcretizationTypeError),
        (lambda x: np.save("file", x), TracerArrayConversionError),
        (lambda x: np.add.reduceat(x, [9]), IndexOutOfBoundsError),
        (lambda x: np.split(x, 2, axis=1), ValueError),
        (lambda x: np.linalg.inv(x), np.linalg.LinAlgError),
        (lambda x: np.concatenate([]), ValueError),
        (lambda x: np.max(x, where=x > 0), ValueError),
        (lambda x: np.invert(x), TypeError),
        (lambda x: np.pad(x, 1, mode="wibble"), ValueError),
        (lambda x: np.linalg.norm(x, ord=7), ValueError),
    ],
)
def test_mistakes(call, error):
    with pytest.raises(error):
        fg.jit(call)(X)


def test_errors_are_numpys_too():
    for call in (lambda x: np.sum(x, axis=2), lambda x: np.reshape(x, (4, 2))):
        with pytest.raises((np.exceptions.AxisError, ValueError)):
            call(X)
        with pytest.raises((np.exceptions.AxisError, ValueError)):
            fg.jit(call)(X)


def test_python_scalars_yield():
    """NEP 50 holds for traced Python scalars as for plain ones."""
    x = np.float32(2)
    assert fg.jit(lambda s: np.multiply(x, s))(3.0).dtype == np.float32
    assert fg.jit(lambda s: np.multiply(np.int8(2), s))(3).dtype == np.int8
    assert fg.jit(lambda s: np.sin(s))(3.0).dtype == np.float64
    assert fg.jit(lambda s: np.where(True, x, s))(3.0).dtype == np.float32


def test_values_that_are_known_may_decide_shapes():
    def f(x):
        places = np.nonzero(x > 1.5)[0]
        return np.sum(x[places] ** 2)

    np.testing.assert_array_equal(fg.grad(f)(np.arange(4.0)), [0, 0, 4, 6])


@pytest.mark.parametrize("size", [2, 3, 5])
def test_nonzero_with_a_size(size):
    x = np.array([[0, 3, 0], [4, 0, 5]])
    got = fg.jit(lambda x: fnp.nonzero(x, size=size, fill_value=-1))(x)
    want = [np.full(size, -1) for _ in range(2)]
    for w, places in zip(want, np.nonzero(x), strict=True):
        w[: min(size, 3)] = places[:size]
    np.testing.assert_array_equal(got, want)


def test_put_along_axis_and_fill_diagonal_return_new_arrays():
    place = np.argmax(X, axis=1)[:, None]
    want = X.copy()
    np.put_along_axis(want, place, 9.0, axis=1)
    np.testing.assert_array_equal(fnp.put_along_axis(X, place, 9.0, axis=1), want)
    got = fg.jit(lambda x: fnp.put_along_axis(x, place, 9.0, axis=1))(X)
    np.testing.assert_array_equal(got, want)
    want = X.copy()
    np.fill_diagonal(want, 7.0)
    got = fg.jit(lambda x: fnp.fill_diagonal(x, 7.0, inplace=False))(X)
    np.testing.assert_array_equal(got, want)


def test_functions_of_functions():
    want = np.apply_along_axis(np.cumsum, 1, X)
    got = fg.jit(lambda x: np.apply_along_axis(np.cumsum, 1, x))(X)
    np.testing.assert_array_equal(got, want)
    want = np.apply_along_axis(np.outer, 0, X, np.arange(2.0))
    got = fg.jit(lambda x: np.apply_along_axis(np.outer, 0, x, np.arange(2.0)))(X)
    np.testing.assert_array_equal(got, want)
    want = np.apply_over_axes(np.sum, X, (0, 1))
    np.testing.assert_array_equal(
        fg.jit(lambda x: np.apply_over_axes(np.sum, x, (0, 1)))(X), want
    )


def test_dtypes_of_traced_values():
    def f(x, s):
        assert np.result_type(x, np.float32) == np.float64
        assert np.result_type(np.float32, s) == np.float32
        assert np.can_cast(x, np.complex128)
        assert not np.can_cast(x, np.int64)
        assert np.iscomplexobj(x) is False
        assert np.shape(x) == (2, 3)
        return x

    fg.jit(f)(X, 2.0)


def test_derivative_of_a_choice_ignores_the_other_branch():
    def f(x):
        return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(fg.grad(f)(np.array([0.0, 4.0])), [0, 0.25])


def test_derivatives_at_zero_are_finite():
    zero = np.zeros(3)
    np.testing.assert_array_equal(fg.grad(np.linalg.norm)(zero), zero)
    np.testing.assert_array_equal(fg.grad(np.std)(zero), zero)
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    want = [[4.0, -2.0], [-2.0, 1.0]]
    np.testing.assert_allclose(fg.grad(np.linalg.det)(singular), want)
