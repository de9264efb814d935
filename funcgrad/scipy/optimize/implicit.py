"""The linear equations of the implicit function theorem, solved as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.api.derivatives import jvp
from funcgrad.api.jacobians import jacfwd
from funcgrad.numpy.linalg import solve


def solve_linear(linear: Callable[[Any], Any], y: Any) -> Any:
    """The ``x`` with ``linear(x) = y``, for vectors; linear in ``y``.

    A solution is its own tangent in ``y``, and tangents can be transposed.
    """
    zero = np.zeros_like(y)
    matrix = jacfwd(linear)(zero)
    return jvp(lambda b: solve(matrix, b), (zero,), (y,))[1]


def divide(linear: Callable[[Any], Any], y: Any) -> Any:
    """The same for scalars."""
    return y / linear(np.ones_like(y))
