"""QR factorisation, as text of a kernel over LAPACK."""

from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    FREE,
    MALLOC,
    THREADS,
    Element,
    Extern,
    KernelText,
    allocate,
    at,
    call,
    element,
    int_slot,
    lapack,
    larger,
    loop,
    query_size,
    release,
    smaller,
    transpose_function,
    with_threads,
)


def qr_text(dtype: DTypeLike, *, full: bool = False) -> KernelText:
    """``A = Q @ R`` with orthonormal columns in Q and R upper triangular.

    Parameters of the kernel: results ``q`` (batch, m, c) and ``r`` (batch, c, n);
    operand ``a`` (batch, m, n); words batch, m, n; c is m if ``full``, else min(m, n).
    """
    kind = element(dtype)
    symbol = f"fg_kernel_qr_{'full' if full else 'reduced'}_{kind.dtype.name}"
    geqrf = lapack(kind, "geqrf", 8)
    orgqr = lapack(kind, "ungqr" if kind.is_complex else "orgqr", 9)
    factor = (
        at("own.q", "%q", "%b", "%q.size")
        + at("own.r", "%r", "%b", "%r.size")
        + at("own.a", "%a", "%b", "%a.size")
        + f"  call void @{symbol}.transpose(ptr %cols, ptr %own.a, i64 %m, i64 %n)\n"
        + _geqrf(geqrf, "%work", "%lwork")
        + f"  call void @{symbol}.upper"
        "(ptr %own.r, ptr %cols, i64 %c, i64 %n, i64 %m)\n"
        + _orgqr(orgqr, "%work", "%lwork")
        + f"  call void @{symbol}.transpose(ptr %own.q, ptr %cols, i64 %c, i64 %m)\n"
    )
    text = (
        transpose_function(symbol, kind)
        + _upper_function(symbol, kind)
        + f"define internal i64 @{symbol}"
        "(ptr %q, ptr %r, ptr %a, i64 %batch, i64 %m, i64 %n) {\nentry:\n"
        + _sizes(kind, "%m" if full else "%k")
        + _geqrf(geqrf, "%query", "%asking")
        + query_size("factor.count", "%query", kind.real, "%lwork")
        + _orgqr(orgqr, "%query", "%asking")
        + query_size("form.count", "%query", kind.real, "%lwork")
        + larger("work.count", "%factor.count", "%form.count")
        + "  %work.int = trunc i64 %work.count to i32\n"
        + "  store i32 %work.int, ptr %lwork\n"
        + allocate(
            ("cols", "%cols.count", kind.size),
            ("tau", "%k", kind.size),
            ("work", "%work.count", kind.size),
        )
        + "  %amount = mul i64 %a.count, %k\n"
        + with_threads("%amount", loop("b", "%batch", factor))
        + release()
        + "  ret i64 0\n}\n"
    )
    externs = (geqrf, orgqr, MALLOC, FREE, *THREADS)
    return KernelText(symbol, text, externs, 2, 1, 3)


def _geqrf(routine: Extern, work: str, size: str) -> str:
    matrix, tau = (work, work) if work == "%query" else ("%cols", "%tau")
    return call(routine, "%m.at", "%n.at", matrix, "%ld", tau, work, size, "%info")


def _orgqr(routine: Extern, work: str, size: str) -> str:
    matrix, tau = (work, work) if work == "%query" else ("%cols", "%tau")
    sizes = ("%m.at", "%c.at", "%k.at", matrix, "%ld")
    return call(routine, *sizes, tau, work, size, "%info")


def _sizes(kind: Element, columns: str) -> str:
    return (
        smaller("k", "%m", "%n")
        + f"  %c = add i64 {columns}, 0\n"
        + larger("width", "%c", "%n")
        + larger("ld.wide", "%m", "1")
        + "  %a.count = mul nsw i64 %m, %n\n  %q.count = mul nsw i64 %m, %c\n"
        + "  %r.count = mul nsw i64 %c, %n\n  %cols.count = mul nsw i64 %m, %width\n"
        + f"  %a.size = mul nsw i64 %a.count, {kind.size}\n"
        + f"  %q.size = mul nsw i64 %q.count, {kind.size}\n"
        + f"  %r.size = mul nsw i64 %r.count, {kind.size}\n"
        + int_slot("m.at", "%m")
        + int_slot("n.at", "%n")
        + int_slot("c.at", "%c")
        + int_slot("k.at", "%k")
        + int_slot("ld", "%ld.wide")
        + int_slot("asking", "-1")
        + int_slot("lwork")
        + int_slot("info")
        + f"  %query = alloca {kind.llvm}\n"
    )


def _upper_function(symbol: str, kind: Element) -> str:
    """R row by row out of the factored columns, zero below the diagonal."""
    entry = f"""  %from.col = mul nsw i64 %j, %ld
  %from.index = add nsw i64 %from.col, %i
  %from = getelementptr inbounds {kind.llvm}, ptr %src, i64 %from.index
  %to.index = add nsw i64 %to.row, %j
  %to = getelementptr inbounds {kind.llvm}, ptr %dst, i64 %to.index
  %value = load {kind.llvm}, ptr %from
  %below = icmp slt i64 %j, %i
  %kept = select i1 %below, {kind.llvm} zeroinitializer, {kind.llvm} %value
  store {kind.llvm} %kept, ptr %to
"""
    row = "  %to.row = mul nsw i64 %i, %cols\n" + loop("j", "%cols", entry)
    return (
        f"define internal void @{symbol}.upper"
        "(ptr noalias %dst, ptr noalias %src, i64 %rows, i64 %cols, i64 %ld) {\n"
        "entry:\n" + loop("i", "%rows", row) + "  ret void\n}\n"
    )
