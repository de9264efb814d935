"""Steps that hold programs: branches and loops around random bodies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import eval_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.control.cond import cond_p
from funcgrad.ops.control.scan import scan_p
from funcgrad.ops.control.while_loop import while_p
from funcgrad.transforms.stage import hoist_consts, stage
from tests.fuzz.writer import LARGEST, Pool, Writer


def _inner_jaxpr(
    w: Writer, avals: Sequence[ShapedArray], results: Sequence[ShapedArray | None]
) -> Any:
    """A random program; a result is of a given type, or any where that is None."""
    inner = Writer(w.rng, w.table, exact=w.exact, rows=w.rows, depth=w.depth + 1)

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


def cond_step(w: Writer, pool: Pool) -> Any:
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


def scan_step(w: Writer, pool: Pool) -> Any:
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


def while_step(w: Writer, pool: Pool) -> Any:
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
