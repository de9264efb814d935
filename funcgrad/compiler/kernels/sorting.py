"""Sorting and searching along the last axis, as texts of kernels over NumPy's sorts."""

from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    MEMCPY,
    NO_MEMORY,
    Extern,
    KernelText,
    at,
    loop,
)

_INTEGER_KINDS = {"i": "slt", "u": "ult", "b": "ult"}
_FLOATS = {2: "half", 4: "float", 8: "double"}


def sort_text(dtype: DTypeLike) -> KernelText:
    """Each row in ascending order, NaN last.

    Parameters of the kernel: result (rows, n); operand (rows, n); words rows, n.
    """
    dtype = _sortable(dtype)
    symbol = f"fg_kernel_sort_{dtype.name}"
    routine = Extern(f"fg_numpy_sort_{dtype.name}", "i32", ("ptr", "i64", "ptr"))
    row = (
        at("own", "%out", "%i", "%row.size")
        + f"  %status = call i32 @{routine.name}(ptr %own, i64 %n, ptr null)\n"
        + _give_up_on_failure()
    )
    text = (
        f"define internal i64 @{symbol}(ptr %out, ptr %x, i64 %rows, i64 %n) {{\n"
        f"entry:\n  %row.size = mul nsw i64 %n, {dtype.itemsize}\n"
        "  %size = mul nsw i64 %row.size, %rows\n"
        f"  call void @{MEMCPY.name}(ptr %out, ptr %x, i64 %size, i1 false)\n"
        + loop("i", "%rows", row)
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine, MEMCPY), 1, 1, 2)


def argsort_text(dtype: DTypeLike) -> KernelText:
    """Positions that sort each row; equal entries keep their order.

    Parameters of the kernel: result (rows, n) int64; operand (rows, n); words rows, n.
    """
    dtype = _sortable(dtype)
    symbol = f"fg_kernel_argsort_{dtype.name}"
    parameters = ("ptr", "ptr", "i64", "ptr")
    routine = Extern(f"fg_numpy_argsort_{dtype.name}", "i32", parameters)
    count = """  %to = getelementptr inbounds i64, ptr %own, i64 %j
  store i64 %j, ptr %to
"""
    row = (
        at("own", "%out", "%i", "%out.size")
        + at("own.x", "%x", "%i", "%row.size")
        + loop("j", "%n", count)
        + f"  %status = call i32 @{routine.name}"
        "(ptr %own.x, ptr %own, i64 %n, ptr null)\n" + _give_up_on_failure()
    )
    text = (
        f"define internal i64 @{symbol}(ptr %out, ptr %x, i64 %rows, i64 %n) {{\n"
        f"entry:\n  %row.size = mul nsw i64 %n, {dtype.itemsize}\n"
        "  %out.size = mul nsw i64 %n, 8\n"
        + loop("i", "%rows", row)
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine,), 1, 1, 2)


def searchsorted_text(
    dtype: DTypeLike, *, side: Literal["left", "right"] = "left"
) -> KernelText:
    """Where to insert values into sorted rows so that they stay sorted, NaN last.

    Parameters of the kernel: result (rows, count) int64; operands sorted (rows, n)
    and values (rows, count); words rows, n, count.
    """
    dtype = _sortable(dtype)
    symbol = f"fg_kernel_searchsorted_{side}_{dtype.name}"
    kind = _llvm_type(dtype)
    value = f"""  %value.index = add nsw i64 %values.row, %j
  %value.at = getelementptr inbounds {kind}, ptr %values, i64 %value.index
  %value = load {kind}, ptr %value.at
  br label %search
search:
  %low = phi i64 [0, %j.body], [%low.next, %halve]
  %high = phi i64 [%n, %j.body], [%high.next, %halve]
  %more = icmp slt i64 %low, %high
  br i1 %more, label %halve, label %found
halve:
  %sum = add nuw nsw i64 %low, %high
  %middle = lshr i64 %sum, 1
  %entry.index = add nsw i64 %sorted.row, %middle
  %entry.at = getelementptr inbounds {kind}, ptr %sorted, i64 %entry.index
  %key = load {kind}, ptr %entry.at
{_goes_right(symbol, kind, side)}  %after = add nuw nsw i64 %middle, 1
  %low.next = select i1 %right, i64 %after, i64 %low
  %high.next = select i1 %right, i64 %high, i64 %middle
  br label %search
found:
  %to = getelementptr inbounds i64, ptr %out, i64 %value.index
  store i64 %low, ptr %to
"""
    row = (
        "  %values.row = mul nsw i64 %i, %count\n  %sorted.row = mul nsw i64 %i, %n\n"
        + loop("j", "%count", value)
    )
    text = (
        _less_function(symbol, dtype) + f"define internal i64 @{symbol}"
        "(ptr %out, ptr %sorted, ptr %values, i64 %rows, i64 %n, i64 %count) {\n"
        "entry:\n" + loop("i", "%rows", row) + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (), 1, 2, 3)


