"""Singular value decomposition, as text of a kernel over LAPACK."""

from typing import Literal

from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    FREE,
    MALLOC,
    THREADS,
    Element,
    KernelText,
    allocate,
    at,
    call,
    char_slot,
    element,
    fill_function,
    if_failed,
    int_slot,
    lapack,
    larger,
    loop,
    query_size,
    real_element,
    release,
    smaller,
    transpose_function,
    when,
    with_threads,
)

Job = Literal["reduced", "full", "values"]


def svd_text(dtype: DTypeLike, *, job: Job = "reduced") -> KernelText:
    """``A = U @ diag(s) @ Vh``, singular values in descending order.

    Parameters of the kernel: results ``s`` (batch, k), real, and unless ``job`` is
    "values" also ``u`` and ``vh``; operand ``a`` (batch, m, n); words batch, m, n.
    With k = min(m, n), ``u`` is (batch, m, k) and ``vh`` (batch, k, n) if "reduced",
    (batch, m, m) and (batch, n, n) if "full". All of a matrix that does not converge
    is NaN.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_svd_{job}_{kind.dtype.name}"
    routine = lapack(kind, "gesdd", 15 if kind.is_complex else 14)
    vectors = job != "values"
    decompose = (
        at("own.s", "%s", "%b", "%s.size")
        + at("own.a", "%a", "%b", "%a.size")
        + f"  call void @{symbol}.transpose(ptr %cols, ptr %own.a, i64 %m, i64 %n)\n"
        + call(routine, *_arguments(kind, "%own.s", "%work"))
        + (_complete(symbol) if job == "full" else "")
        + (_vectors(symbol) if vectors else "")
        + if_failed(_give_up(symbol, vectors))
    )
    pieces = [
        ("cols", "%a.count", kind.size),
        ("u.cols", "%u.count", kind.size),
        ("vh.cols", "%vh.count", kind.size),
        ("work", "%work.count", kind.size),
        ("iwork", "%iwork.count", 4),
    ]
    if kind.is_complex:
        pieces.append(("rwork", "%rwork.count", real_element(kind).size))
    results = "ptr %s, ptr %u, ptr %vh" if vectors else "ptr %s"
    text = (
        transpose_function(symbol, kind)
        + fill_function(symbol, kind)
        + fill_function(f"{symbol}.real", real_element(kind))
        + (_identity_function(symbol, kind) if job == "full" else "")
        + f"define internal i64 @{symbol}"
        f"({results}, ptr %a, i64 %batch, i64 %m, i64 %n) {{\nentry:\n"
        + _sizes(kind, job)
        + _slots(kind, job)
        + call(routine, *_arguments(kind, "%work.query", "%work.query"))
        + query_size("work.count", "%work.query", kind.real, "%lwork")
        + allocate(*pieces)
        + "  %amount = mul i64 %a.count, %k\n"
        + with_threads("%amount", loop("b", "%batch", decompose))
        + release()
        + "  ret i64 0\n}\n"
    )
    externs = (routine, MALLOC, FREE, *THREADS)
    return KernelText(symbol, text, externs, 3 if vectors else 1, 1, 3)


def _complete(symbol: str) -> str:
    """Of an empty matrix LAPACK leaves the bases untouched: they are identities."""
    return "  %empty = icmp eq i64 %k, 0\n" + when(
        "complete",
        "%empty",
        f"  call void @{symbol}.identity(ptr %u.cols, i64 %m)\n"
        f"  call void @{symbol}.identity(ptr %vh.cols, i64 %n)\n",
    )


def _identity_function(symbol: str, kind: Element) -> str:
    one = f"{{ {kind.real} 1.0, {kind.real} 0.0 }}" if kind.is_complex else "1.0"
    body = f"""  %row = udiv i64 %i, %n
  %column = urem i64 %i, %n
  %diagonal = icmp eq i64 %row, %column
  %value = select i1 %diagonal, {kind.llvm} {one}, {kind.llvm} zeroinitializer
  %to = getelementptr inbounds {kind.llvm}, ptr %dst, i64 %i
  store {kind.llvm} %value, ptr %to
