"""LU factorisation and what solves with it, as texts of kernels over LAPACK."""

from typing import Literal

from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    FREE,
    MALLOC,
    MEMCPY,
    THREADS,
    Element,
    Extern,
    KernelText,
    allocate,
    at,
    blas,
    call,
    char_slot,
    element,
    fill_function,
    int_slot,
    lapack,
    larger,
    loop,
    one_slot,
    release,
    smaller,
    transpose_function,
    when,
    with_threads,
)

Transpose = Literal["N", "T", "C"]


def getrf_text(dtype: DTypeLike) -> KernelText:
    """``A[pivots] = L @ U`` of matrices, with partial pivoting.

    Parameters of the kernel: results ``lu`` (batch, m, n) and ``pivots`` (batch,
    min(m, n)) int32, counted from 0, row i was swapped with row ``pivots[i]``;
    operand ``a`` (batch, m, n); words batch, m, n. A singular matrix has a zero on
    the diagonal of U, as in `scipy.linalg.lu_factor`.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_getrf_{kind.dtype.name}"
    routine = lapack(kind, "getrf", 6)
    from_zero = loop(
        "i",
        "%k",
        "  %pivot = getelementptr inbounds i32, ptr %own.pivots, i64 %i\n"
        "  %from.one = load i32, ptr %pivot\n"
        "  %from.zero = sub i32 %from.one, 1\n"
        "  store i32 %from.zero, ptr %pivot\n",
    )
    factor = (
        at("offset", "%a", "%b", "%matrix")
        + at("own", "%lu", "%b", "%matrix")
        + at("own.pivots", "%pivots", "%b", "%pivots.size")
        + f"  call void @{symbol}.transpose(ptr %cols, ptr %offset, i64 %m, i64 %n)\n"
        + call(routine, "%m.at", "%n.at", "%cols", "%ld", "%own.pivots", "%info")
        + f"  call void @{symbol}.transpose(ptr %own, ptr %cols, i64 %n, i64 %m)\n"
        + from_zero
    )
    body = (
        larger("rows", "%m", "1")
        + smaller("k", "%m", "%n")
        + "  %entries = mul nsw i64 %m, %n\n"
        + f"  %matrix = mul nsw i64 %entries, {kind.size}\n"
        + "  %pivots.size = mul nsw i64 %k, 4\n"
        + int_slot("m.at", "%m")
        + int_slot("n.at", "%n")
        + int_slot("ld", "%rows")
        + int_slot("info")
        + allocate(("cols", "%entries", kind.size))
        + "  %work = mul i64 %entries, %k\n"
        + with_threads("%work", loop("b", "%batch", factor))
        + release()
    )
    text = (
        transpose_function(symbol, kind) + f"define internal i64 @{symbol}"
        "(ptr %lu, ptr %pivots, ptr %a, i64 %batch, i64 %m, i64 %n) {\nentry:\n"
        + body
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine, MALLOC, FREE, *THREADS), 2, 1, 3)


def getrs_text(dtype: DTypeLike, *, transpose: Transpose = "N") -> KernelText:
    """Solution of ``op(A) X = B`` from the LU factors of A.

    Parameters of the kernel: result ``x`` (batch, n, k); operands ``lu`` (batch, n, n)
    and ``pivots`` (batch, n) of `getrf_text`, ``b`` (batch, n, k); words batch, n, k.
    ``transpose`` says what op is: A itself, its transpose, or its adjoint.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_getrs_{transpose}_{kind.dtype.name}"
    trsm = blas(kind, "trsm", 11)
    # BLAS sees the transposes: LU^T, whose upper part is L^T, and X^T from the right.
    lower = _trsm(trsm, "%upper", "%op", "%unit", "%own.lu")
    upper = _trsm(trsm, "%lower", "%op", "%plain", "%own.lu")
    solve = (
        at("own", "%x", "%b", "%block")
        + at("own.rhs", "%rhs", "%b", "%block")
        + at("own.lu", "%lu", "%b", "%matrix")
        + at("own.pivots", "%pivots", "%b", "%pivots.size")
        + call(MEMCPY, "%own", "%own.rhs", "%block", "false")
    )
    if transpose == "N":
        solve += _swap_rows(symbol, "") + lower + upper
    else:
        solve += upper + lower + _swap_rows(symbol, "backwards")
    body = (
        _sizes(kind)
        + _trsm_slots(kind, transpose)
        + with_threads("%work", loop("b", "%batch", solve))
    )
    text = (
        _swap_function(symbol, kind)
        + f"define internal i64 @{symbol}(ptr %x, ptr %lu, ptr %pivots, ptr %rhs, "
        "i64 %batch, i64 %n, i64 %k) {\nentry:\n" + body + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (trsm, MEMCPY, *THREADS), 1, 3, 3)


