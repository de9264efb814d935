"""Fourier transforms along the last axis: texts of kernels over NumPy's pocketfft."""

from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import Extern, KernelText

Transform = Literal["fft", "ifft", "rfft_n_even", "rfft_n_odd", "irfft"]


def fourier_text(transform: Transform, real: DTypeLike) -> KernelText:
    """Each row transformed and multiplied by a factor.

    Parameters of the kernel: result (rows, count) and operand (rows, n), complex or
    of the ``real`` dtype as the transform asks for; operand factor, one number of the
    ``real`` dtype; words rows, n, count and the sizes of their entries in bytes.
    """
    kind = np.dtype(real)
    letter = {"float32": "f", "float64": "d"}[kind.name]
    symbol = f"fg_kernel_{transform}_{kind.name}"
    routine = Extern(
        f"fg_numpy_fft_{transform}_{letter}", "void", ("ptr", "ptr", "ptr", "ptr")
    )
    # The direction that NumPy hands to a complex transform: a declaration gives its
    # address.
    direction = Extern(f"fg_numpy_fftdata_{transform}_{letter}", "void", ())
    externs: tuple[Extern, ...] = (routine,)
    datum = "null"
    if transform in ("fft", "ifft"):
        externs, datum = (routine, direction), f"@{direction.name}"
    slots: list[tuple[str, str, tuple[str, ...]]] = [
        ("args", "ptr", ("%x", "%factor", "%out")),
        ("sizes", "i64", ("%rows", "%n", "%count")),
        ("strides", "i64", ("%row", "0", "%row.out", "%size", "%size.out")),
    ]
    body = "  %row = mul nsw i64 %n, %size\n"
    body += "  %row.out = mul nsw i64 %count, %size.out\n"
    for name, llvm, values in slots:
        body += f"  %{name} = alloca [{len(values)} x {llvm}]\n"
        for i, value in enumerate(values):
            body += f"  %{name}.{i} = getelementptr {llvm}, ptr %{name}, i64 {i}\n"
            body += f"  store {llvm} {value}, ptr %{name}.{i}\n"
    text = (
        f"define internal i64 @{symbol}(ptr %out, ptr %x, ptr %factor, i64 %rows, "
        "i64 %n, i64 %count, i64 %size, i64 %size.out) {\nentry:\n"
        + body
        + f"  call void @{routine.name}"
        f"(ptr %args, ptr %sizes, ptr %strides, ptr {datum})\n"
        "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, externs, 1, 2, 5)
