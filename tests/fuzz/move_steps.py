"""Steps that move entries, and reduce or contract them: values in, a value out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.ops.arg_extremes import argmax
from funcgrad.ops.contraction import dot_general
from funcgrad.ops.cumulative import cumsum
from funcgrad.ops.iota import broadcasted_iota
from funcgrad.ops.joining import concatenate
from funcgrad.ops.reduction import reduce_and, reduce_max, reduce_min, reduce_or
from funcgrad.ops.reversal import rev
from funcgrad.ops.slicing import pad, strided_slice
from funcgrad.ops.structural import broadcast_in_dim, reduce_sum, reshape, transpose
from tests.fuzz.writer import EXTENTS, LARGEST, Pool, Writer


def broadcast_step(w: Writer, pool: Pool) -> Any:
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


def reshape_step(w: Writer, pool: Pool) -> Any:
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


def transpose_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=2)
    if x is None:
        return None
    order = list(range(typeof(x).ndim))
    w.rng.shuffle(order)
    return transpose(x, order)


def rev_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    return rev(x, w.subset(range(typeof(x).ndim)) or (0,))


def slice_step(w: Writer, pool: Pool) -> Any:
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


def pad_step(w: Writer, pool: Pool) -> Any:
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


def concatenate_step(w: Writer, pool: Pool) -> Any:
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


def iota_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    axis = w.rng.randrange(typeof(x).ndim)
    return broadcasted_iota(np.dtype(w.rng.choice(("i8", "f8"))), typeof(x).shape, axis)


def reduce_step(w: Writer, pool: Pool) -> Any:
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


def normalise_step(w: Writer, pool: Pool) -> Any:
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


def cumsum_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "if", least_rank=1)
    if x is None:
        return None
    axis = w.rng.randrange(typeof(x).ndim)
    return cumsum(x, axis, reverse=w.rng.random() < 0.5)


def dot_step(w: Writer, pool: Pool) -> Any:
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


def argmax_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "if", least_rank=1)
    if x is None or 0 in typeof(x).shape:
        return None
    return argmax(x, w.rng.randrange(typeof(x).ndim))