def solve_text(dtype: DTypeLike) -> KernelText:
    """Solution of ``A X = B``, NaN where A is singular.

    Parameters of the kernel: result ``x`` (batch, n, k); operands ``a`` (batch, n, n)
    and ``b`` (batch, n, k); words batch, n, k.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_solve_{kind.dtype.name}"
    trsm, getrf = blas(kind, "trsm", 11), lapack(kind, "getrf", 6)
    steps = (
        at("own", "%x", "%b", "%block")
        + at("own.rhs", "%rhs", "%b", "%block")
        + at("own.a", "%a", "%b", "%matrix")
        + f"  call void @{symbol}.transpose(ptr %lu, ptr %own.a, i64 %n, i64 %n)\n"
        + call(getrf, "%n.at", "%n.at", "%lu", "%lda.at", "%own.pivots", "%info")
        + "  %status = load i32, ptr %info\n"
        + "  %regular = icmp eq i32 %status, 0\n"
        + "  %singular = xor i1 %regular, true\n"
        + when(
            "do",
            "%regular",
            call(MEMCPY, "%own", "%own.rhs", "%block", "false")
            + _swap_rows(symbol, "", first=1)
            + _trsm(trsm, "%lower", "%op", "%unit", "%lu")
            + _trsm(trsm, "%upper", "%op", "%plain", "%lu"),
        )
        + when(
            "give.up",
            "%singular",
            f"  call void @{symbol}.fill(ptr %own, i64 %block.count)\n",
        )
    )
    body = (
        _sizes(kind)
        + _trsm_slots(kind, "T")
        + int_slot("info")
        + allocate(("lu", "%matrix.count", kind.size), ("own.pivots", "%n", 4))
        + with_threads("%work", loop("b", "%batch", steps))
        + release()
    )
    text = (
        transpose_function(symbol, kind)
        + fill_function(symbol, kind)
        + _swap_function(symbol, kind)
        + f"define internal i64 @{symbol}(ptr %x, ptr %a, ptr %rhs, "
        "i64 %batch, i64 %n, i64 %k) {\nentry:\n" + body + "  ret i64 0\n}\n"
    )
    externs = (trsm, getrf, MEMCPY, MALLOC, FREE, *THREADS)
    return KernelText(symbol, text, externs, 1, 2, 3)


def _sizes(kind: Element) -> str:
    return f"""  %matrix.count = mul nsw i64 %n, %n
  %matrix = mul nsw i64 %matrix.count, {kind.size}
  %block.count = mul nsw i64 %n, %k
  %block = mul nsw i64 %block.count, {kind.size}
  %pivots.size = mul nsw i64 %n, 4
  %columns = add nsw i64 %n, %k
  %work = mul i64 %matrix.count, %columns
"""


def _trsm_slots(kind: Element, transpose: Transpose) -> str:
    return (
        larger("lda", "%n", "1")
        + larger("ldb", "%k", "1")
        + int_slot("n.at", "%n")
        + int_slot("k.at", "%k")
        + int_slot("lda.at", "%lda")
        + int_slot("ldb.at", "%ldb")
        + char_slot("right", "R")
        + char_slot("upper", "U")
        + char_slot("lower", "L")
        + char_slot("op", transpose)
        + char_slot("unit", "U")
        + char_slot("plain", "N")
        + one_slot("one", kind)
    )


def _trsm(trsm: Extern, part: str, op: str, diagonal: str, matrix: str) -> str:
    sizes = ("%k.at", "%n.at", "%one", matrix, "%lda.at", "%own", "%ldb.at")
    return call(trsm, "%right", part, op, diagonal, *sizes)


def _swap_rows(symbol: str, order: Literal["", "backwards"], first: int = 0) -> str:
    """Swap row i of ``%own`` with row ``%own.pivots[i] - first``, for each i."""
    row = "  %row = add i64 %i, 0\n"
    if order == "backwards":
        row = "  %ahead = sub i64 %n, %i\n  %row = sub i64 %ahead, 1\n"
    swap = f"""{row}  %pivot.at = getelementptr inbounds i32, ptr %own.pivots, i64 %row
  %pivot.int = load i32, ptr %pivot.at
  %pivot.from = sub i32 %pivot.int, {first}
  %pivot = sext i32 %pivot.from to i64
  call void @{symbol}.swap(ptr %own, i64 %row, i64 %pivot, i64 %k)
"""
    return loop("i", "%n", swap)


def _swap_function(symbol: str, kind: Element) -> str:
    body = f"""  %p = getelementptr inbounds {kind.llvm}, ptr %one, i64 %i
  %q = getelementptr inbounds {kind.llvm}, ptr %other, i64 %i
  %x = load {kind.llvm}, ptr %p
  %y = load {kind.llvm}, ptr %q
  store {kind.llvm} %y, ptr %p
  store {kind.llvm} %x, ptr %q
"""
    return (
        f"define internal void @{symbol}.swap(ptr %a, i64 %r, i64 %s, i64 %k) {{\n"
        "entry:\n  %same = icmp eq i64 %r, %s\n"
        "  br i1 %same, label %end, label %different\ndifferent:\n"
        f"  %row.bytes = mul nsw i64 %k, {kind.size}\n"
        + at("one", "%a", "%r", "%row.bytes")
        + at("other", "%a", "%s", "%row.bytes")
        + loop("i", "%k", body)
        + "  br label %end\nend:\n  ret void\n}\n"
    )
