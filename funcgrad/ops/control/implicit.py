"""custom_root and custom_linear_solve: derivatives of solutions, not of solvers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.arithmetic import neg
from funcgrad.ops.casting import strong
from funcgrad.ops.control.call import HigherOrder, call_jaxpr, execute
from funcgrad.ops.control.custom_call import Rules, custom_call_p
from funcgrad.ops.control.inner import (
    Flags,
    batched_jaxpr,
    instantiate,
    is_nonzero,
    jvp_jaxpr,
    scatter_zeros,
    select,
    split,
)
from funcgrad.ops.control.staged import Staged, leaf_avals, name_of, stage_tree
from funcgrad.ops.structural import align_batch
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.linearize import linearize
from funcgrad.transforms.stage import hoist_consts, stage
from funcgrad.transforms.transpose import backward_pass, is_linear


class LinearSolve(HigherOrder):
    """The ``x`` with ``matvec(x) = b``, as ``solve`` finds it.

    Operands are what ``matvec``, ``vecmat`` (the transpose of matvec), ``solve`` and
    ``transpose_solve`` close over, ``counts`` of each, and then ``b``. Linear in ``b``.
    """

    name = "custom_linear_solve"
    linear = True

    def evaluate(
        self,
        *operands: Any,
        matvec: Jaxpr,
        vecmat: Jaxpr | None,
        solve: Jaxpr,
        transpose_solve: Jaxpr | None,
        counts: tuple[int, int, int, int],
    ) -> list[Any]:
        _, _, consts, _, b = split(operands, *counts)
        return execute(solve, [*consts, *b])

    def abstract_eval(
        self,
        *avals: ShapedArray,
        matvec: Jaxpr,
        vecmat: Jaxpr | None,
        solve: Jaxpr,
        transpose_solve: Jaxpr | None,
        counts: tuple[int, int, int, int],
    ) -> list[ShapedArray]:
        return [a.strong() for a in solve.out_avals]

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        matvec: Jaxpr,
        vecmat: Jaxpr | None,
        solve: Jaxpr,
        transpose_solve: Jaxpr | None,
        counts: tuple[int, int, int, int],
    ) -> Any:
        """A x = b gives A dx = db - dA x."""
        params: dict[str, Any] = {
            "matvec": matvec,
            "vecmat": vecmat,
            "solve": solve,
            "transpose_solve": transpose_solve,
            "counts": counts,
        }
        results = self.bind(*primals, **params)
        db = list(tangents[sum(counts) :])
        x, aux = split(results, len(db))
        consts = primals[: counts[0]]
        t_consts = tangents[: counts[0]]
        nonzero = (*is_nonzero(t_consts), *[False] * len(x))
        if any(nonzero):
            none = (False,) * len(matvec.outvars)
            rule = jvp_jaxpr(matvec, nonzero, none)
            moving = select(t_consts, nonzero[: counts[0]])
            pushed = eval_jaxpr(rule.jaxpr, (), *consts, *x, *moving)
            moved = scatter_zeros(pushed[len(x) :], rule.out_nonzero, matvec.out_avals)
            db = [
                add_tangents(t, d if type(d) is Zero else neg(d))
                for t, d in zip(db, moved, strict=True)
            ]
        if all(type(t) is Zero for t in db):
            return results, [zero_like(y) for y in results]
        rest = primals[: sum(counts)]
        dx = self.bind(*rest, *map(instantiate, db), **params)
        return results, [*dx[: len(db)], *map(zero_like, aux)]

    def transpose(
        self,
        cts: Sequence[Any],
        *operands: Any,
        matvec: Jaxpr,
        vecmat: Jaxpr | None,
        solve: Jaxpr,
        transpose_solve: Jaxpr | None,
        counts: tuple[int, int, int, int],
    ) -> list[Any]:
        a, at, s, ts, b = split(operands, *counts)
        assert all(is_linear(x) for x in b)
        if transpose_solve is None or vecmat is None:
            raise _no_transpose()
        found = self.bind(
            *at,
            *a,
            *ts,
            *s,
            *map(instantiate, cts[: len(b)]),
            matvec=vecmat,
            vecmat=matvec,
            solve=transpose_solve,
            transpose_solve=solve,
            counts=(counts[1], counts[0], counts[3], counts[2]),
        )
        return [None] * sum(counts) + found[: len(b)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        matvec: Jaxpr,
        vecmat: Jaxpr | None,
        solve: Jaxpr,
        transpose_solve: Jaxpr | None,
        counts: tuple[int, int, int, int],
    ) -> Any:
        values = [
            x if d is None and k < sum(counts) else align_batch(x, d, size)
            for k, (x, d) in enumerate(zip(operands, dims, strict=True))
        ]
        flags = split(tuple(d is not None for d in dims), *counts)

        def batched(jaxpr: Jaxpr | None, own: Sequence[bool]) -> Jaxpr | None:
            if jaxpr is None:
                return None
            both: Flags = (*own, *[True] * (len(jaxpr.invars) - len(own)))
            return batched_jaxpr(jaxpr, size, both, (True,) * len(jaxpr.outvars))[0]

        results = self.bind(
            *values,
            matvec=batched(matvec, flags[0]),
            vecmat=batched(vecmat, flags[1]),
            solve=batched(solve, flags[2]),
            transpose_solve=batched(transpose_solve, flags[3]),
            counts=counts,
        )
        return results, [0] * len(results)

    def lower(
        self,
        ctx: Any,
        *operands: Any,
        matvec: Jaxpr,
        vecmat: Jaxpr | None,
        solve: Jaxpr,
        transpose_solve: Jaxpr | None,
        counts: tuple[int, int, int, int],
    ) -> Any:
        _, _, consts, _, b = split(operands, *counts)
        return ctx.lower_call(*consts, *b, jaxpr=solve)


linear_solve_p = LinearSolve()


def _no_transpose() -> errors.DifferentiationError:
    return errors.DifferentiationError(
        errors.message(
            "reverse mode of custom_linear_solve solves with the transpose.",
            where=user_frame(),
            got="no transpose_solve",
            expected="transpose_solve=..., or symmetric=True",
            see=errors.DifferentiationError.page,
        )
    )


def custom_linear_solve(
    matvec: Callable[[Any], Any],
    b: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    transpose_solve: Callable[[Callable[[Any], Any], Any], Any] | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any:
    """Solve a linear system with a solver that is not differentiated.

    Derivatives solve further systems with the same solver: forward mode one with
    ``matvec``, reverse mode one with its transpose.

    Parameters
    ----------
    matvec : callable
        Linear; may close over values that are being differentiated.
    b : tree of array
        The right-hand side.
    solve : callable
        ``solve(matvec, b)`` gives ``x`` of the structure of ``b``.
    transpose_solve : callable, optional
        ``transpose_solve(vecmat, b)`` solves with the transpose; needed for reverse
        mode unless ``symmetric``.
    symmetric : bool
        ``matvec`` is its own transpose.
    has_aux : bool
        The solvers return ``(x, aux)``; ``aux`` is not differentiated.

    Returns
    -------
    tree of array
        ``x``, or ``(x, aux)``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> f = lambda a, b: fg.lax.custom_linear_solve(
    ...     lambda x: a * x, b, lambda mv, b: b / mv(1.0), symmetric=True
    ... )
    >>> float(f(2.0, 6.0)), float(fg.grad(f)(2.0, 6.0))
    (3.0, -1.5)
    """
    leaves, b_tree = tree.flatten(b)
    leaves = [strong(x) for x in leaves]
    in_tree = tree.structure((b_tree.unflatten(leaves),))
    avals = leaf_avals(leaves)
    forward = stage_tree(matvec, in_tree, avals)
    solution = stage_tree(lambda v: solve(matvec, v), in_tree, avals)
    backward = vecmat = None
    if symmetric:
        vecmat, backward = forward, solution
    elif transpose_solve is not None:
        closed = stage(_transposed(forward.jaxpr, forward.consts), avals)
        back_consts, back_jaxpr = hoist_consts(closed)
        vecmat = forward._replace(consts=back_consts, jaxpr=back_jaxpr)

        def apply_transpose(v: Any) -> Any:
            found = eval_jaxpr(back_jaxpr, (), *back_consts, *tree.leaves(v))
            return b_tree.unflatten(found)

        function = functools.partial(transpose_solve, apply_transpose)
        backward = stage_tree(function, in_tree, avals)
    parts = [forward, vecmat, solution, backward]
    consts = [[] if part is None else part.consts for part in parts]
    results = linear_solve_p.bind(
        *[c for group in consts for c in group],
        *leaves,
        matvec=forward.jaxpr,
        vecmat=None if vecmat is None else vecmat.jaxpr,
        solve=solution.jaxpr,
        transpose_solve=None if backward is None else backward.jaxpr,
        counts=tuple(len(group) for group in consts),
    )
    return solution.out_tree.unflatten(results)


def _transposed(jaxpr: Jaxpr, consts: Sequence[Any]) -> Callable[..., list[Any]]:
    """The transpose of a linear program with the values that it closes over."""
    count = len(consts)
    split_jaxpr = Jaxpr(
        jaxpr.invars[:count],
        jaxpr.invars[count:],
        jaxpr.eqns,
        jaxpr.outvars,
        jaxpr.effects,
    )

    def apply(*cts: Any) -> list[Any]:
        return [instantiate(ct) for ct in backward_pass(split_jaxpr, consts, cts)]

    return apply


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
