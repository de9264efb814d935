"""Makes the callable of a compiled program: arrays in, guards, kernel, arrays out."""

from __future__ import annotations

import ctypes
import functools
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from funcgrad.compiler.build.executable import compile_kernel
from funcgrad.compiler.build.symbols import numpy_api
from funcgrad.compiler.call import trampoline_layout as layout
from funcgrad.compiler.call.reference_call import ReferenceCall
from funcgrad.compiler.call.trampoline_text import CALL_TEXT, DESTROY_TEXT, DROP_TEXT

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

# Entries of NumPy's C-API table.
_ARRAY_SCALAR, _SCALAR_AS_C_TYPE, _ARRAY_NEW = 60, 62, 93
_METHOD_FASTCALL = 0x80
# Pointers and scratch memory of a call lie on the stack: 40 bytes per array.
_MOST_ARRAYS = 4096

_PYTHON_SCALARS: dict[str, tuple[type, int]] = {
    "float64": (float, layout.KIND_FLOAT),
    "int64": (int, layout.KIND_INT),
    "bool": (bool, layout.KIND_BOOL),
    "complex128": (complex, layout.KIND_COMPLEX),
}

# The workspace that the next call takes, whatever its kernel.
_kept_workspace = ctypes.c_void_p()

NativeCall: TypeAlias = Callable[..., Any]


class ArraySpec(NamedTuple):
    """Type and shape of one argument or result.

    ``weak`` matters to arguments of rank 0: True takes Python scalars only, False
    arrays and NumPy scalars only, None all three.
    """

    dtype: DTypeLike
    shape: tuple[int, ...]
    weak: bool | None = None


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def make_native_call(
    in_specs: Iterable[Sequence[Any]],
    out_specs: Iterable[Sequence[Any]],
    kernel: int,
    table: NDArray[np.int64],
    workspace_bytes: int,
    single: bool,
    release_gil: bool,
    *,
    scalar_results: bool = False,
    array_type: type[np.ndarray] = np.ndarray,
) -> NativeCall:
    """Function of Python that calls a kernel on arrays.

    Parameters
    ----------
    in_specs, out_specs : iterable of (dtype, shape) or `ArraySpec`
        The arguments that the kernel was made for, and its results.
    kernel : int
        Address of ``i64 kernel(ptr args, ptr outs, ptr table, ptr workspace)``.
    table : array of int64, contiguous
        Handed to the kernel; kept alive.
    workspace_bytes : int
        Size of the scratch memory, aligned to 64 bytes, of one running call.
    single : bool
        Return the only result itself, not a tuple.
    release_gil : bool
        Let other threads run Python while the kernel runs.
    scalar_results : bool
        Return results of rank 0 as NumPy scalars, not as arrays.
    array_type : type
        Type of the results; arguments may have this type or be plain arrays.

    Returns
    -------
    callable
        ``f(*arguments)`` gives the results; None if the number, a type, a dtype, a
        shape or the memory layout is not what the kernel was made for; an int, the
        kernel's status, if that is not 0.

    Examples
    --------
    >>> text = '''define i64 @FG_KERNEL(ptr %args, ptr %outs, ptr %t, ptr %w) {
    ...   %a = load ptr, ptr %args
    ...   %o = load ptr, ptr %outs
    ...   %x = load double, ptr %a
    ...   %y = fadd double %x, 1.0
    ...   store double %y, ptr %o
    ...   ret i64 0
    ... }'''
    >>> spec = [("float64", (1,))]
    >>> table = np.zeros(0, np.int64)
    >>> call = make_native_call(spec, spec, compile_kernel(text), table, 0, True, False)
    >>> call(np.array([41.0]))
    array([42.])
    >>> call(np.array([41])) is None
    True
    """
    ins = [_normalised(spec) for spec in in_specs]
    outs = [_normalised(spec) for spec in out_specs]
    if single and len(outs) != 1:
        raise ValueError(f"a single result was asked for, the kernel has {len(outs)}")
    if table.dtype != np.int64 or not table.flags.c_contiguous:
        raise TypeError("the table must be a contiguous array of int64")
    if not is_native() or len(ins) + len(outs) > _MOST_ARRAYS:
        return ReferenceCall(
            ins,
            outs,
            kernel,
            table,
            workspace_bytes,
            single=single,
            release_gil=release_gil,
            scalar_results=scalar_results,
            array_type=array_type,
        )
    flags = layout.FLAG_SINGLE * single | layout.FLAG_RELEASE_GIL * release_gil
    header = _header(len(ins), len(outs), kernel, flags, table, workspace_bytes)
    header[layout.ARRAY_TYPE] = id(array_type)
    words = [*header]
    for spec in ins:
        words += _argument_record(spec)
    for spec in outs:
        words += _result_record(spec, scalar_results)
    # Whatever the words point to has to live as long as the capsule.
    owned = (table, array_type, [spec.dtype for spec in (*ins, *outs)])
    return _builtin(_capsule(words, owned))


def drop_workspace() -> None:
    """Free the scratch memory that is kept for the next call."""
    if _kept_workspace.value:
        drop = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(compile_kernel(DROP_TEXT))
        drop(ctypes.addressof(_kept_workspace))


def _normalised(spec: Sequence[Any]) -> ArraySpec:
    dtype, shape, *weak = spec
    shape = tuple(int(extent) for extent in shape)
    return ArraySpec(np.dtype(dtype), shape, weak[0] if weak else None)


