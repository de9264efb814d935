"""Random well-formed programs: a source of random numbers in, a jaxpr and arrays out.

Numbers stay small dyadic fractions where a program is ``exact``, so that the order of
sums does not matter and comparisons may follow arithmetic.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.contraction import dot_general
from funcgrad.ops.control.cond import cond_p
from funcgrad.ops.control.scan import scan_p
from funcgrad.ops.control.while_loop import while_p
from funcgrad.ops.cumulative import cumsum
from funcgrad.ops.dynamic_slicing import dynamic_slice, dynamic_update_slice
from funcgrad.ops.indexing import gather
from funcgrad.ops.iota import broadcasted_iota
from funcgrad.ops.joining import concatenate
from funcgrad.ops.reduction import (
    argmax,
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
)
from funcgrad.ops.scattering import ScatterDimensionNumbers, scatter, scatter_add
from funcgrad.ops.slicing import pad, strided_slice
from funcgrad.ops.structural import (
    broadcast_in_dim,
    reduce_sum,
    reshape,
    rev,
    transpose,
)
from funcgrad.ops.windows import GatherDimensionNumbers
from funcgrad.transforms.stage import hoist_consts, stage

EXTENTS = (0, 1, 2, 3, 4, 7, 16, 17, 20, 33)
ROW_EXTENTS = (2, 17, 18, 20, 33)
DTYPES = ("f8", "f8", "f8", "f4", "i8", "i4", "u1", "?", "c16")
LARGEST = 20_000
"""Entries of the largest array of a program."""

Pool = list[Any]
Step = Callable[["Writer", Pool], Any]


class Writer:
    """Writes random steps with operations on tracers; ``exact``: see above."""

    def __init__(
        self, rng: random.Random, *, exact: bool, rows: bool, depth: int = 0
    ) -> None:
        self.rng = rng
        self.rows = rows
        self.exact = exact
        self.depth = depth

    def pick(self, pool: Pool, kinds: str = "?biufc", least_rank: int = 0) -> Any:
        """A value of the pool of one of these kinds of dtype, or None."""
        fitting = [
            x
            for x in pool
            if typeof(x).dtype.kind in kinds.replace("?", "b")
            and typeof(x).ndim >= least_rank
        ]
        # Late values are likelier: programs get deep, not only wide.
        fitting += fitting[-3:]
        return self.rng.choice(fitting) if fitting else None

    def partner(self, pool: Pool, x: Any) -> Any:
        """An operand to go with ``x``: of its type, a scalar, or a number."""
        aval = typeof(x)
        fitting = [
            y
            for y in pool
            if typeof(y).dtype == aval.dtype and typeof(y).shape in ((), aval.shape)
        ]
        if self.rng.random() < 0.2 and aval.dtype.kind in "iuf":
            return self.rng.choice([0, 1, 2, 3])
        return self.rng.choice(fitting)

    def steps(self, pool: Pool, count: int) -> None:
        """Add ``count`` values to the pool."""
        for _ in range(count):
            step = self.rng.choice(self._table())
            made = step(self, pool)
            if made is None:
                continue
            for value in made if isinstance(made, list) else [made]:
                if math.prod(typeof(value).shape) <= LARGEST:
                    pool.append(value)

    def _table(self) -> Sequence[Step]:
        table = [*EXACT_STEPS] if self.exact else [*EXACT_STEPS[:SMOOTH], *SMOOTH_STEPS]
        if self.rows:
            table = [*ROW_STEPS] if self.exact else [*ROW_STEPS, *SMOOTH_STEPS]
        if self.depth == 0:
            table += [_cond, _scan, _while]
        return table

    def subset(self, items: Sequence[int]) -> tuple[int, ...]:
        return tuple(i for i in items if self.rng.random() < 0.5)


# --- entry by entry


def _unary(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "?biufc")
    kind = typeof(x).dtype.kind
    if kind == "b":
        return ops.bitwise_not(x)
    choices = [ops.neg, lambda x: ops.add(x, x), ops.stop_gradient]
    if kind in "if":
        choices += [ops.abs, ops.sign]
    return w.rng.choice(choices)(x)


def _binary(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool)
    y = w.partner(pool, x)
    kind = typeof(x).dtype.kind
    choices: list[Any] = [ops.add, ops.sub, _small_product, ops.max, ops.min]
    if kind == "b":
        choices = [ops.bitwise_and, ops.bitwise_or, ops.bitwise_xor]
    if kind == "c":
        choices = [ops.add, ops.sub, _small_product]
    pair = (x, y) if w.rng.random() < 0.5 else (y, x)
    return w.rng.choice(choices)(*pair)


def _small_product(x: Any, y: Any) -> Any:
    """A product that does not grow from step to step."""
    product = ops.mul(x, y)
    if typeof(product).dtype.kind != "f":
        return product
    return ops.mul(ops.clamp(-8.0, product, 8.0), 0.5)


def _smooth_unary(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "f")
    if x is None:
        return None
    if w.rng.random() < 0.3:
        return ops.log1p(ops.abs(x))
    choices = [ops.tanh, ops.sin, ops.logistic, ops.exp, ops.cos]
    return w.rng.choice(choices)(ops.tanh(x))


def _smooth_binary(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "f")
    if x is None:
        return None
    y = w.partner(pool, x)
    return ops.div(x, ops.add(ops.mul(y, y), 1.0))


def _compare(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "iuf")
    if x is None:
        return None
    return w.rng.choice([ops.lt, ops.ge, ops.eq, ops.ne])(x, w.partner(pool, x))


def _where(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool)
    shape = typeof(x).shape
    tests = [c for c in pool if typeof(c).dtype == bool and typeof(c).shape == shape]
    if not tests:
        return None
    y = w.partner(pool, x)
    if typeof(x).dtype.kind == "b" or type(y) is int:
        y = x
    return ops.where(
        w.rng.choice(tests),
        x,
        broadcast_in_dim(y, shape, ()) if typeof(y).shape != shape else y,
    )


def _convert(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "?bif")
    if x is None:
        return None
    return convert_element_type(x, np.dtype(w.rng.choice(("f8", "f4", "i8", "?"))))


# --- moves


def _broadcast(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool)
    shape = list(typeof(x).shape)
    into = list(range(len(shape)))
    if len(shape) >= 4:
        return None
    if shape and w.rng.random() < 0.4 and 1 in shape:
        axis = shape.index(1)
        shape[axis] = w.rng.choice(EXTENTS)
    else:
        at = w.rng.randint(0, len(shape))
        like = [n for y in pool for n in typeof(y).shape]
        extent = w.rng.choice(like or EXTENTS)
        shape.insert(at, extent)
        into = [i if i < at else i + 1 for i in into]
    if math.prod(shape) > LARGEST:
        return None
    return broadcast_in_dim(x, shape, into)


def _reshape(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool)
    shape = typeof(x).shape
    size = math.prod(shape)
    options: list[tuple[int, ...]] = [(size,), (size, 1), (1, size)]
    if size:
        options += [(d, size // d) for d in range(2, size) if size % d == 0][:6]
    if size == 1:
        options.append(())
    if len(shape) >= 2:
        options.append((shape[0] * shape[1], *shape[2:]))
    return reshape(x, w.rng.choice(options))


def _transpose(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=2)
    if x is None:
        return None
    order = list(range(typeof(x).ndim))
    w.rng.shuffle(order)
    return transpose(x, order)


def _rev(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    return rev(x, w.subset(range(typeof(x).ndim)) or (0,))


def _slice(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    start, limit, steps = [], [], []
    for n in typeof(x).shape:
        low = w.rng.randint(0, n)
        start.append(low if w.rng.random() < 0.5 else 0)
        limit.append(w.rng.randint(low, n) if w.rng.random() < 0.5 else n)
        steps.append(w.rng.choice((1, 1, 2, 3)))
    return strided_slice(x, start, limit, steps)


def _pad(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "iuf", least_rank=1)
    if x is None:
        return None
    config = []
    for n in typeof(x).shape:
        low, high = w.rng.randint(-2, 3), w.rng.randint(-2, 3)
        inner = w.rng.choice((0, 0, 1, 2))
        wide = n + max(n - 1, 0) * inner
        if wide + low + high < 0:
            low = high = 0
        config.append((low, high, inner))
    return pad(x, np.asarray(3, typeof(x).dtype)[()], config)


def _concatenate(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    axis = w.rng.randrange(typeof(x).ndim)

    def others(y: Any) -> Any:
        aval = typeof(y)
        return (aval.dtype, aval.ndim, aval.shape[:axis], aval.shape[axis + 1 :])

    fitting = [y for y in pool if others(y) == others(x)]
    count = w.rng.randint(1, 3)
    return concatenate([x, *w.rng.choices(fitting, k=count)], axis)


def _iota(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    axis = w.rng.randrange(typeof(x).ndim)
    return broadcasted_iota(np.dtype(w.rng.choice(("i8", "f8"))), typeof(x).shape, axis)


# --- reductions and contractions


def _reduce(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    aval = typeof(x)
    axes = w.subset(range(aval.ndim)) or (w.rng.randrange(aval.ndim),)
    kind = aval.dtype.kind
    if kind == "b":
        return w.rng.choice([reduce_and, reduce_or])(x, axes)
    if kind == "c" or math.prod(aval.shape[a] for a in axes) == 0:
        return reduce_sum(x, axes)
    return w.rng.choice([reduce_sum, reduce_sum, reduce_max, reduce_min])(x, axes)


def _normalise(w: Writer, pool: Pool) -> Any:
    """A reduction that goes back onto its operand, as in a softmax."""
    x = w.pick(pool, "f", least_rank=1)
    if x is None or 0 in typeof(x).shape:
        return None
    shape = typeof(x).shape
    axis = w.rng.randrange(len(shape))
    kept = [a for a in range(len(shape)) if a != axis]
    top = broadcast_in_dim(reduce_max(x, (axis,)), shape, kept)
    y = ops.sub(x, top)
    if not w.exact:
        y = ops.exp(y)
    total = broadcast_in_dim(reduce_sum(y, (axis,)), shape, kept)
    return ops.sub(y, total) if w.exact else ops.div(y, total)


def _cumsum(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "if", least_rank=1)
    if x is None:
        return None
    axis = w.rng.randrange(typeof(x).ndim)
    return cumsum(x, axis, reverse=w.rng.random() < 0.5)


def _dot(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "ifc", least_rank=1)
    if x is None:
        return None
    own = typeof(x)
    fitting = [
        y
        for y in pool
        if typeof(y).dtype == own.dtype
        and typeof(y).ndim
        and set(typeof(y).shape) & set(own.shape)
    ]
    y = w.rng.choice(fitting)
    other = typeof(y)
    pairs = [
        (i, j)
        for i, n in enumerate(own.shape)
        for j, m in enumerate(other.shape)
        if n == m
    ]
    w.rng.shuffle(pairs)
    contract: list[tuple[int, int]] = []
    batch: list[tuple[int, int]] = []
    for i, j in pairs:
        taken = (*contract, *batch)
        if any(i == p or j == q for p, q in taken):
            continue
        where = w.rng.random()
        if where < 0.5 or not taken:
            contract.append((i, j))
        elif where < 0.75:
            batch.append((i, j))
    sides = [tuple(zip(*part, strict=True)) or ((), ()) for part in (contract, batch)]
    return dot_general(x, y, tuple(sides))


def _argmax(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "if", least_rank=1)
    if x is None or 0 in typeof(x).shape:
        return None
    return argmax(x, w.rng.randrange(typeof(x).ndim))


# --- positions that are data


def _index_for(w: Writer, pool: Pool) -> Any:
    fitting = [y for y in pool if typeof(y).dtype == np.int64 and typeof(y).shape == ()]
    return w.rng.choice([*fitting, w.rng.randint(-2, 5)])


def _dynamic_slice(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    shape = typeof(x).shape
    sizes = [w.rng.randint(min(n, 1), n) for n in shape]
    return dynamic_slice(x, [_index_for(w, pool) for _ in shape], sizes)


def _dynamic_update(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    shape = typeof(x).shape
    sizes = [w.rng.randint(min(n, 1), n) for n in shape]
    update = strided_slice(x, [0] * len(shape), sizes)
    if w.rng.random() < 0.5:
        update = (
            ops.bitwise_not(update)
            if typeof(x).dtype == bool
            else ops.add(update, update)
        )
    return dynamic_update_slice(x, update, [_index_for(w, pool) for _ in shape])


def _gather_rows(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    rows = [y for y in pool if typeof(y).dtype == np.int64 and typeof(y).ndim == 1]
    if x is None or not rows or 0 in typeof(x).shape:
        return None
    index = w.rng.choice(rows)
    count, rank = typeof(index).shape[0], typeof(x).ndim
    numbers = GatherDimensionNumbers(tuple(range(1, rank)), (0,), (0,))
    sizes = (1, *typeof(x).shape[1:])
    if count * math.prod(sizes) > LARGEST:
        return None
    index = reshape(index, (count, 1))
    return gather(x, index, numbers, sizes, mode=w.rng.choice(("fill", "clip")))


def _scatter_rows(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "if", least_rank=1)
    rows = [y for y in pool if typeof(y).dtype == np.int64 and typeof(y).ndim == 1]
    if x is None or not rows:
        return None
    shape = typeof(x).shape
    index = w.rng.choice(rows)
    count = min(typeof(index).shape[0], shape[0])
    index = reshape(strided_slice(index, (0,), (count,)), (count, 1))
    numbers = ScatterDimensionNumbers(tuple(range(1, len(shape))), (0,), (0,))
    limit = (count, *shape[1:])
    updates = strided_slice(x, [0] * len(shape), limit)
    if w.rng.random() < 0.5:
        updates = ops.add(updates, updates)
    return w.rng.choice([scatter, scatter_add])(x, index, updates, numbers)


# --- programs within programs


def _inner_jaxpr(
    w: Writer, avals: Sequence[ShapedArray], results: Sequence[ShapedArray | None]
) -> Any:
    """A random program; a result is of a given type, or any where that is None."""
    inner = Writer(w.rng, exact=w.exact, rows=w.rows, depth=w.depth + 1)

    def body(*args: Any) -> list[Any]:
        pool = list(args)
        inner.steps(pool, w.rng.randint(1, 5))
        outs = []
        for wanted in results:
            fitting = [x for x in pool if wanted is None or typeof(x).same_type(wanted)]
            outs.append(w.rng.choice(fitting[-4:]))
        return outs

    return hoist_consts(stage(body, avals))


def _strong(x: Any) -> ShapedArray:
    aval = typeof(x)
    return ShapedArray(aval.shape, aval.dtype)


def _chosen(w: Writer, pool: Pool, most: int = 3) -> Pool:
    return w.rng.sample(pool, min(len(pool), w.rng.randint(1, most)))


def _cond(w: Writer, pool: Pool) -> Any:
    operands = _chosen(w, pool)
    avals = [_strong(x) for x in operands]
    results = w.rng.choices(avals, k=w.rng.randint(1, 2))
    branches = []
    consts: list[Any] = []
    made = [_inner_jaxpr(w, avals, results) for _ in range(w.rng.randint(2, 3))]
    for values, jaxpr in made:
        if values:
            return None
        branches.append(jaxpr)
        consts += values
    scalars = [
        x for x in pool if typeof(x).shape == () and typeof(x).dtype.kind in "ib"
    ]
    index = w.rng.choice([*scalars, np.int64(w.rng.randint(0, 2))])
    if typeof(index).dtype == bool:
        branches = branches[:2]
    return cond_p.bind(index, *operands, branches=tuple(branches))


def _scan(w: Writer, pool: Pool) -> Any:
    consts = _chosen(w, pool, 2)
    carry = _chosen(w, pool)
    lengths = [n for x in pool for n in typeof(x).shape[:1]]
    length = w.rng.choice([*lengths, 0, 1, 3])
    xs = [x for x in pool if typeof(x).shape[:1] == (length,)][:2]
    rows = [ShapedArray(typeof(x).shape[1:], typeof(x).dtype) for x in xs]
    carried = [_strong(x) for x in carry]
    avals = [*map(_strong, consts), *carried, *rows]
    stacked: list[ShapedArray | None] = [None] * w.rng.randint(0, 2)
    values, jaxpr = _inner_jaxpr(w, avals, [*carried, *stacked])
    if any(math.prod(a.shape) * length > LARGEST for a in jaxpr.out_avals):
        return None
    return scan_p.bind(
        *values,
        *consts,
        *carry,
        *xs,
        jaxpr=jaxpr,
        num_consts=len(values) + len(consts),
        num_carry=len(carry),
        length=length,
        reverse=w.rng.random() < 0.3,
        unroll=1,
    )


def _while(w: Writer, pool: Pool) -> Any:
    consts = _chosen(w, pool, 2)
    carry = _chosen(w, pool)
    carried = [_strong(x) for x in carry]
    count = ShapedArray((), np.dtype(np.int64))
    trips = w.rng.randint(0, 5)
    test = stage(lambda n, *rest: [ops.lt(n, trips)], [count, *carried]).jaxpr
    values, inner = _inner_jaxpr(w, [*map(_strong, consts), *carried], carried)
    if values:
        return None

    def body(*args: Any) -> list[Any]:
        given, n, rest = args[: len(consts)], args[len(consts)], args[len(consts) + 1 :]
        return [ops.add(n, 1), *eval_jaxpr(inner, (), *given, *rest)]

    jaxpr = stage(body, [*map(_strong, consts), count, *carried]).jaxpr
    return while_p.bind(
        *consts,
        np.int64(0),
        *carry,
        cond_jaxpr=test,
        body_jaxpr=jaxpr,
        num_cond_consts=0,
        num_body_consts=len(consts),
        num_tapes=0,
    )


_MOVES: tuple[Step, ...] = (
    *(_unary, _binary, _binary, _binary, _broadcast, _broadcast, _reshape),
    *(_transpose, _rev, _slice, _pad, _concatenate, _reduce, _reduce, _normalise),
    *(_dot, _cumsum, _dynamic_update),
)
SMOOTH = len(_MOVES)
EXACT_STEPS: tuple[Step, ...] = (
    *_MOVES,
    *(_compare, _where, _where, _convert, _iota, _argmax, _dynamic_slice),
    *(_gather_rows, _scatter_rows),
)
ROW_STEPS: tuple[Step, ...] = (
    *(_normalise, _normalise, _normalise, _reduce, _reduce, _dot),
    *(_unary, _binary, _binary, _broadcast, _broadcast, _reshape, _transpose),
)
SMOOTH_STEPS: tuple[Step, ...] = (_smooth_unary, _smooth_unary, _smooth_binary)


# --- whole programs


def random_arguments(
    rng: random.Random, extents: Sequence[int], dtypes: Sequence[str], *, exact: bool
) -> list[np.ndarray]:
    """Arrays whose shapes share extents, so that they can meet in operations."""
    extents = rng.choices(extents, k=2) + [rng.choice((1, 2, 3))]
    arrays = []
    numbers = np.random.default_rng(rng.randrange(2**32))
    for _ in range(rng.randint(1, 4)):
        shape = tuple(rng.choice(extents) for _ in range(rng.choice((0, 1, 2, 2, 3))))
        dtype = np.dtype(rng.choice(dtypes))
        arrays.append(_numbers(numbers, shape, dtype, exact=exact))
    count = rng.choice((1, 3, 16, 17, 20))
    arrays.append(_numbers(numbers, (count,), np.dtype(np.int64), exact=exact))
    return arrays


def _numbers(
    rng: np.random.Generator, shape: Any, dtype: np.dtype, *, exact: bool
) -> np.ndarray:
    if dtype.kind == "b":
        return np.asarray(rng.random(shape) < 0.5)
    if dtype.kind in "iu":
        return np.asarray(
            rng.integers(0 if dtype.kind == "u" else -3, 6, shape)
        ).astype(dtype)
    values = np.asarray(
        rng.integers(-4, 5, shape) / 2 if exact else rng.normal(size=shape)
    )
    if dtype.kind == "c":
        values = values + 1j * np.asarray(rng.integers(-3, 4, shape))
    return values.astype(dtype)


def random_program(
    rng: random.Random, *, rows: bool = False
) -> tuple[Jaxpr, list[np.ndarray]]:
    """A program without constants, and arguments for it; ``rows``: of long rows."""
    exact = rng.random() < 0.7
    given = (ROW_EXTENTS, ("f8", "f4")) if rows else (EXTENTS, DTYPES)
    arguments = random_arguments(rng, *given, exact=exact)

    def function(*args: Any) -> list[Any]:
        pool: Pool = list(args)
        Writer(rng, exact=exact, rows=rows).steps(pool, rng.randint(3, 25))
        recent = pool[-8:]
        return rng.sample(recent, min(len(recent), rng.randint(1, 4))) + rng.choices(
            pool, k=rng.randint(0, 1)
        )

    consts, jaxpr = hoist_consts(stage(function, [typeof(a) for a in arguments]))
    return jaxpr, [*map(np.asarray, consts), *arguments]


class TooLargeError(Exception):
    """A number of the run is so large that sums have to be rounded."""


def stay_small(values: np.ndarray) -> None:
    """Raise ``TooLargeError`` where a result might depend on the order of sums."""
    limit = 2**20 if values.dtype.kind in "fc" else 2**62
    if values.size and not np.all(np.abs(values) < limit):
        raise TooLargeError
