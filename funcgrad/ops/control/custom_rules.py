"""custom_jvp and custom_vjp: functions that bring their own derivatives."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray, float0
from funcgrad.core.source import user_frame
from funcgrad.core.trace import PYTHON_SCALARS, typeof
from funcgrad.core.vspace import Zero, add_tangents
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.custom_batch import Pullback, Rules
from funcgrad.ops.control.custom_call import custom_call_p
from funcgrad.ops.control.staged import name_of
from funcgrad.ops.iota import instantiate

SymbolicZero = Zero


class CustomVJPPrimal(NamedTuple):
    """What ``fwd`` gets for each leaf with ``symbolic_zeros``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> @fg.custom_vjp
    ... def product(x, y):
    ...     return x * y
    >>> def forward(x, y):
    ...     print(x.perturbed, y.perturbed)
    ...     return x.value * y.value, (x.value, y.value)
    >>> def backward(kept, ct):
    ...     return ct * kept[1], ct * kept[0]
    >>> product.defvjp(forward, backward, symbolic_zeros=True)
    >>> fg.grad(product)(2.0, 3.0).item()
    True False
    3.0
    """

    value: Any
    perturbed: bool
    """Whether a derivative with respect to it is asked for."""


class CustomRules:
    """A function with derivative rules; it may have one of either kind, or both.

    Forward mode uses ``defjvp``'s rule, reverse mode ``defvjp``'s; where only one kind
    is defined it serves both modes (a vjp rule has to be linear in the cotangent for
    that).

    Parameters
    ----------
    fun : callable
    nondiff_argnums : sequence of int
        Positions of arguments that are passed to the rules first, as they are.
    """

    def __init__(
        self, fun: Callable[..., Any], nondiff_argnums: Sequence[int] = ()
    ) -> None:
        functools.update_wrapper(self, fun)
        self.fun = fun
        self.nondiff_argnums = tuple(nondiff_argnums)
        self.jvp: Callable[..., Any] | None = None
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None
        self.jvp_symbolic_zeros = False
        self.vjp_symbolic_zeros = False

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def defjvp(
        self, jvp: Callable[..., Any], symbolic_zeros: bool = False
    ) -> Callable[..., Any]:
        """Set the rule of forward mode.

        Parameters
        ----------
        jvp : callable
            ``jvp(*nondiff, primals, tangents) -> (result, tangent)``; linear in the
            tangents.
        symbolic_zeros : bool
            Pass tangents that are known to be zero as `SymbolicZero`.

        Returns
        -------
        callable
            ``jvp``, so that this works as a decorator.
        """
        self.jvp = jvp
        self.jvp_symbolic_zeros = symbolic_zeros
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Set the rule of forward mode as one for each argument.

        Parameters
        ----------
        *jvps : callable or None
            ``rule(t, result, *primals)`` is what the tangent ``t`` of that argument
            adds to the tangent of the result; None: nothing.
        """
        if self.nondiff_argnums:
            raise errors.DifferentiationError(
                "defjvps does not go with nondiff_argnums; use defjvp"
            )
        fun = self.fun

        def jvp(primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
            result = self(*primals)
            total: Any = None
            for rule, t in zip(jvps, tangents, strict=True):
                if rule is not None and type(t) is not Zero:
                    part = rule(t, result, *primals)
                    total = part if total is None else tree.map(add, total, part)
            if total is None:
                total = tree.map(lambda y: Zero(typeof(y).tangent()), result)
            return result, total

        def add(x: Any, y: Any) -> Any:
            return add_tangents(x, y)

        functools.update_wrapper(jvp, fun)
        self.defjvp(jvp, symbolic_zeros=True)

    def defvjp(
        self,
        fwd: Callable[..., Any],
        bwd: Callable[..., Any],
        symbolic_zeros: bool = False,
        optimize_remat: bool = False,
    ) -> None:
        """Set the rule of reverse mode.

        Parameters
        ----------
        fwd : callable
            With the arguments of the function; gives ``(result, residuals)``.
        bwd : callable
            ``bwd(*nondiff, residuals, cotangent)`` gives a tuple with a cotangent for
            each other argument; None stands for zero.
        symbolic_zeros : bool
            Pass `CustomVJPPrimal` to ``fwd``, and cotangents that are known to be zero
            as `SymbolicZero` to ``bwd``.
        optimize_remat : bool
            Accepted as in JAX; changes nothing.
        """
        del optimize_remat
        self.fwd, self.bwd = fwd, bwd
        self.vjp_symbolic_zeros = symbolic_zeros

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.jvp is None and self.fwd is None:
            raise errors.DifferentiationError(
                errors.message(
                    f"`{name_of(self.fun)}` has no derivative rule yet.",
                    where=user_frame(),
                    expected="a call of defjvp, defjvps or defvjp before the first use",
                    see=errors.DifferentiationError.page,
                )
            )
        call = _Call(self, _positional(self.fun, args, kwargs))
        rules = Rules(
            call.flat_jvp if self.jvp is not None else None,
            call.flat_forward if self.fwd is not None else None,
        )
        results = custom_call_p.bind(
            *call.leaves, program=call.flat, num_consts=0, rules=rules
        )
        return call.out_tree.unflatten(results)


class custom_jvp(CustomRules):  # noqa: N801
    """A function whose derivative is given by a rule for tangents.

    Parameters
    ----------
    fun : callable
    nondiff_argnums : sequence of int

    Examples
    --------
    >>> import funcgrad as fg
    >>> @fg.custom_jvp
    ... def f(x):
    ...     return x * x
    >>> @f.defjvp
    ... def f_jvp(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return f(x), 10.0 * x * t
    >>> float(fg.grad(f)(3.0))
    30.0
    """


class custom_vjp(CustomRules):  # noqa: N801
    """A function whose derivative is given by a rule for cotangents.

    Parameters
    ----------
    fun : callable
    nondiff_argnums : sequence of int

    Examples
    --------
    >>> import funcgrad as fg
    >>> @fg.custom_vjp
    ... def f(x):
    ...     return x * x
    >>> f.defvjp(lambda x: (f(x), x), lambda x, ct: (10.0 * x * ct,))
    >>> float(fg.grad(f)(3.0))
    30.0
    """


def _positional(fun: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """A call's arguments by position, defaults included."""
    try:
        bound = inspect.signature(fun).bind(*args, **kwargs)
    except ValueError:
        return list(args)
    bound.apply_defaults()
    if bound.kwargs:
        raise TypeError(
            f"{name_of(fun)} has keyword-only arguments, which rules do not get"
        )
    return list(bound.args)


class _Call:
    """One call of a function with rules, between nested and flat arguments."""

    def __init__(self, custom: CustomRules, args: list[Any]) -> None:
        self.custom = custom
        self.args = args
        fixed = {n % len(args) for n in custom.nondiff_argnums}
        self.places = [i for i in range(len(args)) if i not in fixed]
        self.nondiff = [args[i] for i in sorted(fixed)]
        self.leaves, self.in_tree = tree.flatten(tuple(args[i] for i in self.places))
        self.out_tree: Any = None

    def full_args(self, values: Sequence[Any]) -> list[Any]:
        """All arguments, with other values for those that are differentiated."""
        args = list(self.args)
        for i, value in zip(self.places, values, strict=True):
            args[i] = value
        return args

    def flat(self, *leaves: Any) -> list[Any]:
        """The function on leaves."""
        result = self.custom.fun(*self.full_args(self.in_tree.unflatten(leaves)))
        flat, self.out_tree = tree.flatten(result)
        return flat

    def flat_jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """The jvp rule on leaves."""
        custom = self.custom
        assert custom.jvp is not None
        given = [_shown(t, custom.jvp_symbolic_zeros) for t in tangents]
        pair = custom.jvp(
            *self.nondiff,
            self.in_tree.unflatten(primals),
            self.in_tree.unflatten(given),
        )
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise _wrong_rule(custom, "jvp", "(result, tangent)", pair)
        results, self.out_tree = tree.flatten(pair[0])
        ts = self.out_tree.flatten_up_to(pair[1], "tangent")
        return results, [
            _as_tangent(t, typeof(y), custom) for t, y in zip(ts, results, strict=True)
        ]

    def flat_forward(
        self, primals: Sequence[Any], nonzero: Sequence[bool]
    ) -> tuple[list[Any], list[Any], Pullback]:
        """The first half of the vjp rule on leaves, and the second as a function."""
        custom = self.custom
        assert custom.fwd is not None
        leaves = list(primals)
        if custom.vjp_symbolic_zeros:
            pairs = zip(primals, nonzero, strict=True)
            leaves = [CustomVJPPrimal(p, flag) for p, flag in pairs]
        pair = custom.fwd(*self.full_args(self.in_tree.unflatten(leaves)))
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise _wrong_rule(custom, "fwd", "(result, residuals)", pair)
        results, self.out_tree = tree.flatten(pair[0])
        residuals, res_tree = tree.flatten(pair[1])
        avals = [typeof(p) for p in primals]
        out_tree = self.out_tree

        def pullback(kept: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
            return self._pull(res_tree.unflatten(kept), out_tree, cts, avals)

        return results, residuals, pullback

    def _pull(
        self,
        residuals: Any,
        out_tree: Any,
        cts: Sequence[Any],
        avals: Sequence[ShapedArray],
    ) -> list[Any]:
        custom = self.custom
        assert custom.bwd is not None
        given = [_shown(ct, custom.vjp_symbolic_zeros) for ct in cts]
        answer = custom.bwd(*self.nondiff, residuals, out_tree.unflatten(given))
        count = len(self.places)
        if not isinstance(answer, (tuple, list)) or len(answer) != count:
            expected = f"a tuple with {count} cotangents"
            raise _wrong_rule(custom, "bwd", expected, answer)
        parts: list[Any] = []
        for structure, part in zip(self.in_tree.children(), answer, strict=True):
            if part is None:
                parts += [None] * structure.num_leaves
            else:
                parts += structure.flatten_up_to(part, "cotangent")
        return [
            _as_tangent(ct, aval, custom) for ct, aval in zip(parts, avals, strict=True)
        ]


def _shown(t: Any, symbolic: bool) -> Any:
    """A tangent as rules see it: zeros are arrays unless they asked for symbols."""
    return t if symbolic else instantiate(t)


def _as_tangent(t: Any, primal: ShapedArray, custom: CustomRules) -> Any:
    """What a rule returns for a tangent or cotangent, in the right space."""
    space = primal.tangent()
    if t is None or type(t) is Zero or space.dtype == float0:
        return Zero(space)
    aval = typeof(t)
    if aval.shape != space.shape:
        raise errors.DifferentiationError(
            errors.message(
                f"a derivative rule of `{name_of(custom.fun)}` returns a wrong shape.",
                where=user_frame(),
                got=str(aval),
                expected=str(space),
                see=errors.DifferentiationError.page,
            )
        )
    if aval.dtype != space.dtype or type(t) in PYTHON_SCALARS:
        return convert_element_type(t, space.dtype)
    return t


def _wrong_rule(
    custom: CustomRules, rule: str, expected: str, got: Any
) -> errors.DifferentiationError:
    return errors.DifferentiationError(
        errors.message(
            f"the {rule} rule of `{name_of(custom.fun)}` returns something else than "
            f"{expected}.",
            where=user_frame(),
            got=f"{type(got).__name__}"
            + (f" of length {len(got)}" if isinstance(got, (tuple, list)) else ""),
            expected=expected,
            see=errors.DifferentiationError.page,
        )
    )
