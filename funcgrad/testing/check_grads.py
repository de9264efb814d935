"""Check derivatives of any function of pytrees against differences, to any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.iota import instantiate
from funcgrad.testing.numerical import (
    Flat,
    assert_close,
    directional,
    is_differentiable,
    pairing,
    random_like,
)
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.linearize import linearize
from funcgrad.transforms.transpose import backward_pass

_SEED = 0
_DOUBLE = {"eps": 1e-4, "tol": 1e-6}
_SINGLE = {"eps": 2e-2, "tol": 2e-2}


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Check derivatives of ``f`` by central differences, up to ``order``.

    Parameters
    ----------
    f : callable
        Takes and returns pytrees of arrays. It is differentiated with respect to
        every float or complex leaf of ``args``; other leaves stay as they are.
    args : sequence
        The point at which derivatives are checked.
    order : int
        At least 1. At order 2 derivatives of the derivatives are checked, and so on.
    modes : sequence of {"fwd", "rev"}
        Forward mode, reverse mode, or both; at higher orders all combinations.
    atol, rtol : float, optional
        Tolerances, relative to the largest entry; 1e-6 by default, 2e-2 where single
        precision is used.
    eps : float, optional
        Step of the differences.

    Raises
    ------
    AssertionError
        If a derivative disagrees; the message names the mode.

    Examples
    --------
    >>> import numpy as np
    >>> check_grads(lambda x: np.sum(np.sin(x) ** 2), (np.arange(3.0),), order=2)
    """
    if not set(modes) <= {"fwd", "rev"}:
        raise ValueError(f'modes are "fwd" and "rev", not {modes!r}')
    flat, primals = _flatten(f, args)
    _check(flat, primals, order, modes, _tolerances(primals, atol, rtol, eps), "")


def check_jvp(
    f: Callable[..., Any],
    f_jvp: Callable[..., Any],
    args: Sequence[Any],
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    err_msg: str = "",
) -> None:
    """Check a function's own jvp, ``f_jvp(primals, tangents)``, by differences.

    Parameters
    ----------
    f : callable
        Takes and returns pytrees of arrays.
    f_jvp : callable
        Gives the result of ``f`` and its tangent, as ``funcgrad.jvp(f, ...)`` does.
    args : sequence
        The point; all leaves are of float or complex dtype.
    atol, rtol, eps : float, optional
        As in `check_grads`.
    err_msg : str, optional
        Begins the message of a failure.

    Raises
    ------
    AssertionError
        If value or tangent disagrees.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> f = lambda x: np.sin(x) ** 2
    >>> fg.test_util.check_jvp(f, lambda *args: fg.jvp(f, *args), (np.ones(3),))
    """
    flat, primals = _flatten(f, args)
    structure = tree.structure(tuple(args))
    rng = np.random.default_rng(_SEED)
    tangents = [random_like(rng, typeof(x)) for x in primals]
    packed = tree.unflatten(structure, [instantiate(t) for t in tangents])
    value, out = f_jvp(tuple(args), packed)
    limits = _tolerances(primals, atol, rtol, eps)
    about = f"{err_msg} jvp".strip()
    _compare(tree.leaves(value), flat(*primals), limits, f"{about}: value")
    expected = directional(flat, primals, tangents, limits[2])
    _compare(tree.leaves(out), expected, limits, about)


