"""Lanes: entries of a batch that go their own ways, run in blocks of a few.

A branch or a loop whose condition varies along a batch could run on the whole batch at
once: then every entry pays for both branches, or for the entry that runs longest. In
blocks, which one loop walks through, an entry pays for its neighbours at most, and the
values of a block stay in registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad.core.aval import ShapedArray, known_size
from funcgrad.core.jaxpr import Eqn, Jaxpr, Var, subjaxprs
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.ops.control.inner import Flags, memoized, select, split
from funcgrad.ops.joining import concatenate
from funcgrad.ops.selection import stop_gradient
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.slicing_one_axis import index_in_dim
from funcgrad.ops.structural import (
    align_batch,
    broadcast_in_dim,
    move_axis_to_front,
    reshape,
)
from funcgrad.transforms.stage import stage_flat

WIDTH = 4
"""Entries of a block: its arrays are vectors, and one entry waits for three others."""
WIDEST = 16
"""Numbers that the arrays of a block may have, which are in registers then."""
COSTLY = 50
"""Price of branches, in additions, above which only those run that an entry takes."""
SHARED_PRODUCT = 256
"""Entries of a matrix that is worth reading once for the whole batch."""
UNKNOWN_TRIPS = 100
"""What loops of unknown length are taken to run."""


def in_blocks(
    primitive: Any,
    width: int,
    size: int,
    operands: Sequence[Any],
    dims: Sequence[Any],
    params: dict[str, Any],
) -> tuple[list[Any], list[int]]:
    """Results of an application on a batch, ``width`` entries at a time.

    With a width of 0 each entry runs alone; otherwise ``primitive.batch_block`` takes
    a block as ``batch`` takes a batch. The last block is filled up with copies of the
    last entry.
    """
    values = [
        x if dim is None else move_axis_to_front(x, dim)
        for x, dim in zip(operands, dims, strict=True)
    ]
    flags = tuple(dim is not None for dim in dims)
    consts, xs = _parted(values, flags)
    blocks = -(-size // max(1, width))
    if width:
        xs = [_blocked(x, blocks, width) for x in xs]
    rows = [ShapedArray(a.shape[1:], a.dtype) for a in map(typeof, xs)]
    avals = (*[typeof(x).strong() for x in consts], *rows)
    owner, *_ = subjaxprs(params)
    results: list[Any] = Primitive.registry["scan"].bind(
        *consts,
        *xs,
        jaxpr=_block_body(owner, primitive, width, flags, avals, tuple(params.items())),
        num_consts=len(consts),
        num_carry=0,
        length=blocks,
        reverse=False,
        unroll=1,
    )
    if width:
        results = [_joined(y, size) for y in results]
    return results, [0] * len(results)


@memoized
def _block_body(
    owner: Jaxpr,
    primitive: Any,
    width: int,
    flags: Flags,
    avals: Sequence[ShapedArray],
    params: Sequence[tuple[str, Any]],
) -> Jaxpr:
    """(what the blocks have in common, a block of the rest) -> results for the block.

    It is kept with ``owner``, one of the programs in ``params``.
    """
    places = _parted(range(len(flags)), flags)
    order = sorted(range(len(flags)), key=[*places[0], *places[1]].__getitem__)
    dims = [0 if flag else None for flag in flags]

    def function(*args: Any) -> list[Any]:
        operands = [args[k] for k in order]
        if not width:
            results: list[Any] = primitive.bind(*operands, **dict(params))
            return results
        found, out = primitive.batch_block(width, operands, dims, **dict(params))
        return [align_batch(y, dim, width) for y, dim in zip(found, out, strict=True)]

    return stage_flat(function, avals)


def _parted(values: Sequence[Any], flags: Flags) -> tuple[list[Any], list[Any]]:
    """The values whose flag is not set, and those whose is."""
    return select(values, [not flag for flag in flags]), select(values, flags)


def _blocked(x: Any, blocks: int, width: int) -> Any:
    """A batch as blocks, the last one filled up."""
    shape = typeof(x).shape
    missing = blocks * width - shape[0]
    if missing:
        last = stop_gradient(index_in_dim(x, shape[0] - 1, 0, keepdims=False))
        dims = tuple(range(1, len(shape)))
        copies = broadcast_in_dim(last, (missing, *shape[1:]), dims)
        x = concatenate([x, copies], 0)
    return reshape(x, (blocks, width, *shape[1:]))


def _joined(y: Any, size: int) -> Any:
    """Blocks as one batch, without what filled up the last one."""
    blocks, width, *rest = typeof(y).shape
    y = reshape(y, (blocks * width, *rest))
    if blocks * width == size:
        return y
    ones = (1,) * (1 + len(rest))
    return strided_slice(y, (0,) * len(ones), (size, *rest), ones)


class Lanes(NamedTuple):
    """What matters of a program when the entries of a batch could run apart."""

    out: Flags
    """Which results vary along the batch."""
    entries: int = 1
    """Numbers in the largest array of one entry of the batch."""
    together: bool = False
    """Whether they should not: an equation has a rule for batches that must be asked,
    or reads one matrix for all entries."""
    apart: bool = False
    """Whether a loop runs on for some entries when others have ended."""

    def joined(self, other: Lanes) -> Lanes:
        """These facts and those of an inner program."""
        return Lanes(
            self.out,
            max(self.entries, other.entries),
            self.together or other.together,
            self.apart or other.apart,
        )


@memoized
def lanes_of(jaxpr: Jaxpr, batched: Flags) -> Lanes:
    """Look through a program some of whose inputs vary along a batch."""
    varies = {v for v, flag in zip(jaxpr.invars, batched, strict=True) if flag}
    found = Lanes((), max([1, *[known_size(v.aval.shape) for v in varies]]))
    for eqn in jaxpr.eqns:
        flags = tuple(type(a) is Var and a in varies for a in eqn.invars)
        inner = _inside(eqn, flags)
        found = found.joined(inner)
        results = [v for v, flag in zip(eqn.outvars, inner.out, strict=True) if flag]
        varies.update(results)
        entries = max([1, *[known_size(v.aval.shape) for v in results]])
        found = found.joined(Lanes((), entries))
    out = tuple(type(a) is Var and a in varies for a in jaxpr.outvars)
    return found._replace(out=out)


@memoized
def keeps_tapes(jaxpr: Jaxpr) -> bool:
    """Whether there are tapes in a program, of which none is given or returned."""
    inside = any(v.aval.is_tape for eqn in jaxpr.eqns for v in eqn.outvars)
    ends = (*jaxpr.invars, *jaxpr.outvars)
    return inside and not any(atom.aval.is_tape for atom in ends)


def _inside(eqn: Eqn, flags: Flags) -> Lanes:
    """The same for one equation."""
    count = len(eqn.outvars)
    together = eqn.primitive.asks_batch(**eqn.params) or _reads_shared_matrix(
        eqn, flags
    )
    params = eqn.params
    if eqn.primitive.name == "while":
        found = facts_of_while(flags, count, params)
    elif "num_carry" in params:
        head = 0 if params["length"] is not None else 1
        sizes = (params["num_consts"], params["num_carry"])
        found = _carried(params["jaxpr"], flags[head:], *sizes)
        if any(flags[:head]):
            found = found._replace(out=(True,) * count, apart=True)
    else:
        found = Lanes((any(flags),) * count)
        for inner in subjaxprs(params):
            given = flags[len(flags) - len(inner.invars) :]
            fits = len(given) == len(inner.invars) and not any(flags[: -len(given)])
            found = found.joined(
                lanes_of(inner, given if fits else (True,) * len(inner.invars))
            )
    return found._replace(together=found.together or together)


def facts_of_while(flags: Flags, count: int, params: dict[str, Any]) -> Lanes:
    """The same for a while loop, from which of its operands vary."""
    sizes = (params["num_cond_consts"], params["num_body_consts"])
    cond_flags, body_flags = flags[: sizes[0]], flags[sizes[0] :]
    body = params["body_jaxpr"]
    num_carry = len(flags) - sum(sizes)
    found = _carried(body, body_flags, sizes[1], num_carry)
    carry = found.out[:num_carry]
    test = lanes_of(params["cond_jaxpr"], (*cond_flags, *carry))
    out = found.out
    if params["num_tapes"]:
        out = (*carry, False, *out[num_carry:])
    if test.out[0]:
        out = (True,) * count
    return found.joined(test)._replace(out=out, apart=found.apart or test.out[0])


def _carried(body: Jaxpr, flags: Flags, num_consts: int, num_carry: int) -> Lanes:
    """Facts of a loop's body; what is carried varies if it does after any trip."""
    consts, carry, xs = split(flags, num_consts, num_carry)
    while True:
        found = lanes_of(body, (*consts, *carry, *xs))
        grown = [a or b for a, b in zip(carry, found.out[:num_carry], strict=True)]
        if grown == carry:
            return found._replace(out=(*carry, *found.out[num_carry:]))
        carry = grown


