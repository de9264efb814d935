"""NumPy's makers of arrays with ``like=x``, which ask a traced ``x`` to make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.numpy_protocol import implements
from funcgrad.numpy import creation, ranges
from funcgrad.numpy.dispatch import to_array


def _answers(*makers: Callable[..., Any]) -> None:
    for maker in makers:
        implements(getattr(np, maker.__name__))(maker)


_answers(creation.zeros, creation.ones, creation.empty, creation.full)
_answers(creation.array, creation.asarray)
_answers(ranges.arange, ranges.eye, ranges.identity, ranges.tri)


@implements(np.asanyarray, np.ascontiguousarray, np.asfortranarray)
def asanyarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    device: Any = None,
    copy: Any = None,
) -> Any:
    """The value, which has no order in memory."""
    return to_array(a, dtype)


@implements(np.require)
def require(a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    """The value in the dtype; what it asks of memory means nothing here."""
    return to_array(a, dtype)