def check_vjp(
    f: Callable[..., Any],
    f_vjp: Callable[..., Any],
    args: Sequence[Any],
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    err_msg: str = "",
) -> None:
    """Check a function's own vjp, ``f_vjp(*args)``, by differences.

    Parameters
    ----------
    f : callable
        Takes and returns pytrees of arrays.
    f_vjp : callable
        Gives the result of ``f`` and a function from its cotangent to a tuple of
        cotangents of the arguments, as ``funcgrad.vjp(f, ...)`` does.
    args : sequence
        The point; all leaves are of float or complex dtype.
    atol, rtol, eps : float, optional
        As in `check_grads`.
    err_msg : str, optional
        Begins the message of a failure.

    Raises
    ------
    AssertionError
        If value or cotangents disagree.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> f = lambda x: np.sin(x) ** 2
    >>> fg.test_util.check_vjp(f, lambda *args: fg.vjp(f, *args), (np.ones(3),))
    """
    flat, primals = _flatten(f, args)
    rng = np.random.default_rng(_SEED)
    tangents = [random_like(rng, typeof(x)) for x in primals]
    value, pullback = f_vjp(*args)
    limits = _tolerances(primals, atol, rtol, eps)
    about = f"{err_msg} vjp".strip()
    leaves, structure = tree.flatten(value)
    _compare(leaves, flat(*primals), limits, f"{about}: value")
    cts = [random_like(rng, typeof(x)) for x in leaves]
    back = tree.leaves(pullback(tree.unflatten(structure, cts)))
    out = directional(flat, primals, tangents, limits[2])
    _compare([pairing(back, tangents)], [pairing(cts, out)], limits, about)


Limits = tuple[float, float, float]


def _flatten(f: Callable[..., Any], args: Sequence[Any]) -> tuple[Flat, list[Any]]:
    """``f`` on the list of leaves of its arguments."""
    leaves, structure = tree.flatten(tuple(args))

    def flat(*values: Any) -> list[Any]:
        return list(tree.leaves(f(*tree.unflatten(structure, values))))

    return flat, list(leaves)


def _tolerances(
    primals: Sequence[Any], atol: float | None, rtol: float | None, eps: float | None
) -> Limits:
    dtypes = [typeof(x).dtype for x in primals if is_differentiable(x)]
    single = any(dtype in (np.float32, np.complex64) for dtype in dtypes)
    default = _SINGLE if single else _DOUBLE
    return (
        default["tol"] if atol is None else atol,
        default["tol"] if rtol is None else rtol,
        default["eps"] if eps is None else eps,
    )


def _compare(
    got: Sequence[Any], expected: Sequence[Any], limits: Limits, about: str
) -> None:
    atol, rtol, _ = limits
    assert_close(got, expected, rtol=rtol, atol=atol, about=about)


def _check(
    f: Flat,
    primals: Sequence[Any],
    order: int,
    modes: Sequence[str],
    limits: Limits,
    about: str,
) -> None:
    rng = np.random.default_rng(_SEED)
    tangents = [random_like(rng, typeof(x)) for x in primals]
    expected = directional(f, primals, tangents, limits[2])
    if "fwd" in modes:
        name = f"JVP of {about}".removesuffix(" of ")
        _, out = jvp(f, primals, tangents)
        _compare(out, expected, limits, name)
        if order > 1:
            _check(_forward(f, tangents), primals, order - 1, modes, limits, name)
    if "rev" in modes:
        name = f"VJP of {about}".removesuffix(" of ")
        cts = [random_like(rng, typeof(x)) for x in f(*primals)]
        back = _reverse(f, cts)
        flags = [is_differentiable(x) for x in primals]
        first = [t for t, flag in zip(tangents, flags, strict=True) if flag]
        left = pairing(back(*primals), first)
        _compare([left], [pairing(cts, expected)], limits, name)
        if order > 1:
            _check(back, primals, order - 1, modes, limits, name)


def _forward(f: Flat, tangents: Sequence[Any]) -> Flat:
    """The tangents of the results, as a function of the primals."""

    def slope(*primals: Any) -> list[Any]:
        return [instantiate(t) for t in jvp(f, primals, tangents)[1] if _is_space(t)]

    return slope


def _reverse(f: Flat, cts: Sequence[Any]) -> Flat:
    """The cotangents of the primals, as a function of the primals."""

    def gradient(*primals: Any) -> list[Any]:
        _, linear, nonzero = linearize(f, primals)
        kept = [ct for ct, flag in zip(cts, nonzero, strict=True) if flag]
        back = backward_pass(linear.jaxpr, linear.consts, kept)
        return [instantiate(ct) for ct in back]

    return gradient


def _is_space(t: Any) -> bool:
    """Whether a tangent is of a float or complex type."""
    aval = t.aval if type(t) is Zero else typeof(t)
    return aval.dtype.kind in "fc"
