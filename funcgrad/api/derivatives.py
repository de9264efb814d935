"""jvp, vjp, linearize and linear_transpose of functions of nested arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.api.arguments import FlatFunction, name_of
from funcgrad.api.staging import aval_of
from funcgrad.core.aval import ShapedArray, float0
from funcgrad.core.jaxpr import ClosedJaxpr, Jaxpr, dead_code, eval_jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.iota import zeros_of
from funcgrad.transforms import jvp as jvp_transform
from funcgrad.transforms import linearize as linearize_transform
from funcgrad.transforms.stage import stage
from funcgrad.transforms.transpose import backward_pass


def jvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
) -> Any:
    """Result of a function and its derivative in a direction (forward mode).

    Parameters
    ----------
    fun : callable
        Takes and returns arrays, or nested containers of them.
    primals : tuple
        The arguments to differentiate at.
    tangents : tuple
        A direction for each argument: same structure, shapes and dtypes. The tangent of
        an integer or boolean array has dtype ``float0``.
    has_aux : bool
        ``fun`` returns ``(result, aux)``; ``aux`` is not differentiated.

    Returns
    -------
    result, tangent
        And ``aux`` as a third with ``has_aux``.

    Raises
    ------
    GradientTypeError
        If a tangent does not fit its primal.

    Examples
    --------
    >>> import funcgrad as fg
    >>> y, t = fg.jvp(lambda x: x * x, (3.0,), (1.0,))
    >>> float(y), float(t)
    (9.0, 6.0)
    """
    _check_sequences(primals, tangents)
    leaves, in_tree = tree.flatten((tuple(primals), {}))
    direction = in_tree.flatten_up_to((tuple(tangents), {}), "tangents")
    ts = [
        checked_tangent(t, typeof(p), "tangent")
        for p, t in zip(leaves, direction, strict=True)
    ]
    flat = FlatFunction(fun, in_tree, has_aux)
    results, out_tangents = jvp_transform.jvp(flat, leaves, ts)
    count = flat.out_tree.num_leaves
    tangent_leaves = [materialized(t) for t in out_tangents[:count]]
    answer = (flat.unflatten(results), flat.unflatten(tangent_leaves))
    return (*answer, flat.aux(results)) if has_aux else answer


def _check_sequences(primals: Any, tangents: Any) -> None:
    if isinstance(primals, (tuple, list)) and isinstance(tangents, (tuple, list)):
        if len(primals) == len(tangents):
            return
        got = f"{len(primals)} primals and {len(tangents)} tangents"
    else:
        got = f"primals: {type(primals).__name__}, tangents: {type(tangents).__name__}"
    raise errors.GradientTypeError(
        errors.message(
            "primals and tangents are tuples with one entry for each argument.",
            where=user_frame(),
            got=got,
            expected="tuples of one length",
            fix="jvp(f, (x,), (t,))",
            see=errors.GradientTypeError.page,
        )
    )


def materialized(tangent: Any) -> Any:
    """An array for a symbolic zero; of dtype ``float0`` where there is no tangent."""
    if type(tangent) is not Zero:
        return tangent
    if tangent.aval.dtype == float0:
        return np.zeros(tangent.aval.shape, float0)
    return writeable_zeros(tangent.aval)


def writeable_zeros(aval: ShapedArray) -> Any:
    """Zeros that the user may own: staged under a transform, else memory of its own."""
    zero = zeros_of(aval)
    return zero.copy() if isinstance(zero, np.ndarray) else zero


def checked_tangent(value: Any, primal: ShapedArray, what: str) -> Any:
    """A tangent or cotangent given by the user as one of the right type, or an error.

    Numbers and arrays of a lower precision are converted; shapes have to agree.
    """
    space = primal.tangent()
    if space.dtype == float0:
        return Zero(space)
    if value is None:
        return Zero(space)
    given = typeof(value)
    if given.dtype == float0 and given.shape == space.shape:
        return Zero(space)
    fits = np.can_cast(given.dtype, space.dtype, "safe") or given.weak_type
    if given.shape != space.shape or not fits:
        raise errors.GradientTypeError(
            errors.message(
                f"a {what} has the shape and dtype of the value it belongs to.",
                where=user_frame(),
                got=str(given),
                expected=str(space),
                fix="np.asarray(t, dtype=x.dtype).reshape(x.shape)",
                see=errors.GradientTypeError.page,
            )
        )
    return convert_element_type(value, space.dtype)


def keep_outputs(closed: ClosedJaxpr, count: int) -> ClosedJaxpr:
    """A program with its first ``count`` outputs and what they need."""
    jaxpr = closed.jaxpr
    outvars = jaxpr.outvars[:count]
    if len(outvars) == len(jaxpr.outvars):
        return closed
    eqns, live = dead_code(jaxpr.eqns, outvars)
    pairs = [
        (v, c) for v, c in zip(jaxpr.constvars, closed.consts, strict=True) if v in live
    ]
    kept = Jaxpr(
        tuple(v for v, _ in pairs), jaxpr.invars, tuple(eqns), outvars, jaxpr.effects
    )
    return ClosedJaxpr(kept, tuple(c for _, c in pairs))


class Linearized:
    """Results of a function at a point, and its derivative there as a program.

    Attributes
    ----------
    results : list
        Leaves of the result and then of ``aux``.
    program : ClosedJaxpr
        Tangents of the inputs that have some -> tangents of the results that do.
    """

    __slots__ = (
        "flat",
        "in_flags",
        "leaves",
        "out_flags",
        "program",
        "results",
    )

    def __init__(self, flat: FlatFunction, leaves: Sequence[Any]) -> None:
        self.flat = flat
        self.leaves = leaves
        self.in_flags = [typeof(x).differentiable for x in leaves]
        results, program, flags = linearize_transform.linearize(flat, leaves)
        count = flat.out_tree.num_leaves
        self.results = results
        self.out_flags = flags[:count]
        self.program = keep_outputs(program, sum(self.out_flags))

    @property
    def out_avals(self) -> list[ShapedArray]:
        return [typeof(y) for y in self.results[: len(self.out_flags)]]

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """Tangents of the result's leaves from those of the arguments' leaves."""
        given = [
            materialized(t) for t, f in zip(tangents, self.in_flags, strict=True) if f
        ]
        jaxpr, consts = self.program.jaxpr, self.program.consts
        with np.errstate(all="ignore"):  # as in transforms.jvp
            found = iter(eval_jaxpr(jaxpr, consts, *given))
        return [
            next(found) if flag else Zero(aval.tangent())
            for flag, aval in zip(self.out_flags, self.out_avals, strict=True)
        ]

    def pull(self, cotangents: Sequence[Any]) -> list[Any]:
        """Cotangents of the arguments' leaves from those of the result's leaves."""
        given = [ct for ct, f in zip(cotangents, self.out_flags, strict=True) if f]
        program = self.program
        found = iter(backward_pass(program.jaxpr, program.consts, given))
        return [
            next(found) if flag else Zero(typeof(x).tangent())
            for flag, x in zip(self.in_flags, self.leaves, strict=True)
        ]


def linearize(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Result of a function, and its derivative there as a linear function.

    The work of ``fun`` is done once; calling the derivative repeats only linear
    operations.

    Parameters
    ----------
    fun : callable
    *primals
        The arguments to linearize at.
    has_aux : bool
        ``fun`` returns ``(result, aux)``.

    Returns
    -------
    result, f_jvp
        ``f_jvp(*tangents)`` gives the tangent of the result; ``aux`` comes third with
        ``has_aux``.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> y, f_jvp = fg.linearize(lambda x: x * x, 3.0)
    >>> float(f_jvp(1.0)), float(f_jvp(2.0))
    (6.0, 12.0)
    """
    leaves, in_tree = tree.flatten((primals, {}))
    flat = FlatFunction(fun, in_tree, has_aux)
    linear = Linearized(flat, leaves)
    avals = [typeof(x) for x in leaves]

    def f_jvp(*tangents: Any) -> Any:
        given = in_tree.flatten_up_to((tangents, {}), "tangents")
        ts = [
            checked_tangent(t, aval, "tangent")
            for t, aval in zip(given, avals, strict=True)
        ]
        return flat.unflatten([materialized(t) for t in linear.push(ts)])

    f_jvp.jaxpr = linear.program  # type: ignore[attr-defined]
    answer = (flat.unflatten(linear.results), f_jvp)
    return (*answer, flat.aux(linear.results)) if has_aux else answer


