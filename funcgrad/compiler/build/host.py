"""The processor and the engine that holds machine code, through llvmlite alone.

A process that finds its code on disk needs no more than this: Numba, whose import takes
longer than all else, is asked only when something is compiled.
"""

from __future__ import annotations

import functools
import importlib
import os
from typing import Any, NamedTuple

from funcgrad.errors import CompilerError


class Host(NamedTuple):
    """Where machine code runs.

    Attributes
    ----------
    binding : module
        ``llvmlite.binding``.
    jit : llvmlite.binding.ExecutionEngine
        Holds the code of this process.
    features : str
        The processor's features, as ``+avx2,-avx512f``.
    environment : tuple of str
        Versions and processor: code on disk is valid for an equal one.
    """

    binding: Any
    jit: Any
    features: str
    environment: tuple[str, ...]


@functools.cache
def host() -> Host:
    """The engine of this process, made at the first use."""
    llvmlite: Any = importlib.import_module("llvmlite")
    binding: Any = importlib.import_module("llvmlite.binding")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    cpu, features = _processor(binding)
    triple = binding.get_process_triple()
    machine = _machine(binding, opt=2)
    jit = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    environment = (
        _numba_version(),
        llvmlite.__version__,
        ".".join(map(str, binding.llvm_version_info)),
        triple,
        cpu,
        features,
    )
    return Host(binding, jit, features, environment)


@functools.cache
def quick_machine() -> Any:
    """A code generator that takes a third of the time, and allocates no registers well.

    Values are in memory between most instructions. `long_bodies` tells where that is
    as good.
    """
    return _machine(host().binding, opt=0)


def _machine(binding: Any, opt: int) -> Any:
    """What makes code for this processor that this process can run."""
    cpu, features = _processor(binding)
    target = binding.Target.from_triple(binding.get_process_triple())
    return target.create_target_machine(
        cpu=cpu,
        features=features,
        opt=opt,
        reloc=relocation(target.name),
        codemodel="jitdefault",
        jit=True,
    )


def _processor(binding: Any) -> tuple[str, str]:
    """Its name and its features."""
    cpu = os.environ.get("NUMBA_CPU_NAME") or binding.get_host_cpu_name()
    return cpu, _features(binding)


def _numba_version() -> str:
    """What tells one Numba from another, without its import."""
    import importlib.util
    from pathlib import Path

    found = importlib.util.find_spec("numba")
    if found is None or found.origin is None:
        raise CompilerError("Numba is not installed")
    stated = Path(found.origin).with_name("_version.py")
    if stated.exists():
        return stated.read_text(encoding="utf-8")
    metadata: Any = importlib.import_module("importlib.metadata")
    return str(metadata.version("numba"))


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
