"""Matrix products of arrays in C order, as text of a kernel over BLAS."""

from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    THREADS,
    Element,
    KernelText,
    at,
    blas,
    call,
    char_slot,
    element,
    int_slot,
    larger,
    loop,
    with_threads,
)
from funcgrad.compiler.kernels.lu import Transpose


def gemm_text(
    dtype: DTypeLike, *, transpose_a: Transpose = "N", transpose_b: Transpose = "N"
) -> KernelText:
    """``C = alpha * op(A) @ op(B) + beta * C`` for a batch of matrices.

    Parameters of the kernel: result ``c`` (batch, m, n), read too unless beta is 0;
    operands ``a``, ``b``, ``alpha`` and ``beta``, the last two of one element; words
    batch, m, n, k, the numbers of elements from one ``a``, one ``b``, one ``c`` to the
    next (0 where all products share it), and from one row to the next of these matrices
    as they lie. op(A) is (m, k), op(B) is (k, n); "N" takes the
    matrix as it lies, "T" its transpose, "C" its adjoint. m, n, k are below 2**31.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_gemm_{transpose_a}{transpose_b}_{kind.dtype.name}"
    gemm = blas(kind, "gemm", 13)
    # BLAS sees the transposes: C^T = op(B)^T @ op(A)^T.
    product = (
        at("own.a", "%a", "%i", "%a.step")
        + at("own.b", "%b", "%i", "%b.step")
        + at("own.c", "%c", "%i", "%c.step")
        + call(
            gemm,
            *("%op.b", "%op.a", "%n.at", "%m.at", "%k.at", "%alpha", "%own.b", "%ldb"),
            *("%own.a", "%lda", "%beta", "%own.c", "%ldc"),
        )
    )
    text = (
        f"define internal i64 @{symbol}"
        "(ptr %c, ptr %a, ptr %b, ptr %alpha, ptr %beta, i64 %batch, "
        "i64 %m, i64 %n, i64 %k, i64 %a.stride, i64 %b.stride, i64 %c.stride, "
        "i64 %a.row, i64 %b.row, i64 %c.row) {\nentry:\n"
        + _slots(kind, transpose_a, transpose_b)
        + with_threads("%work", loop("i", "%batch", product))
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (gemm, *THREADS), 1, 4, 10)


def _slots(kind: Element, transpose_a: Transpose, transpose_b: Transpose) -> str:
    return (
        larger("lda.wide", "%a.row", "1")
        + larger("ldb.wide", "%b.row", "1")
        + larger("ldc.wide", "%c.row", "1")
        + int_slot("m.at", "%m")
        + int_slot("n.at", "%n")
        + int_slot("k.at", "%k")
        + int_slot("lda", "%lda.wide")
        + int_slot("ldb", "%ldb.wide")
        + int_slot("ldc", "%ldc.wide")
        + char_slot("op.a", transpose_a)
        + char_slot("op.b", transpose_b)
        + f"""  %a.step = mul nsw i64 %a.stride, {kind.size}
  %b.step = mul nsw i64 %b.stride, {kind.size}
  %c.step = mul nsw i64 %c.stride, {kind.size}
  %c.count = mul nsw i64 %m, %n
  %work = mul i64 %c.count, %k
"""
    )