def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Result of a function, and the function that pulls cotangents back through it.

    Parameters
    ----------
    fun : callable
    *primals
        The arguments to differentiate at.
    has_aux : bool
        ``fun`` returns ``(result, aux)``.

    Returns
    -------
    result, f_vjp
        ``f_vjp(cotangent)`` takes a cotangent of the result's structure and gives a
        tuple with one for each argument; ``aux`` comes third with ``has_aux``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> y, f_vjp = fg.vjp(lambda x, y: x * y, 3.0, 4.0)
    >>> [float(g) for g in f_vjp(1.0)]
    [4.0, 3.0]
    """
    leaves, in_tree = tree.flatten((primals, {}))
    flat = FlatFunction(fun, in_tree, has_aux)
    linear = Linearized(flat, leaves)

    def f_vjp(cotangent: Any) -> tuple[Any, ...]:
        given = flat.out_tree.flatten_up_to(cotangent, "cotangent")
        cts = [
            checked_tangent(ct, aval, "cotangent")
            for ct, aval in zip(given, linear.out_avals, strict=True)
        ]
        args, _ = in_tree.unflatten([materialized(ct) for ct in linear.pull(cts)])
        return tuple(args)

    answer = (flat.unflatten(linear.results), f_vjp)
    return (*answer, flat.aux(linear.results)) if has_aux else answer


def linear_transpose(fun: Callable[..., Any], *primals: Any) -> Callable[..., Any]:
    """The transpose of a function that is linear in all its arguments.

    Parameters
    ----------
    fun : callable
        Linear; it may close over anything.
    *primals
        Examples of its arguments; only shapes and dtypes matter.

    Returns
    -------
    callable
        Takes a cotangent of the result, gives a tuple of cotangents of the arguments.

    Raises
    ------
    DifferentiationError
        If an operation of ``fun`` is not linear.

    Examples
    --------
    >>> import funcgrad as fg
    >>> transposed = fg.linear_transpose(lambda x: 3.0 * x, 1.0)
    >>> float(transposed(2.0)[0])
    6.0
    """
    leaves, in_tree = tree.flatten((primals, {}))
    flat = FlatFunction(fun, in_tree)
    avals = [aval_of(x, "argument", name_of(fun)).strong() for x in leaves]
    _check_inexact(fun, avals)
    closed = stage(flat, avals, name=name_of(fun))

    def transposed(cotangent: Any) -> tuple[Any, ...]:
        given = flat.out_tree.flatten_up_to(cotangent, "cotangent")
        cts = [
            checked_tangent(ct, aval, "cotangent")
            for ct, aval in zip(given, closed.out_avals, strict=True)
        ]
        found = backward_pass(closed.jaxpr, closed.consts, cts)
        args, _ = in_tree.unflatten([materialized(ct) for ct in found])
        return tuple(args)

    return transposed


def _check_inexact(fun: Any, avals: Sequence[ShapedArray]) -> None:
    for aval in avals:
        if not aval.differentiable:
            raise errors.GradientTypeError(
                errors.message(
                    f"`{name_of(fun)}` can not be transposed: an argument is not of "
                    "a floating-point type.",
                    where=user_frame(),
                    got=str(aval),
                    expected="float or complex arguments",
                    fix="close over the integer arguments",
                    see=errors.GradientTypeError.page,
                )
            )
