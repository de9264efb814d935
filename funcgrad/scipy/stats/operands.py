"""What densities and distribution functions share: operands and edges of supports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import result_type
from funcgrad.core.trace import PYTHON_SCALARS, typeof
from funcgrad.numpy.dispatch import to_array
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.exponential import as_float


def float_operands(*values: Any) -> list[Any]:
    """The values as arrays of their common float dtype; Python's numbers follow."""
    arrays = [
        value if type(value) in PYTHON_SCALARS else as_float(to_array(value))
        for value in values
    ]
    avals = [typeof(x) for x in arrays if type(x) not in PYTHON_SCALARS]
    dtype = (
        result_type(*[(aval.dtype, aval.weak_type) for aval in avals])
        if avals
        else np.dtype(np.float64)
    )
    return [
        dtype.type(x) if type(x) in PYTHON_SCALARS else convert_element_type(x, dtype)
        for x in arrays
    ]


def arguments(
    call: str, names: Sequence[str], defaults: dict[str, Any], args: Any, kwargs: Any
) -> list[Any]:
    """The parameters in the order of ``names``, by position or by name.

    ``call`` begins the error for others, or too few, with what takes what first.
    """
    given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
    unknown = set(given) - set(names)
    missing = [name for name in names if name not in given]
    if unknown or missing or len(args) > len(names):
        raise TypeError(
            f"{call}, {', '.join(names)}"
            + (f"; got {sorted(unknown)}" if unknown else "")
            + (f"; missing {missing}" if missing else "")
        )
    return [given[name] for name in names]


def select(choices: Sequence[tuple[Any, Any]], otherwise: Any) -> Any:
    """The value of the first condition that holds."""
    value = otherwise
    for condition, choice in reversed(choices):
        value = fnp.where(condition, choice, value)
    return as_array(value)


def all_of(conditions: Sequence[Any]) -> Any:
    """Where all conditions hold."""
    result: Any = np.True_
    for condition in conditions:
        result = result & condition
    return result