def _reads_shared_matrix(eqn: Eqn, flags: Flags) -> bool:
    """Whether a product of arrays has an operand, not a small one, in common."""
    if eqn.primitive.name != "dot_general" or sum(flags) != 1:
        return False
    shared = eqn.invars[flags.index(False)]
    return known_size(shared.aval.shape) >= SHARED_PRODUCT


@memoized
def work(jaxpr: Jaxpr) -> int:
    """Rough price of one run, in additions."""
    total = 0
    for eqn in jaxpr.eqns:
        inner = subjaxprs(eqn.params)
        if inner:
            trips = eqn.params.get("length", 1)
            if trips is None or eqn.primitive.name == "while":
                trips = UNKNOWN_TRIPS
            total += trips * sum(map(work, inner))
        else:
            sizes = [known_size(a.aval.shape) for a in (*eqn.invars, *eqn.outvars)]
            total += max(sizes, default=0) * getattr(eqn.primitive, "cost", 1)
    return total


def width_for(jaxprs: Sequence[Jaxpr], facts: Sequence[Lanes], size: int) -> int | None:
    """Entries that run together where conditions vary; None: the whole batch.

    It is 0 where each entry runs alone: its arrays are many in a register, or running
    has effects.
    """
    if any(jaxpr.effects for jaxpr in jaxprs):
        return 0
    if size <= WIDTH or any(fact.together for fact in facts):
        return None
    entries = max(fact.entries for fact in facts)
    return WIDTH if WIDTH * entries <= WIDEST else 0
