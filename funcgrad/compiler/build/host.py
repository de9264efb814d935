"""The processor that code is made for, and LLVM's engine, through llvmlite alone.

A process that finds its code on disk finds there what LLVM says of the processor too,
and loads neither llvmlite nor Numba, whose imports take longer than all else.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import os
from typing import Any, NamedTuple

from funcgrad.compiler.build import disk_cache
from funcgrad.errors import CompilerError

# Lines of Linux's description of a processor that are not the same at each start.
_VARYING = (
    *("processor", "cpu MHz", "bogomips", "BogoMIPS", "apicid", "initial apicid"),
    *("physical id", "core id", "clock", "timebase"),
)
_SETTINGS = ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_ENABLE_AVX")


class Target(NamedTuple):
    """What code depends on: it is valid where all of this is equal.

    Attributes
    ----------
    numba, llvmlite, llvm : str
        Versions.
    triple, cpu : str
        The system and the processor, as LLVM calls them.
    features : str
        The processor's features, as ``+avx2,-avx512f``.
    """

    numba: str
    llvmlite: str
    llvm: str
    triple: str
    cpu: str
    features: str


class Host(NamedTuple):
    """LLVM in this process.

    Attributes
    ----------
    binding : module
        ``llvmlite.binding``.
    jit : llvmlite.binding.ExecutionEngine
        Holds code of this process.
    """

    binding: Any
    jit: Any


@functools.cache
def target() -> Target:
    """What code of this process is made for: recalled from disk, or asked of LLVM."""
    name = _description()
    if name is None:
        return _ask_llvm()
    record = disk_cache.recall(name)
    if record is None:
        found = _ask_llvm()
        disk_cache.record(name, "\0".join(found).encode())
        return found
    return Target(*record.decode().split("\0"))


@functools.cache
def host() -> Host:
    """The engine of this process, made at the first use."""
    binding = _binding()
    # An engine owns its machine: not the one that modules are compiled with.
    jit = binding.create_mcjit_compiler(binding.parse_assembly(""), _machine(opt=2))
    return Host(binding, jit)


@functools.cache
def _binding() -> Any:
    binding: Any = importlib.import_module("llvmlite.binding")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def _ask_llvm() -> Target:
    binding = _binding()
    return Target(
        _version("numba"),
        _version("llvmlite"),
        ".".join(map(str, binding.llvm_version_info)),
        binding.get_process_triple(),
        os.environ.get("NUMBA_CPU_NAME") or binding.get_host_cpu_name(),
        _features(binding),
    )


@functools.cache
def optimising_machine() -> Any:
    """Numba's code generator without the import of Numba, half of a first call."""
    return _machine(opt=2)


@functools.cache
def quick_machine() -> Any:
    """A code generator that takes a third of the time, and allocates no registers well.

    Values are in memory between most instructions. `long_bodies` tells where that is
    as good.
    """
    return _machine(opt=0)


@functools.cache
def portable_machine() -> Any:
    """A code generator for other programs, which may load its code anywhere."""
    return _machine(opt=2, for_this_process=False)


def _machine(opt: int, *, for_this_process: bool = True) -> Any:
    """What makes code for this processor."""
    chosen = target()
    of_triple = _binding().Target.from_triple(chosen.triple)
    return of_triple.create_target_machine(
        cpu=chosen.cpu,
        features=chosen.features,
        opt=opt,
        reloc=relocation(of_triple.name) if for_this_process else "pic",
        codemodel="jitdefault" if for_this_process else "default",
        jit=for_this_process,
    )


def _description() -> str | None:
    """Key of all that LLVM's answer depends on; None where the system tells less."""
    processor = _processor()
    if processor is None:
        return None
    folder = _folder("llvmlite")
    library = str(os.stat(os.path.join(folder, "binding")).st_mtime_ns)
    settings = [os.environ.get(name, "default") for name in _SETTINGS]
    versions = [_version("numba"), _version("llvmlite"), folder, library]
    return disk_cache.make_key(processor, [*versions, *settings])


def _processor() -> str | None:
    """The first processor, as Linux describes it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = list(itertools.takewhile(str.strip, file))
    except OSError:
        return None
    return "".join(line for line in lines if not line.startswith(_VARYING)) or None


def _folder(package: str) -> str:
    """Where a package is, found without its import."""
    find: Any = importlib.import_module("importlib.util").find_spec
    found = find(package)
    if found is None or found.origin is None:
        raise CompilerError(f"{package} is not installed")
    return os.path.dirname(found.origin)


@functools.cache
def _version(package: str) -> str:
    """What tells one release of a package from another, without its import."""
    stated = os.path.join(_folder(package), "_version.py")
    if os.path.exists(stated):
        with open(stated, encoding="utf-8") as file:
            return file.read()
    metadata: Any = importlib.import_module("importlib.metadata")
    return str(metadata.version(package))


def cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def relocation(architecture: str) -> str:
    """The relocation model that code made while running has, as Numba chooses it."""
    if architecture.startswith("x86"):
        return "static"
    return "pic" if architecture.startswith("ppc") else "default"


def _features(binding: Any) -> str:
    """The features that Numba makes code for, with its own settings respected."""
    chosen = os.environ.get("NUMBA_CPU_FEATURES")
    if chosen is not None:
        return chosen
    try:
        features = binding.get_host_cpu_features()
    except RuntimeError:
        return ""
    if os.environ.get("NUMBA_ENABLE_AVX") == "0":
        for name in features:
            if name.startswith("avx"):
                features[name] = False
    flat = str(features.flatten())
    if "+avx512f" in flat.split(","):
        # LLVM halves the registers by default, for other programs' sake.
        flat += ",-prefer-256-bit"
    return flat
