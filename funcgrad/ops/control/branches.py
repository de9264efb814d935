"""cond and switch: branches that users write as functions of nested arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.config import config
from funcgrad.core.jaxpr import Jaxpr, Var
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import ne
from funcgrad.ops.control.cond import chosen, cond_p
from funcgrad.ops.control.interning import interned
from funcgrad.ops.control.staged import (
    Staged,
    common_dtype,
    converted,
    leaf_avals,
    name_of,
    stage_tree,
)
from funcgrad.ops.selection import clamp

_NOT_GIVEN: Any = object()


def cond(
    pred: Any,
    true_fun: Callable[..., Any],
    false_fun: Callable[..., Any],
    *operands: Any,
    operand: Any = _NOT_GIVEN,
) -> Any:
    """Apply one of two functions, as a value says that may be known only at run time.

    Parameters
    ----------
    pred : bool scalar
        Numbers count as true where they are not zero.
    true_fun, false_fun : callable
        Take ``operands``; their results have one structure, shapes and dtypes. They may
        close over traced values.
    *operands
        Nested arrays. (``operand=`` is an older way to give one.)

    Returns
    -------
    tree of array
        The result of the branch that was chosen; the other does not run. Under `vmap`
        with a batched ``pred``, entries take costly branches in small blocks that run
        what one of them takes; cheap branches all run, and each entry selects.

    Raises
    ------
    BranchTypeError
        If the results of the branches differ in structure, shape or dtype.

    Examples
    --------
    >>> import funcgrad as fg
    >>> f = lambda x: fg.lax.cond(x > 0, lambda x: x * x, lambda x: -x, x)
    >>> float(f(3.0)), float(fg.jit(fg.grad(f))(-2.0))
    (9.0, -1.0)
    """
    if operand is not _NOT_GIVEN:
        operands = (operand,)
    aval = typeof(pred)
    if aval.shape != ():
        raise errors.BranchTypeError(
            errors.message(
                "the condition of `cond` is one value.",
                where=user_frame(),
                got=str(aval),
                expected="bool[]",
                fix="np.any(pred) or np.all(pred); funcgrad.numpy.where chooses entry "
                "by entry",
                see=errors.BranchTypeError.page,
            )
        )
    if config.disable_jit and not isinstance(pred, Tracer):
        return (true_fun if pred else false_fun)(*operands)
    index = pred if aval.dtype.kind == "b" else ne(pred, 0)
    return _apply(index, [false_fun, true_fun], operands)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Apply one of several functions, by number.

    Parameters
    ----------
    index : integer scalar
        Moved into the range from 0 to ``len(branches) - 1``.
    branches : sequence of callable
        Take ``operands``; their results have one structure, shapes and dtypes.
    *operands
        Nested arrays.

    Returns
    -------
    tree of array

    Raises
    ------
    BranchTypeError
        If there are no branches, ``index`` is not an integer, or results differ.

    Examples
    --------
    >>> import funcgrad as fg
    >>> float(fg.lax.switch(1, [lambda x: x, lambda x: -x, lambda x: x * x], 3.0))
    -3.0
    """
    functions = list(branches)
    aval = typeof(index)
    if not functions or aval.shape != () or aval.dtype.kind not in "iu":
        raise errors.BranchTypeError(
            errors.message(
                "`switch` takes the number of a branch, and the branches.",
                where=user_frame(),
                got=f"an index {aval} and {len(functions)} branches",
                expected="an integer scalar and at least one branch",
                see=errors.BranchTypeError.page,
            )
        )
    if len(functions) == 1:
        return functions[0](*operands)
    last = len(functions) - 1
    if isinstance(index, Tracer):
        index = convert_element_type(clamp(0, index, last), np.int64)
    else:
        index = np.int64(chosen(index, len(functions)))
    if config.disable_jit and not isinstance(index, Tracer):
        return functions[int(index)](*operands)
    return _apply(index, functions, operands)


def _apply(
    index: Any, functions: Sequence[Callable[..., Any]], operands: Sequence[Any]
) -> Any:
    leaves, in_tree = tree.flatten(tuple(operands))
    avals = leaf_avals(leaves)
    staged = [stage_tree(function, in_tree, avals) for function in functions]
    staged = _of_one_type(staged, functions)
    consts, jaxprs = _share_consts(staged, len(leaves))
    results = cond_p.bind(index, *consts, *leaves, branches=jaxprs)
    return staged[0].out_tree.unflatten(results)


def _of_one_type(
    staged: Sequence[Staged], functions: Sequence[Callable[..., Any]]
) -> list[Staged]:
    """Branches with equal types of results: Python scalars yield to arrays."""
    first = staged[0]
    for other, function in zip(staged[1:], functions[1:], strict=True):
        if other.out_tree != first.out_tree:
            raise _structures_differ(first, functions[0], other, function)
    columns = list(zip(*[s.out_avals for s in staged], strict=True))
    common = [common_dtype(column) for column in columns]
    if any(aval is None for aval in common):
        raise _types_differ(staged, functions, common)
    return [converted(s, [a for a in common if a is not None]) for s in staged]


def _structures_differ(
    first: Staged, function: Any, other: Staged, other_function: Any
) -> errors.BranchTypeError:
    places = tree.structure_differences(first.out_tree, other.out_tree)
    return errors.BranchTypeError(
        errors.message(
            "the branches return different structures.",
            where=user_frame(),
            got=f"{name_of(function)}: {first.out_tree}\n"
            f"{name_of(other_function)}: {other.out_tree}\n" + "\n".join(places),
            expected="one structure",
            see=errors.BranchTypeError.page,
        )
    )


def _types_differ(
    staged: Sequence[Staged], functions: Sequence[Any], common: Sequence[Any]
) -> errors.BranchTypeError:
    paths = tree.leaves_with_path(
        staged[0].out_tree.unflatten(list(range(len(common))))
    )
    lines = []
    for (path, _), k in zip(paths, range(len(common)), strict=True):
        if common[k] is None:
            place = f"result{tree.keystr(path)}"
            types = [
                f"{s.out_avals[k]} from {name_of(f)}"
                for s, f in zip(staged, functions, strict=True)
            ]
            lines.append(f"{place}: " + ", ".join(types))
    return errors.BranchTypeError(
        errors.message(
            "the branches return different types.",
            where=user_frame(),
            got="\n".join(lines),
            expected="equal shapes and dtypes",
            fix="y.astype(...), np.broadcast_to(y, ...)",
            see=errors.BranchTypeError.page,
        )
    )


def _share_consts(
    staged: Sequence[Staged], num_operands: int
) -> tuple[list[Any], tuple[Jaxpr, ...]]:
    """What the branches close over in one list, and branches that all take it."""
    values: list[Any] = []
    places: dict[int, int] = {}
    for s in staged:
        for value in s.consts:
            if id(value) not in places:
                places[id(value)] = len(values)
                values.append(value)
    jaxprs = []
    for s in staged:
        own = {
            places[id(v)]: var for v, var in zip(s.consts, s.jaxpr.invars, strict=False)
        }
        consts = [
            own[k] if k in own else _unused(value) for k, value in enumerate(values)
        ]
        rest = s.jaxpr.invars[len(s.jaxpr.invars) - num_operands :]
        invars = (*consts, *rest)
        branch = Jaxpr((), invars, s.jaxpr.eqns, s.jaxpr.outvars, s.jaxpr.effects)
        jaxprs.append(interned(branch))
    return values, tuple(jaxprs)


def _unused(value: Any) -> Any:
    return Var(typeof(value))
