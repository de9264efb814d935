"""Random well-formed programs: a source of random numbers in, a jaxpr and arrays out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.jaxpr import Jaxpr
from funcgrad.core.trace import typeof
from funcgrad.transforms.stage import hoist_consts, stage
from tests.fuzz.control_steps import (
    cond_step,
    scan_step,
    while_step,
)
from tests.fuzz.entry_steps import (
    binary_step,
    compare_step,
    convert_step,
    smooth_binary_step,
    smooth_unary_step,
    unary_step,
    where_step,
)
from tests.fuzz.move_steps import (
    argmax_step,
    broadcast_step,
    concatenate_step,
    cumsum_step,
    dot_step,
    iota_step,
    normalise_step,
    pad_step,
    reduce_step,
    reshape_step,
    rev_step,
    slice_step,
    transpose_step,
)
from tests.fuzz.position_steps import (
    dynamic_slice_step,
    dynamic_update_step,
    gather_rows_step,
    scatter_rows_step,
)
from tests.fuzz.writer import EXTENTS, Pool, Step, Writer

ROW_EXTENTS = (2, 17, 18, 20, 33)
DTYPES = ("f8", "f8", "f8", "f4", "i8", "i4", "u1", "?", "c16")
_MOVES: tuple[Step, ...] = (
    *(
        unary_step,
        binary_step,
        binary_step,
        binary_step,
        broadcast_step,
        broadcast_step,
        reshape_step,
    ),
    *(
        transpose_step,
        rev_step,
        slice_step,
        pad_step,
        concatenate_step,
        reduce_step,
        reduce_step,
        normalise_step,
    ),
    *(dot_step, cumsum_step, dynamic_update_step),
)
SMOOTH = len(_MOVES)
EXACT_STEPS: tuple[Step, ...] = (
    *_MOVES,
    *(
        compare_step,
        where_step,
        where_step,
        convert_step,
        iota_step,
        argmax_step,
        dynamic_slice_step,
    ),
    *(gather_rows_step, scatter_rows_step),
)
ROW_STEPS: tuple[Step, ...] = (
    *(
        normalise_step,
        normalise_step,
        normalise_step,
        reduce_step,
        reduce_step,
        dot_step,
    ),
    *(
        unary_step,
        binary_step,
        binary_step,
        broadcast_step,
        broadcast_step,
        reshape_step,
        transpose_step,
    ),
)
SMOOTH_STEPS: tuple[Step, ...] = (
    smooth_unary_step,
    smooth_unary_step,
    smooth_binary_step,
)


def steps_for(w: Writer) -> Sequence[Step]:
    """The steps that a program of this kind is made of."""
    table = [*EXACT_STEPS] if w.exact else [*EXACT_STEPS[:SMOOTH], *SMOOTH_STEPS]
    if w.rows:
        table = [*ROW_STEPS] if w.exact else [*ROW_STEPS, *SMOOTH_STEPS]
    if w.depth == 0:
        table += [cond_step, scan_step, while_step]
    return table


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
        Writer(rng, steps_for, exact=exact, rows=rows).steps(pool, rng.randint(3, 25))
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
