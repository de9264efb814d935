"""custom_root: the derivative of a root, not of the way to it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import eval_jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import neg
from funcgrad.ops.casting import strong
from funcgrad.ops.control.call import call_jaxpr
from funcgrad.ops.control.custom_batch import Rules
from funcgrad.ops.control.custom_call import custom_call_p
from funcgrad.ops.control.inner import scatter_zeros
from funcgrad.ops.control.staged import Staged, leaf_avals, name_of, stage_tree
from funcgrad.ops.iota import instantiate
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.linearize import linearize


def custom_root(
    f: Callable[[Any], Any],
    initial_guess: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    tangent_solve: Callable[[Callable[[Any], Any], Any], Any],
    has_aux: bool = False,
) -> Any:
    """A root of a function, differentiated by the implicit function theorem.

    Parameters
    ----------
    f : callable
        Its root is wanted; result and argument have one structure. May close over
        values that are being differentiated.
    initial_guess : tree of array
        Passed to ``solve``; no derivative with respect to it.
    solve : callable
        ``solve(f, initial_guess)`` gives a root; not differentiated.
    tangent_solve : callable
        ``tangent_solve(g, y)`` gives the ``x`` with ``g(x) = y`` for a linear ``g``.
    has_aux : bool
        ``solve`` returns ``(root, aux)``.

    Returns
    -------
    tree of array
        The root, or ``(root, aux)``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def sqrt(a):
    ...     def newton(f, x):
    ...         step = lambda i, x: x - f(x) / (2.0 * x)
    ...         return fg.lax.fori_loop(0, 20, step, x)
    ...     solve_scalar = lambda g, y: y / g(1.0)
    ...     return fg.lax.custom_root(lambda x: x * x - a, 1.0, newton, solve_scalar)
    >>> round(float(sqrt(2.0)), 6), round(float(fg.grad(sqrt)(2.0)), 6)
    (1.414214, 0.353553)
    """
    leaves, guess_tree = tree.flatten(initial_guess)
    leaves = [strong(x) for x in leaves]
    avals = leaf_avals(leaves)
    in_tree = tree.structure((guess_tree.unflatten(leaves),))
    function = stage_tree(f, in_tree, avals)
    _check_root(f, function, guess_tree, avals)
    solver = stage_tree(functools.partial(solve, f), in_tree, avals)
    root = _Root(function, solver, guess_tree, tangent_solve)
    results = root.find(*function.consts, *solver.consts, *leaves)
    return solver.out_tree.unflatten(results)


def _check_root(
    f: Any, function: Staged, guess_tree: Any, avals: Sequence[ShapedArray]
) -> None:
    same = function.out_tree == guess_tree and all(
        a.shape == b.shape for a, b in zip(function.out_avals, avals, strict=True)
    )
    if not same:
        raise errors.TreeError(
            errors.message(
                f"`{name_of(f)}`, whose root is wanted, gives another type than it "
                "takes.",
                where=user_frame(),
                got=f"{', '.join(map(str, function.out_avals))} in {function.out_tree}",
                expected=f"{', '.join(map(str, avals))} in {guess_tree}",
                see=errors.TreeError.page,
            )
        )


class _Root:
    """A root as a call whose derivative is that of the implicit function."""

    def __init__(
        self, function: Staged, solver: Staged, structure: Any, tangent_solve: Any
    ) -> None:
        self.function = function
        self.solver = solver
        self.structure = structure
        self.tangent_solve = tangent_solve
        self.count = len(function.consts)

    def find(self, *operands: Any) -> list[Any]:
        """The root; operands are what f and the solver close over, and the guess."""
        results: list[Any] = custom_call_p.bind(
            *operands, program=self.solve, num_consts=0, rules=Rules(jvp=self.jvp)
        )
        return results

    def solve(self, *operands: Any) -> list[Any]:
        """Run the solver."""
        return call_jaxpr(self.solver.jaxpr, operands[self.count :], name="solve")

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """f(p, x) = 0 gives df/dx dx = -df/dp dp."""
        results = self.find(*primals)
        size = self.structure.num_leaves
        x, consts = results[:size], primals[: self.count]
        jaxpr = self.function.jaxpr
        _, dy = jvp(
            lambda *ps: eval_jaxpr(jaxpr, (), *ps, *x), consts, tangents[: self.count]
        )
        zeros = [zero_like(y) for y in results]
        if all(type(t) is Zero for t in dy):
            return results, zeros
        _, linear, flags = linearize(lambda *v: eval_jaxpr(jaxpr, (), *consts, *v), x)

        def apply(v: Any) -> Any:
            found = eval_jaxpr(linear.jaxpr, linear.consts, *tree.leaves(v))
            ts = scatter_zeros(found, flags, [typeof(y) for y in x])
            return self.structure.unflatten([instantiate(t) for t in ts])

        rhs = [neg(instantiate(t)) for t in dy]
        dx = self.tangent_solve(apply, self.structure.unflatten(rhs))
        return results, [*self.structure.flatten_up_to(dx), *zeros[size:]]
