"""Addresses of kernels by their LLVM text: known, found on disk, or compiled now."""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from funcgrad.compiler.build import code_memory, disk_cache, symbols
from funcgrad.compiler.build.host import host, target
from funcgrad.compiler.build.image import Function, Image
from funcgrad.config import config
from funcgrad.deferred import deferred_module
from funcgrad.errors import CompilerError

if TYPE_CHECKING:
    from funcgrad.compiler.build import codegen, libraries, perf_map
    from funcgrad.compiler.build.libraries import Split
else:
    codegen = deferred_module("funcgrad.compiler.build.codegen")
    libraries = deferred_module("funcgrad.compiler.build.libraries")
    perf_map = deferred_module("funcgrad.compiler.build.perf_map")

# What names of kernels and of `symbols` start with.
_OWN = "fg_"
# Raised whenever the passes or the options of the target machine change.
_PIPELINE = "2: libraries, inline, sroa, simplify, combine, rotate, dce; machine 4"

_lock = threading.RLock()
_addresses: dict[str, int] = {}
_counts = {"compiled": 0, "loaded": 0}
_keep_alive: list[Any] = []
_added: dict[str, int] = {}


def kernel_name(text: str) -> str:
    """Symbol of a kernel: equal names have equal texts, in all processes."""
    import hashlib

    return _OWN + hashlib.sha256(text.encode()).hexdigest()[:40]


def compile_kernel(
    text: str, libraries: Iterable[str] = (), *, label: str = "kernel"
) -> int:
    """Address of the machine code of a kernel.

    Parameters
    ----------
    text : str
        LLVM assembly of one module whose one exported function is ``@FG_KERNEL``.
    libraries : iterable of str
        Texts of the same kind whose functions ``text`` calls, by their `kernel_name`;
        one after what it calls itself. They are compiled once for all kernels, which
        saves most of the time where they are long, as vector mathematics is.
    label : str
        What profilers are to call it.

    Returns
    -------
    int
        Address of that function, valid for the life of the process. The same text
        gives the same address; another process takes the code from the disk cache.

    Raises
    ------
    CompilerError
        If the text is not well formed or calls a function that does not exist.

    Examples
    --------
    >>> import ctypes
    >>> text = "define i64 @FG_KERNEL(i64 %x) { %y = add i64 %x, 1 ret i64 %y }"
    >>> ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(compile_kernel(text))(41)
    42
    """
    name = kernel_name(text)
    address = _addresses.get(name)
    if address is not None:
        return address
    with _lock:
        for library in libraries:
            compile_kernel(library)
        if name not in _addresses:
            _addresses[name] = _load_or_compile(text, name, label)
        return _addresses[name]


def find_kernel(name: str) -> int | None:
    """Address of a kernel that this process or one before has compiled, by its name.

    None where it is not on disk, or calls what is not known here.
    """
    with _lock:
        address = _addresses.get(name)
        if address is None:
            address = _load(name)
            if address is not None:
                _addresses[name] = address
        return address


def add_symbol(name: str, address: int) -> None:
    """Let kernels call the function at ``address`` as ``name``."""
    with _lock:
        _added[name] = address


def has_symbol(name: str) -> bool:
    """Whether kernels can call ``name``."""
    with _lock:
        return _find(name) is not None


def vector_bytes() -> int:
    """Width of the processor's vector registers: 64, 32 or 16 bytes."""
    features = host_features()
    if "+avx512f" in features:
        return 64
    return 32 if "+avx2" in features or "+avx" in features else 16


def host_features() -> frozenset[str]:
    """Features of the processor that code is made for, as ``+avx2``."""
    with _lock:
        return frozenset(target().features.split(","))


def counts() -> dict[str, int]:
    """Kernels this process has compiled, and those it has loaded from disk."""
    return dict(_counts)


def _load_or_compile(text: str, name: str, label: str) -> int:
    address = _load(name, text)
    if address is not None:
        return address
    program, _ = _compile_libraries(text)
    code = _Code(label, codegen.compiled(program, name))
    addresses = _addresses_of(code.externals)
    disk_cache.store(_key(name), code.pack())
    _counts["compiled"] += 1
    return code.install(name, addresses)


