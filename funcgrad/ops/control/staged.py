"""A user's body or branch, called with nested arguments, as a program over leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from funcgrad import tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import result_type
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.interning import interned
from funcgrad.transforms.stage import hoist_consts, stage, stage_flat


class Staged(NamedTuple):
    """A program with what it closes over, and the structure of its results."""

    consts: list[Any]
    jaxpr: Jaxpr
    """(consts, leaves of the arguments) -> leaves of the result."""
    out_tree: Any

    @property
    def out_avals(self) -> list[ShapedArray]:
        """Types of the results."""
        return self.jaxpr.out_avals


def name_of(function: Any) -> str:
    """The name that messages and printed programs give a function."""
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def stage_tree(
    function: Callable[..., Any], in_tree: Any, avals: Sequence[ShapedArray]
) -> Staged:
    """The program of ``function(*args)``, where ``in_tree`` is that of ``args``."""
    found: list[Any] = []

    def flat(*leaves: Any) -> list[Any]:
        result, out_tree = tree.flatten(function(*in_tree.unflatten(leaves)))
        found.append(out_tree)
        return result

    consts, jaxpr = hoist_consts(stage(flat, avals, name=name_of(function)))
    return Staged(consts, interned(jaxpr), found[-1])


def converted(staged: Staged, avals: Sequence[ShapedArray]) -> Staged:
    """The same program with results of these dtypes."""
    pairs = zip(staged.out_avals, avals, strict=True)
    fits = [a.dtype == b.dtype and a.weak_type == b.weak_type for a, b in pairs]
    if all(fits):
        return staged
    jaxpr = staged.jaxpr

    def function(*args: Any) -> list[Any]:
        results = eval_jaxpr(jaxpr, (), *args)
        return [
            y if fit else convert_element_type(y, aval.dtype)
            for y, aval, fit in zip(results, avals, fits, strict=True)
        ]

    return staged._replace(jaxpr=interned(stage_flat(function, jaxpr.in_avals)))


def common_dtype(avals: Sequence[ShapedArray]) -> ShapedArray | None:
    """The type that branches' results take where Python scalars yield, or None."""
    strong = {a.dtype for a in avals if not a.weak_type}
    if len({a.shape for a in avals}) > 1 or len(strong) > 1:
        return None
    dtype = result_type(*[(a.dtype, a.weak_type) for a in avals])
    if strong and dtype not in strong:
        return None
    return ShapedArray(avals[0].shape, dtype)


def leaf_avals(leaves: Sequence[Any]) -> list[ShapedArray]:
    """Types of values, weak where they are Python's."""
    return [typeof(x) for x in leaves]
