"""What reads and updates do at indices out of range, by the names users give it."""

from __future__ import annotations

import enum
from typing import Any

from funcgrad import errors
from funcgrad.core.source import user_frame


class GatherScatterMode(enum.Enum):
    """What a gather or scatter does where a window leaves the array, as in JAX.

    Strings mean the same: "clip", "fill" or "drop", "promise_in_bounds".

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> x = np.arange(3.0)
    >>> fg.lax.at(x)[np.array([2, 5])].get(mode=GatherScatterMode.FILL_OR_DROP)
    Array([ 2., nan])
    """

    CLIP = "clip"
    """Move it back inside."""
    FILL_OR_DROP = "fill"
    """Read a fill value, and leave the update out."""
    PROMISE_IN_BOUNDS = "promise_in_bounds"
    """It does not happen."""


MODES = {
    None: None,
    "clip": "clip",
    "promise_in_bounds": "promise_in_bounds",
    "fill": "fill",
    "drop": "fill",
}


def check_mode(mode: Any) -> str | None:
    """The mode of a gather or scatter for a mode that the user names."""
    name = getattr(mode, "name", mode)
    key = name.lower() if isinstance(name, str) else name
    key = {"fill_or_drop": "fill"}.get(key, key)
    if key in MODES:
        return MODES[key]
    raise errors.ConfigError(
        errors.message(
            f"there is no mode {mode!r} for indices out of range.",
            where=user_frame(),
            got=repr(mode),
            expected='None, "clip", "fill", "drop" or "promise_in_bounds"',
            see=errors.ConfigError.page,
        )
    )