def _load(name: str, text: str | None = None) -> int | None:
    """Address of a kernel from disk; its libraries are there too, or in its text."""
    payload = disk_cache.load(_key(name))
    if payload is None:
        return None
    code = _Code.unpack(payload)
    missing = [external for external in code.externals if _find(external) is None]
    found = [find_kernel(library) for library in missing]
    if not all(found):
        if text is None:
            return None
        _compile_libraries(text)
    _counts["loaded"] += 1
    return code.install(name, _addresses_of(code.externals))


def _compile_libraries(text: str) -> Split:
    split = libraries.split_libraries(text, kernel_name)
    for part, library in split.libraries.items():
        compile_kernel(library, label=part)
    return split


def _key(name: str) -> str:
    return disk_cache.make_key(name, (_PIPELINE, *target()))


class _Code(NamedTuple):
    """Compiled code and what profilers are to call it.

    It is an image, or where it can not be one, what it calls and an object file.
    """

    label: str
    body: Image | tuple[list[str], bytes]

    @property
    def externals(self) -> list[str]:
        """The functions that it calls."""
        return self.body.externals if isinstance(self.body, Image) else self.body[0]

    def pack(self) -> bytes:
        """The code as bytes."""
        if isinstance(self.body, Image):
            return f"image {self.label}\n".encode() + self.body.pack()
        names, data = self.body
        return f"object {self.label}\n{' '.join(names)}\n".encode() + data

    @classmethod
    def unpack(cls, payload: bytes) -> _Code:
        """The code that `pack` made bytes of."""
        head, _, rest = payload.partition(b"\n")
        kind, _, label = head.decode().partition(" ")
        if kind == "image":
            return cls(label, Image.unpack(rest))
        names, _, data = rest.partition(b"\n")
        return cls(label, (names.decode().split(), data))

    def install(self, name: str, addresses: list[int]) -> int:
        """Address of the kernel, given those of the functions that it calls."""
        if isinstance(self.body, Image):
            address = code_memory.install(self.body, addresses)
        else:
            address = self._install_by_llvm(name, addresses)
        if config.perf_map:
            perf_map.write(self._functions(name, address), name, self.label)
        return address

    def _install_by_llvm(self, name: str, addresses: list[int]) -> int:
        binding, jit = host()
        for external, address in zip(self.externals, addresses, strict=True):
            binding.add_symbol(external, address)
        file = binding.ObjectFileRef.from_data(self.body[1])
        jit.add_object_file(file)
        jit.finalize_object()
        _keep_alive.append(file)
        return int(jit.get_function_address(name))

    def _functions(self, name: str, address: int) -> list[Function]:
        if not isinstance(self.body, Image):
            return perf_map.functions_of(self.body[1], name, address)
        base = address - self.body.entry
        return [f._replace(start=base + f.start) for f in self.body.functions]


def _addresses_of(names: Iterable[str]) -> list[int]:
    """An address for each name; LLVM would end the process where one has none."""
    addresses = []
    for name in names:
        address = _find(name)
        if address is None:
            raise CompilerError(f"a kernel calls `{name}`, and no such function exists")
        addresses.append(address)
    return addresses


def _find(name: str) -> int | None:
    """Address of a function: a kernel, one added, or one of Python, C or SciPy."""
    address = _addresses.get(name) or _added.get(name)
    if address is not None:
        return address
    try:
        return _in_process(name) or symbols.require(name)
    except KeyError:
        if name.startswith(_OWN):
            return None
        # What LLVM's library has itself: conversions of float16 and the like.
        found = host().binding.address_of_symbol(name)
        return None if found is None else int(found)


def _in_process(name: str) -> int | None:
    """Address of a function of the C library, or of Python."""
    function = getattr(_process(), name, None)
    return None if function is None else ctypes.cast(function, ctypes.c_void_p).value


@functools.cache
def _process() -> ctypes.CDLL:
    return ctypes.CDLL(None)
