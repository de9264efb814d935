"""Sums of products over a loop, as one product after it.

A backward pass adds the product of two small arrays to the cotangent of a weight matrix
in every trip, which reads and writes the whole matrix. One product of the arrays of all
trips is the same sum, and is made in registers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad.compiler.lower.nodes import REGISTER_ENTRIES
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Var, dead_code
from funcgrad.core.source import at_line
from funcgrad.ops.arithmetic import add, add_p
from funcgrad.ops.contraction import dot_general_p
from funcgrad.ops.control.inner import memoized, select, split
from funcgrad.transforms.stage import stage_flat

GAIN = 2
"""How many times the entries kept for each trip the sum must have."""
SHORTEST = 8
"""Trips for which it is worth it."""
DEEPEST = 8
"""Terms of a sum in each product, from which on reading the matrix is no matter."""
LARGEST = 1 << 20
"""Bytes that may be kept for it, unless the loop reads as much from its xs."""


class Postponed(NamedTuple):
    """A loop without its sums, and the program that makes them afterwards."""

    operands: tuple[bool, ...]
    """The operands that stay; the starts of the sums do not."""
    results: tuple[bool, ...]
    """The results that stay; ``finish`` gives the others."""
    params: dict[str, Any]
    """Parameters of the loop, which gives stacks behind these results."""
    read: tuple[int, ...]
    """The operands that ``finish`` takes; the new stacks follow."""
    finish: Jaxpr


def postpone_scan(
    *, jaxpr: Jaxpr, num_consts: int, num_carry: int, length: int | None, **params: Any
) -> Postponed | None:
    """A scan with sums of products after it; None where it has none worth that."""
    if length is None or length < SHORTEST:
        return None
    found = _sums(jaxpr, num_consts, num_carry, length)
    if not found.sums:
        return None
    carry = [k not in found.sums for k in range(num_carry)]
    num_xs = len(jaxpr.invars) - num_consts - num_carry
    operands = (*[True] * num_consts, *carry, *[True] * num_xs)
    results = (*carry, *[True] * (len(jaxpr.outvars) - num_carry))
    outvars = (*select(jaxpr.outvars, results), *found.stacked)
    eqns, _ = dead_code(jaxpr.eqns, outvars)
    invars = tuple(select(jaxpr.invars, operands))
    body = Jaxpr((), invars, tuple(eqns), outvars, jaxpr.effects)
    changed = {
        "jaxpr": body,
        "num_consts": num_consts,
        "num_carry": sum(carry),
        "length": length,
        **params,
    }
    starts = [num_consts + k for k in found.sums]
    xs = [num_consts + num_carry + k for k in found.xs]
    finish = _finish(jaxpr, num_consts, num_carry, length)
    return Postponed(operands, results, changed, (*starts, *xs), finish)


class _Sums(NamedTuple):
    sums: dict[int, list[Eqn]]
    """The products that are added to carries, by the carry."""
    xs: list[int]
    """The xs that they read."""
    stacked: list[Var]
    """Other variables that they read, which are kept for each trip."""


@memoized
def _sums(jaxpr: Jaxpr, num_consts: int, num_carry: int, length: int) -> _Sums:
    made: dict[Atom, Eqn] = {v: eqn for eqn in jaxpr.eqns for v in eqn.outvars}
    uses = Counter(v for eqn in jaxpr.eqns for v in eqn.invars if type(v) is Var)
    uses.update(v for v in jaxpr.outvars if type(v) is Var)
    consts, carry, xs = split(jaxpr.invars, num_consts, num_carry)
    found = _Sums({}, [], [])
    order = [v for eqn in jaxpr.eqns for v in eqn.outvars]
    for k, start in enumerate(carry):
        products = _products(jaxpr.outvars[k], start, made, uses)
        if not products:
            continue
        operands = {a for eqn in products for a in eqn.invars}
        if any(type(v) is not Var or v in consts or v in carry for v in operands):
            continue
        known = {*xs, *found.stacked}
        new = [v for v in order if v in operands and v not in known]
        if _is_worth(start, new, xs, length):
            found.sums[k] = products
            found.stacked.extend(new)
            found.xs.extend(
                k for k, x in enumerate(xs) if x in operands and k not in found.xs
            )
    return found


def _products(
    total: Atom, start: Var, made: dict[Atom, Eqn], uses: Counter[Var]
) -> list[Eqn]:
    """The products in ``total``, if it is ``start`` plus products; else none."""
    products: list[Eqn] = []
    starts = 0
    todo = [total]
    while todo:
        atom = todo.pop()
        if type(atom) is not Var or uses[atom] != 1:
            return []
        eqn = made.get(atom)
        if atom is start:
            starts += 1
        elif eqn is not None and eqn.primitive is add_p:
            todo.extend(eqn.invars)
        elif eqn is not None and _is_shallow(eqn):
            products.append(eqn)
        else:
            return []
    return products if starts == 1 else []


def _is_shallow(eqn: Eqn) -> bool:
    """Whether an equation is a product with few terms in each sum of its own."""
    if eqn.primitive is not dot_general_p:
        return False
    (contracted, _), _ = eqn.params["dimension_numbers"]
    shape = eqn.invars[0].aval.shape
    return math.prod(shape[axis] for axis in contracted) <= DEEPEST


def _is_worth(start: Var, new: Sequence[Any], xs: Sequence[Var], length: int) -> bool:
    entries = math.prod(start.aval.shape)
    kept = sum(math.prod(v.aval.shape) for v in new)
    known = sum(math.prod(x.aval.shape) * x.aval.dtype.itemsize for x in xs)
    nbytes = length * kept * start.aval.dtype.itemsize
    few = nbytes <= max(LARGEST, length * known)
    return entries > REGISTER_ENTRIES and entries >= GAIN * kept and few


@memoized
def _finish(jaxpr: Jaxpr, num_consts: int, num_carry: int, length: int) -> Jaxpr:
    """(starts, xs, stacks) -> sums."""
    found = _sums(jaxpr, num_consts, num_carry, length)
    _, carry, xs = split(jaxpr.invars, num_consts, num_carry)
    read = [*[xs[k] for k in found.xs], *found.stacked]

    def function(*args: Any) -> list[Any]:
        starts, rows = split(args, len(found.sums))
        stacks = dict(zip(read, rows, strict=True))
        totals = []
        for total, products in zip(starts, found.sums.values(), strict=True):
            for eqn in products:
                lhs, rhs = (stacks[v] for v in eqn.invars)  # type: ignore[index]
                with at_line(eqn.source):
                    total = add(total, _over_trips(lhs, rhs, **eqn.params))
            totals.append(total)
        return totals

    starts = [carry[k].aval.strong() for k in found.sums]
    stacks = [ShapedArray((length, *v.aval.shape), v.aval.dtype) for v in read]
    return stage_flat(function, [*starts, *stacks])


def _over_trips(lhs: Any, rhs: Any, *, dimension_numbers: Any, **params: Any) -> Any:
    """The sum of the products of each entry along the first axes."""
    (lc, rc), (lb, rb) = dimension_numbers
    ahead = [tuple(axis + 1 for axis in axes) for axes in (lc, rc, lb, rb)]
    numbers = (((0, *ahead[0]), (0, *ahead[1])), (ahead[2], ahead[3]))
    return dot_general_p.bind(lhs, rhs, dimension_numbers=numbers, **params)
