"""What the Python array API standard asks of a namespace: its version and contents."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from funcgrad.core.numpy_protocol import defines_method

__array_api_version__ = "2024.12"
"""The version of the standard that `funcgrad.numpy` follows."""

_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")


class ArrayNamespaceInfo:
    """Answers of `__array_namespace_info__`, as the standard names them.

    Examples
    --------
    >>> import funcgrad.numpy as fnp
    >>> fnp.__array_namespace_info__().default_dtypes()["real floating"]
    dtype('float64')
    """

    def __init__(self) -> None:
        self._numpy: Any = np.__array_namespace_info__()

    def capabilities(self) -> dict[str, Any]:
        """What the namespace can do wherever it is used, traced functions included.

        Returns
        -------
        dict
            Masks as indices, and functions whose results' shapes depend on values, work
            on arrays; on traced values they take a ``size``, and so are not promised.
        """
        return {
            "boolean indexing": False,
            "data-dependent shapes": False,
            "max dimensions": int(self._numpy.capabilities()["max dimensions"]),
        }

    def default_device(self) -> str:
        """The one device.

        Returns
        -------
        str
            ``"cpu"``.
        """
        return "cpu"

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The dtypes that results have where none is asked for.

        Parameters
        ----------
        device : optional
            None or ``"cpu"``.

        Returns
        -------
        dict
            For each of the standard's kinds a dtype.
        """
        return dict(self._numpy.default_dtypes(device=device))

    def devices(self) -> list[str]:
        """All devices.

        Returns
        -------
        list of str
        """
        return ["cpu"]

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The standard's dtypes by name.

        Parameters
        ----------
        device : optional
            None or ``"cpu"``.
        kind : str or tuple of str, optional
            One of the standard's kinds, such as ``"integral"``.

        Returns
        -------
        dict
        """
        found = self._numpy.dtypes(device=device, kind=kind)
        return {name: np.dtype(kind) for name, kind in found.items()}


def __array_namespace_info__() -> ArrayNamespaceInfo:  # noqa: N807
    """The namespace's devices, dtypes and capabilities.

    Returns
    -------
    ArrayNamespaceInfo

    Examples
    --------
    >>> import funcgrad.numpy as fnp
    >>> fnp.__array_namespace_info__().devices()
    ['cpu']
    """
    return ArrayNamespaceInfo()


@defines_method("__array_namespace__")
def array_namespace(x: Any, *, api_version: str | None = None) -> Any:
    """The namespace of the standard that an array belongs to: `funcgrad.numpy`."""
    if api_version is not None and api_version not in _VERSIONS:
        raise ValueError(
            f"the array API is followed in the versions {', '.join(_VERSIONS)}, "
            f"not {api_version!r}"
        )
    return sys.modules["funcgrad.numpy"]


@defines_method("device")
def device(x: Any) -> str:
    """The one device."""
    return "cpu"


@defines_method("to_device")
def to_device(x: Any, device: Any, /, *, stream: Any = None) -> Any:
    """The value itself: there is one device."""
    if device != "cpu" or stream is not None:
        raise ValueError(f"the only device is 'cpu', without streams: got {device!r}")
    return x
