"""Matrix products of arrays in C order, as text of a kernel over BLAS.

Threads: the first use of BLAS or LAPACK sets SciPy's own OpenBLAS to one thread (the
copy that NumPy carries is another library and keeps its setting). A product of more
than `BIG_PRODUCT` multiply-adds raises the number to `symbols.blas_threads()` while it
runs, then lowers it again; below that, threads cost more than they gain.
"""

from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    Element,
    Extern,
    KernelText,
    at,
    blas,
    call,
    char_slot,
    element,
    int_slot,
    larger,
    loop,
    when,
)
from funcgrad.compiler.kernels.lu import Transpose

BIG_PRODUCT = 2**27
_SET_THREADS = Extern("fg_blas_set_threads", "void", ("i32",))
# It is a number, not a function; a declaration of either kind gives its address.
_BIG_THREADS = Extern("fg_blas_big_threads", "void", ())


def gemm_text(
    dtype: DTypeLike, *, transpose_a: Transpose = "N", transpose_b: Transpose = "N"
) -> KernelText:
    """``C = alpha * op(A) @ op(B) + beta * C`` for a batch of matrices.

    Parameters of the kernel: result ``c`` (batch, m, n), read too unless beta is 0;
    operands ``a``, ``b``, ``alpha`` and ``beta``, the last two of one element; words
    batch, m, n, k, and the numbers of elements from one ``a``, one ``b`` to the next,
    0 where all products share it. op(A) is (m, k), op(B) is (k, n); "N" takes the
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
    more_threads = (
        "  %threads = load i32, ptr @fg_blas_big_threads\n"
        "  call void @fg_blas_set_threads(i32 %threads)\n"
    )
    one_thread = "  call void @fg_blas_set_threads(i32 1)\n"
    text = (
        f"define internal i64 @{symbol}"
        "(ptr %c, ptr %a, ptr %b, ptr %alpha, ptr %beta, i64 %batch, "
        "i64 %m, i64 %n, i64 %k, i64 %a.stride, i64 %b.stride) {\nentry:\n"
        + _slots(kind, transpose_a, transpose_b)
        + when("raise", "%big", more_threads)
        + loop("i", "%batch", product)
        + when("lower", "%big", one_thread)
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (gemm, _SET_THREADS, _BIG_THREADS), 1, 4, 6)


def _slots(kind: Element, transpose_a: Transpose, transpose_b: Transpose) -> str:
    return (
        larger("lda.wide", "%k" if transpose_a == "N" else "%m", "1")
        + larger("ldb.wide", "%n" if transpose_b == "N" else "%k", "1")
        + larger("ldc.wide", "%n", "1")
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
  %c.count = mul nsw i64 %m, %n
  %c.step = mul nsw i64 %c.count, {kind.size}
  %work = mul i64 %c.count, %k
  %big = icmp ugt i64 %work, {BIG_PRODUCT}
"""
    )
