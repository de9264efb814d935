"""The exponential of matrices, by Pade approximants and squaring."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad import ops
from funcgrad.api.derivatives import jvp
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import promote
from funcgrad.numpy.linalg.operands import as_matrices, identity_like
from funcgrad.ops import linalg as kernels
from funcgrad.ops.control.branches import cond
from funcgrad.ops.control.loops import fori_loop

# Coefficients of the diagonal approximants, and the largest norm they serve.
_DOUBLE = (
    5.371920351148152,
    (
        64764752532480000.0,
        32382376266240000.0,
        7771770303897600.0,
        1187353796428800.0,
        129060195264000.0,
        10559470521600.0,
        670442572800.0,
        33522128640.0,
        1323241920.0,
        40840800.0,
        960960.0,
        16380.0,
        182.0,
        1.0,
    ),
)
_SINGLE = (
    3.925724783138660,
    (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0),
)


def expm(A: Any, *, upper_triangular: bool = False, max_squarings: int = 16) -> Any:
    """Exponential of square matrices, differentiable to any order.

    Parameters
    ----------
    A : array, shape (..., n, n)
    upper_triangular : bool, optional
        Whether the matrices are upper triangular, which saves a factorisation.
    max_squarings : int, optional
        The result is NaN where a matrix needs more squarings, that is where its 1-norm
        is above about ``5 * 2**max_squarings``.

    Returns
    -------
    array, shape (..., n, n)

    Raises
    ------
    ShapeError
        If the matrices are not square.

    References
    ----------
    N. J. Higham, "The scaling and squaring method for the matrix exponential
    revisited", SIAM J. Matrix Anal. Appl. 26 (2005), doi:10.1137/04061101X.

    Examples
    --------
    >>> import numpy as np
    >>> expm(np.array([[0.0, 1.0], [0.0, 0.0]])).round(12).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    a = as_matrices(A, square=True)
    aval = typeof(a)
    if 0 in aval.shape:
        return as_array(a)
    single = aval.dtype in (np.float32, np.complex64)
    limit, coefficients = _SINGLE if single else _DOUBLE
    norm = ops.stop_gradient(fnp.max(fnp.sum(fnp.abs(a), axis=-2), axis=-1))
    wanted = fnp.ceil(fnp.log2(fnp.where(norm > limit, norm / limit, 1.0)))
    squarings = fnp.minimum(wanted, max_squarings)
    factor = fnp.exp2(-squarings).astype(aval.dtype)[..., None, None]
    odd, even = _approximant(a * factor, coefficients)
    if upper_triangular:
        found = kernels.triangular_solve(even - odd, even + odd, left_side=True)
    else:
        found = kernels.solve(even - odd, even + odd)
    found = _squared(found, squarings[..., None, None], max_squarings)
    return as_array(fnp.where((wanted > max_squarings)[..., None, None], np.nan, found))


def _approximant(a: Any, coefficients: tuple[float, ...]) -> tuple[Any, Any]:
    """Odd and even part of the numerator; the denominator is their difference."""
    square = a @ a
    powers = [identity_like(a), square]
    while len(powers) < min(4, len(coefficients) // 2):
        powers.append(powers[-1] @ square)

    def combined(chosen: tuple[float, ...]) -> Any:
        low = sum(c * p for c, p in zip(chosen[:4], powers, strict=False))
        if len(chosen) <= 4:
            return low
        high = sum(c * p for c, p in zip(chosen[4:], powers[1:], strict=True))
        return low + powers[3] @ high

    return a @ combined(coefficients[1::2]), combined(coefficients[::2])


def _squared(a: Any, count: Any, most: int) -> Any:
    """Each matrix squared as often as its ``count`` says."""
    needed = fnp.max(count)

    def step(i: Any, x: Any) -> Any:
        def square(x: Any) -> Any:
            return fnp.where(i < count, x @ x, x)

        return cond(i < needed, square, lambda x: x, x)

    return fori_loop(0, most, step, a)


def expm_frechet(
    A: Any,
    E: Any,
    *,
    method: str | None = None,
    compute_expm: bool = True,
    check_finite: bool = True,
) -> Any:
    """Derivative of the exponential at ``A`` in the direction ``E``.

    Parameters
    ----------
    A, E : array, shape (..., n, n)
    method : {None, "SPS", "blockEnlarge"}, optional
        Accepted as in SciPy: one method serves all.
    compute_expm : bool, optional
        Whether the exponential is returned too.
    check_finite : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    array, or tuple of two
        The exponential first, unless ``compute_expm`` is false.

    Raises
    ------
    ShapeError
        If the matrices are not square.
    ValueError
        If ``method`` is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> expm_frechet(np.zeros((2, 2)), np.eye(2), compute_expm=False).round(9).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    del check_finite
    if method not in (None, "SPS", "blockEnlarge"):
        raise ValueError(f"method is None, 'SPS' or 'blockEnlarge', not {method!r}")
    a, direction = promote([as_matrices(x, square=True) for x in (A, E)])
    found, derivative = jvp(expm, (a,), (direction,))
    return (found, derivative) if compute_expm else derivative
