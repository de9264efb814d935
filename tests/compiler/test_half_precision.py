"""Conversions to float16 round once, as NumPy's do, from every dtype."""

import numpy as np
import pytest

import funcgrad as fg

HALVES = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
FINITE = np.unique(HALVES[np.isfinite(HALVES)].astype(np.float64))
BETWEEN = (FINITE[:-1] + FINITE[1:]) / 2
SPECIAL = [
    np.inf,
    -np.inf,
    np.nan,
    -0.0,
    65519.99999999,
    65520.0,
    5e-324,
    1e300,
    -1e300,
]
to_half = fg.jit(lambda x: x.astype(np.float16))


def same_bits(got, want):
    assert got.dtype == np.float16
    known = ~np.isnan(want)
    np.testing.assert_array_equal(np.isnan(got), ~known)
    np.testing.assert_array_equal(
        got.view(np.uint16)[known], want.view(np.uint16)[known]
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_from_floats_at_ties_and_next_to_them(dtype):
    ties = BETWEEN.astype(dtype)
    above, below = np.nextafter(ties, dtype(np.inf)), np.nextafter(ties, dtype(-np.inf))
    with np.errstate(all="ignore"):
        special = np.array(SPECIAL).astype(dtype)
        x = np.concatenate([FINITE.astype(dtype), ties, above, below, special])
        want = x.astype(np.float16)
    same_bits(to_half(x), want)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u2", "i4", "i8", "u8"])
def test_from_integers(dtype):
    x = np.arange(120).astype(dtype)
    same_bits(to_half(x), x.astype(np.float16))


def test_scalars():
    assert to_half(2.5) == np.float16(2.5)
    assert to_half(np.complex128(1.5)) == np.float16(1.5)
