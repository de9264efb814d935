"""Bodies of loops: programs whose carry keeps its structure, shapes and dtypes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.core.trace import PYTHON_SCALARS
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.staged import (
    Staged,
    converted,
    leaf_avals,
    name_of,
    stage_tree,
)


def carry_of_pair(staged: Staged, where: str) -> list[ShapedArray]:
    """Types of the carry that a body of ``scan`` returns."""
    children = staged.out_tree.children()
    pair = staged.out_tree.node_data()
    if len(children) != 2 or pair is None or pair[0] is not tuple:
        raise errors.CarryTypeError(
            errors.message(
                f"`{where}`, the body of scan, returns a pair.",
                where=user_frame(),
                got=str(staged.out_tree),
                expected="(carry, y)",
                fix="return carry, None",
                see=errors.CarryTypeError.page,
            )
        )
    return staged.out_avals[: children[0].num_leaves]


def carry_alone(staged: Staged, where: str) -> list[ShapedArray]:
    """Types of the carry that a body of ``while_loop`` returns."""
    return staged.out_avals


def stage_body(
    f: Callable[..., Any],
    in_tree: Any,
    carry: Sequence[Any],
    rows: Sequence[ShapedArray],
    carry_avals: Callable[[Staged, str], list[ShapedArray]],
) -> tuple[list[Any], Staged]:
    """A body as a program whose carry keeps its types, and the carry to start from.

    Python scalars to start from take the dtype of the array that replaces them.
    """
    carry = list(carry)
    while True:
        avals = leaf_avals(carry)
        staged = stage_tree(f, in_tree, [*avals, *rows])
        after = carry_avals(staged, name_of(f))
        _check_structure(f, in_tree, staged, avals, carry_avals)
        grown = [_grown(x, a, b) for x, a, b in zip(carry, avals, after, strict=True)]
        if all(x is y for x, y in zip(carry, grown, strict=True)):
            break
        carry = grown
    _check_types(f, in_tree, avals, after)
    ys = [a.strong() for a in staged.out_avals[len(avals) :]]
    return carry, converted(staged, [*avals, *ys])


def _grown(x: Any, before: ShapedArray, after: ShapedArray) -> Any:
    """A Python scalar with the dtype, or as the kind of number, that replaces it."""
    differs = before.dtype != after.dtype or not after.weak_type
    if not (before.weak_type and differs and _yields(before, after)):
        return x
    if after.weak_type and type(x) in PYTHON_SCALARS:
        return after.dtype.type(x).item()
    return convert_element_type(x, after.dtype)


def _yields(weak: ShapedArray, strong: ShapedArray) -> bool:
    """Whether a Python scalar may take on the dtype of the array in its place."""
    order = "biufc"
    return weak.shape == strong.shape and order.index(weak.dtype.kind) <= order.index(
        strong.dtype.kind
    )


def _check_structure(
    f: Any,
    in_tree: Any,
    staged: Staged,
    avals: Sequence[ShapedArray],
    carry_avals: Callable[[Staged, str], list[ShapedArray]],
) -> None:
    before = in_tree.children()[0]
    after = staged.out_tree
    if carry_avals is carry_of_pair:
        after = after.children()[0]
    if before == after:
        return
    places = tree.structure_differences(before, after)
    raise errors.CarryTypeError(
        errors.message(
            f"the body `{name_of(f)}` changes the structure of the carry.",
            where=user_frame(),
            got=f"{after}\n" + "\n".join(places),
            expected=str(before),
            see=errors.CarryTypeError.page,
        )
    )


def _check_types(
    f: Any,
    in_tree: Any,
    before: Sequence[ShapedArray],
    after: Sequence[ShapedArray],
) -> None:
    lines = []
    structure = in_tree.children()[0]
    paths = tree.leaves_with_path(structure.unflatten(list(range(len(before)))))
    for (path, _), a, b in zip(paths, before, after, strict=True):
        fits = a.same_type(b) or (b.weak_type and _yields(b, a))
        if not fits:
            lines.append(f"carry{tree.keystr(path)}: {a} became {b}")
    if lines:
        raise errors.CarryTypeError(
            errors.message(
                f"the body `{name_of(f)}` changes the type of the carry.",
                where=user_frame(),
                got="\n".join(lines),
                expected="the types that the loop starts with",
                fix="start from the type that the body returns, such as 0.0 or "
                "np.zeros(shape); or y.astype(...) in the body",
                see=errors.CarryTypeError.page,
            )
        )
