"""Check a batching rule: the batched call against a Python loop over the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.testing.numerical import assert_close
from funcgrad.transforms.batch import batch
from funcgrad.transforms.stage import stage_flat

SIZE = 3
_CLOSE = {"rtol": 1e-9, "atol": 1e-11}


def check_batch(
    function: Callable[..., Sequence[Any]],
    samples: Sequence[Sequence[Any]],
    batched: Sequence[int] | None = None,
) -> None:
    """Batch each operand along each axis, then all of them.

    Parameters
    ----------
    function : callable
        Takes operands, gives a list of results.
    samples : sequence of sequences of array
        ``SIZE`` independent samples of the operands; the first one is used where an
        operand is not batched.
    batched : sequence of int, optional
        The operands that may be batched; all by default.
    """
    wanted = range(len(samples[0])) if batched is None else batched
    for dims in _choices([np.ndim(x) for x in samples[0]], wanted):
        _check_dims(function, samples, dims)


def _choices(ranks: Sequence[int], wanted: Sequence[int]) -> Iterator[list[int | None]]:
    for i in wanted:
        for axis in range(ranks[i] + 1):
            yield [axis if i == j else None for j in range(len(ranks))]
    if len(wanted) > 1:
        yield [0 if i in wanted else None for i in range(len(ranks))]
        yield [
            (rank if i % 2 == 0 else 0) if i in wanted else None
            for i, rank in enumerate(ranks)
        ]


def _check_dims(
    function: Callable[..., Sequence[Any]],
    samples: Sequence[Sequence[Any]],
    dims: Sequence[int | None],
) -> None:
    operands = [
        samples[0][i] if dim is None else np.stack([s[i] for s in samples], dim)
        for i, dim in enumerate(dims)
    ]
    found: list[int | None] = []

    def batched(*values: Any) -> list[Any]:
        results, found[:] = batch(function, SIZE, values, dims)
        return results

    results = batched(*operands)
    for k in range(SIZE):
        own = [
            samples[0][i] if dim is None else samples[k][i]
            for i, dim in enumerate(dims)
        ]
        expected = function(*own)
        got = [
            value if dim is None else np.take(value, k, dim)
            for value, dim in zip(results, found, strict=True)
        ]
        assert_close(got, expected, **_CLOSE, about=f"entry {k} of a batch in {dims}")
        for x, y in zip(got, expected, strict=True):
            if not typeof(x).same_type(typeof(y)):
                raise AssertionError(f"batched {typeof(x)}, alone {typeof(y)}")
    jaxpr = stage_flat(batched, [typeof(x) for x in operands])
    for atom, value in zip(jaxpr.outvars, results, strict=True):
        if not atom.aval.same_type(typeof(value)):
            raise AssertionError(f"batched {typeof(value)}, staged {atom.aval}")
