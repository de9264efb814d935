"""Entries by their rank along the last axis, as text of a kernel over NumPy's sorts."""

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import MEMCPY, KernelText, at, loop
from funcgrad.compiler.kernels.order import llvm_type
from funcgrad.compiler.kernels.partition import sample
from funcgrad.compiler.kernels.sorting import give_up_on_failure, sort_routine


def select_text(dtype: DTypeLike) -> KernelText:
    """The entries of each row that sorting would put at the places from ``start`` on.

    Two entries of a sorted sample enclose them with high probability (Floyd and Rivest,
    1975): what lies between these is kept and sorted. Where they do not, the row is.

    Parameters of the kernel: results (rows, count) and workspace (rows, n); operand
    (rows, n); words rows, n, start, count, the size of the sample, and the places in it
    of the two, which may be outside of it.
    """
    dtype = np.dtype(dtype)
    routine = sort_routine(dtype)
    symbol = f"fg_kernel_select_{dtype.name}"
    size = dtype.itemsize
    sort = f"  %{{0}} = call i32 @{routine.name}(ptr %kept, i64 %{{1}}, ptr null)\n"
    row = (
        at("own.x", "%x", "%i", "%row.size")
        + at("kept", "%work", "%i", "%row.size")
        + at("own", "%out", "%i", "%out.size")
        + sample(dtype, "%own.x", "%kept")
        + _bound("low", "%low", dtype)
        + _bound("high", "%high", dtype)
        + _partition(dtype)
        + "  %end = add nsw i64 %start, %count\n"
        "  %found.end = add nsw i64 %below, %between\n"
        "  %begins = icmp sle i64 %below, %start\n"
        "  %ends = icmp sle i64 %end, %found.end\n"
        "  %enclosed = and i1 %begins, %ends\n"
        "  br i1 %enclosed, label %order, label %whole\nwhole:\n"
        + _copy("kept", "own.x", "row.size")
        + "  br label %order\norder:\n"
        "  %length = phi i64 [%between, %split.done], [%n, %whole]\n"
        "  %left.out = phi i64 [%below, %split.done], [0, %whole]\n"
        + sort.format("status", "length")
        + give_up_on_failure()
        + "  %offset = sub nsw i64 %start, %left.out\n"
        + at("answer", "%kept", "%offset", size)
        + _copy("own", "answer", "out.size")
    )
    words = (
        "i64 %rows, i64 %n, i64 %start, i64 %count, i64 %samples, i64 %low, i64 %high"
    )
    text = (
        f"define internal i64 @{symbol}(ptr %out, ptr %work, ptr %x, {words}) {{\n"
        f"entry:\n  %row.size = mul nsw i64 %n, {size}\n"
        f"  %out.size = mul nsw i64 %count, {size}\n"
        + loop("i", "%rows", row)
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine, MEMCPY), 2, 1, 7)


def _copy(to: str, source: str, size: str) -> str:
    return (
        f"  call void @{MEMCPY.name}(ptr %{to}, ptr %{source}, i64 %{size}, i1 false)\n"
    )


def _bound(name: str, place: str, dtype: np.dtype) -> str:
    """Text of ``%name.bound``: an entry of the sample, or the extreme of the dtype."""
    kind = llvm_type(dtype)
    if dtype.kind == "f":
        bits = {"low": 0xFFF0000000000000, "high": 0x7FF0000000000000}[name]
        extreme = f"0x{bits:016X}"
    else:
        info = np.iinfo(dtype)
        extreme = str(int(info.min if name == "low" else info.max))
    return f"""  %{name}.inside = icmp ult i64 {place}, %samples
  %{name}.place = select i1 %{name}.inside, i64 {place}, i64 0
  %{name}.at = getelementptr inbounds {kind}, ptr %kept, i64 %{name}.place
  %{name}.entry = load {kind}, ptr %{name}.at
  %{name}.bound = select i1 %{name}.inside, {kind} %{name}.entry, {kind} {extreme}
"""


def _partition(dtype: np.dtype) -> str:
    """Text that keeps the entries between the bounds, and counts those below.

    It has no branches that depend on entries. NaN counts as above.
    """
    kind = llvm_type(dtype)
    compare, less, greater = {
        "f": ("fcmp", "olt", "ugt"),
        "i": ("icmp", "slt", "sgt"),
        "u": ("icmp", "ult", "ugt"),
    }[dtype.kind]
    return f"""  br label %split
split:
  %k = phi i64 [0, %s.done], [%k.next, %split]
  %below.before = phi i64 [0, %s.done], [%below, %split]
  %between.before = phi i64 [0, %s.done], [%between, %split]
  %k.at = getelementptr inbounds {kind}, ptr %own.x, i64 %k
  %entry.k = load {kind}, ptr %k.at
  %to = getelementptr inbounds {kind}, ptr %kept, i64 %between.before
  store {kind} %entry.k, ptr %to
  %is.below = {compare} {less} {kind} %entry.k, %low.bound
  %is.above = {compare} {greater} {kind} %entry.k, %high.bound
  %is.outside = or i1 %is.below, %is.above
  %is.between = xor i1 %is.outside, true
  %below.more = zext i1 %is.below to i64
  %between.more = zext i1 %is.between to i64
  %below = add nuw nsw i64 %below.before, %below.more
  %between = add nuw nsw i64 %between.before, %between.more
  %k.next = add nuw nsw i64 %k, 1
  %k.more = icmp slt i64 %k.next, %n
  br i1 %k.more, label %split, label %split.done
split.done:
"""
