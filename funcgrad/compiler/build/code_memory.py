"""Memory that machine code runs in: written first, then made executable, never both."""

from __future__ import annotations

import ctypes
import functools
import mmap
from collections.abc import Sequence

import numpy as np

from funcgrad.compiler.build.image import Image

_FAILED = ctypes.c_void_p(-1).value


def install(image: Image, addresses: Sequence[int]) -> int:
    """Address of an image's kernel, valid for the life of the process.

    Parameters
    ----------
    image : Image
    addresses : sequence of int
        Those of its externals.

    Raises
    ------
    OSError
        If the system gives no memory, or forbids that it becomes executable.
    """
    libc = _libc()
    size = len(image.code)
    readable, private = mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    base = libc.mmap(None, size, readable | mmap.PROT_WRITE, private, -1, 0)
    if base == _FAILED:
        raise OSError(ctypes.get_errno(), "no memory for machine code")
    memory = (ctypes.c_uint8 * size).from_address(base)
    block = np.frombuffer(memoryview(memory), np.uint8)
    block[:] = np.frombuffer(image.code, np.uint8)
    _add_addresses(block, image, [base, *addresses])
    if libc.mprotect(base, size, readable | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "memory must not become executable here")
    return int(base) + image.entry


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    libc.mmap.argtypes = [pointer, size, number, number, number, ctypes.c_long]
    libc.mmap.restype = pointer
    libc.mprotect.argtypes = [pointer, size, number]
    return libc


def _add_addresses(block: np.ndarray, image: Image, addresses: Sequence[int]) -> None:
    """Words lie anywhere, not only where a number may be read: byte by byte, then."""
    places = image.places[:, None] + np.arange(8)
    words = block[places].view("<u8")
    words += np.repeat(np.array(addresses, np.uint64), image.counts)[:, None]
    block[places] = words.view(np.uint8)