def _header(
    arguments: int,
    results: int,
    kernel: int,
    flags: int,
    table: NDArray[np.int64],
    workspace_bytes: int,
) -> list[int]:
    header = [0] * layout.HEADER_WORDS
    header[layout.ARGUMENTS] = arguments
    header[layout.RESULTS] = results
    header[layout.KERNEL] = kernel
    header[layout.BASE_TYPE] = id(np.ndarray)
    header[layout.FLAGS] = flags
    header[layout.TABLE] = table.ctypes.data
    if workspace_bytes:
        around = layout.WORKSPACE_HEADER + layout.WORKSPACE_ALIGNMENT
        header[layout.WORKSPACE_BYTES] = workspace_bytes + around
        header[layout.WORKSPACE] = ctypes.addressof(_kept_workspace)
    header[layout.NONE] = id(None)
    header[layout.TRUE] = id(True)
    header[layout.NEW] = numpy_api(_ARRAY_NEW)
    header[layout.SCALAR] = numpy_api(_ARRAY_SCALAR)
    header[layout.AS_C_TYPE] = numpy_api(_SCALAR_AS_C_TYPE)
    return header


def _argument_record(spec: ArraySpec) -> list[int]:
    dtype = np.dtype(spec.dtype)
    descriptor, same_dtype = id(dtype), _dtype_word(dtype)
    numpy_type, python_type, kind = 0, 0, 0
    if spec.shape == ():
        if spec.weak is True:
            descriptor = same_dtype = 0
        else:
            numpy_type = id(dtype.type)
        if spec.weak is not False and dtype.name in _PYTHON_SCALARS:
            scalar, kind = _PYTHON_SCALARS[dtype.name]
            python_type = id(scalar)
    rank, types = len(spec.shape), (numpy_type, python_type, kind)
    return [descriptor, rank, *types, same_dtype, *spec.shape]


def _dtype_word(dtype: np.dtype) -> int:
    """The word of a descriptor that two of the same dtype have in common."""
    word = ctypes.c_uint64.from_address(id(dtype) + layout.DTYPE).value
    return ctypes.c_int64(word & layout.DTYPE_MASK).value


def _result_record(spec: ArraySpec, scalar_results: bool) -> list[int]:
    dtype = np.dtype(spec.dtype)
    as_scalar = int(scalar_results and spec.shape == ())
    return [dtype.num, len(spec.shape), id(dtype), as_scalar, 0, 0, *spec.shape]


def _capsule(words: list[int], owned: object) -> object:
    """Copy of the words in memory that a capsule frees, and ``owned`` with it."""
    api = ctypes.pythonapi
    data = struct.pack(f"<{len(words)}q", *words)
    allocate = api.PyMem_RawMalloc
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    memory = allocate(len(data))
    if memory is None:
        raise MemoryError
    ctypes.memmove(memory, data, len(data))
    new = api.PyCapsule_New
    new.restype = ctypes.py_object
    new.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    capsule: object = new(memory, None, None)
    set_context = api.PyCapsule_SetContext
    set_context.argtypes = [ctypes.py_object, ctypes.c_void_p]
    increment = api.Py_IncRef
    increment.argtypes, increment.restype = [ctypes.py_object], None
    increment(owned)
    set_context(capsule, id(owned))
    set_destructor = api.PyCapsule_SetDestructor
    set_destructor.argtypes = [ctypes.py_object, ctypes.c_void_p]
    set_destructor(capsule, compile_kernel(DESTROY_TEXT))
    return capsule


def _builtin(capsule: object) -> NativeCall:
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    function: NativeCall = new(ctypes.addressof(_method()), capsule, None)
    return function


@functools.cache
def _method() -> _MethodDef:
    """One definition serves all: what differs is the capsule."""
    address = compile_kernel(CALL_TEXT, label="call")
    return _MethodDef(b"compiled", address, _METHOD_FASTCALL, None)


@functools.cache
def is_native() -> bool:
    """Whether this NumPy and Python lay out arrays as the native function reads them.

    If not (a free-threaded Python, a 32-bit one), calls go through `ReferenceCall`,
    which does the same in Python.
    """
    if struct.calcsize("P") != 8 or sys.byteorder != "little":
        return False
    if sys.implementation.name != "cpython":
        return False
    samples = (
        np.zeros((3, 5, 7), np.float32),
        np.zeros((4, 6), np.int16)[:, ::2],
        np.array(1.0),
    )
    dtypes = (np.dtype("float64"), np.dtype(">i4"), np.dtype(bool))
    arrays_match = all(_fields_match(array) for array in samples)
    return arrays_match and all(_dtype_matches(dtype) for dtype in dtypes)


def _fields_match(array: NDArray[Any]) -> bool:
    size = type(array).__basicsize__
    if size < layout.ARRAY_FLAGS + 4:
        return False
    memory = ctypes.string_at(id(array), size)

    def read(offset: int, form: str) -> int:
        value: int = struct.unpack_from(form, memory, offset)[0]
        return value

    extents_at = read(layout.EXTENTS, "<Q")
    found = (
        read(layout.TYPE, "<Q"),
        read(layout.DATA, "<Q"),
        read(layout.RANK, "<i"),
        read(layout.DESCRIPTOR, "<Q"),
        read(layout.ARRAY_FLAGS, "<i"),
    )
    expected = (
        id(type(array)),
        array.ctypes.data,
        array.ndim,
        id(array.dtype),
        array.flags.num,
    )
    if found != expected:
        return False
    extents = (ctypes.c_int64 * array.ndim).from_address(extents_at)
    return tuple(extents) == array.shape


def _dtype_matches(dtype: np.dtype) -> bool:
    word = _dtype_word(dtype).to_bytes(8, "little", signed=True)
    chars = (dtype.kind + dtype.char + dtype.byteorder).encode()
    return word == chars + b"\0" + dtype.num.to_bytes(4, "little")
