"""Numerical derivatives and the pairing of cotangents with tangents, on flat lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.iota import instantiate

Flat = Callable[..., Sequence[Any]]

_WEIGHTS = ((1, 2 / 3), (2, -1 / 12))  # central differences of fourth order


def is_differentiable(x: Any) -> bool:
    """Whether a value has a tangent other than the trivial one."""
    return typeof(x).differentiable


def random_like(rng: np.random.Generator, aval: ShapedArray) -> Any:
    """A random tangent or cotangent of this type; ``Zero`` for integers and bool."""
    if not aval.differentiable:
        return Zero(aval.tangent())
    values = rng.normal(size=aval.shape)
    if aval.dtype.kind == "c":
        values = values + 1j * rng.normal(size=aval.shape)
    return np.asarray(values).astype(aval.dtype)[()]


def directional(
    function: Flat, primals: Sequence[Any], tangents: Sequence[Any], step: float
) -> list[Any]:
    """Derivative of a flat function along ``tangents`` by central differences.

    Parameters
    ----------
    function : callable
        Takes the primals, gives a sequence of arrays.
    primals, tangents : sequence of array
        A tangent may be ``Zero``.
    step : float
        The error is of the order ``step**4`` and ``eps / step``.

    Returns
    -------
    list of array
        One for each result; zeros for those that are not of a float dtype.
    """
    total: list[Any] | None = None
    for multiple, weight in _WEIGHTS:
        ahead = function(*_moved(primals, tangents, multiple * step))
        behind = function(*_moved(primals, tangents, -multiple * step))
        parts = [
            weight / step * np.subtract(a, b)
            if is_differentiable(a)
            else np.zeros(np.shape(a))
            for a, b in zip(ahead, behind, strict=True)
        ]
        total = parts if total is None else [np.add(p, q) for p, q in zip(total, parts)]
    assert total is not None
    return total


def _moved(primals: Sequence[Any], tangents: Sequence[Any], by: float) -> list[Any]:
    return [
        x if type(t) is Zero else (x + by * np.asarray(t)).astype(typeof(x).dtype)[()]
        for x, t in zip(primals, tangents, strict=True)
    ]


def pairing(cotangents: Sequence[Any], tangents: Sequence[Any]) -> float:
    """``Re(sum(ct * t))`` over all pairs: what a transposed map preserves."""
    total = 0.0
    for ct, t in zip(cotangents, tangents, strict=True):
        if type(ct) is Zero or type(t) is Zero:
            continue
        total += float(np.real(np.sum(np.multiply(ct, t))))
    return total


def combine(
    a: float, first: Sequence[Any], b: float, second: Sequence[Any]
) -> list[Any]:
    """``a * first + b * second``, entry by entry of two lists of tangents."""
    return [
        t if type(t) is Zero else (a * t + b * u).astype(typeof(t).dtype)[()]
        for t, u in zip(first, second, strict=True)
    ]


def assert_close(
    got: Sequence[Any],
    expected: Sequence[Any],
    *,
    rtol: float,
    atol: float,
    about: str,
) -> None:
    """Compare two lists of arrays; ``Zero`` is zeros; the message says ``about``."""
    for i, (x, y) in enumerate(zip(got, expected, strict=True)):
        if type(x) is Zero and type(y) is Zero:
            continue
        left, right = _plain(x, y), _plain(y, x)
        scale = float(np.max(np.abs(right), initial=0.0, where=np.isfinite(right)))
        np.testing.assert_allclose(
            left,
            right,
            rtol=rtol,
            atol=atol * max(1.0, scale),
            err_msg=f"{about}, result {i}",
        )


def _plain(x: Any, other: Any) -> Any:
    """An array for a tangent; that of a discrete value is plain zeros."""
    if type(x) is not Zero:
        return np.asarray(x)
    if x.aval.dtype.kind in "fc":
        return instantiate(x)
    return np.zeros(np.shape(instantiate(x)), np.asarray(other).dtype)
