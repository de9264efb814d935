"""The processor's clock in compiled code: how it is read, and its ticks in seconds."""

from __future__ import annotations

import ctypes
import functools
import platform
import time
from typing import Any

from funcgrad.compiler.build.executable import compile_kernel
from funcgrad.compiler.emit.builder import Module

READ_CLOCK = "profile.clock"
_ARM = 'call i64 asm sideeffect "mrs $0, cntvct_el0", "=r"()'


def include_clock(module: Any) -> None:
    """Add the function that reads the clock to a module.

    It is the counter that user code may read: the time stamp counter, or ARM's virtual
    timer; both run at one rate, whatever the processor's speed. Other processors have
    LLVM's cycle counter.
    """
    read = _ARM
    if platform.machine().lower() not in {"aarch64", "arm64"}:
        module.intrinsic("llvm.readcyclecounter", "i64", [])
        read = "call i64 @llvm.readcyclecounter()"
    head = f"define internal i64 @{READ_CLOCK}() #0 {{"
    module.define(READ_CLOCK, lambda: f"{head}\n  %now = {read}\n  ret i64 %now\n}}")


@functools.cache
def seconds_per_tick() -> float:
    """What the clock advances by, from a comparison with Python's own over 20 ms."""
    module = Module()
    include_clock(module)
    b = module.function("FG_KERNEL", [], ret="i64")
    b.emit(f"%now = call i64 @{READ_CLOCK}()")
    b.emit("ret i64 %now")
    read = ctypes.CFUNCTYPE(ctypes.c_int64)(compile_kernel(module.text()))
    ticks, start = read(), time.perf_counter()
    while time.perf_counter() - start < 0.02:
        pass
    elapsed = time.perf_counter() - start
    return elapsed / max(1, read() - ticks)
