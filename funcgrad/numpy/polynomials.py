"""Polynomials by their coefficients, from the highest power down."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import as_float, promote, to_array, traces
from funcgrad.numpy.histograms import convolve


@traces(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """Value of a polynomial, coefficients from the highest power down (Horner)."""
    coefficients, at = to_array(p), to_array(x)
    shape = typeof(at).shape
    y = ops.broadcast_to(np.zeros((), typeof(at).dtype), shape)
    for c in coefficients:
        y = y * at + c
    return y


@traces(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    """Sum of two polynomials."""
    x, y = _same_length(a1, a2)
    return x + y


@traces(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    """Difference of two polynomials."""
    x, y = _same_length(a1, a2)
    return x - y


def _same_length(a1: Any, a2: Any) -> tuple[Any, Any]:
    x, y = (np.atleast_1d(to_array(a)) for a in (a1, a2))
    length = max(typeof(x).shape[0], typeof(y).shape[0])
    x, y = (np.pad(v, (length - typeof(v).shape[0], 0)) for v in (x, y))
    return x, y


@traces(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """Product of two polynomials."""
    x, y = promote([np.atleast_1d(to_array(a)) for a in (a1, a2)])
    return convolve(x, y)


@traces(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    """Derivative of a polynomial, ``m`` times."""
    x = to_array(p)
    for _ in range(m):
        n = typeof(x).shape[0] - 1
        x = x[:-1] * np.arange(n, 0, -1)
    return x


@traces(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Antiderivative of a polynomial, ``m`` times, with constants ``k``."""
    x = as_float(p)
    constants = [0.0] * m if k is None else np.broadcast_to(k, (m,)).tolist()
    for constant in constants:
        n = typeof(x).shape[0]
        tail = np.full((1,), constant, typeof(x).dtype)
        x = np.concatenate([x / np.arange(n, 0, -1), tail])
    return x


@traces(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """Matrix of the powers of the entries."""
    column = to_array(x)
    if typeof(column).ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    count = typeof(column).shape[0] if N is None else N
    powers = [np.ones(typeof(column).shape, typeof(column).dtype)]
    for _ in range(count - 1):
        powers.append(powers[-1] * column)
    powers = powers[:count]
    return np.stack(powers if increasing else powers[::-1], axis=-1)


@traces(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """Coefficients of the polynomial with these zeros."""
    zeros = as_float(np.atleast_1d(to_array(seq_of_zeros)))
    if typeof(zeros).ndim != 1:
        raise ValueError("poly of a traced value takes the zeros, not a matrix")
    one = np.ones(1, typeof(zeros).dtype)
    result: Any = one
    for zero in zeros:
        result = convolve(result, np.concatenate([one, -zero[None]]))
    return result


@traces(np.polyfit)
def polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: Any = None,
    full: bool = False,
    w: Any = None,
    cov: bool = False,
) -> Any:
    """Coefficients of the polynomial of a degree that fits points best."""
    if full or cov:
        raise ValueError("polyfit of traced values returns the coefficients only")
    at, values = promote([as_float(x), as_float(y)])
    left = vander(at, int(deg) + 1)
    if w is not None:
        weights = as_float(w)
        left = left * weights[:, None]
        values = values * (weights if typeof(values).ndim == 1 else weights[:, None])
    if rcond is None:
        rcond = typeof(at).shape[0] * np.finfo(typeof(at).dtype).eps
    # Columns of length 1 make the system as well conditioned as scaling can.
    scale = np.sqrt(np.sum(left * left, axis=0))
    solution = np.linalg.lstsq(left / scale, values, rcond)[0]
    return (solution.T / scale).T


@traces(np.polydiv)
def polydiv(u: Any, v: Any) -> Any:
    """Quotient and remainder of two polynomials, by long division."""
    x, y = promote([as_float(np.atleast_1d(to_array(p))) for p in (u, v)])
    n, m = typeof(x).shape[0], typeof(y).shape[0]
    rest, quotient = x, []
    for k in range(max(n - m + 1, 0)):
        factor = rest[k] / y[0]
        quotient.append(factor)
        padded = np.concatenate([np.zeros(k), factor * y, np.zeros(n - m - k)])
        rest = rest - padded
    if not quotient:
        return ops.broadcast_to(np.zeros((), typeof(x).dtype), (1,)), x
    return np.stack(quotient), rest[n - m + 1 :]
