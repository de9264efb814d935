"""A row in two parts that can be sorted apart, as texts of kernels."""

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import KernelText, at, loop
from funcgrad.compiler.kernels.order import llvm_type
from funcgrad.compiler.kernels.sorting import give_up_on_failure, sort_routine

_SPREAD = -7046029254386353131
"""2**64 over the golden ratio: its multiples lie evenly, for any number of them."""
_NOT_ABOVE = {"f": "fcmp ole", "i": "icmp sle", "u": "icmp ule"}


def sample(dtype: np.dtype, source: str, to: str) -> str:
    """Text that puts ``%samples`` of the ``%n`` entries of ``source`` in order."""
    kind, routine = llvm_type(dtype), sort_routine(dtype)
    take = f"""  %hash = mul i64 %s, {_SPREAD}
  %share = lshr i64 %hash, 32
  %scaled = mul i64 %share, %n
  %from = lshr i64 %scaled, 32
  %from.at = getelementptr inbounds {kind}, ptr {source}, i64 %from
  %taken = load {kind}, ptr %from.at
  %taken.at = getelementptr inbounds {kind}, ptr {to}, i64 %s
  store {kind} %taken, ptr %taken.at
"""
    return (
        loop("s", "%samples", take)
        + f"  %sampled = call i32 @{routine.name}(ptr {to}, i64 %samples, ptr null)\n"
    )


def partition_text(dtype: DTypeLike) -> KernelText:
    """A row with its lower part in front; the two are about as long.

    Parameters of the kernel: results (n,) and int64 (3,), where the parts begin and
    end; operand (n,); words n, and the size of the sample that tells the middle.
    """
    dtype = np.dtype(dtype)
    kind = llvm_type(dtype)
    symbol = f"fg_kernel_partition_{dtype.name}"
    # Each entry is stored at both ends of what is free; one of them is overwritten.
    body = f"""  %from.k = getelementptr inbounds {kind}, ptr %x, i64 %k
  %entry.k = load {kind}, ptr %from.k
  %rest = sub nsw i64 %last, %k
  %high = add nsw i64 %free, %rest
  %low.at = getelementptr inbounds {kind}, ptr %out, i64 %free
  %high.at = getelementptr inbounds {kind}, ptr %out, i64 %high
  store {kind} %entry.k, ptr %high.at
  store {kind} %entry.k, ptr %low.at
  %is.low = {_NOT_ABOVE[dtype.kind]} {kind} %entry.k, %pivot
  %more = zext i1 %is.low to i64
  %free.next = add nuw nsw i64 %free, %more
"""
    text = (
        f"define internal i64 @{symbol}"
        "(ptr %out, ptr %parts, ptr %x, i64 %n, i64 %samples) {\nentry:\n"
        + sample(dtype, "%x", "%out")
        + "  %half = lshr i64 %samples, 1\n"
        f"  %pivot.at = getelementptr inbounds {kind}, ptr %out, i64 %half\n"
        f"  %pivot = load {kind}, ptr %pivot.at\n  %last = sub nsw i64 %n, 1\n"
        "  br label %k.body\nk.body:\n"
        "  %k = phi i64 [0, %s.done], [%k.next, %k.body]\n"
        "  %free = phi i64 [0, %s.done], [%free.next, %k.body]\n"
        + body
        + "  %k.next = add nuw nsw i64 %k, 1\n"
        "  %k.more = icmp slt i64 %k.next, %n\n"
        "  br i1 %k.more, label %k.body, label %k.done\nk.done:\n"
        "  %middle.at = getelementptr inbounds i64, ptr %parts, i64 1\n"
        "  %end.at = getelementptr inbounds i64, ptr %parts, i64 2\n"
        "  store i64 0, ptr %parts\n  store i64 %free.next, ptr %middle.at\n"
        "  store i64 %n, ptr %end.at\n  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (sort_routine(dtype),), 2, 1, 2)


def sort_parts_text(dtype: DTypeLike) -> KernelText:
    """Sort parts of a row where they lie.

    Parameters of the kernel: operands (n,), and int64, where parts begin and, last of
    all, end; word their number.
    """
    dtype = np.dtype(dtype)
    symbol = f"fg_kernel_sort_parts_{dtype.name}"
    routine = sort_routine(dtype)
    part = (
        at("begin.at", "%parts", "%i", 8)
        + "  %end.at = getelementptr inbounds i64, ptr %begin.at, i64 1\n"
        "  %begin = load i64, ptr %begin.at\n  %end = load i64, ptr %end.at\n"
        "  %length = sub nsw i64 %end, %begin\n"
        + at("own", "%row", "%begin", dtype.itemsize)
        + f"  %status = call i32 @{routine.name}(ptr %own, i64 %length, ptr null)\n"
        + give_up_on_failure()
    )
    text = (
        f"define internal i64 @{symbol}(ptr %row, ptr %parts, i64 %count) {{\nentry:\n"
        + loop("i", "%count", part)
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine,), 0, 2, 1)
