"""Calls from native code back into Python: debugging output and foreign functions.

A program calls one C function of ours, whose address and the callback's number are data
in its table, so that the code can be kept on disk.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.core.aval import ShapedArray

FAILED = 1
"""Status of a program whose callback raised; ``take_failure`` has the exception."""
DETAIL_BITS = 48
"""The low bits of a status: what a check has to tell; above is the check's number."""


class Callback(NamedTuple):
    """A Python function that native code calls, and the types that it deals in."""

    function: Callable[..., Sequence[Any]]
    in_avals: Sequence[ShapedArray]
    out_avals: Sequence[ShapedArray]


_callbacks: dict[int, Callback] = {}
_numbers = itertools.count()
_failure = threading.local()


def register(callback: Callback) -> int:
    """A number by which native code names the callback."""
    number = next(_numbers)
    _callbacks[number] = callback
    return number


def forget(number: int) -> None:
    """Drop a callback whose program is gone."""
    _callbacks.pop(number, None)


def take_failure() -> BaseException | None:
    """The exception that the last callback of this thread raised, once."""
    failure = getattr(_failure, "exception", None)
    _failure.exception = None
    return failure


@functools.cache
def _entry() -> Any:
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p
    )
    return kind(_run)


def entry_address() -> int:
    """Address of ``i64 entry(i64 number, ptr operands, ptr results)``."""
    return int(ctypes.cast(_entry(), ctypes.c_void_p).value or 0)


def _run(number: int, operands: int, results: int) -> int:
    callback = _callbacks[number]
    try:
        arrays = [
            _array_at(operands, k, aval).copy()
            for k, aval in enumerate(callback.in_avals)
        ]
        values = callback.function(*arrays)
        for k, (aval, value) in enumerate(zip(callback.out_avals, values, strict=True)):
            _store(results, k, aval, value)
    except BaseException as error:  # noqa: BLE001  # it is raised by the program's caller
        _failure.exception = error
        return FAILED
    return 0


def _store(results: int, k: int, aval: ShapedArray, value: Any) -> None:
    array = np.asarray(value)
    if array.shape != aval.shape:
        raise ValueError(
            f"a callback gave an array of shape {array.shape}, expected {aval}"
        )
    _array_at(results, k, aval)[...] = array


def _array_at(pointers: int, k: int, aval: ShapedArray) -> np.ndarray[Any, Any]:
    pointer = ctypes.c_void_p.from_address(pointers + 8 * k).value
    nbytes = math.prod(aval.shape) * aval.dtype.itemsize
    if nbytes == 0:
        return np.empty(aval.shape, aval.dtype)
    memory = (ctypes.c_char * nbytes).from_address(pointer or 0)
    return np.frombuffer(memory, aval.dtype).reshape(aval.shape)
