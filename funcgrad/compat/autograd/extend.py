"""Functions with derivatives of one's own, defined as Autograd has it.

A primitive is called with numbers wherever Autograd calls it with numbers. Under
``funcgrad.jit`` and ``vmap`` its body is traced like any other function's; foreign code
in it needs `funcgrad.pure_callback` there.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.compat.autograd.vector_spaces import VSpace as VSpace
from funcgrad.compat.autograd.vector_spaces import vspace as vspace
from funcgrad.compat.autograd.wrap_util import Function, replaced
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer as Box
from funcgrad.ops.control.custom_rules import CustomRules

VjpMaker = Callable[[Sequence[int], Any, Sequence[Any], Any], Function]
JvpMaker = Callable[[Sequence[int], Sequence[Any], Any, Sequence[Any], Any], Any]


class Primitive:
    """A function whose derivatives are given by rules and not by its body.

    Parameters
    ----------
    fun : callable
        Of positional arguments that may be differentiated, and of keyword arguments.
    """

    def __init__(self, fun: Function) -> None:
        functools.update_wrapper(self, fun)
        self.fun = fun
        self.vjp: VjpMaker | None = None
        self.jvp: JvpMaker | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        traced = [i for i, x in enumerate(args) if _is_traced(x)]
        if not traced:
            return self.fun(*args, **kwargs)
        return self._with_rules(traced, args, kwargs)(*[args[i] for i in traced])

    def _with_rules(
        self, argnums: Sequence[int], args: Sequence[Any], kwargs: Any
    ) -> CustomRules:
        """The function of the traced arguments, with the rules that there are."""

        def whole(*xs: Any) -> Any:
            return self.fun(*replaced(args, argnums, xs), **kwargs)

        def forward(*xs: Any) -> Any:
            result = self(*replaced(args, argnums, xs), **kwargs)
            return result, (result, xs)

        def backward(residuals: Any, g: Any) -> tuple[Any, ...]:
            result, xs = residuals
            maker = self._known(self.vjp, "VJP", argnums)
            pullback = maker(argnums, result, replaced(args, argnums, xs), kwargs)
            return tuple(pullback(g))

        def tangents(primals: Sequence[Any], gs: Sequence[Any]) -> Any:
            everything = replaced(args, argnums, primals)
            result = self(*everything, **kwargs)
            maker = self._known(self.jvp, "JVP", argnums)
            return result, maker(argnums, gs, result, everything, kwargs)

        whole.__name__ = getattr(self.fun, "__name__", "primitive")
        rules = CustomRules(whole)
        if self.jvp is not None:
            rules.defjvp(tangents)
        if self.vjp is not None or self.jvp is None:
            rules.defvjp(forward, backward)
        return rules

    def _known(self, rule: Any, kind: str, argnums: Sequence[int]) -> Any:
        if rule is None:
            raise _undefined(self, kind, argnums)
        return rule


def _is_traced(x: Any) -> bool:
    return isinstance(x, Box) or any(isinstance(leaf, Box) for leaf in tree.leaves(x))


def _undefined(
    fun: Primitive, kind: str, argnums: Sequence[int]
) -> errors.DifferentiationError:
    define = f"def{kind.lower()}"
    name = getattr(fun.fun, "__name__", repr(fun.fun))
    return errors.DifferentiationError(
        errors.message(
            f"{kind} of {name} with respect to arguments {list(argnums)} is not "
            "defined.",
            where=user_frame(),
            expected=f"a call of {define} for this primitive",
            see=errors.DifferentiationError.page,
        )
    )


def primitive(f_raw: Function) -> Primitive:
    """A function that gets its derivatives from `defvjp` and `defjvp`.

    Parameters
    ----------
    f_raw : callable

    Returns
    -------
    Primitive

    Examples
    --------
    >>> from funcgrad.compat.autograd import grad
    >>> cube = primitive(lambda x: x**3)
    >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    >>> float(grad(cube)(2.0)), float(grad(grad(cube))(2.0))
    (12.0, 12.0)
    """
    return Primitive(f_raw)


def _checked(fun: Any) -> Primitive:
    if not isinstance(fun, Primitive):
        raise errors.PrimitiveDefinitionError(
            errors.message(
                "rules are defined for functions made by `primitive`.",
                where=user_frame(),
                got=repr(fun),
                expected="a function decorated by funcgrad.compat.autograd.extend."
                "primitive; NumPy's and SciPy's have their rules already",
                see=errors.PrimitiveDefinitionError.page,
            )
        )
    return fun


def defvjp_argnums(fun: Primitive, vjpmaker: VjpMaker) -> None:
    """Define reverse mode for any arguments at once.

    Parameters
    ----------
    fun : Primitive
    vjpmaker : callable
        ``vjpmaker(argnums, ans, args, kwargs)`` gives a function from the cotangent of
        the result to a sequence of those of the arguments.
    """
    _checked(fun).vjp = vjpmaker


def defvjp_argnum(fun: Primitive, vjpmaker: Function) -> None:
    """Define reverse mode for any argument: ``vjpmaker(argnum, ans, args, kwargs)``."""

    def maker(argnums: Sequence[int], *rest: Any) -> Function:
        pullbacks = [vjpmaker(argnum, *rest) for argnum in argnums]
        return lambda g: [pullback(g) for pullback in pullbacks]

    defvjp_argnums(fun, maker)


def defvjp(
    fun: Primitive,
    *vjpmakers: Function | None,
    argnums: Iterable[int] | None = None,
) -> None:
    """Define reverse mode, argument by argument.

    Parameters
    ----------
    fun : Primitive
    *vjpmakers : callable or None
        ``vjpmaker(ans, *args, **kwargs)`` gives a function from the cotangent of the
        result to that of the argument; None: it is zero.
    argnums : iterable of int, optional
        The arguments that they are for; by default from the first on.
    """
    makers = dict(zip(argnums or itertools.count(), vjpmakers, strict=False))

    def maker(argnums: Sequence[int], ans: Any, args: Any, kwargs: Any) -> Function:
        missing = [argnum for argnum in argnums if argnum not in makers]
        if missing:
            raise _undefined(fun, "VJP", missing)
        pullbacks = [
            None if make is None else make(ans, *args, **kwargs)
            for make in (makers[argnum] for argnum in argnums)
        ]
        return lambda g: [None if back is None else back(g) for back in pullbacks]

    defvjp_argnums(fun, maker)


def defjvp_argnums(fun: Primitive, jvpmaker: JvpMaker) -> None:
    """Define forward mode for any arguments at once.

    Parameters
    ----------
    fun : Primitive
    jvpmaker : callable
        ``jvpmaker(argnums, gs, ans, args, kwargs)`` gives the tangent of the result for
        tangents ``gs`` of the arguments.
    """
    _checked(fun).jvp = jvpmaker


def defjvp_argnum(fun: Primitive, jvpmaker: Function) -> None:
    """Define forward mode for any argument: ``(argnum, g, ans, args, kwargs)``."""

    def maker(argnums: Sequence[int], gs: Sequence[Any], *rest: Any) -> Any:
        parts = [jvpmaker(n, g, *rest) for n, g in zip(argnums, gs, strict=True)]
        return _total(parts)

    defjvp_argnums(fun, maker)


def _total(parts: Sequence[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = tree.map(lambda x, y: x + y, total, part)
    return total


def defjvp(
    fun: Primitive,
    *jvpfuns: Function | str | None,
    argnums: Iterable[int] | None = None,
) -> None:
    """Define forward mode, argument by argument.

    Parameters
    ----------
    fun : Primitive
    *jvpfuns : callable, "same" or None
        ``jvpfun(g, ans, *args, **kwargs)`` gives what the tangent ``g`` of the argument
        adds to that of the result. ``"same"``: the function is linear in the argument.
        None: nothing.
    argnums : iterable of int, optional
        The arguments that they are for; by default from the first on.
    """
    rules = dict(zip(argnums or itertools.count(), jvpfuns, strict=False))

    def one(argnum: int, g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        if argnum not in rules:
            raise _undefined(fun, "JVP", [argnum])
        rule = rules[argnum]
        if rule is None:
            return tree.map(np.zeros_like, ans)
        if isinstance(rule, str):
            return fun(*replaced(args, argnum, g), **kwargs)
        return rule(g, ans, *args, **kwargs)

    defjvp_argnum(fun, one)


def def_linear(fun: Primitive) -> None:
    """Define forward mode of a function that is linear in each argument."""
    defjvp_argnum(
        fun,
        lambda argnum, g, ans, args, kwargs: fun(*replaced(args, argnum, g), **kwargs),
    )
