"""Array: an ndarray with ``.at[...]``, so that traced and concrete code read alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core import numpy_protocol as protocol
from funcgrad.errors import TracerArrayConversionError


class Array(np.ndarray[Any, Any]):
    """A NumPy array that also has JAX's functional updates.

    It is an ``ndarray`` to every other library, results of NumPy's functions on it
    included.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.core.array import as_array
    >>> as_array(np.zeros(3)).at[1].set(5.0)
    Array([0., 5., 0.])
    """

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        """Entries, as NumPy has it; the index may be traced."""
        try:
            return super().__getitem__(index)
        except TracerArrayConversionError:
            return protocol.methods["getitem"](self, index)

    def __array_wrap__(
        self, array: Any, context: Any = None, return_scalar: bool = False
    ) -> Any:
        """Results as of an ndarray: a full reduction gives a scalar."""
        return array[()] if return_scalar else as_array(array)

    @property
    def at(self) -> Any:
        """Functional updates: ``x.at[index].set(value)``, ``.add``, ``.get``, ..."""
        return protocol.methods["at"](self)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """The namespace of the array API standard: ``funcgrad.numpy``."""
        return protocol.methods["__array_namespace__"](self, api_version=api_version)


def as_array(x: Any) -> Any:
    """A view of an ndarray with ``.at``; anything else as it is."""
    return x.view(Array) if type(x) is np.ndarray else x
