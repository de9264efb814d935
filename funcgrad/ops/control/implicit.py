"""custom_linear_solve: derivatives of a solution, not of its solver."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.arithmetic import neg
from funcgrad.ops.casting import strong
from funcgrad.ops.control.call import HigherOrder, execute
from funcgrad.ops.control.inner import (
    Flags,
    batched_jaxpr,
    is_nonzero,
    jvp_jaxpr,
    scatter_zeros,
    select,
    split,
)
from funcgrad.ops.control.staged import leaf_avals, stage_tree
from funcgrad.ops.iota import instantiate
from funcgrad.ops.structural import align_batch
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
        found: list[Any] = self.bind(
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
