"""Search in sorted rows, as text of a kernel."""

from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import KernelText, at, loop
from funcgrad.compiler.kernels.order import less_function, llvm_type, sortable

_TOGETHER = 8
"""Searches that run in step, each of which waits for memory by itself."""
_NO_BRANCH = ", !unpredictable !{}"


def searchsorted_text(
    dtype: DTypeLike, *, side: Literal["left", "right"] = "left"
) -> KernelText:
    """Where to insert values into sorted rows so that they stay sorted, NaN last.

    Parameters of the kernel: result (rows, count) int64; operands sorted (rows, n)
    and values (rows, count); words rows, n, count.
    """
    dtype = sortable(dtype)
    symbol = f"fg_kernel_searchsorted_{side}_{dtype.name}"
    row = (
        at("own.out", "%out", "%i", "%out.size")
        + at("own", "%sorted", "%i", "%row.size")
        + at("own.values", "%values", "%i", "%values.size")
        + loop("j", "%blocks", _call(symbol, dtype, _TOGETHER))
        + loop("k", "%left", _call(symbol, dtype, 1))
    )
    text = (
        less_function(symbol, dtype)
        + _search(symbol, dtype, side, _TOGETHER)
        + _search(symbol, dtype, side, 1)
        + f"define internal i64 @{symbol}"
        "(ptr %out, ptr %sorted, ptr %values, i64 %rows, i64 %n, i64 %count) {\n"
        f"entry:\n  %row.size = mul nsw i64 %n, {dtype.itemsize}\n"
        f"  %values.size = mul nsw i64 %count, {dtype.itemsize}\n"
        "  %out.size = mul nsw i64 %count, 8\n"
        f"  %blocks = udiv i64 %count, {_TOGETHER}\n"
        f"  %left = urem i64 %count, {_TOGETHER}\n"
        "  %in.blocks = sub i64 %count, %left\n"
        + loop("i", "%rows", row)
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (), 1, 2, 3)


def _call(symbol: str, dtype: np.dtype, width: int) -> str:
    """Search for the next ``width`` values of a row."""
    name = f"w{width}"
    place = f"  %{name} = mul nuw nsw i64 %j, {width}\n"
    if width == 1:
        place = f"  %{name} = add nuw nsw i64 %in.blocks, %k\n"
    return (
        place
        + at(f"{name}.out", "%own.out", f"%{name}", 8)
        + at(f"{name}.values", "%own.values", f"%{name}", dtype.itemsize)
        + f"  call void @{symbol}.search{width}"
        f"(ptr %{name}.out, ptr %own, ptr %{name}.values, i64 %n)\n"
    )


def _search(
    symbol: str, dtype: np.dtype, side: Literal["left", "right"], width: int
) -> str:
    """Function ``symbol``.search``width``(out, row, values, n) of so many values.

    All searches halve the same number of entries, without branches that depend on
    them: ``%low.k`` entries are known to go before value k, of ``%size`` more it is
    open.
    """
    kind = llvm_type(dtype)
    searches = range(width)
    values = "".join(
        f"  %value.at.{k} = getelementptr inbounds {kind}, ptr %values, i64 {k}\n"
        f"  %value.{k} = load {kind}, ptr %value.at.{k}\n"
        for k in searches
    )
    lows = "".join(
        f"  %low.{k} = phi i64 [0, %begin], [%low.next.{k}, %halve]\n" for k in searches
    )
    halves = "".join(
        _goes_right(f"{k}", symbol, kind, side, "%middle", f"%low.{k}")
        + f"  %step.{k} = select i1 %right.{k}, i64 %half, i64 0{_NO_BRANCH}\n"
        f"  %low.next.{k} = add nuw nsw i64 %low.{k}, %step.{k}\n"
        for k in searches
    )
    ends = "".join(
        f"  %last.{k} = phi i64 [0, %begin], [%low.next.{k}, %halve]\n"
        for k in searches
    )
    found = "".join(
        _goes_right(f"end.{k}", symbol, kind, side, "%row", f"%last.{k}", f"{k}")
        + f"  %more.{k} = zext i1 %right.end.{k} to i64\n"
        f"  %place.{k} = add nuw nsw i64 %last.{k}, %more.{k}\n"
        + _store(k, f"%place.{k}")
        for k in searches
    )
    nothing = "".join(_store(k, "0", "none.") for k in searches)
    return f"""define internal void @{symbol}.search{width}(ptr %out, ptr %row,
    ptr %values, i64 %n) noinline {{
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %none, label %begin
none:
{nothing}  ret void
begin:
{values}  %several = icmp sgt i64 %n, 1
  br i1 %several, label %halve, label %end
halve:
  %size = phi i64 [%n, %begin], [%size.next, %halve]
{lows}  %half = lshr i64 %size, 1
  %size.next = sub nuw nsw i64 %size, %half
  %before = sub nsw i64 %half, 1
  %middle = getelementptr inbounds {kind}, ptr %row, i64 %before
{halves}  %open = icmp ugt i64 %size.next, 1
  br i1 %open, label %halve, label %end
end:
{ends}{found}  ret void
}}
"""


def _store(k: int, place: str, name: str = "") -> str:
    return (
        f"  %to.{name}{k} = getelementptr inbounds i64, ptr %out, i64 {k}\n"
        f"  store i64 {place}, ptr %to.{name}{k}\n"
    )


def _goes_right(
    name: str, symbol: str, kind: str, side: str, base: str, index: str, value: str = ""
) -> str:
    """Text of ``%right.name``: whether the value goes after entry ``base[index]``."""
    value = f"%value.{value or name}"
    key = f"""  %at.{name} = getelementptr inbounds {kind}, ptr {base}, i64 {index}
  %key.{name} = load {kind}, ptr %at.{name}
"""
    less = f"call i1 @{symbol}.less({kind}"
    if side == "left":
        return f"{key}  %right.{name} = {less} %key.{name}, {kind} {value})\n"
    return f"""{key}  %above.{name} = {less} {value}, {kind} %key.{name})
  %right.{name} = xor i1 %above.{name}, true
"""
