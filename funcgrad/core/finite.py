"""Results that are NaN or infinite: found, and told with the line that made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.config import config
from funcgrad.core.source import SourceLine, current_line


def is_watched() -> bool:
    """Whether a setting asks for NaN or infinity to be reported."""
    return config.debug_nans or config.debug_infs


def bad_value(results: Sequence[Any]) -> str:
    """What the settings object to among the results; empty if nothing."""
    for result in results:
        array = np.asarray(result)
        if array.dtype.kind not in "fc":
            continue
        if config.debug_nans and np.isnan(array).any():
            return "NaN"
        if config.debug_infs and np.isinf(array).any():
            return "infinity"
    return ""


def check_results(
    name: str,
    operands: Sequence[Any],
    results: Sequence[Any],
    source: SourceLine | None = None,
) -> None:
    """Raise `NonFiniteError` if the settings object to a result of an operation."""
    found = bad_value(results)
    if not found:
        return
    shown = ", ".join(np.array2string(np.asarray(x), threshold=6) for x in operands)
    where = source or current_line()
    error = errors.NonFiniteError(
        errors.message(
            f"`{name}` gives {found}.",
            where=where,
            got=f"{name}({shown[:300]})",
            expected="finite numbers",
            fix="look at the operands; funcgrad.debug_nans(False) to go on regardless",
            see=errors.NonFiniteError.page,
        )
    )
    error.operation, error.operands = name, tuple(operands)
    error.found, error.source = found, where
    raise error
