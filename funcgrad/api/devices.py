"""Devices and precision under JAX's names, where there is one device: the processor.

Programs ask where arrays are and move them; here they are in main memory, and stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.config import override
from funcgrad.core.array import as_array
from funcgrad.core.trace import Tracer


class Device:
    """The processor."""

    id = 0
    process_index = 0
    platform = "cpu"
    device_kind = "cpu"

    def __repr__(self) -> str:
        return "CpuDevice(id=0)"


CPU = Device()


def devices(backend: str | None = None) -> list[Device]:
    """The devices of a platform.

    Parameters
    ----------
    backend : str, optional
        ``"cpu"`` is the only one.

    Returns
    -------
    list of Device

    Raises
    ------
    RuntimeError
        For another platform, as JAX raises it.

    Examples
    --------
    >>> devices()
    [CpuDevice(id=0)]
    """
    if backend not in (None, "cpu"):
        raise RuntimeError(f"funcgrad computes on the processor, not on {backend!r}")
    return [CPU]


def device_count(backend: str | None = None) -> int:
    """How many devices there are: 1.

    Examples
    --------
    >>> device_count()
    1
    """
    return len(devices(backend))


def default_backend() -> str:
    """The name of the platform: ``"cpu"``.

    Examples
    --------
    >>> default_backend()
    'cpu'
    """
    return CPU.platform


def process_index(backend: str | None = None) -> int:
    """The number of this process: 0.

    Examples
    --------
    >>> process_index()
    0
    """
    return devices(backend)[0].process_index


def process_count(backend: str | None = None) -> int:
    """How many processes compute together: 1.

    Examples
    --------
    >>> process_count()
    1
    """
    return len(devices(backend))


def device_put(x: Any, device: Any = None, **placement: Any) -> Any:
    """A pytree of arrays on the device, where its arrays are already.

    Parameters
    ----------
    x : pytree of arrays and scalars
    device, **placement
        Accepted as in JAX; there is one device.

    Returns
    -------
    pytree of arrays

    Examples
    --------
    >>> device_put([1.0, np.zeros(2)])
    [Array(1.), Array([0., 0.])]
    """
    del device, placement
    return tree.map(
        lambda leaf: leaf if isinstance(leaf, Tracer) else as_array(np.asarray(leaf)), x
    )


def device_get(x: Any) -> Any:
    """A pytree of arrays as NumPy's arrays; see `device_put`.

    Examples
    --------
    >>> device_get({"a": [1.0]})
    {'a': [array(1.)]}
    """
    return tree.map(np.asarray, x)


def block_until_ready(x: Any) -> Any:
    """The argument: results are computed when a function returns.

    Examples
    --------
    >>> block_until_ready(3.0)
    3.0
    """
    return x


@contextmanager
def enable_x64(new_val: bool = True) -> Iterator[None]:
    """Inside the block, double precision, which is always there: False is refused.

    Examples
    --------
    >>> with enable_x64():
    ...     x = np.float64(1) / 3
    """
    with override("enable_x64", new_val):
        yield
