"""Eigenvalues and eigenvectors of Hermitian matrices, as texts of kernels."""

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
    transpose_function,
    with_threads,
)


def eigh_text(
    dtype: DTypeLike, *, vectors: bool = True, lower: bool = True
) -> KernelText:
    """Eigenvalues in ascending order, and eigenvectors as columns.

    Parameters of the kernel: results ``w`` (batch, n), real, and with ``vectors`` also
    ``v`` (batch, n, n); operand ``a`` (batch, n, n), one triangle of which is read;
    words batch, n. All of a matrix that does not converge is NaN.
    """
    kind = element(dtype)
    part = "lower" if lower else "upper"
    symbol = f"fg_kernel_{'eigh' if vectors else 'eigvalsh'}_{part}_{kind.dtype.name}"
    real = real_element(kind)
    routine = (
        lapack(kind, "heevd", 13) if kind.is_complex else lapack(kind, "syevd", 11)
    )
    results = "ptr %w, ptr %v" if vectors else "ptr %w"
    transposed = (
        f"  call void @{symbol}.transpose(ptr %own, ptr %cols, i64 %n, i64 %n)\n"
    )
    nan = f"  call void @{symbol}.fill(ptr %own, i64 %matrix.count)\n"
    decompose = (
        at("own.w", "%w", "%b", "%w.size")
        + (at("own", "%v", "%b", "%matrix") if vectors else "")
        + at("own.a", "%a", "%b", "%matrix")
        + f"  call void @{symbol}.transpose(ptr %cols, ptr %own.a, i64 %n, i64 %n)\n"
        + call(routine, *_arguments(kind, "%cols", "%own.w", "%work"))
        + (transposed if vectors else "")
        + if_failed(
            f"  call void @{symbol}.real.fill(ptr %own.w, i64 %n)\n"
            + (nan if vectors else "")
        )
    )
    text = (
        transpose_function(symbol, kind)
        + fill_function(symbol, kind)
        + fill_function(f"{symbol}.real", real)
        + f"define internal i64 @{symbol}({results}, ptr %a, i64 %batch, i64 %n) {{\n"
        "entry:\n"
        + _slots(kind, vectors, lower)
        + call(routine, *_arguments(kind, "%work.query", "%work.query", "%work.query"))
        + _workspace(kind)
        + "  %amount = mul i64 %matrix.count, %n\n"
        + with_threads("%amount", loop("b", "%batch", decompose))
        + release()
        + "  ret i64 0\n}\n"
    )
    return KernelText(
        symbol, text, (routine, MALLOC, FREE, *THREADS), 1 + vectors, 1, 2
    )


def _arguments(kind: Element, matrix: str, values: str, work: str) -> tuple[str, ...]:
    asking = work == "%work.query"
    real = ("%rwork.query" if asking else "%rwork", "%lrwork")
    return (
        *("%job", "%part", "%n.at", matrix, "%ld.at", values, work, "%lwork"),
        *(real if kind.is_complex else ()),
        *("%iwork.query" if asking else "%iwork", "%liwork", "%info"),
    )


def _slots(kind: Element, vectors: bool, lower: bool) -> str:
    return (
        "  %matrix.count = mul nsw i64 %n, %n\n"
        f"  %matrix = mul nsw i64 %matrix.count, {kind.size}\n"
        f"  %w.size = mul nsw i64 %n, {real_element(kind).size}\n"
        + larger("ld", "%n", "1")
        + char_slot("job", "V" if vectors else "N")
        + char_slot("part", "L" if lower else "U")
        + int_slot("n.at", "%n")
        + int_slot("ld.at", "%ld")
        + int_slot("lwork", "-1")
        + int_slot("lrwork", "-1")
        + int_slot("liwork", "-1")
        + int_slot("iwork.query")
        + int_slot("info")
        + f"  %work.query = alloca {kind.llvm}\n"
        + f"  %rwork.query = alloca {kind.real}\n"
    )


def _workspace(kind: Element) -> str:
    """Ask LAPACK for the sizes it wants, and allocate."""
    pieces = [
        ("cols", "%matrix.count", kind.size),
        ("work", "%work.count", kind.size),
        ("iwork", "%iwork.count", 4),
    ]
    text = query_size("work.count", "%work.query", kind.real, "%lwork")
    text += query_size("iwork.count", "%iwork.query", "i32", "%liwork")
    if kind.is_complex:
        text += query_size("rwork.count", "%rwork.query", kind.real, "%lrwork")
        pieces.append(("rwork", "%rwork.count", real_element(kind).size))
    return text + allocate(*pieces)
