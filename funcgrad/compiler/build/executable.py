"""Turns a kernel's LLVM text into the address of machine code, through Numba.

The only module that touches Numba's and llvmlite's internals.
"""

import functools
import importlib
import re
import threading
from collections.abc import Iterable
from typing import Any

from funcgrad.compiler.build import disk_cache, object_file, perf_map, symbols
from funcgrad.compiler.build.host import host, quick_machine
from funcgrad.compiler.build.libraries import split_libraries
from funcgrad.compiler.build.long_bodies import is_mostly_calls
from funcgrad.config import config
from funcgrad.errors import CompilerError

PLACEHOLDER = "@FG_KERNEL"
_DEFINITION = rf"(?m)^define .*{PLACEHOLDER}\b"
# Raised whenever the passes or the options of the target machine change.
_PIPELINE = "2: libraries, inline, sroa, simplify, combine, rotate, dce; machine 3"

_lock = threading.RLock()
_addresses: dict[str, int] = {}
_counts = {"compiled": 0, "loaded": 0}
_keep_alive: list[Any] = []


def kernel_name(text: str) -> str:
    """Symbol of a kernel: equal names have equal texts, in all processes."""
    import hashlib

    return "fg_" + hashlib.sha256(text.encode()).hexdigest()[:40]


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


def lower_to_ir(text: str) -> str:
    """The text after our passes, as LLVM assembly."""
    with _lock:
        return str(_optimise(text, kernel_name(text)))


def to_assembly(text: str) -> str:
    """The machine code of a kernel as the processor's assembly."""
    with _lock:
        module = _optimise(text, kernel_name(text))
        return str(_codegen()._tm.emit_assembly(module))


def add_symbol(name: str, address: int) -> None:
    """Let kernels call the function at ``address`` as ``name``."""
    with _lock:
        host().binding.add_symbol(name, address)


def has_symbol(name: str) -> bool:
    """Whether kernels can call ``name``."""
    with _lock:
        return _is_resolved(name)


def vector_bytes() -> int:
    """Width of the processor's vector registers: 64, 32 or 16 bytes."""
    features = host_features()
    if "+avx512f" in features:
        return 64
    return 32 if "+avx2" in features or "+avx" in features else 16


def host_features() -> frozenset[str]:
    """Features of the processor that code is made for, as ``+avx2``."""
    with _lock:
        return frozenset(host().features.split(","))


def counts() -> dict[str, int]:
    """Kernels this process has compiled, and those it has loaded from disk."""
    return dict(_counts)


@functools.cache
def _codegen() -> Any:
    """Numba's code generator, for the same processor as the engine.

    Numba is imported here, when there is something to compile; its typing machinery
    (`refresh`, a quarter of a second more) is never touched.
    """
    numba_codegen: Any = importlib.import_module("numba.core.codegen")

    class Codegen(numba_codegen.JITCPUCodegen):  # type: ignore[misc]
        def _customize_tm_options(self, options: dict[str, Any]) -> None:
            super()._customize_tm_options(options)
            # At 0, which NUMBA_OPT may ask for, LLVM aborts on wide vectors.
            options["opt"] = 2

        def _customize_tm_features(self) -> str:
            return host().features

    return Codegen("funcgrad")


def _machine(text: str) -> Any:
    """What makes machine code of a program whose libraries were taken out."""
    return quick_machine() if is_mostly_calls(text) else _codegen()._tm


def _load_or_compile(text: str, name: str, label: str) -> int:
    key = disk_cache.make_key(text, (_PIPELINE, *host().environment))
    payload = disk_cache.load(key)
    if payload is None:
        program, libraries = split_libraries(text, kernel_name)
        for part, library in libraries.items():
            compile_kernel(library, label=part)
        payload = _compile(program, name)
        _link_externals(_unpack(payload)[0])
        disk_cache.store(key, payload)
        _counts["compiled"] += 1
    else:
        externals = _unpack(payload)[0]
        if not all(_is_resolved(external) for external in externals):
            libraries = split_libraries(text, kernel_name).libraries
            for part, library in libraries.items():
                compile_kernel(library, label=part)
        _link_externals(externals)
        _counts["loaded"] += 1
    return _install(_unpack(payload)[1], name, label)


def _compile(text: str, name: str) -> bytes:
    """Object code, headed by the names of the functions that it calls."""
    module = _optimise(text, name)
    if not re.search(_DEFINITION, text):
        raise CompilerError(f"the text of a kernel does not define {PLACEHOLDER}")
    code = bytes(_machine(text).emit_object(module))
    externals = _undefined_symbols(code)
    if externals is None:
        externals = {
            function.name
            for function in module.functions
            if function.is_declaration and not function.name.startswith("llvm.")
        }
    return " ".join(sorted(externals)).encode() + b"\n" + code


def object_code(text: str) -> bytes:
    """Object code of a whole module, position-independent, for other programs.

    Parameters
    ----------
    text : str
        LLVM assembly; its functions keep their names.
    """
    binding = host().binding
    with _lock:
        module = _optimise(text, "unused")
        machine = binding.Target.from_triple(module.triple).create_target_machine(
            cpu=str(_codegen()._get_host_cpu_name()),
            features=host().features,
            opt=2,
            reloc="pic",
            codemodel="default",
        )
        return bytes(machine.emit_object(module))


def _unpack(payload: bytes) -> tuple[list[str], bytes]:
    names, _, code = payload.partition(b"\n")
    return names.decode().split(), code


def _optimise(text: str, name: str) -> Any:
    """The parsed module after our passes."""
    try:
        module = host().binding.parse_assembly(_named(text, name))
        module.triple = host().binding.get_process_triple()
        module.data_layout = str(_codegen().target_data)
        module.verify()
    except RuntimeError as error:
        raise CompilerError(f"the text of a kernel is not well formed: {error}") from (
            error
        )
    _run_passes(module)
    return module


def _named(text: str, name: str) -> str:
    return re.sub(re.escape(PLACEHOLDER) + r"\b", "@" + name, text)


def _run_passes(module: Any) -> None:
    """Clean up text that is vector code already: LLVM's own pipelines cost 4x more."""
    options = host().binding.create_pipeline_tuning_options()
    builder = host().binding.create_pass_builder(_codegen()._tm, options)
    passes = host().binding.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_loop_rotate_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, builder)


def _link_externals(names: Iterable[str]) -> None:
    """Check that each name has an address: LLVM ends the process where one has none."""
    for name in names:
        if not _is_resolved(name):
            raise CompilerError(f"a kernel calls `{name}`, and no such function exists")


def _is_resolved(name: str) -> bool:
    if name in _addresses or host().binding.address_of_symbol(name) is not None:
        return True
    try:
        address = symbols.require(name)
    except KeyError:
        return False
    host().binding.add_symbol(name, address)
    return True


def _install(code: bytes, name: str, label: str) -> int:
    image = host().binding.ObjectFileRef.from_data(code)
    host().jit.add_object_file(image)
    host().jit.finalize_object()
    _keep_alive.append(image)
    address = int(host().jit.get_function_address(name))
    if config.perf_map:
        perf_map.write(code, name, address, label)
    return address


def _undefined_symbols(code: bytes) -> set[str] | None:
    """Names an ELF object expects from elsewhere; None for other formats.

    LLVM itself adds calls that the text does not have, such as memcpy or fmod.
    """
    if not object_file.is_elf(code):
        return None
    return {symbol.name for symbol in object_file.symbols(code) if not symbol.section}
