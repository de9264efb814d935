"""checkpoint: a call whose backward pass computes intermediate values again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from funcgrad import tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, Var, dead_code, eval_jaxpr
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.ops.control.call import Call, jit_p
from funcgrad.ops.control.inner import (
    Flags,
    is_nonzero,
    linearized,
    memoized,
    scatter_zeros,
    select,
)
from funcgrad.ops.control.staged import leaf_avals, stage_tree
from funcgrad.ops.structural import LinearInOne
from funcgrad.transforms.stage import stage_flat

Policy = Callable[..., bool]


class Checkpoint(Call):
    """A call whose linear half keeps what ``policy`` allows, and computes the rest.

    ``policy(primitive, *avals, **params)`` tells of an equation whether its results may
    be kept.
    """

    name = "checkpoint"
    linear = True

    def linearize(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        jaxpr: Jaxpr,
        **params: Any,
    ) -> Any:
        nonzero = is_nonzero(tangents)
        rule = _rematerialized(jaxpr, nonzero, params["policy"])
        count = len(jaxpr.outvars)
        results = self.bind(*primals, jaxpr=rule.primal, **params)
        ts: Sequence[Any] = []
        if any(rule.out_nonzero):
            kept = select(primals, rule.used)
            given = select(tangents, nonzero)
            ts = self.bind(*kept, *results[count:], *given, jaxpr=rule.linear, **params)
        return results[:count], scatter_zeros(ts, rule.out_nonzero, jaxpr.out_avals)


checkpoint_p = Checkpoint()


class _Rematerialized(NamedTuple):
    """Both halves: ``primal`` gives results and then what is kept.

    ``linear`` takes the inputs that are ``used``, what is kept, and tangents.
    """

    primal: Jaxpr
    linear: Jaxpr
    used: Flags
    out_nonzero: Flags


@memoized
def _rematerialized(jaxpr: Jaxpr, nonzero: Flags, policy: Policy) -> _Rematerialized:
    """Both halves of a linearization that keeps what the policy allows."""
    rule = linearized(_inlined(jaxpr), nonzero)
    count = len(jaxpr.outvars)
    residuals = rule.primal.outvars[count:]
    allowed = {
        var
        for eqn in rule.primal.eqns
        if not eqn.effects and _is_allowed(policy, eqn)
        for var in eqn.outvars
    }
    kept, again = _needed(rule.primal, residuals, allowed)
    primal = Jaxpr(
        (),
        rule.primal.invars,
        tuple(dead_code(rule.primal.eqns, (*rule.primal.outvars[:count], *kept))[0]),
        (*rule.primal.outvars[:count], *kept),
        rule.primal.effects,
    )
    inputs = rule.primal.invars
    recompute = Jaxpr((), (*inputs, *kept), tuple(again), tuple(residuals))

    def linear(*args: Any) -> list[Any]:
        known, ts = args[: len(recompute.invars)], args[len(recompute.invars) :]
        found = eval_jaxpr(recompute, (), *known)
        return eval_jaxpr(rule.linear, (), *found, *ts)

    tangents = [a.tangent() for a in select(jaxpr.in_avals, nonzero)]
    staged = stage_flat(linear, [*recompute.in_avals, *tangents])
    read: set[Any] = {v for eqn in staged.eqns for v in eqn.invars}
    read.update(staged.outvars)
    used = tuple(v in read for v in staged.invars[: len(inputs)])
    invars = (
        *select(staged.invars[: len(inputs)], used),
        *staged.invars[len(inputs) :],
    )
    needed = Jaxpr((), invars, staged.eqns, staged.outvars, staged.effects)
    return _Rematerialized(primal, needed, used, tuple(rule.out_nonzero))


def _is_allowed(policy: Policy, eqn: Any) -> bool:
    avals = [atom.aval for atom in eqn.invars]
    return bool(policy(eqn.primitive, *avals, **eqn.params))


def _needed(
    primal: Jaxpr, residuals: Sequence[Any], allowed: set[Var]
) -> tuple[list[Var], list[Any]]:
    """Which allowed values the residuals need, and the equations to run again."""
    wanted = {v for v in residuals if type(v) is Var}
    inputs = set(primal.invars)
    kept: list[Var] = []
    again = []
    for eqn in reversed(primal.eqns):
        outs = [v for v in eqn.outvars if v in wanted]
        if not outs:
            continue
        kept += [v for v in outs if v in allowed]
        if any(v not in allowed for v in outs):
            again.append(eqn)
            wanted.update(v for v in eqn.invars if type(v) is Var and v not in inputs)
    again.reverse()
    kept.reverse()
    return kept, again


@memoized
def _inlined(jaxpr: Jaxpr) -> Jaxpr:
    """The program without jitted calls, but for those with arithmetic of their own."""
    if not any(eqn.primitive is jit_p for eqn in jaxpr.eqns):
        return jaxpr

    def run(program: Jaxpr, args: Sequence[Any]) -> list[Any]:
        env: dict[Any, Any] = dict(zip(program.invars, args, strict=True))

        def read(atom: Any) -> Any:
            return env[atom] if type(atom) is Var else atom.val

        for eqn in program.eqns:
            operands = [read(a) for a in eqn.invars]
            if eqn.primitive is jit_p and "fastmath" not in eqn.params:
                result = run(eqn.params["jaxpr"], operands)
            else:
                result = eqn.primitive.bind(*operands, **eqn.params)
                if not eqn.primitive.multiple_results:
                    result = [result]
            env.update(zip(eqn.outvars, result, strict=True))
        return [read(a) for a in program.outvars]

    return stage_flat(lambda *args: run(jaxpr, args), jaxpr.in_avals)


class Name(LinearInOne):
    """The operand, with a name that checkpoint policies know it by."""

    name = "checkpoint_name"

    def evaluate(self, x: Any, *, label: str) -> Any:
        return x

    def abstract_eval(self, x: ShapedArray, *, label: str) -> ShapedArray:
        return x.strong()

    def transpose(self, ct: Any, x: Any, *, label: str) -> list[Any]:
        return [ct]

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, label: str
    ) -> Any:
        return self.bind(*operands, label=label), dims[0]

    def lower(self, ctx: Any, x: Any, *, label: str) -> Any:
        return x


checkpoint_name_p = Name()


def checkpoint_name(x: Any, name: str) -> Any:
    """The same values, with a name for ``checkpoint_policies.save_only_these_names``.

    Parameters
    ----------
    x : tree of array
    name : str

    Returns
    -------
    tree of array

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> policy = fg.checkpoint_policies.save_only_these_names("s")
    >>> f = fg.checkpoint(lambda x: checkpoint_name(x**2, "s"), policy=policy)
    >>> fg.grad(f)(3.0).item()
    6.0
    """
    return tree.map(lambda leaf: checkpoint_name_p.bind(leaf, label=name), x)


class CheckpointPolicies:
    """What `checkpoint` may keep for the backward pass, as JAX names the choices.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> f = fg.checkpoint(np.sin, policy=fg.checkpoint_policies.dots_saveable)
    >>> fg.grad(f)(0.0).item()
    1.0
    """

    @staticmethod
    def everything_saveable(*_: Any, **__: Any) -> bool:
        """Keep all intermediate values that the backward pass reads."""
        return True

    @staticmethod
    def nothing_saveable(*_: Any, **__: Any) -> bool:
        """Keep the arguments only."""
        return False

    @staticmethod
    def dots_saveable(primitive: Primitive, *_: Any, **__: Any) -> bool:
        """Keep results of matrix products and convolutions."""
        return primitive.name in ("dot_general", "conv_general_dilated")

    checkpoint_dots = dots_saveable

    @staticmethod
    def dots_with_no_batch_dims_saveable(
        primitive: Primitive, *_: Any, **params: Any
    ) -> bool:
        """Keep results of matrix products without batch axes."""
        if primitive.name != "dot_general":
            return False
        batch = params.get("dimension_numbers", ((), ((), ())))[1]
        return not batch[0] and not batch[1]

    checkpoint_dots_with_no_batch_dims = dots_with_no_batch_dims_saveable

    @staticmethod
    def save_only_these_names(*names: str) -> Policy:
        """Keep values that `checkpoint_name` has given one of these names."""
        return _named(frozenset(names), wanted=True)

    @staticmethod
    def save_anything_except_these_names(*names: str) -> Policy:
        """Keep all values but those that have one of these names."""
        unwanted = frozenset(names)

        def policy(primitive: Primitive, *_: Any, **params: Any) -> bool:
            return primitive.name != "checkpoint_name" or (
                params["label"] not in unwanted
            )

        return policy

    @staticmethod
    def save_from_both_policies(first: Policy, second: Policy) -> Policy:
        """Keep what either policy keeps."""
        return lambda *args, **params: first(*args, **params) or second(*args, **params)


checkpoint_policies = CheckpointPolicies()


@functools.cache
def _named(names: frozenset[str], *, wanted: bool) -> Policy:
    def policy(primitive: Primitive, *_: Any, **params: Any) -> bool:
        named = primitive.name == "checkpoint_name" and params["label"] in names
        return named is wanted

    return policy


def checkpoint(
    fun: Callable[..., Any] | None = None,
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
) -> Any:
    """A function whose intermediate values are computed again in the backward pass.

    Less memory for more time: between the passes only arguments are kept, and what the
    policy allows.

    Parameters
    ----------
    fun : callable
    prevent_cse : bool
        Accepted as in JAX; recomputation is never merged with the forward pass.
    policy : callable, optional
        One of ``checkpoint_policies``; keeps nothing by default.
    static_argnums : int or sequence of int
        Positions of arguments that are passed as they are.

    Returns
    -------
    callable
        With the arguments and results of ``fun``. Without ``fun``, a decorator.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> f = fg.checkpoint(lambda x: np.sin(np.sin(x)))
    >>> bool(np.isclose(fg.grad(f)(1.0), np.cos(np.sin(1.0)) * np.cos(1.0)))
    True
    """
    if fun is None:
        return functools.partial(
            checkpoint,
            prevent_cse=prevent_cse,
            policy=policy,
            static_argnums=static_argnums,
        )
    function = fun
    rule = policy or CheckpointPolicies.nothing_saveable
    static = (static_argnums,) if isinstance(static_argnums, int) else static_argnums

    @functools.wraps(function)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        fixed = {n % len(args): args[n % len(args)] for n in static}
        free = tuple(arg for i, arg in enumerate(args) if i not in fixed)

        def call(values: Any, named: Any) -> Any:
            given = iter(values)
            full = [fixed[i] if i in fixed else next(given) for i in range(len(args))]
            return function(*full, **named)

        leaves, in_tree = tree.flatten((free, kwargs))
        staged = stage_tree(call, in_tree, leaf_avals(leaves))
        results = checkpoint_p.bind(
            *staged.consts, *leaves, jaxpr=staged.jaxpr, policy=rule
        )
        return staged.out_tree.unflatten(results)

    return checkpointed


def saved_residuals(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
    """Types of the values that the backward pass of a function keeps.

    Parameters
    ----------
    fun : callable
    *args, **kwargs : its arguments

    Returns
    -------
    list of ShapedArray

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.ad_checkpoint.saved_residuals(lambda x: np.sin(x) * 2, np.ones(3))
    [ShapedArray(float64[3])]
    """
    leaves, in_tree = tree.flatten((args, kwargs))
    staged = stage_tree(
        lambda args, kwargs: fun(*args, **kwargs), in_tree, leaf_avals(leaves)
    )
    nonzero = tuple(typeof(x).differentiable for x in (*staged.consts, *leaves))
    rule = linearized(staged.jaxpr, nonzero)
    return rule.linear.in_avals[: rule.num_residuals]


def print_saved_residuals(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Print the types of the values that the backward pass of a function keeps.

    Parameters
    ----------
    fun : callable
    *args, **kwargs
        Its arguments.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.ad_checkpoint.print_saved_residuals(lambda x: np.sin(x), np.ones(3))
    float64[3]
    """
    for aval in saved_residuals(fun, *args, **kwargs):
        print(aval)  # noqa: T201
