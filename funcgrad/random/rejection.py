"""Rejection sampling: proposals for all entries until each has had one accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.ops.control.loops import while_loop
from funcgrad.random.continuous import uniform
from funcgrad.random.keys import split

Proposal = Callable[[Any, Any], tuple[Any, Any]]


def first_accepted(
    key: Any, shape: tuple[int, ...], dtype: np.dtype[Any], propose: Proposal
) -> Any:
    """For each entry the first proposal that is accepted; later ones are not looked at.

    Parameters
    ----------
    key : key
    shape : tuple of int
    dtype : float dtype
    propose : callable
        ``propose(u, v)`` takes uniform numbers in [0, 1) of that shape and dtype, and
        gives proposals and which of them are accepted.

    Returns
    -------
    array of that shape and dtype
    """
    axes = tuple(range(len(shape)))

    def pending(state: Any) -> Any:
        return ops.reduce_or(ops.bitwise_not(state[1]), axes)

    def draw(state: Any) -> Any:
        found, accepted, key = state
        keys = split(key, 3)
        proposed, accept = propose(
            uniform(keys[1], shape, dtype), uniform(keys[2], shape, dtype)
        )
        return ops.where(accept, proposed, found), accepted | accept, keys[0]

    start = (
        ops.broadcast_to(dtype.type(-1), shape),
        ops.broadcast_to(np.False_, shape),
        key,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return while_loop(pending, draw, start)[0]
