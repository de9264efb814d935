"""Interpolation: SciPy's values, and derivatives in places, values and points."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.interpolate as si

import funcgrad as fg
from funcgrad import errors
from funcgrad.scipy import interpolate
from funcgrad.test_util import check_grads

RNG = np.random.default_rng(0)
X = np.sort(RNG.uniform(0.0, 10.0, size=9))
ONE, MANY = RNG.normal(size=9), RNG.normal(size=(9, 3))
PLACES = np.linspace(X[0] - 0.3, X[-1] + 0.3, 31)
CUBICS = [
    ("CubicSpline", {}),
    ("CubicSpline", {"bc_type": "natural"}),
    ("CubicSpline", {"bc_type": "clamped"}),
    ("PchipInterpolator", {}),
    ("Akima1DInterpolator", {}),
]


@pytest.mark.parametrize("y", [ONE, MANY], ids=["scalar", "vector"])
@pytest.mark.parametrize(("name", "options"), CUBICS)
def test_cubics_are_scipys(name, options, y):
    ours = getattr(interpolate, name)(X, y, **options)
    theirs = getattr(si, name)(X, y, **options)
    for nu in range(4):
        np.testing.assert_allclose(ours(PLACES, nu), theirs(PLACES, nu), atol=1e-11)
    area = theirs.integrate(X[1], X[-2])
    np.testing.assert_allclose(ours.integrate(X[1], X[-2]), area, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), CUBICS)
def test_cubics_are_differentiated_in_everything(name, options):
    make = getattr(interpolate, name)
    inside = np.linspace(X[0] + 0.1, X[-1] - 0.1, 5)

    def value(x, y, q):
        return make(x, y, **options)(q)

    check_grads(value, (X, ONE, inside), order=2, rtol=1e-3, atol=1e-3)
    compiled = fg.jit(fg.vmap(fg.grad(lambda q: value(X, ONE, q))))(inside)
    np.testing.assert_allclose(compiled, make(X, ONE, **options)(inside, 1), rtol=1e-9)


def test_hermite_goes_through_values_and_slopes():
    f = interpolate.CubicHermiteSpline(X, MANY, 2.0 * MANY, extrapolate=False)
    np.testing.assert_allclose(f(X), MANY, atol=1e-12)
    np.testing.assert_allclose(f(X, 1), 2.0 * MANY, atol=1e-12)
    assert np.isnan(f(X[-1] + 1.0)).all()


@pytest.mark.parametrize("method", ["linear", "nearest"])
@pytest.mark.parametrize("fill", [np.nan, None, 7.0])
def test_grids_are_scipys(method, fill):
    points = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 5.0, 6.0])
    values = RNG.normal(size=(3, 4, 2))
    places = RNG.uniform(-0.5, 4.0, size=(7, 5, 2))
    options = {"method": method, "bounds_error": False, "fill_value": fill}
    ours = interpolate.RegularGridInterpolator(points, values, **options)
    theirs = si.RegularGridInterpolator(points, values, **options)
    np.testing.assert_allclose(ours(places), theirs(places), atol=1e-13)
    np.testing.assert_allclose(fg.jit(ours)(places), theirs(places), atol=1e-13)
    apart = ours((places[..., 0], places[..., 1]))
    np.testing.assert_array_equal(apart, ours(places))


def test_grids_are_differentiated_in_places_and_values():
    points = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 5.0])

    def value(values, p):
        return interpolate.RegularGridInterpolator(points, values)(p)

    check_grads(value, (RNG.normal(size=(3, 3)), np.array([1.7, 2.9])), order=2)


def test_mistakes_are_told():
    with pytest.raises(errors.ShapeError, match="do not fit"):
        interpolate.PchipInterpolator(X, ONE[:-1])
    with pytest.raises(errors.ShapeError, match="too few"):
        interpolate.CubicSpline(X[:3], ONE[:3])
    with pytest.raises(errors.StaticArgumentError, match="not-a-knot"):
        interpolate.CubicSpline(X, ONE, bc_type="periodic-ish")
    with pytest.raises(errors.ShapeError, match="grid"):
        interpolate.RegularGridInterpolator((X,), ONE[:-1])
    with pytest.raises(errors.StaticArgumentError, match="'linear' or 'nearest'"):
        interpolate.RegularGridInterpolator((X,), ONE, method="spline")
    strict = interpolate.RegularGridInterpolator((X,), ONE, bounds_error=True)
    with pytest.raises(errors.IndexOutOfBoundsError, match="1 of 2 places"):
        strict(np.array([[5.0], [99.0]]))
