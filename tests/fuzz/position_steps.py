"""Steps whose positions are data: slices, gathers and scatters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.ops.dynamic_slicing import dynamic_slice, dynamic_update_slice
from funcgrad.ops.indexing import gather
from funcgrad.ops.scatter_calls import scatter, scatter_add
from funcgrad.ops.scattering import ScatterDimensionNumbers
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import (
    reshape,
)
from funcgrad.ops.windows import GatherDimensionNumbers
from tests.fuzz.writer import LARGEST, Pool, Writer


def _index_for(w: Writer, pool: Pool) -> Any:
    fitting = [y for y in pool if typeof(y).dtype == np.int64 and typeof(y).shape == ()]
    return w.rng.choice([*fitting, w.rng.randint(-2, 5)])


def dynamic_slice_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, least_rank=1)
    if x is None:
        return None
    shape = typeof(x).shape
    sizes = [w.rng.randint(min(n, 1), n) for n in shape]
    return dynamic_slice(x, [_index_for(w, pool) for _ in shape], sizes)


def dynamic_update_step(w: Writer, pool: Pool) -> Any:
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


def gather_rows_step(w: Writer, pool: Pool) -> Any:
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


def scatter_rows_step(w: Writer, pool: Pool) -> Any:
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
