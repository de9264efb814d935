"""``jax.Array`` and the types around it, answered for by NumPy's arrays and tracers."""

from __future__ import annotations

from typing import Any, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from funcgrad.compat.jax.sharding import REPLICATED, NamedSharding
from funcgrad.core import trace
from funcgrad.core.aval import ShapedArray
from funcgrad.core.trace import Tracer

_ARRAYS = (np.ndarray, np.generic, Tracer)


class _ArrayMeta(type):
    """What is an array: NumPy's arrays and scalars, and traced values."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _ARRAYS)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _ARRAYS)


class Array(metaclass=_ArrayMeta):
    """The type that stands for every array, as ``jax.Array`` does.

    NumPy's scalars count: funcgrad gives them where JAX gives arrays without axes.

    Examples
    --------
    >>> isinstance(np.zeros(3), Array), isinstance([0.0], Array)
    (True, False)
    """

    def __new__(cls) -> Any:
        raise TypeError("jax.Array is made by functions such as jax.numpy.asarray")


ArrayLike: TypeAlias = Union[  # noqa: UP007  # a value that classes without | accept
    Array, np.ndarray, np.bool_, np.number, bool, int, float, complex
]
DTypeLike = npt.DTypeLike


class PlacedAval(ShapedArray):
    """The type of an array with the place where it is: the one device."""

    __slots__ = ()

    @property
    def sharding(self) -> NamedSharding:
        """All of the array on the one device."""
        return REPLICATED


def typeof(x: Any) -> PlacedAval:
    """The type of a value: shape, dtype, weak type and sharding.

    Parameters
    ----------
    x : array or scalar, traced or not

    Returns
    -------
    PlacedAval

    Examples
    --------
    >>> typeof(np.zeros(3)).sharding.spec
    PartitionSpec()
    """
    aval = trace.typeof(x)
    return PlacedAval(aval.shape, aval.dtype, aval.weak_type)


class extended(np.generic):  # noqa: N801  # JAX's name
    """Kinds of dtype that NumPy does not have."""


class prng_key(extended):  # noqa: N801  # JAX's name
    """The dtype of typed keys; no array has it, since keys are uint32 arrays here."""


def canonicalize_dtype(dtype: Any, allow_extended_dtype: bool = False) -> Any:
    """The dtype that arrays asked for with this one have: all of its 64 bits."""
    del allow_extended_dtype
    return np.dtype(dtype)
