"""Einstein sums: subscripts and arrays to a sequence of contractions of two arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import shape_error
from funcgrad.numpy.contraction import contract
from funcgrad.numpy.dispatch import promote, to_array, traces
from funcgrad.numpy.indexing import diagonal

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@traces(np.einsum)
def einsum(
    *operands: Any, out: Any = None, optimize: Any = False, **options: Any
) -> Any:
    """Sums of products by Einstein's convention, ``einsum("ij,jk->ik", a, b)``."""
    subscripts, arrays = _parse(operands)
    dtype = options.get("dtype")
    if dtype is None:
        arrays = promote(arrays)
    else:
        arrays = [to_array(x, canonical_dtype(dtype)) for x in arrays]
    inputs, output = _expand_ellipses(subscripts, arrays)
    return _run(inputs, output, arrays, optimize)


@traces(np.einsum_path)
def einsum_path(*operands: Any, optimize: Any = "greedy", **options: Any) -> Any:
    """The order of contractions with the lowest cost, and its description."""
    subscripts, arrays = _parse(operands)
    plain = [np.broadcast_to(np.float64(0), typeof(x).shape) for x in arrays]
    return np.einsum_path(subscripts, *plain, optimize=optimize, **options)


def _parse(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """Subscripts and arrays of either calling form of NumPy."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), [to_array(x) for x in operands[1:]]
    items = list(operands)
    output = items.pop() if len(items) % 2 else None
    arrays = [to_array(x) for x in items[::2]]
    text = ",".join(map(_to_letters, items[1::2]))
    return (text if output is None else f"{text}->{_to_letters(output)}"), arrays


def _to_letters(sublist: Sequence[Any]) -> str:
    return "".join("..." if item is Ellipsis else _LETTERS[item] for item in sublist)


def _invalid(problem: str, subscripts: str) -> errors.ShapeError:
    return shape_error(
        problem,
        f"einsum({subscripts!r}, ...)",
    )


def _expand_ellipses(subscripts: str, arrays: Sequence[Any]) -> tuple[list[str], str]:
    """Input and output subscripts with letters in place of every ellipsis."""
    left, arrow, output = subscripts.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(arrays):
        raise _invalid(
            f"{len(inputs)} operands are named and {len(arrays)} are given.", subscripts
        )
    unused = [c for c in reversed(_LETTERS) if c not in subscripts]
    extra = 0
    for term, x in zip(inputs, arrays, strict=True):
        named = len(term.replace("...", ""))
        missing = typeof(x).ndim - named
        if missing < 0 or (missing and "..." not in term):
            raise _invalid(
                f"{term!r} does not fit an operand of {typeof(x)}.", subscripts
            )
        extra = max(extra, missing)
    fill = "".join(unused[:extra])
    terms = [
        term.replace("...", fill[extra - (typeof(x).ndim - len(term) + 3) :])
        if "..." in term
        else term
        for term, x in zip(inputs, arrays, strict=True)
    ]
    if not arrow:
        once = sorted({c for c in left if c.isalpha() and left.count(c) == 1})
        output = fill + "".join(once)
    output = output.replace("...", fill)
    if len(set(output)) != len(output) or not set(output) <= set("".join(terms)):
        raise _invalid(
            "the output names an axis twice or one no operand has.", subscripts
        )
    return terms, output


def _run(terms: list[str], output: str, arrays: Sequence[Any], optimize: Any) -> Any:
    items = [_without_repeats(t, x) for t, x in zip(terms, arrays, strict=True)]
    extents = _extents(items)
    items = [_stretch(term, x, extents) for term, x in items]
    order = _order(terms, output, extents, optimize)
    for group in order:
        chosen = [items.pop(i) for i in sorted(group, reverse=True)][::-1]
        while len(chosen) > 1:
            (one, x), (other, y) = chosen.pop(0), chosen.pop(0)
            rest = "".join(t for t, _ in (*chosen, *items)) + output
            chosen.insert(0, _pairwise(one, x, other, y, rest))
        items.append(chosen[0])
    term, x = items[0]
    term, x = _sum_out(term, x, output)
    return ops.transpose(x, [term.index(c) for c in output])


def _order(terms: Any, output: str, extents: dict[str, int], optimize: Any) -> Any:
    """Groups of operands in the order in which they are contracted."""
    if len(terms) <= 2:
        return [tuple(range(len(terms)))]
    shapes = [np.broadcast_to(0.0, [extents[c] for c in term]) for term in terms]
    equation = ",".join(terms) + "->" + output
    path, _ = np.einsum_path(equation, *shapes, optimize=optimize or "greedy")
    return path[1:]


def _without_repeats(term: str, x: Any) -> tuple[str, Any]:
    """An operand whose repeated letters are made one axis by taking the diagonal."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = diagonal(x, 0, first, second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    return term, x


def _extents(items: Sequence[tuple[str, Any]]) -> dict[str, int]:
    extents: dict[str, int] = {}
    for term, x in items:
        for letter, extent in zip(term, typeof(x).shape, strict=True):
            if extents.setdefault(letter, extent) == 1:
                extents[letter] = extent
            elif extent not in (1, extents[letter]):
                raise _invalid(
                    f"axis {letter!r} has extents {extents[letter]} and {extent}.", term
                )
    return extents


def _stretch(term: str, x: Any, extents: dict[str, int]) -> tuple[str, Any]:
    """An operand without the axes of extent 1 that other operands have longer."""
    keep = [n == extents[c] for c, n in zip(term, typeof(x).shape, strict=True)]
    if all(keep):
        return term, x
    shape = [n for n, flag in zip(typeof(x).shape, keep, strict=True) if flag]
    letters = "".join(c for c, flag in zip(term, keep, strict=True) if flag)
    return letters, ops.reshape(x, tuple(shape))


def _sum_out(term: str, x: Any, needed: str) -> tuple[str, Any]:
    axes = [i for i, letter in enumerate(term) if letter not in needed]
    return "".join(c for c in term if c in needed), ops.reduce_sum(x, axes)


def _pairwise(one: str, x: Any, other: str, y: Any, rest: str) -> tuple[str, Any]:
    """Two operands to one: shared letters that nothing else needs are summed."""
    one, x = _sum_out(one, x, other + rest)
    other, y = _sum_out(other, y, one + rest)
    shared = [c for c in one if c in other]
    batch = [c for c in shared if c in rest]
    summed = [c for c in shared if c not in rest]
    result = contract(
        x,
        y,
        ([one.index(c) for c in summed], [other.index(c) for c in summed]),
        ([one.index(c) for c in batch], [other.index(c) for c in batch]),
    )
    free = [c for c in one + other if c not in shared]
    return "".join(batch + free), result
