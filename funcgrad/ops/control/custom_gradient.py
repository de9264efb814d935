"""custom_gradient: a function that returns its result and its pullback together."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.jaxpr import eval_jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.control.custom_batch import Pullback, Rules
from funcgrad.ops.control.custom_call import custom_call_p
from funcgrad.ops.control.staged import name_of
from funcgrad.ops.iota import instantiate
from funcgrad.transforms.stage import stage


def custom_gradient(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose reverse-mode derivative it returns itself.

    Parameters
    ----------
    fun : callable
        ``fun(*args) -> (result, pull)``, where ``pull(cotangent)`` gives a tuple with a
        cotangent for each argument, or that of the only one.

    Returns
    -------
    callable
        With the arguments of ``fun``; returns ``result``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> @fg.custom_gradient
    ... def f(x):
    ...     return x * x, lambda ct: 10.0 * x * ct
    >>> float(f(3.0)), float(fg.grad(f)(3.0))
    (9.0, 30.0)
    """

    @functools.wraps(fun)
    def wrapped(*args: Any) -> Any:
        leaves, in_tree = tree.flatten(args)
        found: list[Any] = []

        def program(*flat: Any) -> list[Any]:
            result, _ = _pair(fun, in_tree.unflatten(flat))
            results, out_tree = tree.flatten(result)
            found[:] = [out_tree]
            return results

        def forward(
            primals: Sequence[Any], nonzero: Sequence[bool]
        ) -> tuple[list[Any], list[Any], Pullback]:
            del nonzero
            result, pull = _pair(fun, in_tree.unflatten(primals))
            results, out_tree = tree.flatten(result)
            found[:] = [out_tree]
            residuals, pullback = _staged_pullback(pull, results, out_tree, in_tree)
            return results, residuals, pullback

        results = custom_call_p.bind(
            *leaves, program=program, num_consts=0, rules=Rules(forward=forward)
        )
        return found[0].unflatten(results)

    return wrapped


def _pair(fun: Any, args: Sequence[Any]) -> tuple[Any, Callable[[Any], Any]]:
    pair = fun(*args)
    if isinstance(pair, (tuple, list)) and len(pair) == 2 and callable(pair[1]):
        return pair[0], pair[1]
    raise errors.DifferentiationError(
        errors.message(
            f"`{name_of(fun)}`, under custom_gradient, returns a pair.",
            where=user_frame(),
            got=type(pair).__name__,
            expected="(result, a function of the cotangent)",
            see=errors.DifferentiationError.page,
        )
    )


def _staged_pullback(
    pull: Callable[[Any], Any], results: Sequence[Any], out_tree: Any, in_tree: Any
) -> tuple[list[Any], Pullback]:
    """The pullback as a program; what it closes over are the residuals."""
    spaces = [typeof(y).tangent() for y in results]
    given = [aval.differentiable for aval in spaces]

    def flat(*cts: Any) -> list[Any]:
        rest = iter(cts)
        full = [
            next(rest) if flag else instantiate(Zero(aval))
            for flag, aval in zip(given, spaces, strict=True)
        ]
        answer = pull(out_tree.unflatten(full))
        if len(in_tree.children()) == 1 and not isinstance(answer, tuple):
            answer = (answer,)
        parts: list[Any] = in_tree.flatten_up_to(answer, "cotangents")
        return parts

    closed = stage(flat, [a for a, flag in zip(spaces, given, strict=True) if flag])

    def pullback(residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        arrays = [instantiate(ct) for ct, f in zip(cts, given, strict=True) if f]
        return eval_jaxpr(closed.jaxpr, residuals, *arrays)

    return list(closed.consts), pullback
