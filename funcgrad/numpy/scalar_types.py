"""NumPy's scalar types that convert traced values too: ``float32(x)``.

A number, array or traced value goes in, one of the type's dtype comes out; everywhere
else a type stands for its dtype, as NumPy's own does.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import real_dtype
from funcgrad.docstrings import Docstring
from funcgrad.numpy.dispatch import any_traced, to_array
from funcgrad.ops.casting import convert_element_type


class ScalarType(type):
    """The type of ``float32`` and its kin, each equal to NumPy's type of that name.

    They are classes, so that ``isinstance`` and ``issubclass`` answer as for NumPy's,
    whose types make all the instances.
    """

    numpy_type: Any
    dtype: np.dtype[Any]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if any_traced(args):
            return _converted(cls.dtype, *args)
        return as_array(cls.numpy_type(*args, **kwargs))

    def __eq__(cls, other: object) -> builtins.bool:
        own = getattr(other, "numpy_type", other)
        return builtins.bool(cls.numpy_type is own or cls.dtype == other)

    def __hash__(cls) -> int:
        return hash(cls.numpy_type)

    def __instancecheck__(cls, instance: Any) -> builtins.bool:
        return isinstance(instance, cls.numpy_type)

    def __subclasscheck__(cls, subclass: Any) -> builtins.bool:
        return issubclass(getattr(subclass, "numpy_type", subclass), cls.numpy_type)

    def __repr__(cls) -> str:
        return f"<class 'funcgrad.numpy.{cls.__name__}'>"


def _converted(dtype: np.dtype[Any], x: Any, imaginary: Any = None) -> Any:
    """A traced value in a dtype; complex types also take two parts."""
    if imaginary is None:
        return convert_element_type(to_array(x), dtype)
    part = real_dtype(dtype)
    parts = [convert_element_type(to_array(p), part) for p in (x, imaginary)]
    return ops.complex(*parts)


def _scalar_type(numpy_type: Any, name: str = "") -> Any:
    # NumPy's bool allows no subclasses; ``dtype`` says what the type stands for.
    bases = () if numpy_type is np.bool_ else (numpy_type,)
    dtype = np.dtype(numpy_type)
    body = {
        "__module__": __name__,
        "__doc__": Docstring(None, "dtypes"),
        "__slots__": (),
        "numpy_type": numpy_type,
        "dtype": dtype,
    }
    return ScalarType(name or numpy_type.__name__, bases, body)


bool_: Any = _scalar_type(np.bool_, "bool_")
int8: Any = _scalar_type(np.int8)
int16: Any = _scalar_type(np.int16)
int32: Any = _scalar_type(np.int32)
int64: Any = _scalar_type(np.int64)
uint8: Any = _scalar_type(np.uint8)
uint16: Any = _scalar_type(np.uint16)
uint32: Any = _scalar_type(np.uint32)
uint64: Any = _scalar_type(np.uint64)
float16: Any = _scalar_type(np.float16)
float32: Any = _scalar_type(np.float32)
float64: Any = _scalar_type(np.float64)
complex64: Any = _scalar_type(np.complex64)
complex128: Any = _scalar_type(np.complex128)

# C's names, as NumPy has them.
single: Any = float32
double: Any = float64
csingle: Any = complex64
cdouble: Any = complex128
bool: Any = bool_
half: Any = float16
int_: Any = int64
uint: Any = uint64
byte: Any = int8
ubyte: Any = uint8
short: Any = int16
ushort: Any = uint16
intc: Any = int32
uintc: Any = uint32
longlong: Any = int64
ulonglong: Any = uint64
long: Any = int64 if np.dtype(np.long).itemsize == 8 else int32
ulong: Any = uint64 if np.dtype(np.ulong).itemsize == 8 else uint32
