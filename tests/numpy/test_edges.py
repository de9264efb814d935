"""Scalars, empty arrays and single entries: the same results as NumPy, or its refusal."""

import warnings

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp

# AxisError is both of the latter.
REFUSALS = (TypeError, ValueError, IndexError)
SHAPES = [(), (0,), (1,), (0, 3), (3, 0), (1, 1), (2, 1, 0)]
FUNCTIONS = {
    name: getattr(np, name)
    for name in (
        "sum prod mean var std max min ptp all any argmax argmin cumsum cumprod sort argsort "
        "count_nonzero median nansum nanmean nanmax nanmin ravel transpose squeeze flip "
        "atleast_1d atleast_2d atleast_3d sin exp sqrt negative sign floor isnan square diff "
        "ediff1d trapezoid gradient tril triu diag diagflat trace diagonal fliplr flipud "
        "nan_to_num round cumulative_sum cov sinc unwrap linalg.norm linalg.det linalg.inv "
        "linalg.cholesky linalg.slogdet linalg.pinv linalg.matrix_rank matrix_transpose "
        "nonzero unstack"
    ).split()
    if "." not in name
} | {
    f"linalg.{name}": getattr(np.linalg, name)
    for name in "norm det inv slogdet eigvalsh svdvals qr pinv".split()
} | {
    "sum axis": lambda x: np.sum(x, axis=0),
    "max axis": lambda x: np.max(x, axis=-1),
    "mean axis": lambda x: np.mean(x, axis=0, keepdims=True),
    "argmax axis": lambda x: np.argmax(x, axis=0),
    "sort axis": lambda x: np.sort(x, axis=0),
    "cumsum axis": lambda x: np.cumsum(x, axis=0),
    "reshape": lambda x: np.reshape(x, -1),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "concatenate": lambda x: np.concatenate([x, x]),
    "stack": lambda x: np.stack([x, x], axis=-1),
    "hstack": lambda x: np.hstack([x, x]),
    "vstack": lambda x: np.vstack([x, x]),
    "append": lambda x: np.append(x, x),
    "tile": lambda x: np.tile(x, 2),
    "repeat": lambda x: np.repeat(x, 2),
    "roll": lambda x: np.roll(x, 1),
    "pad": lambda x: np.pad(x, 1),
    "where": lambda x: np.where(x > 0, x, 1.0),
    "add": lambda x: np.add(x, np.ones(3)),
    "dot": lambda x: np.dot(x, x.T),
    "matmul": lambda x: np.matmul(x, np.swapaxes(x, -1, -2)),
    "inner": lambda x: np.inner(x, x),
    "outer": lambda x: np.outer(x, x),
    "vdot": lambda x: np.vdot(x, x),
    "kron": lambda x: np.kron(x, x),
    "tensordot": lambda x: np.tensordot(x, x, axes=0),
    "einsum": lambda x: np.einsum("...i,...i->...", x, x),
    "clip": lambda x: np.clip(x, 0, 1),
    "take": lambda x: np.take(x, 0),
    "take none": lambda x: np.take(x, np.array([], int)),
    "searchsorted": lambda x: np.searchsorted(x, 0.5),
    "array_split": lambda x: np.array_split(x, 2),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 1, *x.shape)),
    "linspace": lambda x: np.linspace(x, x + 1, 3),
    "interp": lambda x: np.interp(x, np.array([0.0, 1.0]), np.array([2.0, 3.0])),
    "quantile": lambda x: np.quantile(x, 0.25, axis=0),
    "histogram": lambda x: np.histogram(x, bins=3, range=(0, 1)),
    "convolve": lambda x: np.convolve(x, np.ones(2)),
    "vander": lambda x: np.vander(x, 3),
    "polyval": lambda x: np.polyval(np.ones(2), x),
    "add.reduce": lambda x: np.add.reduce(x),
    "maximum.reduce": lambda x: np.maximum.reduce(x),
    "logaddexp.reduce": lambda x: np.logaddexp.reduce(x),
    "add.outer": lambda x: np.add.outer(x, x),
}  # fmt: skip


def leaves(x):
    if isinstance(x, list | tuple):
        return [leaf for item in x for leaf in leaves(item)]
    return [np.asarray(x)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [float, int], ids=["float", "int"])
def test_as_numpy(name, shape, dtype):
    function = FUNCTIONS[name]
    x = np.ones(shape, dtype)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            want = leaves(function(x))
        except REFUSALS:
            with pytest.raises(REFUSALS):
                fg.eval_shape(lambda x: leaves_of(function(x)), x)
            return
        if name == "nonzero":
            return
        got = fg.make_jaxpr(lambda x: leaves_of(function(x)))(x)(x)
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        g = np.asarray(g)
        assert g.dtype == w.dtype
        assert g.shape == w.shape
        np.testing.assert_allclose(g, w)


def leaves_of(x):
    if isinstance(x, list | tuple):
        return [leaf for item in x for leaf in leaves_of(item)]
    return [x]


@pytest.mark.parametrize("char", "?bBhHilefdFD")
def test_the_dtype_of_an_angle(char):
    x = np.array([1, 0, 1, 3]).astype(char)
    for function in (fg.numpy.angle, fg.jit(np.angle), fg.jit(fg.numpy.angle)):
        result = function(x)
        assert result.dtype == np.angle(x).dtype
        np.testing.assert_array_equal(result, np.angle(x))


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "std", "any"])
def test_none_is_no_mask(name):
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    f = getattr(fnp, name)
    want = f(x, axis=0)
    np.testing.assert_array_equal(f(x, axis=0, where=None, keepdims=None), want)
    compiled = fg.jit(lambda x: f(x, axis=0, where=None))
    np.testing.assert_allclose(compiled(x), want)
