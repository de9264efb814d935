"""The native call of a compiled program, done in Python with ctypes.

Takes the place of the native function where that cannot read arrays, and is what
tests compare it with.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PYTHON_TYPES = {"float64": float, "int64": int, "bool": bool, "complex128": complex}
_ALIGNMENT = 64
_SIGNATURE = (ctypes.c_int64, *[ctypes.c_void_p] * 4)


class ReferenceCall:
    """Callable with the meaning of `make_native_call`, argument for argument."""

    def __init__(
        self,
        in_specs: Sequence[tuple[Any, tuple[int, ...], bool | None]],
        out_specs: Sequence[tuple[Any, tuple[int, ...], bool | None]],
        kernel: int,
        table: NDArray[np.int64],
        workspace_bytes: int,
        *,
        single: bool,
        release_gil: bool,
        scalar_results: bool,
        array_type: type[np.ndarray],
    ) -> None:
        self._in_specs = in_specs
        self._out_specs = out_specs
        prototype = ctypes.CFUNCTYPE if release_gil else ctypes.PYFUNCTYPE
        self._kernel = prototype(*_SIGNATURE)(kernel)
        self._table = table
        self._workspace_bytes = workspace_bytes
        self._single = single
        self._scalar_results = scalar_results
        self._array_type = array_type

    def __call__(self, *arguments: Any) -> Any:
        """Results of the kernel, None for arguments it is not made for, or a status."""
        if len(arguments) != len(self._in_specs):
            return None
        inputs = []
        for argument, spec in zip(arguments, self._in_specs, strict=True):
            array = self._accept(argument, *spec)
            if array is None:
                return None
            inputs.append(array)
        outputs = [np.empty(shape, dtype) for dtype, shape, _ in self._out_specs]
        status = self._run(inputs, outputs)
        if status != 0:
            return status
        results = [self._result(array) for array in outputs]
        return results[0] if self._single else tuple(results)

    def _accept(
        self, argument: Any, dtype: Any, shape: tuple[int, ...], weak: bool | None
    ) -> NDArray[Any] | None:
        """The argument as an array, or None if it does not fit the spec."""
        kind = type(argument)
        scalar = shape == ()
        if scalar and weak is not False and kind is _PYTHON_TYPES.get(dtype.name):
            try:
                return np.array(argument, dtype)
            except OverflowError:
                return None
        if scalar and weak is True:
            return None
        if scalar and kind is dtype.type:
            return np.array(argument, dtype)
        if kind is not np.ndarray and kind is not self._array_type:
            return None
        array: NDArray[Any] = argument
        same_dtype = array.dtype == dtype and array.dtype.num == dtype.num
        fits = same_dtype and array.shape == shape
        layout_fits = array.flags.c_contiguous and array.flags.aligned
        return array if fits and layout_fits else None

    def _run(self, inputs: list[NDArray[Any]], outputs: list[NDArray[Any]]) -> int:
        space = np.empty(self._workspace_bytes + _ALIGNMENT, np.uint8)
        aligned = -(-space.ctypes.data // _ALIGNMENT) * _ALIGNMENT
        status: int = self._kernel(
            _pointers(inputs),
            _pointers(outputs),
            self._table.ctypes.data,
            aligned if self._workspace_bytes else None,
        )
        return status

    def _result(self, array: NDArray[Any]) -> Any:
        if self._scalar_results and array.shape == ():
            return array[()]
        return array if self._array_type is np.ndarray else array.view(self._array_type)


def _pointers(arrays: list[NDArray[Any]]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])