def _sortable(dtype: DTypeLike) -> np.dtype:
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufc" or dtype.itemsize > (16 if dtype.kind == "c" else 8):
        raise TypeError(f"arrays of {dtype} cannot be sorted in a compiled program")
    return dtype


def _llvm_type(dtype: np.dtype) -> str:
    if dtype.kind == "c":
        part = _FLOATS[dtype.itemsize // 2]
        return f"{{ {part}, {part} }}"
    return _FLOATS[dtype.itemsize] if dtype.kind == "f" else f"i{8 * dtype.itemsize}"


def _give_up_on_failure() -> str:
    """NumPy's sorts fail only where there is no memory for a buffer."""
    return f"""  %failed = icmp ne i32 %status, 0
  br i1 %failed, label %give.up, label %sorted
give.up:
  ret i64 {NO_MEMORY}
sorted:
"""


def _goes_right(symbol: str, kind: str, side: Literal["left", "right"]) -> str:
    if side == "left":
        return f"  %right = call i1 @{symbol}.less({kind} %key, {kind} %value)\n"
    return f"""  %above = call i1 @{symbol}.less({kind} %value, {kind} %key)
  %right = xor i1 %above, true
"""


def _less_function(symbol: str, dtype: np.dtype) -> str:
    """Function ``symbol``.less(x, y): NumPy's order, in which NaN comes last."""
    kind = _llvm_type(dtype)
    if dtype.kind == "c":
        body = _COMPLEX_LESS.format(kind=kind, part=_FLOATS[dtype.itemsize // 2])
    elif dtype.kind == "f":
        body = _FLOAT_LESS.format(kind=kind)
    else:
        order = _INTEGER_KINDS[dtype.kind]
        body = f"  %less = icmp {order} {kind} %x, %y\n"
    return (
        f"define internal i1 @{symbol}.less({kind} %x, {kind} %y) alwaysinline {{\n"
        + body
        + "  ret i1 %less\n}\n"
    )


_FLOAT_LESS = """  %below = fcmp olt {kind} %x, %y
  %y.nan = fcmp uno {kind} %y, %y
  %x.number = fcmp ord {kind} %x, %x
  %last = and i1 %y.nan, %x.number
  %less = or i1 %below, %last
"""

# By real parts first; where these are equal or both NaN, by imaginary parts. A number
# with one NaN part comes after all that have none, before those with more.
_COMPLEX_LESS = """  %x.re = extractvalue {kind} %x, 0
  %x.im = extractvalue {kind} %x, 1
  %y.re = extractvalue {kind} %y, 0
  %y.im = extractvalue {kind} %y, 1
  %re.below = fcmp olt {part} %x.re, %y.re
  %re.above = fcmp ogt {part} %x.re, %y.re
  %re.equal = fcmp oeq {part} %x.re, %y.re
  %im.below = fcmp olt {part} %x.im, %y.im
  %x.re.nan = fcmp uno {part} %x.re, %x.re
  %y.re.nan = fcmp uno {part} %y.re, %y.re
  %x.im.number = fcmp ord {part} %x.im, %x.im
  %y.im.nan = fcmp uno {part} %y.im, %y.im
  %im.last = and i1 %y.im.nan, %x.im.number
  %re.nans = and i1 %x.re.nan, %y.re.nan
  %tie = or i1 %re.equal, %re.nans
  %if.below = or i1 %x.im.number, %y.im.nan
  %if.tie = or i1 %im.below, %im.last
  %else = select i1 %tie, i1 %if.tie, i1 %y.re.nan
  %not.below = select i1 %re.above, i1 %im.last, i1 %else
  %less = select i1 %re.below, i1 %if.below, i1 %not.below
"""