"""
    return (
        f"define internal void @{symbol}.identity(ptr %dst, i64 %n) noinline {{\n"
        "entry:\n  %count = mul nsw i64 %n, %n\n"
        + loop("i", "%count", body)
        + "  ret void\n}\n"
    )


def _vectors(symbol: str) -> str:
    return (
        at("own.u", "%u", "%b", "%u.size")
        + at("own.vh", "%vh", "%b", "%vh.size")
        + f"  call void @{symbol}.transpose(ptr %own.u, ptr %u.cols, "
        "i64 %u.cols.count, i64 %m)\n"
        + f"  call void @{symbol}.transpose(ptr %own.vh, ptr %vh.cols, "
        "i64 %n, i64 %vh.rows)\n"
    )


def _give_up(symbol: str, vectors: bool) -> str:
    text = f"  call void @{symbol}.real.fill(ptr %own.s, i64 %k)\n"
    if vectors:
        text += f"  call void @{symbol}.fill(ptr %own.u, i64 %u.count)\n"
        text += f"  call void @{symbol}.fill(ptr %own.vh, i64 %vh.count)\n"
    return text


def _arguments(kind: Element, values: str, work: str) -> tuple[str, ...]:
    """In a query of sizes the matrices are not read: any pointer does."""
    asking = work == "%work.query"
    a, u, vh, iwork, rwork = (
        [work] * 5 if asking else ["%cols", "%u.cols", "%vh.cols", "%iwork", "%rwork"]
    )
    return (
        *("%job", "%m.at", "%n.at", a, "%lda", values, u, "%ldu", vh, "%ldvh"),
        *(work, "%lwork", *((rwork,) if kind.is_complex else ()), iwork, "%info"),
    )


def _sizes(kind: Element, job: Job) -> str:
    columns, rows = {
        "reduced": ("%k", "%k"),
        "full": ("%m", "%n"),
        "values": ("0", "0"),
    }[job]
    text = (
        smaller("k", "%m", "%n")
        + larger("most", "%m", "%n")
        + f"  %u.cols.count = add i64 {columns}, 0\n  %vh.rows = add i64 {rows}, 0\n"
        + "  %u.count = mul nsw i64 %m, %u.cols.count\n"
        + "  %vh.count = mul nsw i64 %vh.rows, %n\n"
        + "  %a.count = mul nsw i64 %m, %n\n"
        + f"  %u.size = mul nsw i64 %u.count, {kind.size}\n"
        + f"  %vh.size = mul nsw i64 %vh.count, {kind.size}\n"
        + f"  %a.size = mul nsw i64 %a.count, {kind.size}\n"
        + f"  %s.size = mul nsw i64 %k, {real_element(kind).size}\n"
        + "  %iwork.count = mul nsw i64 %k, 8\n"
    )
    if not kind.is_complex:
        return text
    # LAPACK's documentation of rwork: k * max(5k + 7, 2 max(m, n) + 2k + 1).
    return (
        text
        + "  %five = mul nsw i64 %k, 5\n  %first = add nsw i64 %five, 7\n"
        + "  %both = add nsw i64 %most, %k\n  %twice = mul nsw i64 %both, 2\n"
        + "  %second = add nsw i64 %twice, 1\n"
        + larger("rwork.each", "%first", "%second")
        + "  %rwork.count = mul nsw i64 %rwork.each, %k\n"
    )


def _slots(kind: Element, job: Job) -> str:
    return (
        larger("lda.wide", "%m", "1")
        + larger("ldvh.wide", "%vh.rows", "1")
        + char_slot("job", {"reduced": "S", "full": "A", "values": "N"}[job])
        + int_slot("m.at", "%m")
        + int_slot("n.at", "%n")
        + int_slot("lda", "%lda.wide")
        + int_slot("ldu", "%lda.wide")
        + int_slot("ldvh", "%ldvh.wide")
        + int_slot("lwork", "-1")
        + int_slot("info")
        + f"  %work.query = alloca [4 x {kind.llvm}]\n"
    )
