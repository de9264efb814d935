"""Resolves the external names that kernels call to addresses in SciPy and NumPy."""

import ctypes
import functools
import importlib
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from funcgrad.compiler.build.host import cores

# Entry of numpy's C-API table, and slots of the PyArray_ArrFuncs it returns.
_GET_ARR_FUNCS = 365
_ARR_FUNCS_SLOT = {"sort": 33, "argsort": 38}  # quicksort; stable argsort

# Where OpenBLAS packs blocks of a matrix: bytes of the largest block of its kernels
# for x86-64, and how many calls may be at work at once.
_PACKED_BYTES, _MOST_CALLS = 3 << 19, 8

_SIGNATURE_LETTERS = {
    "double": "d",
    "float": "f",
    "long double": "g",
    "long": "l",
    "Py_ssize_t": "n",
    "__pyx_t_double_complex": "D",
}

_lock = threading.Lock()
_keep_alive: list[Any] = []


def require(symbol: str) -> int:
    """Address of an external function that kernels may call.

    Parameters
    ----------
    symbol : str
        ``fg_blas_<name>`` and ``fg_lapack_<name>`` are SciPy's BLAS and LAPACK
        (``fg_blas_dgemm``); ``fg_special_<name>_<arguments>`` is a function of
        `scipy.special.cython_special`, its arguments as letters (d double,
        f float, D complex double, l long, n ssize_t, P pointer), for example
        ``fg_special_gammainc_dd``; it takes a last ``i32 0`` more.
        ``fg_numpy_sort_<dtype>`` and ``fg_numpy_argsort_<dtype>`` (stable) are
        NumPy's ``int (data, n, null)`` and ``int (data, indices, n, null)``.
        ``fg_numpy_fft_<transform>_<letter>`` is a loop of NumPy's pocketfft for one
        real dtype (``fg_numpy_fft_fft_d``), ``fg_numpy_fftdata_...`` its last argument.
        ``fg_blas_set_threads`` is ``void (i32)``; ``fg_blas_big_threads`` an i32.
        ``Py...`` is CPython's C API.

    Returns
    -------
    int
        The address; it stays valid for the life of the process.

    Raises
    ------
    KeyError
        If there is no such function.

    Examples
    --------
    >>> require("fg_blas_dgemm") != 0
    True
    """
    with _lock:
        return _resolve(symbol)


@functools.cache
def _resolve(symbol: str) -> int:
    for prefix, resolve in _FAMILIES.items():
        if symbol.startswith(prefix):
            return resolve(symbol.removeprefix(prefix))
    raise KeyError(symbol)


def blas_threads() -> int:
    """Threads that compiled programs give to large products and factorisations."""
    return _big_threads.value


def set_blas_threads(count: int) -> None:
    """Let matrix products and factorisations that are large use ``count`` threads.

    Large is more than 2**27 multiply-adds. All others run on one thread: for them
    OpenBLAS's hand-over between threads costs more than it gains, and on a busy
    machine a hundred times more. ``FUNCGRAD_BLAS_THREADS`` sets the count at start,
    else ``OPENBLAS_NUM_THREADS`` or ``OMP_NUM_THREADS``, else the number of cores.
    """
    if count < 1:
        raise ValueError(f"the number of BLAS threads must be at least 1, got {count}")
    _big_threads.value = count


def _default_blas_threads() -> int:
    setting = os.environ.get("FUNCGRAD_BLAS_THREADS", "")
    if setting.isdigit() and int(setting) > 0:
        return int(setting)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            return max(1, int(os.environ[name]))
    return os.cpu_count() or 1


_big_threads = ctypes.c_int32(_default_blas_threads())


def _capsule_signature(capsule: object) -> bytes:
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype = ctypes.c_char_p
    get_name.argtypes = [ctypes.py_object]
    name = get_name(capsule)
    assert isinstance(name, bytes)
    return name


def _capsule_pointer(capsule: object, name: bytes | None) -> int:
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype = ctypes.c_void_p
    get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer = get_pointer(capsule, name)
    assert isinstance(pointer, int)
    return pointer


def _exports(module: str) -> Mapping[str, object]:
    exports: Mapping[str, object] = importlib.import_module(module).__pyx_capi__
    return exports


def _blas(name: str) -> int:
    set_threads = _one_thread()
    if name == "set_threads":
        return set_threads
    if name == "big_threads":
        return ctypes.addressof(_big_threads)
    capsule = _exports("scipy.linalg.cython_blas")[name]
    return _capsule_pointer(capsule, _capsule_signature(capsule))


def _lapack(name: str) -> int:
    _one_thread()
    capsule = _exports("scipy.linalg.cython_lapack")[name]
    return _capsule_pointer(capsule, _capsule_signature(capsule))


