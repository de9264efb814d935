"""Vector mathematics of float32 against double precision, over all magnitudes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compiler.kernels import map_lanes
from tests.compiler.test_vecmath import NUMPY, TWO_ARGUMENTS

BOUNDS = {"erf_inv": 4, "erfc": 6}  # in ulp, where it is not 2
PERIODIC = {"sin", "cos", "tan"}
NAMES = [name for name in NUMPY if name not in {*TWO_ARGUMENTS, "digamma"}]


def inputs() -> np.ndarray:
    """All that a float32 can be, and more of the numbers around 0."""
    rng = np.random.default_rng(0)
    bits = rng.integers(1 << 32, size=20_000, dtype=np.uint32)
    ordinary = rng.uniform(-4, 4, 20_000).astype("f4")
    return np.concatenate([bits.view("f4"), ordinary])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_accuracy_at_every_magnitude(name):
    x = inputs()
    exact = NUMPY[name](x.astype("f8"))
    compared = np.abs(exact) < float(np.finfo("f4").max)
    if name in PERIODIC:
        compared &= np.abs(x) < 1e15
    got = map_lanes(lambda b, v: b.math(name, v), [x], "f4", 8)
    ulp = np.spacing(np.abs(exact[compared]).astype("f4"))
    errors = np.abs(got[compared] - exact[compared]) / ulp
    assert errors.size > 5_000
    assert errors.max() <= BOUNDS.get(name, 2)


@pytest.mark.parametrize("scale", [1e-40, 1e-38, 1.0, 1e38])
def test_angles_of_near_and_far_points(scale):
    rng = np.random.default_rng(1)
    y, x = (scale * rng.uniform(-3, 3, size=(2, 5000))).astype("f4")
    exact = np.arctan2(y.astype("f8"), x.astype("f8"))
    got = map_lanes(lambda b, v, w: b.math("atan2", v, w), [y, x], "f4", 8)
    assert np.max(np.abs(got - exact) / np.spacing(np.abs(exact).astype("f4"))) <= 2
