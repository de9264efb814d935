"""Cholesky factorisation and triangular solves, as texts of kernels."""

from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    MEMCPY,
    THREADS,
    KernelText,
    at,
    blas,
    call,
    char_slot,
    element,
    fill_function,
    if_failed,
    int_slot,
    lapack,
    larger,
    loop,
    one_slot,
    with_threads,
)
from funcgrad.compiler.kernels.lu import Transpose


def potrf_text(dtype: DTypeLike) -> KernelText:
    """Lower factor L of ``A = L @ L.conj().T``; NaN where A is not positive definite.

    Parameters of the kernel: result ``l`` (batch, n, n), zero above the diagonal;
    operand ``a`` (batch, n, n), read on and below the diagonal; words batch, n.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_potrf_{kind.dtype.name}"
    routine = lapack(kind, "potrf", 5)
    # LAPACK sees the transpose, conj(A), whose upper factor U = L^T lies as L does.
    clear_row = loop(
        "j",
        "%above",
        "  %column = add nuw nsw i64 %first, %j\n"
        "  %index = add nsw i64 %row, %column\n"
        f"  %corner = getelementptr inbounds {kind.llvm}, ptr %own, i64 %index\n"
        f"  store {kind.llvm} zeroinitializer, ptr %corner\n",
    )
    clear = loop(
        "i",
        "%n",
        "  %first = add nuw nsw i64 %i, 1\n  %above = sub i64 %n, %first\n"
        "  %row = mul nsw i64 %i, %n\n" + clear_row,
    )
    factor = (
        at("own", "%l", "%b", "%matrix")
        + at("own.a", "%a", "%b", "%matrix")
        + call(MEMCPY, "%own", "%own.a", "%matrix", "false")
        + call(routine, "%upper", "%n.at", "%own", "%ld.at", "%info")
        + clear
        + if_failed(f"  call void @{symbol}.fill(ptr %own, i64 %matrix.count)\n")
    )
    body = (
        f"  %matrix.count = mul nsw i64 %n, %n\n"
        f"  %matrix = mul nsw i64 %matrix.count, {kind.size}\n"
        + larger("ld", "%n", "1")
        + int_slot("n.at", "%n")
        + int_slot("ld.at", "%ld")
        + int_slot("info")
        + char_slot("upper", "U")
        + "  %work = mul i64 %matrix.count, %n\n"
        + with_threads("%work", loop("b", "%batch", factor))
    )
    text = (
        fill_function(symbol, kind)
        + f"define internal i64 @{symbol}(ptr %l, ptr %a, i64 %batch, i64 %n) {{\n"
        "entry:\n" + body + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine, MEMCPY, *THREADS), 1, 1, 2)


def triangular_solve_text(
    dtype: DTypeLike,
    *,
    lower: bool = True,
    transpose: Transpose = "N",
    unit_diagonal: bool = False,
) -> KernelText:
    """Solution of ``op(A) X = B`` with a triangular A.

    Parameters of the kernel: result ``x`` (batch, n, k); operands ``a`` (batch, n, n),
    of which only one triangle is read, and ``b`` (batch, n, k); words batch, n, k.
    A zero on the diagonal gives infinities and NaN.
    """
    kind = element(dtype)
    part = "lower" if lower else "upper"
    diagonal = "unit" if unit_diagonal else "plain"
    symbol = f"fg_kernel_trsm_{part}_{transpose}_{diagonal}_{kind.dtype.name}"
    trsm = blas(kind, "trsm", 11)
    sizes = ("%k.at", "%n.at", "%one", "%own.a", "%lda.at", "%own", "%ldb.at")
    solve = (
        at("own", "%x", "%b", "%block")
        + at("own.rhs", "%rhs", "%b", "%block")
        + at("own.a", "%a", "%b", "%matrix")
        + call(MEMCPY, "%own", "%own.rhs", "%block", "false")
        + call(trsm, "%right", "%part", "%op", "%diagonal", *sizes)
    )
    body = (
        f"  %matrix.row = mul nsw i64 %n, {kind.size}\n"
        "  %matrix = mul nsw i64 %matrix.row, %n\n"
        "  %block = mul nsw i64 %matrix.row, %k\n"
        + larger("lda", "%n", "1")
        + larger("ldb", "%k", "1")
        + int_slot("n.at", "%n")
        + int_slot("k.at", "%k")
        + int_slot("lda.at", "%lda")
        + int_slot("ldb.at", "%ldb")
        + char_slot("right", "R")
        # BLAS sees the transposes: X^T op(A)^T = B^T, the other triangle.
        + char_slot("part", "U" if lower else "L")
        + char_slot("op", transpose)
        + char_slot("diagonal", "U" if unit_diagonal else "N")
        + one_slot("one", kind)
        + "  %work.row = mul i64 %n, %n\n  %work = mul i64 %work.row, %k\n"
        + with_threads("%work", loop("b", "%batch", solve))
    )
    text = (
        f"define internal i64 @{symbol}"
        "(ptr %x, ptr %a, ptr %rhs, i64 %batch, i64 %n, i64 %k) {\nentry:\n"
        + body
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (trsm, MEMCPY, *THREADS), 1, 2, 3)