@functools.cache
def _one_thread() -> int:
    """Set SciPy's OpenBLAS to one thread; the address of its thread setter.

    Only SciPy's own copy of OpenBLAS is touched, not the one NumPy carries. With
    another BLAS the setter is a function that does nothing.
    """
    library = ctypes.CDLL(importlib.import_module("scipy.linalg.cython_blas").__file__)
    for prefix, suffix in (("scipy_", ""), ("", ""), ("scipy_", "64_"), ("", "64_")):
        setter = getattr(library, f"{prefix}openblas_set_num_threads{suffix}", None)
        if setter is not None:
            setter.argtypes = [ctypes.c_int]
            setter.restype = None
            setter(1)
            break
    else:
        setter = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda count: None)
    _touch_packing_memory(library)
    _keep_alive.extend([library, setter])
    address = ctypes.cast(setter, ctypes.c_void_p).value
    assert address is not None
    return address


def _touch_packing_memory(library: ctypes.CDLL) -> None:
    """Write to every page of the memory in which OpenBLAS packs matrices.

    Its kernels prefetch beyond what they have packed. Where no page is mapped yet, each
    prefetch walks the page tables in vain: products of single precision take four
    times as long, in every call, until a larger product has filled the memory.
    """
    try:
        take, give = library.blas_memory_alloc, library.blas_memory_free
    except AttributeError:
        return  # another BLAS
    take.argtypes, take.restype = [ctypes.c_int], ctypes.c_void_p
    give.argtypes, give.restype = [ctypes.c_void_p], None
    buffers = [take(0) for _ in range(min(cores(), _MOST_CALLS))]
    for buffer in filter(None, buffers):
        ctypes.memset(buffer, 0, _PACKED_BYTES)
        give(buffer)


@functools.cache
def _special_functions() -> dict[str, int]:
    table = {}
    for name, capsule in _exports("scipy.special.cython_special").items():
        signature = _capsule_signature(capsule)
        plain = name
        if name.startswith("__pyx_fuse_"):
            plain = name.removeprefix("__pyx_fuse_").lstrip("0123456789_")
        letters = _argument_letters(signature.decode())
        table[f"{plain}_{letters}"] = _capsule_pointer(capsule, signature)
    return table


def _argument_letters(signature: str) -> str:
    arguments = signature[signature.index("(") + 1 : signature.rindex(")")].split(", ")
    return "".join(
        "P" if "*" in argument else _SIGNATURE_LETTERS[argument]
        for argument in arguments
        if "skip_dispatch" not in argument
    )


def _special(name: str) -> int:
    return _special_functions()[name]


def _numpy(name: str) -> int:
    kind, _, dtype_name = name.partition("_")
    slot = _ARR_FUNCS_SLOT[kind]
    try:
        dtype = np.dtype(dtype_name)
    except TypeError:
        raise KeyError(name) from None
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(
        numpy_api(_GET_ARR_FUNCS)
    )
    functions = ctypes.cast(get(dtype), ctypes.POINTER(ctypes.c_void_p))
    address = functions[slot]
    if not address:
        raise KeyError(name)
    return int(address)


def numpy_api(entry: int) -> int:
    """Address in one entry of NumPy's C-API table."""
    umath = importlib.import_module("numpy._core._multiarray_umath")
    table = _capsule_pointer(umath._ARRAY_API, None)
    address = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[entry]
    assert address is not None
    return int(address)


def _python(name: str) -> int:
    function = getattr(ctypes.pythonapi, f"Py{name}", None)
    if function is None:
        raise KeyError(f"Py{name}")
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address


class _Ufunc(ctypes.Structure):
    """The head of NumPy's ``PyUFuncObject``, as its public header has it."""

    _fields_ = (
        ("head", ctypes.c_char * object.__basicsize__),
        ("counts", ctypes.c_int * 3),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
    )


def _fourier(name: str) -> int:
    head, i = _fourier_loop(name)
    function = head.functions[i]
    assert function is not None
    return int(function)


def _fourier_datum(name: str) -> int:
    head, i = _fourier_loop(name)
    datum = head.data[i]
    assert datum is not None
    return int(datum)


def _fourier_loop(name: str) -> tuple[_Ufunc, int]:
    """A ufunc of NumPy's pocketfft and its loop for one dtype, by name: ``fft_d``."""
    transform, _, letter = name.rpartition("_")
    ufunc = getattr(importlib.import_module("numpy.fft._pocketfft_umath"), transform)
    loops = [types.split("->")[0][1] for types in ufunc.types]
    return _Ufunc.from_address(id(ufunc)), loops.index(letter)


_FAMILIES: dict[str, Callable[[str], int]] = {
    "fg_blas_": _blas,
    "fg_lapack_": _lapack,
    "fg_special_": _special,
    "fg_numpy_fft_": _fourier,
    "fg_numpy_fftdata_": _fourier_datum,
    "fg_numpy_": _numpy,
    "Py": _python,
}
