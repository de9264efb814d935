"""Sorting along the last axis, as texts of kernels over NumPy's sorts."""

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    MEMCPY,
    NO_MEMORY,
    Extern,
    KernelText,
    at,
    loop,
    when,
)
from funcgrad.compiler.kernels.order import sortable


def sort_text(dtype: DTypeLike) -> KernelText:
    """Each row in ascending order, NaN last.

    Parameters of the kernel: result (rows, n); operand (rows, n); words rows, n.
    """
    dtype = sortable(dtype)
    symbol = f"fg_kernel_sort_{dtype.name}"
    routine = sort_routine(dtype)
    row = (
        at("own", "%out", "%i", "%row.size")
        + f"  %status = call i32 @{routine.name}(ptr %own, i64 %n, ptr null)\n"
        + give_up_on_failure()
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
    dtype = sortable(dtype)
    symbol = f"fg_kernel_argsort_{dtype.name}"
    routine = _argsort_routine(dtype)
    count = """  %to = getelementptr inbounds i64, ptr %own, i64 %j
  store i64 %j, ptr %to
"""
    row = (
        at("own", "%out", "%i", "%out.size")
        + at("own.x", "%x", "%i", "%row.size")
        + loop("j", "%n", count)
        + f"  %status = call i32 @{routine.name}"
        "(ptr %own.x, ptr %own, i64 %n, ptr null)\n" + give_up_on_failure()
    )
    text = (
        f"define internal i64 @{symbol}(ptr %out, ptr %x, i64 %rows, i64 %n) {{\n"
        f"entry:\n  %row.size = mul nsw i64 %n, {dtype.itemsize}\n"
        "  %out.size = mul nsw i64 %n, 8\n"
        + loop("i", "%rows", row)
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine,), 1, 1, 2)


def places_of_keys_text(dtype: DTypeLike) -> KernelText:
    """Places of entries from sorted keys that have them in their low bits.

    Keys that agree in their high bits, of which some are missing, are ties: NumPy's
    stable search orders their places. Parameters of the kernel: keys (rows, n), which
    become the places; operand (rows, n), missing bits (rows,); words rows, n, and
    the number of low bits.
    """
    dtype = sortable(dtype)
    symbol = f"fg_kernel_places_of_keys_{dtype.name}"
    routine = _argsort_routine(dtype)
    settle = (
        at("tied", "%own", "%begin", 8) + f"  %status = call i32 @{routine.name}"
        "(ptr %own.x, ptr %tied, i64 %length, ptr null)\n" + give_up_on_failure()
    )
    row = (
        at("own", "%out", "%i", "%out.size")
        + at("own.x", "%x", "%i", "%row.size")
        + at("missing.at", "%missing", "%i", 8)
        + "  %row.missing = load i64, ptr %missing.at\n"
        "  %inexact = icmp ne i64 %row.missing, 0\n"
        + _RUNS.format(settle=when("tie", "%unsettled", settle))
    )
    text = (
        f"define internal i64 @{symbol}"
        "(ptr %out, ptr %x, ptr %missing, i64 %rows, i64 %n, i64 %bits) {\n"
        f"entry:\n  %row.size = mul nsw i64 %n, {dtype.itemsize}\n"
        "  %out.size = mul nsw i64 %n, 8\n"
        "  %above = shl nsw i64 -1, %bits\n  %mask = xor i64 %above, -1\n"
        + loop("i", "%rows", row)
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine,), 1, 2, 3)


def sort_routine(dtype: np.dtype) -> Extern:
    """NumPy's sort of a row in place: (data, n, null)."""
    return Extern(f"fg_numpy_sort_{dtype.name}", "i32", ("ptr", "i64", "ptr"))


def _argsort_routine(dtype: np.dtype) -> Extern:
    parameters = ("ptr", "ptr", "i64", "ptr")
    return Extern(f"fg_numpy_argsort_{dtype.name}", "i32", parameters)


# One run of keys with equal high bits after the other, from %begin to %end.
_RUNS = """  %first = load i64, ptr %own
  br label %runs
runs:
  %begin = phi i64 [0, %i.body], [%end, %settled]
  %key = phi i64 [%first, %i.body], [%next.key, %settled]
  br label %run
run:
  %k = phi i64 [%begin, %runs], [%end, %follows]
  %k.key = phi i64 [%key, %runs], [%following, %follows]
  %place = and i64 %k.key, %mask
  %k.at = getelementptr inbounds i64, ptr %own, i64 %k
  store i64 %place, ptr %k.at
  %end = add nuw nsw i64 %k, 1
  %inside = icmp slt i64 %end, %n
  br i1 %inside, label %look, label %ended
look:
  %next.at = getelementptr inbounds i64, ptr %own, i64 %end
  %following = load i64, ptr %next.at
  %changed = xor i64 %k.key, %following
  %differs = icmp ugt i64 %changed, %mask
  br i1 %differs, label %ended, label %follows
follows:
  br label %run
ended:
  %next.key = phi i64 [0, %run], [%following, %look]
  %length = sub nsw i64 %end, %begin
  %several = icmp sgt i64 %length, 1
  %unsettled = and i1 %several, %inexact
{settle}  br label %settled
settled:
  br i1 %inside, label %runs, label %row.done
row.done:
"""


def give_up_on_failure() -> str:
    """Text that returns unless ``%status`` is zero: NumPy's sorts lack memory then."""
    return f"""  %failed = icmp ne i32 %status, 0
  br i1 %failed, label %give.up, label %sorted
give.up:
  ret i64 {NO_MEMORY}
sorted:
"""
